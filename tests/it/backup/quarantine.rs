//! After a restore: no ticks of the past, no notices, until a person has looked.

use std::sync::Arc;

use career_worker::{
    domain::Outcome,
    random::Random,
    schedule::{self, Schedule},
    scheduler::Scheduler,
    tasks::TASKS,
};
use sqlx::PgPool;

use super::unset::execute;
use crate::admin::TEST;
use crate::support::{TestDb, config};

async fn count(pool: &PgPool, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn ticks_of_the_past_are_left_out() {
    let db = TestDb::new().await;
    let text = "task = \"prune\"\nschedule = \"0 * * * *\"\ncatch_up = \"all\"\noverlap = \"queue\"\n";
    let schedules: Arc<[Schedule]> = [schedule::parse("hourly.toml".as_ref(), text).unwrap()].into();
    let poll = std::time::Duration::from_millis(20);
    let mut scheduler = Scheduler::new(db.store.clone(), Random::seeded(7), &schedules, TASKS, poll);
    scheduler.fire_due().await.unwrap();
    let back =
        "UPDATE worker.schedules SET watermark = date_trunc('hour', now()) - interval '12 hours 10 minutes'";
    sqlx::query(back).execute(&db.pool).await.unwrap();
    db.store.quarantine("restored").await.unwrap();
    // The tick of this hour is on time only in its first two minutes.
    let fired = scheduler.fire_due().await.unwrap();
    assert!(fired <= 1, "{fired}");
    sqlx::query(back).execute(&db.pool).await.unwrap();
    assert!(db.store.acknowledge_for(TEST).await.unwrap());
    assert_eq!(scheduler.fire_due().await.unwrap(), 0, "what was missed stays missed");
    sqlx::query(back).execute(&db.pool).await.unwrap();
    assert!(scheduler.fire_due().await.unwrap() >= 12 - fired, "afterwards everything is as before");
    assert!(!db.store.acknowledge_for(TEST).await.unwrap());
}

#[tokio::test]
async fn nobody_is_told_anything_until_it_is_over() {
    let db = TestDb::new().await;
    for statement in [
        "INSERT INTO users (email, hashed_password) VALUES ('ann@example.com', 'x')",
        "INSERT INTO jobs (title, company, source, source_id, url) VALUES ('Rust Engineer', 'Nordwind', 'test', '1', 'https://jobs.example.org/1')",
        "INSERT INTO saved_searches (user_id, name, query) VALUES (1, 'Rust', 'rust')",
        "INSERT INTO worker.outbox (job_id) SELECT id FROM jobs",
    ] {
        sqlx::query(statement).execute(&db.pool).await.unwrap();
    }
    let done = execute(config(&db), "match").await;
    assert!(matches!(done, Outcome::Done(_)), "{done:?}");
    db.store.quarantine("restored").await.unwrap();
    let held = execute(config(&db), "notify").await;
    let Outcome::Snooze { reason, .. } = held else { panic!("{held:?}") };
    assert!(reason.contains("quarantine"), "{reason}");
    assert_eq!(count(&db.pool, "SELECT count(*) FROM notifications").await, 0);
    db.store.acknowledge_for(TEST).await.unwrap();
    let done = execute(config(&db), "notify").await;
    assert!(matches!(done, Outcome::Done(_)), "{done:?}");
    assert_eq!(count(&db.pool, "SELECT count(*) FROM notifications").await, 1);
}

/// A copy made by other means than ours is known by where it is.
#[tokio::test]
async fn a_copy_is_known_by_its_place() {
    let db = TestDb::new().await;
    assert!(!db.store.settle_home().await.unwrap().quarantined);
    assert!(!db.store.settle_home().await.unwrap().quarantined);
    sqlx::query("UPDATE worker.daemon_state SET home = '7000000000000000000/16384'")
        .execute(&db.pool)
        .await
        .unwrap();
    let state = db.store.settle_home().await.unwrap();
    assert!(state.quarantined && state.reason.unwrap().contains("7000000000000000000/16384"));
    assert!(db.store.settle_home().await.unwrap().quarantined, "a second start does not end it");
    assert!(db.store.acknowledge_for(TEST).await.unwrap());
    assert!(!db.store.settle_home().await.unwrap().quarantined);
}
