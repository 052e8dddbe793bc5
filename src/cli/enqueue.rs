//! `career-worker enqueue`, and what it shares with `run`: which run is meant.

use std::{process::ExitCode, time::Duration};

use anyhow::Context as _;
use chrono::TimeDelta;
use serde_json::{Value, json};
use tracing::Instrument as _;

use super::{
    Globals,
    failure::{CONFIG, Failure},
    read_schedules,
};
use crate::{
    clock::Clock,
    config::Config,
    domain::{NewRun, Queue, Trigger},
    queue::Transport,
    store::{Actor, Enqueued, Store},
    tasks,
    telemetry::trace,
};

/// A schedule by name, or a task with arguments.
#[derive(Debug, clap::Args)]
pub(super) struct Wish {
    /// Name of a schedule: its task with its arguments.
    #[arg(required_unless_present = "task", conflicts_with = "task")]
    schedule: Option<String>,
    /// A task instead of a schedule; one that does not exist is answered with those that do.
    #[arg(long)]
    task: Option<String>,
    /// Arguments of the task, a JSON object.
    #[arg(long, requires = "task", value_name = "JSON")]
    args: Option<String>,
}

/// Put a run on its queue, for a worker to take.
#[derive(Debug, clap::Args)]
pub(super) struct EnqueueArgs {
    #[command(flatten)]
    wish: Wish,
    /// A second enqueue with the same key returns the first run.
    #[arg(long)]
    key: Option<String>,
    /// Runs with a higher one are taken first.
    #[arg(long, default_value_t = 0, allow_hyphen_values = true)]
    priority: i16,
    /// Not before this time has passed, for example 10m.
    #[arg(long = "in", value_parser = humantime::parse_duration, value_name = "TIME")]
    delay: Option<Duration>,
}

impl Wish {
    /// The run that is meant, checked. `change` may change the arguments first.
    pub(super) fn read(&self, config: &Config, change: impl FnOnce(&mut Value)) -> anyhow::Result<NewRun> {
        let schedule = match &self.schedule {
            Some(name) => {
                let all = read_schedules(config)?;
                let found = all.into_iter().find(|schedule| schedule.name == *name);
                Some(found.ok_or_else(|| {
                    Failure::new(1, format!("there is no schedule {name} in {}", config.jobs.dir.display()))
                })?)
            }
            None => None,
        };
        let name = schedule.as_ref().map(|schedule| schedule.task.clone()).or_else(|| self.task.clone());
        let task = tasks::find(&name.unwrap_or_default()).map_err(|message| Failure::new(2, message))?;
        let mut args = match (&schedule, &self.args) {
            (Some(schedule), _) => schedule.args.clone(),
            (None, Some(text)) => serde_json::from_str(text).context("--args: expected a JSON object")?,
            (None, None) => json!({}),
        };
        change(&mut args);
        task.check(&args).map_err(|message| Failure::new(2, message))?;
        let run = match &schedule {
            Some(schedule) => tasks::run_of(schedule, tasks::TASKS, Trigger::Cli)
                .map_err(|message| Failure::new(2, message))?,
            None => tasks::new_run(task, Value::Null, Trigger::Cli),
        };
        Ok(NewRun { args, ..run })
    }
}

pub(super) async fn run(globals: &Globals, args: EnqueueArgs) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let mut run = args.wish.read(&config, |_| {})?;
    run.key = args.key;
    run.priority = args.priority;
    run.run_at =
        args.delay.map(|delay| Clock::system().now() + TimeDelta::from_std(delay).unwrap_or(TimeDelta::MAX));
    let store = Store::open(&config.database)?;
    let queue: Queue = run.queue;
    let span = tracing::info_span!("enqueue", task = run.task, trace_id = tracing::field::Empty);
    trace::follow(&span, std::env::var("TRACEPARENT").ok().as_deref(), trace::Cause::Parent);
    let enqueued = store.enqueue_for(Actor { id: "cli", address: None }, &run, None).instrument(span).await;
    let (id, words) = match enqueued.context("enqueue")? {
        Enqueued::New(id) => (id, "queued"),
        Enqueued::Known(id) => (id, "known: the key was used before"),
        Enqueued::KeyReused => anyhow::bail!("the key was used for something else"),
    };
    let transport =
        Transport::open(&config.redis).map_err(|error| Failure::new(CONFIG, error.to_string()))?;
    transport.wake(queue, id);
    transport.flush().await;
    globals.output().value(&json!({ "id": id, "queue": queue }), |_| {
        format!("run {id} on {}: {words}", queue.as_str())
    })?;
    Ok(ExitCode::SUCCESS)
}
