//! Reads a body, decoded, and no more of it than allowed: a few hundred bytes of brotli can stand for a gigabyte.

use bytes::{Bytes, BytesMut};

/// What to do with a body that is too large.
#[derive(Clone, Copy, Debug)]
pub(super) enum Cap {
    /// Refuse it.
    Refuse(u64),
    /// Keep its beginning.
    Cut(u64),
}

pub(super) enum Broken {
    TooLarge(u64),
    Transport(reqwest::Error),
}

/// Reads the decoded body chunk by chunk; the rest of one that is too large is never read.
pub(super) async fn read(mut response: reqwest::Response, cap: Cap) -> Result<Bytes, Broken> {
    let (Cap::Refuse(limit) | Cap::Cut(limit)) = cap;
    let announced = response.content_length().unwrap_or(0);
    if announced > limit && matches!(cap, Cap::Refuse(_)) {
        return Err(Broken::TooLarge(limit));
    }
    let capacity = usize::try_from(announced.min(limit).min(1 << 20)).unwrap_or(0);
    let mut body = BytesMut::with_capacity(capacity);
    while let Some(chunk) = response.chunk().await.map_err(Broken::Transport)? {
        let room = usize::try_from(limit).unwrap_or(usize::MAX).saturating_sub(body.len());
        match (chunk.get(..room), cap) {
            (Some(_), Cap::Refuse(_)) if chunk.len() > room => return Err(Broken::TooLarge(limit)),
            (Some(start), Cap::Cut(_)) if chunk.len() > room => {
                body.extend_from_slice(start);
                break;
            }
            _ => body.extend_from_slice(&chunk),
        }
    }
    Ok(body.freeze())
}
