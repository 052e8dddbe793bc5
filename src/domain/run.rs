//! One execution of a task, from wish to outcome.

use std::{fmt, str::FromStr, time::Duration};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `worker.runs.id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub i64);

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A lane that runs travel on, with a concurrency of its own.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Queue {
    /// Fetching from sources.
    Scrape,
    /// Matching new postings.
    Match,
    /// Writing notifications.
    Notify,
    /// Everything that keeps the system healthy.
    Maintenance,
}

impl Queue {
    /// All queues.
    pub const ALL: [Self; 4] = [Self::Scrape, Self::Match, Self::Notify, Self::Maintenance];

    /// The lower-case name, as stored in `worker.runs.queue` and used for Redis.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scrape => "scrape",
            Self::Match => "match",
            Self::Notify => "notify",
            Self::Maintenance => "maintenance",
        }
    }
}

impl FromStr for Queue {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|queue| queue.as_str() == name)
            .ok_or_else(|| format!("unknown queue \"{name}\", expected scrape, match, notify or maintenance"))
    }
}

/// State of a run; `failed` waits for its next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RunState {
    /// Waits for a worker.
    Queued,
    /// A worker holds its lease.
    Running,
    /// Finished well.
    Done,
    /// Failed, will be tried again at `run_at`.
    Failed,
    /// Failed for good.
    Dead,
    /// Taken back by a person.
    Cancelled,
}

impl RunState {
    /// The lower-case name, as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }
}

impl FromStr for RunState {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        [Self::Queued, Self::Running, Self::Done, Self::Failed, Self::Dead, Self::Cancelled]
            .into_iter()
            .find(|state| state.as_str() == name)
            .ok_or_else(|| format!("unknown run state \"{name}\""))
    }
}

/// Who wanted a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Trigger {
    /// A tick of a schedule.
    Schedule,
    /// The admin endpoint.
    Admin,
    /// The command line.
    Cli,
    /// `worker.enqueue()` in somebody's transaction.
    Sql,
    /// A message pushed onto a Redis queue.
    Redis,
    /// Another task, or the reconciler.
    Worker,
}

impl Trigger {
    /// The lower-case name, as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Schedule => "schedule",
            Self::Admin => "admin",
            Self::Cli => "cli",
            Self::Sql => "sql",
            Self::Redis => "redis",
            Self::Worker => "worker",
        }
    }
}

/// A run to be recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct NewRun {
    /// Name of the task (`scrape`, `match`, ...).
    pub task: String,
    /// Arguments, as the task's own type serializes.
    pub args: Value,
    /// Lane.
    pub queue: Queue,
    /// Higher first; 0 is ordinary.
    pub priority: i16,
    /// A second enqueue with the same key returns the first run, for as long as that row is kept.
    pub key: Option<String>,
    /// Not before; `None` is at once, by the database's clock.
    pub run_at: Option<DateTime<Utc>>,
    /// Attempts in all, at least 1.
    pub max_attempts: i16,
    /// Longest an attempt may take.
    pub timeout: Duration,
    /// Who wants it.
    pub trigger: Trigger,
    /// Name of the schedule, for ticks.
    pub schedule: Option<String>,
}

/// A run that this worker holds. `claim` and the owner fence every later statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClaimedRun {
    /// Row.
    pub id: RunId,
    /// Task.
    pub task: String,
    /// Arguments.
    pub args: Value,
    /// Lane.
    pub queue: Queue,
    /// Counts every claim of this run; unlike the attempt it never goes back.
    pub claim: i32,
    /// This attempt, from 1.
    pub attempt: i16,
    /// Attempts in all.
    pub max_attempts: i16,
    /// Longest this attempt may take.
    pub timeout: Duration,
    /// Schedule that wanted it.
    pub schedule: Option<String>,
    /// An earlier attempt took its worker with it, or could not be stopped.
    pub suspect: bool,
    /// How long it was due before it was claimed.
    pub waited: Duration,
    /// W3C traceparent of what wanted it.
    pub traceparent: Option<String>,
}

/// What became of one attempt; the ledger turns it into the next state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Finished; the report is kept with the run.
    Done(Value),
    /// Try again: after the given time, or by the ledger's back-off; dead when the attempts are used up.
    Retry {
        /// Wait at least this long (a server's `Retry-After`).
        after: Option<Duration>,
        /// Shown to people.
        error: String,
    },
    /// As a retry; the attempt did not stop when it was told to and still has its thread, so the next one gets a process of its own.
    Stuck {
        /// Shown to people.
        error: String,
    },
    /// Not now, and not this attempt's fault: back to the queue, the attempt is not counted.
    Snooze {
        /// Wait this long.
        after: Duration,
        /// Shown to people.
        reason: String,
    },
    /// Cannot succeed: dead at once.
    Fail {
        /// Shown to people.
        error: String,
    },
    /// A person asked for it.
    Cancelled,
}
