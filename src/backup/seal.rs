//! Compression and encryption, both ways, as bytes pass. Blocking: for a thread of its own.

use std::{
    io::{self, Read, Write},
    sync::atomic::{AtomicU64, Ordering},
};

use age::{
    DecryptError, Decryptor, Encryptor,
    x25519::{Identity, Recipient},
};
use bytes::Bytes;
use tokio::sync::mpsc::{Receiver, Sender};

use super::pieces::{PieceReader, PieceWriter};

const BUFFER: usize = 128 << 10;

/// What went through [`seal`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// Bytes that came out.
    pub bytes: u64,
    /// Bytes that went in.
    pub plain_bytes: u64,
    /// SHA-256 of what came out, hexadecimal.
    pub sha256: String,
    /// What went in began like a dump of `pg_dump`.
    pub is_dump: bool,
}

/// Why sealed bytes could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum Unsealed {
    /// None of the recipients is this key.
    #[error("the key does not open it")]
    Key,
    /// The bytes are not what was sealed.
    #[error("damaged: {0}")]
    Damaged(String),
    /// They could not be fetched, or nobody took what came out.
    #[error(transparent)]
    Pipe(#[from] io::Error),
}

/// Compresses and encrypts everything in `input` and sends it in pieces of `piece` bytes. `passed` counts what was read.
///
/// # Errors
/// Where `input` fails or nobody takes the pieces.
pub fn seal(
    mut input: impl Read,
    recipients: &[Recipient],
    level: i32,
    to: Sender<Bytes>,
    piece: usize,
    passed: &AtomicU64,
) -> io::Result<Sealed> {
    let recipients = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
    let encryptor = Encryptor::with_recipients(recipients).map_err(io::Error::other)?;
    let encrypted = encryptor.wrap_output(PieceWriter::new(to, piece))?;
    let mut compressed = zstd::Encoder::new(encrypted, level)?;
    let mut buffer = vec![0; BUFFER];
    let mut head: Vec<u8> = Vec::new();
    loop {
        let read = match input.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let part = buffer.get(..read).unwrap_or_default();
        if head.len() < 5 {
            head.extend(part.iter().take(5 - head.len()));
        }
        compressed.write_all(part)?;
        passed.fetch_add(read as u64, Ordering::Relaxed);
    }
    let (bytes, sha256) = compressed.finish()?.finish()?.finish()?;
    Ok(Sealed { bytes, plain_bytes: passed.load(Ordering::Relaxed), sha256, is_dump: head == b"PGDMP" })
}

/// What came through [`unseal`]: size and SHA-256 of what went in, also where it could not be opened.
pub type Seen = (u64, String);

/// Decrypts and decompresses what comes through `from` into `output`. The bytes are counted and hashed to their end whatever happens, so
/// that what is wrong can be told apart.
///
/// # Errors
/// The second value says what was wrong, where something was.
pub fn unseal(
    from: Receiver<Result<Bytes, String>>,
    identity: &Identity,
    mut output: impl Write,
) -> (io::Result<Seen>, Result<u64, Unsealed>) {
    let mut reader = PieceReader::new(from);
    let opened = open(&mut reader, identity, &mut output);
    drop(output);
    (reader.finish(), opened)
}

fn open(reader: &mut PieceReader, identity: &Identity, output: &mut impl Write) -> Result<u64, Unsealed> {
    let buffered = io::BufReader::with_capacity(BUFFER, reader);
    let decryptor = Decryptor::new_buffered(buffered).map_err(of_decryption)?;
    let plain = decryptor.decrypt(std::iter::once(identity as &dyn age::Identity)).map_err(of_decryption)?;
    let mut decompressed = zstd::Decoder::new(plain)?;
    let mut buffer = vec![0; BUFFER];
    let mut bytes = 0;
    loop {
        let read = match decompressed.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Unsealed::Damaged(error.to_string())),
        };
        output.write_all(buffer.get(..read).unwrap_or_default())?;
        bytes += read as u64;
    }
    output.flush()?;
    Ok(bytes)
}

fn of_decryption(error: DecryptError) -> Unsealed {
    match error {
        DecryptError::NoMatchingKeys | DecryptError::KeyDecryptionFailed => Unsealed::Key,
        error => Unsealed::Damaged(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(plain: &[u8], recipients: &[Recipient]) -> (Sealed, Vec<u8>) {
        let (to, mut from) = tokio::sync::mpsc::channel(64);
        let passed = AtomicU64::new(0);
        let sealed = seal(plain, recipients, 3, to, 1 << 10, &passed).unwrap();
        let mut bytes = Vec::new();
        while let Ok(piece) = from.try_recv() {
            bytes.extend_from_slice(&piece);
        }
        (sealed, bytes)
    }

    fn opened(bytes: Vec<u8>, identity: &Identity) -> (Seen, Result<Vec<u8>, Unsealed>) {
        let (to, from) = tokio::sync::mpsc::channel(2);
        to.try_send(Ok(Bytes::from(bytes))).unwrap();
        drop(to);
        let mut plain = Vec::new();
        let (seen, result) = unseal(from, identity, &mut plain);
        (seen.unwrap(), result.map(|_| plain))
    }

    fn noise() -> Vec<u8> {
        let random = crate::random::Random::seeded(7);
        (0..500).flat_map(|_| random.bytes::<64>()).collect()
    }

    #[test]
    fn each_recipient_opens_it_and_a_stranger_does_not() {
        let (ours, offline, stranger) = (Identity::generate(), Identity::generate(), Identity::generate());
        let plain = [b"PGDMP".as_slice(), &noise()].concat();
        let (what, bytes) = sealed(&plain, &[offline.to_public(), ours.to_public()]);
        assert!(what.is_dump && what.bytes == bytes.len() as u64 && what.plain_bytes == plain.len() as u64);
        for identity in [&ours, &offline] {
            let (seen, result) = opened(bytes.clone(), identity);
            assert_eq!(seen, (what.bytes, what.sha256.clone()));
            assert_eq!(result.unwrap(), plain);
        }
        let (seen, result) = opened(bytes, &stranger);
        assert_eq!(seen, (what.bytes, what.sha256));
        assert!(matches!(result, Err(Unsealed::Key)));
    }

    #[test]
    fn one_bit_and_one_missing_byte_are_noticed() {
        let identity = Identity::generate();
        let (_, bytes) = sealed(&noise(), &[identity.to_public()]);
        for at in [bytes.len() / 2, bytes.len() - 1, 40] {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            assert!(opened(flipped, &identity).1.is_err(), "bit at {at}");
        }
        let cut = bytes[..bytes.len() - 1].to_vec();
        assert!(matches!(opened(cut, &identity).1, Err(Unsealed::Damaged(_))));
    }

    #[test]
    fn nothing_is_no_dump() {
        let (what, _) = sealed(b"", &[Identity::generate().to_public()]);
        assert!(!what.is_dump);
    }
}
