//! What is in a database, in one snapshot.

use super::{BackupError, Watch};
use crate::store::{DatabaseFacts, SequenceState, Snapshot, TableDigest};

/// All of it that is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Survey {
    /// What it is.
    pub facts: DatabaseFacts,
    /// Rows of each table.
    pub tables: Vec<TableDigest>,
    /// Sequences.
    pub sequences: Vec<SequenceState>,
}

/// Counts and hashes every table. It reads the whole database once.
///
/// # Errors
/// Where the database does not answer, a table may not be read, or it is cancelled.
pub async fn survey(snapshot: &mut Snapshot, watch: &Watch) -> Result<Survey, BackupError> {
    watch
        .until(async {
            let facts = snapshot.facts().await?;
            let sequences = snapshot.sequences().await?;
            let mut tables = Vec::new();
            for table in snapshot.tables().await? {
                tables.push(snapshot.digest(&table).await?);
            }
            Ok(Survey { facts, tables, sequences })
        })
        .await
}
