//! From the outbox to notifications: every pair once, by every user's wish.

use std::sync::Arc;

use career_worker::{
    config::MatchingConfig,
    domain::JobId,
    store::{NewMatch, NewNotification, Store},
    tasks::Matcher,
};
use sqlx::PgPool;

use crate::support::{TestDb, config};

async fn user(pool: &PgPool, name: &str) -> i32 {
    sqlx::query_scalar(
        "INSERT INTO users (email, hashed_password) VALUES ($1 || '@example.com', 'x') RETURNING id",
    )
    .bind(name)
    .fetch_one(pool)
    .await
    .unwrap()
}

async fn search(pool: &PgPool, user: i32, query: &str) -> i32 {
    sqlx::query_scalar("INSERT INTO saved_searches (user_id, name, query) VALUES ($1, $2, $2) RETURNING id")
        .bind(user)
        .bind(query)
        .fetch_one(pool)
        .await
        .unwrap()
}

async fn posting(pool: &PgPool, title: &str) -> i32 {
    sqlx::query_scalar(
        "WITH job AS (
             INSERT INTO jobs (title, company, location, source, source_id, url)
             VALUES ($1, 'Acme', 'Berlin', 'test', md5(random()::text), 'https://example.com/' || md5(random()::text)) RETURNING id
         )
         INSERT INTO worker.outbox (job_id) SELECT id FROM job RETURNING job_id",
    )
    .bind(title)
    .fetch_one(pool)
    .await
    .unwrap()
}

/// What the task does, without a worker around it.
async fn match_all(store: &Store, matcher: &Arc<Matcher>) -> u64 {
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 23).unwrap();
    matcher.load(store).await.unwrap();
    let mut new = 0;
    while let Some(batch) = store.claim_outbox(10).await.unwrap() {
        new += matcher.match_batch(batch, today).await.unwrap().matches;
    }
    new
}

async fn tell_all(store: &Store, frequency: &str, cap: i32) -> u64 {
    let (mut told, mut after) = (0, None);
    while let Some(batch) = store.claim_notices(2, after, frequency, cap).await.unwrap() {
        after = Some(batch.last_user);
        let notices: Vec<_> = batch
            .waiting
            .iter()
            .map(|pair| NewNotification {
                user_id: pair.user_id,
                job_id: pair.job_id,
                title: pair.title.clone(),
                message: String::new(),
                data: serde_json::json!({ "job_id": pair.job_id }),
            })
            .collect();
        told += batch.finish(&notices).await.unwrap();
    }
    told
}

async fn count(pool: &PgPool, table: &str) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}")))
        .fetch_one(pool)
        .await
        .unwrap()
}

fn matcher(db: &TestDb) -> (Arc<Matcher>, MatchingConfig) {
    let settings = config(db).matching;
    (Arc::new(Matcher::new(&settings)), settings)
}

#[tokio::test]
async fn a_posting_is_matched_and_announced_once() {
    let db = TestDb::new().await;
    let (matcher, _) = matcher(&db);
    let (ann, bob) = (user(&db.pool, "ann").await, user(&db.pool, "bob").await);
    search(&db.pool, ann, "rust engineer").await;
    search(&db.pool, ann, "rust").await;
    search(&db.pool, bob, "nurse").await;
    let job = posting(&db.pool, "Rust Engineer").await;
    assert_eq!(match_all(&db.store, &matcher).await, 1);
    assert_eq!(count(&db.pool, "worker.outbox").await, 0);
    assert_eq!(tell_all(&db.store, "instant", 10).await, 1);

    sqlx::query("INSERT INTO worker.outbox (job_id) VALUES ($1), ($1)")
        .bind(job)
        .execute(&db.pool)
        .await
        .unwrap();
    assert_eq!(match_all(&db.store, &matcher).await, 0);
    sqlx::query("UPDATE worker.matches SET notified_at = NULL").execute(&db.pool).await.unwrap();
    assert_eq!(tell_all(&db.store, "instant", 10).await, 0, "the announcement itself is the last guard");
    assert_eq!(count(&db.pool, "notifications").await, 1);
}

#[tokio::test]
async fn changes_by_anyone_are_followed() {
    let db = TestDb::new().await;
    let (matcher, _) = matcher(&db);
    let ann = user(&db.pool, "ann").await;
    posting(&db.pool, "Rust Engineer").await;
    assert_eq!(match_all(&db.store, &matcher).await, 0);

    let rust = search(&db.pool, ann, "rust").await;
    posting(&db.pool, "Rust Engineer").await;
    assert_eq!(match_all(&db.store, &matcher).await, 1, "a new search");

    sqlx::query("UPDATE saved_searches SET query = 'go' WHERE id = $1")
        .bind(rust)
        .execute(&db.pool)
        .await
        .unwrap();
    posting(&db.pool, "Rust Engineer").await;
    assert_eq!(match_all(&db.store, &matcher).await, 0, "a changed search");

    sqlx::query("UPDATE saved_searches SET query = 'rust' WHERE id = $1")
        .bind(rust)
        .execute(&db.pool)
        .await
        .unwrap();
    sqlx::query("UPDATE users SET is_active = false").execute(&db.pool).await.unwrap();
    posting(&db.pool, "Rust Engineer").await;
    assert_eq!(match_all(&db.store, &matcher).await, 0, "an inactive user");

    sqlx::query("UPDATE users SET is_active = true").execute(&db.pool).await.unwrap();
    posting(&db.pool, "Rust Engineer").await;
    assert_eq!(match_all(&db.store, &matcher).await, 1, "an active user again");

    sqlx::query("DELETE FROM saved_searches").execute(&db.pool).await.unwrap();
    posting(&db.pool, "Rust Engineer").await;
    assert_eq!(match_all(&db.store, &matcher).await, 0, "a deleted search");
}

#[tokio::test]
async fn a_search_committed_late_is_not_passed_over() {
    let db = TestDb::new().await;
    let (matcher, _) = matcher(&db);
    let (ann, bob) = (user(&db.pool, "ann").await, user(&db.pool, "bob").await);
    let mut slow = db.pool.begin().await.unwrap();
    sqlx::query("INSERT INTO saved_searches (user_id, name, query) VALUES ($1, 'slow', 'rust')")
        .bind(ann)
        .execute(&mut *slow)
        .await
        .unwrap();
    matcher.load(&db.store).await.unwrap();
    search(&db.pool, bob, "rust").await;
    posting(&db.pool, "Rust Engineer").await;
    assert_eq!(match_all(&db.store, &matcher).await, 1, "only what is committed");
    slow.commit().await.unwrap();
    posting(&db.pool, "Rust Engineer").await;
    assert_eq!(match_all(&db.store, &matcher).await, 2);
}

#[tokio::test]
async fn two_matchers_neither_miss_nor_double_a_pair() {
    let db = TestDb::new().await;
    for index in 0..10 {
        let user = user(&db.pool, &format!("user{index}")).await;
        search(&db.pool, user, "rust").await;
    }
    for _ in 0..60 {
        posting(&db.pool, "Rust Engineer").await;
    }
    let working = (0..4).map(|_| {
        let (store, (matcher, _)) = (db.store.clone(), matcher(&db));
        tokio::spawn(async move { match_all(&store, &matcher).await })
    });
    let new: u64 = futures::future::join_all(working).await.into_iter().map(Result::unwrap).sum();
    assert_eq!(new, 600);
    let telling = (0..4).map(|_| {
        let store = db.store.clone();
        tokio::spawn(async move { tell_all(&store, "instant", 1000).await })
    });
    let told: u64 = futures::future::join_all(telling).await.into_iter().map(Result::unwrap).sum();
    let rest = tell_all(&db.store, "instant", 1000).await;
    assert_eq!(told + rest, 600);
    assert_eq!(count(&db.pool, "notifications").await, 600);
}

fn pair(job: i32, user: i32, score: f64) -> NewMatch {
    NewMatch {
        job_id: JobId(job),
        user_id: career_worker::domain::UserId(user),
        score,
        profile_score: None,
        search_ids: Vec::new(),
        skills: Vec::new(),
        reasons: serde_json::json!([]),
    }
}

#[tokio::test]
async fn the_daily_cap_takes_the_best_and_the_rest_waits() {
    let db = TestDb::new().await;
    let ann = user(&db.pool, "ann").await;
    let mut pairs = Vec::new();
    for score in [0.2, 0.9, 0.5, 0.7] {
        pairs.push(pair(posting(&db.pool, &format!("{score}")).await, ann, score));
    }
    let batch = db.store.claim_outbox(10).await.unwrap().unwrap();
    assert_eq!(batch.finish(pairs, &[]).await.unwrap(), 4);
    assert_eq!(tell_all(&db.store, "instant", 3).await, 3);
    assert_eq!(tell_all(&db.store, "instant", 3).await, 0);
    let titles: Vec<String> =
        sqlx::query_scalar("SELECT title FROM notifications ORDER BY id").fetch_all(&db.pool).await.unwrap();
    assert_eq!(titles, ["0.9", "0.7", "0.5"]);
    assert!(!db.store.waiting_stages("instant", 3).await.unwrap().notify);
    sqlx::query("UPDATE worker.announcements SET announced_at = now() - interval '1 day'")
        .execute(&db.pool)
        .await
        .unwrap();
    assert!(db.store.waiting_stages("instant", 3).await.unwrap().notify);
    assert_eq!(tell_all(&db.store, "instant", 3).await, 1);
}

#[tokio::test]
async fn hourly_and_daily_readers_wait_for_the_turn() {
    let db = TestDb::new().await;
    for frequency in ["instant", "hourly", "daily", "off"] {
        let user = user(&db.pool, frequency).await;
        sqlx::query("INSERT INTO worker.user_settings (user_id, frequency) VALUES ($1, $2)")
            .bind(user)
            .bind(frequency)
            .execute(&db.pool)
            .await
            .unwrap();
        search(&db.pool, user, "rust").await;
    }
    let (matcher, _) = matcher(&db);
    posting(&db.pool, "Rust Engineer").await;
    assert_eq!(match_all(&db.store, &matcher).await, 4);
    let age = async |start: &str| {
        let statement = format!("UPDATE worker.matches SET matched_at = {start} WHERE notified_at IS NULL");
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&db.pool).await.unwrap();
    };
    age("greatest(date_trunc('hour', now(), 'UTC'), now() - interval '1 second')").await;
    assert_eq!(tell_all(&db.store, "daily", 10).await, 1, "only the instant reader");
    age("date_trunc('hour', now(), 'UTC') - interval '1 microsecond'").await;
    let hour = tell_all(&db.store, "daily", 10).await;
    assert!(hour == 1 || hour == 2, "the hourly reader, and the daily one in the first hour of a day");
    age("date_trunc('day', now(), 'UTC') - interval '1 microsecond'").await;
    assert_eq!(hour + tell_all(&db.store, "daily", 10).await, 2);
    assert_eq!(count(&db.pool, "notifications").await, 3, "never the one who wants none");
}

#[tokio::test]
async fn one_vacancy_shown_by_two_sources_is_announced_once() {
    let db = TestDb::new().await;
    let ann = user(&db.pool, "ann").await;
    let mut pairs = Vec::new();
    for score in [0.7, 0.9, 0.8] {
        pairs.push(pair(posting(&db.pool, &format!("{score}")).await, ann, score));
    }
    let group = pairs[0].job_id.0;
    sqlx::query("INSERT INTO worker.duplicates (job_id, group_id) VALUES ($1, $1), ($2, $1)")
        .bind(group)
        .bind(pairs[1].job_id.0)
        .execute(&db.pool)
        .await
        .unwrap();
    db.store.claim_outbox(10).await.unwrap().unwrap().finish(pairs, &[]).await.unwrap();
    assert_eq!(tell_all(&db.store, "instant", 10).await, 2);
    assert_eq!(tell_all(&db.store, "instant", 10).await, 0);
    let titles: Vec<String> =
        sqlx::query_scalar("SELECT title FROM notifications ORDER BY id").fetch_all(&db.pool).await.unwrap();
    assert_eq!(titles, ["0.9", "0.8"]);
    assert_eq!(count(&db.pool, "worker.matches WHERE suppressed").await, 1);
    assert!(!db.store.waiting_stages("instant", 10).await.unwrap().notify);
}

#[tokio::test]
async fn somebody_who_applied_is_not_told() {
    let db = TestDb::new().await;
    let (matcher, _) = matcher(&db);
    let ann = user(&db.pool, "ann").await;
    search(&db.pool, ann, "rust").await;
    let job = posting(&db.pool, "Rust Engineer").await;
    sqlx::query("INSERT INTO applications (job_id, user_id, status) VALUES ($1, $2, 'applied')")
        .bind(job)
        .bind(ann)
        .execute(&db.pool)
        .await
        .unwrap();
    assert_eq!(match_all(&db.store, &matcher).await, 0);
}
