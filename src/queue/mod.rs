//! How runs get to free hands: apalis workers over the run ledger, and Redis as a bell.
//!
//! - [`backend`]: apalis workers whose backend is the ledger. It claims as many due runs as there are free slots.
//! - [`transport`]: pointers (`{"run": 7}`) pushed to Redis through apalis-redis, so that an idle process elsewhere looks at once.
//! - `wire`: the connection, to one Redis, to the master that sentinels name, or to a cluster; `lines`: the keys of the queues.
//! - [`calls`]: says to those who listen right now that there is a pointer, so that they need not poll for it.
//! - [`listener`]: takes messages from Redis: pointers ring the bell; wishes of other services become runs.
//!
//! Only this module names apalis. It holds no SQL: the ledger is a [`Ledger`], the way in an [`Inbox`]. Every error of Redis means "wake
//! lost" and nothing else. To add a queue: a variant of [`Queue`], its concurrency in the settings.

mod address;
pub mod backend;
pub mod calls;
mod lines;
pub mod listener;
pub mod message;
mod sentinel;
pub mod transport;
mod wire;

use std::{future::Future, sync::Arc};

use tokio::sync::Notify;

use crate::domain::{ClaimedRun, Outcome, Queue};

pub use backend::{Lane, run_lanes};
pub use calls::hear_calls;
pub use listener::{Listener, listen};
pub use message::Wish;
pub use transport::{RedisFacts, Transport, TransportError};
pub use wire::Topology;

/// What decides on runs.
pub trait Ledger: Clone + Send + Sync + Unpin + 'static {
    /// Takes up to `most` due runs; none when the ledger cannot be reached.
    fn claim(&self, queue: Queue, most: usize) -> impl Future<Output = Vec<ClaimedRun>> + Send;
    /// Runs one; `None` when it is no longer ours to finish. Does not panic.
    fn perform(&self, run: ClaimedRun) -> impl Future<Output = Option<Outcome>> + Send;
    /// Records the outcome, or gives up when the lease must be over.
    fn finish(&self, run: ClaimedRun, outcome: Outcome) -> impl Future<Output = ()> + Send;
}

/// Where messages of other services go.
pub trait Inbox: Clone + Send + Sync + 'static {
    /// Makes a run of a wish; the same key again changes nothing.
    fn enqueue(&self, queue: Queue, wish: Wish) -> impl Future<Output = Result<(), Refusal>> + Send;
    /// Keeps a message that cannot become a run; the same id again changes nothing.
    fn set_aside(
        &self,
        queue: Queue,
        id: &str,
        payload: &[u8],
        reason: &str,
    ) -> impl Future<Output = Result<(), Refusal>> + Send;
}

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It can never be taken, with the reason.
    Rejected(String),
    /// Not now: try again.
    Unavailable(String),
}

/// The bells of this process, one a queue; clones share them. A ring that nobody waits for is kept.
#[derive(Clone, Debug, Default)]
pub struct Wakes(Arc<[Notify; Queue::ALL.len()]>);

impl Wakes {
    /// Tells this process that a queue may have a due run.
    pub fn ring(&self, queue: Queue) {
        self.bell(queue).notify_one();
    }

    /// Waits for the next ring.
    pub async fn heard(&self, queue: Queue) {
        self.bell(queue).notified().await;
    }

    fn bell(&self, queue: Queue) -> &Notify {
        let [scrape, r#match, notify, maintenance] = &*self.0;
        match queue {
            Queue::Scrape => scrape,
            Queue::Match => r#match,
            Queue::Notify => notify,
            Queue::Maintenance => maintenance,
        }
    }
}
