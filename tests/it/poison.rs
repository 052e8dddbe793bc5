//! A posting that kills its matcher: found by halves, set aside, and all the others matched.

use std::{process::Stdio, sync::Arc};

use career_worker::{
    config::Config,
    domain::Shard,
    store::{ALONE, Store},
    tasks::Matcher,
};

use crate::support::{TestDb, config};

const POSTINGS: i64 = 60;

/// One process of [`a_posting_that_kills_every_matcher_is_set_aside`]; does nothing on its own. Dies at postings that are titled "poison".
#[test]
fn one_matcher_that_dies() {
    let Ok(url) = std::env::var("CAREER_POISON_URL") else { return };
    let config = Config::load(None, &[("database.url", url)]).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Store::open(&config.database).unwrap();
        let matcher = Arc::new(Matcher::new(&config.matching));
        matcher.load(&store).await.unwrap();
        while let Some(mut batch) = store.claim_outbox(50, Shard::WHOLE).await.unwrap() {
            if batch.read_postings().await.unwrap().iter().any(|posting| posting.title.ends_with("poison")) {
                std::process::abort();
            }
            matcher.match_batch(batch, chrono::NaiveDate::default()).await.unwrap();
        }
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_posting_that_kills_every_matcher_is_set_aside() {
    let db = TestDb::new().await;
    sqlx::query(
        "WITH u AS (INSERT INTO users (email, hashed_password) VALUES ('a@example.com', 'x') RETURNING id)
         INSERT INTO saved_searches (user_id, name, query) SELECT id, 'rust', 'rust' FROM u",
    )
    .execute(&db.pool)
    .await
    .unwrap();
    sqlx::query(
        "WITH job AS (
           INSERT INTO jobs (title, company, source, source_id, url)
           SELECT CASE WHEN n IN (7, 33) THEN 'rust poison' ELSE 'rust' END, 'Acme', 'test', n::text, 'https://example.com/' || n
           FROM generate_series(1, $1) n RETURNING id
         )
         INSERT INTO worker.outbox (job_id) SELECT id FROM job",
    )
    .bind(POSTINGS)
    .execute(&db.pool)
    .await
    .unwrap();
    let program = std::env::current_exe().unwrap();
    let mut deaths = 0;
    loop {
        let status = tokio::process::Command::new(&program)
            .args(["--exact", "poison::one_matcher_that_dies"])
            .env("CAREER_POISON_URL", &db.url)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .await
            .unwrap();
        if status.success() {
            // The server may not have noticed a death yet, and still hold the rows for it.
            let left: i64 =
                sqlx::query_scalar("SELECT count(*) FROM worker.outbox").fetch_one(&db.pool).await.unwrap();
            if left == 0 {
                break;
            }
            continue;
        }
        deaths += 1;
        assert!(deaths < 40, "the poison was not found");
    }
    let titles: Vec<String> =
        sqlx::query_scalar("SELECT title FROM worker.outbox_dead JOIN jobs ON jobs.id = job_id")
            .fetch_all(&db.pool)
            .await
            .unwrap();
    assert_eq!(titles, ["rust poison", "rust poison"]);
    let error: String =
        sqlx::query_scalar("SELECT error FROM worker.outbox_dead LIMIT 1").fetch_one(&db.pool).await.unwrap();
    assert!(error.contains(&format!("{ALONE} tries")), "{error}");
    for (statement, expected) in [
        ("SELECT count(*) FROM worker.matches", POSTINGS - 2),
        ("SELECT count(*) FROM worker.outbox", 0),
        ("SELECT count(*) FROM worker.match_attempts", 0),
    ] {
        let count: i64 = sqlx::query_scalar(statement).fetch_one(&db.pool).await.unwrap();
        assert_eq!(count, expected, "{statement}");
    }
    println!("{deaths} processes died of two postings");
    assert!(deaths >= 2 * ALONE, "a posting is tried alone {ALONE} times");
}

#[tokio::test]
async fn batches_cut_off_for_another_reason_lose_nothing() {
    let db = TestDb::new().await;
    sqlx::query("INSERT INTO jobs (title, company, source, source_id, url) SELECT 'x', 'y', 'test', n::text, 'https://example.com/' || n FROM generate_series(1, 20) n")
        .execute(&db.pool)
        .await
        .unwrap();
    sqlx::query("INSERT INTO worker.outbox (job_id) SELECT id FROM jobs").execute(&db.pool).await.unwrap();
    let mut sizes = Vec::new();
    for _ in 0..3 {
        // What was dropped is rolled back a little later.
        let batch = loop {
            if let Some(batch) = db.store.claim_outbox(20, Shard::WHOLE).await.unwrap() {
                break batch;
            }
        };
        sizes.push(batch.len());
    }
    assert_eq!(sizes, [20, 10, 5]);
    let settings = config(&db).matching;
    let matcher = Arc::new(Matcher::new(&settings));
    let mut matched = 0;
    while matched < 20 {
        if let Some(batch) = db.store.claim_outbox(20, Shard::WHOLE).await.unwrap() {
            matched += matcher.match_batch(batch, chrono::NaiveDate::default()).await.unwrap().postings;
        }
    }
    assert!(db.store.claim_outbox(20, Shard::WHOLE).await.unwrap().is_none());
    assert_eq!(matched, 20);
    let left: i64 = sqlx::query_scalar(
        "SELECT (SELECT count(*) FROM worker.match_attempts) + (SELECT count(*) FROM worker.outbox_dead)",
    )
    .fetch_one(&db.pool)
    .await
    .unwrap();
    assert_eq!(left, 0);
}
