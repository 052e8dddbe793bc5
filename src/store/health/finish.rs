//! The end of a listing: whether it can be believed, and what it says.

use sqlx::PgConnection;

use super::{
    Finished, Listing, count,
    days::{self, Tally},
};
use crate::store::{
    StoreError, http_cache,
    sightings::{self, Swept},
};

/// Most rejected records kept of one listing.
const REJECTED_KEPT: usize = 500;
/// A usual size below this is no size to compare with.
const SMALLEST_USUAL: f64 = 0.5;

/// Whether a complete listing of `size` postings is too small to be believed.
fn is_short(size: f64, usual: Option<f64>) -> bool {
    usual.is_some_and(|usual| usual >= SMALLEST_USUAL && size * 2.0 < usual)
}

/// The usual size after a complete listing of `size` postings.
fn next_usual(size: f64, usual: Option<f64>) -> f64 {
    usual.map_or(size, |usual| {
        let weight = if is_short(size, Some(usual)) { 0.1 } else { 0.3 };
        usual + weight * (size - usual)
    })
}

pub(super) async fn finish(tx: &mut PgConnection, listing: &Listing<'_>) -> Result<Finished, StoreError> {
    let Listing { source, board, .. } = *listing;
    let usual = sqlx::query_scalar!(
        "SELECT usual FROM worker.source_health WHERE source = $1 AND board = $2",
        source,
        board
    )
    .fetch_optional(&mut *tx)
    .await?
    .flatten();
    #[expect(clippy::cast_precision_loss, reason = "a size of a listing")]
    let size = listing.ids.len() as f64;
    let short = listing.complete && is_short(size, usual);
    let swept = if listing.complete && !short { sweep(tx, listing).await? } else { Swept::default() };
    keep_rejected(tx, listing).await?;
    if listing.complete && !short {
        http_cache::keep(tx, listing.validators).await?;
    }
    let finished = Finished { missing: swept.missing, gone: swept.gone, short };
    note_finished(tx, listing, finished, swept.contested, next_usual(size, usual), usual).await?;
    Ok(finished)
}

async fn sweep(tx: &mut PgConnection, listing: &Listing<'_>) -> Result<Swept, StoreError> {
    let refused: Vec<String> =
        listing.rejected.iter().filter_map(|rejected| rejected.source_id.clone()).collect();
    let listed: Vec<String> = listing.ids.iter().chain(&refused).cloned().collect();
    let swept =
        sightings::sweep(tx, listing.source, listing.board, &listed, listing.confirm_after.as_secs_f64())
            .await?;
    if !refused.is_empty() {
        sightings::touch_board(tx, listing.source, listing.board, Some(&refused)).await?;
    }
    Ok(swept)
}

async fn keep_rejected(tx: &mut PgConnection, listing: &Listing<'_>) -> Result<(), StoreError> {
    let kept = listing.rejected.get(..REJECTED_KEPT).unwrap_or(listing.rejected);
    let ids: Vec<&str> = kept
        .iter()
        .map(|one| one.source_id.as_deref().unwrap_or_default())
        .map(|id| id.char_indices().nth(255).and_then(|(end, _)| id.get(..end)).unwrap_or(id))
        .collect();
    let reasons: Vec<&str> = kept.iter().map(|one| one.reason.as_str()).collect();
    sqlx::query!(
        "INSERT INTO worker.rejected_postings (source, board, source_id, reason)
         SELECT DISTINCT ON (n.source_id) $1, $2, n.source_id, left(n.reason, 500)
         FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS n (source_id, reason, place)
         ORDER BY n.source_id, n.place DESC
         ON CONFLICT (source, board, source_id) DO UPDATE SET reason = excluded.reason, last_seen = now()",
        listing.source,
        listing.board,
        &ids as _,
        &reasons as _,
    )
    .execute(&mut *tx)
    .await?;
    if listing.complete {
        sqlx::query!(
            "DELETE FROM worker.rejected_postings WHERE source = $1 AND board = $2 AND last_seen < now()",
            listing.source,
            listing.board
        )
        .execute(tx)
        .await?;
    }
    Ok(())
}

async fn note_finished(
    tx: &mut PgConnection,
    listing: &Listing<'_>,
    finished: Finished,
    contested: bool,
    next_usual: f64,
    usual: Option<f64>,
) -> Result<(), StoreError> {
    let counts = listing.counts;
    let stored = listing.ids.len();
    let rejected = listing.rejected.len();
    let trouble = if finished.short {
        let usual = usual.unwrap_or_default().round();
        let kind = if stored == 0 { "empty" } else { "short" };
        Some((kind, format!("{stored} postings where it usually has {usual}; nothing is taken for gone")))
    } else if rejected > stored {
        Some(("rejected", format!("{rejected} of {} records were rejected", rejected + stored)))
    } else {
        None
    };
    let (kind, message) = trouble.unzip();
    let (alone, stored_at) = listing.counts.written.map_or((true, listing.stored_at), |written| {
        (written.before == listing.stored_at && written.at.is_some(), written.at)
    });
    // Those of a short listing are not kept, see `finish`.
    let pages = (!finished.short).then(|| i32::try_from(listing.pages).unwrap_or(i32::MAX));
    sqlx::query!(
        "INSERT INTO worker.source_health AS h (source, board, last_attempt_at, last_success_at, last_complete_at, expected, seen,
                 new, changed, unchanged, returned, missing, gone, rejected, usual, pages, error_kind, error, healthy)
         VALUES ($1, $2, now(), now(), CASE WHEN $3 THEN now() END, $4, $5, $6, $7, $8, $9, $10, $11, $12,
                 CASE WHEN $3 THEN $13::float8 END, CASE WHEN $3 THEN $14::int END, $15, $16, $15::text IS NULL)
         ON CONFLICT (source, board) DO UPDATE SET
             last_success_at = excluded.last_success_at, last_complete_at = coalesce(excluded.last_complete_at, h.last_complete_at),
             expected = excluded.expected, seen = excluded.seen, new = excluded.new, changed = excluded.changed,
             unchanged = excluded.unchanged, returned = excluded.returned, missing = excluded.missing, gone = excluded.gone,
             rejected = excluded.rejected, not_modified = false, usual = coalesce(excluded.usual, h.usual),
             pages = CASE WHEN $17 AND h.last_stored_at IS NOT DISTINCT FROM $18 THEN coalesce(excluded.pages, h.pages) END,
             consecutive_failures = 0, error_kind = excluded.error_kind, error = excluded.error, healthy = excluded.healthy",
        listing.source,
        listing.board,
        listing.complete,
        listing.expected.map(count),
        count(counts.seen),
        count(counts.new),
        count(counts.changed),
        count(counts.unchanged),
        count(counts.returned),
        count(finished.missing),
        count(finished.gone),
        count(rejected as u64),
        next_usual,
        pages,
        kind,
        message,
        alone && !contested,
        stored_at,
    )
    .execute(&mut *tx)
    .await?;
    let tally = Tally {
        failed: false,
        seen: counts.seen,
        new: counts.new,
        changed: counts.changed,
        gone: finished.gone,
        rejected: rejected as u64,
    };
    days::add(tx, listing.source, tally).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{is_short, next_usual};

    #[test]
    fn less_than_half_of_the_usual_is_short() {
        assert!(!is_short(0.0, None));
        assert!(!is_short(50.0, Some(100.0)));
        assert!(is_short(49.0, Some(100.0)));
        assert!(is_short(0.0, Some(1.0)));
    }

    #[test]
    fn a_board_that_shrank_is_believed_in_the_end() {
        let (mut usual, mut listings) = (100.0, 0);
        while is_short(20.0, Some(usual)) {
            usual = next_usual(20.0, Some(usual));
            listings += 1;
        }
        assert!((10..20).contains(&listings), "{listings}");
    }
}
