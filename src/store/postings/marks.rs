//! What a batch leaves behind besides rows and sightings: the outbox, and the board's health.

use sqlx::PgConnection;

use super::{END_LOCK, Written};
use crate::{store::StoreError, telemetry::trace};

/// Asks for these rows, in order, to be matched.
pub(super) async fn append_outbox(tx: &mut PgConnection, job_ids: &[i32]) -> Result<(), StoreError> {
    if job_ids.is_empty() {
        return Ok(());
    }
    let insert = sqlx::query!(
        "INSERT INTO worker.outbox (job_id, traceparent) SELECT unnest($1::int[]), $2",
        job_ids,
        trace::current()
    );
    insert.execute(tx).await?;
    Ok(())
}

/// One writer at a time from here to its commit: it sees what all before it have written.
pub(super) async fn lock_end(tx: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", END_LOCK).execute(tx).await?;
    Ok(())
}

/// Notes that the board brought something. What is stored is then no longer what the validators of its last listing are for: it is asked
/// without them until a listing ends whole, so that one that was killed in between is not taken for stored.
pub(super) async fn note_stored(
    tx: &mut PgConnection,
    source: &str,
    board: &str,
    written: u64,
    new: u64,
) -> Result<Option<Written>, StoreError> {
    if written == 0 {
        return Ok(None);
    }
    // Under the lock of the end: whoever writes is alone until it commits.
    let before = sqlx::query_scalar!(
        "SELECT last_stored_at FROM worker.source_health WHERE source = $1 AND board = $2",
        source,
        board
    )
    .fetch_optional(&mut *tx)
    .await?
    .flatten();
    let at = sqlx::query_scalar!(
        "INSERT INTO worker.source_health AS h (source, board, last_stored_at, stored) VALUES ($1, $2, now(), $3)
         ON CONFLICT (source, board) DO UPDATE SET last_stored_at = now(), stored = h.stored + excluded.stored, pages = NULL
         RETURNING last_stored_at",
        source,
        board,
        i64::try_from(new).unwrap_or(i64::MAX),
    )
    .fetch_one(tx)
    .await?;
    Ok(Some(Written { before, at }))
}
