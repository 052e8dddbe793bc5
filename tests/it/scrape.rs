//! Scraping over real HTTP: what a board's listings do to its postings, and what its failures do not do.

use std::time::Duration;

use career_worker::{
    sources::Board,
    tasks::{
        Decision, TaskError,
        scrape::{Credentials, Limits, scrape_source},
    },
};
use serde_json::{Value, json};

use crate::gazette::{AT_ONCE, GAZETTE, World, named};

async fn scrape_all(world: &World, boards: Vec<Board>) -> Result<Value, TaskError> {
    scrape_source(&GAZETTE, boards, AT_ONCE, &Credentials::default(), None, &world.ctx).await
}

fn many(count: usize) -> Vec<(String, String)> {
    (0..count).map(|n| (format!("p{n:02}"), format!("Engineer {n}"))).collect()
}

fn refs(items: &[(String, String)]) -> Vec<(&str, &str)> {
    items.iter().map(|(id, title)| (id.as_str(), title.as_str())).collect()
}

#[tokio::test]
async fn new_changed_gone_and_back() {
    let world = World::new().await;
    world.list("nord", &[("a", "Engineer"), ("b", "Designer"), ("c", "Tester")]);
    let first = world.scrape("nord", AT_ONCE).await;
    assert_eq!((first.counts.new, first.counts.seen, first.complete), (3, 3, true));

    world.list("nord", &[("a", "Senior Engineer"), ("b", "Designer")]);
    let second = world.scrape("nord", AT_ONCE).await;
    assert_eq!((second.counts.changed, second.counts.unchanged, second.missing, second.gone), (1, 1, 1, 0));
    assert_eq!(world.active().await, ["a", "b", "c"], "one listing is not enough");

    let third = world.scrape("nord", AT_ONCE).await;
    assert_eq!((third.counts.unchanged, third.missing, third.gone), (2, 0, 1));
    assert_eq!(world.active().await, ["a", "b"]);
    let queued: i64 =
        sqlx::query_scalar("SELECT count(*) FROM worker.outbox").fetch_one(&world.db.pool).await.unwrap();

    world.list("nord", &[("a", "Senior Engineer"), ("b", "Designer"), ("c", "Tester")]);
    let fourth = world.scrape("nord", AT_ONCE).await;
    assert_eq!((fourth.counts.new, fourth.counts.returned, fourth.counts.unchanged), (0, 1, 3));
    assert_eq!(world.active().await, ["a", "b", "c"]);
    let again: i64 =
        sqlx::query_scalar("SELECT count(*) FROM worker.outbox").fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(again, queued + 1);
    let health = world.health("nord").await;
    assert!(health.healthy && health.last_complete_at.is_some());
    assert_eq!((health.seen, health.returned, health.stored), (3, 1, 3));
}

#[tokio::test]
async fn gone_takes_as_long_as_it_should() {
    let world = World::new().await;
    let patient = Limits { confirm_after: Duration::from_hours(6), ..AT_ONCE };
    world.list("nord", &[("a", "Engineer"), ("b", "Designer")]);
    world.scrape("nord", patient).await;
    world.list("nord", &[("a", "Engineer")]);
    for _ in 0..3 {
        world.scrape("nord", patient).await;
    }
    assert_eq!(world.active().await, ["a", "b"]);
    sqlx::query("UPDATE worker.sightings SET missing_since = missing_since - interval '6 hours'")
        .execute(&world.db.pool)
        .await
        .unwrap();
    let report = world.scrape("nord", patient).await;
    assert_eq!(report.gone, 1);
    assert_eq!(world.active().await, ["a"]);
}

#[tokio::test]
async fn a_listing_that_breaks_off_takes_nothing_for_gone() {
    let world = World::new().await;
    let items = |ids: &[&str]| -> Vec<Value> {
        ids.iter().map(|id| json!({ "id": id, "title": "Engineer" })).collect()
    };
    let next = "https://gazette.example.com/nord/2";
    world.serve("nord", 200, &json!({ "items": items(&["a", "b"]), "next": next }), None);
    world.serve("nord/2", 200, &json!({ "items": items(&["c", "d"]), "next": next }), None);
    let whole = world.scrape("nord", AT_ONCE).await;
    assert_eq!((whole.counts.new, whole.complete), (4, true));

    world.serve("nord", 200, &json!({ "items": items(&["a", "e"]), "next": next }), None);
    world.serve("nord/2", 500, &json!({}), None);
    for _ in 0..3 {
        let broken = world.scrape("nord", AT_ONCE).await;
        assert_eq!(broken.fault.as_ref().map(|fault| (fault.kind, fault.passing)), Some(("status", true)));
    }
    assert_eq!(
        world.active().await,
        ["a", "b", "c", "d", "e"],
        "what came is stored, what did not come stays"
    );
    let health = world.health("nord").await;
    assert_eq!((health.consecutive_failures, health.healthy), (3, false));

    // Fewer records than the source says there are.
    world.serve("nord", 200, &json!({ "items": items(&["a", "b", "c"]), "total": 5 }), None);
    for _ in 0..2 {
        let part = world.scrape("nord", AT_ONCE).await;
        assert_eq!((part.complete, part.missing, part.expected), (false, 0, Some(5)));
    }
    // More requests than allowed.
    world.serve("nord", 200, &json!({ "items": items(&["a", "b", "c"]), "next": next }), None);
    let cut = world.scrape("nord", Limits { max_pages: 1, ..AT_ONCE }).await;
    assert_eq!((cut.complete, cut.missing), (false, 0));
    assert_eq!(world.active().await.len(), 5);
}

#[tokio::test]
async fn a_suspiciously_short_listing_takes_nothing_for_gone() {
    let world = World::new().await;
    let items = many(10);
    world.list("nord", &refs(&items));
    world.scrape("nord", AT_ONCE).await;
    for (size, kind) in [(4, "short"), (0, "empty")] {
        world.list("nord", &refs(&items[..size]));
        for _ in 0..2 {
            let report = world.scrape("nord", AT_ONCE).await;
            assert!(report.short && report.missing == 0 && report.gone == 0);
        }
        assert_eq!(world.active().await.len(), 10);
        let health = world.health("nord").await;
        assert_eq!((health.healthy, health.error_kind.as_deref()), (false, Some(kind)));
    }
    world.list("nord", &refs(&items[..8]));
    let report = world.scrape("nord", AT_ONCE).await;
    assert_eq!((report.short, report.missing), (false, 2));
    assert!(world.health("nord").await.healthy);
}

#[tokio::test]
async fn not_modified_refreshes_what_is_listed() {
    let world = World::new().await;
    let body = json!({ "items": [{ "id": "a", "title": "Engineer" }, { "id": "b", "title": "Designer" }] });
    world.serve("nord", 200, &json!({ "items": [{ "id": "z", "title": "Tester" }] }), None);
    world.scrape("nord", AT_ONCE).await;
    world.serve("nord", 200, &body, Some("\"v1\""));
    let missing = world.scrape("nord", AT_ONCE).await;
    assert_eq!((missing.not_modified, missing.missing), (false, 1));
    let before = world.versions().await;
    let seen_before: Vec<chrono::DateTime<chrono::Utc>> =
        sqlx::query_scalar("SELECT last_seen FROM worker.sightings ORDER BY source_id")
            .fetch_all(&world.db.pool)
            .await
            .unwrap();
    let report = world.scrape("nord", Limits { confirm_after: Duration::from_hours(1), ..AT_ONCE }).await;
    assert!(report.not_modified && report.complete);
    assert_eq!((report.counts.seen, report.counts.unchanged, report.gone), (2, 2, 0));
    assert_eq!(world.versions().await, before);
    let seen: Vec<chrono::DateTime<chrono::Utc>> =
        sqlx::query_scalar("SELECT last_seen FROM worker.sightings ORDER BY source_id")
            .fetch_all(&world.db.pool)
            .await
            .unwrap();
    assert!(seen[0] > seen_before[0] && seen[1] > seen_before[1]);
    assert_eq!(seen[2], seen_before[2], "a missing posting is not seen");
    // The unchanged listing still lacks it.
    assert_eq!(world.scrape("nord", AT_ONCE).await.gone, 1);
    assert_eq!(world.active().await, ["a", "b"]);
}

#[tokio::test]
async fn what_a_broken_listing_stored_is_not_taken_for_what_the_validators_are_of() {
    let world = World::new().await;
    let first = json!({ "items": [{ "id": "a", "title": "Engineer" }] });
    world.serve("nord", 200, &first, Some("\"v1\""));
    world.scrape("nord", AT_ONCE).await;
    assert!(world.scrape("nord", AT_ONCE).await.not_modified);
    // The same happens where the process is killed between its first batch and the end.
    let next = "https://gazette.example.com/nord/2";
    let second = json!({ "items": [{ "id": "a", "title": "Senior Engineer" }], "next": next });
    world.serve("nord", 200, &second, Some("\"v2\""));
    world.serve("nord/2", 500, &json!({}), None);
    assert!(world.scrape("nord", AT_ONCE).await.fault.is_some());

    world.serve("nord", 200, &first, Some("\"v1\""));
    let back = world.scrape("nord", AT_ONCE).await;
    assert_eq!((back.not_modified, back.counts.changed), (false, 1));
    let title: String = sqlx::query_scalar("SELECT title FROM jobs").fetch_one(&world.db.pool).await.unwrap();
    assert_eq!(title, "Engineer");
    assert!(world.scrape("nord", AT_ONCE).await.not_modified);
}

#[tokio::test]
async fn validators_are_kept_only_with_a_whole_listing() {
    let world = World::new().await;
    let items = many(10);
    world.list("nord", &refs(&items));
    world.scrape("nord", AT_ONCE).await;
    let three = json!({ "items": [{ "id": "p00", "title": "Engineer 0" }] });
    world.serve("nord", 200, &three, Some("\"short\""));
    for _ in 0..2 {
        let report = world.scrape("nord", AT_ONCE).await;
        assert!(report.short && !report.not_modified, "a short listing must be read again");
    }
}

#[tokio::test]
async fn failures_are_told_apart() {
    let world = World::new().await;
    world.list("nord", &[("a", "Engineer")]);
    world.scrape("nord", AT_ONCE).await;
    world.serve("nord", 200, &json!({ "jobs": [] }), None);
    let report = world.scrape("nord", AT_ONCE).await;
    assert_eq!(report.fault.as_ref().map(|fault| (fault.kind, fault.passing)), Some(("layout", false)));
    assert!(!world.health("nord").await.healthy);
    let report = world.scrape("nobody", AT_ONCE).await;
    assert_eq!(report.fault.as_ref().map(|fault| fault.kind), Some("gone"));
    assert_eq!(world.active().await, ["a"]);
}

#[tokio::test]
async fn a_failing_board_hurts_no_other() {
    let world = World::new().await;
    world.list("nord", &[("a", "Engineer")]);
    world.list("sued", &[("b", "Designer")]);
    let boards = || ["nord", "nobody", "sued"].map(named).to_vec();
    let report = scrape_all(&world, boards()).await.unwrap();
    assert_eq!((report["new"].as_u64(), report["failed"].as_u64()), (Some(2), Some(1)));
    assert_eq!(report["boards"][1]["error"]["kind"], "gone");
    assert_eq!(*world.ctx.progress.subscribe().borrow(), (3, 3));

    let none = scrape_all(&world, vec![named("nobody")]).await.unwrap_err();
    assert_eq!(none.decision, Decision::Fail);
    world.serve("sued", 503, &json!({}), None);
    let down = scrape_all(&world, vec![named("sued")]).await.unwrap_err();
    assert!(matches!(down.decision, Decision::Retry { .. }), "{down:?}");
    world.serve("sued", 429, &json!({}), None);
    let busy = scrape_all(&world, boards()).await.unwrap_err();
    assert!(
        matches!(busy.decision, Decision::Snooze { after } if after >= Duration::from_mins(1)),
        "{busy:?}"
    );
}

#[tokio::test]
async fn a_dry_run_writes_nothing() {
    let world = World::new().await;
    world.list("nord", &[("a", "Engineer"), ("b", "Designer")]);
    world.scrape("nord", AT_ONCE).await;
    world.list("nord", &[("a", "Chief Engineer"), ("c", "Tester")]);
    let before = world.versions().await;
    let report = world.scrape("nord", Limits { dry_run: true, ..AT_ONCE }).await;
    assert_eq!((report.counts.seen, report.counts.new, report.counts.changed), (2, 1, 1));
    assert_eq!(world.versions().await, before);
    assert_eq!(world.health("nord").await.seen, 2);
    assert_eq!(world.health("nord").await.changed, 0);
}

#[tokio::test]
async fn a_rejected_record_is_kept_with_its_reason_and_is_not_missing() {
    let world = World::new().await;
    world.list("nord", &[("a", "Engineer"), ("b", "Designer"), ("c", "Tester")]);
    world.scrape("nord", AT_ONCE).await;
    let body = json!({ "items": [{ "id": "a", "title": "Engineer" }, { "id": "b" }, { "id": "c", "title": "Tester" }] });
    world.serve("nord", 200, &body, None);
    for _ in 0..2 {
        let report = world.scrape("nord", AT_ONCE).await;
        assert_eq!((report.rejected, report.missing, report.gone), (1, 0, 0));
        assert_eq!(report.reasons, ["title: missing"]);
    }
    assert_eq!(world.active().await, ["a", "b", "c"]);
    let kept: Vec<(String, String)> =
        sqlx::query_as("SELECT source_id, reason FROM worker.rejected_postings")
            .fetch_all(&world.db.pool)
            .await
            .unwrap();
    assert_eq!(kept, [("b".to_owned(), "title: missing".to_owned())]);
}

#[tokio::test]
async fn a_posting_that_the_database_refuses_does_not_stop_the_others() {
    let world = World::new().await;
    sqlx::query("ALTER TABLE jobs ADD CHECK (title NOT LIKE '%7')").execute(&world.db.pool).await.unwrap();
    let items = many(12);
    world.list("nord", &refs(&items));
    let report = world.scrape("nord", AT_ONCE).await;
    assert_eq!((report.counts.new, report.rejected), (11, 1));
    assert_eq!(world.active().await.len(), 11);
}

#[tokio::test]
async fn another_source_keeps_a_posting_alive_and_takes_it_over() {
    let world = World::new().await;
    world.list("nord", &[("a", "Engineer"), ("b", "Designer"), ("c", "Tester")]);
    world.scrape("nord", AT_ONCE).await;
    let url: String = sqlx::query_scalar("SELECT url FROM jobs WHERE source_id = 'a'")
        .fetch_one(&world.db.pool)
        .await
        .unwrap();
    let other = [crate::upsert::sighted(crate::upsert::posting("remotive", "r1", &url, "Engineer (f/m/d)"))];
    world.db.store.upsert_postings(&other, "all").await.unwrap();
    world.list("nord", &[("b", "Designer"), ("c", "Tester")]);
    world.scrape("nord", AT_ONCE).await;
    assert_eq!(world.scrape("nord", AT_ONCE).await.gone, 1);
    assert_eq!(world.active().await.len(), 3, "remotive still shows it");
    world.db.store.upsert_postings(&other, "all").await.unwrap();
    let row: (String, String, String) =
        sqlx::query_as("SELECT source, source_id, title FROM jobs WHERE url = $1")
            .bind(&url)
            .fetch_one(&world.db.pool)
            .await
            .unwrap();
    assert_eq!(row, ("remotive".to_owned(), "r1".to_owned(), "Engineer (f/m/d)".to_owned()));
}
