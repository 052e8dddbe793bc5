//! Does the runs: claims them from the ledger, gives each its context, a time limit and a way to be stopped, and records what came of it.
//!
//! - [`attempt`]: one attempt, from task to outcome: time-out, cancel, drain.
//! - [`thread`], [`process`]: where the task is done: a thread of its own, or a process where an earlier attempt did harm.
//! - [`leases`]: what this process holds, and the loop that renews it.
//! - [`hands`]: the ledger and the inbox as the queue module wants them.
//! - [`lookout`]: finds runs that are due and that nobody called out.
//! - [`reconciler`]: gives back what dead workers held and wakes what nobody woke.
//!
//! A worker decides nothing that the ledger decides (attempts, back-off, states), and knows tasks only by their trait. To add a kind of
//! work: a task; nothing here changes.

mod attempt;
mod ends;
mod hands;
mod leases;
mod lookout;
mod process;
mod reconciler;
mod thread;

use std::{sync::Arc, time::Duration};

use tokio::{sync::Notify, task::JoinSet};
use tokio_util::sync::CancellationToken;
use ulid::Ulid;

use crate::{
    clock::Clock,
    config::Config,
    domain::{NewRun, Outcome, Queue, RunId},
    fetch::Fetch,
    queue::{Lane, Ledger as _, Listener, Transport, hear_calls, listen, run_lanes},
    random::Random,
    store::{Backoff, KnownTask, Store, StoreError},
    tasks::{self, AnyTask, Matcher},
    telemetry,
};

use ends::Ends;
use hands::Hands;
use leases::{Holds, Stop};
use thread::Stuck;

pub use process::{Program, child::make_attempt};

/// After the drain deadline or an order to stop at once, this long for the ledger to hear of it.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What a worker is made of.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "the settings hold secrets")]
pub struct Parts {
    /// Settings.
    pub config: Arc<Config>,
    /// Database.
    pub store: Store,
    /// The way out.
    pub fetch: Fetch,
    /// Time.
    pub clock: Clock,
    /// Chance.
    pub random: Random,
    /// Bells and Redis.
    pub transport: Transport,
    /// The index of searches and profiles.
    pub matcher: Arc<Matcher>,
}

/// The hands of one process. Cheap to clone; clones are the same worker.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "the settings hold secrets")]
pub struct Worker {
    shared: Arc<Shared>,
}

struct Shared {
    parts: Parts,
    tasks: &'static [&'static dyn AnyTask],
    owner: String,
    holds: Holds,
    backoff: Backoff,
    /// Makes attempts of suspect runs; without it they are made here.
    program: Option<Program>,
    stuck: Stuck,
    /// Rung when a run ended that others may follow from.
    moved: Notify,
    /// Fires when so many threads are stuck that this process has to be replaced.
    worn_out: CancellationToken,
}

/// Why a run was not executed in this process.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    /// There is no such task, or its arguments are wrong.
    #[error("{0}")]
    Wish(String),
    /// The key was used before.
    #[error("key \"{0}\" was used by an earlier run")]
    KeyUsed(String),
    /// The database does not answer or refuses the run.
    #[error("run ledger")]
    Store(#[from] StoreError),
}

impl Worker {
    /// A worker for the tasks of this program. `role` begins its name in the ledger.
    pub fn new(role: &str, parts: Parts) -> Self {
        Self::with_tasks(role, parts, tasks::TASKS)
    }

    /// A worker that knows other tasks.
    pub fn with_tasks(role: &str, parts: Parts, tasks: &'static [&'static dyn AnyTask]) -> Self {
        let millis = u64::try_from(parts.clock.now().timestamp_millis()).unwrap_or(0);
        let owner = format!("{role}-{}", Ulid::from_parts(millis, u128::from_be_bytes(parts.random.bytes())));
        let backoff = Backoff {
            first: parts.config.runs.backoff_first,
            max: parts.config.runs.backoff_max,
            random: parts.random.clone(),
        };
        let (holds, stuck, worn_out) = (Holds::default(), Stuck::default(), CancellationToken::new());
        let moved = Notify::new();
        let shared = Shared { parts, tasks, owner, holds, backoff, program: None, stuck, moved, worn_out };
        Self { shared: Arc::new(shared) }
    }

    /// Has runs that did harm tried again by `program`. Without effect once the worker was cloned.
    #[must_use]
    pub fn with_program(mut self, program: Option<Program>) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.program = program;
        }
        self
    }

    /// Its name in the ledger: role and a ULID of its own for each process.
    pub fn owner(&self) -> &str {
        &self.shared.owner
    }

    /// Records a run and wakes a worker for it. The flag says whether the run is new.
    ///
    /// # Errors
    /// The database does not answer or refuses the run.
    pub async fn enqueue(&self, run: &NewRun) -> Result<(RunId, bool), StoreError> {
        let (id, new) = self.shared.parts.store.insert_run(run).await?;
        if new {
            self.shared.parts.transport.wake(run.queue, id);
        }
        Ok((id, new))
    }

    /// Serves `queues` until `shutdown`; then finishes what runs, gives back the rest at the drain deadline, and returns.
    /// `halt` stops at once. Also returns, as after `shutdown`, when too many threads are stuck.
    pub async fn run(&self, queues: &[Queue], shutdown: CancellationToken, halt: CancellationToken) {
        let shared = &self.shared;
        telemetry::start_tasks(shared.tasks.iter().map(|task| task.name()));
        let runs = &shared.parts.config.runs;
        let (stop, drain) = (CancellationToken::new(), CancellationToken::new());
        let ends = Ends::start(shared.parts.store.clone(), shared.owner.clone(), shared.backoff.clone());
        let hands =
            Hands { shared: Arc::clone(shared), ends: Some(ends), drain: drain.clone(), halt: halt.clone() };
        let mut helpers = JoinSet::new();
        helpers.spawn(Arc::clone(shared).keep_leases());
        helpers.spawn(Arc::clone(shared).reconcile());
        helpers.spawn(Arc::clone(shared).look_out(queues.to_vec()));
        let (first, second, third, stopping) =
            (shutdown, halt.clone(), shared.worn_out.clone(), stop.clone());
        let (patience, deadline) = (runs.drain, drain.clone());
        helpers.spawn(async move {
            tokio::select! {
                () = first.cancelled() => {}
                () = second.cancelled() => {}
                () = third.cancelled() => {}
            }
            stopping.cancel();
            tokio::time::sleep(patience).await;
            drain.cancel();
        });

        let mut serving = JoinSet::new();
        let listener = Listener {
            queues: queues.to_vec(),
            inbox: hands.clone(),
            transport: shared.parts.transport.clone(),
            clock: shared.parts.clock.clone(),
            random: shared.parts.random.clone(),
        };
        serving.spawn(listen(listener, stop.clone()));
        let Parts { transport, random, .. } = &shared.parts;
        serving.spawn(hear_calls(transport.clone(), random.clone(), stop.clone()));
        let config = &shared.parts.config;
        let lanes =
            queues.iter().map(|queue| Lane::new(*queue, config.queues.get(*queue).concurrency)).collect();
        serving.spawn(run_lanes(hands, shared.parts.transport.wakes().clone(), lanes, stop));
        tracing::info!(worker.name = self.owner(), queues = ?queues, "worker started");
        let given_up = async {
            tokio::select! {
                () = halt.cancelled() => {}
                () = async { deadline.cancelled().await; tokio::time::sleep(attempt::GRACE_OTHER).await } => {}
            }
            tokio::time::sleep(LAST_WORDS).await;
        };
        tokio::select! {
            () = async { while serving.join_next().await.is_some() {} } => {}
            () = given_up => tracing::warn!(held = shared.holds.len(), "stopped with runs under way; their leases run out"),
        }
        shared.parts.transport.flush().await;
        tracing::info!(worker.name = self.owner(), "worker stopped");
    }

    /// Records a run and executes it here and now, past the queue. `cancel` cancels it.
    ///
    /// # Errors
    /// An [`ExecuteError`]: nothing was executed.
    pub async fn execute(
        &self,
        run: &NewRun,
        cancel: &CancellationToken,
    ) -> Result<(RunId, Outcome), ExecuteError> {
        let shared = &self.shared;
        tasks::find_in(shared.tasks, &run.task)
            .and_then(|task| task.check(&run.args))
            .map_err(ExecuteError::Wish)?;
        let lease = shared.parts.config.runs.lease;
        let claimed = shared.parts.store.insert_claimed_run(run, &shared.owner, lease).await?;
        let claimed = claimed.ok_or_else(|| ExecuteError::KeyUsed(run.key.clone().unwrap_or_default()))?;
        let hands = Hands {
            shared: Arc::clone(shared),
            ends: None,
            drain: CancellationToken::new(),
            halt: CancellationToken::new(),
        };
        let mut helpers = JoinSet::new();
        helpers.spawn(Arc::clone(shared).keep_leases());
        let (id, performed) = (claimed.id, hands.perform(claimed.clone()));
        tokio::pin!(performed);
        let outcome = tokio::select! {
            outcome = &mut performed => outcome,
            () = cancel.cancelled() => {
                shared.holds.stop(id, claimed.claim, Stop::Cancel);
                performed.await
            }
        };
        let Some(outcome) = outcome else {
            return Ok((id, Outcome::Retry { after: None, error: "the lease was lost".to_owned() }));
        };
        hands.finish(claimed, outcome.clone()).await;
        Ok((id, outcome))
    }
}

impl Shared {
    fn known_tasks(&self) -> Vec<KnownTask> {
        let known = |task: &&dyn AnyTask| KnownTask {
            name: task.name().to_owned(),
            queue: task.queue(),
            max_attempts: task.attempts(),
            timeout: task.timeout(),
        };
        self.tasks.iter().map(known).collect()
    }
}
