//! The task `prune`: forgets the worker's own old records, in small batches.
//!
//! It never touches the tables of the web application.

use std::{collections::BTreeMap, time::Duration};

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Context, Task, TaskError};
use crate::domain::Queue;

const BATCH: i64 = 5_000;
/// What sources brought on each day is kept for a year and a month: a row a source and day.
const SOURCE_DAYS: i32 = 400;

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
    /// What servers said of the age of their answers, in days since they were asked.
    #[schemars(range(min = 1))]
    pub cache_days: i32,
    /// Why records were not stored, in days since they were listed.
    #[schemars(range(min = 1))]
    pub rejected_days: i32,
    /// Digests that ended, in days.
    #[schemars(range(min = 1))]
    pub digests_days: i32,
    /// Who did what, in days.
    #[schemars(range(min = 1))]
    pub audit_days: i32,
}

impl Default for PruneArgs {
    fn default() -> Self {
        Self {
            runs_days: 14,
            ticks_days: 60,
            pages_days: 60,
            counts_days: 60,
            cache_days: 60,
            rejected_days: 90,
            digests_days: 60,
            audit_days: 2_555,
        }
    }
}

impl Task for Prune {
    const NAME: &'static str = "prune";
    const QUEUE: Queue = Queue::Maintenance;
    const ABOUT: &'static str =
        "Forgets the worker's own old records: runs, ticks, keys, pages, digests, cache, audit";
    type Args = PruneArgs;

    fn check(args: &PruneArgs) -> Result<(), String> {
        let all = [
            ("runs_days", args.runs_days),
            ("ticks_days", args.ticks_days),
            ("pages_days", args.pages_days),
            ("counts_days", args.counts_days),
            ("cache_days", args.cache_days),
            ("rejected_days", args.rejected_days),
            ("digests_days", args.digests_days),
            ("audit_days", args.audit_days),
        ];
        for (key, days) in all {
            if days < 1 {
                return Err(format!("{key} = {days}, expected at least 1"));
            }
        }
        Ok(())
    }

    async fn run(args: PruneArgs, ctx: Context) -> Result<Value, TaskError> {
        let store = &ctx.store;
        let mut gone: BTreeMap<&str, u64> = BTreeMap::new();
        while !ctx.cancelled.is_cancelled() {
            let batch = [
                ("runs", store.delete_finished_runs(days(args.runs_days), BATCH).await),
                ("ticks", store.delete_old_ticks(args.ticks_days, BATCH).await),
                ("idempotency_keys", store.delete_idempotency_keys(BATCH).await),
                ("pages", store.delete_old_pages(args.pages_days, BATCH).await),
                ("matches", store.delete_old_matches(args.counts_days, BATCH).await),
                ("cache", store.delete_old_validators(args.cache_days, BATCH).await),
                ("rejected", store.delete_old_rejections(args.rejected_days, BATCH).await),
                ("digests", store.delete_old_digests(args.digests_days, BATCH).await),
                ("audit", store.delete_old_audit(args.audit_days, BATCH).await),
            ];
            let mut most = 0;
            for (what, deleted) in batch {
                let deleted = deleted.with_context(|| format!("delete {what}"))?;
                *gone.entry(what).or_default() += deleted;
                most = most.max(deleted);
            }
            if most == 0 {
                break;
            }
        }
        gone.insert("sessions", store.delete_old_sessions().await.context("delete sessions")?);
        let source_days = store.delete_old_source_days(SOURCE_DAYS).await;
        gone.insert("source_days", source_days.context("delete days of sources")?);
        Ok(json!(gone))
    }
}

fn days(days: i32) -> Duration {
    Duration::from_secs(86_400 * u64::from(days.unsigned_abs()))
}
