//! `career-worker rematch`

use std::{process::ExitCode, time::Duration};

use anyhow::Context as _;
use clap::ArgGroup;
use serde_json::json;

use super::{
    Globals,
    failure::{CONFIG, Failure, INTERRUPTED},
};
use crate::{
    domain::{NewRun, Queue, RunId, SearchId, Trigger, UserId},
    queue::Transport,
    store::{Actor, Enqueued, Run, Store},
    tasks::{self, AnyTask, Rematch, RematchArgs, Task as _},
};

/// Put saved searches and profiles to postings that are already there.
#[derive(Debug, clap::Args)]
#[command(group(ArgGroup::new("whose").required(true).args(["search", "user", "all"])))]
pub(super) struct Args {
    /// One saved search (`saved_searches.id`).
    #[arg(long, value_name = "ID")]
    search: Option<i32>,
    /// All saved searches and the profile of one user (`users.id`).
    #[arg(long, value_name = "ID")]
    user: Option<i32>,
    /// All searches and profiles there are.
    #[arg(long)]
    all: bool,
    /// Postings first stored in this many days.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
    /// Tell the users of what is found; else it is stored as already seen.
    #[arg(long)]
    announce: bool,
    /// At most so many new pairs, newest postings first.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,
    /// Wait until a worker has done it, and print its report.
    #[arg(long)]
    wait: bool,
}

pub(super) async fn run(globals: &Globals, args: Args) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let store = Store::open(&config.database)?;
    known(&store, &args).await?;
    let task = tasks::find(Rematch::NAME).map_err(|message| Failure::new(2, message))?;
    let run = new_run(task, &args)?;
    let queue: Queue = run.queue;
    let enqueued = store.enqueue_for(Actor { id: "cli", address: None }, &run, None).await;
    let id = match enqueued.context("enqueue")? {
        Enqueued::New(id) | Enqueued::Known(id) => id,
        Enqueued::KeyReused => anyhow::bail!("the key was used for something else"),
    };
    let transport =
        Transport::open(&config.redis).map_err(|error| Failure::new(CONFIG, error.to_string()))?;
    transport.wake(queue, id);
    transport.flush().await;
    if !args.wait {
        globals.output().value(&json!({ "id": id, "queue": queue }), |_| {
            format!("run {id} on {}: queued", queue.as_str())
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    globals.output().say(format!("run {id} on {}: waiting for a worker", queue.as_str()));
    let ended = tokio::select! {
        ended = until_over(globals, &store, id) => ended?,
        _ = tokio::signal::ctrl_c() => {
            return Err(Failure::new(INTERRUPTED, format!("run {id} goes on without being waited for")).into());
        }
    };
    conclude(globals, &ended)
}

/// A search or user that is not there is a mistake of the one who asks.
async fn known(store: &Store, args: &Args) -> anyhow::Result<()> {
    if let Some(search) = args.search {
        let found = store.find_search(SearchId(search)).await.context("find search")?;
        if found.is_none_or(|search| !search.is_active) {
            return Err(Failure::new(1, format!("there is no active search {search}")).into());
        }
    }
    if let Some(user) = args.user
        && store.find_wishes(UserId(user)).await.context("find user")?.is_none()
    {
        return Err(Failure::new(1, format!("there is no user {user}")).into());
    }
    Ok(())
}

fn new_run(task: &dyn AnyTask, args: &Args) -> anyhow::Result<NewRun> {
    let args = RematchArgs {
        search_id: args.search,
        user_id: args.user,
        all: args.all,
        days: args.days,
        announce: args.announce,
        limit: args.limit,
        ..RematchArgs::default()
    };
    let args = serde_json::to_value(args).context("arguments")?;
    task.check(&args).map_err(|message| Failure::new(2, message))?;
    Ok(tasks::new_run(task, args, Trigger::Cli))
}

/// Looks every second, and says how far it is.
async fn until_over(globals: &Globals, store: &Store, id: RunId) -> anyhow::Result<Run> {
    let mut said = None;
    loop {
        let run = store.get_run(id).await.context("look at the run")?;
        let run = run.ok_or_else(|| Failure::new(1, format!("run {id} is gone")))?;
        if run.finished_at.is_some() {
            return Ok(run);
        }
        let far = (run.state.clone(), run.progress_done, run.progress_total);
        if run.state != "queued" && said.as_ref() != Some(&far) {
            let (state, done, total) = &far;
            globals.output().say(format!("run {id}: {state}, {done} of {total} postings"));
            said = Some(far);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn conclude(globals: &Globals, run: &Run) -> anyhow::Result<ExitCode> {
    let error = || run.error.clone().unwrap_or_default();
    match run.state.as_str() {
        "done" => {
            globals.output().value(&json!({ "run": run.id, "report": run.report }), |value| {
                serde_json::to_string_pretty(value).unwrap_or_default()
            })?;
            Ok(ExitCode::SUCCESS)
        }
        "cancelled" => Err(Failure::new(INTERRUPTED, format!("run {}: cancelled", run.id)).into()),
        state => Err(Failure::new(1, format!("run {}: {state}: {}", run.id, error())).into()),
    }
}
