//! What operators say about the lanes that runs travel on.

use serde::Deserialize;

use crate::domain::Queue;

/// `[queues.*]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueuesConfig {
    /// `[queues.scrape]`
    pub scrape: QueueConfig,
    /// `[queues.match]`
    pub r#match: QueueConfig,
    /// `[queues.notify]`
    pub notify: QueueConfig,
    /// `[queues.maintenance]`
    pub maintenance: QueueConfig,
}

impl QueuesConfig {
    /// Settings of one lane.
    pub fn get(&self, queue: Queue) -> QueueConfig {
        match queue {
            Queue::Scrape => self.scrape,
            Queue::Match => self.r#match,
            Queue::Notify => self.notify,
            Queue::Maintenance => self.maintenance,
        }
    }
}

/// One lane.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QueueConfig {
    /// Runs at once in this process.
    pub concurrency: usize,
}
