//! The task `match`: new postings against all saved searches and profiles.
//!
//! It drains the outbox in batches; claiming, matching and removing a batch is one transaction. Searches and profiles are followed after
//! the claim, so that no pair of a new search and a new posting is missed. What a user could never be told of is counted, not written.
//! A process may hold a shard of the users; then it matches every posting for them, and other processes do the same for the others.

mod follow;
mod hand;
mod matcher;
mod read;

use std::{
    sync::{Mutex as SyncMutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use self::matcher::{BatchError, Matcher};
pub(super) use self::read::reduce;
use super::{Context, Task, TaskError};
use crate::{
    domain::{Queue, Shard},
    telemetry::trace,
};

/// Deadlocks and serialization failures in a row before the run gives up.
const CONFLICTS: u32 = 10;

/// The task.
#[derive(Debug)]
pub struct Match;

/// What to match.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchArgs {
    /// Only processes of this shard take the run (`matching.shard`, such as `2/4`); any process without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
}

impl Task for Match {
    const NAME: &'static str = "match";
    const QUEUE: Queue = Queue::Match;
    const ABOUT: &'static str = "Compares new postings with all saved searches and profiles";
    /// A sweep that dies loses nothing, the next one finds its work: only one that fails for long is worth a person's look.
    const ATTEMPTS: i16 = 20;
    // Holds the index of all searches; a posting that kills it is found by halves.
    const MAY_BE_APART: bool = false;
    type Args = MatchArgs;

    fn check(args: &MatchArgs) -> Result<(), String> {
        let shard = args.shard.as_deref().map(str::parse::<Shard>).transpose();
        shard.map(drop).map_err(|error| format!("shard = {error}"))
    }

    async fn run(_args: MatchArgs, ctx: Context) -> Result<Value, TaskError> {
        ctx.matcher.load(&ctx.store).await.context("load searches and profiles")?;
        ctx.matcher.note_problems(&ctx.store).await.context("note problems of searches")?;
        let done = SyncMutex::new(BatchReport::default());
        let lanes = (0..ctx.config.matching.lanes.max(1)).map(|_| lane(&ctx, &done));
        futures::future::try_join_all(lanes).await?;
        let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        metrics::counter!("career_matches_total").increment(done.matches);
        metrics::counter!("career_matches_counted_total").increment(done.counted);
        Ok(json!({
            "postings": done.postings,
            "matches": done.matches,
            "counted": done.counted,
            "set_aside": done.set_aside,
            "read_ms": millis(done.took.read),
            "find_ms": millis(done.took.find),
            "write_ms": millis(done.took.write),
        }))
    }
}

/// Matches one batch after another until nothing is left that nobody else holds.
async fn lane(ctx: &Context, done: &SyncMutex<BatchReport>) -> Result<(), TaskError> {
    let mut conflicts = 0;
    while !ctx.cancelled.is_cancelled() {
        let claimed = ctx.store.claim_outbox(ctx.config.matching.batch, ctx.matcher.shard).await;
        let Some(batch) = claimed.context("claim outbox")? else { break };
        let begin = Instant::now();
        batch.traces().iter().for_each(|cause| trace::link(cause));
        match ctx.matcher.match_batch(batch, ctx.clock.now().date_naive()).await {
            Ok(report) => {
                conflicts = 0;
                metrics::histogram!("career_match_batch_seconds").record(begin.elapsed().as_secs_f64());
                ctx.matcher.note_problems(&ctx.store).await.context("note problems of searches")?;
                let postings = {
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.add(report);
                    done.postings
                };
                ctx.progress.set(postings, postings);
            }
            Err(error) if error.is_conflict() && conflicts < CONFLICTS => conflicts += 1,
            Err(error) => return Err(anyhow::Error::from(error).context("match a batch").into()),
        }
    }
    Ok(())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What a batch came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchReport {
    /// Rows of the outbox.
    pub postings: u64,
    /// Pairs that were not known before.
    pub matches: u64,
    /// Pairs of users who have more than they can be told of.
    pub counted: u64,
    /// Postings that broke the matcher.
    pub set_aside: u64,
    /// How long its steps took.
    pub took: Took,
}

/// How long the steps of batches took, added up over those at work at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Took {
    /// Following searches, and reading the postings.
    pub read: Duration,
    /// Finding the pairs.
    pub find: Duration,
    /// Choosing those to write, writing and committing.
    pub write: Duration,
}

impl BatchReport {
    /// Adds another batch.
    pub fn add(&mut self, other: Self) {
        self.postings += other.postings;
        self.matches += other.matches;
        self.counted += other.counted;
        self.set_aside += other.set_aside;
        self.took.read += other.took.read;
        self.took.find += other.took.find;
        self.took.write += other.took.write;
    }
}
