//! The ledger and its wakes as a queue: how soon a run starts, and how many runs that do nothing are worked off in a second; beside other
//! queues on the same servers, in turns.
//!
//! ```sh
//! cargo bench --bench queue                                              # ours alone
//! cargo bench --bench queue -- --peers celery,bullmq,pgboss,graphile     # benches/peers/queue/README.md says how to install them
//! ```
//!
//! The worker and who enqueues have connections of their own to PostgreSQL and Redis, as in two processes: a run is recorded by one, and the
//! other is woken through Redis. PostgreSQL syncs each commit and Redis appends to its log. A further peer is a script in `peers/queue`
//! that prints the same line of JSON, and a row of [`PEERS`].
#![expect(clippy::print_stdout, reason = "this is what it is for")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

#[expect(dead_code, reason = "shared by benchmarks")]
mod measures;
#[expect(dead_code, reason = "shared by benchmarks")]
mod server;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    process::{Command, Stdio},
    sync::{Arc, Mutex, OnceLock},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use career_worker::{
    clock::Clock,
    config::Config,
    domain::{Queue, Trigger},
    fetch::{Fetch, LocalGate},
    queue::Transport,
    random::Random,
    store::Store,
    tasks::{self, AnyTask, Context, Erased, Matcher, Task, TaskError},
    worker::{Parts, Worker},
};
use clap::Parser;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

use self::{
    measures::{Goal, Measures, median, quantile},
    server::Server,
};

/// Runs for the time until a start, one after the other.
const SINGLE: usize = 300;
/// Runs at once, as many as `BullMQ` is given in each of its processes.
const AT_ONCE: usize = 50;
/// Workers beside each other on one machine, each with its own connections.
const REPLICAS: [usize; 4] = [1, 2, 4, 8];
/// Pause between single runs.
const APART: Duration = Duration::from_millis(20);

/// Peers: name, the program that runs the script, the script.
const PEERS: [(&str, &str, &str); 4] = [
    ("celery", "target/peers/queue/venv/bin/python", "benches/peers/queue/celery_peer.py"),
    ("bullmq", "node", "benches/peers/queue/bullmq.mjs"),
    ("pgboss", "node", "benches/peers/queue/pgboss.mjs"),
    ("graphile", "node", "benches/peers/queue/graphile.mjs"),
];

/// Runs that do nothing.
#[derive(Parser)]
#[command(name = "cargo bench --bench queue --")]
struct Options {
    /// Runs to be worked off
    #[arg(long, default_value_t = 100_000)]
    runs: usize,
    /// Tasks for each peer, which may be slower
    #[arg(long, default_value_t = 20_000)]
    peer_runs: usize,
    /// Rounds, of which the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Other queues to measure
    #[arg(long, value_delimiter = ',')]
    peers: Vec<String>,
    /// Given by cargo
    #[arg(long, hide = true)]
    bench: bool,
}

/// What one queue did in one round, milliseconds and runs a second.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Round {
    p50: f64,
    p99: f64,
    throughput: f64,
}

type Start = (usize, Instant);
static STARTS: OnceLock<Mutex<mpsc::UnboundedSender<Start>>> = OnceLock::new();

#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct NothingArgs {
    number: usize,
}

/// Says that it has started, and nothing else.
struct Nothing;

impl Task for Nothing {
    const NAME: &'static str = "nothing";
    const QUEUE: Queue = Queue::Maintenance;
    const ABOUT: &'static str = "Does nothing";
    type Args = NothingArgs;

    async fn run(args: NothingArgs, _ctx: Context) -> Result<Value, TaskError> {
        if let Some(starts) = STARTS.get().and_then(|starts| starts.lock().ok()) {
            _ = starts.send((args.number, Instant::now()));
        }
        Ok(json!({}))
    }
}

static ALL: &[&dyn AnyTask] = &[&Erased::<Nothing>::new()];

struct Bench {
    config: Arc<Config>,
    pool: PgPool,
    starts: mpsc::UnboundedReceiver<Start>,
}

impl Bench {
    /// A worker with connections of its own, which are to be closed when it has ended.
    fn worker(&self, role: &str) -> anyhow::Result<(Worker, Store)> {
        let config = Arc::clone(&self.config);
        let store = Store::open(&config.database)?;
        let parts = Parts {
            store: store.clone(),
            fetch: Fetch::new(&config.fetch, Clock::system(), Random::system(), Arc::new(LocalGate))?,
            matcher: Arc::new(Matcher::new(&config.matching)),
            transport: Transport::open(&config.redis)?,
            config,
            clock: Clock::system(),
            random: Random::system(),
        };
        Ok((Worker::with_tasks(role, parts, ALL), store))
    }

    async fn round(&mut self, runs: usize) -> anyhow::Result<Round> {
        sqlx::query("TRUNCATE worker.runs CASCADE").execute(&self.pool).await?;
        let ((worker, store), (sender, senders)) = (self.worker("worker")?, self.worker("sender")?);
        let stop = CancellationToken::new();
        let stopped = stop.clone();
        let working = tokio::spawn(async move {
            worker.run(&Queue::ALL, stopped, CancellationToken::new()).await;
        });
        let mut waits = self.single(&sender).await?;
        stop.cancel();
        working.await?;
        store.close().await;
        senders.close().await;
        let throughput = self.many(runs, 1).await?;
        Ok(Round { p50: quantile(&mut waits, 0.5), p99: quantile(&mut waits, 0.99), throughput })
    }

    /// Milliseconds from before a run was recorded until it started, one after the other on an idle worker.
    async fn single(&mut self, sender: &Worker) -> anyhow::Result<Vec<f64>> {
        let task = ALL[0];
        let mut waits = Vec::new();
        for number in 0..SINGLE + 20 {
            let run = tasks::new_run(task, json!({ "number": number }), Trigger::Admin);
            let begin = Instant::now();
            sender.enqueue(&run).await?;
            let (started, at) = self.starts.recv().await.context("no run started")?;
            ensure!(started == number, "another run started");
            waits.push(at.duration_since(begin).as_secs_f64() * 1e3);
            tokio::time::sleep(APART).await;
        }
        // The first ones open connections.
        Ok(waits.split_off(20))
    }

    /// Runs worked off in a second by some workers, all of the runs recorded before.
    async fn many(&mut self, runs: usize, workers: usize) -> anyhow::Result<f64> {
        sqlx::query(
            "INSERT INTO worker.runs (task, args, queue, trigger)
             SELECT 'nothing', '{}', 'maintenance', 'api' FROM generate_series(1, $1)",
        )
        .bind(i32::try_from(runs)?)
        .execute(&self.pool)
        .await?;
        sqlx::query("VACUUM ANALYZE worker.runs").execute(&self.pool).await?;
        let stop = CancellationToken::new();
        let mut working = JoinSet::new();
        let begin = Instant::now();
        for _ in 0..workers {
            let ((worker, store), stopped) = (self.worker("worker")?, stop.clone());
            working.spawn(async move {
                worker.run(&Queue::ALL, stopped, CancellationToken::new()).await;
                store.close().await;
            });
        }
        for _ in 0..runs {
            self.starts.recv().await.context("no run started")?;
        }
        let waiting = "SELECT count(*) FROM worker.runs WHERE state <> 'done'";
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&self.pool).await? > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let seconds = begin.elapsed().as_secs_f64();
        stop.cancel();
        working.join_all().await;
        Ok(runs as f64 / seconds)
    }
}

/// One round of a peer; its script starts its own workers on the servers given.
fn peer(name: &str, server: &Server, runs: usize) -> anyhow::Result<Round> {
    let (_, program, script) =
        PEERS.iter().find(|(known, ..)| *known == name).with_context(|| format!("unknown peer {name}"))?;
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let program = if program.contains('/') { root.join(program) } else { PathBuf::from(program) };
    let output = Command::new(&program)
        .arg(root.join(script))
        .args([server.redis_url(), server.database_url(), &runs.to_string(), &SINGLE.to_string()])
        .env("NODE_PATH", root.join("target/peers/queue/node_modules"))
        .current_dir(root.join("target/peers/queue"))
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{name}: benches/peers/queue/README.md says how to install it"))?;
    ensure!(output.status.success(), "{name}: {}", output.status);
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.starts_with('{')).with_context(|| format!("{name}: {text}"))?;
    serde_json::from_str(line).with_context(|| line.to_owned())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let mut measures = Measures::of("queue");
    let server = Server::durable().await?;
    server.store().await?;
    let (sender, starts) = mpsc::unbounded_channel();
    _ = STARTS.set(Mutex::new(sender));
    let mut config = server.config()?;
    config.queues.maintenance.concurrency = AT_ONCE;
    let mut bench = Bench { config: Arc::new(config), pool: server.pool().await?, starts };
    let mut all: BTreeMap<&str, Vec<Round>> = BTreeMap::new();
    for number in 1..=options.rounds.max(1) {
        let mut note = |name, round: Round| {
            println!(
                "round {number}: {name:<10} start p50 {:.2} ms, p99 {:.2} ms; {:.0} runs/s",
                round.p50, round.p99, round.throughput
            );
            all.entry(name).or_default().push(round);
        };
        note("ours", bench.round(options.runs).await?);
        for name in &options.peers {
            note(name, tokio::task::block_in_place(|| peer(name, &server, options.peer_runs))?);
        }
    }
    let of =
        |name: &str, get: fn(&Round) -> f64| median(all.get(name).into_iter().flatten().map(get).collect());
    measures.note("start of a run on an idle worker, p50", of("ours", |round| round.p50), "ms");
    let p99 = of("ours", |round| round.p99);
    measures.against("start of a run on an idle worker, p99", p99, "ms", Goal::AtMost(50.0));
    let ours = of("ours", |round| round.throughput);
    measures.note("runs that do nothing", ours, "runs/s");
    for name in &options.peers {
        measures.note(&format!("{name}: start p50"), of(name, |round| round.p50), "ms");
        measures.note(&format!("{name}: start p99"), of(name, |round| round.p99), "ms");
        let theirs = of(name, |round| round.throughput);
        measures.note(&format!("{name}: tasks that do nothing"), theirs, "tasks/s");
        let (what, ratio) = (format!("runs a second against {name}"), ours / theirs);
        match name.as_str() {
            "celery" => measures.against(&what, ratio, "times", Goal::AtLeast(2.0)),
            "pgboss" => measures.against(&what, ratio, "times", Goal::AtLeast(1.0)),
            _ => measures.note(&what, ratio, "times"),
        }
    }
    // Together they stay below what a server allows when nothing is said.
    Arc::make_mut(&mut bench.config).database.max_connections = 8;
    for workers in REPLICAS {
        sqlx::query("TRUNCATE worker.runs CASCADE").execute(&bench.pool).await?;
        let rate = bench.many(options.runs, workers).await?;
        measures.at("runs that do nothing, by workers", rate, "runs/s", "workers", workers as f64);
    }
    measures.save()
}
