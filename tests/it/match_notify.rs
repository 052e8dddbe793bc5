//! From the outbox to notifications: every pair once, by every user's wish.

use std::sync::Arc;

use career_worker::{
    config::{Config, MatchingConfig},
    domain::{JobId, Queue, SearchIds, Shard, Trigger, UserId},
    queue::Transport,
    store::{NewMatch, NoticeRules, Store},
    tasks::{self, Matcher, compose_all},
    worker::Worker,
};
use serde_json::json;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::{
    rig::{Rig, until},
    support::{TestDb, config},
};

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

fn today() -> chrono::NaiveDate {
    chrono::NaiveDate::from_ymd_opt(2026, 11, 23).unwrap()
}

fn rules(frequency: &str, daily_cap: i32) -> NoticeRules<'_> {
    NoticeRules { frequency, daily_cap, backlog_days: 3 }
}

/// What the task does, without a worker around it.
async fn match_all(store: &Store, matcher: &Arc<Matcher>) -> u64 {
    let today = today();
    matcher.load(store).await.unwrap();
    let mut new = 0;
    while let Some(batch) = store.claim_outbox(10, matcher.shard()).await.unwrap() {
        new += matcher.match_batch(batch, today).await.unwrap().matches;
    }
    new
}

async fn tell_all(store: &Store, frequency: &str, cap: i32) -> u64 {
    let (mut told, mut after) = (0, None);
    let config = Config::load(None, &[]).unwrap();
    while store.sort_in().await.unwrap() {}
    while store.count_overflow().await.unwrap() {}
    loop {
        let due = store.list_due_users(after, 3, rules(frequency, cap)).await.unwrap();
        let Some(last) = due.last() else { return told };
        after = Some(*last);
        for users in due.chunks(2) {
            let mut batch = store.claim_notices(users, rules(frequency, cap)).await.unwrap();
            let notices = compose_all(&mut batch, &config.matching, today()).await.unwrap();
            told += batch.finish(&notices).await.unwrap();
        }
    }
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
        user_id: UserId(user),
        score,
        profile_score: None,
        search_ids: SearchIds::new(),
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
    let batch = db.store.claim_outbox(10, Shard::WHOLE).await.unwrap().unwrap();
    assert_eq!(batch.finish(pairs, &[], &[]).await.unwrap(), 4);
    assert_eq!(tell_all(&db.store, "instant", 3).await, 3);
    assert_eq!(tell_all(&db.store, "instant", 3).await, 0);
    let titles: Vec<String> =
        sqlx::query_scalar("SELECT replace(title, 'New Job Match: ', '') FROM notifications ORDER BY id")
            .fetch_all(&db.pool)
            .await
            .unwrap();
    assert_eq!(titles, ["0.9", "0.7", "0.5"]);
    assert!(!db.store.waiting_stages(Shard::WHOLE, rules("instant", 3)).await.unwrap().notify);
    sqlx::query("UPDATE worker.announcements SET announced_at = now() - interval '1 day'")
        .execute(&db.pool)
        .await
        .unwrap();
    assert!(db.store.waiting_stages(Shard::WHOLE, rules("instant", 3)).await.unwrap().notify);
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
    db.store.claim_outbox(10, Shard::WHOLE).await.unwrap().unwrap().finish(pairs, &[], &[]).await.unwrap();
    assert_eq!(tell_all(&db.store, "instant", 10).await, 2);
    assert_eq!(tell_all(&db.store, "instant", 10).await, 0);
    let titles: Vec<String> =
        sqlx::query_scalar("SELECT replace(title, 'New Job Match: ', '') FROM notifications ORDER BY id")
            .fetch_all(&db.pool)
            .await
            .unwrap();
    assert_eq!(titles, ["0.9", "0.8"]);
    assert_eq!(count(&db.pool, "worker.matches WHERE suppressed").await, 1);
    assert!(!db.store.waiting_stages(Shard::WHOLE, rules("instant", 10)).await.unwrap().notify);
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

async fn messages(pool: &PgPool) -> Vec<String> {
    sqlx::query_scalar("SELECT message FROM notifications ORDER BY id").fetch_all(pool).await.unwrap()
}

#[tokio::test]
async fn notices_say_why_as_things_are_when_they_go_out() {
    let db = TestDb::new().await;
    let (matcher, _) = matcher(&db);
    let ann = user(&db.pool, "ann").await;
    let kept = search(&db.pool, ann, "rust engineer").await;
    let changed = search(&db.pool, ann, "rust").await;
    let gone = search(&db.pool, ann, "engineer").await;
    sqlx::query("INSERT INTO user_profiles (user_id, desired_title, tech_stack) VALUES ($1, 'Rust Engineer', '[\"Rust\"]')")
        .bind(ann)
        .execute(&db.pool)
        .await
        .unwrap();
    let job = posting(&db.pool, "Rust Engineer").await;
    sqlx::query("UPDATE jobs SET tech_stack = '[\"Rust\"]'").execute(&db.pool).await.unwrap();
    assert_eq!(match_all(&db.store, &matcher).await, 1);
    sqlx::query("UPDATE saved_searches SET query = 'nurse' WHERE id = $1")
        .bind(changed)
        .execute(&db.pool)
        .await
        .unwrap();
    sqlx::query("DELETE FROM saved_searches WHERE id = $1").bind(gone).execute(&db.pool).await.unwrap();
    assert_eq!(tell_all(&db.store, "instant", 10).await, 1);
    let data: serde_json::Value =
        sqlx::query_scalar("SELECT data FROM notifications").fetch_one(&db.pool).await.unwrap();
    let mut keys: Vec<_> = data.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "company",
            "job_id",
            "job_title",
            "location",
            "match_score",
            "matching_skills",
            "reasons",
            "saved_search_ids",
            "url"
        ]
    );
    assert_eq!(data["job_id"], job);
    assert_eq!(data["saved_search_ids"], serde_json::json!([kept, changed, gone]));
    assert_eq!(data["matching_skills"], serde_json::json!(["Rust"]));
    let reasons = data["reasons"].as_array().unwrap();
    let of_searches: Vec<_> = reasons.iter().filter(|reason| reason["kind"] == "search").collect();
    assert_eq!(of_searches.len(), 1, "{reasons:?}");
    assert_eq!(of_searches[0]["search_id"], kept);
    assert!(reasons.iter().any(|reason| reason["kind"] == "title"), "{reasons:?}");
}

#[tokio::test]
async fn what_can_never_be_told_is_counted_before_the_write() {
    let db = TestDb::new().await;
    let mut settings = config(&db);
    settings.notify.daily_cap = 2;
    settings.notify.backlog_days = 2;
    let matcher = Arc::new(Matcher::new(&settings.matching).with_caps(&settings.notify));
    let (ann, bob) = (user(&db.pool, "ann").await, user(&db.pool, "bob").await);
    search(&db.pool, ann, "rust").await;
    search(&db.pool, bob, "rust").await;
    sqlx::query("INSERT INTO worker.user_settings (user_id, frequency, daily_cap) VALUES ($1, 'instant', 1)")
        .bind(bob)
        .execute(&db.pool)
        .await
        .unwrap();
    for _ in 0..10 {
        posting(&db.pool, "Rust Engineer").await;
    }
    assert_eq!(match_all(&db.store, &matcher).await, 4 + 2);
    let counted: i64 = sqlx::query_scalar("SELECT sum(cardinality(user_ids)) FROM worker.match_overflow")
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert_eq!(counted, 6 + 8, "every pair is either kept or counted");
    assert_eq!(tell_all(&db.store, "instant", 2).await, 2 + 1);
    let all = messages(&db.pool).await;
    let more: Vec<_> =
        all.iter().filter_map(|message| message.split(". ").find(|part| part.starts_with("And "))).collect();
    assert_eq!(more, ["And 8 more matches today", "And 9 more matches today"], "{all:?}");
    assert_eq!(count(&db.pool, "worker.match_overflow").await, 0);
    let postings: Vec<i32> = sqlx::query_scalar("SELECT postings FROM worker.match_more ORDER BY user_id")
        .fetch_all(&db.pool)
        .await
        .unwrap();
    assert_eq!(postings, [6, 8]);
}

#[tokio::test]
async fn a_backlog_of_several_matchers_is_trimmed_to_the_best() {
    let db = TestDb::new().await;
    let ann = user(&db.pool, "ann").await;
    let mut pairs = Vec::new();
    for score in 0..10_i32 {
        pairs.push(pair(posting(&db.pool, &format!("{score}")).await, ann, 0.6 + f64::from(score) / 100.0));
    }
    db.store.claim_outbox(10, Shard::WHOLE).await.unwrap().unwrap().finish(pairs, &[], &[]).await.unwrap();
    assert_eq!(tell_all(&db.store, "instant", 2).await, 2);
    let titles: Vec<String> =
        sqlx::query_scalar("SELECT title FROM worker.matches JOIN jobs ON id = job_id WHERE notified_at IS NULL ORDER BY score DESC")
            .fetch_all(&db.pool)
            .await
            .unwrap();
    assert_eq!(titles, ["7", "6", "5", "4"], "two told of six kept");
    let more: i32 =
        sqlx::query_scalar("SELECT postings FROM worker.match_more").fetch_one(&db.pool).await.unwrap();
    assert_eq!(more, 4);
    assert!(messages(&db.pool).await[1].ends_with("And 8 more matches today"));
}

#[tokio::test]
async fn a_posting_matched_again_takes_the_newer_score_until_it_is_announced() {
    let db = TestDb::new().await;
    let (ann, bob) = (user(&db.pool, "ann").await, user(&db.pool, "bob").await);
    let job = posting(&db.pool, "Rust Engineer").await;
    let again = async |score: f64| {
        sqlx::query("INSERT INTO worker.outbox (job_id) VALUES ($1)")
            .bind(job)
            .execute(&db.pool)
            .await
            .unwrap();
        let batch = db.store.claim_outbox(10, Shard::WHOLE).await.unwrap().unwrap();
        batch.finish(vec![pair(job, bob, score), pair(job, ann, score)], &[], &[]).await.unwrap()
    };
    assert_eq!(again(0.5).await, 2);
    assert_eq!(again(0.75).await, 0);
    let scores = async || -> Vec<f32> {
        sqlx::query_scalar("SELECT score FROM worker.matches ORDER BY user_id")
            .fetch_all(&db.pool)
            .await
            .unwrap()
    };
    assert_eq!(scores().await, [0.75, 0.75]);
    sqlx::query("UPDATE worker.matches SET notified_at = now() WHERE user_id = $1")
        .bind(ann)
        .execute(&db.pool)
        .await
        .unwrap();
    assert_eq!(again(0.25).await, 0);
    assert_eq!(scores().await, [0.75, 0.25]);
}

#[tokio::test]
async fn nothing_is_left_of_a_user_who_is_deleted_and_nothing_said_to_one_who_is_inactive() {
    let db = TestDb::new().await;
    let (ann, bob) = (user(&db.pool, "ann").await, user(&db.pool, "bob").await);
    let mut jobs = Vec::new();
    for title in ["told", "suppressed", "waiting"] {
        jobs.push(posting(&db.pool, title).await);
    }
    let pairs = jobs.iter().flat_map(|job| [pair(*job, ann, 0.9), pair(*job, bob, 0.9)]).collect();
    db.store.claim_outbox(10, Shard::WHOLE).await.unwrap().unwrap().finish(pairs, &[], &[]).await.unwrap();
    sqlx::query("INSERT INTO worker.duplicates (job_id, group_id) VALUES ($1, $1), ($2, $1)")
        .bind(jobs[0])
        .bind(jobs[1])
        .execute(&db.pool)
        .await
        .unwrap();
    sqlx::query("UPDATE users SET is_active = false WHERE id = $1")
        .bind(bob)
        .execute(&db.pool)
        .await
        .unwrap();
    assert_eq!(tell_all(&db.store, "instant", 1).await, 1, "nothing for the inactive user");
    sqlx::query("UPDATE worker.announcements SET announced_at = now() - interval '1 day'")
        .execute(&db.pool)
        .await
        .unwrap();
    assert_eq!(tell_all(&db.store, "instant", 1).await, 1);
    assert_eq!(count(&db.pool, "worker.matches WHERE suppressed").await, 1);
    let waiting = pair(posting(&db.pool, "waiting too").await, ann, 0.9);
    db.store
        .claim_outbox(10, Shard::WHOLE)
        .await
        .unwrap()
        .unwrap()
        .finish(vec![waiting], &[], &[])
        .await
        .unwrap();
    sqlx::query("DELETE FROM users WHERE id = $1").bind(ann).execute(&db.pool).await.unwrap();
    assert_eq!(tell_all(&db.store, "instant", 1).await, 0);
    assert_eq!(count(&db.pool, "worker.matches").await, 3, "only those of the other user");
    assert_eq!(count(&db.pool, "worker.announcements").await, 0);
    assert!(!db.store.waiting_stages(Shard::WHOLE, rules("instant", 5)).await.unwrap().notify);
}

#[tokio::test]
async fn a_twin_of_what_was_told_is_not_written() {
    let db = TestDb::new().await;
    let (matcher, _) = matcher(&db);
    let (ann, bob) = (user(&db.pool, "ann").await, user(&db.pool, "bob").await);
    search(&db.pool, ann, "rust").await;
    let first = posting(&db.pool, "Rust Engineer").await;
    assert_eq!(match_all(&db.store, &matcher).await, 1);
    assert_eq!(tell_all(&db.store, "instant", 10).await, 1);
    search(&db.pool, bob, "rust").await;
    let twin = posting(&db.pool, "Rust Engineer").await;
    sqlx::query("INSERT INTO worker.duplicates (job_id, group_id) VALUES ($1, $1), ($2, $1)")
        .bind(first)
        .bind(twin)
        .execute(&db.pool)
        .await
        .unwrap();
    assert_eq!(match_all(&db.store, &matcher).await, 1, "only for the one who was not told");
    let users: Vec<i32> = sqlx::query_scalar("SELECT user_id FROM worker.matches WHERE job_id = $1")
        .bind(twin)
        .fetch_all(&db.pool)
        .await
        .unwrap();
    assert_eq!(users, [bob]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_follows_from_a_run_does_not_wait_for_the_next_look() {
    let db = TestDb::new().await;
    let ann = user(&db.pool, "ann").await;
    search(&db.pool, ann, "rust").await;
    // A worker that looks once, when it begins.
    let seldom = [("runs.reconcile", "1h"), ("runs.poll", "1h")];
    let parts = Rig::parts(Arc::new(Rig::settings(&db.url, &seldom)), Transport::local());
    let worker = Worker::new("test", parts);
    let stop = CancellationToken::new();
    let (hands, stopped) = (worker.clone(), stop.clone());
    let running =
        tokio::spawn(async move { hands.run(&Queue::ALL, stopped, CancellationToken::new()).await });
    let ran = async |task: &'static str| {
        let done = "SELECT count(*) FROM worker.runs WHERE task = $1 AND state = 'done'";
        sqlx::query_scalar::<_, i64>(done).bind(task).fetch_one(&db.pool).await.unwrap() > 0
    };
    let run = || tasks::new_run(tasks::find("match").unwrap(), json!({}), Trigger::Cli);
    worker.enqueue(&run()).await.unwrap();
    until("it has begun", || ran("match")).await;
    posting(&db.pool, "Rust Engineer").await;
    worker.enqueue(&run()).await.unwrap();
    until("the user is told", || async { count(&db.pool, "notifications").await == 1 }).await;
    stop.cancel();
    running.await.unwrap();
}
