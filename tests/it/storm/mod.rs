//! Storms: everything that can go wrong at once, while real processes of the program work; nothing may be lost or doubled.
//!
//! A storm is drawn from a seed ([`plan`]), played on a stage of real servers and processes with proxies between them ([`stage`],
//! [`servers`], [`proxy`], [`replica`], [`skew`], [`disk`], [`faults`]), while the world publishes postings and wants runs ([`source`],
//! [`world`]) and probes are watched ([`watch`]). When it is over, [`checker`] compares the database with what must be, and [`report`]
//! holds the figures. [`controls`] are storms in a glass: what the harness must see, it sees. Nothing here uses the program's own statements, and nothing sleeps to wait for the program: it looks until a deadline.
//!
//! Three storms of a minute are in the suite. `CAREER_STORM_SEED` gives them another seed; a longer one is
//! `CAREER_STORM_SECONDS=600 cargo test --test it storm::on_demand -- --ignored --nocapture`.

pub mod checker;
pub mod controls;
mod disk;
mod faults;
mod plan;
pub mod proxy;
mod replica;
mod report;
mod servers;
mod skew;
pub mod source;
pub mod stage;
mod takeover;
mod watch;
pub mod world;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use tokio::{sync::Mutex, task::JoinSet};

use faults::Done;
use plan::{Peer, Plan, Terms};
use report::{DRAINED, Report};
use stage::{Shared, Stage};
use watch::{Probes, Usage};
use world::Wishes;

/// Storms are played one after the other: each fills the machine.
static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());

/// How long the processes may take to be at work, on a busy machine.
const BEGIN: Duration = Duration::from_mins(1);

/// A run of a dead worker is elsewhere within this time, outages of the database included.
const PROMISED: Duration = Duration::from_secs(40);

/// A lease of a minute's storm; the long one has that of production.
const SHORT_LEASE: Duration = Duration::from_secs(3);
const LONG_LEASE: Duration = Duration::from_secs(20);

async fn storm(seed: u64, length: Duration, lease: Duration) {
    let _alone = ONE_AT_A_TIME.lock().await;
    let seed = std::env::var("CAREER_STORM_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(seed);
    let stage = Arc::new(Stage::build(lease).await);
    let replicas = stage.replicas.len() as u64;
    let plan = Plan::draw(seed, &Terms { length, mortals: replicas - 1, replicas, lease });
    println!("{plan}");
    let report = play(&stage, &plan).await;
    println!("{report}");
    let faults = report.faults();
    if !faults.is_empty() {
        keep_logs(&stage).await;
    }
    assert!(faults.is_empty(), "seed {seed}: {faults:#?}");
}

async fn play(stage: &Shared, plan: &Plan) -> Report {
    let (probes, usage) = (Arc::new(Probes::default()), Arc::new(Usage::default()));
    let (done, wishes) = (Done::default(), Wishes::default());
    let mut watching = JoinSet::new();
    let (asking, looking) = (Arc::clone(&probes), Arc::clone(&usage));
    let (port, looked_at) = (stage.admin_port, Arc::clone(stage));
    watching.spawn(async move { asking.ask(port).await });
    watching.spawn(faults::tend(Arc::clone(stage)));
    assert!(probes.green(BEGIN).await, "the processes did not begin");
    watching.spawn(async move { looking.look(looked_at).await });
    let watermarks = begun(&stage.pool).await;

    tokio::join!(
        faults::rage(stage, plan, &probes, &done),
        world::live(stage, plan.seed, plan.length, &wishes)
    );
    stage.heal().await;
    let drained = drain(stage, &wishes).await;
    let findings = checker::check(&stage.pool, &stage.source.catalogue.all(), &wishes, &watermarks).await;

    let (takeovers, takeover) = takeovers(&stage.pool).await;
    let setbacks = number(&stage.pool, "SELECT count(*) FROM storm.setbacks").await.unwrap_or(-1);
    let swallowed = |peer| stage.zones.iter().map(|zone| zone.to(peer).swallowed()).sum();
    let mut deaths = Vec::new();
    for replica in &stage.replicas {
        deaths.append(&mut replica.lock().await.deaths);
    }
    Report {
        length: plan.length,
        skew: stage.skew.describe(),
        disk: stage.disk.describe(),
        done: done.counts(),
        swallowed: [
            ("by PostgreSQL's links", swallowed(Peer::Postgres)),
            ("by Redis's", swallowed(Peer::Redis)),
            ("by the source's", swallowed(Peer::Source)),
            ("by the admin endpoint's", stage.admin.swallowed()),
        ],
        served: stage.source.catalogue.served(),
        drained,
        cuts: probes.cuts(),
        trend: usage.trend(),
        takeover: (takeover, PROMISED),
        takeovers,
        setbacks,
        findings,
        deaths,
    }
}

/// A number from a statement; `None` while the database is down.
async fn number(pool: &PgPool, statement: &'static str) -> Option<i64> {
    sqlx::query_scalar(statement).fetch_one(pool).await.ok()
}

/// Waits until every schedule and task is known; gives where the schedules begin.
pub async fn begun(pool: &PgPool) -> Vec<(String, DateTime<Utc>)> {
    let all = i64::try_from(stage::MINUTELY + stage::BURSTS).unwrap();
    let ready = "SELECT (SELECT count(*) FROM worker.schedules) * (EXISTS (SELECT FROM worker.tasks))::int";
    let deadline = Instant::now() + BEGIN;
    while number(pool, ready).await != Some(all) {
        assert!(Instant::now() < deadline, "the schedules did not become known");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    sqlx::query_as("SELECT name, watermark FROM worker.schedules").fetch_all(pool).await.unwrap()
}

/// Reads the boards to their end and waits until no work is left; says how long that took.
async fn drain(stage: &Stage, wishes: &Wishes) -> Option<Duration> {
    let healed = Instant::now();
    // Twice, since a posting is gone when a second listing lacks it too, a second after the first.
    for round in 0..2 {
        world::sweep(&stage.pool, &stage.source.catalogue, round, wishes).await;
        if !settled(&stage.pool, healed).await {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(1_100)).await;
    }
    Some(healed.elapsed().saturating_sub(Duration::from_millis(1_100)))
}

pub async fn settled(pool: &PgPool, since: Instant) -> bool {
    // A posting that was closed in between waits for good, and nobody is told of it.
    let open = "SELECT (SELECT count(*) FROM worker.runs WHERE state IN ('queued', 'failed', 'running'))
                     + (SELECT count(*) FROM worker.outbox) + (SELECT count(*) FROM worker.fresh_matches)
                     + (SELECT count(*) FROM worker.matches m JOIN jobs j ON j.id = m.job_id WHERE m.notified_at IS NULL AND j.is_active)";
    while number(pool, open).await != Some(0) {
        if since.elapsed() > DRAINED * 2 {
            println!("{}", left(pool).await);
            return false;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    true
}

/// What is not done.
async fn left(pool: &PgPool) -> String {
    let lines: Vec<(String,)> = sqlx::query_as(
        "SELECT format('left: run %s, %s, %s since %s, due in %s, attempt %s, owner %s, lease %s: %s',
                       id, task, state, started_at - now(), run_at - now(), attempt, owner, lease_until - now(), error)
         FROM worker.runs WHERE state IN ('queued', 'failed', 'running')
         UNION ALL SELECT format('left: outbox %s, job %s', id, job_id) FROM worker.outbox
         UNION ALL SELECT format('left: fresh matches %s', id) FROM worker.fresh_matches
         UNION ALL SELECT format('left: match of job %s, user %s', job_id, user_id) FROM worker.matches WHERE notified_at IS NULL
         LIMIT 40",
    )
    .fetch_all(pool)
    .await
    .unwrap_or_default();
    lines.into_iter().map(|line| line.0).collect::<Vec<_>>().join("\n")
}

/// How many claims were taken from a worker that was lost, and the longest time from its last sign of life to the next claim.
async fn takeovers(pool: &PgPool) -> (i64, Duration) {
    let (count, slowest): (i64, f64) = sqlx::query_as(
        "WITH life AS (
           SELECT id, claim, max(at) FILTER (WHERE state = 'running') AS last, min(at) FILTER (WHERE state = 'running') AS first,
                  bool_or(lost) AS lost
           FROM storm.runs GROUP BY id, claim
         )
         SELECT count(*), coalesce(max(extract(epoch FROM next.first - lost.last)), 0)::float8
         FROM life AS lost JOIN life AS next ON next.id = lost.id AND next.claim = lost.claim + 1
         WHERE lost.lost",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    (count, Duration::from_secs_f64(slowest))
}

/// Keeps the logs of a storm that went wrong.
async fn keep_logs(stage: &Stage) {
    let folder = std::env::temp_dir().join(format!("career-worker-storm-logs-{}", crate::support::unique()));
    std::fs::create_dir_all(&folder).unwrap();
    for replica in &stage.replicas {
        let name = format!("{}.log", replica.lock().await.role.name);
        let _ = std::fs::copy(stage.files.path().join(&name), folder.join(&name));
    }
    println!("logs: {}", folder.display());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "wants the machine for itself: storm::minute with --test-threads 1"]
async fn minute_1() {
    storm(1, Duration::from_mins(1), SHORT_LEASE).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "wants the machine for itself: storm::minute with --test-threads 1"]
async fn minute_2() {
    storm(2, Duration::from_mins(1), SHORT_LEASE).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "wants the machine for itself: storm::minute with --test-threads 1"]
async fn minute_3() {
    storm(3, Duration::from_mins(1), SHORT_LEASE).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes CAREER_STORM_SECONDS, ten minutes unless told otherwise"]
async fn on_demand() {
    let seconds =
        std::env::var("CAREER_STORM_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(600);
    storm(4, Duration::from_secs(seconds), LONG_LEASE).await;
}
