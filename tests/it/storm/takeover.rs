//! What a worker held when it was killed is elsewhere within forty seconds, with the leases of an installation that changed nothing.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{net::TcpListener, sync::Mutex};

use super::number;
use crate::{
    process::Program,
    support::{TestDb, eventually, unique},
};

const ELSEWHERE: Duration = Duration::from_secs(40);

/// A source that takes every question and answers none.
async fn silence() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let held = Arc::new(Mutex::new(Vec::new()));
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            held.lock().await.push(connection);
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_workers_run_is_elsewhere_within_forty_seconds() {
    let db = TestDb::new().await;
    let jobs = tempfile::tempdir().unwrap();
    let mut program = Program::at(&db.url, &crate::support::redis_url().await, jobs.path())
        .with("CAREER__REDIS__PREFIX", unique())
        .with("CAREER__FETCH__GATEWAY", format!("http://127.0.0.1:{}", silence().await));
    for (key, default) in [("LEASE", "20s"), ("RENEW", "5s"), ("RECONCILE", "5s"), ("POLL", "1s")] {
        program = program.with(&format!("CAREER__RUNS__{key}"), default);
    }
    let start = || program.start(&["serve", "--roles", "worker"]);
    let mut first = start();
    let counts = |statement, count| {
        let pool = &db.pool;
        eventually(
            Duration::from_mins(1),
            move || async move { number(pool, statement).await == Some(count) },
        )
    };
    counts("SELECT count(*) FROM worker.tasks WHERE name = 'scrape'", 1).await;
    sqlx::query("SELECT worker.enqueue('scrape', '{\"source\": \"greenhouse\", \"boards\": [\"silent\"]}')")
        .execute(&db.pool)
        .await
        .unwrap();
    counts("SELECT count(*) FROM worker.runs WHERE task = 'scrape' AND state = 'running'", 1).await;

    let _second = start();
    first.kill();
    let killed = Instant::now();
    counts("SELECT count(*) FROM worker.runs WHERE task = 'scrape' AND claim > 1", 1).await;
    let took = killed.elapsed();
    println!("elsewhere {:.1} s after the kill", took.as_secs_f64());
    assert!(took <= ELSEWHERE, "{took:?}");
}
