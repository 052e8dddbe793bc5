//! Any sequence of batches, however their identities and URLs collide, against a model that only remembers what came last.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use career_worker::{
    domain::Posting,
    store::{health::Listing, postings::UpsertReport},
};
use proptest::{prelude::*, test_runner::TestRunner};
use sqlx::Row as _;

use crate::{
    support::TestDb,
    upsert::{batch, posting, versions},
};

/// A posting as the model draws it: source, id, url and title out of a few, so that they collide.
type Drawn = (u8, u8, u8, u8);

fn drawn((source, id, url, title): Drawn) -> Posting {
    posting(
        ["greenhouse", "lever", "remotive"][usize::from(source)],
        &format!("id{id}"),
        &format!("https://jobs.example.org/{url}"),
        ["Engineer", "Designer", "Tester"][usize::from(title)],
    )
}

/// What holds after every batch: `latest` is the last version of every identity, `live` those that are listed.
pub(crate) async fn check_invariants(
    db: &TestDb,
    latest: &BTreeMap<(String, String), Posting>,
    live: &BTreeSet<(String, String)>,
) {
    let rows = sqlx::query(
        "SELECT s.source, s.source_id, s.is_owner, s.stale, j.user_id, j.title, j.url, j.source, j.source_id, j.is_active, j.id
         FROM worker.sightings AS s JOIN jobs AS j ON j.id = s.job_id",
    )
    .fetch_all(&db.pool)
    .await
    .unwrap();
    assert_eq!(rows.len(), latest.len(), "every identity has one sighting");
    let mut shared: BTreeMap<(i32, String), Vec<&Posting>> = BTreeMap::new();
    for row in &rows {
        let key: (String, String) = (row.get(0), row.get(1));
        let posting = &latest[&key];
        assert_eq!(row.get::<Option<i32>, _>(4), None, "{key:?} points at a user's row");
        if row.get(2) && !row.get::<bool, _>(3) {
            assert_eq!(row.get::<String, _>(5), posting.title, "{key:?} owns its row but did not write it");
            let url: Option<String> = row.get(6);
            let url = url.unwrap();
            assert!(
                url == posting.url || url.starts_with(&format!("{}#", posting.url)),
                "{key:?} is at {url}, not at {}",
                posting.url
            );
            assert_eq!(row.get::<Option<String>, _>(7).as_deref(), Some(key.0.as_str()));
        }
        if live.contains(&key) {
            assert!(row.get::<bool, _>(9), "{key:?} is listed and inactive");
        }
        if !row.get::<bool, _>(3) && live.contains(&key) {
            shared.entry((row.get(10), key.0.clone())).or_default().push(posting);
        }
    }
    for postings in shared.values() {
        for pair in postings.windows(2) {
            assert_eq!(
                (&pair[0].url, &pair[0].title),
                (&pair[1].url, &pair[1].title),
                "two postings of one source in one row"
            );
        }
    }
    let ownerless: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT job_id FROM worker.sightings GROUP BY job_id HAVING count(*) FILTER (WHERE is_owner) <> 1) AS x",
    )
    .fetch_one(&db.pool)
    .await
    .unwrap();
    assert_eq!(ownerless, 0, "a row without an owner");
}

#[test]
fn any_sequence_of_batches_keeps_the_invariants() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let db = runtime.block_on(TestDb::new());
    let step = (prop::collection::vec((0..3_u8, 0..4_u8, 0..4_u8, 0..3_u8), 1..7), 0..4_u8);
    let steps = prop::collection::vec(step, 1..7);
    let mut runner = TestRunner::new(ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(40),
        failure_persistence: None,
        max_shrink_iters: 200,
        ..ProptestConfig::default()
    });
    runner
        .run(&steps, |steps| {
            runtime.block_on(run_steps(&db, steps));
            Ok(())
        })
        .unwrap();
}

/// Found by the above: a posting that comes back while its row, with its URL, is another's by now.
#[tokio::test]
async fn who_comes_back_has_a_url_though_another_has_his() {
    let db = TestDb::new().await;
    run_steps(&db, vec![(vec![(1, 1, 0, 1)], 0), (vec![(1, 0, 0, 1)], 0), (vec![(1, 1, 0, 2)], 0)]).await;
}

/// Found by the above: two gone postings of a source come back to a row that another source holds, with different content.
#[tokio::test]
async fn who_comes_back_together_with_other_content_shares_no_row() {
    let db = TestDb::new().await;
    let steps = vec![
        (vec![(1, 3, 2, 0)], 0),
        (vec![(0, 0, 0, 0)], 0),
        (vec![(0, 1, 2, 0), (1, 0, 2, 0)], 0),
        (vec![(0, 0, 0, 0)], 0),
        (vec![(1, 3, 0, 0), (1, 0, 0, 1)], 0),
    ];
    run_steps(&db, steps).await;
}

async fn run_steps(db: &TestDb, steps: Vec<(Vec<Drawn>, u8)>) {
    sqlx::query("TRUNCATE users, jobs, worker.outbox, worker.source_health RESTART IDENTITY CASCADE")
        .execute(&db.pool)
        .await
        .unwrap();
    sqlx::query(
        "WITH u AS (INSERT INTO users (email, hashed_password) VALUES ('ann@example.com', 'x') RETURNING id)
         INSERT INTO jobs (title, company, url, source, source_id, user_id)
         SELECT 'My find', 'Nordwind', 'https://jobs.example.org/0', 'lever', 'id0', id FROM u",
    )
    .execute(&db.pool)
    .await
    .unwrap();
    let users = versions(db, "WHERE user_id IS NOT NULL").await;
    let mut latest = BTreeMap::new();
    let mut live = BTreeSet::new();
    for (drawn_batch, board) in steps {
        let postings: Vec<Posting> = drawn_batch.iter().copied().map(drawn).collect();
        let sighted = batch(&postings);
        db.store.upsert_postings(&sighted, "x").await.unwrap();
        for posting in postings {
            let key = (posting.source.clone(), posting.source_id.clone());
            live.insert(key.clone());
            latest.insert(key, posting);
        }
        check_invariants(db, &latest, &live).await;
        let before = versions(db, "").await;
        let again = db.store.upsert_postings(&sighted, "x").await.unwrap();
        assert_eq!((again.new, again.changed, again.inserted, again.updated, again.queued), (0, 0, 0, 0, 0));
        assert_eq!(versions(db, "").await, before);
        // Sometimes a source lists only this batch, twice: what it lacks is gone.
        if board == 0 {
            let source = "lever";
            let ids: Vec<String> = drawn_batch
                .iter()
                .copied()
                .map(drawn)
                .filter(|p| p.source == source)
                .map(|p| p.source_id)
                .collect();
            for _ in 0..2 {
                sqlx::query("UPDATE worker.source_health SET usual = NULL").execute(&db.pool).await.unwrap();
                finish(db, source, "x", &ids).await;
            }
            live.retain(|(of, id)| of != source || ids.contains(id));
            check_invariants(db, &latest, &live).await;
        }
        assert_eq!(versions(db, "WHERE user_id IS NOT NULL").await, users);
    }
}

/// Ends a complete listing of these ids; what an earlier one lacked too is gone at once.
async fn finish(db: &TestDb, source: &str, board: &str, ids: &[String]) -> () {
    db.store
        .finish_listing(&Listing {
            source,
            board,
            counts: UpsertReport::default(),
            ids,
            rejected: &[],
            complete: true,
            expected: None,
            pages: 1,
            confirm_after: Duration::ZERO,
            validators: &[],
            stored_at: None,
        })
        .await
        .unwrap();
}
