//! `career-worker schedules`

use std::{io::Write as _, process::ExitCode};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use clap::Subcommand;
use serde::Serialize;
use serde_json::json;

use super::{Globals, failure::Failure, output::minute, read_schedules};
use crate::{
    clock::Clock,
    schedule,
    store::{PauseKind, RunFilter, Store},
};

/// Look at schedules, check them, pause them.
#[derive(Debug, Subcommand)]
pub(super) enum SchedulesCommand {
    /// List schedules with their next tick and last run.
    List,
    /// Read every file and say what is wrong; needs no database.
    Check,
    /// Print the next ticks of a schedule; needs no database.
    Next {
        /// Name of the schedule.
        name: String,
        /// How many.
        #[arg(long, default_value_t = 5)]
        count: usize,
    },
    /// Print the JSON Schema of the files, for editors.
    Schema,
    /// Fire no more ticks; they are not caught up later.
    Pause {
        /// Name of the schedule.
        name: String,
    },
    /// Fire ticks again.
    Resume {
        /// Name of the schedule.
        name: String,
    },
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    task: String,
    schedule: String,
    timezone: String,
    state: &'static str,
    next: Option<DateTime<Utc>>,
    last_run: Option<i64>,
    last_state: Option<String>,
}

pub(super) async fn run(globals: &Globals, command: SchedulesCommand) -> anyhow::Result<ExitCode> {
    if matches!(command, SchedulesCommand::Schema) {
        write!(std::io::stdout().lock(), "{}", schedule::json_schema())?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = globals.settings(&[])?;
    let schedules = read_schedules(&config)?;
    let known = |name: &str| {
        schedules.iter().find(|schedule| schedule.name == name).ok_or_else(|| {
            Failure::new(1, format!("there is no schedule {name} in {}", config.jobs.dir.display()))
        })
    };
    match command {
        SchedulesCommand::Schema => {}
        SchedulesCommand::Check => {
            let names: Vec<&str> = schedules.iter().map(|schedule| schedule.name.as_str()).collect();
            let words = format!("{} schedules are fine", schedules.len());
            globals.output().done(&json!({ "ok": true, "schedules": names }), words)?;
        }
        SchedulesCommand::Next { name, count } => {
            let schedule = known(&name)?;
            let start = Clock::system().now();
            let next = |time: &DateTime<Utc>| schedule.cron.next_after(*time, schedule.timezone);
            let ticks: Vec<_> = std::iter::successors(next(&start), next).take(count).collect();
            globals.output().rows(&["utc", "there"], &ticks, |tick| {
                let there = tick.with_timezone(&schedule.timezone);
                vec![tick.format("%F %T").to_string(), there.format("%F %T %Z").to_string()]
            })?;
        }
        SchedulesCommand::List => {
            let store = Store::open(&config.database)?;
            let pauses = store.list_pauses().await.context("list pauses")?;
            let now = Clock::system().now();
            let mut rows = Vec::with_capacity(schedules.len());
            for schedule in &schedules {
                let filter = RunFilter { schedule: Some(schedule.name.clone()), ..RunFilter::default() };
                let last = store.list_runs(&filter, 1).await.context("list runs")?.pop();
                let paused =
                    pauses.iter().any(|pause| pause.kind == "schedule" && pause.name == schedule.name);
                rows.push(Row {
                    name: schedule.name.clone(),
                    task: schedule.task.clone(),
                    schedule: schedule.cron.to_string(),
                    timezone: schedule.timezone.to_string(),
                    state: if !schedule.enabled {
                        "disabled"
                    } else if paused {
                        "paused"
                    } else {
                        "on"
                    },
                    next: schedule
                        .enabled
                        .then(|| schedule.cron.next_after(now, schedule.timezone))
                        .flatten(),
                    last_run: last.as_ref().map(|run| run.id),
                    last_state: last.map(|run| run.state),
                });
            }
            let columns = ["schedule", "task", "when", "zone", "state", "next (utc)", "last run", "ended"];
            globals.output().rows(&columns, &rows, |row| {
                vec![
                    row.name.clone(),
                    row.task.clone(),
                    row.schedule.clone(),
                    row.timezone.clone(),
                    row.state.to_owned(),
                    minute(row.next),
                    row.last_run.map_or_else(|| "-".to_owned(), |id| id.to_string()),
                    row.last_state.clone().unwrap_or_else(|| "-".to_owned()),
                ]
            })?;
        }
        SchedulesCommand::Pause { name } => {
            let store = Store::open(&config.database)?;
            store
                .insert_pause(PauseKind::Schedule, &known(&name)?.name, Some("cli"))
                .await
                .context("pause")?;
            let words = format!("schedule {name} is paused");
            globals.output().done(&json!({ "schedule": name, "paused": true }), words)?;
        }
        SchedulesCommand::Resume { name } => {
            let store = Store::open(&config.database)?;
            store.delete_pause(PauseKind::Schedule, &known(&name)?.name).await.context("resume")?;
            let words = format!("schedule {name} is on");
            globals.output().done(&json!({ "schedule": name, "paused": false }), words)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
