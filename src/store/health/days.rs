//! `worker.source_days`: what each source brought on each day (UTC).

use chrono::NaiveDate;
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::count;
use crate::store::{Store, StoreError};

/// What one source brought on one day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct SourceDay {
    /// Source.
    pub source: String,
    /// Day (UTC).
    pub day: NaiveDate,
    /// Listings that were read.
    pub listings: i64,
    /// Listings that were not.
    pub failures: i64,
    /// Postings listed, with each listing anew.
    pub seen: i64,
    /// Postings stored for the first time.
    pub new: i64,
    /// Postings whose content changed.
    pub changed: i64,
    /// Postings no longer listed.
    pub gone: i64,
    /// Records that were not stored.
    pub rejected: i64,
}

/// What one listing adds to its day.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) failed: bool,
    pub(super) seen: u64,
    pub(super) new: u64,
    pub(super) changed: u64,
    pub(super) gone: u64,
    pub(super) rejected: u64,
}

/// Adds a listing to its day. The last statement of its transaction: boards of one source wait for each other here.
pub(super) async fn add(tx: &mut PgConnection, source: &str, tally: Tally) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO worker.source_days AS d (source, day, listings, failures, seen, new, changed, gone, rejected)
         VALUES ($1, (now() AT TIME ZONE 'UTC')::date, 1 - $2::int, $2::int, $3, $4, $5, $6, $7)
         ON CONFLICT (source, day) DO UPDATE SET
             listings = d.listings + excluded.listings, failures = d.failures + excluded.failures, seen = d.seen + excluded.seen,
             new = d.new + excluded.new, changed = d.changed + excluded.changed, gone = d.gone + excluded.gone,
             rejected = d.rejected + excluded.rejected",
        source,
        i32::from(tally.failed),
        count(tally.seen),
        count(tally.new),
        count(tally.changed),
        count(tally.gone),
        count(tally.rejected)
    )
    .execute(tx)
    .await?;
    Ok(())
}

impl Store {
    /// The last `days` days of all sources, today first.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_source_days(&self, days: i32) -> Result<Vec<SourceDay>, StoreError> {
        let query = sqlx::query_as!(
            SourceDay,
            "SELECT source, day, listings, failures, seen, new, changed, gone, rejected FROM worker.source_days
             WHERE day > (now() AT TIME ZONE 'UTC')::date - $1::int ORDER BY day DESC, source",
            days
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// Forgets records that were not stored and have not been listed for `days`: their boards may be read no more.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn delete_old_rejections(&self, days: i32, limit: i64) -> Result<u64, StoreError> {
        let query = sqlx::query!(
            "DELETE FROM worker.rejected_postings WHERE ctid = ANY(ARRAY(
                 SELECT ctid FROM worker.rejected_postings WHERE last_seen < now() - make_interval(days => $1) LIMIT $2))",
            days,
            limit,
        );
        Ok(self.within(query.execute(&self.pool)).await?.rows_affected())
    }

    /// Forgets days longer ago than `days`.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn delete_old_source_days(&self, days: i32) -> Result<u64, StoreError> {
        let query = sqlx::query!(
            "DELETE FROM worker.source_days WHERE day < (now() AT TIME ZONE 'UTC')::date - $1::int",
            days
        );
        Ok(self.within(query.execute(&self.pool)).await?.rows_affected())
    }
}
