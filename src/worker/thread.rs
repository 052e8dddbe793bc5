//! An attempt on a thread of its own.
//!
//! A task that never gives its thread back (an endless loop, a call that blocks) would otherwise take one of the few threads that renew
//! leases, tell the time and answer the probes. It must know nothing of outcomes that others decide: it reports what the task returned, a
//! panic, or nothing. A thread cannot be killed: what does not stop is counted in [`Stuck`], and too many of them end the process.

use std::{
    any::Any,
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::FutureExt as _;
use tokio::{runtime::Handle, task::JoinHandle};
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::Instrument as _;

use crate::{
    domain::Outcome,
    queue::backend::released,
    tasks::{AnyTask, Context},
};

/// A task that waits lets go of its thread at once when it is dropped; one that does not within this time is stuck.
const LET_GO: Duration = Duration::from_millis(250);

/// Threads whose attempt is over and that have not come back.
#[derive(Clone, Debug, Default)]
pub(super) struct Stuck(Arc<AtomicUsize>);

impl Stuck {
    fn add(&self, thread: JoinHandle<Option<Outcome>>) -> usize {
        let (all, stuck) = (self.clone(), self.0.fetch_add(1, Ordering::Relaxed) + 1);
        tokio::spawn(async move {
            let _ = thread.await;
            all.0.fetch_sub(1, Ordering::Relaxed);
        });
        stuck
    }
}

/// A task at work; dropped, it is told to stop and left alone.
pub(super) struct Thread {
    running: Option<JoinHandle<Option<Outcome>>>,
    abandoned: CancellationToken,
    _guard: DropGuard,
}

impl Thread {
    pub(super) fn start(task: &'static dyn AnyTask, args: serde_json::Value, context: Context) -> Self {
        let abandoned = CancellationToken::new();
        let (runtime, span, dropped) = (Handle::current(), tracing::Span::current(), abandoned.clone());
        let running = tokio::task::spawn_blocking(move || {
            let work = AssertUnwindSafe(async move { task.run(args, context).await }).catch_unwind();
            let unless_dropped = async move {
                tokio::select! {
                    biased;
                    () = dropped.cancelled() => None,
                    result = work => Some(result.unwrap_or_else(|panic| panicked(&*panic))),
                }
            };
            runtime.block_on(unless_dropped.instrument(span))
        });
        Self { running: Some(running), _guard: abandoned.clone().drop_guard(), abandoned }
    }

    /// What the task came to. Can be dropped and called again until it has answered.
    pub(super) async fn outcome(&mut self) -> Outcome {
        let Some(running) = &mut self.running else { return released() };
        let ended = running.await;
        self.running = None;
        match ended {
            Ok(outcome) => outcome.unwrap_or_else(released),
            Err(error) => Outcome::Retry { after: None, error: format!("its thread ended: {error}") },
        }
    }

    /// Drops the task; the number of stuck threads where this one is now among them.
    pub(super) async fn stop(mut self, all: &Stuck) -> Option<usize> {
        self.abandoned.cancel();
        let mut thread = self.running.take()?;
        match tokio::time::timeout(LET_GO, &mut thread).await {
            Ok(_) => None,
            Err(_) => Some(all.add(thread)),
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
