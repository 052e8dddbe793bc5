//! How each board does: the end of a listing, what is gone, and what a person sees of it.
//!
//! Only a complete listing of a believable size says that postings are gone. "Believable" is at least half of the usual size, a moving
//! average of complete listings that follows a short one slowly: a board that really shrank is believed after a dozen listings.

mod days;
mod finish;

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};

use super::{
    Store, StoreError,
    http_cache::CachedValidators,
    postings::{Race, UpsertReport},
    sightings,
};
use crate::domain::Rejected;

pub use days::SourceDay;
use days::Tally;

/// Failures of the network in a row that make a board unhealthy; a layout or a missing board does so at once.
const TOLERATED_FAILURES: i32 = 3;

/// What is known of a board before it is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct BoardState {
    /// Usual size of its complete listings.
    pub usual: Option<f64>,
    /// Requests that its last complete listing took; unknown where something was stored since that listing began.
    pub pages: Option<i32>,
    /// When something of it was last written.
    pub stored_at: Option<DateTime<Utc>>,
}

/// A listing that came to its end, or broke off.
#[derive(Clone, Debug)]
pub struct Listing<'a> {
    /// Source.
    pub source: &'a str,
    /// Board.
    pub board: &'a str,
    /// Sum over its batches.
    pub counts: UpsertReport,
    /// Identities that were listed and stored.
    pub ids: &'a [String],
    /// Records that were not stored.
    pub rejected: &'a [Rejected],
    /// Every page was read and nothing says that something is left out.
    pub complete: bool,
    /// How many postings the source says there are.
    pub expected: Option<u64>,
    /// Requests it took.
    pub pages: u32,
    /// A posting that was missing for this long is gone.
    pub confirm_after: Duration,
    /// Kept when the listing is complete and believable.
    pub validators: &'a [CachedValidators],
    /// When something of the board was last written before this listing began: where another listing wrote since, what is stored may be
    /// the other's, and the validators are not used.
    pub stored_at: Option<DateTime<Utc>>,
}

/// What the end of a listing changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// Postings missing for the first time.
    pub missing: u64,
    /// Postings that are gone now.
    pub gone: u64,
    /// The listing was suspiciously short: nothing is taken for missing.
    pub short: bool,
}

/// Why a listing was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingFault<'a> {
    /// One word: `gone`, `throttled`, `layout`, `network`, ...
    pub kind: &'a str,
    /// One line.
    pub message: &'a str,
    /// It may pass by itself, so that the board is unhealthy only when it does not.
    pub passing: bool,
}

/// One board, for people.
#[derive(Clone, Debug, PartialEq, serde::Serialize, utoipa::ToSchema)]
#[expect(missing_docs, reason = "the names are those of the columns of worker.source_health")]
pub struct BoardHealth {
    pub source: String,
    pub board: String,
    pub last_attempt_at: Option<DateTime<Utc>>,
    pub last_success_at: Option<DateTime<Utc>>,
    pub last_complete_at: Option<DateTime<Utc>>,
    pub last_stored_at: Option<DateTime<Utc>>,
    pub stored: i64,
    pub expected: Option<i64>,
    pub seen: i64,
    pub new: i64,
    pub changed: i64,
    pub unchanged: i64,
    pub returned: i64,
    pub missing: i64,
    pub gone: i64,
    pub rejected: i64,
    pub not_modified: bool,
    pub usual: Option<f64>,
    pub pages: Option<i32>,
    pub consecutive_failures: i32,
    pub error_kind: Option<String>,
    pub error: Option<String>,
    pub healthy: bool,
}

impl Store {
    /// Notes that a board is about to be asked, and answers what is known of it; nothing where it was asked less than `pause` ago.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn begin_listing(
        &self,
        source: &str,
        board: &str,
        pause: Duration,
    ) -> Result<Option<BoardState>, StoreError> {
        self.within(
            sqlx::query_as!(
                BoardState,
                "INSERT INTO worker.source_health AS h (source, board, last_attempt_at) VALUES ($1, $2, now())
                 ON CONFLICT (source, board) DO UPDATE SET last_attempt_at = now()
                 WHERE h.last_attempt_at IS NULL OR h.last_attempt_at <= now() - make_interval(secs => $3)
                 RETURNING usual, pages, last_stored_at AS stored_at",
                source,
                board,
                pause.as_secs_f64(),
            )
            .fetch_optional(&self.pool),
        )
        .await
    }

    /// Takes back that a board is about to be asked: it was not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn forget_attempt(&self, source: &str, board: &str) -> Result<(), StoreError> {
        self.within(
            sqlx::query!(
                "UPDATE worker.source_health SET last_attempt_at = last_success_at WHERE source = $1 AND board = $2",
                source,
                board
            )
            .execute(&self.pool),
        )
        .await?;
        Ok(())
    }

    /// The database's time, and when each of these boards was asked last.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_attempts(
        &self,
        source: &str,
        boards: &[String],
    ) -> Result<(DateTime<Utc>, HashMap<String, DateTime<Utc>>), StoreError> {
        let rows = self
            .within(
                sqlx::query!(
                    r#"SELECT now() AS "now!", h.board AS "board?", h.last_attempt_at
                       FROM (SELECT 1) AS one
                       LEFT JOIN worker.source_health AS h ON h.source = $1 AND h.board = ANY($2)"#,
                    source,
                    boards,
                )
                .fetch_all(&self.pool),
            )
            .await?;
        let now = rows.first().map_or(DateTime::UNIX_EPOCH, |row| row.now);
        let asked = rows.into_iter().filter_map(|row| Some((row.board?, row.last_attempt_at?))).collect();
        Ok((now, asked))
    }

    /// Ends a listing: what is missing or gone, the rejected records, validators and health, in one transaction.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is changed then.
    pub async fn finish_listing(&self, listing: &Listing<'_>) -> Result<Finished, StoreError> {
        let mut race = Race::default();
        loop {
            match self.within(self.finish_once(listing)).await {
                Err(error) if race.again(&error).await => {}
                result => return result,
            }
        }
    }

    async fn finish_once(&self, listing: &Listing<'_>) -> Result<Finished, StoreError> {
        let mut tx = self.pool.begin().await?;
        sightings::plan_afresh(&mut tx).await?;
        let finished = finish::finish(&mut tx, listing).await?;
        tx.commit().await?;
        Ok(finished)
    }

    /// Ends a listing that the server says is unchanged: all its postings are seen, and those that were missing still are, unless another
    /// listing of the board ended meanwhile, so that nobody knows what it was that is unchanged.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is changed then.
    pub async fn finish_unmodified(
        &self,
        source: &str,
        board: &str,
        confirm_after: Duration,
    ) -> Result<(u64, Finished), StoreError> {
        let mut race = Race::default();
        loop {
            match self.within(self.unmodified_once(source, board, confirm_after)).await {
                Err(error) if race.again(&error).await => {}
                result => return result,
            }
        }
    }

    async fn unmodified_once(
        &self,
        source: &str,
        board: &str,
        confirm_after: Duration,
    ) -> Result<(u64, Finished), StoreError> {
        let mut tx = self.pool.begin().await?;
        sightings::plan_afresh(&mut tx).await?;
        sightings::lock_writers(&mut tx).await?;
        let whole = sqlx::query_scalar!(
            r#"SELECT pages IS NOT NULL AS "whole!" FROM worker.source_health WHERE source = $1 AND board = $2"#,
            source,
            board
        )
        .fetch_optional(&mut *tx)
        .await?;
        let swept = if whole == Some(true) {
            let listed = sightings::listed(&mut tx, source, board).await?;
            sightings::sweep(&mut tx, source, board, &listed, confirm_after.as_secs_f64()).await?
        } else {
            sightings::Swept::default()
        };
        let seen = sightings::touch_board(&mut tx, source, board, None).await?;
        sqlx::query!(
            "INSERT INTO worker.source_health AS h (source, board, last_attempt_at) VALUES ($1, $2, now())
             ON CONFLICT (source, board) DO UPDATE SET
                 last_success_at = now(), last_complete_at = now(), seen = $3, new = 0, changed = 0, unchanged = $3,
                 returned = 0, missing = 0, gone = $4, not_modified = true, consecutive_failures = 0,
                 -- What was wrong with the content of the listing still is.
                 healthy = h.error_kind IS DISTINCT FROM 'rejected',
                 error_kind = CASE WHEN h.error_kind = 'rejected' THEN h.error_kind END,
                 error = CASE WHEN h.error_kind = 'rejected' THEN h.error END",
            source,
            board,
            count(seen),
            count(swept.gone),
        )
        .execute(&mut *tx)
        .await?;
        days::add(&mut tx, source, Tally { seen, gone: swept.gone, ..Tally::default() }).await?;
        tx.commit().await?;
        Ok((seen, Finished { missing: swept.missing, gone: swept.gone, short: false }))
    }

    /// Notes that a listing was not read. Nothing is taken for missing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn fail_listing(
        &self,
        source: &str,
        board: &str,
        fault: &ListingFault<'_>,
    ) -> Result<(), StoreError> {
        let tolerated = if fault.passing { TOLERATED_FAILURES } else { 1 };
        self.within(async {
            let mut tx = self.pool.begin().await?;
            sqlx::query!(
                "INSERT INTO worker.source_health AS h
                     (source, board, last_attempt_at, consecutive_failures, error_kind, error, healthy)
                 VALUES ($1, $2, now(), 1, $3, left($4, 500), $5 > 1)
                 ON CONFLICT (source, board) DO UPDATE SET
                     last_attempt_at = now(), consecutive_failures = h.consecutive_failures + 1, error_kind = excluded.error_kind,
                     error = excluded.error, healthy = h.healthy AND h.consecutive_failures + 1 < $5",
                source,
                board,
                fault.kind,
                fault.message,
                tolerated,
            )
            .execute(&mut *tx)
            .await?;
            days::add(&mut tx, source, Tally { failed: true, ..Tally::default() }).await?;
            tx.commit().await
        })
        .await
    }

    /// Whether a person paused this source.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn is_source_paused(&self, source: &str) -> Result<bool, StoreError> {
        self.within(
            sqlx::query_scalar!(
                r#"SELECT EXISTS (SELECT FROM worker.pauses WHERE kind = 'source' AND name = $1) AS "paused!""#,
                source
            )
            .fetch_one(&self.pool),
        )
        .await
    }

    /// All boards, the unhealthy ones first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn list_health(&self) -> Result<Vec<BoardHealth>, StoreError> {
        self.within(
            sqlx::query_as!(
                BoardHealth,
                "SELECT source, board, last_attempt_at, last_success_at, last_complete_at, last_stored_at, stored, expected, seen,
                        new, changed, unchanged, returned, missing, gone, rejected, not_modified, usual, pages,
                        consecutive_failures, error_kind, error, healthy
                 FROM worker.source_health ORDER BY healthy, source, board"
            )
            .fetch_all(&self.pool),
        )
        .await
    }
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
