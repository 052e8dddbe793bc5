//! `career-worker dev`: everything on this machine with one command, and one round of work to see.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    Globals,
    daemon::{Daemon, Role, Stopping},
    failure::{Failure, INTERRUPTED},
    output::table,
    read_schedules,
};
use crate::{
    admin::token::{Role as TokenRole, mint},
    config::Config,
    dev::{Replay, ReplayOptions, Stack, StackOptions, default_data_dir, refuse_foreign, seed},
    domain::{NewRun, Outcome, Queue, Trigger},
    schedule::Schedule,
    sources::SOURCES,
    store::Actor,
    tasks,
    worker::Worker,
};

/// Recorded cases of a source that stand for healthy boards; the others show failures.
const HEALTHY: [&str; 2] = ["messy", "ordinary"];

/// Start everything here, databases included, and show one round of work on recorded postings.
#[derive(Debug, clap::Args)]
pub(super) struct DevArgs {
    /// Folder of the private servers' data; your cache folder where not given.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Stop after the round of work.
    #[arg(long)]
    once: bool,
    /// Ask the real sources for the boards of the schedules instead of the recorded ones.
    #[arg(long)]
    live: bool,
    /// Folder of the recorded exchanges.
    #[arg(long, value_name = "DIR", default_value = "fixtures")]
    fixtures: PathBuf,
}

/// What is logged where nobody asked for more: the tables say the rest.
const QUIET: &str = "warn,apalis_core=off,apalis_redis=off";

/// A killed worker keeps its domains for the length of a lease; a round waits for them this long.
const PATIENCE: Duration = Duration::from_mins(2);

/// Boards by source.
type Boards = BTreeMap<String, Vec<Value>>;

pub(super) async fn run(globals: &Globals, args: DevArgs) -> anyhow::Result<ExitCode> {
    let output = globals.output();
    let asked = globals.read_settings(&[])?;
    let stopping = Stopping::on_signals()?;
    let given = |name: &str| std::env::var(name).ok().filter(|url| !url.is_empty());
    let data = match &args.data {
        Some(data) => data.clone(),
        None => default_data_dir()?,
    };
    output.say(format!("starting PostgreSQL and Redis in {}", data.display()));
    let options = StackOptions {
        data,
        durable: true,
        database_url: given("DATABASE_URL"),
        redis_url: given("REDIS_URL"),
    };
    let stack = Stack::start(options).await?;
    let mut overrides = vec![
        ("database.url", stack.database_url.clone()),
        ("redis.url", stack.redis_url.clone()),
        ("admin.bind", free(asked.admin.bind).await?.to_string()),
    ];
    if given("RUST_LOG").is_none() && globals.config.is_none() {
        overrides.push(("log.filter", QUIET.to_owned()));
    }
    let schedules = read_schedules(&asked)?;
    let (boards, replay) = if args.live {
        (scheduled_boards(&schedules), None)
    } else {
        let replay = Replay::start(std::slice::from_ref(&args.fixtures), ReplayOptions::default()).await?;
        overrides.push(("fetch.gateway", replay.url().to_string()));
        (recorded_boards(&args.fixtures)?, Some(replay))
    };
    let mut config = Config::clone(&*globals.settings(&overrides)?);
    if replay.is_some() && config.fetch.gateway_per_second.is_none() {
        // Our own server on this machine need not be spared.
        config.fetch.gateway_per_second = Some(100.0);
    }
    let daemon = Daemon::open(Arc::new(config))?;
    let worked = work(output, &daemon, &args, schedules, &boards, &stopping).await;
    daemon.close().await;
    if let Some(replay) = replay {
        replay.stop().await;
    }
    drop(stack);
    worked.map(|()| ExitCode::SUCCESS)
}

/// The round of work and, unless it is to be the only one, the daemon.
async fn work(
    output: super::Output,
    daemon: &Daemon,
    args: &DevArgs,
    schedules: Vec<Schedule>,
    boards: &Boards,
    stopping: &Stopping,
) -> anyhow::Result<()> {
    refuse_foreign(&daemon.parts.store).await?;
    daemon.ready_database(true).await?;
    seed(&daemon.parts.store).await.context("seed users, searches and profiles")?;
    output.say(if args.live {
        "asking the real sources"
    } else {
        "asking recorded boards over loopback HTTP"
    });
    let round = round(output, &daemon.worker("dev"), boards, stopping).await?;
    show(output, &round)?;
    if !args.once && !stopping.drain.is_cancelled() {
        welcome(output, daemon).await?;
        let schedules: Vec<_> = schedules.into_iter().map(|schedule| narrow(schedule, boards)).collect();
        let roles = [Role::Scheduler, Role::Worker, Role::Admin];
        daemon.play(&roles, &Queue::ALL, schedules.into(), stopping).await?;
    }
    Ok(())
}

/// The wanted address, or a free port beside it where it is taken.
async fn free(wanted: SocketAddr) -> anyhow::Result<SocketAddr> {
    if tokio::net::TcpListener::bind(wanted).await.is_ok() {
        return Ok(wanted);
    }
    let any =
        tokio::net::TcpListener::bind(SocketAddr::new(wanted.ip(), 0)).await.context("find a free port")?;
    Ok(any.local_addr()?)
}

fn scheduled_boards(schedules: &[Schedule]) -> Boards {
    let mut boards = Boards::new();
    for schedule in schedules.iter().filter(|schedule| schedule.enabled && schedule.task == "scrape") {
        if let (Some(source), Some(list)) =
            (schedule.args["source"].as_str(), schedule.args["boards"].as_array())
        {
            boards.entry(source.to_owned()).or_default().extend(list.iter().cloned());
        }
    }
    boards
}

fn recorded_boards(fixtures: &Path) -> anyhow::Result<Boards> {
    #[derive(Deserialize)]
    struct Exchange {
        board: String,
        company: Option<String>,
        #[serde(default)]
        options: toml::Table,
    }
    let mut boards = Boards::new();
    for source in SOURCES {
        for case in HEALTHY {
            let file = fixtures.join(source.name()).join(case).join("exchange.toml");
            let text = std::fs::read_to_string(&file).with_context(|| {
                format!(
                    "{}: dev is run in the project's folder, or with --fixtures or --live",
                    file.display()
                )
            })?;
            let exchange: Exchange = toml::from_str(&text).with_context(|| file.display().to_string())?;
            let mut board = json!({ "board": exchange.board });
            if let Some(company) = exchange.company {
                board["company"] = company.into();
            }
            if !exchange.options.is_empty() {
                board["options"] = serde_json::to_value(exchange.options)?;
            }
            let list = boards.entry(source.name().to_owned()).or_default();
            // A source with one list has one board, of which the newest recording is served.
            if !list.contains(&board) {
                list.push(board);
            }
        }
    }
    Ok(boards)
}

/// A scrape schedule over these boards only; others stay as they are.
fn narrow(mut schedule: Schedule, boards: &Boards) -> Schedule {
    if schedule.task == "scrape"
        && let Some(list) = schedule.args["source"].as_str().and_then(|source| boards.get(source))
    {
        schedule.args["boards"] = list.clone().into();
    }
    schedule
}

/// What one round of work came to.
#[derive(Debug, Default, Serialize)]
struct Round {
    sources: Vec<Value>,
    postings_matched: u64,
    matches: u64,
    notifications: u64,
}

async fn round(
    output: super::Output,
    worker: &Worker,
    boards: &Boards,
    stopping: &Stopping,
) -> anyhow::Result<Round> {
    let mut round = Round::default();
    for (source, list) in boards {
        let report =
            execute(output, worker, "scrape", json!({ "source": source, "boards": list }), stopping).await?;
        if let Some(missing) = report["not_configured"].as_array() {
            let missing: Vec<_> = missing.iter().filter_map(Value::as_str).collect();
            round.sources.push(json!({
                "source": source, "board": "", "seen": 0, "new": 0, "changed": 0, "gone": 0, "returned": 0, "rejected": 0,
                "not_configured": missing.join(", "),
            }));
        }
        for board in report["boards"].as_array().into_iter().flatten() {
            let mut row = board.clone();
            row["source"] = source.as_str().into();
            round.sources.push(row);
        }
    }
    let matched = execute(output, worker, "match", json!({}), stopping).await?;
    round.postings_matched = matched["postings"].as_u64().unwrap_or(0);
    round.matches = matched["matches"].as_u64().unwrap_or(0);
    let told = execute(output, worker, "notify", json!({}), stopping).await?;
    round.notifications = told["notifications"].as_u64().unwrap_or(0);
    Ok(round)
}

async fn execute(
    output: super::Output,
    worker: &Worker,
    task: &str,
    args: Value,
    stopping: &Stopping,
) -> anyhow::Result<Value> {
    let known = tasks::find(task).map_err(anyhow::Error::msg)?;
    let run = NewRun {
        task: task.to_owned(),
        args,
        queue: known.queue(),
        priority: 0,
        key: None,
        run_at: None,
        max_attempts: 1,
        timeout: known.timeout(),
        trigger: Trigger::Cli,
        schedule: None,
    };
    let deadline = Instant::now() + PATIENCE;
    loop {
        let executed = worker.execute(&run, &stopping.drain).await;
        let (id, outcome) = executed.with_context(|| format!("run {task}"))?;
        match outcome {
            Outcome::Done(report) => return Ok(report),
            Outcome::Cancelled => return Err(Failure::new(INTERRUPTED, "interrupted").into()),
            Outcome::Snooze { after, reason } if Instant::now() + after < deadline => {
                output.say(format!("waiting {} s: {reason}", after.as_secs()));
                tokio::select! {
                    () = tokio::time::sleep(after) => {}
                    () = stopping.drain.cancelled() => return Err(Failure::new(INTERRUPTED, "interrupted").into()),
                }
            }
            Outcome::Retry { error, .. }
            | Outcome::Stuck { error }
            | Outcome::Fail { error }
            | Outcome::Snooze { reason: error, .. } => {
                anyhow::bail!("{task} (run {id}): {error}")
            }
        }
    }
}

fn show(output: super::Output, round: &Round) -> anyhow::Result<()> {
    output.value(round, |round| {
        let columns = ["source", "board", "seen", "new", "changed", "gone", "rejected", "says"];
        let text = |row: &Value, key: &str| match &row[key] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            other => other.to_string(),
        };
        let mut rows: Vec<Vec<String>> = round
            .sources
            .iter()
            .map(|row| {
                let mut cells: Vec<_> = columns[..7].iter().map(|key| text(row, key)).collect();
                cells.push(if row["not_modified"] == true {
                    "not modified".to_owned()
                } else if row["too_early"] == true {
                    "not asked: its terms want a pause".to_owned()
                } else if let Some(missing) = row["not_configured"].as_str() {
                    format!("not configured: {missing}")
                } else {
                    text(row, "error")
                });
                cells
            })
            .collect();
        let sum =
            |key: &str| round.sources.iter().filter_map(|row| row[key].as_u64()).sum::<u64>().to_string();
        rows.push(
            std::iter::once("all".to_owned())
                .chain([String::new()])
                .chain(columns[2..7].iter().map(|key| sum(key)))
                .chain([String::new()])
                .collect(),
        );
        let results = [
            ("postings matched", round.postings_matched),
            ("matches", round.matches),
            ("notifications", round.notifications),
        ];
        let results = results.map(|(name, count)| vec![name.to_owned(), count.to_string()]);
        format!("{}\n\n{}", table(&columns, rows), table(&["result", "count"], results))
    })?;
    Ok(())
}

const DEV: Actor<'static> = Actor { id: "dev", address: None };

/// Says where things are, with a token that lasts a day.
async fn welcome(output: super::Output, daemon: &Daemon) -> anyhow::Result<()> {
    let parts = &daemon.parts;
    let expires = parts.clock.now() + chrono::TimeDelta::days(1);
    let minted = mint(&parts.random, parts.clock.now(), "dev", TokenRole::Admin, None, Some(expires));
    parts.store.insert_token_for(DEV, &minted.token).await.context("keep token")?;
    output.say(format!(
        "\nserving scheduler, workers and admin endpoint; Ctrl-C stops everything\n  \
         admin     http://{}\n  token     {}\n  database  {}\n  redis     {}\n  \
         try       curl -H \"authorization: bearer {}\" http://{}/api/v1/runs",
        parts.config.admin.bind,
        minted.shown.expose_secret(),
        parts.config.database.url.expose_secret(),
        parts.config.redis.url.expose_secret(),
        minted.shown.expose_secret(),
        parts.config.admin.bind,
    ));
    Ok(())
}
