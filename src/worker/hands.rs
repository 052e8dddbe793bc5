//! The ledger and the inbox, as the queue module wants them.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{Shared, ends::Ends};
use crate::{
    domain::{ClaimedRun, NewRun, Outcome, Queue, Trigger},
    queue::{Inbox, Ledger, Refusal, Wish},
    store::StoreError,
    tasks,
    telemetry::trace,
};

/// A worker while it serves: with its tokens.
#[derive(Clone)]
pub(super) struct Hands {
    pub(super) shared: Arc<Shared>,
    /// Records outcomes of attempts that end at the same time; without it each is recorded by itself.
    pub(super) ends: Option<Ends>,
    /// The drain deadline.
    pub(super) drain: CancellationToken,
    /// Stop at once.
    pub(super) halt: CancellationToken,
}

impl Ledger for Hands {
    async fn claim(&self, queue: Queue, most: usize) -> Vec<ClaimedRun> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let config = &self.shared.parts.config;
        let (lease, shard) = (config.runs.lease, config.matching.shard);
        let claimed = self.shared.parts.store.claim_runs(queue, &self.shared.owner, lease, most, shard).await;
        claimed.unwrap_or_else(|error| {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                queue = queue.as_str(),
                "runs not claimed"
            );
            Vec::new()
        })
    }

    async fn perform(&self, run: ClaimedRun) -> Option<Outcome> {
        let outcome = self.attempt(&run).await;
        if outcome.is_none() {
            self.shared.holds.release(&run);
        }
        outcome
    }

    async fn finish(&self, run: ClaimedRun, outcome: Outcome) {
        self.record(&run, &outcome).await;
        self.shared.holds.release(&run);
        if matches!(outcome, Outcome::Done(_)) && matches!(run.queue, Queue::Scrape | Queue::Match) {
            self.shared.moved.notify_one();
        }
        if matches!(outcome, Outcome::Snooze { after, .. } if after.is_zero()) {
            self.shared.parts.transport.wake(run.queue, run.id);
        }
    }
}

impl Hands {
    /// Tries until the outcome is recorded, or somebody else may hold the run.
    async fn record(&self, run: &ClaimedRun, outcome: &Outcome) {
        let Shared { parts, owner, backoff, holds, .. } = &*self.shared;
        let progress = holds.finishing(run);
        let deadline = Instant::now() + parts.config.runs.lease;
        if let Some(ends) = &self.ends
            && ends.record(run, outcome, progress).await
        {
            return;
        }
        let mut pause = Duration::from_millis(50);
        let mut outcome = outcome.clone();
        let mut refused = false;
        loop {
            let finished = parts.store.finish_run(run, owner, &outcome, progress, backoff).await;
            match finished {
                Ok(true) => return,
                Ok(false) => {
                    tracing::warn!(run.id = run.id.0, run.attempt, "lease was lost: outcome not recorded");
                    return;
                }
                Err(error) if error.is_unavailable() || error.is_conflict() => {
                    if Instant::now() + pause >= deadline {
                        tracing::error!(
                            run.id = run.id.0,
                            run.attempt,
                            "outcome not recorded, the run will be repeated"
                        );
                        return;
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
                Err(error) if refused => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, run.id = run.id.0, run.attempt, "outcome refused by the database");
                    return;
                }
                Err(error) => {
                    refused = true;
                    outcome =
                        Outcome::Fail { error: format!("outcome cannot be stored: {}", causes(&error)) };
                }
            }
        }
    }
}

impl Inbox for Hands {
    async fn enqueue(&self, queue: Queue, wish: Wish) -> Result<(), Refusal> {
        let task = tasks::find_in(self.shared.tasks, &wish.task).map_err(Refusal::Rejected)?;
        task.check(&wish.args).map_err(Refusal::Rejected)?;
        let run = NewRun {
            task: wish.task,
            args: wish.args,
            queue,
            priority: wish.priority,
            key: Some(wish.key),
            run_at: None,
            max_attempts: task.attempts(),
            timeout: task.timeout(),
            trigger: Trigger::Redis,
            schedule: None,
        };
        let span = tracing::info_span!("message", task = run.task, trace_id = tracing::field::Empty);
        trace::follow(&span, wish.traceparent.as_deref(), trace::Cause::Parent);
        let inserted = self.shared.parts.store.insert_run(&run).instrument(span).await;
        inserted.map(|_| ()).map_err(|error| refusal(&error))
    }

    async fn set_aside(&self, queue: Queue, id: &str, payload: &[u8], reason: &str) -> Result<(), Refusal> {
        self.shared
            .parts
            .store
            .insert_rejected_message(queue, id, payload, reason)
            .await
            .map_err(|error| refusal(&error))
    }
}

fn refusal(error: &StoreError) -> Refusal {
    if error.is_unavailable() || error.is_conflict() {
        Refusal::Unavailable(causes(error))
    } else {
        Refusal::Rejected(causes(error))
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
