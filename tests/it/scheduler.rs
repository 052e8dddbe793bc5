//! Ticks: once each, across replicas, policies and pauses.

use std::sync::Arc;

use career_worker::{
    random::Random,
    schedule::{self, Schedule},
    scheduler::Scheduler,
    store::{Fired, PauseKind, Tick},
    tasks::TASKS,
};
use serde_json::json;
use sqlx::{PgPool, Row as _};

use crate::support::TestDb;

fn schedules(files: &[(&str, &str)]) -> Arc<[Schedule]> {
    let read = |(name, text): &(&str, &str)| schedule::parse(format!("{name}.toml").as_ref(), text).unwrap();
    files.iter().map(read).collect()
}

fn scheduler(db: &TestDb, schedules: &Arc<[Schedule]>) -> Scheduler {
    let poll = std::time::Duration::from_millis(20);
    Scheduler::new(db.store.clone(), Random::seeded(7), schedules, TASKS, poll)
}

async fn set_watermark(pool: &PgPool, schedule: &str, ago: &str) {
    sqlx::query("UPDATE worker.schedules SET watermark = now() - $2::interval WHERE name = $1")
        .bind(schedule)
        .bind(ago)
        .execute(pool)
        .await
        .unwrap();
}

async fn ticks(pool: &PgPool) -> Vec<(String, String, i64)> {
    let rows = sqlx::query(
        "SELECT t.schedule, t.outcome, count(r.id) AS runs FROM worker.ticks t
         LEFT JOIN worker.runs r ON r.schedule = t.schedule AND r.scheduled_for = t.scheduled_for
         GROUP BY t.schedule, t.scheduled_for, t.outcome ORDER BY t.schedule, t.scheduled_for",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

#[tokio::test]
async fn many_schedulers_fire_each_tick_once() {
    let db = TestDb::new().await;
    let all = "task = \"prune\"\nschedule = \"* * * * *\"\ncatch_up = \"all\"\noverlap = \"queue\"\n";
    let schedules = schedules(&[("every-minute", all)]);
    scheduler(&db, &schedules).fire_due().await.unwrap();
    set_watermark(&db.pool, "every-minute", "30 minutes").await;

    let firing = (0..8).map(|_| {
        let mut scheduler = scheduler(&db, &schedules);
        tokio::spawn(async move { scheduler.fire_due().await.unwrap() })
    });
    let fired: u64 = futures::future::join_all(firing).await.into_iter().map(Result::unwrap).sum();

    let ticks = ticks(&db.pool).await;
    assert_eq!(ticks.len() as u64, fired);
    assert!((30..=31).contains(&fired), "{fired}");
    assert!(ticks.iter().all(|(_, outcome, runs)| outcome == "fired" && *runs == 1), "{ticks:?}");
    assert_eq!(scheduler(&db, &schedules).fire_due().await.unwrap(), 0);
}

#[tokio::test]
async fn the_catch_up_policies_differ_after_a_standstill() {
    let db = TestDb::new().await;
    let text = |policy: &str| {
        format!(
            "task = \"prune\"\nschedule = \"*/10 * * * *\"\ncatch_up = \"{policy}\"\noverlap = \"queue\"\n"
        )
    };
    let (all, latest, none) = (text("all"), text("latest"), text("none"));
    let schedules = schedules(&[("all", &all), ("latest", &latest), ("none", &none)]);
    scheduler(&db, &schedules).fire_due().await.unwrap();
    for name in ["all", "latest", "none"] {
        set_watermark(&db.pool, name, "65 minutes").await;
    }
    scheduler(&db, &schedules).fire_due().await.unwrap();
    let count = async |name: &str| {
        sqlx::query_scalar::<_, i64>("SELECT count(*) FROM worker.runs WHERE schedule = $1")
            .bind(name.to_owned())
            .fetch_one(&db.pool)
            .await
            .unwrap()
    };
    assert!((6..=7).contains(&count("all").await));
    assert_eq!(count("latest").await, 1);
    assert!(count("none").await <= 1, "only a tick of the last two minutes is on time");
}

#[tokio::test]
async fn a_tick_is_left_out_while_the_last_run_is_unfinished() {
    let db = TestDb::new().await;
    let tick = |minute: i64, skip_overlap| Tick {
        schedule: "nightly",
        scheduled_for: chrono::DateTime::from_timestamp(1_790_000_000 + 60 * minute, 0).unwrap(),
        run_at: chrono::DateTime::from_timestamp(1_790_000_000, 0).unwrap(),
        skip_overlap,
        task: "prune",
        args: &serde_json::Value::Null,
        queue: "maintenance",
        max_attempts: 1,
        timeout_ms: 1000,
        traceparent: None,
    };
    let args = json!({});
    let fire = async |minute, skip| {
        db.store.fire_ticks(&[Tick { args: &args, ..tick(minute, skip) }]).await.unwrap()[0]
    };
    assert!(matches!(fire(0, true).await, Fired::Run(_)));
    assert_eq!(fire(0, true).await, Fired::Known);
    assert_eq!(fire(1, true).await, Fired::Overlaps);
    assert!(matches!(fire(2, false).await, Fired::Run(_)));
    sqlx::query("UPDATE worker.runs SET state = 'done', finished_at = now()")
        .execute(&db.pool)
        .await
        .unwrap();
    assert!(matches!(fire(3, true).await, Fired::Run(_)));
}

#[tokio::test]
async fn a_paused_schedule_fires_nothing_and_does_not_catch_up() {
    let db = TestDb::new().await;
    let schedules = schedules(&[(
        "s",
        "task = \"prune\"\nschedule = \"* * * * *\"\ncatch_up = \"all\"\noverlap = \"queue\"\n",
    )]);
    let mut scheduler = scheduler(&db, &schedules);
    scheduler.fire_due().await.unwrap();
    db.store.insert_pause(PauseKind::Schedule, "s", Some("test")).await.unwrap();
    set_watermark(&db.pool, "s", "10 minutes").await;
    assert_eq!(scheduler.fire_due().await.unwrap(), 0);
    db.store.delete_pause(PauseKind::Schedule, "s").await.unwrap();
    assert!(scheduler.fire_due().await.unwrap() <= 1, "only a minute that began meanwhile");
}

#[tokio::test]
async fn a_changed_expression_starts_now() {
    let db = TestDb::new().await;
    let hourly = schedules(&[("s", "task = \"prune\"\nschedule = \"0 * * * *\"\ncatch_up = \"all\"\n")]);
    scheduler(&db, &hourly).fire_due().await.unwrap();
    set_watermark(&db.pool, "s", "3 hours").await;
    let often = schedules(&[("s", "task = \"prune\"\nschedule = \"* * * * *\"\ncatch_up = \"all\"\n")]);
    assert!(scheduler(&db, &often).fire_due().await.unwrap() <= 1);
}
