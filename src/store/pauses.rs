//! `worker.pauses`: what a person stopped for a while.
//!
//! Claims leave out paused queues, and runs of paused schedules and sources; what already runs goes on.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Store, StoreError};

/// What can be paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PauseKind {
    /// All runs of a queue.
    Queue,
    /// The runs that a schedule wanted.
    Schedule,
    /// The runs whose arguments name the source (`"source"`).
    Source,
}

impl PauseKind {
    /// The lower-case name, as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::Schedule => "schedule",
            Self::Source => "source",
        }
    }
}

/// One thing that is paused.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Pause {
    /// `queue`, `schedule` or `source`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Since when.
    pub paused_at: DateTime<Utc>,
    /// By whom.
    pub paused_by: Option<String>,
}

impl Store {
    /// Pauses; returns false when it was paused already.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_pause(
        &self,
        kind: PauseKind,
        name: &str,
        by: Option<&str>,
    ) -> Result<bool, StoreError> {
        self.within(async { insert_pause(&mut *self.pool.acquire().await?, kind, name, by).await }).await
    }

    /// Resumes; returns false when it was not paused.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn delete_pause(&self, kind: PauseKind, name: &str) -> Result<bool, StoreError> {
        self.within(async { delete_pause(&mut *self.pool.acquire().await?, kind, name).await }).await
    }

    /// Everything that is paused.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn list_pauses(&self) -> Result<Vec<Pause>, StoreError> {
        let query = sqlx::query_as!(
            Pause,
            "SELECT kind, name, paused_at, paused_by FROM worker.pauses ORDER BY kind, name"
        );
        self.within(query.fetch_all(&self.pool)).await
    }
}

/// As [`Store::insert_pause`], in somebody's transaction.
pub(super) async fn insert_pause(
    connection: &mut PgConnection,
    kind: PauseKind,
    name: &str,
    by: Option<&str>,
) -> Result<bool, sqlx::Error> {
    let query = sqlx::query!(
        "INSERT INTO worker.pauses (kind, name, paused_by) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        kind.as_str(),
        name,
        by
    );
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// As [`Store::delete_pause`], in somebody's transaction.
pub(super) async fn delete_pause(
    connection: &mut PgConnection,
    kind: PauseKind,
    name: &str,
) -> Result<bool, sqlx::Error> {
    let query = sqlx::query!("DELETE FROM worker.pauses WHERE kind = $1 AND name = $2", kind.as_str(), name);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}
