//! What a backup says of itself: written last, and the proof that it is one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::store::{SequenceState, TableDigest};

/// The form that this program writes; one with a higher number is not understood.
pub const FORMAT: u32 = 1;
/// Largest manifest that is read.
pub const LIMIT: u64 = 16 << 20;
/// Name of the dump in the folder of a backup.
pub const DUMP: &str = "dump.zst.age";
/// Name of the manifest.
pub const MANIFEST: &str = "manifest.json";
/// Name of what the last restore test found.
pub const VERIFICATION: &str = "verification.json";

/// The manifest. It is not encrypted: it has names of tables, counts and hashes, and no rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// Name of the backup.
    pub id: String,
    /// The moment of the snapshot.
    pub made_at: DateTime<Utc>,
    /// Time it took.
    pub seconds: f64,
    /// Name of the database.
    pub database: String,
    /// Size of the database on its server.
    pub database_bytes: u64,
    /// The server, as it says it.
    pub server_version: String,
    /// Its major version: `pg_restore` and the server that it is restored into are of this version or newer.
    pub server_major: u32,
    /// Migrations that were applied.
    pub migrations: Vec<i64>,
    /// Indexes, constraints, triggers, functions and views.
    pub objects: i64,
    /// Rows of each table in the snapshot.
    pub tables: Vec<TableDigest>,
    /// Sequences at the beginning: the dump has these values or later ones.
    pub sequences: Vec<SequenceState>,
    /// The dump.
    pub dump: DumpObject,
    /// Public keys it is encrypted to.
    pub recipients: Vec<String>,
    /// Program that made the dump, and this one.
    pub tools: Vec<String>,
}

/// The encrypted dump.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DumpObject {
    /// Name of the object, in the folder of the backup.
    pub name: String,
    /// Bytes as stored.
    pub bytes: u64,
    /// Bytes of `pg_dump`, before compression.
    pub plain_bytes: u64,
    /// SHA-256 of what is stored, hexadecimal.
    pub sha256: String,
}

impl Manifest {
    /// Rows in all.
    pub fn rows(&self) -> i64 {
        self.tables.iter().map(|table| table.rows).sum()
    }

    /// Name of the dump object in its place.
    pub fn dump_name(&self) -> String {
        format!("{}/{}", self.id, self.dump.name)
    }

    /// Reads one; the message says what was expected.
    ///
    /// # Errors
    /// One line.
    pub fn read(id: &str, text: &[u8]) -> Result<Self, String> {
        let manifest: Self =
            serde_json::from_slice(text).map_err(|error| format!("{id}/{MANIFEST}: {error}"))?;
        if manifest.format != FORMAT {
            return Err(format!("{id}/{MANIFEST}: format {}, expected {FORMAT}", manifest.format));
        }
        if manifest.id != id || manifest.dump.name.contains(['/', '\\']) {
            return Err(format!("{id}/{MANIFEST}: it is of backup {}", manifest.id));
        }
        Ok(manifest)
    }
}

/// Name of the manifest object of a backup.
pub fn manifest_name(id: &str) -> String {
    format!("{id}/{MANIFEST}")
}
