//! What follows from an attempt: the one place that decides on retries, back-off and death.
//!
//! ```text
//! queued ─claim─► running ─Done─► done
//!    ▲              │ ├─Retry, attempts left─► failed (run_at) ─claim─► running
//!    │              │ └─Retry or Stuck, attempts used up; Fail─► dead ─retry by a person─► queued
//!    └─Snooze, lease over─┘  (lease over and attempts used up: dead)
//! queued, failed ─cancel─► cancelled;  running ─cancel─► as soon as the worker hears of it;  cancelled ─retry─► queued
//! ```

use std::time::Duration;

use serde_json::Value;

use crate::{
    domain::{Outcome, RunState},
    random::Random,
};

const LONGEST_ERROR: usize = 4000;

/// Full-jitter exponential back-off.
#[derive(Clone, Debug)]
pub struct Backoff {
    /// Bound of the first wait.
    pub first: Duration,
    /// Bound of any wait.
    pub max: Duration,
    /// Chance.
    pub random: Random,
}

impl Backoff {
    /// A random wait after attempt number `attempt` (from 1): zero up to `first * 2^(attempt-1)`, at most `max`.
    pub fn after(&self, attempt: i16) -> Duration {
        let doublings = u32::from(attempt.saturating_sub(1).unsigned_abs()).min(31);
        self.random.up_to(self.first.saturating_mul(1 << doublings).min(self.max))
    }
}

/// The state after an attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Next {
    /// New state.
    pub state: RunState,
    /// Due this long from now; zero keeps the time at which it was due.
    pub after: Duration,
    /// The attempt does not count.
    pub uncount: bool,
    /// For people.
    pub error: Option<String>,
    /// For people.
    pub report: Option<Value>,
}

impl Next {
    /// Decides. `attempt` counts the one that just ended.
    pub fn after(outcome: &Outcome, attempt: i16, max_attempts: i16, backoff: &Backoff) -> Self {
        let ended = |state| Self { state, after: Duration::ZERO, uncount: false, error: None, report: None };
        match outcome {
            Outcome::Done(report) => Self { report: Some(storable(report)), ..ended(RunState::Done) },
            Outcome::Retry { error, .. } | Outcome::Stuck { error } if attempt >= max_attempts => {
                Self { error: Some(readable(error)), ..ended(RunState::Dead) }
            }
            Outcome::Retry { after, error } => {
                let wait = backoff.after(attempt).max(after.unwrap_or_default());
                // A wait of zero would keep a due time that may lie in the future by a person's wish.
                let wait = wait.max(Duration::from_millis(1));
                Self { after: wait, error: Some(readable(error)), ..ended(RunState::Failed) }
            }
            Outcome::Stuck { error } => Self::after(
                &Outcome::Retry { after: None, error: error.clone() },
                attempt,
                max_attempts,
                backoff,
            ),
            Outcome::Snooze { after, reason } => Self {
                after: *after,
                uncount: true,
                error: Some(readable(reason)),
                ..ended(RunState::Queued)
            },
            Outcome::Fail { error } => Self { error: Some(readable(error)), ..ended(RunState::Dead) },
            Outcome::Cancelled => Self { error: Some("cancelled".to_owned()), ..ended(RunState::Cancelled) },
        }
    }
}

/// PostgreSQL's text and jsonb cannot hold NUL.
fn readable(error: &str) -> String {
    error.chars().filter(|c| *c != '\0').take(LONGEST_ERROR).collect()
}

fn storable(value: &Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => Value::String(text.replace('\0', "")),
        Value::Array(items) => items.iter().map(storable).collect(),
        Value::Object(map) => {
            map.iter().map(|(key, value)| (key.replace('\0', ""), storable(value))).collect()
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn backoff() -> Backoff {
        Backoff { first: Duration::from_secs(10), max: Duration::from_hours(1), random: Random::seeded(7) }
    }

    fn retry(after: Option<u64>) -> Outcome {
        Outcome::Retry { after: after.map(Duration::from_secs), error: "boom".to_owned() }
    }

    proptest! {
        #[test]
        fn waits_stay_within_the_doubling_bound(attempt in 1..i16::MAX, after in proptest::option::of(0u64..10_000)) {
            let next = Next::after(&retry(after), attempt, i16::MAX, &backoff());
            prop_assert_eq!(next.state, RunState::Failed);
            let bound = Duration::from_secs(10 * (1u64 << (attempt - 1).min(20))).min(Duration::from_hours(1));
            let asked = Duration::from_secs(after.unwrap_or(0));
            prop_assert!(next.after >= asked && next.after <= bound.max(asked));
        }

        #[test]
        fn nothing_unstorable_is_kept(text in any::<String>(), key in any::<String>()) {
            let report = serde_json::json!({ key: [text.clone()] });
            let done = Next::after(&Outcome::Done(report), 1, 1, &backoff());
            prop_assert!(!done.report.unwrap_or_default().to_string().contains("\\u0000"));
            let failed = Next::after(&Outcome::Fail { error: text }, 1, 1, &backoff());
            prop_assert!(!failed.error.unwrap_or_default().contains('\0'));
        }
    }

    #[test]
    fn the_last_attempt_is_the_last() {
        assert_eq!(Next::after(&retry(None), 2, 3, &backoff()).state, RunState::Failed);
        assert_eq!(Next::after(&retry(Some(60)), 3, 3, &backoff()).state, RunState::Dead);
    }

    #[test]
    fn waits_spread_over_the_whole_range() {
        let backoff = backoff();
        let waits: Vec<_> = (0..200).map(|_| backoff.after(4)).collect();
        assert!(waits.iter().any(|wait| *wait < Duration::from_secs(16)));
        assert!(waits.iter().any(|wait| *wait > Duration::from_secs(64)));
    }
}
