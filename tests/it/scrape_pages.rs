//! Listings that show postings in parts, and what a publisher's terms ask for.

use std::time::Duration;

use career_worker::tasks::scrape::{Credentials, Limits, scrape_board, scrape_source};
use serde_json::{Value, json};

use crate::gazette::{AT_ONCE, GAZETTE, STRICT, World, named};

/// Lists postings with pages of their own: id, title, and what the listing says of the page's last change.
fn list(world: &World, items: &[(&str, &str, &str)]) {
    let items: Vec<Value> = items
        .iter()
        .map(|(id, title, changed)| json!({ "id": id, "title": title, "page": changed }))
        .collect();
    world.serve("nord", 200, &json!({ "items": items }), None);
}

fn page(world: &World, id: &str, text: &str) {
    let item = json!({ "id": id, "title": format!("Engineer {id}"), "text": text });
    world.serve(&format!("nord/{id}"), 200, &json!({ "item": item }), None);
}

async fn texts(world: &World) -> Vec<(String, Option<String>)> {
    sqlx::query_as("SELECT title, description FROM jobs WHERE is_active ORDER BY source_id")
        .fetch_all(&world.db.pool)
        .await
        .unwrap()
}

fn row(title: &str, text: Option<&str>) -> (String, Option<String>) {
    (title.to_owned(), text.map(str::to_owned))
}

#[tokio::test]
async fn a_page_is_asked_for_when_the_listing_says_something_new() {
    let world = World::new().await;
    list(&world, &[("a", "Engineer", "1"), ("b", "Designer", "1")]);
    page(&world, "a", "Mends engines.");
    page(&world, "b", "Draws plans.");
    let report = world.scrape("nord", AT_ONCE).await;
    assert_eq!((report.counts.new, report.pages_left, report.complete), (2, 0, true));
    assert_eq!(
        texts(&world).await,
        [row("Engineer a", Some("Mends engines.")), row("Engineer b", Some("Draws plans."))]
    );
    assert_eq!(world.asked(), ["nord", "nord/a", "nord/b"]);

    let before = world.versions().await;
    let report = world.scrape("nord", AT_ONCE).await;
    assert_eq!((report.counts.seen, report.counts.unchanged, report.gone), (2, 2, 0));
    assert_eq!((world.asked(), world.versions().await), (vec!["nord".to_owned()], before));

    list(&world, &[("a", "Engineer", "1"), ("b", "Designer", "2")]);
    page(&world, "b", "Draws other plans.");
    let report = world.scrape("nord", AT_ONCE).await;
    assert_eq!((report.counts.changed, report.counts.unchanged), (1, 1));
    assert_eq!(world.asked(), ["nord", "nord/b"]);

    let again = Limits { refresh_pages: Duration::ZERO, ..AT_ONCE };
    world.scrape("nord", again).await;
    assert_eq!(world.asked().len(), 3, "pages that were read long ago");
}

#[tokio::test]
async fn a_posting_without_its_page_is_stored_as_listed_and_completed_later() {
    let world = World::new().await;
    list(&world, &[("a", "Engineer", "1"), ("b", "Designer", "1")]);
    page(&world, "a", "Mends engines.");
    world.serve("nord/b", 503, &json!({}), None);
    let report = world.scrape("nord", AT_ONCE).await;
    assert_eq!((report.counts.new, report.pages_left, report.complete), (2, 1, true));
    assert_eq!(texts(&world).await[1], row("Designer", None));

    page(&world, "b", "Draws plans.");
    world.asked();
    let report = world.scrape("nord", AT_ONCE).await;
    assert_eq!((report.counts.changed, report.pages_left), (1, 0));
    assert_eq!(world.asked(), ["nord", "nord/b"], "only the page that is missing");
    assert_eq!(texts(&world).await[1], row("Engineer b", Some("Draws plans.")));

    // A stored text outlives a page that fails after the listing changed.
    list(&world, &[("a", "Engineer", "1"), ("b", "Head designer", "2")]);
    world.serve("nord/b", 503, &json!({}), None);
    world.scrape("nord", AT_ONCE).await;
    assert_eq!(texts(&world).await[1], row("Engineer b", Some("Draws plans.")));
}

#[tokio::test]
async fn more_pages_than_a_run_may_read_are_read_by_the_next_runs() {
    let world = World::new().await;
    let names: Vec<String> = (0..7).map(|number| format!("p{number}")).collect();
    let items: Vec<(&str, &str, &str)> = names.iter().map(|id| (id.as_str(), "Engineer", "1")).collect();
    list(&world, &items);
    for id in &names {
        page(&world, id, "Mends engines.");
    }
    let few = Limits { max_pages_of_postings: 3, ..AT_ONCE };
    for left in [4, 1, 0, 0] {
        let report = world.scrape("nord", few).await;
        assert_eq!((report.pages_left, report.counts.seen, report.missing), (left, 7, 0));
    }
    assert!(texts(&world).await.iter().all(|(_, text)| text.as_deref() == Some("Mends engines.")));
    let pages = world.asked().into_iter().filter(|path| path.contains('/')).count();
    assert_eq!(pages, 7, "each page once");
}

#[tokio::test]
async fn a_page_without_a_posting_is_not_asked_for_again() {
    let world = World::new().await;
    list(&world, &[("a", "", "1"), ("b", "Designer", "1")]);
    world.serve("nord/a", 200, &json!({ "item": { "id": "a" } }), None);
    let report = world.scrape("nord", AT_ONCE).await;
    assert_eq!((report.counts.new, report.rejected), (1, 1), "b has no page and is stored as listed");
    assert_eq!(report.reasons, ["page: unexpected layout: expected a posting, got none"]);
    world.asked();
    let report = world.scrape("nord", AT_ONCE).await;
    assert_eq!((report.rejected, report.counts.unchanged, report.complete), (1, 1, true));
    assert_eq!(world.asked(), ["nord"]);
}

#[tokio::test]
async fn a_server_that_fails_again_and_again_is_left_alone() {
    let world = World::new().await;
    let names: Vec<String> = (0..40).map(|number| format!("p{number:02}")).collect();
    let items: Vec<(&str, &str, &str)> = names.iter().map(|id| (id.as_str(), "Engineer", "1")).collect();
    list(&world, &items);
    for id in &names {
        world.serve(&format!("nord/{id}"), 500, &json!({}), None);
    }
    let report = world.scrape("nord", AT_ONCE).await;
    assert_eq!((report.counts.new, report.pages_left), (40, 40));
    let tries = world.asked().len();
    assert!(tries < 30, "{tries} requests");
}

#[tokio::test]
async fn keys_go_with_requests_and_nowhere_else() {
    let world = World::new().await;
    let items = json!({ "items": [{ "id": "a", "title": "Engineer" }], "next": "https://gazette.example.com/nord?page=2" });
    world.serve("nord?app_id=our+id", 200, &items, Some("\"1\""));
    world.serve("nord?page=2&app_id=our+id", 200, &json!({ "items": [] }), None);
    let credentials = Credentials::find(&STRICT, &world.ctx.config.sources).unwrap();
    let report = scrape_board(&STRICT, &named("nord"), AT_ONCE, &credentials, &world.ctx).await.unwrap();
    assert_eq!((report.counts.new, report.fault), (1, None));
    let key = Some("our key".to_owned());
    assert_eq!(
        world.asked_with_keys(),
        [("nord?app_id=our+id".to_owned(), key.clone()), ("nord?page=2&app_id=our+id".to_owned(), key)]
    );

    let none = Credentials::find(&STRICT, &career_worker::config::SourcesConfig::default()).unwrap_err();
    assert_eq!(none, ["sources.adzuna_app_id", "sources.adzuna_app_key"]);
}

#[tokio::test]
async fn a_publisher_is_asked_as_seldom_as_its_terms_say_and_is_named() {
    let world = World::new().await;
    let credentials = Credentials::find(&STRICT, &world.ctx.config.sources).unwrap();
    world.serve("nord?app_id=our+id", 200, &json!({ "items": [{ "id": "a", "title": "Engineer" }] }), None);
    let board = named("nord");
    let scrape = || scrape_board(&STRICT, &board, AT_ONCE, &credentials, &world.ctx);
    assert!(!scrape().await.unwrap().too_early);
    let (text, html): (String, String) =
        sqlx::query_as("SELECT j.description, s.description_html FROM jobs AS j JOIN worker.sightings AS s ON s.job_id = j.id")
            .fetch_one(&world.db.pool)
            .await
            .unwrap();
    assert!(text.ends_with("\n\nFound by Gazette: https://gazette.example.com/nord/a"), "{text}");
    assert!(html.contains("<a href=\"https://gazette.example.com/nord/a\""), "{html}");

    assert!(scrape().await.unwrap().too_early);
    assert_eq!(world.asked().len(), 1, "the second one asked nobody");
    sqlx::query("UPDATE worker.source_health SET last_attempt_at = now() - interval '61 minutes'")
        .execute(&world.db.pool)
        .await
        .unwrap();
    assert!(!scrape().await.unwrap().too_early);
}

#[tokio::test]
async fn a_list_of_boards_that_was_cut_short_goes_on() {
    let world = World::new().await;
    let names: Vec<String> = (0..9).map(|number| format!("b{number}")).collect();
    for name in &names {
        world.list(name, &[(name, "Engineer")]);
    }
    let boards = || names.iter().map(|name| named(name)).collect();
    let over = tokio::time::Instant::now();
    let none = Credentials::default();
    let report = scrape_source(&GAZETTE, boards(), AT_ONCE, &none, Some(over), &world.ctx).await.unwrap();
    assert_eq!((report["boards_left"].as_u64(), report["seen"].as_u64()), (Some(9), Some(0)));
    let report = scrape_source(&GAZETTE, boards(), AT_ONCE, &none, None, &world.ctx).await.unwrap();
    assert_eq!((report["boards_left"].as_u64(), report["new"].as_u64()), (Some(0), Some(9)));
    let (now, asked) = world.db.store.list_attempts("gazette", &names).await.unwrap();
    assert_eq!(asked.len(), 9);
    assert!(asked.values().all(|time| *time <= now));
}
