//! `career-worker runs`

mod tail;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;

use super::{Globals, failure::Failure, output::minute};
use crate::{
    domain::{Queue, RunId, RunState},
    store::{Actor, Changed, Run, RunDeed, RunFilter, Store},
};

/// Look at runs, follow them, cancel them, try them again.
#[derive(Debug, Subcommand)]
pub(super) enum RunsCommand {
    /// List runs, newest first.
    List {
        /// Only in this state: queued, running, done, failed (waits for another attempt), dead, cancelled.
        #[arg(long)]
        state: Option<RunState>,
        /// Only of this task.
        #[arg(long)]
        task: Option<String>,
        /// Only on this queue: scrape, match, notify or maintenance.
        #[arg(long)]
        queue: Option<Queue>,
        /// Only of this schedule.
        #[arg(long)]
        schedule: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=1000))]
        limit: i64,
    },
    /// Follow runs: print each one as it is wanted, begins, gets on and ends, until Ctrl-C.
    Tail(tail::TailArgs),
    /// Show one run with its arguments, report and error.
    Show {
        /// Id of the run.
        id: i64,
    },
    /// Take a run back; one that is running stops at its next step.
    Cancel {
        /// Id of the run.
        id: i64,
    },
    /// Try a dead or cancelled run again, with all its attempts.
    Retry {
        /// Id of the run.
        id: i64,
    },
}

pub(super) async fn run(globals: &Globals, command: RunsCommand) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let store = Store::open(&config.database)?;
    match command {
        RunsCommand::List { state, task, queue, schedule, limit } => {
            let filter = RunFilter { state, task, queue, schedule, before: None };
            let runs = store.list_runs(&filter, limit).await.context("list runs")?;
            let columns =
                ["id", "task", "queue", "state", "attempt", "progress", "wanted by", "created", "says"];
            globals.output().rows(&columns, &runs, cells)?;
        }
        RunsCommand::Tail(args) => return tail::run(globals, &store, args).await,
        RunsCommand::Show { id } => {
            let run = store.get_run(RunId(id)).await.context("find run")?;
            let run = run.ok_or_else(|| Failure::new(1, format!("there is no run {id}")))?;
            globals.output().value(&run, |run| serde_json::to_string_pretty(run).unwrap_or_default())?;
        }
        RunsCommand::Cancel { id } => change(globals, &store, RunDeed::Cancel, id).await?,
        RunsCommand::Retry { id } => change(globals, &store, RunDeed::Retry, id).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn change(globals: &Globals, store: &Store, deed: RunDeed, id: i64) -> anyhow::Result<()> {
    let (actor, action) = (Actor { id: "cli", address: None }, deed.as_str());
    let changed =
        store.change_run_for(actor, deed, RunId(id)).await.with_context(|| format!("{action} run"))?;
    let words = match changed {
        Changed::Now => format!("run {id}: {action} done"),
        Changed::Soon => format!("run {id} is running and will stop at its next step"),
        Changed::No => {
            return Err(
                Failure::new(1, format!("the state of run {id} does not allow to {action} it")).into()
            );
        }
        Changed::Unknown => return Err(Failure::new(1, format!("there is no run {id}")).into()),
    };
    let done = json!({ "id": id, "action": action, "pending": changed == Changed::Soon });
    globals.output().done(&done, words)?;
    Ok(())
}

fn cells(run: &Run) -> Vec<String> {
    vec![
        run.id.to_string(),
        run.task.clone(),
        run.queue.clone(),
        run.state.clone(),
        format!("{}/{}", run.attempt, run.max_attempts),
        progress(run),
        run.schedule.clone().unwrap_or_else(|| run.trigger.clone()),
        minute(Some(run.created_at)),
        shorten(&says(run), 60),
    ]
}

fn progress(run: &Run) -> String {
    match run.progress_total {
        0 => "-".to_owned(),
        total => format!("{}/{total}", run.progress_done),
    }
}

/// Its error or reason, or what it reports.
fn says(run: &Run) -> String {
    run.error.clone().or_else(|| run.report.as_ref().map(ToString::to_string)).unwrap_or_default()
}

fn shorten(text: &str, most: usize) -> String {
    let line = text.replace('\n', " ");
    if line.chars().count() <= most { line } else { line.chars().take(most - 1).chain(['…']).collect() }
}
