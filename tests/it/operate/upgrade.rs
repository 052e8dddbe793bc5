//! A rolling upgrade: an older program and this one side by side while work flows, the database migrated in between.
//!
//! The older program is somebody's to bring, since it has to be built: `CAREER_OLD_PROGRAM=PATH cargo test --test it operate::upgrade --
//! --ignored`, with the program of an earlier commit.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use axum::{Router, extract::Path as Part, routing::get};
use sqlx::PgPool;
use tokio::net::TcpListener;

use crate::{
    process::{Program, signal},
    support::{TestDb, eventually, redis_url, unique},
};

/// Runs wanted in each of the three phases: old alone, both, new alone.
const RUNS: i32 = 40;

struct Serving(Child);

impl Serving {
    fn start(path: Option<&Path>, program: &Program) -> Self {
        let mut command = like(path, program, &["serve"]);
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    async fn drain(mut self) {
        signal("TERM", self.0.id());
        for _ in 0..600 {
            if let Some(status) = self.0.try_wait().unwrap() {
                assert!(status.success(), "{status}");
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it does not end");
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The command of this program, or of the one at `path`.
fn like(path: Option<&Path>, program: &Program, args: &[&str]) -> Command {
    let ours = program.command(args);
    let Some(path) = path else { return ours };
    let mut command = Command::new(path);
    command.args(args).stdin(Stdio::null());
    for (name, value) in ours.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

async fn feed(Part((host, _)): Part<(String, String)>) -> String {
    format!(
        "<rss version=\"2.0\"><channel><title>x</title><item><title>Keeper {host}</title><guid>{host}</guid>\
         <link>https://{host}/1</link><description>Keeps the light.</description></item></channel></rss>"
    )
}

/// Wants runs from `first` on, one every few milliseconds.
async fn want(pool: &PgPool, first: i32) {
    for number in first..first + RUNS {
        let host = format!("h{number}.example");
        let board = serde_json::json!({
            "board": format!("b{number}"), "company": "Lighthouse Works", "options": { "url": format!("https://{host}/feed") }
        });
        sqlx::query("SELECT worker.enqueue('scrape', $1, key => $2)")
            .bind(serde_json::json!({ "source": "feed", "boards": [board] }))
            .bind(&host)
            .execute(pool)
            .await
            .unwrap();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn count(pool: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the program of an earlier commit: CAREER_OLD_PROGRAM"]
async fn nothing_is_lost_or_doubled_while_one_program_takes_over_from_another() {
    let old = PathBuf::from(
        std::env::var_os("CAREER_OLD_PROGRAM").expect("CAREER_OLD_PROGRAM: path of an older program"),
    );
    let db = TestDb::unmigrated().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let gateway = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/https/{host}/{file}", get(feed));
    tokio::spawn(async move { axum::serve(listener, router).await });
    let jobs = tempfile::tempdir().unwrap();
    let program = Program::at(&db.url, &redis_url().await, jobs.path())
        .with("CAREER__REDIS__PREFIX", unique())
        .with("CAREER__ADMIN__BIND", "127.0.0.1:0")
        .with("CAREER__FETCH__GATEWAY", &gateway)
        .with("CAREER__FETCH__GATEWAY_PER_SECOND", "1000");
    let migrate = |path: Option<&Path>| {
        let output = like(path, &program, &["db", "migrate"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    migrate(Some(&old));
    sqlx::query(
        "WITH u AS (INSERT INTO users (email, hashed_password) VALUES ('a@example.com', 'x') RETURNING id)
         INSERT INTO saved_searches (user_id, name, query) SELECT id, 'k', 'keeper' FROM u",
    )
    .execute(&db.pool)
    .await
    .unwrap();

    let first = [Serving::start(Some(&old), &program), Serving::start(Some(&old), &program)];
    let known = "SELECT count(*) FROM worker.tasks WHERE name = 'scrape'";
    eventually(Duration::from_secs(30), async || count(&db.pool, known).await == 1).await;
    want(&db.pool, 0).await;
    let ((), ()) = tokio::join!(
        async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            migrate(None);
        },
        want(&db.pool, RUNS),
    );
    let second = [Serving::start(None, &program), Serving::start(None, &program)];
    want(&db.pool, 2 * RUNS).await;
    for serving in first {
        serving.drain().await;
    }
    want(&db.pool, 3 * RUNS).await;
    let wanted = i64::from(4 * RUNS);
    let done = "SELECT count(*) FROM worker.runs WHERE task = 'scrape' AND state = 'done'";
    eventually(Duration::from_mins(1), async || count(&db.pool, done).await == wanted).await;
    let told = "SELECT count(*) FROM notifications";
    eventually(Duration::from_mins(1), async || count(&db.pool, told).await >= wanted).await;
    for serving in second {
        serving.drain().await;
    }
    assert_eq!(count(&db.pool, told).await, wanted, "each posting is told of once");
    assert_eq!(count(&db.pool, "SELECT count(*) FROM jobs").await, wanted);
    assert_eq!(count(&db.pool, "SELECT count(DISTINCT job_id) FROM worker.announcements").await, wanted);
    assert_eq!(count(&db.pool, "SELECT count(*) FROM worker.outbox").await, 0);
    let wrong = "SELECT count(*) FROM worker.runs WHERE state NOT IN ('done', 'queued')";
    assert_eq!(count(&db.pool, wrong).await, 0, "no run failed, died or was left");
}
