//! Finds runs that became due, and that nobody called out: one look at the ledger for all queues, every `runs.poll`.

use std::sync::Arc;

use super::Shared;
use crate::{domain::Queue, telemetry::pulse::Heart};

impl Shared {
    /// Rings the bell of each of these queues that has due runs; never ends.
    pub(super) async fn look_out(self: Arc<Self>, queues: Vec<Queue>) {
        let mut every = tokio::time::interval(self.parts.config.runs.poll);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let heart = Heart::new("lookout");
        loop {
            every.tick().await;
            heart.beat();
            match self.parts.store.list_due_queues(&queues).await {
                Ok(due) => due.into_iter().for_each(|queue| self.parts.transport.wakes().ring(queue)),
                Err(error) => {
                    tracing::debug!(error = &error as &dyn std::error::Error, "due runs not looked for");
                }
            }
        }
    }
}
