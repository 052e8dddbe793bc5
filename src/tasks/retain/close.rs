//! Postings that are over become inactive.

use std::collections::BTreeMap;

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{BATCH, Days, SAMPLES, WINDOW, count, pace::Pace};
use crate::{
    domain::JobId,
    store::{ClosePolicy, Closing, SweptTable},
    tasks::{Context, TaskError},
};

/// When a posting is over.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CloseArgs {
    /// Days after its deadline for applications.
    #[schemars(range(min = 0))]
    pub past_deadline_days: i32,
    /// Days in which every board that showed it was read and did not.
    #[schemars(range(min = 1))]
    pub unseen_days: i32,
    /// Days without a sign of life, whoever looked: also where its source is no longer read.
    #[schemars(range(min = 1))]
    pub silent_days: i32,
    /// Days since it was posted, though it is still listed; not given: it may be as old as it likes.
    #[schemars(range(min = 1))]
    pub old_days: Option<i32>,
    /// Touches nothing and reports what would be closed.
    pub dry_run: bool,
}

impl Default for CloseArgs {
    fn default() -> Self {
        Self { past_deadline_days: 0, unseen_days: 30, silent_days: 90, old_days: None, dry_run: false }
    }
}

impl CloseArgs {
    pub(super) fn days(&self) -> Vec<Days> {
        vec![
            Some(("past_deadline_days", self.past_deadline_days, 0)),
            Some(("unseen_days", self.unseen_days, 1)),
            Some(("silent_days", self.silent_days, 1)),
            self.old_days.map(|days| ("old_days", days, 1)),
        ]
    }
}

pub(super) async fn run(args: CloseArgs, ctx: &Context) -> Result<Value, TaskError> {
    let policy = ClosePolicy {
        today: ctx.clock.now().date_naive(),
        past_deadline_days: args.past_deadline_days,
        unseen_days: args.unseen_days,
        silent_days: args.silent_days,
        old_days: args.old_days,
    };
    let mut pace = Pace::new(ctx, SweptTable::Postings).await?;
    let (mut after, mut looked_at, mut closed) = (0, 0, Counts::default());
    while !pace.is_over() {
        let window = ctx.store.find_window(SweptTable::Postings, after, WINDOW).await;
        let Some(until) = window.context("find a window")? else { break };
        let found = pace.step(|| ctx.store.list_closing(after, until, policy)).await;
        let found = found.context("look for postings that are over")?.unwrap_or_default();
        if args.dry_run {
            closed.add(&found);
        } else {
            let jobs: Vec<JobId> = found.iter().map(|posting| posting.job_id).collect();
            for batch in jobs.chunks(BATCH) {
                let done = pace.step(|| ctx.store.close_postings(batch, policy)).await;
                let done = done.context("close postings")?.unwrap_or_default();
                pace.left(done.len() as u64).await?;
                closed.add(&done);
                if pace.is_over() {
                    break;
                }
            }
        }
        after = until;
        looked_at += 1;
        ctx.progress.set(looked_at, looked_at);
    }
    if args.dry_run {
        return Ok(json!({ "would_close": closed.by_reason, "examples": closed.examples }));
    }
    pace.free().await?;
    count("close", closed.by_reason.values().sum());
    Ok(json!({ "closed": closed.by_reason, "waited": pace.waited, "vacuums": pace.vacuums }))
}

/// How many, and the first of each reason.
#[derive(Default)]
struct Counts {
    by_reason: BTreeMap<String, u64>,
    examples: Vec<Value>,
}

impl Counts {
    fn add(&mut self, postings: &[Closing]) {
        for posting in postings {
            let so_far = self.by_reason.entry(posting.reason.clone()).or_default();
            *so_far += 1;
            if *so_far <= SAMPLES as u64 {
                self.examples.push(json!({
                    "job": posting.job_id.0, "title": posting.title, "company": posting.company, "reason": posting.reason,
                }));
            }
        }
    }
}
