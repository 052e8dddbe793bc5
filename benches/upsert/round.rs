//! One round of all that is compared, in turns.

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use career_worker::store::{Store, postings::SightedPosting};
use sqlx::{Executor as _, PgConnection};

use crate::{BATCH, postings::changed};

/// Writers at once.
const WRITERS: usize = 4;

/// Seconds, and bytes of the log of writes.
pub struct Round {
    pub insert: f64,
    pub insert_part: f64,
    pub new: f64,
    pub new_part: f64,
    pub new_log: f64,
    pub unchanged: f64,
    pub unchanged_log: f64,
    /// Rows of `jobs` that were written meanwhile.
    pub unchanged_rows: i64,
    pub changed: f64,
    pub four: f64,
}

/// Seconds until each batch was stored.
pub async fn upsert(store: &Store, postings: &[SightedPosting]) -> Result<Vec<f64>> {
    let start = Instant::now();
    let mut times = Vec::new();
    for batch in postings.chunks(BATCH) {
        store.upsert_postings(batch, "bench").await?;
        times.push(start.elapsed().as_secs_f64());
    }
    Ok(times)
}

/// Seconds until several writers at once had stored them, each its own part.
async fn upsert_at_once(store: &Store, postings: &[SightedPosting]) -> Result<f64> {
    let start = Instant::now();
    let mut writing = tokio::task::JoinSet::new();
    for part in postings.chunks(postings.len().div_ceil(WRITERS)) {
        let (store, part) = (store.clone(), part.to_vec());
        writing.spawn(async move { upsert(&store, &part).await });
    }
    while let Some(written) = writing.join_next().await {
        written??;
    }
    Ok(start.elapsed().as_secs_f64())
}

/// Empties the tables that are measured.
pub async fn empty(admin: &mut PgConnection) -> Result<()> {
    admin.execute("TRUNCATE jobs, worker.outbox, worker.source_health RESTART IDENTITY CASCADE").await?;
    admin.execute("CHECKPOINT").await?;
    Ok(())
}

/// Keeps the rows that are there for the bare INSERT.
async fn stage(admin: &mut PgConnection) -> Result<()> {
    admin.execute("DROP TABLE IF EXISTS staged").await?;
    admin.execute("CREATE UNLOGGED TABLE staged AS SELECT * FROM jobs").await?;
    admin.execute("ANALYZE staged").await?;
    Ok(())
}

async fn insert(admin: &mut PgConnection, count: usize) -> Result<f64> {
    empty(admin).await?;
    let start = Instant::now();
    sqlx::query("INSERT INTO jobs SELECT * FROM staged ORDER BY id LIMIT $1")
        .bind(i64::try_from(count)?)
        .execute(admin)
        .await?;
    Ok(start.elapsed().as_secs_f64())
}

/// Where the log of writes ends, bytes.
async fn log(admin: &mut PgConnection) -> Result<f64> {
    let sql = "SELECT (pg_current_wal_insert_lsn() - '0/0')::float8";
    Ok(sqlx::query_scalar(sql).fetch_one(admin).await?)
}

/// Each row of `jobs` with its version: who wrote it, and where it lies.
async fn versions(admin: &mut PgConnection) -> Result<Vec<(i32, String)>> {
    Ok(sqlx::query_as("SELECT id, xmin::text || ctid::text FROM jobs ORDER BY id").fetch_all(admin).await?)
}

impl Round {
    /// Measures all; in even rounds the bare INSERT goes first, so that a machine that gets slower or faster meanwhile favours neither.
    pub async fn measure(
        number: usize,
        store: &Store,
        admin: &mut PgConnection,
        postings: &[SightedPosting],
    ) -> Result<Self> {
        let part = (postings.len() / 5).next_multiple_of(BATCH).min(postings.len());
        let mut inserts = None;
        if number.is_multiple_of(2) {
            inserts = Some((insert(admin, part).await?, insert(admin, postings.len()).await?));
        }
        empty(admin).await?;
        let mark = log(admin).await?;
        let new = upsert(store, postings).await?;
        let new_log = log(admin).await? - mark;
        let before = versions(admin).await?;
        let mark = log(admin).await?;
        let unchanged = upsert(store, postings).await?;
        let unchanged_log = log(admin).await? - mark;
        let after = versions(admin).await?;
        ensure!(before.len() == postings.len() && after.len() == postings.len(), "rows are missing");
        let written = before.iter().zip(&after).filter(|(before, after)| before != after).count();
        if number == 1 {
            stage(admin).await?;
        }
        let changed = upsert(store, &changed(postings, 10)).await?;
        empty(admin).await?;
        let four = upsert_at_once(store, postings).await?;
        let (insert_part, insert) = match inserts {
            Some(times) => times,
            None => (insert(admin, part).await?, insert(admin, postings.len()).await?),
        };
        let last = |times: &[f64]| times.last().copied().context("nothing was stored");
        Ok(Self {
            insert,
            insert_part,
            new: last(&new)?,
            new_part: new.get(part / BATCH - 1).copied().unwrap_or_default(),
            new_log,
            unchanged: last(&unchanged)?,
            unchanged_log,
            unchanged_rows: i64::try_from(written)?,
            changed: last(&changed)?,
            four,
        })
    }
}
