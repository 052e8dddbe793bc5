//! Pages from a streaming replica: how far behind it may be, and what is seen when it stands still or is gone.

use std::{
    os::unix::{fs::MetadataExt as _, process::CommandExt as _},
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use career_worker::servers::{Scratch, ScratchOptions};
use serde_json::Value;
use sqlx::{PgPool, postgres::PgPoolOptions};
use url::Url;

use crate::{
    process::{Program, Running, ask, free_port, get, signal},
    rig::until,
    support::{redis_url, unique},
};

/// How far the replica may be behind.
const LAG: Duration = Duration::from_secs(2);

/// A server made by `pg_basebackup` of the primary that it follows.
struct Replica {
    data: PathBuf,
    server: Option<Child>,
    port: u16,
    url: String,
}

/// A program of the primary's, by the account that owns its folder: servers refuse to be root.
fn program(primary: &Scratch, name: &str) -> Option<Command> {
    let mut command = primary.program(name)?;
    let (owner, own) =
        (std::fs::metadata(primary.folder()).unwrap(), std::fs::metadata("/proc/self").unwrap());
    if own.uid() == 0 && owner.uid() != 0 {
        command.uid(owner.uid()).gid(owner.gid());
    }
    command.current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
    Some(command)
}

impl Replica {
    /// `None` where there is no `pg_basebackup`.
    async fn of(primary: &Scratch) -> Option<Self> {
        let Some(mut copy) = program(primary, "pg_basebackup") else {
            eprintln!("NOT CHECKED: pages from a replica; there is no pg_basebackup beside the server");
            return None;
        };
        let (data, port) = (primary.folder().join("replica"), free_port());
        copy.arg("-D").arg(&data).args(["-R", "-X", "stream", "-c", "fast", "-d", &primary.url]);
        let copied = tokio::task::spawn_blocking(move || copy.status().unwrap()).await.unwrap();
        assert!(copied.success());
        let mut url = Url::parse(&primary.url).unwrap();
        url.set_port(Some(port)).unwrap();
        let mut replica = Self { data, server: None, port, url: url.into() };
        replica.start(primary);
        until("the replica answers", || async { PgPool::connect(&replica.url).await.is_ok() }).await;
        Some(replica)
    }

    fn start(&mut self, primary: &Scratch) {
        let mut server = program(primary, "postgres").unwrap();
        server.arg("-D").arg(&self.data).args([
            "-c",
            &format!("port={}", self.port),
            "-c",
            "listen_addresses=127.0.0.1",
        ]);
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(primary.folder().join("replica.log"))
            .unwrap();
        server
            .args(["-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "max_connections=300"])
            .stderr(log);
        self.server = Some(server.spawn().unwrap());
    }

    fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            signal("QUIT", server.id());
            let _ = server.wait();
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.stop();
    }
}

/// An endpoint over both.
struct Desk {
    _endpoint: Running,
    program: Program,
    port: u16,
    bearer: String,
}

impl Desk {
    async fn open(primary: &Scratch, replica: &Replica, files: &std::path::Path) -> Self {
        let port = free_port();
        let program = Program::at(&primary.url, &redis_url().await, files)
            .with("CAREER__DATABASE__READ_URL", &replica.url)
            .with("CAREER__DATABASE__READ_LAG", format!("{}s", LAG.as_secs()))
            .with("CAREER__REDIS__PREFIX", unique())
            .with("CAREER__ADMIN__BIND", format!("127.0.0.1:{port}"));
        program.output(&["db", "migrate"]);
        let token = program.output(&["token", "create", "desk", "--role", "operator"]);
        let token = token.split_whitespace().find(|word| word.len() > 30).unwrap().to_owned();
        let endpoint = program.start(&["serve", "--roles", "admin"]);
        Self { _endpoint: endpoint, program, port, bearer: format!("authorization: Bearer {token}\r\n") }
    }

    async fn replica(&self) -> Value {
        let body = get(self.port, "/readyz", "").await.unwrap_or_default();
        serde_json::from_str::<Value>(&body)
            .map(|ready| ready["topology"]["replica"].clone())
            .unwrap_or_default()
    }

    async fn until_used(&self, used: bool) {
        until(&format!("the replica is used: {used}"), || async { self.replica().await["used"] == used })
            .await;
    }

    /// How many runs there are, as the API says to this caller.
    async fn runs(&self, headers: &str) -> usize {
        let body = get(self.port, "/api/v1/runs", &format!("{}{headers}", self.bearer)).await.unwrap();
        let answer: Value = serde_json::from_str(&body).unwrap();
        answer["items"].as_array().unwrap_or_else(|| panic!("{answer}")).len()
    }
}

async fn enqueue(pool: &PgPool) {
    let run = "INSERT INTO worker.runs (task, args, queue, trigger) VALUES ('prune', '{}', 'maintenance', 'worker')";
    sqlx::query(run).execute(pool).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_come_from_a_replica_that_is_near_and_from_the_primary_otherwise() {
    // The servers of all tests fetch programs where there are none.
    redis_url().await;
    let primary = Scratch::start(&ScratchOptions::default()).await.unwrap();
    let Some(mut replica) = Replica::of(&primary).await else { return };
    let files = tempfile::tempdir().unwrap();
    let desk = Desk::open(&primary, &replica, files.path()).await;
    let before = PgPoolOptions::new().max_connections(2).connect(&primary.url).await.unwrap();
    let behind = PgPoolOptions::new().max_connections(2).connect(&replica.url).await.unwrap();
    desk.until_used(true).await;
    let doctor =
        || String::from_utf8_lossy(&desk.program.command(&["doctor"]).output().unwrap().stdout).into_owned();
    assert!(doctor().contains("database replica"), "{}", doctor());

    // What stands still shows what was; that it does so is how we know who answered.
    sqlx::query("SELECT pg_wal_replay_pause()").execute(&behind).await.unwrap();
    enqueue(&before).await;
    assert_eq!(desk.runs("").await, 0, "the replica, which is less than two seconds behind");
    assert_eq!(desk.runs("cache-control: no-cache\r\n").await, 1, "who wants it fresh");
    let paused = Instant::now();
    desk.until_used(false).await;
    println!("a replica that stands still is left after {:.1} s", paused.elapsed().as_secs_f64());
    assert!(paused.elapsed() < LAG + Duration::from_secs(4));
    assert_eq!(desk.runs("").await, 1, "the primary, as the replica is too far behind");
    assert!(doctor().contains("does not follow the primary"), "{}", doctor());
    sqlx::query("SELECT pg_wal_replay_resume()").execute(&behind).await.unwrap();
    desk.until_used(true).await;
    assert_eq!(desk.runs("").await, 1);

    // A person sees what they did, by a cookie.
    sqlx::query("SELECT pg_wal_replay_pause()").execute(&behind).await.unwrap();
    let body = "{\"task\": \"prune\"}";
    let head = ask(
        desk.port,
        "POST",
        "/api/v1/runs",
        &format!("{}content-type: application/json\r\n", desk.bearer),
        body,
    )
    .await
    .unwrap();
    let cookie =
        head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap_or_else(|| panic!("{head}"));
    assert!(cookie.starts_with("career_deed=1;") && cookie.contains("HttpOnly"), "{cookie}");
    let lasts: u64 = cookie.split("Max-Age=").nth(1).unwrap().split(';').next().unwrap().parse().unwrap();
    assert!(lasts > LAG.as_secs(), "{cookie}");
    let (with, without) = (desk.runs("cookie: career_deed=1\r\n").await, desk.runs("").await);
    assert_eq!((with, without), (2, 1));
    sqlx::query("SELECT pg_wal_replay_resume()").execute(&behind).await.unwrap();

    // One that is gone is missed by nobody.
    desk.until_used(true).await;
    behind.close().await;
    replica.stop();
    let stopped = Instant::now();
    while stopped.elapsed() < Duration::from_secs(6) {
        assert_eq!(desk.runs("").await, 2, "{:?} after its end", stopped.elapsed());
        // A token may ask so often.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(desk.replica().await["used"], false);
    let metrics = get(desk.port, "/metrics", "").await.unwrap();
    let lag = metrics.lines().find_map(|line| line.strip_prefix("career_replica_lag_seconds ")).unwrap();
    assert!(lag.parse::<f64>().unwrap() > LAG.as_secs_f64(), "{lag}");
    replica.start(&primary);
    desk.until_used(true).await;
}
