//! Very many runs at once: worked off with the same memory and at the same pace from the first to the last, in the worker and in Redis.

use std::{
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use career_worker::{
    domain::{NewRun, Outcome, Queue, RunId, Trigger},
    queue::Transport,
    tasks::{Prune, Task as _},
    worker::Worker,
};
use redis::AsyncCommands as _;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::rig::{OwnRedis, Rig, TASKS, until};

const URL: &str = "CAREER_LONG_QUEUE_URL";
const REDIS: &str = "CAREER_LONG_QUEUE_REDIS";
/// Runs under way at once.
const SLOTS: usize = 32;
/// Pointers given to Redis for the runs; it takes as many as are of use.
const POINTERS: i64 = 50_000;
/// What the worker and Redis may grow by after the first tenth, KiB.
const GROWTH: (u64, u64) = (12 << 10, 8 << 10);

fn settings(url: &str, redis: &str) -> career_worker::config::Config {
    let mut config = Rig::settings(url, &[("redis.url", redis), ("runs.lease", "30s"), ("runs.poll", "1s")]);
    config.queues.maintenance.concurrency = SLOTS;
    config.database.max_connections = 8;
    config
}

/// A worker as a process of its own; does nothing on its own.
#[test]
fn one_worker() {
    let (Ok(url), Ok(redis)) = (std::env::var(URL), std::env::var(REDIS)) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let config = settings(&url, &redis);
        let transport = Transport::open(&config.redis).unwrap();
        let worker = Worker::with_tasks("test", Rig::parts(Arc::new(config), transport), TASKS);
        let never = CancellationToken::new();
        worker.run(&[Queue::Maintenance], never.clone(), never).await;
    });
}

async fn redis_memory(redis: &mut redis::aio::MultiplexedConnection) -> u64 {
    let info: String = redis::cmd("INFO").arg("memory").query_async(redis).await.unwrap();
    let used = info.lines().find_map(|line| line.strip_prefix("used_memory:")).unwrap();
    used.trim().parse::<u64>().unwrap() >> 10
}

fn process_memory(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
async fn work_off(runs: i64, patience: Duration) {
    let redis = OwnRedis::start().await.expect("a Redis");
    let rig = Rig::with(&[("redis.url", &redis.url())]).await;
    let client = redis::Client::open(redis.url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    sqlx::query(
        "INSERT INTO worker.runs (task, args, queue, trigger)
         SELECT 'note', '{\"label\": \"long\"}', 'maintenance', 'worker' FROM generate_series(1, $1)",
    )
    .bind(runs)
    .execute(&rig.db.pool)
    .await
    .unwrap();
    let empty = redis_memory(&mut connection).await;
    let transport = Transport::open(&rig.config.redis).unwrap();
    for run in 1..=runs.min(POINTERS) {
        transport.wake(Queue::Maintenance, RunId(run));
        if run % 1000 == 0 {
            transport.flush().await;
        }
    }
    let waiting = redis_memory(&mut connection).await;
    assert!(waiting - empty < GROWTH.1, "pointers in Redis: {empty} -> {waiting} KiB");

    let mut worker = tokio::process::Command::new(std::env::current_exe().unwrap());
    worker.args(["--exact", "long_queue::one_worker"]).env(URL, &rig.db.url).env(REDIS, redis.url());
    worker.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let worker = worker.spawn().unwrap();
    let id = worker.id().unwrap();
    let (started, mut tenths, mut memory, mut redis_most) = (Instant::now(), Vec::new(), Vec::new(), waiting);
    loop {
        // An estimate while it goes on would be wrong, and counting a million rows all the time is work for the database.
        let done: i64 = sqlx::query_scalar("SELECT count(*) FROM worker.runs WHERE state = 'done'")
            .fetch_one(&rig.db.pool)
            .await
            .unwrap();
        while i64::try_from(tenths.len()).unwrap() < done * 10 / runs {
            tenths.push(started.elapsed());
        }
        if !tenths.is_empty() {
            memory.push(process_memory(id));
        }
        redis_most = redis_most.max(redis_memory(&mut connection).await);
        if done == runs {
            break;
        }
        assert!(started.elapsed() < patience, "{done} of {runs} after {:?}", started.elapsed());
        tokio::time::sleep(Duration::from_millis(if runs > 100_000 { 1000 } else { 100 })).await;
    }
    let (first, most) = (memory[0], memory.iter().copied().max().unwrap());
    let took = started.elapsed();
    let last_tenth = tenths[9].saturating_sub(tenths[8]).max(Duration::from_millis(1));
    println!(
        "{runs} runs in {took:?}: {:.0}/s; first tenth {:?}, last tenth {last_tenth:?}; worker {first} KiB after a tenth, {most} KiB at the \
         most; Redis {empty} KiB empty, {redis_most} KiB at the most",
        runs as f64 / took.as_secs_f64(),
        tenths[0],
    );
    assert!(most.saturating_sub(first) < GROWTH.0, "worker: {first} -> {most} KiB");
    assert!(redis_most - empty < GROWTH.1, "Redis: {empty} -> {redis_most} KiB");

    // What is finished leaves Redis.
    for key in ["data", "done", "active", "scheduled"] {
        let key = format!("career:maintenance:{key}");
        let connection = tokio::sync::Mutex::new(&mut connection);
        until(&format!("{key} is gone"), || async {
            !connection.lock().await.exists::<_, bool>(&key).await.unwrap()
        })
        .await;
    }
    let meta: Vec<String> = connection.keys("career:maintenance:meta:*").await.unwrap();
    assert!(meta.is_empty(), "{} of {runs} are still described", meta.len());
    drop(worker);
    prune(&rig, runs).await;
}

/// The policy of the task `prune` on runs of two weeks ago and of today.
async fn prune(rig: &Rig, runs: i64) {
    let kept = runs / 10;
    sqlx::query("UPDATE worker.runs SET finished_at = now() - interval '15 days' WHERE id > $1")
        .bind(kept)
        .execute(&rig.db.pool)
        .await
        .unwrap();
    let worker = Worker::new("test", Rig::parts(rig.config.clone(), Transport::local()));
    let run = NewRun {
        task: Prune::NAME.to_owned(),
        args: json!({}),
        queue: Prune::QUEUE,
        priority: 0,
        key: None,
        run_at: None,
        max_attempts: 1,
        timeout: Duration::from_mins(10),
        trigger: Trigger::Cli,
        schedule: None,
    };
    let started = Instant::now();
    let (_, outcome) = worker.execute(&run, &CancellationToken::new()).await.unwrap();
    let Outcome::Done(report) = outcome else { panic!("{outcome:?}") };
    println!("{} runs pruned in {:?}", report["runs"], started.elapsed());
    assert_eq!(report["runs"], runs - kept);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM worker.runs WHERE task = 'note'")
        .fetch_one(&rig.db.pool)
        .await
        .unwrap();
    assert_eq!(left, kept);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_runs_at_once_cost_no_more_than_a_few() {
    work_off(20_000, Duration::from_mins(3)).await;
}

/// `cargo test --release --test it a_million_runs -- --ignored --nocapture`
#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes"]
async fn a_million_runs_at_once_cost_no_more_than_a_few() {
    work_off(1_000_000, Duration::from_hours(1)).await;
}
