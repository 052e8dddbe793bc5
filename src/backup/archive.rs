//! Archives: postings that leave the database, as lines of JSON in one sealed object beside the backups.
//!
//! An archive has the same keys as a backup and is counted as written once it was read back. No policy deletes one. A name begins with
//! [`ARCHIVES`], which is no name of a backup.

use std::{io::Cursor, sync::atomic::AtomicU64};

use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::{BackupError, Sealed, Site, keys, pieces::hex, seal, unseal};

/// The folder of archives in the place of the backups.
pub const ARCHIVES: &str = "archives";

/// Pieces that wait between two threads, and their size.
const AHEAD: usize = 2;
const PIECE: usize = 1 << 20;

/// A new name for an archive; names sort by time.
pub fn archive_name(site: &Site) -> String {
    format!("{ARCHIVES}/{}.jsonl.zst.age", site.new_id())
}

/// Seals `lines`, writes them as a new object and reads it back: what is given is what is there. Where the private key is in the settings,
/// the object is opened too.
///
/// # Errors
/// Where the settings name no keys, the place does not take it, or what comes back is not what went in.
pub async fn write_archive(site: &Site, name: &str, lines: Vec<u8>) -> Result<Sealed, BackupError> {
    let recipients = keys::recipients(site.backup())?;
    let level = site.backup().compression;
    let plain = hex(&Sha256::digest(&lines));
    let (to, mut from) = mpsc::channel(AHEAD);
    let sealing = tokio::task::spawn_blocking(move || {
        seal(Cursor::new(lines), &recipients, level, to, PIECE, &AtomicU64::new(0))
    });
    let mut object = BytesMut::new();
    while let Some(piece) = from.recv().await {
        object.extend_from_slice(&piece);
    }
    let sealed = sealing.await.map_err(|error| BackupError::system("seal an archive")(error.into()))?;
    let sealed = sealed.map_err(BackupError::system("seal an archive"))?;
    site.storage.create(name, object.freeze()).await?;
    let differs = || BackupError::Refused(format!("{name} does not come back as it was written"));
    if keys::identity(site.backup()).is_ok() {
        let opened = read_archive(site, name).await?;
        if hex(&Sha256::digest(&opened)) != plain {
            return Err(differs());
        }
    } else {
        let (_, mut pieces) = site.storage.stream(name).await?;
        let mut hash = Sha256::new();
        while let Some(piece) = pieces.next().await {
            hash.update(piece?);
        }
        if hex(&hash.finalize()) != sealed.sha256 {
            return Err(differs());
        }
    }
    Ok(sealed)
}

/// The lines of an archive.
///
/// # Errors
/// Where it is not there, the private key is not in the settings or does not open it, or it is damaged.
pub async fn read_archive(site: &Site, name: &str) -> Result<Bytes, BackupError> {
    let identity = keys::identity(site.backup())?;
    let (_, mut pieces) = site.storage.stream(name).await?;
    let (to, from) = mpsc::channel(AHEAD);
    let opening = tokio::task::spawn_blocking(move || {
        let mut lines = Vec::new();
        let (_, opened) = unseal(from, &identity, &mut lines);
        opened.map(|_| lines)
    });
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| error.to_string());
        let failed = piece.is_err();
        if to.send(piece).await.is_err() || failed {
            break;
        }
    }
    drop(to);
    let opened = opening.await.map_err(|error| BackupError::system("open an archive")(error.into()))?;
    opened.map(Bytes::from).map_err(|error| BackupError::Refused(format!("{name}: {error}")))
}
