//! Runs that kill or hold up whoever runs them: dead after their attempts, with the reason, and nothing else is harmed.

use std::{
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use career_worker::{
    config::{LogConfig, LogFormat},
    domain::{NewRun, Queue},
    queue::Transport,
    telemetry,
    worker::{Program, Worker, make_attempt},
};
use tokio::process::Command;
use tokio_util::sync::CancellationToken;

use crate::rig::{Rig, TASKS, label, new_run, open_gate, until};

const URL: &str = "CAREER_POISON_RUNS_URL";
/// Memory of a worker and of a process that makes one attempt, MiB.
const MEMORY: u64 = 768;
const INNOCENT: usize = 60;

fn this_test(name: &str) -> Program {
    let args = ["--exact", name, "--nocapture"].map(Into::into).to_vec();
    Program { path: std::env::current_exe().unwrap(), args }
}

fn settings(url: &str) -> Arc<career_worker::config::Config> {
    Arc::new(Rig::settings(url, &[]))
}

/// What the tasks of these tests say is kept, too.
fn start_logs() {
    telemetry::start_logs(&LogConfig { format: LogFormat::Json, filter: "warn".to_owned() }).unwrap();
}

/// A worker as a process of its own; does nothing on its own.
#[test]
fn one_worker() {
    let Ok(url) = std::env::var(URL) else { return };
    start_logs();
    // As a container would: who eats memory is stopped before the machine is.
    let most = Some(MEMORY << 20);
    let limit = rustix::process::Rlimit { current: most, maximum: most };
    rustix::process::setrlimit(rustix::process::Resource::Data, limit).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let worker = Worker::with_tasks("test", Rig::parts(settings(&url), Transport::local()), TASKS)
            .with_program(Some(this_test("poison_runs::one_attempt")));
        let never = CancellationToken::new();
        worker.run(&[Queue::Maintenance], never.clone(), never).await;
    });
}

/// One attempt as a process of its own; does nothing on its own.
#[test]
fn one_attempt() {
    let Ok(url) = std::env::var(URL) else { return };
    start_logs();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        make_attempt(&Rig::parts(settings(&url), Transport::local()), TASKS, MEMORY << 20).await;
    });
    runtime.shutdown_timeout(Duration::from_millis(100));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kills_its_process_is_dead_after_its_attempts_and_harms_nobody_else_twice() {
    let (rig, label) = (Rig::new().await, label());
    let deadly = ["abort", "overflow", "eat"];
    let mut poison = Vec::new();
    for n in 0..INNOCENT {
        // Two attempts are enough for anybody: a neighbour may cost one, never both.
        rig.enqueue(&NewRun { max_attempts: 2, ..new_run("steady", &label) }).await;
        if let Some(task) = (n % 12 == 5).then(|| ["abort", "overflow", "eat", "block", "panic"][n / 12]) {
            poison.push((task, rig.enqueue(&new_run(task, &label)).await));
        }
    }
    let start = || {
        let Program { path, args } = this_test("poison_runs::one_worker");
        let mut worker = Command::new(path);
        worker
            .args(args)
            .env(URL, &rig.db.url)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        worker.kill_on_drop(true).spawn().unwrap()
    };
    let (mut worker, mut deaths) = (start(), 0);
    let deadline = Instant::now() + Duration::from_secs(90);
    while rig.count("done").await + rig.count("dead").await < i64::try_from(INNOCENT + poison.len()).unwrap()
    {
        assert!(Instant::now() < deadline, "still {} to do", rig.count("queued").await);
        if worker.try_wait().unwrap().is_some() {
            deaths += 1;
            worker = start();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for (task, id) in poison {
        let run = rig.run(id).await;
        let error = run.error.unwrap();
        println!("{task}: {error}");
        let says: &[&str] = match task {
            "abort" => &["its process died (signal: 6"],
            "overflow" => &["its process died (signal: 6", "overflowed its stack"],
            "eat" => &["its process died (signal: 6", "memory allocation of"],
            "block" => &["timed out after 300ms"],
            _ => &["panicked: poison 0"],
        };
        assert!(says.iter().all(|part| error.contains(part)), "{task}: {error}");
        assert_eq!((run.state.as_str(), run.attempt), ("dead", 3), "{task}");
        if task == "block" {
            let said = "SELECT EXISTS (SELECT FROM worker.run_lines JOIN worker.runs ON id = run_id AND run_lines.claim = runs.claim
                                       WHERE id = $1 AND message = 'blocks its thread')";
            let said: bool = sqlx::query_scalar(said).bind(id.0).fetch_one(&rig.db.pool).await.unwrap();
            assert!(said, "what is said in a process of its own is kept with its run as well");
        }
    }
    assert_eq!(rig.count("done").await, i64::try_from(INNOCENT).unwrap());
    println!("{deaths} workers died of {} deadly runs of 3 attempts each", deadly.len());
    assert!((1..=deadly.len()).contains(&deaths), "each kills one worker at the most: {deaths}");
    let lost_twice: i64 =
        sqlx::query_scalar("SELECT count(*) FROM worker.runs WHERE task = 'steady' AND attempt > 2")
            .fetch_one(&rig.db.pool)
            .await
            .unwrap();
    assert_eq!(lost_twice, 0);
}

/// A rig whose workers end with so many stuck threads.
async fn rig_with_stuck(most: usize) -> Rig {
    let mut rig = Rig::new().await;
    Arc::make_mut(&mut rig.config).runs.stuck = most;
    rig
}

/// With a single thread for everything else, as on the smallest machine.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_run_that_never_gives_its_thread_back_holds_up_nobody() {
    let (rig, stuck, free) = (rig_with_stuck(9).await, label(), label());
    let id = rig.enqueue(&new_run("block", &stuck)).await;
    let worker = rig.start();
    let run = rig.until_state(id, "dead").await;
    assert_eq!((run.attempt, run.error.as_deref()), (3, Some("timed out after 300ms and does not stop")));
    let suspect: bool =
        sqlx::query_scalar("SELECT suspect FROM worker.runs").fetch_one(&rig.db.pool).await.unwrap();
    assert!(suspect);
    let after = rig.enqueue(&new_run("note", &free)).await;
    rig.until_state(after, "done").await;
    worker.stop().await;
    open_gate(&stuck);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_with_too_many_stuck_threads_drains_and_stops() {
    let (rig, stuck, going) = (rig_with_stuck(2).await, label(), label());
    let waiting = rig.enqueue(&new_run("wait", &going)).await;
    let worker = rig.start();
    rig.until_state(waiting, "running").await;
    rig.enqueue(&new_run("block", &stuck)).await;
    rig.enqueue(&new_run("block", &stuck)).await;
    until("both are tried in vain", || async {
        let tried = "SELECT count(*) FROM worker.runs WHERE suspect";
        sqlx::query_scalar::<_, i64>(tried).fetch_one(&rig.db.pool).await.unwrap() == 2
    })
    .await;
    let late = rig.enqueue(&new_run("note", &going)).await;
    open_gate(&going);
    tokio::time::timeout(Duration::from_secs(10), worker.ended).await.expect("it stops by itself").unwrap();
    assert_eq!(rig.run(waiting).await.state, "done");
    assert_eq!((rig.run(late).await.state, rig.count("running").await), ("queued".into(), 0));
    open_gate(&stuck);
}
