//! What `serve`, `dev` and `run` have in common: the parts of a process put together, and its life.

use std::{future::Future, sync::Arc, time::Duration};

use anyhow::Context as _;
use tokio::{
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use super::{failure::Failure, failure::UNAVAILABLE, supervisor};
use crate::{
    admin,
    clock::Clock,
    config::Config,
    domain::Queue,
    fetch::Fetch,
    queue::Transport,
    random::Random,
    schedule::Schedule,
    scheduler::Scheduler,
    store::Store,
    tasks::{self, DatabaseGate, Matcher},
    telemetry::{self, pulse},
    worker::{Parts, Program, Worker},
};

/// What a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Role {
    /// Turn due ticks into runs.
    Scheduler,
    /// Work on the queues.
    Worker,
    /// Answer over HTTP.
    Admin,
}

/// Two steps of stopping: take nothing new, then stop at once.
#[derive(Clone, Debug, Default)]
pub(super) struct Stopping {
    pub(super) drain: CancellationToken,
    pub(super) halt: CancellationToken,
}

impl Stopping {
    /// SIGTERM or SIGINT drains; a second one halts.
    pub(super) fn on_signals() -> anyhow::Result<Self> {
        let stopping = Self::default();
        let mut terminate = signal(SignalKind::terminate()).context("listen for SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("listen for SIGINT")?;
        let heard = stopping.clone();
        tokio::spawn(async move {
            for token in [heard.drain, heard.halt] {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                token.cancel();
            }
        });
        Ok(stopping)
    }
}

/// The parts of one process, connected.
pub(super) struct Daemon {
    pub(super) parts: Parts,
    /// Makes attempts apart; without it they are made in this process.
    pub(super) program: Option<Program>,
}

impl Daemon {
    /// Puts the parts together; nothing is reached yet.
    pub(super) fn open(config: Arc<Config>) -> anyhow::Result<Self> {
        let (clock, random) = (Clock::system(), Random::system());
        let store = Store::open(&config.database)?;
        let holder = format!("{}", ulid::Ulid::from_parts(0, u128::from_be_bytes(random.bytes())));
        let gate = Arc::new(DatabaseGate::new(store.clone(), holder).with_lease(config.runs.lease));
        let fetch = Fetch::new(&config.fetch, clock.clone(), random.clone(), gate)?;
        let transport = Transport::open(&config.redis)
            .map_err(|error| Failure::new(super::failure::CONFIG, error.to_string()))?;
        let matcher = Arc::new(Matcher::new(&config.matching).with_caps(&config.notify));
        let parts = Parts { config, store, fetch, clock, random, transport, matcher };
        Ok(Self { parts, program: None })
    }

    /// Waits for a database with the schema of this program, for a while; `migrate` brings it there.
    pub(super) async fn ready_database(&self, migrate: bool) -> anyhow::Result<()> {
        let store = &self.parts.store;
        if migrate {
            return store.migrate().await.context("migrate");
        }
        if !store.is_current().await.context("look at the database")? {
            return Err(Failure::new(
                UNAVAILABLE,
                "the database lacks migrations of this program: run career-worker db migrate, or serve --migrate",
            )
            .into());
        }
        Ok(())
    }

    /// A worker over these parts.
    pub(super) fn worker(&self, role: &str) -> Worker {
        Worker::new(role, self.parts.clone()).with_program(self.program.clone())
    }

    /// Plays `roles` until `stopping`, and returns when everything has ended. A part that ends by itself ends the process with an error.
    pub(super) async fn play(
        &self,
        roles: &[Role],
        queues: &[Queue],
        schedules: Arc<[Schedule]>,
        stopping: &Stopping,
    ) -> anyhow::Result<()> {
        let parts = &self.parts;
        let daemon_state = parts.store.settle_home().await.context("look at the state")?;
        if daemon_state.quarantined {
            let reason = daemon_state.reason.unwrap_or_default();
            tracing::error!(
                reason,
                "in quarantine: missed ticks are left out and nobody is told anything until career-worker backup acknowledge"
            );
        }
        let database = &parts.config.database;
        pulse::set_limit(
            (database.statement_timeout + database.acquire_timeout) * 2 + Duration::from_mins(1),
        );
        let mut playing = JoinSet::new();
        let state = Arc::new(admin::State::new(admin::Parts {
            config: Arc::clone(&parts.config),
            store: parts.store.clone(),
            transport: parts.transport.clone(),
            clock: parts.clock.clone(),
            random: parts.random.clone(),
            schedules: Arc::clone(&schedules),
            tasks: tasks::TASKS,
            metrics: telemetry::start_metrics(),
            draining: stopping.drain.clone(),
        }));
        if roles.contains(&Role::Admin) {
            let listener = admin::listen(&parts.config.admin)?;
            tracing::info!(address = %listener.local_addr()?, "admin endpoint");
            let (state, drain, store) = (Arc::clone(&state), stopping.drain.clone(), parts.store.clone());
            spawn(&mut playing, "admin endpoint", stopping, async move {
                tokio::select! {
                    () = state.serve(listener, drain) => {}
                    () = store.watch_replica() => {}
                }
                Ok(())
            });
        }
        if let Some(listener) = admin::listen_for_probes(&parts.config.admin)? {
            tracing::info!(address = %listener.local_addr()?, "probes");
            let drain = stopping.drain.clone();
            spawn(&mut playing, "probes", stopping, async move {
                state.serve_probes(listener, drain).await;
                Ok(())
            });
        }
        if roles.contains(&Role::Scheduler) {
            let scheduler = Scheduler::new(
                parts.store.clone(),
                parts.random.clone(),
                &schedules,
                tasks::TASKS,
                parts.config.scheduler.poll,
            );
            let drain = stopping.drain.clone();
            spawn(&mut playing, "scheduler", stopping, async move {
                scheduler.run(drain).await;
                Ok(())
            });
        }
        if roles.contains(&Role::Worker) {
            let (worker, queues, stop) = (self.worker("worker"), queues.to_vec(), stopping.clone());
            spawn(&mut playing, "worker", stopping, async move {
                worker.run(&queues, stop.drain, stop.halt).await;
                Ok(())
            });
        }
        let supervised = tokio::spawn(supervisor::follow(
            parts.store.clone(),
            parts.transport.clone(),
            stopping.drain.clone(),
            parts.config.runs.drain,
        ));
        let mut result = Ok(());
        while let Some(ended) = playing.join_next().await {
            let ended = ended.context("a part of the daemon panicked").and_then(|ended| ended);
            if ended.is_err() && result.is_ok() {
                result = ended;
            }
            stopping.drain.cancel();
        }
        supervised.abort();
        result
    }

    /// Gives up the domains that were asked, so that nobody waits for their leases to run out, and closes the database.
    pub(super) async fn close(&self) {
        self.parts.fetch.release().await;
        self.parts.store.close().await;
    }
}

fn spawn(
    playing: &mut JoinSet<anyhow::Result<()>>,
    name: &'static str,
    stopping: &Stopping,
    part: impl Future<Output = anyhow::Result<()>> + Send + 'static,
) {
    let drain = stopping.drain.clone();
    playing.spawn(async move {
        part.await?;
        anyhow::ensure!(drain.is_cancelled(), "the {name} ended by itself");
        Ok(())
    });
}
