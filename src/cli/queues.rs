//! `career-worker queues`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;

use super::Globals;
use crate::{
    domain::Queue,
    store::{PauseKind, Store},
};

/// Look at queues, pause them.
#[derive(Debug, Subcommand)]
pub(super) enum QueuesCommand {
    /// Show how full each queue is.
    List,
    /// Claim nothing more from a queue; what runs goes on.
    Pause {
        /// scrape, match, notify or maintenance.
        queue: Queue,
    },
    /// Claim from a queue again.
    Resume {
        /// scrape, match, notify or maintenance.
        queue: Queue,
    },
}

pub(super) async fn run(globals: &Globals, command: QueuesCommand) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let store = Store::open(&config.database)?;
    match command {
        QueuesCommand::List => {
            let stats = store.queue_stats().await.context("count runs")?;
            let columns =
                ["queue", "due", "queued", "failed", "running", "done", "dead", "oldest due", "state"];
            globals.output().rows(&columns, &stats, |queue| {
                let counts = [queue.due, queue.queued, queue.failed, queue.running, queue.done, queue.dead];
                let mut cells = vec![queue.queue.clone()];
                cells.extend(counts.map(|count| count.to_string()));
                cells.push(format!("{} s", queue.oldest_due_ms / 1000));
                cells.push(if queue.paused { "paused" } else { "open" }.to_owned());
                cells
            })?;
        }
        QueuesCommand::Pause { queue } => {
            store.insert_pause(PauseKind::Queue, queue.as_str(), Some("cli")).await.context("pause queue")?;
            let done = json!({ "queue": queue, "paused": true });
            globals.output().done(&done, format!("queue {} is paused", queue.as_str()))?;
        }
        QueuesCommand::Resume { queue } => {
            store.delete_pause(PauseKind::Queue, queue.as_str()).await.context("resume queue")?;
            let done = json!({ "queue": queue, "paused": false });
            globals.output().done(&done, format!("queue {} is open", queue.as_str()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
