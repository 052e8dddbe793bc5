//! `worker.attempts` and `worker.run_lines`: how the attempts of a run went. Attempts are written where they end, in [`super::claims`].

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Store, StoreError};
use crate::domain::{ClaimedRun, RunId};

/// Lines shown of one run.
const LINES: i64 = 1_000;

/// An attempt that is over and did not end its run well, or ended it after others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Attempt {
    /// Number of the claim; grows with each attempt, counted or not.
    pub claim: i32,
    /// Number of the attempt.
    pub attempt: i16,
    /// Worker that made it.
    pub owner: Option<String>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was over, or its lease.
    pub ended_at: DateTime<Utc>,
    /// `done`, `failed`, `dead`, `cancelled` or `lost`.
    pub outcome: String,
    /// Why.
    pub error: Option<String>,
}

/// One line that an attempt logged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Line {
    /// Number of the claim it belongs to.
    pub claim: i32,
    /// When.
    pub at: DateTime<Utc>,
    /// `INFO`, `WARN` or `ERROR`.
    pub level: String,
    /// What.
    pub message: String,
    /// Details.
    pub fields: Value,
}

impl Store {
    /// The attempts of a run that are kept, first to last.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_attempts_of(&self, run: RunId) -> Result<Vec<Attempt>, StoreError> {
        let query = sqlx::query_as!(
            Attempt,
            "SELECT claim, attempt, owner, started_at, ended_at, outcome, error FROM worker.attempts WHERE run_id = $1 ORDER BY claim",
            run.0
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// What the attempts of a run logged, first to last.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_lines_of(&self, run: RunId) -> Result<Vec<Line>, StoreError> {
        let query = sqlx::query_as!(
            Line,
            "SELECT claim, at, level, message, fields FROM worker.run_lines WHERE run_id = $1 ORDER BY claim, place LIMIT $2",
            run.0,
            LINES
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// Keeps what an attempt logged.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn insert_lines(&self, run: &ClaimedRun, lines: &[Line]) -> Result<(), StoreError> {
        let places: Vec<i32> = (0..).take(lines.len()).collect();
        let at: Vec<DateTime<Utc>> = lines.iter().map(|line| line.at).collect();
        let levels: Vec<&str> = lines.iter().map(|line| line.level.as_str()).collect();
        let messages: Vec<&str> = lines.iter().map(|line| line.message.as_str()).collect();
        let fields: Vec<&Value> = lines.iter().map(|line| &line.fields).collect();
        let query = sqlx::query!(
            "INSERT INTO worker.run_lines (run_id, claim, place, at, level, message, fields)
             SELECT $1, $2, * FROM unnest($3::int[], $4::timestamptz[], $5::text[], $6::text[], $7::jsonb[])
             ON CONFLICT DO NOTHING",
            run.id.0,
            run.claim,
            &places,
            &at,
            &levels as _,
            &messages as _,
            &fields as _
        );
        self.within(query.execute(&self.pool)).await?;
        Ok(())
    }
}
