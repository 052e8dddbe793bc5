//! Puts right what a dead worker or a forgetful Redis left behind, and records the runs that follow from what others have done. Every worker
//! does it; the ledger makes each correction happen once. What follows is looked at as soon as a run of this process ended that others
//! may follow from, and in any case every `runs.reconcile`.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use tracing::Instrument as _;

use super::Shared;
use crate::{
    store::StoreError,
    tasks,
    telemetry::{pulse::Heart, trace},
};

/// How often backups are looked at.
const MINUTE: Duration = Duration::from_mins(1);
/// Between two looks at what follows, where runs end one after the other.
const REST: Duration = Duration::from_millis(20);
/// Expired leases seen to by one statement.
const BATCH: usize = 500;

impl Shared {
    /// Looks every `runs.reconcile`; never ends.
    pub(super) async fn reconcile(self: Arc<Self>) {
        let mut every = tokio::time::interval(self.parts.config.runs.reconcile);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut introduced = false;
        let mut looked: Option<Instant> = None;
        let heart = Heart::new("reconciler");
        loop {
            let all = tokio::select! {
                _ = every.tick() => true,
                () = self.moved.notified() => false,
            };
            heart.beat();
            if !all {
                // What fails is tried again with everything else.
                if let Err(error) = self.follow_up(&heart).await {
                    tracing::debug!(error = &error as &dyn std::error::Error, "follow-up runs not recorded");
                }
                tokio::time::sleep(REST).await;
                continue;
            }
            if looked.is_none_or(|last| last.elapsed() >= MINUTE) {
                looked = Some(Instant::now());
                // Beside the loop: a database that is away must not keep lost runs waiting.
                let parts = self.parts.clone();
                tokio::spawn(async move {
                    let looked = tasks::each_minute(&parts.store, &parts.config, parts.clock.now()).await;
                    if let Err(error) = looked {
                        tracing::warn!(error = &error as &dyn std::error::Error, "backups not looked at");
                    }
                });
            }
            if !introduced {
                introduced = self.parts.store.upsert_tasks(&self.known_tasks()).await.is_ok();
            }
            if let Err(error) = self.put_right(&heart).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "ledger not reconciled");
            }
        }
    }

    async fn put_right(&self, heart: &Heart) -> Result<(), StoreError> {
        let (store, transport) = (&self.parts.store, &self.parts.transport);
        loop {
            let recovered = store.recover_expired(i64::try_from(BATCH).unwrap_or(i64::MAX)).await?;
            for run in &recovered {
                tracing::warn!(
                    run.id = run.id.0,
                    task = run.task,
                    state = run.state,
                    "worker lost, run taken from it"
                );
                self.count_recovered(&run.task, &run.state);
                if let ("queued", Ok(queue)) = (run.state.as_str(), run.queue.parse()) {
                    transport.wake(queue, run.id);
                }
            }
            heart.beat();
            if recovered.len() < BATCH {
                break;
            }
        }
        self.follow_up(heart).await?;
        if let Some((queue, id)) = tasks::rematch_changed(store, &self.parts.config.rematch).await? {
            transport.wake(queue, id);
        }
        Ok(())
    }

    /// Records the runs that the tables ask for.
    async fn follow_up(&self, heart: &Heart) -> Result<(), StoreError> {
        let (store, transport) = (&self.parts.store, &self.parts.transport);
        for (run, cause) in tasks::wanted(store, &self.parts.config).await? {
            heart.beat();
            let Some(task) = self.tasks.iter().find(|task| task.name() == run.task) else { continue };
            let span = tracing::info_span!("follow up", task = run.task, trace_id = tracing::field::Empty);
            trace::follow(&span, cause.as_deref(), trace::Cause::Parent);
            if let Some(id) = store.insert_run_if_idle(&run).instrument(span).await? {
                metrics::counter!("career_reconcile_requeued_total", "task" => task.name()).increment(1);
                transport.wake(run.queue, id);
            }
        }
        Ok(())
    }

    /// Anybody may write any task into the ledger: only known names become labels.
    fn count_recovered(&self, task: &str, state: &str) {
        let task = tasks::find_in(self.tasks, task).map_or("unknown", |task| task.name());
        metrics::counter!("career_lease_expired_total", "task" => task).increment(1);
        match state {
            "queued" => metrics::counter!("career_runs_rescued_total", "task" => task).increment(1),
            "dead" => {
                metrics::counter!("career_runs_total", "task" => task, "outcome" => "dead").increment(1);
            }
            _ => {}
        }
    }
}
