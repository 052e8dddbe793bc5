//! The task `prune`: forgets the worker's own old records, in small batches.
//!
//! It never touches the tables of the web application.

use std::time::Duration;

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Context, Task, TaskError};
use crate::domain::Queue;

const BATCH: i64 = 5_000;
/// What sources brought on each day is kept for a year and a month: a row a source and day.
const SOURCE_DAYS: i32 = 400;

/// Digests that ended are kept for this many days.
const DIGESTS: i32 = 60;

/// The task.
#[derive(Debug)]
pub struct Prune;

/// How long records are kept.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PruneArgs {
    /// Finished runs, in days; their idempotency keys are free again afterwards.
    #[schemars(range(min = 1))]
    pub runs_days: i32,
    /// Ticks, in days.
    #[schemars(range(min = 1))]
    pub ticks_days: i32,
    /// What is known of pages of single postings, in days since they were read; a page that is listed is read again sooner.
    #[schemars(range(min = 1))]
    pub pages_days: i32,
    /// How many matches users were not told of one by one, in days.
    #[schemars(range(min = 1))]
    pub counts_days: i32,
}

impl Default for PruneArgs {
    fn default() -> Self {
        Self { runs_days: 14, ticks_days: 60, pages_days: 60, counts_days: 60 }
    }
}

impl Task for Prune {
    const NAME: &'static str = "prune";
    const QUEUE: Queue = Queue::Maintenance;
    const ABOUT: &'static str =
        "Forgets old runs, ticks, idempotency keys, pages, digests and matches of deleted users";
    type Args = PruneArgs;

    fn check(args: &PruneArgs) -> Result<(), String> {
        let all = [
            ("runs_days", args.runs_days),
            ("ticks_days", args.ticks_days),
            ("pages_days", args.pages_days),
            ("counts_days", args.counts_days),
        ];
        for (key, days) in all {
            if days < 1 {
                return Err(format!("{key} = {days}, expected at least 1"));
            }
        }
        Ok(())
    }

    async fn run(args: PruneArgs, ctx: Context) -> Result<Value, TaskError> {
        let (mut runs, mut ticks, mut keys, mut pages, mut matches) = (0, 0, 0, 0, 0);
        while !ctx.cancelled.is_cancelled() {
            let gone = [
                ctx.store.delete_finished_runs(days(args.runs_days), BATCH).await.context("delete runs")?,
                ctx.store.delete_old_ticks(args.ticks_days, BATCH).await.context("delete ticks")?,
                ctx.store.delete_idempotency_keys(BATCH).await.context("delete idempotency keys")?,
                ctx.store.delete_old_pages(args.pages_days, BATCH).await.context("delete pages")?,
                ctx.store.delete_old_matches(args.counts_days, BATCH).await.context("delete matches")?,
            ];
            runs += gone[0];
            ticks += gone[1];
            keys += gone[2];
            pages += gone[3];
            matches += gone[4];
            if gone == [0; 5] {
                break;
            }
        }
        let sessions = ctx.store.delete_old_sessions().await.context("delete sessions")?;
        let source_days =
            ctx.store.delete_old_source_days(SOURCE_DAYS).await.context("delete days of sources")?;
        let mut digests = 0;
        while !ctx.cancelled.is_cancelled() {
            let gone = ctx.store.delete_old_digests(DIGESTS, BATCH).await.context("delete digests")?;
            digests += gone;
            if gone == 0 {
                break;
            }
        }
        Ok(
            json!({ "runs": runs, "ticks": ticks, "idempotency_keys": keys, "pages": pages, "matches": matches, "sessions": sessions, "source_days": source_days, "digests": digests }),
        )
    }
}

fn days(days: i32) -> Duration {
    Duration::from_secs(86_400 * u64::from(days.unsigned_abs()))
}
