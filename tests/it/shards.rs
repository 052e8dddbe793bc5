//! Matchers that hold parts of the users: each posting is matched once for each user, however the processes divide them.

use std::{collections::BTreeSet, sync::Arc};

use career_worker::{domain::Shard, store::Store, tasks::Matcher};
use sqlx::PgPool;

use crate::support::{TestDb, config};

const USERS: i32 = 30;

async fn prepare(pool: &PgPool) {
    sqlx::query(
        "WITH u AS (INSERT INTO users (email, hashed_password) SELECT n || '@example.com', 'x' FROM generate_series(1, $1) n RETURNING id)
         INSERT INTO saved_searches (user_id, name, query) SELECT id, 'rust', 'rust' FROM u",
    )
    .bind(USERS)
    .execute(pool)
    .await
    .unwrap();
}

async fn post(pool: &PgPool, count: i32) {
    sqlx::query(
        "WITH job AS (
           INSERT INTO jobs (title, company, location, source, source_id, url)
           SELECT 'Rust Engineer', 'Acme', 'Berlin', 'test', k, 'https://example.com/' || k
           FROM (SELECT md5(random()::text || n) AS k FROM generate_series(1, $1) n) keys RETURNING id
         )
         INSERT INTO worker.outbox (job_id) SELECT id FROM job",
    )
    .bind(count)
    .execute(pool)
    .await
    .unwrap();
}

fn matcher(db: &TestDb, shard: &str) -> Arc<Matcher> {
    let mut settings = config(db).matching;
    settings.shard = shard.parse().unwrap();
    Arc::new(Matcher::new(&settings))
}

async fn match_some(store: &Store, matcher: &Arc<Matcher>, batches: usize) -> u64 {
    matcher.load(store).await.unwrap();
    let mut new = 0;
    for _ in 0..batches {
        let Some(batch) = store.claim_outbox(7, matcher.shard()).await.unwrap() else { break };
        let before = new;
        new += matcher.match_batch(batch, chrono::NaiveDate::default()).await.unwrap().matches;
        assert!(new > before, "a batch without a pair that was not known: somebody matched it before");
    }
    new
}

async fn outbox(pool: &PgPool) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM worker.outbox").fetch_one(pool).await.unwrap()
}

#[tokio::test]
async fn each_user_is_seen_to_once_by_shards_of_any_number() {
    for all in [
        vec!["1/3", "2/3", "3/3"],
        vec!["1/1"],
        vec!["1/2", "2/2", "1/3", "2/3", "3/3"],
        vec!["1/1", "1/4", "3/4"],
    ] {
        let db = TestDb::new().await;
        prepare(&db.pool).await;
        post(&db.pool, 40).await;
        let matchers: Vec<_> = all.iter().map(|shard| matcher(&db, shard)).collect();
        let mut new = 0;
        // Each leaves off in the middle, so that rows of all kinds are about.
        let mut rounds = 0;
        while outbox(&db.pool).await > 0 {
            for matcher in &matchers {
                new += match_some(&db.store, matcher, 1).await;
            }
            rounds += 1;
            assert!(rounds < 500, "{all:?}");
        }
        assert_eq!(new, 40 * 30, "{all:?}");
        let pairs: i64 =
            sqlx::query_scalar("SELECT count(*) FROM worker.matches").fetch_one(&db.pool).await.unwrap();
        assert_eq!(pairs, 40 * 30, "{all:?}");
    }
}

#[tokio::test]
async fn a_shard_without_a_process_misses_nothing() {
    let db = TestDb::new().await;
    prepare(&db.pool).await;
    post(&db.pool, 20).await;
    let (first, second) = (matcher(&db, "1/2"), matcher(&db, "2/2"));
    let of_first = match_some(&db.store, &first, usize::MAX).await;
    let users = || (1..=USERS).map(career_worker::domain::UserId);
    assert_eq!(of_first, 20 * users().filter(|user| first.shard().holds(*user)).count() as u64);
    assert_eq!(outbox(&db.pool).await, 20, "the other half of each");
    post(&db.pool, 20).await;
    match_some(&db.store, &first, usize::MAX).await;
    assert_eq!(outbox(&db.pool).await, 40);
    let stages = async |shard: Shard| {
        let rules = career_worker::store::NoticeRules { frequency: "off", daily_cap: 1, backlog_days: 1 };
        db.store.waiting_stages(shard, rules).await.unwrap().r#match
    };
    assert!(!stages(first.shard()).await && stages(second.shard()).await && stages(Shard::WHOLE).await);
    match_some(&db.store, &second, usize::MAX).await;
    assert_eq!(outbox(&db.pool).await, 0);
    let pairs: BTreeSet<(i32, i32)> =
        sqlx::query_as::<_, (i32, i32)>("SELECT job_id, user_id FROM worker.matches")
            .fetch_all(&db.pool)
            .await
            .unwrap()
            .into_iter()
            .collect();
    assert_eq!(pairs.len(), 40 * 30);
}

#[tokio::test]
async fn shards_changed_on_the_way_take_over_what_is_left() {
    let db = TestDb::new().await;
    prepare(&db.pool).await;
    post(&db.pool, 20).await;
    let mut new = match_some(&db.store, &matcher(&db, "2/4"), usize::MAX).await;
    new += match_some(&db.store, &matcher(&db, "1/4"), 1).await;
    for shard in ["1/3", "2/3", "3/3"] {
        new += match_some(&db.store, &matcher(&db, shard), usize::MAX).await;
    }
    assert_eq!(outbox(&db.pool).await, 0);
    assert_eq!(new, 20 * 30);
}

#[test]
fn a_shard_that_cannot_be_is_refused_with_what_was_expected() {
    let error =
        career_worker::config::Config::load(None, &[("matching.shard", "5/4".to_owned())]).unwrap_err();
    let message = error.to_string();
    assert!(message.contains("matching.shard") && message.contains("\"5/4\": expected"), "{message}");
}
