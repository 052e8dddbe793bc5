//! Kills, flushes and crashes while real processes work: nothing is lost, nothing is doubled.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use career_worker::{
    config::Config,
    dev::{Replay, ReplayOptions},
    domain::{NewRun, Queue, Trigger},
    random::Random,
    store::Store,
};
use serde_json::json;
use sqlx::{PgPool, postgres::PgPoolOptions};

use crate::process::{Program, Running, own_stack, signal};

const BOARDS: u16 = 20;
const POSTINGS: u16 = 30;
const USERS: u16 = 20;
const KILLS: usize = 50;
const FLUSHES: usize = 5;
const CRASHES: usize = 2;

/// Writes boards as the source would serve them; posting `n` is for user `n % USERS` alone.
fn write_boards(dir: &Path) {
    for board in 0..BOARDS {
        let jobs: Vec<_> = (0..POSTINGS)
            .map(|index| {
                let number = board * POSTINGS + index;
                json!({
                    "id": 7_000_000 + u32::from(number), "title": format!("Keeper token{:02}", number % USERS),
                    "absolute_url": format!("https://boards.greenhouse.io/storm{board}/jobs/{}", 7_000_000 + u32::from(number)),
                    "location": { "name": "Berlin, Germany" }, "company_name": format!("Storm {board}"),
                    "updated_at": "2026-11-01T10:00:00-04:00", "first_published": "2026-11-01T10:00:00-04:00",
                    "content": "&lt;p&gt;Keeps the light.&lt;/p&gt;", "metadata": [], "departments": [], "offices": [],
                })
            })
            .collect();
        let case = dir.join(format!("greenhouse/storm{board}"));
        std::fs::create_dir_all(&case).unwrap();
        let exchange = format!(
            "source = \"greenhouse\"\nmethod = \"GET\"\nurl = \"https://boards-api.greenhouse.io/v1/boards/storm{board}/jobs?content=true\"\n\
             status = 200\ncontent_type = \"application/json\"\nboard = \"storm{board}\"\nrecords = {POSTINGS}\ncomplete = true\n"
        );
        std::fs::write(case.join("exchange.toml"), exchange).unwrap();
        let body = json!({ "jobs": jobs, "meta": { "total": POSTINGS } });
        std::fs::write(case.join("response.json"), body.to_string()).unwrap();
    }
}

async fn prepare(store: &Store, pool: &PgPool) {
    store.migrate().await.unwrap();
    for user in 0..USERS {
        sqlx::query(
            "WITH u AS (INSERT INTO users (email, hashed_password) VALUES ($1, 'x') RETURNING id)
             INSERT INTO saved_searches (user_id, name, query) SELECT id, 'storm', $2 FROM u",
        )
        .bind(format!("user{user}@example.com"))
        .bind(format!("token{user:02}"))
        .execute(pool)
        .await
        .unwrap();
    }
    for board in 0..BOARDS {
        let run = NewRun {
            task: "scrape".to_owned(),
            args: json!({ "source": "greenhouse", "boards": [format!("storm{board}")] }),
            queue: Queue::Scrape,
            priority: 0,
            key: Some(format!("storm{board}")),
            run_at: None,
            max_attempts: 1000,
            timeout: Duration::from_mins(1),
            trigger: Trigger::Sql,
            schedule: None,
        };
        store.insert_run(&run).await.unwrap();
    }
}

/// A number from a statement; `None` while the database is down.
async fn number(pool: &PgPool, statement: &'static str) -> Option<i64> {
    sqlx::query_scalar(statement).fetch_one(pool).await.ok()
}

async fn storm(random: &Random, program: &Program, redis_url: &str, pool: &PgPool) {
    let start = |_| program.start(&["serve", "--roles", "worker"]);
    let mut workers: Vec<Running> = (0..2).map(start).collect();
    let redis = redis::Client::open(redis_url).unwrap();
    for kill in 1..=KILLS {
        tokio::time::sleep(Duration::from_millis(150) + random.up_to(Duration::from_millis(500))).await;
        let victim = usize::try_from(random.below(2)).unwrap();
        workers[victim].kill();
        workers[victim] = start(victim);
        if kill % (KILLS / FLUSHES) == 0 {
            let mut connection = redis.get_multiplexed_async_connection().await.unwrap();
            redis::cmd("FLUSHALL").query_async::<()>(&mut connection).await.unwrap();
        }
        if kill % (KILLS / CRASHES) == KILLS / CRASHES / 2 {
            // A backend killed makes the server drop every session and recover from its log, as after an immediate stop.
            let pid = number(
                pool,
                "SELECT pid::bigint FROM pg_stat_activity WHERE backend_type = 'background writer'",
            )
            .await;
            if let Some(pid) = pid {
                signal("KILL", pid);
            }
        }
    }
    drained(pool).await;
}

async fn drained(pool: &PgPool) {
    let deadline = Instant::now() + Duration::from_secs(75);
    let open = "SELECT (SELECT count(*) FROM worker.runs WHERE state IN ('queued', 'failed', 'running') AND task = 'scrape')
                     + (SELECT count(*) FROM worker.outbox) + (SELECT count(*) FROM worker.matches WHERE notified_at IS NULL)";
    loop {
        let left = number(pool, open).await;
        if left == Some(0) {
            return;
        }
        assert!(Instant::now() < deadline, "still {left:?} pieces of work after the storm");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn kills_flushes_and_crashes_lose_and_double_nothing() {
    let seed =
        std::env::var("CAREER_STORM_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_261_123);
    println!("seed {seed} (CAREER_STORM_SEED)");
    let random = Random::seeded(seed);
    let stack = own_stack().await;
    let files = tempfile::tempdir().unwrap();
    let (boards, jobs) = (files.path().join("boards"), files.path().join("jobs"));
    std::fs::create_dir_all(&jobs).unwrap();
    write_boards(&boards);
    let replay = Replay::start(&[boards], ReplayOptions::default()).await.unwrap();
    let pool = PgPoolOptions::new().max_connections(2).connect(&stack.database_url).await.unwrap();
    let config = Config::load(None, &[("database.url", stack.database_url.clone())]).unwrap();
    let store = Store::open(&config.database).unwrap();
    prepare(&store, &pool).await;

    let program = Program::on(&stack, &jobs).with("CAREER__FETCH__GATEWAY", replay.url().to_string());
    storm(&random, &program, &stack.redis_url, &pool).await;

    let all = i64::from(BOARDS * POSTINGS);
    for (what, statement, expected) in [
        ("rows in jobs", "SELECT count(*) FROM jobs", all),
        ("identities in jobs", "SELECT count(DISTINCT source_id) FROM jobs WHERE is_active", all),
        ("sightings", "SELECT count(*) FROM worker.sightings", all),
        ("matches", "SELECT count(*) FROM worker.matches", all),
        ("notifications", "SELECT count(*) FROM notifications WHERE type = 'job_match'", all),
        (
            "pairs notified",
            "SELECT count(DISTINCT (n.user_id, n.data->>'job_id')) FROM notifications n
             JOIN jobs j ON j.id = (n.data->>'job_id')::int
             JOIN saved_searches s ON s.user_id = n.user_id AND j.title LIKE '%' || s.query",
            all,
        ),
        (
            "scrapes done",
            "SELECT count(*) FROM worker.runs WHERE task = 'scrape' AND state = 'done'",
            i64::from(BOARDS),
        ),
    ] {
        assert_eq!(number(&pool, statement).await, Some(expected), "{what}");
    }
    // A sweep may die of so many kills, and is wanted again; anything else may not.
    let dead: Vec<String> = sqlx::query_scalar(
        "SELECT task || ', attempt ' || attempt || ': ' || coalesce(error, '') FROM worker.runs WHERE state = 'dead'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let killed = |run: &&String| !run.starts_with("scrape") && run.contains("worker lost");
    assert!(dead.iter().all(|run| killed(&run)), "{dead:?}");
    replay.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_ticks_run_once_while_replicas_are_killed() {
    const SCHEDULES: u16 = 12;
    const TICKS: u16 = 5;
    let random = Random::seeded(60);
    let stack = own_stack().await;
    let jobs = tempfile::tempdir().unwrap();
    for schedule in 0..SCHEDULES {
        let text = "task = \"prune\"\nschedule = \"0 0 1 1 *\"\ncatch_up = \"all\"\noverlap = \"queue\"\nretry = { attempts = 100 }\n";
        std::fs::write(jobs.path().join(format!("tick{schedule}.toml")), text).unwrap();
    }
    let pool = PgPoolOptions::new().max_connections(2).connect(&stack.database_url).await.unwrap();
    let config = Config::load(None, &[("database.url", stack.database_url.clone())]).unwrap();
    Store::open(&config.database).unwrap().migrate().await.unwrap();

    let program = Program::on(&stack, jobs.path());
    let start = || program.start(&["serve", "--roles", "scheduler,worker", "--queues", "maintenance"]);
    let mut replicas = [start(), start()];
    let known = "SELECT count(*) FROM worker.schedules";
    let deadline = Instant::now() + Duration::from_secs(20);
    while number(&pool, known).await != Some(i64::from(SCHEDULES)) {
        assert!(Instant::now() < deadline, "the schedules did not become known");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for schedule in 0..SCHEDULES {
        // Once a year: so many years back, so many ticks are due now.
        sqlx::query(
            "UPDATE worker.schedules SET watermark = date_trunc('year', now()) - make_interval(years => $2) + interval '1 day' WHERE name = $1",
        )
        .bind(format!("tick{schedule}"))
        .bind(i32::from(TICKS))
        .execute(&pool)
        .await
        .unwrap();
        tokio::time::sleep(random.up_to(Duration::from_millis(250))).await;
        if schedule % 2 == 0 {
            let victim = usize::try_from(random.below(2)).unwrap();
            replicas[victim].kill();
            replicas[victim] = start();
        }
    }
    let done = "SELECT count(*) FROM worker.runs WHERE trigger = 'schedule' AND state = 'done'";
    let deadline = Instant::now() + Duration::from_secs(30);
    while number(&pool, done).await != Some(i64::from(SCHEDULES * TICKS)) {
        assert!(
            Instant::now() < deadline,
            "{:?} of {} ticks ran",
            number(&pool, done).await,
            SCHEDULES * TICKS
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for (what, statement) in [
        ("runs", "SELECT count(*) FROM worker.runs WHERE trigger = 'schedule'"),
        ("ticks", "SELECT count(*) FROM worker.ticks WHERE outcome = 'fired'"),
        (
            "different ticks that ran",
            "SELECT count(DISTINCT (schedule, scheduled_for)) FROM worker.runs WHERE state = 'done' AND trigger = 'schedule'",
        ),
    ] {
        assert_eq!(number(&pool, statement).await, Some(i64::from(SCHEDULES * TICKS)), "{what}");
    }
}
