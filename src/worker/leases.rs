//! What this process holds, and the loop that says so to the ledger.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use super::Shared;
use crate::{
    domain::{ClaimedRun, RunId},
    store::Renewal,
    tasks::Progress,
    telemetry::pulse::Heart,
};

/// Leases renewed by one statement.
const BATCH: usize = 1000;

/// Why an attempt is stopped from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// A person wants it.
    Cancel,
    /// Somebody else holds the run.
    Lost,
}

/// The attempts under way in this process, by run and claim.
#[derive(Debug, Default)]
pub(super) struct Holds(Mutex<HashMap<(RunId, i32), Hold>>);

#[derive(Debug)]
struct Hold {
    progress: watch::Receiver<(u64, u64)>,
    stop: watch::Sender<Option<Stop>>,
    finishing: bool,
}

impl Holds {
    /// Takes up a run; the receiver says when to stop.
    pub(super) fn take(&self, run: &ClaimedRun, progress: &Progress) -> watch::Receiver<Option<Stop>> {
        let (stop, stopped) = watch::channel(None);
        let hold = Hold { progress: progress.subscribe(), stop, finishing: false };
        self.lock().insert((run.id, run.claim), hold);
        stopped
    }

    /// The attempt is over and its outcome is on the way; returns its last progress.
    pub(super) fn finishing(&self, run: &ClaimedRun) -> (u64, u64) {
        self.lock().get_mut(&(run.id, run.claim)).map_or((0, 0), |hold| {
            hold.finishing = true;
            *hold.progress.borrow()
        })
    }

    /// Lets go of a run.
    pub(super) fn release(&self, run: &ClaimedRun) {
        self.lock().remove(&(run.id, run.claim));
    }

    /// Stops one attempt.
    pub(super) fn stop(&self, id: RunId, claim: i32, stop: Stop) {
        if let Some(hold) = self.lock().get(&(id, claim))
            && !hold.finishing
        {
            hold.stop.send_replace(Some(stop));
        }
    }

    /// How many attempts are under way.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn renewals(&self) -> Vec<Renewal> {
        let mut held: Vec<_> = self
            .lock()
            .iter()
            .map(|((id, claim), hold)| Renewal { id: *id, claim: *claim, progress: *hold.progress.borrow() })
            .collect();
        held.sort_unstable_by_key(|run| run.id);
        held
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(RunId, i32), Hold>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    /// Renews all leases every `runs.renew`; never ends.
    pub(super) async fn keep_leases(self: Arc<Self>) {
        let runs = &self.parts.config.runs;
        let mut every = tokio::time::interval(runs.renew);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let heart = Heart::new("leases");
        loop {
            every.tick().await;
            heart.beat();
            for held in self.holds.renewals().chunks(BATCH) {
                // A renewal that hangs must not take the time of the next one.
                let renewing = self.parts.store.renew_leases(&self.owner, runs.lease, held);
                let renewed = match tokio::time::timeout(runs.renew, renewing).await {
                    Ok(Ok(renewed)) => renewed,
                    Ok(Err(error)) => {
                        tracing::warn!(
                            error = &error as &dyn std::error::Error,
                            held = held.len(),
                            "leases not renewed"
                        );
                        continue;
                    }
                    Err(_) => {
                        tracing::warn!(held = held.len(), "leases not renewed: the database does not answer");
                        continue;
                    }
                };
                for (ids, stop) in [(renewed.lost, Stop::Lost), (renewed.cancel_wanted, Stop::Cancel)] {
                    for id in ids {
                        for run in held.iter().filter(|run| run.id == id) {
                            self.holds.stop(id, run.claim, stop);
                        }
                    }
                }
            }
        }
    }
}
