//! Two listings of one board at once: what the server says of one is never taken for what the other has stored.

use std::time::Duration;

use career_worker::store::{
    health::{BoardState, Listing},
    http_cache::CachedValidators,
    postings::UpsertReport,
};

use crate::{
    support::TestDb,
    upsert::{batch, posting},
};

const BOARD: &str = "nord";

/// A listing of the board, from when it began.
struct Under<'a> {
    db: &'a TestDb,
    state: BoardState,
    counts: UpsertReport,
}

async fn begin(db: &TestDb) -> Under<'_> {
    let state = db.store.begin_listing("greenhouse", BOARD, Duration::ZERO).await.unwrap();
    Under { db, state: state.expect("it may be asked"), counts: UpsertReport::default() }
}

impl Under<'_> {
    async fn store(&mut self, id: &str, title: &str) {
        let posting = posting("greenhouse", id, &format!("https://jobs.example.org/{id}"), title);
        self.counts += self.db.store.upsert_postings(&batch(&[posting]), BOARD).await.unwrap();
    }

    async fn end(self) {
        self.end_with(&["a"]).await;
    }

    async fn end_with(self, ids: &[&str]) {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        let validators = CachedValidators {
            url: "https://jobs.example.org/".to_owned(),
            etag: Some("\"v\"".to_owned()),
            last_modified: None,
        };
        let listing = Listing {
            source: "greenhouse",
            board: BOARD,
            counts: self.counts,
            ids: &ids,
            rejected: &[],
            complete: true,
            expected: None,
            pages: 1,
            confirm_after: Duration::from_hours(1),
            validators: &[validators],
            stored_at: self.state.stored_at,
        };
        self.db.store.finish_listing(&listing).await.unwrap();
    }
}

/// Whether the next listing asks only for what is new.
async fn trusts_validators(db: &TestDb) -> bool {
    begin(db).await.state.pages == Some(1)
}

#[tokio::test]
async fn a_listing_that_is_alone_is_believed() {
    let db = TestDb::new().await;
    let mut first = begin(&db).await;
    first.store("a", "Engineer").await;
    first.store("b", "Designer").await;
    assert!(!trusts_validators(&db).await, "it may never end");
    first.end().await;
    assert!(trusts_validators(&db).await);
    let mut same = begin(&db).await;
    same.store("a", "Engineer").await;
    same.end().await;
    assert!(trusts_validators(&db).await);
}

#[tokio::test]
async fn what_another_stores_in_between_is_not_taken_for_what_was_listed() {
    let db = TestDb::new().await;
    // One that was stopped for a while holds what the board was then.
    let (mut late, mut new) = (begin(&db).await, begin(&db).await);
    new.store("a", "Senior Engineer").await;
    late.store("a", "Engineer").await;
    new.end().await;
    assert!(!trusts_validators(&db).await, "written over before the end");

    let mut again = begin(&db).await;
    again.store("a", "Senior Engineer").await;
    again.end().await;
    assert!(trusts_validators(&db).await);
    late.store("a", "Engineer").await;
    assert!(!trusts_validators(&db).await, "written over after the end");

    let (mut other, mut between) = (begin(&db).await, begin(&db).await);
    between.store("a", "Senior Engineer").await;
    other.store("a", "Engineer").await;
    between.store("b", "Designer").await;
    between.end().await;
    assert!(!trusts_validators(&db).await, "written over between two batches");

    let (quiet, mut last) = (begin(&db).await, begin(&db).await);
    last.store("a", "Architect").await;
    quiet.end().await;
    assert!(!trusts_validators(&db).await, "one that changed nothing, after one that did");
}

#[tokio::test]
async fn what_another_took_for_missing_is_looked_at_again() {
    let db = TestDb::new().await;
    let mut first = begin(&db).await;
    first.store("a", "Engineer").await;
    first.end().await;

    let (late, mut new) = (begin(&db).await, begin(&db).await);
    new.store("a", "Engineer").await;
    new.store("b", "Designer").await;
    let mut same = begin(&db).await;
    same.store("a", "Engineer").await;
    same.store("b", "Designer").await;
    new.end_with(&["a", "b"]).await;
    assert!(trusts_validators(&db).await);
    late.end_with(&["a"]).await;
    same.end_with(&["a", "b"]).await;
    assert!(!trusts_validators(&db).await, "what is listed is noted as missing");

    let mut again = begin(&db).await;
    again.store("a", "Engineer").await;
    again.store("b", "Designer").await;
    assert_eq!(again.counts.returned, 1);
    again.end_with(&["a", "b"]).await;
    assert!(trusts_validators(&db).await);
}

#[tokio::test]
async fn nothing_is_gone_by_what_another_took_for_missing_meanwhile() {
    let db = TestDb::new().await;
    let late = begin(&db).await;
    let mut new = begin(&db).await;
    new.store("a", "Engineer").await;
    new.store("b", "Designer").await;
    new.end_with(&["a", "b"]).await;
    assert!(trusts_validators(&db).await);
    late.end_with(&["a"]).await;
    let (seen, finished) = db.store.finish_unmodified("greenhouse", BOARD, Duration::ZERO).await.unwrap();
    assert_eq!((seen, finished.gone), (1, 0));
    assert!(!trusts_validators(&db).await);
}
