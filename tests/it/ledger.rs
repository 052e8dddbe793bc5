//! The statements of the run ledger, one by one and in any order.

use std::time::Duration;

use career_worker::{
    clock::Clock,
    domain::{ClaimedRun, Outcome, Queue, RunId, RunState, Shard},
    random::Random,
    store::{Backoff, Changed, End, KnownTask, Renewal, RunDeed, RunFilter, Store},
};
use chrono::TimeDelta;
use serde_json::json;
use sqlx::PgPool;

use crate::{admin::TEST, rig::new_run, support::TestDb};

pub const LEASE: Duration = Duration::from_mins(1);
const QUEUE: Queue = Queue::Maintenance;

fn backoff() -> Backoff {
    Backoff { first: Duration::from_secs(10), max: Duration::from_mins(1), random: Random::seeded(1) }
}

pub async fn claim(store: &Store, owner: &str) -> Option<ClaimedRun> {
    store.claim_runs(QUEUE, owner, LEASE, 1, Shard::WHOLE).await.unwrap().pop()
}

/// By itself or as one of many, which is the same.
pub async fn finish(store: &Store, run: &ClaimedRun, owner: &str, outcome: Outcome) -> bool {
    if (run.id.0 + i64::from(run.claim)) % 2 == 0 {
        return store.finish_run(run, owner, &outcome, (0, 0), &backoff()).await.unwrap();
    }
    let end = End { run, outcome: &outcome, progress: (0, 0) };
    store.finish_runs(owner, &[end], &backoff()).await.unwrap().contains(&run.id)
}

pub async fn expire(pool: &PgPool) {
    sqlx::query("UPDATE worker.runs SET lease_until = now() - interval '1 second' WHERE state = 'running'")
        .execute(pool)
        .await
        .unwrap();
}

async fn state(store: &Store, id: RunId) -> String {
    store.get_run(id).await.unwrap().unwrap().state
}

pub fn retry() -> Outcome {
    Outcome::Retry { after: None, error: "boom".to_owned() }
}

#[tokio::test]
async fn a_key_used_twice_returns_the_first_run_from_rust_and_from_sql() {
    let db = TestDb::new().await;
    let mut run = new_run("note", "a");
    run.key = Some("same".to_owned());
    let (first, new) = db.store.insert_run(&run).await.unwrap();
    assert!(new);
    assert_eq!(db.store.insert_run(&run).await.unwrap(), (first, false));
    db.store.upsert_tasks(&[known("note")]).await.unwrap();
    let sql = "SELECT worker.enqueue('note', '{}', key => $1)";
    let again: i64 = sqlx::query_scalar(sql).bind("same").fetch_one(&db.pool).await.unwrap();
    assert_eq!(again, first.0);
    let other: i64 = sqlx::query_scalar(sql).bind("other").fetch_one(&db.pool).await.unwrap();
    run.key = Some("other".to_owned());
    assert_eq!(db.store.insert_run(&run).await.unwrap(), (RunId(other), false));
}

#[tokio::test]
async fn twenty_at_once_with_one_key_make_one_run() {
    let db = TestDb::new().await;
    let mut run = new_run("note", "a");
    run.key = Some("same".to_owned());
    let inserted = futures::future::join_all((0..20).map(|_| db.store.insert_run(&run))).await;
    let inserted: Vec<_> = inserted.into_iter().map(Result::unwrap).collect();
    assert_eq!(inserted.iter().filter(|(_, new)| *new).count(), 1);
    assert!(inserted.iter().all(|(id, _)| *id == inserted[0].0));
}

fn known(name: &str) -> KnownTask {
    KnownTask { name: name.to_owned(), queue: QUEUE, max_attempts: 7, timeout: Duration::from_secs(9) }
}

#[tokio::test]
async fn sql_enqueues_with_the_limits_of_the_task_and_only_if_the_transaction_commits() {
    let db = TestDb::new().await;
    let error = sqlx::query("SELECT worker.enqueue('note')").execute(&db.pool).await.unwrap_err();
    assert!(
        error.to_string().contains("unknown task \"note\", expected one of none: no worker has started yet")
    );
    db.store.upsert_tasks(&[known("note"), known("other")]).await.unwrap();
    db.store.upsert_tasks(&[known("note")]).await.unwrap();

    let mut transaction = db.pool.begin().await.unwrap();
    sqlx::query("SELECT worker.enqueue('note')").execute(&mut *transaction).await.unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!(db.store.list_runs(&RunFilter::default(), 10).await.unwrap(), []);

    let later = Clock::system().now() + TimeDelta::hours(1);
    let id: i64 = sqlx::query_scalar("SELECT worker.enqueue('note', '{\"n\": 1}', NULL, 'scrape', 3, $1)")
        .bind(later)
        .fetch_one(&db.pool)
        .await
        .unwrap();
    let run = db.store.get_run(RunId(id)).await.unwrap().unwrap();
    assert_eq!((run.queue.as_str(), run.priority, run.trigger.as_str()), ("scrape", 3, "sql"));
    assert_eq!((run.max_attempts, run.timeout_ms, run.args), (7, 9000, json!({ "n": 1 })));
    assert!((run.run_at - later).abs() < TimeDelta::milliseconds(1));
    assert_eq!(db.store.claim_runs(Queue::Scrape, "me", LEASE, 9, Shard::WHOLE).await.unwrap(), []);

    for (sql, part) in [
        ("SELECT worker.enqueue('nonsense')", "unknown task \"nonsense\", expected one of note, other"),
        ("SELECT worker.enqueue('note', queue => 'fast')", "unknown queue \"fast\""),
        ("SELECT worker.enqueue('note', '[1]')", "expected a JSON object, got array"),
    ] {
        let error = sqlx::query(sql).execute(&db.pool).await.unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn a_stale_worker_cannot_finish_or_renew() {
    let db = TestDb::new().await;
    let store = &db.store;
    let (id, _) = store.insert_run(&new_run("note", "a")).await.unwrap();
    let stale = claim(store, "stale").await.unwrap();
    assert_eq!(claim(store, "other").await, None);
    expire(&db.pool).await;
    assert_eq!(store.recover_expired(10).await.unwrap()[0].state, "queued");
    let fresh = claim(store, "fresh").await.unwrap();
    assert_eq!((fresh.id, fresh.attempt, fresh.claim), (id, 2, 2));

    assert!(!finish(store, &stale, "stale", Outcome::Done(json!({}))).await);
    let renewal = Renewal { id, claim: stale.claim, progress: (3, 4) };
    assert_eq!(store.renew_leases("stale", LEASE, &[renewal]).await.unwrap().lost, [id]);
    assert_eq!(store.get_run(id).await.unwrap().unwrap().progress_done, 0);
    assert!(finish(store, &fresh, "fresh", Outcome::Done(json!({}))).await);
    assert!(!finish(store, &fresh, "fresh", retry()).await);
    assert_eq!(state(store, id).await, "done");
}

#[tokio::test]
async fn attempts_that_end_together_are_recorded_but_for_those_that_are_lost_or_locked() {
    let db = TestDb::new().await;
    let store = &db.store;
    for _ in 0..5 {
        store.insert_run(&new_run("note", "a")).await.unwrap();
    }
    let runs = store.claim_runs(QUEUE, "me", LEASE, 5, Shard::WHOLE).await.unwrap();
    let lost = "UPDATE worker.runs SET claim = claim + 1 WHERE id = $1";
    sqlx::query(lost).bind(runs[0].id.0).execute(&db.pool).await.unwrap();
    let mut elsewhere = db.pool.begin().await.unwrap();
    let locks = "SELECT FROM worker.runs WHERE id = $1 FOR UPDATE";
    sqlx::query(locks).bind(runs[1].id.0).execute(&mut *elsewhere).await.unwrap();

    let outcomes = [
        retry(),
        retry(),
        Outcome::Done(json!({ "n": 1 })),
        retry(),
        Outcome::Fail { error: "no".to_owned() },
    ];
    let ends: Vec<_> =
        runs.iter().zip(&outcomes).map(|(run, outcome)| End { run, outcome, progress: (1, 2) }).collect();
    let ended = store.finish_runs("me", &ends, &backoff()).await.unwrap();
    assert_eq!(ended, runs[2..].iter().map(|run| run.id).collect());
    elsewhere.rollback().await.unwrap();
    let mut states = Vec::new();
    for run in &runs {
        states.push(state(store, run.id).await);
    }
    assert_eq!(states, ["running", "running", "done", "failed", "dead"]);
    let done = store.get_run(runs[2].id).await.unwrap().unwrap();
    assert_eq!((done.report, done.progress_total), (Some(json!({ "n": 1 })), 2));
    assert!(store.finish_run(&runs[1], "me", &retry(), (0, 0), &backoff()).await.unwrap());
    assert!(!store.finish_run(&runs[0], "me", &retry(), (0, 0), &backoff()).await.unwrap());
}

#[tokio::test]
async fn a_snoozed_claim_fences_out_an_earlier_one_of_the_same_owner_and_attempt() {
    let db = TestDb::new().await;
    let store = &db.store;
    let (id, _) = store.insert_run(&new_run("note", "a")).await.unwrap();
    let first = claim(store, "me").await.unwrap();
    let snooze = Outcome::Snooze { after: Duration::ZERO, reason: "later".to_owned() };
    assert!(finish(store, &first, "me", snooze.clone()).await);
    let second = claim(store, "me").await.unwrap();
    assert_eq!(first.attempt, second.attempt);
    assert!(!finish(store, &first, "me", snooze).await);
    assert_eq!(state(store, id).await, "running");
}

#[tokio::test]
async fn a_renewal_extends_reports_progress_and_brings_the_wish_to_cancel() {
    let db = TestDb::new().await;
    let store = &db.store;
    let (id, _) = store.insert_run(&new_run("note", "a")).await.unwrap();
    let run = claim(store, "me").await.unwrap();
    assert!(store.set_progress(id, "me", 1, 4).await.unwrap());
    assert!(!store.set_progress(id, "other", 9, 9).await.unwrap());
    assert_eq!(store.get_run(id).await.unwrap().unwrap().progress_done, 1);
    expire(&db.pool).await;
    let renewal = Renewal { id, claim: run.claim, progress: (3, 4) };
    let renewed = store.renew_leases("me", LEASE, &[renewal]).await.unwrap();
    assert_eq!((renewed.lost.len(), renewed.cancel_wanted.len()), (0, 0));
    assert_eq!(store.recover_expired(10).await.unwrap(), []);
    let row = store.get_run(id).await.unwrap().unwrap();
    assert_eq!((row.progress_done, row.progress_total), (3, 4));
    assert_eq!(store.change_run_for(TEST, RunDeed::Cancel, id).await.unwrap(), Changed::Soon);
    assert_eq!(store.renew_leases("me", LEASE, &[renewal]).await.unwrap().cancel_wanted, [id]);
    // A failure of a run that nobody wants any more is not tried again.
    assert!(finish(store, &run, "me", retry()).await);
    assert_eq!(state(store, id).await, "cancelled");
    assert_eq!(store.change_run_for(TEST, RunDeed::Cancel, RunId(404)).await.unwrap(), Changed::Unknown);
}

#[tokio::test]
async fn retry_after_is_honoured() {
    let db = TestDb::new().await;
    let (id, _) = db.store.insert_run(&new_run("note", "a")).await.unwrap();
    let run = claim(&db.store, "me").await.unwrap();
    let after = Duration::from_hours(1);
    finish(&db.store, &run, "me", Outcome::Retry { after: Some(after), error: "busy".to_owned() }).await;
    let row = db.store.get_run(id).await.unwrap().unwrap();
    assert_eq!(row.state, "failed");
    assert!(row.run_at > Clock::system().now() + TimeDelta::minutes(59));
    assert_eq!(claim(&db.store, "me").await, None);
}

#[tokio::test]
async fn a_worker_lost_in_the_last_attempt_leaves_a_dead_run() {
    let db = TestDb::new().await;
    let mut run = new_run("note", "a");
    run.max_attempts = 1;
    let (id, _) = db.store.insert_run(&run).await.unwrap();
    claim(&db.store, "gone").await.unwrap();
    expire(&db.pool).await;
    assert_eq!(db.store.recover_expired(10).await.unwrap()[0].state, "dead");
    let row = db.store.get_run(id).await.unwrap().unwrap();
    assert_eq!(row.error.as_deref(), Some("worker lost (lease expired) in attempt 1, held by gone"));
}

#[tokio::test]
async fn what_postgresql_cannot_store_is_no_obstacle() {
    let db = TestDb::new().await;
    let (id, _) = db.store.insert_run(&new_run("note", "a")).await.unwrap();
    let run = claim(&db.store, "me").await.unwrap();
    assert!(finish(&db.store, &run, "me", Outcome::Done(json!({ "a\0b": ["c\0d"] }))).await);
    assert_eq!(db.store.get_run(id).await.unwrap().unwrap().report, Some(json!({ "ab": ["cd"] })));
}

#[tokio::test]
async fn runs_are_listed_by_page_and_deleted_when_old() {
    let db = TestDb::new().await;
    let store = &db.store;
    let mut ids = Vec::new();
    for n in 0..6 {
        let mut run = new_run(if n % 2 == 0 { "note" } else { "fail" }, "a");
        run.schedule = (n == 5).then(|| "nightly".to_owned());
        ids.push(store.insert_run(&run).await.unwrap().0);
    }
    let listed = |filter: RunFilter, most| async move {
        let runs = store.list_runs(&filter, most).await.unwrap();
        runs.into_iter().map(|run| RunId(run.id)).collect::<Vec<_>>()
    };
    let page = listed(RunFilter::default(), 4).await;
    assert_eq!(page, [ids[5], ids[4], ids[3], ids[2]]);
    let next = RunFilter { before: page.last().copied(), ..RunFilter::default() };
    assert_eq!(listed(next, 4).await, [ids[1], ids[0]]);
    let notes = RunFilter { task: Some("note".to_owned()), queue: Some(QUEUE), ..RunFilter::default() };
    assert_eq!(listed(notes, 9).await, [ids[4], ids[2], ids[0]]);
    let nightly = RunFilter { schedule: Some("nightly".to_owned()), ..RunFilter::default() };
    assert_eq!(listed(nightly, 9).await, [ids[5]]);

    for id in &ids[..3] {
        store.change_run_for(TEST, RunDeed::Cancel, *id).await.unwrap();
    }
    let cancelled = RunFilter { state: Some(RunState::Cancelled), ..RunFilter::default() };
    assert_eq!(listed(cancelled.clone(), 9).await, [ids[2], ids[1], ids[0]]);
    assert_eq!(store.delete_finished_runs(Duration::from_hours(1), 9).await.unwrap(), 0);
    assert_eq!(store.delete_finished_runs(Duration::ZERO, 2).await.unwrap(), 2);
    assert_eq!(listed(cancelled, 9).await, [ids[2]]);
    assert_eq!(listed(RunFilter::default(), 9).await.len(), 4);

    let idle = new_run("note", "b");
    let inserted = store.insert_run_if_idle(&idle).await.unwrap();
    assert!(inserted.is_some());
    assert_eq!(store.insert_run_if_idle(&idle).await.unwrap(), None);
    store.change_run_for(TEST, RunDeed::Cancel, inserted.unwrap()).await.unwrap();
    assert!(store.insert_run_if_idle(&idle).await.unwrap().is_some());
}
