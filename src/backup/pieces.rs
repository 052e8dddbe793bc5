//! Between a thread that reads and writes bytes and the tasks that send and fetch them: pieces in a short channel, counted and hashed as
//! they pass.

use std::io::{self, Read, Write};

use bytes::{Buf as _, Bytes, BytesMut};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc::{Receiver, Sender};

/// Gathers bytes into pieces of one size and sends them.
#[derive(Debug)]
pub struct PieceWriter {
    to: Sender<Bytes>,
    piece: BytesMut,
    size: usize,
    hash: Sha256,
    bytes: u64,
}

impl PieceWriter {
    /// Sends pieces of `size` bytes, the last one shorter.
    pub fn new(to: Sender<Bytes>, size: usize) -> Self {
        Self { to, piece: BytesMut::new(), size, hash: Sha256::new(), bytes: 0 }
    }

    /// Sends what is left and gives size and SHA-256 (hexadecimal) of everything.
    ///
    /// # Errors
    /// Where nobody takes the pieces any more.
    pub fn finish(mut self) -> io::Result<(u64, String)> {
        self.send()?;
        Ok((self.bytes, hex(&self.hash.finalize())))
    }

    fn send(&mut self) -> io::Result<()> {
        let piece = std::mem::take(&mut self.piece).freeze();
        if piece.is_empty() {
            return Ok(());
        }
        self.to.blocking_send(piece).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

impl Write for PieceWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.piece.capacity() == 0 {
            self.piece.reserve(self.size);
        }
        let taken = bytes.get(..bytes.len().min(self.size - self.piece.len())).unwrap_or_default();
        self.piece.extend_from_slice(taken);
        self.hash.update(taken);
        self.bytes += taken.len() as u64;
        if self.piece.len() == self.size {
            self.send()?;
        }
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads pieces as they come; the other side ends them with an error where it could not fetch them all.
#[derive(Debug)]
pub struct PieceReader {
    from: Receiver<Result<Bytes, String>>,
    piece: Bytes,
    hash: Sha256,
    bytes: u64,
}

impl PieceReader {
    /// Reads what comes through the channel.
    pub fn new(from: Receiver<Result<Bytes, String>>) -> Self {
        Self { from, piece: Bytes::new(), hash: Sha256::new(), bytes: 0 }
    }

    /// Reads the rest, and gives size and SHA-256 (hexadecimal) of everything.
    ///
    /// # Errors
    /// What the other side says.
    pub fn finish(&mut self) -> io::Result<(u64, String)> {
        io::copy(self, &mut io::sink())?;
        Ok((self.bytes, hex(&self.hash.clone().finalize())))
    }
}

impl Read for PieceReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.from.blocking_recv() {
                Some(Ok(piece)) => {
                    self.hash.update(&piece);
                    self.bytes += piece.len() as u64;
                    self.piece = piece;
                }
                Some(Err(error)) => return Err(io::Error::other(error)),
                None => return Ok(0),
            }
        }
        let taken = into.len().min(self.piece.len());
        self.piece.copy_to_slice(into.get_mut(..taken).unwrap_or_default());
        Ok(taken)
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_have_one_size_and_the_last_is_shorter() {
        let (to, mut from) = tokio::sync::mpsc::channel(8);
        let mut writer = PieceWriter::new(to, 4);
        writer.write_all(b"0123456789").unwrap();
        let (bytes, hash) = writer.finish().unwrap();
        let mut pieces = Vec::new();
        while let Ok(piece) = from.try_recv() {
            pieces.push(piece);
        }
        assert_eq!(pieces, ["0123", "4567", "89"]);
        assert_eq!(bytes, 10);
        assert_eq!(hash, "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882");
    }

    #[test]
    fn what_could_not_be_fetched_is_an_error_and_no_end() {
        let (to, from) = tokio::sync::mpsc::channel(8);
        to.try_send(Ok(Bytes::from_static(b"0123"))).unwrap();
        to.try_send(Err("the bucket is gone".to_owned())).unwrap();
        drop(to);
        let mut text = String::new();
        let error = PieceReader::new(from).read_to_string(&mut text).unwrap_err();
        assert_eq!(error.to_string(), "the bucket is gone");
    }
}
