//! Outcomes on their way to the ledger: those that come while one statement is under way are recorded by the next, together.
//!
//! It decides nothing and tries nothing twice: what is not recorded here its attempt records by itself, with the patience and the words
//! that takes.

use tokio::sync::{mpsc, oneshot};

use crate::{
    domain::{ClaimedRun, Outcome},
    store::{Backoff, End, Store},
};

/// Most outcomes in one statement.
const MOST: usize = 100;

/// The way in. Cheap to clone; what is behind it ends with the last clone.
#[derive(Clone)]
pub(super) struct Ends(mpsc::Sender<Ended>);

struct Ended {
    run: ClaimedRun,
    outcome: Outcome,
    progress: (u64, u64),
    recorded: oneshot::Sender<bool>,
}

impl Ends {
    /// Begins to record for `owner`.
    pub(super) fn start(store: Store, owner: String, backoff: Backoff) -> Self {
        let (sender, receiver) = mpsc::channel(MOST);
        tokio::spawn(record(store, owner, backoff, receiver));
        Self(sender)
    }

    /// Whether the outcome was recorded.
    pub(super) async fn record(&self, run: &ClaimedRun, outcome: &Outcome, progress: (u64, u64)) -> bool {
        let (recorded, told) = oneshot::channel();
        let ended = Ended { run: run.clone(), outcome: outcome.clone(), progress, recorded };
        self.0.send(ended).await.is_ok() && told.await.unwrap_or(false)
    }
}

async fn record(store: Store, owner: String, backoff: Backoff, mut receiver: mpsc::Receiver<Ended>) {
    let mut batch = Vec::with_capacity(MOST);
    while receiver.recv_many(&mut batch, MOST).await > 0 {
        let ends: Vec<_> = batch
            .iter()
            .map(|ended| End { run: &ended.run, outcome: &ended.outcome, progress: ended.progress })
            .collect();
        let recorded = store.finish_runs(&owner, &ends, &backoff).await.unwrap_or_default();
        for Ended { run, recorded: tell, .. } in batch.drain(..) {
            _ = tell.send(recorded.contains(&run.id));
        }
    }
}
