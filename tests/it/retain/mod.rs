//! What leaves by policy, and above all what does not.

mod archiving;
mod closing;
mod killed;
mod notices;
mod races;

use std::{path::Path, sync::Arc};

use career_worker::{
    config::Config,
    domain::{Outcome, Posting, Trigger},
    queue::Transport,
    tasks,
    worker::Worker,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::{
    backup,
    support::TestDb,
    upsert::{batch, posting},
};

/// Runs the task with these arguments and gives its report.
pub async fn retain(config: &Config, args: Value) -> Value {
    match outcome(config, args).await {
        Outcome::Done(report) => report,
        other => panic!("{other:?}"),
    }
}

async fn outcome(config: &Config, args: Value) -> Outcome {
    let parts = crate::rig::Rig::parts(Arc::new(config.clone()), Transport::local());
    let run = tasks::new_run(tasks::find("retain").unwrap(), args, Trigger::Cli);
    let outcome =
        Worker::new("test", parts.clone()).execute(&run, &CancellationToken::new()).await.unwrap().1;
    parts.store.close().await;
    outcome
}

/// Stores postings of the board `acme` of the source `test`, and gives the row of each.
async fn store(db: &TestDb, postings: &[Posting]) -> Vec<i32> {
    db.store.upsert_postings(&batch(postings), "acme").await.unwrap();
    let mut rows = Vec::new();
    for posting in postings {
        let row =
            sqlx::query_scalar("SELECT job_id FROM worker.sightings WHERE source = $1 AND source_id = $2")
                .bind(&posting.source)
                .bind(&posting.source_id)
                .fetch_one(&db.pool)
                .await
                .unwrap();
        rows.push(row);
    }
    rows
}

/// With ids of one length, so that their rows are in their order.
fn numbered(ids: impl IntoIterator<Item = u32>) -> Vec<Posting> {
    ids.into_iter()
        .map(|id| {
            posting("test", &format!("{id:04}"), &format!("https://example.com/{id}"), &format!("Cook {id}"))
        })
        .collect()
}

/// Postings that have been inactive and listed by nobody for 200 days.
async fn old_postings(db: &TestDb, count: u32) -> Vec<i32> {
    let rows = store(db, &numbered(1..=count)).await;
    age(&db.pool, &rows, 200).await;
    rows
}

async fn age(pool: &PgPool, rows: &[i32], days: i32) {
    for text in [
        "UPDATE jobs SET is_active = false, updated_at = updated_at - make_interval(days => $2),
           scraped_at = scraped_at - make_interval(days => $2), created_at = created_at - make_interval(days => $2) WHERE id = ANY($1)",
        "UPDATE worker.sightings SET missing_since = now() - make_interval(days => $2), gone_at = now() - make_interval(days => $2),
           first_seen = first_seen - make_interval(days => $2), last_seen = last_seen - make_interval(days => $2) WHERE job_id = ANY($1)",
    ] {
        sqlx::query(text).bind(rows).bind(days).execute(pool).await.unwrap();
    }
}

async fn left(pool: &PgPool) -> Vec<i32> {
    sqlx::query_scalar("SELECT id FROM jobs ORDER BY id").fetch_all(pool).await.unwrap()
}

async fn active(pool: &PgPool) -> Vec<i32> {
    sqlx::query_scalar("SELECT id FROM jobs WHERE is_active ORDER BY id").fetch_all(pool).await.unwrap()
}

async fn user(pool: &PgPool, name: &str) -> i32 {
    sqlx::query_scalar("INSERT INTO users (email, hashed_password) VALUES ($1, 'x') RETURNING id")
        .bind(format!("{name}@example.com"))
        .fetch_one(pool)
        .await
        .unwrap()
}

/// The postings in all archives, by the objects that are there.
async fn archived(rig: &backup::kit::Rig) -> Vec<Value> {
    let mut all = Vec::new();
    for object in rig.site().storage.list("archives").await.unwrap() {
        let content = career_worker::backup::read_archive(&rig.site(), &object.name).await.unwrap();
        let lines = content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        all.extend(lines.map(|line| serde_json::from_slice::<Value>(line).unwrap()));
    }
    all
}

#[test]
fn the_schedules_hold_to_the_policies() {
    let jobs = Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    for (name, policy) in
        [("retain-close", "close"), ("retain-archive", "archive"), ("retain-notices", "notices")]
    {
        let text = std::fs::read_to_string(jobs.join(format!("{name}.toml"))).unwrap();
        let schedule: toml::Table = text.parse().unwrap();
        assert_eq!(schedule["args"]["policy"].as_str(), Some(policy));
        let args = serde_json::to_value(&schedule["args"]).unwrap();
        tasks::find("retain").unwrap().check(&args).unwrap();
    }
}

#[test]
fn numbers_that_make_no_sense_are_named() {
    let retain = tasks::find("retain").unwrap();
    for (args, said) in [
        (json!({ "policy": "close", "unseen_days": 0 }), "unseen_days = 0, expected at least 1"),
        (json!({ "policy": "close", "old_days": -1 }), "old_days = -1, expected at least 1"),
        (
            json!({ "policy": "close", "past_deadline_days": -1 }),
            "past_deadline_days = -1, expected at least 0",
        ),
        (json!({ "policy": "archive", "inactive_days": 0 }), "inactive_days = 0, expected at least 1"),
        (json!({ "policy": "notices", "read_days": 0 }), "read_days = 0, expected at least 1"),
        (json!({ "policy": "archive", "inactive": 3 }), "unknown field `inactive`"),
        (json!({ "policy": "burn" }), "unknown variant `burn`"),
        (json!({}), "missing field `policy`"),
    ] {
        let error = retain.check(&args).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
}
