//! One attempt: the task, its time limit, its panics, and what stops it from outside.

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use futures::FutureExt as _;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{hands::Hands, leases::Stop};
use crate::{
    domain::{ClaimedRun, Outcome, RunId},
    queue::backend::released,
    tasks::{self, Context, Progress},
};

/// How long a task may take to heed its token: cancelled by a person; at the drain deadline or its own time limit.
const GRACE_CANCEL: Duration = Duration::from_secs(5);
pub(super) const GRACE_OTHER: Duration = Duration::from_secs(1);

#[derive(Clone, Copy)]
enum Why {
    Timeout,
    Cancel,
    Lost,
    Drain,
    Halt,
}

impl Hands {
    /// Runs one attempt; `None` when the run is no longer ours.
    pub(super) async fn attempt(&self, run: &ClaimedRun) -> Option<Outcome> {
        let span = tracing::info_span!(
            "run",
            task = run.task,
            run.id = run.id.0,
            attempt = run.attempt,
            queue = run.queue.as_str(),
            schedule = run.schedule
        );
        self.observed(run).instrument(span).await
    }

    async fn observed(&self, run: &ClaimedRun) -> Option<Outcome> {
        let started = Instant::now();
        let outcome = self.stoppable(run).await;
        let took = started.elapsed();
        let last = run.attempt >= run.max_attempts;
        let name = match &outcome {
            Some(Outcome::Done(_)) => "done",
            Some(Outcome::Retry { .. }) if !last => "retry",
            Some(Outcome::Retry { .. } | Outcome::Fail { .. }) => "dead",
            Some(Outcome::Snooze { .. }) => "snoozed",
            Some(Outcome::Cancelled) => "cancelled",
            None => "lost",
        };
        // Anybody may write any task into the ledger: only known names become labels.
        let task = tasks::find_in(self.shared.tasks, &run.task).map_or("unknown", |task| task.name());
        metrics::counter!("career_runs_total", "task" => task, "outcome" => name).increment(1);
        metrics::histogram!("career_run_duration_seconds", "task" => task).record(took.as_secs_f64());
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        match &outcome {
            Some(Outcome::Done(_)) => tracing::info!(duration_ms, "run done"),
            Some(Outcome::Retry { error, .. }) if !last => {
                tracing::warn!(duration_ms, error, "attempt failed");
            }
            Some(Outcome::Retry { error, .. } | Outcome::Fail { error }) => {
                tracing::error!(duration_ms, error, "run failed for good");
            }
            Some(Outcome::Snooze { reason, .. }) => tracing::info!(duration_ms, reason, "run put off"),
            Some(Outcome::Cancelled) => tracing::info!(duration_ms, "run cancelled"),
            None => tracing::warn!(duration_ms, "lease lost, attempt stopped"),
        }
        outcome
    }

    async fn stoppable(&self, run: &ClaimedRun) -> Option<Outcome> {
        let progress = Progress::default();
        let mut stopped = self.shared.holds.take(run, &progress);
        let task = match tasks::find_in(self.shared.tasks, &run.task) {
            Ok(task) => task,
            Err(error) => return Some(Outcome::Fail { error }),
        };
        let cancelled = CancellationToken::new();
        let context = self.context(run.id, progress, cancelled.clone());
        let args = run.args.clone();
        let work = AssertUnwindSafe(async move { task.run(args, context).await }).catch_unwind();
        tokio::pin!(work);
        let why = tokio::select! {
            biased;
            result = &mut work => return Some(result.unwrap_or_else(|panic| panicked(&*panic))),
            () = self.halt.cancelled() => Why::Halt,
            stop = stopped.wait_for(Option::is_some) => match stop.ok().and_then(|stop| *stop) {
                Some(Stop::Cancel) => Why::Cancel,
                // Let go of by this process itself, which it does only when the attempt is over.
                Some(Stop::Lost) | None => Why::Lost,
            },
            () = self.drain.cancelled() => Why::Drain,
            () = tokio::time::sleep(run.timeout) => Why::Timeout,
        };
        cancelled.cancel();
        let grace = match why {
            Why::Cancel => GRACE_CANCEL,
            Why::Drain | Why::Timeout => GRACE_OTHER,
            Why::Lost | Why::Halt => Duration::ZERO,
        };
        let last = tokio::time::timeout(grace, &mut work).await.ok().and_then(Result::ok);
        match (why, last) {
            (Why::Lost, _) => None,
            (_, Some(done @ Outcome::Done(_))) => Some(done),
            (Why::Timeout, _) => {
                Some(Outcome::Retry { after: None, error: format!("timed out after {:?}", run.timeout) })
            }
            (Why::Cancel, _) => Some(Outcome::Cancelled),
            (Why::Drain, Some(ended @ (Outcome::Fail { .. } | Outcome::Snooze { .. }))) => Some(ended),
            (Why::Drain | Why::Halt, _) => Some(released()),
        }
    }

    fn context(&self, run_id: RunId, progress: Progress, cancelled: CancellationToken) -> Context {
        let parts = &self.shared.parts;
        Context {
            run_id,
            config: parts.config.clone(),
            store: parts.store.clone(),
            fetch: parts.fetch.clone(),
            clock: parts.clock.clone(),
            random: parts.random.clone(),
            matcher: parts.matcher.clone(),
            progress,
            cancelled,
        }
    }
}

/// A panic is a failed attempt like any other.
fn panicked(panic: &(dyn Any + Send)) -> Outcome {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a message");
    Outcome::Retry { after: None, error: format!("panicked: {message}") }
}
