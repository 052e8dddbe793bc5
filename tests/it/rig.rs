//! Workers with tasks made for tests, on a database of their own.

use std::{
    collections::HashMap,
    future::Future,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, LazyLock, Mutex},
    time::{Duration, Instant},
};

use career_worker::{
    clock::Clock,
    config::Config,
    domain::{NewRun, Queue, RunId, Trigger},
    fetch::{Fetch, LocalGate},
    queue::Transport,
    random::Random,
    store::{Run, Store},
    tasks::{AnyTask, Context, Erased, Matcher, Task, TaskError},
    worker::{Parts, Worker},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{sync::watch, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::support::TestDb;

/// What the tasks did, by the label in their arguments.
static EFFECTS: LazyLock<Mutex<HashMap<String, Effects>>> = LazyLock::new(Mutex::default);
static GATE: LazyLock<watch::Sender<Vec<String>>> = LazyLock::new(|| watch::Sender::new(Vec::new()));

#[derive(Clone, Debug, Default)]
pub struct Effects {
    pub runs: usize,
    pub now: usize,
    pub most: usize,
}

pub fn effects(label: &str) -> Effects {
    EFFECTS.lock().unwrap().get(label).cloned().unwrap_or_default()
}

/// Counts a task as being at work, however it ends.
struct Inside(String);

impl Inside {
    fn enter(args: &Args) -> Self {
        let mut all = EFFECTS.lock().unwrap();
        let effects = all.entry(args.label.clone()).or_default();
        effects.runs += 1;
        effects.now += 1;
        effects.most = effects.most.max(effects.now);
        Self(args.label.clone())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        EFFECTS.lock().unwrap().get_mut(&self.0).unwrap().now -= 1;
    }
}

/// Lets the `wait` tasks of a label end.
pub fn open_gate(label: &str) {
    GATE.send_modify(|open| open.push(label.to_owned()));
}

#[derive(Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Args {
    label: String,
    #[serde(default)]
    n: i64,
}

macro_rules! task {
    ($type:ident, $name:literal, $attempts:literal, $timeout:expr, |$args:ident, $ctx:ident| $body:expr) => {
        struct $type;
        impl Task for $type {
            const NAME: &'static str = $name;
            const QUEUE: Queue = Queue::Maintenance;
            const ABOUT: &'static str = "for tests";
            const ATTEMPTS: i16 = $attempts;
            const TIMEOUT: Duration = $timeout;
            type Args = Args;
            async fn run($args: Args, $ctx: Context) -> Result<Value, TaskError> {
                let _ = &$ctx;
                let _inside = Inside::enter(&$args);
                $body
            }
        }
    };
}

const LONG: Duration = Duration::from_mins(1);
task!(Note, "note", 3, LONG, |args, ctx| {
    ctx.progress.set(1, 1);
    Ok(json!({ "noted": args.n }))
});
task!(Failing, "fail", 3, LONG, |args, ctx| Err(TaskError::retry(anyhow::anyhow!("always fails"))));
task!(Panicking, "panic", 3, LONG, |args, ctx| panic!("poison {}", args.n));
task!(Hanging, "hang", 2, Duration::from_millis(200), |args, ctx| {
    std::future::pending::<()>().await;
    Ok(json!({}))
});
task!(Waiting, "wait", 3, LONG, |args, ctx| {
    ctx.progress.set(2, 5);
    let mut gate = GATE.subscribe();
    let label = args.label.clone();
    tokio::select! {
        _ = gate.wait_for(|open| open.contains(&label)) => Ok(json!({})),
        () = ctx.cancelled.cancelled() => Err(TaskError::cancelled()),
    }
});
task!(Stubborn, "stubborn", 3, LONG, |args, ctx| {
    std::future::pending::<()>().await;
    Ok(json!({}))
});
task!(Snoozing, "snooze", 1, LONG, |args, ctx| {
    if effects(&args.label).runs <= 4 {
        Err(TaskError::snooze(Duration::from_millis(5), anyhow::anyhow!("not yet")))
    } else {
        Ok(json!({}))
    }
});
task!(Busy, "busy", 1, LONG, |args, ctx| {
    tokio::time::sleep(Duration::from_millis(15)).await;
    Ok(json!({}))
});

task!(Steady, "steady", 2, LONG, |args, ctx| {
    tokio::time::sleep(Duration::from_millis(150)).await;
    Ok(json!({}))
});
task!(Blocking, "block", 3, Duration::from_millis(300), |args, ctx| {
    tracing::warn!("blocks its thread");
    // Never gives it back, as an endless loop would not.
    while !GATE.borrow().contains(&args.label) {
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(json!({}))
});
task!(Aborting, "abort", 3, LONG, |args, ctx| std::process::abort());
task!(Overflowing, "overflow", 3, LONG, |args, ctx| Ok(json!(deeper(args.n))));
task!(Eating, "eat", 3, LONG, |args, ctx| {
    let mut eaten = Vec::new();
    loop {
        eaten.push(vec![1_u8; 16 << 20]);
        std::hint::black_box(&eaten);
    }
});

/// Calls itself until there is no stack left.
#[expect(unconditional_recursion, reason = "that is the point")]
fn deeper(n: i64) -> i64 {
    let space = std::hint::black_box([n; 64]);
    deeper(space[7] + 1) + std::hint::black_box(space[9])
}

pub static TASKS: &[&dyn AnyTask] = &[
    &Erased::<Note>::new(),
    &Erased::<Failing>::new(),
    &Erased::<Panicking>::new(),
    &Erased::<Hanging>::new(),
    &Erased::<Waiting>::new(),
    &Erased::<Stubborn>::new(),
    &Erased::<Snoozing>::new(),
    &Erased::<Busy>::new(),
    &Erased::<Steady>::new(),
    &Erased::<Blocking>::new(),
    &Erased::<Aborting>::new(),
    &Erased::<Overflowing>::new(),
    &Erased::<Eating>::new(),
];

/// A run of one of the tasks above, on the maintenance queue.
pub fn new_run(task: &str, label: &str) -> NewRun {
    let known = TASKS.iter().find(|known| known.name() == task);
    NewRun {
        task: task.to_owned(),
        args: json!({ "label": label }),
        queue: Queue::Maintenance,
        priority: 0,
        key: None,
        run_at: None,
        max_attempts: known.map_or(3, |known| known.attempts()),
        timeout: known.map_or(LONG, |known| known.timeout()),
        trigger: Trigger::Worker,
        schedule: None,
    }
}

/// A label that no other test uses.
pub fn label() -> String {
    ulid::Ulid::generate().to_string()
}

/// A database, its settings, and workers on it.
pub struct Rig {
    pub db: TestDb,
    pub config: Arc<Config>,
}

/// A worker at work.
pub struct Running {
    pub shutdown: CancellationToken,
    pub halt: CancellationToken,
    pub ended: JoinHandle<()>,
}

impl Rig {
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With short leases and these settings on top.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        let db = TestDb::new().await;
        let config = Arc::new(Self::settings(&db.url, settings));
        Self { db, config }
    }

    /// The settings of a worker on this database.
    pub fn settings(url: &str, settings: &[(&str, &str)]) -> Config {
        let mut all = vec![
            ("runs.lease", "2s"),
            ("runs.renew", "200ms"),
            ("runs.poll", "200ms"),
            ("runs.reconcile", "200ms"),
            ("runs.backoff_first", "20ms"),
            ("runs.backoff_max", "50ms"),
            ("runs.drain", "10s"),
            ("redis.url", "redis://127.0.0.1:1"),
            ("fetch.gateway", "http://127.0.0.1:1"),
        ];
        all.retain(|(key, _)| !settings.iter().any(|(given, _)| given == key));
        all.extend_from_slice(settings);
        let mut all: Vec<_> = all.into_iter().map(|(key, value)| (key, value.to_owned())).collect();
        all.push(("database.url", url.to_owned()));
        let mut config = Config::load(None, &all).unwrap();
        config.queues.maintenance.concurrency = 8;
        // Many tests share one server.
        config.database.max_connections = 6;
        config
    }

    pub fn worker(&self, transport: Transport) -> Worker {
        Self::worker_with(self.config.clone(), transport)
    }

    fn worker_with(config: Arc<Config>, transport: Transport) -> Worker {
        Worker::with_tasks("test", Self::parts(config, transport), TASKS)
    }

    /// What a worker with these settings is made of.
    pub fn parts(config: Arc<Config>, transport: Transport) -> Parts {
        let gate = Arc::new(LocalGate);
        let fetch = Fetch::new(&config.fetch, Clock::system(), Random::system(), gate).unwrap();
        let matcher = Arc::new(Matcher::new(&config.matching).with_caps(&config.notify));
        Parts {
            store: Store::open(&config.database).unwrap(),
            config,
            fetch,
            matcher,
            clock: Clock::system(),
            random: Random::system(),
            transport,
        }
    }

    /// Starts a worker on the maintenance queue, without Redis.
    pub fn start(&self) -> Running {
        Self::serve(self.worker(Transport::local()))
    }

    /// Starts a worker that reaches the database through a proxy.
    pub async fn start_through_hole(&self) -> (Running, Hole) {
        let mut url = url::Url::parse(&self.db.url).unwrap();
        let host = url.host_str().unwrap_or("127.0.0.1").to_owned();
        let hole = Hole::before(format!("{host}:{}", url.port().unwrap_or(5432))).await;
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(hole.port)).unwrap();
        let mut config = (*self.config).clone();
        config.database.url = url.to_string().into();
        (Self::serve(Self::worker_with(Arc::new(config), Transport::local())), hole)
    }

    /// Starts a worker on the maintenance queue, with Redis.
    pub fn start_with_redis(&self) -> Running {
        Self::serve(self.worker(Transport::open(&self.config.redis).unwrap()))
    }

    fn serve(worker: Worker) -> Running {
        let (shutdown, halt) = (CancellationToken::new(), CancellationToken::new());
        let (first, second) = (shutdown.clone(), halt.clone());
        let ended = tokio::spawn(async move { worker.run(&[Queue::Maintenance], first, second).await });
        Running { shutdown, halt, ended }
    }

    pub async fn enqueue(&self, run: &NewRun) -> RunId {
        self.db.store.insert_run(run).await.unwrap().0
    }

    pub async fn run(&self, id: RunId) -> Run {
        self.db.store.get_run(id).await.unwrap().expect("the run exists")
    }

    pub async fn until_state(&self, id: RunId, state: &str) -> Run {
        until(&format!("run {id} is {state}"), || async { self.run(id).await.state == state }).await;
        self.run(id).await
    }

    pub async fn count(&self, state: &str) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM worker.runs WHERE state = $1")
            .bind(state)
            .fetch_one(&self.db.pool)
            .await
            .unwrap()
    }
}

impl Running {
    /// Shuts down and waits.
    pub async fn stop(self) {
        self.shutdown.cancel();
        tokio::time::timeout(Duration::from_secs(20), self.ended).await.expect("the worker stops").unwrap();
    }
}

/// Looks until it is true; fails after half a minute.
pub async fn until<F: Future<Output = bool>>(what: &str, mut look: impl FnMut() -> F) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !look().await {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A TCP proxy before a server, that can turn into a black hole: it accepts and never answers.
pub struct Hole {
    pub port: u16,
    swallow: watch::Sender<bool>,
}

impl Hole {
    pub async fn before(target: String) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let swallow = watch::Sender::new(false);
        let swallows = swallow.subscribe();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let (target, mut swallows) = (target.clone(), swallows.clone());
                tokio::spawn(async move {
                    let mut far = tokio::net::TcpStream::connect(target).await.unwrap();
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        () = async { swallows.wait_for(|swallow| *swallow).await.map(drop).unwrap_or_default() } => std::future::pending().await,
                    }
                });
            }
        });
        Self { port, swallow }
    }

    pub fn swallow(&self) {
        self.swallow.send_replace(true);
    }
}

/// A Redis of its own, that can be killed.
pub struct OwnRedis {
    process: Child,
    program: RedisProgram,
    port: u16,
    dir: PathBuf,
}

/// The server that the shared one is, wherever it was found.
#[derive(Clone)]
pub struct RedisProgram {
    file: String,
    libraries: String,
}

impl RedisProgram {
    /// The program in this file, which finds its libraries by itself.
    pub fn at(file: &Path) -> Self {
        Self { file: file.display().to_string(), libraries: String::new() }
    }

    /// The server, with its libraries and nothing to say.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.file);
        command.env("LD_LIBRARY_PATH", &self.libraries).stdin(Stdio::null());
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    pub async fn find() -> Option<Self> {
        let client = redis::Client::open(crate::support::redis_url().await).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let info: String = redis::cmd("INFO").arg("server").query_async(&mut connection).await.unwrap();
        let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
        // One on another machine has no file here.
        let file = field("executable:").filter(|file| Path::new(file).is_file())?;
        // A fetched server has libraries beside it; its environment says so no more, its memory does.
        let maps =
            std::fs::read_to_string(format!("/proc/{}/maps", field("process_id:")?)).unwrap_or_default();
        let libraries = maps
            .lines()
            .filter(|line| line.contains(".so"))
            .filter_map(|line| line.find('/').map(|at| &line[at..]));
        let folders: std::collections::BTreeSet<_> =
            libraries.filter_map(|file| Some(Path::new(file).parent()?.to_str()?.to_owned())).collect();
        Some(Self { file, libraries: folders.into_iter().collect::<Vec<_>>().join(":") })
    }

    fn spawn(&self, port: u16, dir: &Path) -> Option<Child> {
        let mut command = self.command();
        command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"]).arg(dir);
        command.spawn().ok()
    }
}

impl OwnRedis {
    pub async fn start() -> Option<Self> {
        let program = RedisProgram::find().await?;
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let dir = tempfile::tempdir().unwrap().keep();
        let mut redis = Self { process: program.spawn(port, &dir)?, program, port, dir };
        redis.ready().await;
        Some(redis)
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// kill -9 and a new start, without what was in memory.
    pub async fn crash(&mut self) {
        self.kill();
        self.restart().await;
    }

    /// A new start after a kill.
    pub async fn restart(&mut self) {
        self.process = self.program.spawn(self.port, &self.dir).unwrap();
        self.ready().await;
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    async fn ready(&mut self) {
        let client = redis::Client::open(self.url()).unwrap();
        until("redis answers", || async { client.get_multiplexed_async_connection().await.is_ok() }).await;
    }
}

impl Drop for OwnRedis {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
