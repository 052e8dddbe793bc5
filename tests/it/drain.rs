//! SIGTERM to the real program while a hundred runs are under way: each is finished or given back, in time, and none is lost.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::get,
};
use career_worker::domain::{NewRun, Queue, Trigger};
use serde_json::json;
use tokio::{net::TcpListener, sync::watch};

use crate::{
    process::{Program, Running, free_port, signal},
    rig::until,
    support::{TestDb, redis_url, unique},
};

const RUNS: u16 = 100;
/// Feeds with lower numbers answer when half of them are wanted.
const HALF: u16 = RUNS / 2;
const DRAIN: Duration = Duration::from_secs(4);

/// How many of the feeds answer by now.
struct Feeds {
    answering: watch::Sender<u16>,
    asked: AtomicUsize,
}

async fn feed(State(feeds): State<Arc<Feeds>>, Path((host, file)): Path<(String, String)>) -> Response {
    let number = host.trim_start_matches('h').trim_end_matches(".example").parse::<u16>();
    let (Ok(number), "feed") = (number, file.as_str()) else { return StatusCode::NOT_FOUND.into_response() };
    feeds.asked.fetch_add(1, Ordering::Relaxed);
    let mut answering = feeds.answering.subscribe();
    answering.wait_for(|most| number < *most).await.unwrap();
    format!(
        "<rss version=\"2.0\"><channel><title>x</title><item><title>Keeper {number}</title><guid>{number}</guid>\
         <link>https://{host}/{number}</link><description>Keeps the light.</description></item></channel></rss>"
    )
    .into_response()
}

struct Scene {
    db: TestDb,
    feeds: Arc<Feeds>,
    program: Program,
    address: String,
    _jobs: tempfile::TempDir,
}

impl Scene {
    /// Runs that wait for feeds which do not answer yet.
    async fn set(runs: u16, drain: &str) -> Self {
        let db = TestDb::new().await;
        let feeds = Arc::new(Feeds { answering: watch::Sender::new(0), asked: AtomicUsize::new(0) });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = format!("http://{}", listener.local_addr().unwrap());
        let app = axum::Router::new().route("/https/{host}/{file}", get(feed)).with_state(feeds.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        for number in 0..runs {
            let board = json!({
                "board": format!("b{number}"), "company": "Lighthouse Works",
                "options": { "url": format!("https://h{number}.example/feed") },
            });
            let run = NewRun {
                task: "scrape".to_owned(),
                args: json!({ "source": "feed", "boards": [board] }),
                queue: Queue::Scrape,
                priority: 0,
                key: None,
                run_at: None,
                max_attempts: 2,
                timeout: Duration::from_mins(5),
                trigger: Trigger::Sql,
                schedule: None,
            };
            db.store.insert_run(&run).await.unwrap();
        }
        let jobs = tempfile::tempdir().unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let program = Program::at(&db.url, &redis_url().await, jobs.path())
            .with("CAREER__REDIS__PREFIX", unique())
            .with("CAREER__FETCH__GATEWAY", gateway)
            .with("CAREER__FETCH__GATEWAY_PER_SECOND", "1000")
            .with("CAREER__QUEUES__SCRAPE__CONCURRENCY", RUNS.to_string())
            .with("CAREER__ADMIN__BIND", address.clone())
            .with("CAREER__RUNS__LEASE", "30s")
            .with("CAREER__RUNS__DRAIN", drain);
        Self { db, feeds, program, address, _jobs: jobs }
    }

    async fn start(&self) -> Running {
        let queued: i64 = sqlx::query_scalar("SELECT count(*) FROM worker.runs WHERE task = 'scrape'")
            .fetch_one(&self.db.pool)
            .await
            .unwrap();
        self.start_for(u16::try_from(queued).unwrap()).await
    }

    /// Starts it and waits until so many runs are under way.
    async fn start_for(&self, runs: u16) -> Running {
        let before = self.feeds.asked.load(Ordering::Relaxed);
        let running = self.program.start(&["serve", "--roles", "worker,admin", "--queues", "scrape"]);
        until("all are under way", || async {
            self.feeds.asked.load(Ordering::Relaxed) - before == usize::from(runs)
        })
        .await;
        running
    }

    /// Runs by state, attempts that count included.
    async fn runs(&self, state: &str, attempt: i16) -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM worker.runs WHERE task = 'scrape' AND state = $1 AND attempt = $2 AND owner IS NULL AND lease_until IS NULL",
        )
        .bind(state)
        .bind(attempt)
        .fetch_one(&self.db.pool)
        .await
        .unwrap()
    }

    async fn postings(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM jobs").fetch_one(&self.db.pool).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_runs_under_way_are_finished_or_given_back_in_time() {
    let scene = Scene::set(RUNS, "4s").await;
    let mut running = scene.start().await;
    signal("TERM", running.id());
    let started = Instant::now();
    scene.feeds.answering.send_replace(HALF);
    let status = running.ended(DRAIN * 3).await;
    let took = started.elapsed();
    println!("{RUNS} runs under way: ended {took:?} after the signal, with a deadline of {DRAIN:?}");
    assert!(status.success(), "{status}");
    assert!(took <= DRAIN + Duration::from_secs(1), "{took:?}");
    assert_eq!(
        (scene.runs("done", 1).await, scene.runs("queued", 0).await),
        (i64::from(HALF), i64::from(RUNS - HALF))
    );
    assert_eq!(scene.postings().await, i64::from(HALF));
    // Those that ended have kept what they said; those that were given back say it again.
    let said = "SELECT count(DISTINCT run_id) FROM worker.run_lines WHERE message = 'board read' AND fields ? 'board'";
    let said: i64 = sqlx::query_scalar(said).fetch_one(&scene.db.pool).await.unwrap();
    assert_eq!(said, i64::from(HALF));

    // Nobody has to wait for a lease: the next one takes them at once.
    scene.feeds.answering.send_replace(RUNS);
    let next = scene.program.start(&["serve", "--roles", "worker", "--queues", "scrape"]);
    until("all are done", || async { scene.runs("done", 1).await == i64::from(RUNS) }).await;
    assert_eq!(scene.postings().await, i64::from(RUNS));
    drop(next);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sigterm_does_not_wait_for_anything() {
    let scene = Scene::set(RUNS, "10m").await;
    let mut running = scene.start().await;
    signal("TERM", running.id());
    // It has heard the first when its endpoint is closed.
    until("it drains", || async { tokio::net::TcpStream::connect(&scene.address).await.is_err() }).await;
    signal("TERM", running.id());
    let started = Instant::now();
    let status = running.ended(Duration::from_secs(20)).await;
    let took = started.elapsed();
    println!("ended {took:?} after the second signal");
    assert!(status.success() && took <= Duration::from_secs(1), "{status}: {took:?}");
    assert_eq!(scene.runs("queued", 0).await, i64::from(RUNS));
}

/// Processes that make an attempt for this worker.
fn attempts_of(worker: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let ours = |id: &u32| {
        let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
        let arguments = std::fs::read_to_string(format!("/proc/{id}/cmdline")).unwrap_or_default();
        status.lines().any(|line| line == format!("PPid:\t{worker}")) && arguments.contains("\0attempt\0")
    };
    processes.filter(ours).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_makes_an_attempt_heeds_its_worker_and_does_not_outlive_it() {
    const SUSPECTS: u16 = 3;
    let scene = Scene::set(SUSPECTS, "500ms").await;
    let suspect = "UPDATE worker.runs SET suspect = true";
    sqlx::query(suspect).execute(&scene.db.pool).await.unwrap();
    let mut running = scene.start().await;
    let processes = attempts_of(running.id());
    assert_eq!(processes.len(), usize::from(SUSPECTS));
    // One finishes; the others are told to stop at the deadline, and their attempt does not count.
    scene.feeds.answering.send_replace(1);
    until("one is done", || async { scene.runs("done", 1).await == 1 }).await;
    // Signals of a terminal or a supervisor go to all processes at once.
    for process in &processes {
        signal("TERM", process);
    }
    signal("TERM", running.id());
    assert!(running.ended(Duration::from_secs(5)).await.success());
    assert_eq!(scene.runs("queued", 0).await, i64::from(SUSPECTS - 1));

    // A worker that is killed takes its processes with it.
    let mut running = scene.start_for(SUSPECTS - 1).await;
    let processes = attempts_of(running.id());
    assert_eq!(processes.len(), usize::from(SUSPECTS - 1));
    running.kill();
    until("its processes are gone", || async {
        processes.iter().all(|id| {
            let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
            status.is_empty() || status.contains("State:\tZ")
        })
    })
    .await;
}
