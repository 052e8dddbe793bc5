//! Sightings: which source shows which posting, since when, and whether it still does.
//!
//! `sweep` holds what the end of a listing says of the postings that it lacks.

mod sweep;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use sqlx::PgConnection;

pub(super) use self::sweep::{Swept, listed, sweep, touch_board};
use super::{
    StoreError,
    postings::{
        Item, UpsertReport, WRITER_LOCK,
        plan::{Known, Mate, Plan, Target},
    },
};
use crate::domain::Period;

fn keys<'a>(items: &'a [Item<'_>]) -> (Vec<&'a str>, Vec<&'a str>) {
    items.iter().map(|item| (item.posting.source.as_str(), item.posting.source_id.as_str())).unzip()
}

/// Plans every statement of this transaction for its own arrays and for the tables as they are: a plan that was made when a table was
/// small reads all of it each time.
pub(super) async fn plan_afresh(tx: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("SET LOCAL plan_cache_mode = force_custom_plan").execute(tx).await?;
    Ok(())
}

/// Makes every statement of this transaction look rows up by key. PostgreSQL would read whole tables instead as long as it takes them
/// for small, which it does until they are analyzed, and a batch would take the longer the more there is.
pub(super) async fn look_up_by_key(tx: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!(
        "SELECT set_config(name, 'off', true) FROM unnest(ARRAY['enable_seqscan', 'enable_hashjoin', 'enable_mergejoin']) AS s (name)"
    )
    .fetch_all(tx)
    .await?;
    Ok(())
}

/// Lets plans be used again.
async fn plan_once(tx: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("SET LOCAL plan_cache_mode = auto").execute(tx).await?;
    Ok(())
}

/// One writer at a time: what a writer finds out about rows and URLs stays true until it commits.
pub(super) async fn lock_writers(tx: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", WRITER_LOCK).execute(tx).await?;
    Ok(())
}

/// Writers of what nobody knows yet, at once; they find out by unique keys whether they meet.
pub(super) async fn lock_beside_writers(tx: &mut PgConnection) -> Result<(), StoreError> {
    sqlx::query!("SELECT pg_advisory_xact_lock_shared($1)", WRITER_LOCK).execute(tx).await?;
    Ok(())
}

/// How many postings of the batch are known, and how many of those are live and as they were.
pub(super) async fn count_known(
    tx: &mut PgConnection,
    items: &[Item<'_>],
    board: &str,
) -> Result<(usize, usize), StoreError> {
    let (sources, source_ids) = keys(items);
    let hashes: Vec<&str> = items.iter().map(|item| item.content_hash.as_str()).collect();
    let found = sqlx::query!(
        r#"SELECT count(*) AS "known!",
                  count(*) FILTER (
                      WHERE s.content_hash = k.content_hash AND s.board = $4 AND s.missing_since IS NULL AND NOT s.stale
                  ) AS "quiet!"
           FROM unnest($1::text[], $2::text[], $3::text[]) AS k (source, source_id, content_hash)
           JOIN worker.sightings AS s ON s.source = k.source AND s.source_id = k.source_id"#,
        &sources as _,
        &source_ids as _,
        &hashes as _,
        board,
    )
    .fetch_one(tx)
    .await?;
    let count = |rows: i64| usize::try_from(rows).unwrap_or_default();
    Ok((count(found.known), count(found.quiet)))
}

/// How the batch differs from what is known.
pub(super) async fn compare(tx: &mut PgConnection, items: &[Item<'_>]) -> Result<UpsertReport, StoreError> {
    let (sources, source_ids) = keys(items);
    let hashes: Vec<&str> = items.iter().map(|item| item.content_hash.as_str()).collect();
    let found = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE s.source IS NULL) AS "new!",
                  count(*) FILTER (WHERE s.content_hash <> k.content_hash) AS "changed!",
                  count(*) FILTER (WHERE s.content_hash = k.content_hash) AS "unchanged!",
                  count(*) FILTER (WHERE s.missing_since IS NOT NULL) AS "returned!"
           FROM unnest($1::text[], $2::text[], $3::text[]) AS k (source, source_id, content_hash)
           LEFT JOIN worker.sightings AS s ON s.source = k.source AND s.source_id = k.source_id"#,
        &sources as _,
        &source_ids as _,
        &hashes as _,
    )
    .fetch_one(tx)
    .await?;
    Ok(UpsertReport {
        seen: items.len() as u64,
        new: found.new.cast_unsigned(),
        changed: found.changed.cast_unsigned(),
        unchanged: found.unchanged.cast_unsigned(),
        returned: found.returned.cast_unsigned(),
        ..UpsertReport::default()
    })
}

/// Locks the sightings of the batch in key order.
pub(super) async fn lock_known(tx: &mut PgConnection, items: &[Item<'_>]) -> Result<Vec<Known>, StoreError> {
    let (sources, source_ids) = keys(items);
    let rows = sqlx::query!(
        r#"SELECT source, source_id, job_id, board, content_hash, match_hash, is_owner, url_taken, stale,
                  missing_since IS NOT NULL AS "missing!", gone_at IS NOT NULL AS "gone!"
           FROM worker.sightings
           WHERE (source, source_id) IN (SELECT * FROM unnest($1::text[], $2::text[]))
           ORDER BY source, source_id
           FOR NO KEY UPDATE"#,
        &sources as _,
        &source_ids as _,
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Known {
            key: (row.source, row.source_id),
            job_id: row.job_id,
            board: row.board,
            content_hash: row.content_hash,
            match_hash: row.match_hash,
            is_owner: row.is_owner,
            url_taken: row.url_taken,
            stale: row.stale,
            missing: row.missing,
            gone: row.gone,
        })
        .collect())
}

/// All sightings of these rows.
pub(super) async fn load_mates(tx: &mut PgConnection, job_ids: Vec<i32>) -> Result<Vec<Mate>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT source, source_id, job_id, url, is_owner, gone_at IS NOT NULL AS "gone!"
           FROM worker.sightings WHERE job_id = ANY($1) ORDER BY job_id, source, source_id"#,
        &job_ids
    )
    .fetch_all(tx)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Mate {
            key: (row.source, row.source_id),
            job_id: row.job_id,
            url: row.url,
            is_owner: row.is_owner,
            gone: row.gone,
        })
        .collect())
}

/// Takes ownership from owners that are gone, and marks followers whose owner moved.
pub(super) async fn settle(tx: &mut PgConnection, plan: &Plan) -> Result<(), StoreError> {
    if plan.disown.is_empty() && plan.unsettle.is_empty() {
        return Ok(());
    }
    let all: Vec<_> = plan
        .disown
        .iter()
        .map(|key| (key, true))
        .chain(plan.unsettle.iter().map(|key| (key, false)))
        .collect();
    let sources: Vec<&str> = all.iter().map(|((source, _), _)| source.as_str()).collect();
    let source_ids: Vec<&str> = all.iter().map(|((_, id), _)| id.as_str()).collect();
    let disown: Vec<bool> = all.iter().map(|(_, disown)| *disown).collect();
    sqlx::query!(
        "UPDATE worker.sightings AS s
         SET is_owner = s.is_owner AND NOT k.disown, url_taken = s.url_taken AND NOT k.disown, stale = s.stale OR NOT k.disown
         FROM unnest($1::text[], $2::text[], $3::bool[]) AS k (source, source_id, disown)
         WHERE s.source = k.source AND s.source_id = k.source_id",
        &sources as _,
        &source_ids as _,
        &disown,
    )
    .execute(tx)
    .await?;
    Ok(())
}

/// Writes the sightings that are new or differ.
pub(super) async fn upsert(
    tx: &mut PgConnection,
    items: &[Item<'_>],
    plan: &Plan,
    ids: &[i32],
    board: &str,
) -> Result<(), StoreError> {
    if plan.sightings.is_empty() {
        return Ok(());
    }
    let c = Columns::of(items, plan, ids);
    // The check of the foreign key is a statement a row, which would be planned for each.
    plan_once(tx).await?;
    sqlx::query!(
        "INSERT INTO worker.sightings AS s (source, source_id, board, job_id, is_owner, url, url_taken, content_hash, match_hash,
                 pay_min, pay_max, pay_currency, pay_period, facts, description_html, company_key, title_key, place_keys, simhash)
         SELECT n.source, n.source_id, $1, n.job_id, n.is_owner, n.url, n.url_taken, n.content_hash, n.match_hash,
                n.pay_min, n.pay_max, n.pay_currency, n.pay_period, n.facts, n.description_html, n.company_key, n.title_key,
                CASE WHEN n.company_key IS NOT NULL THEN string_to_array(n.place_keys, E'\\n') END, n.simhash
         FROM unnest($2::text[], $3::text[], $4::int[], $5::bool[], $6::text[], $7::bool[], $8::text[], $9::text[],
                     $10::numeric[], $11::numeric[], $12::text[], $13::text[], $14::jsonb[], $15::text[], $16::text[], $17::text[],
                     $18::text[], $19::bigint[])
             AS n (source, source_id, job_id, is_owner, url, url_taken, content_hash, match_hash, pay_min, pay_max, pay_currency,
                   pay_period, facts, description_html, company_key, title_key, place_keys, simhash)
         ON CONFLICT (source, source_id) DO UPDATE SET
             board = excluded.board, job_id = excluded.job_id, is_owner = excluded.is_owner, url = excluded.url,
             url_taken = excluded.url_taken, stale = false, content_hash = excluded.content_hash,
             match_hash = excluded.match_hash, pay_min = excluded.pay_min, pay_max = excluded.pay_max,
             pay_currency = excluded.pay_currency, pay_period = excluded.pay_period, facts = excluded.facts,
             description_html = excluded.description_html, company_key = excluded.company_key, title_key = excluded.title_key,
             place_keys = excluded.place_keys, simhash = excluded.simhash, last_seen = now(), missing_since = NULL, gone_at = NULL",
        board,
        &c.source as _,
        &c.source_id as _,
        &c.job_id,
        &c.is_owner,
        &c.url as _,
        &c.url_taken,
        &c.content_hash as _,
        &c.match_hash as _,
        &c.pay_min as _,
        &c.pay_max as _,
        &c.pay_currency as _,
        &c.pay_period as _,
        &c.facts,
        &c.description_html as _,
        &c.company_key as _,
        &c.title_key as _,
        &c.place_keys as _,
        &c.simhash as _,
    )
    .execute(&mut *tx)
    .await?;
    plan_afresh(tx).await
}

#[derive(Default)]
struct Columns<'a> {
    source: Vec<&'a str>,
    source_id: Vec<&'a str>,
    job_id: Vec<i32>,
    is_owner: Vec<bool>,
    url: Vec<&'a str>,
    url_taken: Vec<bool>,
    content_hash: Vec<&'a str>,
    match_hash: Vec<&'a str>,
    pay_min: Vec<Option<Decimal>>,
    pay_max: Vec<Option<Decimal>>,
    pay_currency: Vec<Option<&'a str>>,
    pay_period: Vec<Option<&'a str>>,
    facts: Vec<Value>,
    description_html: Vec<Option<&'a str>>,
    company_key: Vec<Option<&'a str>>,
    title_key: Vec<Option<&'a str>>,
    /// Keys with a line break between them, since arrays of arrays of different lengths cannot be sent.
    place_keys: Vec<Option<String>>,
    simhash: Vec<Option<i64>>,
}

impl<'a> Columns<'a> {
    fn of(items: &'a [Item<'_>], plan: &Plan, ids: &[i32]) -> Self {
        let mut columns = Self::default();
        for sighting in &plan.sightings {
            let Some(item) = items.get(sighting.item) else { continue };
            let job_id = match sighting.target {
                Target::Row(id) => Some(id),
                Target::New(index) => ids.get(index).copied(),
            };
            let Some(job_id) = job_id else { continue };
            let posting = item.posting;
            let pay = posting.pay.as_ref();
            columns.source.push(&posting.source);
            columns.source_id.push(&posting.source_id);
            columns.job_id.push(job_id);
            columns.is_owner.push(sighting.is_owner);
            columns.url.push(&posting.url);
            columns.url_taken.push(sighting.url_taken);
            columns.content_hash.push(&item.content_hash);
            columns.match_hash.push(&item.match_hash);
            columns.pay_min.push(pay.and_then(|pay| pay.min));
            columns.pay_max.push(pay.and_then(|pay| pay.max));
            columns.pay_currency.push(pay.and_then(|pay| pay.currency.as_deref()));
            columns.pay_period.push(pay.and_then(|pay| pay.period).map(Period::as_str));
            columns.facts.push(json!({
                "places": posting.places,
                "language": posting.language,
                "seniority": posting.seniority,
                "years": posting.years,
                "cut": posting.cut,
            }));
            columns.description_html.push(posting.description_html.as_deref());
            let fingerprint = item.fingerprint;
            columns.company_key.push(fingerprint.map(|print| start(&print.company_key)));
            columns.title_key.push(fingerprint.map(|print| start(&print.title_key)));
            columns.place_keys.push(fingerprint.map(|print| print.place_keys.join("\n")));
            columns.simhash.push(fingerprint.map(|print| print.simhash.cast_signed()));
        }
        columns
    }
}

/// An index entry is limited to 2,700 bytes; two keys of 200 characters fit in any script.
fn start(key: &str) -> &str {
    key.char_indices().nth(200).and_then(|(end, _)| key.get(..end)).unwrap_or(key)
}

/// Notes that the postings of the batch were seen; rows are locked in key order.
pub(super) async fn touch(tx: &mut PgConnection, items: &[Item<'_>]) -> Result<(), StoreError> {
    let (sources, source_ids) = keys(items);
    sqlx::query!(
        "WITH held AS (
             SELECT source, source_id FROM worker.sightings
             WHERE (source, source_id) IN (SELECT * FROM unnest($1::text[], $2::text[])) AND last_seen < now()
             ORDER BY source, source_id
             FOR NO KEY UPDATE
         )
         UPDATE worker.sightings AS s SET last_seen = now() FROM held
         WHERE s.source = held.source AND s.source_id = held.source_id",
        &sources as _,
        &source_ids as _,
    )
    .execute(tx)
    .await?;
    Ok(())
}
