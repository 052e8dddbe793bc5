//! What storing costs beside many postings that are there already.

use anyhow::Result;
use career_worker::store::Store;
use sqlx::{Executor as _, PgConnection};

use crate::{
    measures::{Goal, Measures},
    postings::postings,
    round::{empty, upsert},
};

/// New postings at each size.
const NEW: usize = 10_000;
/// Where the measuring begins.
const FIRST: usize = 10_000;

/// Rates with 10,000 postings present, ten times as many, and so on up to `most`.
pub async fn measure(
    measures: &mut Measures,
    store: &Store,
    admin: &mut PgConnection,
    most: usize,
) -> Result<()> {
    empty(admin).await?;
    let (mut present, mut size, mut rates) = (0, FIRST.min(most), Vec::new());
    loop {
        fill(admin, present, size).await?;
        present = size;
        let new = postings(NEW).into_iter().map(|mut sighted| {
            let posting = &mut sighted.posting;
            posting.source_id = format!("{size}-{}", posting.source_id);
            posting.url = format!("{}?at={size}", posting.url);
            posting.title = format!("{} {size}", posting.title);
            sighted
        });
        let times = upsert(store, &new.collect::<Vec<_>>()).await?;
        let rate = NEW as f64 / times.last().copied().unwrap_or(f64::NAN);
        measures.at("new postings beside those present", rate, "postings/s", "postings present", size as f64);
        rates.push(rate);
        if size >= most {
            break;
        }
        size = (size * 10).min(most);
    }
    if let [first, .., last] = rates[..] {
        let kept = last / first;
        measures.against(
            "rate beside the most, against the first",
            kept,
            "times as fast",
            Goal::AtLeast(0.8),
        );
    }
    Ok(())
}

/// Copies of the staged postings and of their sightings, with identities of their own.
async fn fill(admin: &mut PgConnection, from: usize, to: usize) -> Result<()> {
    let columns: String = sqlx::query_scalar(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
         WHERE attrelid = 'public.jobs'::regclass AND attnum > 0 AND NOT attisdropped
           AND attname NOT IN ('id', 'source_id', 'url')",
    )
    .fetch_one(&mut *admin)
    .await?;
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM staged").fetch_one(&mut *admin).await?;
    let sql = format!(
        "WITH job AS (
             INSERT INTO jobs ({columns}, source_id, url)
             SELECT {columns}, 'old-' || n, 'https://old.example.com/' || n
             FROM generate_series({from} + 1, {to}) n
             JOIN (SELECT *, row_number() OVER () AS row FROM staged) one ON row = 1 + n % {rows}
             RETURNING id, source, source_id, url
         )
         INSERT INTO worker.sightings (source, source_id, board, job_id, url, content_hash, match_hash)
         SELECT source, source_id, 'bench', id, url, md5(url), md5(url) FROM job"
    );
    admin.execute(sqlx::AssertSqlSafe(sql)).await?;
    admin.execute("VACUUM ANALYZE jobs").await?;
    admin.execute("CHECKPOINT").await?;
    Ok(())
}
