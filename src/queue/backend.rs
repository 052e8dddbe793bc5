//! apalis workers over the run ledger.
//!
//! One fetcher a queue owns as many slots as runs may be under way, and claims exactly as many runs as slots are free: nothing is
//! prefetched, so nothing claimed waits. The backend itself never fails; an unreachable ledger looks like an empty queue.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use apalis::prelude::{
    BoxDynError, Monitor, ParallelizeExt as _, Task, TaskBuilder, TaskId, WorkerBuilder, WorkerContext,
};
use apalis_core::backend::{Backend, BackendConfig, finalize::Ephemeral};
use futures::{FutureExt as _, future::BoxFuture};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinHandle,
};
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::{Layer, Service};

use super::{Ledger, Wakes};
use crate::{
    domain::{ClaimedRun, Outcome, Queue},
    telemetry::pulse::Heart,
};

/// Most runs taken by one statement.
const CLAIM_BATCH: usize = 100;
/// How often a queue looks without being told to, and says that it is alive where all its slots are taken.
const LOOK: Duration = Duration::from_secs(10);

/// One queue as this process serves it.
#[derive(Clone, Debug)]
pub struct Lane {
    queue: Queue,
    slots: Arc<Semaphore>,
}

impl Lane {
    /// A queue, and how many runs may be under way at once.
    pub fn new(queue: Queue, concurrency: usize) -> Self {
        Self { queue, slots: Arc::new(Semaphore::new(concurrency)) }
    }
}

/// Serves the lanes until `stop`, then until the runs under way are finished.
pub async fn run_lanes<L: Ledger>(ledger: L, wakes: Wakes, lanes: Vec<Lane>, stop: CancellationToken) {
    let mut monitor = Monitor::new().should_restart(|_, _| true);
    for lane in lanes {
        let (ledger, wakes, stop) = (ledger.clone(), wakes.clone(), stop.clone());
        monitor = monitor.register(move |restarts| {
            let hands = ledger.clone();
            WorkerBuilder::new(format!("{}-{restarts}", lane.queue.as_str()))
                .backend(LedgerBackend::new(ledger.clone(), wakes.clone(), lane.clone(), &stop, restarts))
                .parallelize(tokio::spawn)
                .build(move |held: Held| {
                    let hands = hands.clone();
                    async move { hands.perform(held.run).await }
                })
        });
    }
    let signal = async {
        stop.cancelled().await;
        Ok(())
    };
    if let Err(error) = monitor.run_with_signal(signal).await {
        tracing::error!(%error, "queue workers ended");
    }
}

/// A claimed run and the slot it takes.
#[derive(Debug)]
struct Held {
    run: ClaimedRun,
    slot: Option<OwnedSemaphorePermit>,
}

struct LedgerBackend<L> {
    ledger: L,
    lane: Lane,
    stop: CancellationToken,
    claimed: Option<mpsc::UnboundedReceiver<Held>>,
    fetcher: Option<Fetcher<L>>,
    fetching: Option<JoinHandle<()>>,
    closing: Option<BoxFuture<'static, ()>>,
    _guard: DropGuard,
}

struct Fetcher<L> {
    ledger: L,
    wakes: Wakes,
    lane: Lane,
    stop: CancellationToken,
    claimed: mpsc::UnboundedSender<Held>,
    delay: Duration,
}

impl<L: Ledger> LedgerBackend<L> {
    fn new(ledger: L, wakes: Wakes, lane: Lane, stop: &CancellationToken, restarts: usize) -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        let stop = stop.child_token();
        let delay = Duration::from_millis(200 * u64::try_from(restarts.min(25)).unwrap_or(25));
        let fetcher = Fetcher {
            ledger: ledger.clone(),
            wakes,
            lane: lane.clone(),
            stop: stop.clone(),
            claimed: sender,
            delay,
        };
        Self {
            ledger,
            lane,
            claimed: Some(receiver),
            fetcher: Some(fetcher),
            fetching: None,
            closing: None,
            _guard: stop.clone().drop_guard(),
            stop,
        }
    }
}

impl<L: Ledger> Fetcher<L> {
    async fn run(self) {
        tokio::select! {
            () = tokio::time::sleep(self.delay) => {}
            () = self.stop.cancelled() => return,
        }
        let heart = Heart::new("claims");
        while let Some(mut slots) = self.free_slots(&heart).await {
            heart.beat();
            let asked = slots.len();
            let runs = self.ledger.claim(self.lane.queue, asked).await;
            let more = runs.len() == asked;
            for run in runs {
                // The receiver lives until this task has ended.
                let _ = self.claimed.send(Held { run, slot: slots.pop() });
            }
            drop(slots);
            if !more {
                tokio::select! {
                    () = self.wakes.heard(self.lane.queue) => {}
                    () = tokio::time::sleep(LOOK) => {}
                    () = self.stop.cancelled() => return,
                }
            }
        }
    }

    /// Waits for a free slot and takes all there are; `None` when it is time to stop.
    async fn free_slots(&self, heart: &Heart) -> Option<Vec<OwnedSemaphorePermit>> {
        let first = loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                slot = Arc::clone(&self.lane.slots).acquire_owned() => break slot.ok()?,
                // All slots may be taken for hours, which is no standstill.
                () = tokio::time::sleep(LOOK) => heart.beat(),
            }
        };
        let mut slots = vec![first];
        while slots.len() < CLAIM_BATCH {
            let Ok(slot) = Arc::clone(&self.lane.slots).try_acquire_owned() else { break };
            slots.push(slot);
        }
        Some(slots)
    }
}

impl<L: Ledger> Backend for LedgerBackend<L> {
    type Task = Task<Held>;
    type Error = Infallible;

    fn poll_ready(&mut self, _: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        if let Some(fetcher) = self.fetcher.take() {
            self.fetching = Some(tokio::spawn(fetcher.run()));
        }
        Poll::Ready(Ok(()))
    }

    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        _: &WorkerContext,
    ) -> Poll<Option<Result<Self::Task, Infallible>>> {
        let Some(claimed) = &mut self.claimed else { return Poll::Ready(None) };
        claimed.poll_recv(cx).map(|held| {
            held.map(|held| {
                let id = TaskId::from(held.run.id.0.unsigned_abs());
                let attempt = usize::from(held.run.attempt.unsigned_abs()).saturating_sub(1);
                Ok(TaskBuilder::new(held).task_id(id).attempt(attempt).build())
            })
        })
    }

    /// Gives back what was claimed but not started.
    fn poll_close(&mut self, cx: &mut Context<'_>, _: &WorkerContext) -> Poll<Result<(), Infallible>> {
        let closing = self.closing.get_or_insert_with(|| {
            self.stop.cancel();
            let (fetching, claimed, ledger) =
                (self.fetching.take(), self.claimed.take(), self.ledger.clone());
            async move {
                if let Some(fetching) = fetching {
                    let _ = fetching.await;
                }
                let Some(mut claimed) = claimed else { return };
                while let Ok(held) = claimed.try_recv() {
                    ledger.finish(held.run, released()).await;
                }
            }
            .boxed()
        });
        closing.poll_unpin(cx).map(Ok)
    }
}

/// The outcome of a run that goes back as if it had not been claimed.
pub fn released() -> Outcome {
    Outcome::Snooze { after: Duration::ZERO, reason: "given back: the worker stopped".to_owned() }
}

impl<L: Ledger> BackendConfig for LedgerBackend<L> {
    type Args = Held;
    type Id = u64;
    type Kind = Ephemeral;
    type Config = Lane;
    type Layer = FinishLayer<L>;

    fn config(&self) -> &Lane {
        &self.lane
    }

    fn middleware(&mut self, _: &mut WorkerContext) -> FinishLayer<L> {
        FinishLayer { ledger: self.ledger.clone() }
    }
}

/// Records the outcome before the slot is free again.
#[derive(Clone)]
struct FinishLayer<L> {
    ledger: L,
}

#[derive(Clone)]
struct Finish<S, L> {
    inner: S,
    ledger: L,
}

impl<S, L: Clone> Layer<S> for FinishLayer<L> {
    type Service = Finish<S, L>;

    fn layer(&self, inner: S) -> Self::Service {
        Finish { inner, ledger: self.ledger.clone() }
    }
}

impl<S, L> Service<Task<Held>> for Finish<S, L>
where
    S: Service<Task<Held>, Response = Option<Outcome>> + Send,
    S::Future: Send + 'static,
    S::Error: Into<BoxDynError>,
    L: Ledger,
{
    type Response = ();
    type Error = BoxDynError;
    type Future = BoxFuture<'static, Result<(), BoxDynError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxDynError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut task: Task<Held>) -> Self::Future {
        let (ledger, slot, run) = (self.ledger.clone(), task.args.slot.take(), task.args.run.clone());
        let performed = self.inner.call(task);
        async move {
            let outcome = performed.await.unwrap_or_else(|error| {
                Some(Outcome::Retry { after: None, error: format!("worker failed: {}", error.into()) })
            });
            if let Some(outcome) = outcome {
                ledger.finish(run, outcome).await;
            }
            drop(slot);
            Ok(())
        }
        .boxed()
    }
}
