//! One attempt: the task, its time limit, and what stops it from outside.

use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{Parts, hands::Hands, leases::Stop, process::Process, thread::Thread};
use crate::{
    domain::{ClaimedRun, Outcome, RunId},
    queue::backend::released,
    store::Line,
    tasks::{self, AnyTask, Context, Progress},
    telemetry::{
        journal::{Entry, Journal},
        trace,
    },
};

/// How long a task may take to heed its token: cancelled by a person; at the drain deadline or its own time limit.
const GRACE_CANCEL: Duration = Duration::from_secs(5);
pub(super) const GRACE_OTHER: Duration = Duration::from_secs(1);

/// How long the lines of an attempt may take to be kept.
const KEEP: Duration = Duration::from_secs(1);

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
        self.observed(run).instrument(span_of(run)).await
    }

    async fn observed(&self, run: &ClaimedRun) -> Option<Outcome> {
        // Anybody may write any task into the ledger: only known names become labels.
        let task = tasks::find_in(self.shared.tasks, &run.task).map_or("unknown", |task| task.name());
        metrics::histogram!("career_run_wait_seconds", "task" => task).record(run.waited.as_secs_f64());
        let started = Instant::now();
        let journal = Journal::open((run.id.0, run.claim));
        let outcome = self.stoppable(run).await;
        self.keep(run, outcome.as_ref(), journal.close()).await;
        let took = started.elapsed();
        let last = run.attempt >= run.max_attempts;
        let name = match &outcome {
            Some(Outcome::Done(_)) => "done",
            Some(Outcome::Retry { .. } | Outcome::Stuck { .. }) if !last => "retry",
            Some(Outcome::Retry { .. } | Outcome::Stuck { .. } | Outcome::Fail { .. }) => "dead",
            Some(Outcome::Snooze { .. }) => "snoozed",
            Some(Outcome::Cancelled) => "cancelled",
            None => "lost",
        };
        metrics::counter!("career_runs_total", "task" => task, "outcome" => name).increment(1);
        metrics::histogram!("career_run_duration_seconds", "task" => task).record(took.as_secs_f64());
        let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        match &outcome {
            Some(Outcome::Done(_)) => tracing::info!(duration_ms, "run done"),
            Some(Outcome::Retry { error, .. } | Outcome::Stuck { error }) if !last => {
                tracing::warn!(duration_ms, error, "attempt failed");
            }
            Some(Outcome::Retry { error, .. } | Outcome::Stuck { error } | Outcome::Fail { error }) => {
                tracing::error!(duration_ms, error, "run failed for good");
            }
            Some(Outcome::Snooze { reason, .. }) => tracing::info!(duration_ms, reason, "run put off"),
            Some(Outcome::Cancelled) => tracing::info!(duration_ms, "run cancelled"),
            None => tracing::warn!(duration_ms, "lease lost, attempt stopped"),
        }
        outcome
    }

    /// Keeps what the attempt said, unless it only waited for its turn. Lines are worth a moment, no more.
    async fn keep(&self, run: &ClaimedRun, outcome: Option<&Outcome>, said: Vec<Entry>) {
        if said.is_empty() || matches!(outcome, Some(Outcome::Snooze { .. })) {
            return;
        }
        let lines: Vec<Line> = said
            .into_iter()
            .map(|entry| Line {
                claim: run.claim,
                at: entry.at.into(),
                level: entry.level.into_owned(),
                message: entry.message,
                fields: entry.fields.into(),
            })
            .collect();
        let kept = tokio::time::timeout(KEEP, self.shared.parts.store.insert_lines(run, &lines)).await;
        if !matches!(kept, Ok(Ok(()))) {
            tracing::debug!(lines = lines.len(), "lines not kept");
        }
    }

    async fn stoppable(&self, run: &ClaimedRun) -> Option<Outcome> {
        let progress = Progress::default();
        let mut stopped = self.shared.holds.take(run, &progress);
        let task = match tasks::find_in(self.shared.tasks, &run.task) {
            Ok(task) => task,
            Err(error) => return Some(Outcome::Fail { error }),
        };
        let cancelled = CancellationToken::new();
        let mut work = match self.start(task, run, progress, &cancelled).await {
            Ok(work) => work,
            Err(error) => {
                return Some(Outcome::Retry {
                    after: None,
                    error: format!("its process did not start: {error}"),
                });
            }
        };
        let why = tokio::select! {
            biased;
            outcome = work.outcome() => return Some(outcome),
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
        work.ask_to_stop().await;
        let grace = match why {
            Why::Cancel => GRACE_CANCEL,
            Why::Drain | Why::Timeout => GRACE_OTHER,
            Why::Lost | Why::Halt => Duration::ZERO,
        };
        let last = tokio::time::timeout(grace, work.outcome()).await.ok();
        let stuck = last.is_none() && self.stop(work).await;
        match (why, last) {
            (Why::Lost, _) => None,
            (_, Some(done @ Outcome::Done(_))) => Some(done),
            (Why::Timeout, _) => Some(timed_out(run.timeout, stuck)),
            (Why::Cancel, _) => Some(Outcome::Cancelled),
            (Why::Drain, Some(ended @ (Outcome::Fail { .. } | Outcome::Snooze { .. }))) => Some(ended),
            (Why::Drain | Why::Halt, _) => Some(released()),
        }
    }

    /// On a thread, or in a process of its own where an earlier attempt did harm.
    async fn start(
        &self,
        task: &'static dyn AnyTask,
        run: &ClaimedRun,
        progress: Progress,
        cancelled: &CancellationToken,
    ) -> std::io::Result<Work> {
        if let Some(program) = self.shared.program.as_ref().filter(|_| run.suspect && task.may_be_apart()) {
            return Process::start(program, run, progress)
                .await
                .map(|process| Work::Process(Box::new(process)));
        }
        let context = self.shared.parts.context(run.id, progress, cancelled.clone());
        Ok(Work::Thread(Thread::start(task, run.args.clone(), context)))
    }

    /// Ends what did not end by itself; true where its thread did not come back. Too many of those, and the process has to be replaced.
    async fn stop(&self, work: Work) -> bool {
        let stuck = match work {
            Work::Thread(thread) => thread.stop(&self.shared.stuck).await,
            Work::Process(process) => {
                process.stop().await;
                None
            }
        };
        let Some(stuck) = stuck else { return false };
        metrics::gauge!("career_stuck_threads").set(f64::from(u32::try_from(stuck).unwrap_or(u32::MAX)));
        tracing::error!(stuck, "attempt does not let go of its thread");
        if stuck >= self.shared.parts.config.runs.stuck {
            tracing::error!(
                stuck,
                "too many threads are stuck: this worker stops, another has to take its place"
            );
            self.shared.worn_out.cancel();
        }
        true
    }
}

/// The span of an attempt: the first is part of what wanted the run, a later one is a trace of its own that points to it.
pub(super) fn span_of(run: &ClaimedRun) -> tracing::Span {
    let span = tracing::info_span!(
        "run",
        task = run.task,
        run.id = run.id.0,
        attempt = run.attempt,
        claim = run.claim,
        queue = run.queue.as_str(),
        schedule = run.schedule,
        trace_id = tracing::field::Empty
    );
    let cause = if run.attempt > 1 { trace::Cause::Link } else { trace::Cause::Parent };
    trace::follow(&span, run.traceparent.as_deref(), cause);
    span
}

/// A task at work.
enum Work {
    Thread(Thread),
    Process(Box<Process>),
}

impl Work {
    async fn outcome(&mut self) -> Outcome {
        match self {
            Self::Thread(thread) => thread.outcome().await,
            Self::Process(process) => process.outcome().await,
        }
    }

    /// A thread has the token of its context.
    async fn ask_to_stop(&mut self) {
        if let Self::Process(process) = self {
            process.ask_to_stop().await;
        }
    }
}

fn timed_out(limit: Duration, stuck: bool) -> Outcome {
    let error = format!("timed out after {limit:?}");
    if stuck {
        Outcome::Stuck { error: format!("{error} and does not stop") }
    } else {
        Outcome::Retry { after: None, error }
    }
}

impl Parts {
    /// What a task gets.
    pub(super) fn context(&self, run_id: RunId, progress: Progress, cancelled: CancellationToken) -> Context {
        Context {
            run_id,
            config: self.config.clone(),
            store: self.store.clone(),
            fetch: self.fetch.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            matcher: self.matcher.clone(),
            progress,
            cancelled,
        }
    }
}
