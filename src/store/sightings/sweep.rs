//! Postings that a listing lacks: missing, then gone, and what becomes of their rows.

use sqlx::PgConnection;

use super::lock_writers;
use crate::store::StoreError;

/// What became of the postings of a board after a complete listing.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::store) struct Swept {
    pub missing: u64,
    pub gone: u64,
    /// Another listing of the board noted some as missing that this one has: it came in between, and what is stored is not all of this.
    pub contested: bool,
}

/// Applies a complete listing of a board: postings not in `listed` are missing, and gone when they already were `confirm_after` ago.
/// The jobs row of a posting that is gone becomes inactive unless another sighting shows it; that one then writes the row.
pub(in crate::store) async fn sweep(
    tx: &mut PgConnection,
    source: &str,
    board: &str,
    listed: &[String],
    confirm_after: f64,
) -> Result<Swept, StoreError> {
    lock_writers(tx).await?;
    let absent = sqlx::query!(
        r#"SELECT s.source_id, s.missing_since FROM worker.sightings AS s
           WHERE s.source = $1 AND s.board = $2 AND s.gone_at IS NULL
             AND NOT EXISTS (SELECT FROM unnest($3::text[]) AS l (source_id) WHERE l.source_id = s.source_id)
           ORDER BY s.source, s.source_id
           FOR NO KEY UPDATE"#,
        source,
        board,
        listed,
    )
    .fetch_all(&mut *tx)
    .await?;
    let missing: Vec<String> =
        absent.iter().filter(|row| row.missing_since.is_none()).map(|row| row.source_id.clone()).collect();
    let waiting: Vec<String> =
        absent.into_iter().filter(|row| row.missing_since.is_some()).map(|row| row.source_id).collect();
    let contested = sqlx::query_scalar!(
        r#"SELECT EXISTS (
               SELECT FROM worker.sightings
               WHERE source = $1 AND board = $2 AND missing_since IS NOT NULL AND source_id = ANY($3)
           ) AS "contested!""#,
        source,
        board,
        listed,
    )
    .fetch_one(&mut *tx)
    .await?;
    let mut swept = Swept { missing: missing.len() as u64, gone: 0, contested };
    if !waiting.is_empty() {
        let gone = sqlx::query_scalar!(
            "UPDATE worker.sightings SET gone_at = now()
             WHERE source = $1 AND source_id = ANY($2) AND missing_since <= now() - make_interval(secs => $3)
             RETURNING job_id",
            source,
            &waiting,
            confirm_after,
        )
        .fetch_all(&mut *tx)
        .await?;
        swept.gone = gone.len() as u64;
        if !gone.is_empty() {
            close(tx, &gone).await?;
        }
    }
    if !missing.is_empty() {
        sqlx::query!(
            "UPDATE worker.sightings SET missing_since = now() WHERE source = $1 AND source_id = ANY($2)",
            source,
            &missing,
        )
        .execute(tx)
        .await?;
    }
    Ok(swept)
}

/// Makes rows inactive that no sighting shows any more; the others get a live owner.
async fn close(tx: &mut PgConnection, job_ids: &[i32]) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH held AS (
             SELECT j.id FROM public.jobs AS j
             WHERE j.id = ANY($1) AND j.user_id IS NULL AND coalesce(j.is_active, true)
               AND NOT EXISTS (SELECT FROM worker.sightings AS s WHERE s.job_id = j.id AND s.gone_at IS NULL)
             ORDER BY j.id
             FOR UPDATE
         )
         UPDATE public.jobs AS j SET is_active = false, updated_at = now() AT TIME ZONE 'UTC' FROM held WHERE j.id = held.id",
        job_ids
    )
    .execute(&mut *tx)
    .await?;
    let heirs = sqlx::query!(
        "SELECT DISTINCT ON (s.job_id) s.job_id, s.source, s.source_id
         FROM worker.sightings AS s
         JOIN worker.sightings AS o ON o.job_id = s.job_id AND o.is_owner AND o.gone_at IS NOT NULL
         WHERE s.job_id = ANY($1) AND s.gone_at IS NULL
         ORDER BY s.job_id, s.first_seen, s.source, s.source_id",
        job_ids
    )
    .fetch_all(&mut *tx)
    .await?;
    if heirs.is_empty() {
        return Ok(());
    }
    let orphaned: Vec<i32> = heirs.iter().map(|heir| heir.job_id).collect();
    sqlx::query!(
        "UPDATE worker.sightings SET is_owner = false, url_taken = false WHERE job_id = ANY($1) AND is_owner",
        &orphaned
    )
    .execute(&mut *tx)
    .await?;
    let (sources, source_ids): (Vec<String>, Vec<String>) =
        heirs.into_iter().map(|heir| (heir.source, heir.source_id)).unzip();
    sqlx::query!(
        "UPDATE public.jobs AS j SET source = n.source, updated_at = now() AT TIME ZONE 'UTC', source_id = CASE
             WHEN NOT EXISTS (SELECT FROM public.jobs AS o
                              WHERE o.source = n.source AND o.source_id = n.source_id AND o.id <> n.id) THEN n.source_id END
         FROM unnest($1::int[], $2::text[], $3::text[]) AS n (id, source, source_id)
         WHERE j.id = n.id AND j.user_id IS NULL",
        &orphaned,
        &sources,
        &source_ids,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "UPDATE worker.sightings AS s SET is_owner = true, stale = true
         FROM unnest($1::text[], $2::text[]) AS k (source, source_id)
         WHERE s.source = k.source AND s.source_id = k.source_id",
        &sources,
        &source_ids,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Notes that postings are listed without storing them: all that are not missing (`None`), or those with these ids.
pub(in crate::store) async fn touch_board(
    tx: &mut PgConnection,
    source: &str,
    board: &str,
    ids: Option<&[String]>,
) -> Result<u64, StoreError> {
    let touched = sqlx::query!(
        "WITH held AS (
             SELECT source, source_id FROM worker.sightings
             WHERE source = $1 AND board = $2 AND gone_at IS NULL
               AND CASE WHEN $3::text[] IS NULL THEN missing_since IS NULL ELSE source_id = ANY($3) END
             ORDER BY source, source_id
             FOR NO KEY UPDATE
         )
         UPDATE worker.sightings AS s SET last_seen = now(), missing_since = NULL FROM held
         WHERE s.source = held.source AND s.source_id = held.source_id",
        source,
        board,
        ids as Option<&[String]>,
    )
    .execute(tx)
    .await?;
    Ok(touched.rows_affected())
}

/// Ids of the board's postings that are neither missing nor gone.
pub(in crate::store) async fn listed(
    tx: &mut PgConnection,
    source: &str,
    board: &str,
) -> Result<Vec<String>, StoreError> {
    Ok(sqlx::query_scalar!(
        "SELECT source_id FROM worker.sightings WHERE source = $1 AND board = $2 AND missing_since IS NULL",
        source,
        board
    )
    .fetch_all(tx)
    .await?)
}
