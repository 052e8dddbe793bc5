//! `career-worker run`

use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::json;

use super::{
    Globals,
    daemon::{Daemon, Stopping},
    enqueue::Wish,
    failure::{Failure, INTERRUPTED, TEMPORARY},
};
use crate::domain::Outcome;

/// Run a schedule's task, or any task, now and in this process.
#[derive(Debug, clap::Args)]
pub(super) struct RunArgs {
    #[command(flatten)]
    wish: Wish,
    /// Change nothing; print what would come of it. Only for tasks that can.
    #[arg(long)]
    dry_run: bool,
}

pub(super) async fn run(globals: &Globals, args: RunArgs) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let run = args.wish.read(&config, |given| {
        if let (true, Some(given)) = (args.dry_run, given.as_object_mut()) {
            given.insert("dry_run".to_owned(), true.into());
        }
    })?;
    let stopping = Stopping::on_signals()?;
    let daemon = Daemon::open(config)?;
    daemon.ready_database(false).await?;
    let executed = daemon.worker("cli").execute(&run, &stopping.drain).await;
    daemon.close().await;
    let (id, outcome) = executed.context("run")?;
    let failed = |error: String| Err(Failure::new(1, format!("run {id}: {error}")).into());
    match outcome {
        Outcome::Done(report) => {
            globals.output().value(&json!({ "run": id, "report": report }), |value| {
                serde_json::to_string_pretty(value).unwrap_or_default()
            })?;
            Ok(ExitCode::SUCCESS)
        }
        Outcome::Snooze { reason, .. } => Err(Failure::new(TEMPORARY, format!("run {id}: {reason}")).into()),
        Outcome::Cancelled => Err(Failure::new(INTERRUPTED, format!("run {id}: cancelled")).into()),
        Outcome::Retry { error, .. } | Outcome::Stuck { error } | Outcome::Fail { error } => failed(error),
    }
}
