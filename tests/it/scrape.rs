//! Scraping over real HTTP: what a board's listings do to its postings, and what its failures do not do.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use career_worker::{
    clock::Clock,
    config::Config,
    domain::{Page, Politeness, RawPosting, Rejected, Request, Text},
    fetch::{Fetch, LocalGate},
    random::Random,
    sources::{Board, Parsed, Source, SourceError, Terms},
    store::health::BoardHealth,
    tasks::{
        Context, Decision, Matcher, Progress,
        scrape::{BoardReport, Limits, scrape_board, scrape_source},
    },
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::TestDb;

/// A source with pages, totals and nothing else: `{"items": [{"id", "title"}], "next", "total"}`.
struct Gazette;

static GAZETTE: Gazette = Gazette;

impl Source for Gazette {
    fn name(&self) -> &'static str {
        "gazette"
    }

    fn title(&self) -> &'static str {
        "Gazette"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["gazette.example.com"]
    }

    fn terms(&self) -> Terms {
        Terms { url: "https://gazette.example.com/terms", note: "made up" }
    }

    fn politeness(&self) -> Politeness {
        Politeness { per_second: 1000.0, burst: 1000, timeout: Duration::from_secs(10), ..Politeness::API }
    }

    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        Ok(Request::json(format!("https://gazette.example.com/{}", board.board)))
    }

    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let value: Value =
            serde_json::from_slice(page.body).map_err(|error| SourceError::Layout(error.to_string()))?;
        let items =
            value["items"].as_array().ok_or_else(|| SourceError::Layout("items: no array".to_owned()))?;
        let mut parsed =
            Parsed { complete: true, expected_total: value["total"].as_u64(), ..Parsed::default() };
        for item in items {
            let Some(id) = item["id"].as_str() else {
                parsed.rejected.push(Rejected { source_id: None, reason: "id: missing".to_owned() });
                continue;
            };
            let Some(title) = item["title"].as_str() else {
                let reason = "title: missing".to_owned();
                parsed.rejected.push(Rejected { source_id: Some(id.to_owned()), reason });
                continue;
            };
            parsed.postings.push(RawPosting {
                source_id: id.to_owned(),
                url: format!("https://gazette.example.com/{}/{id}", board.board),
                title: title.to_owned(),
                company: Some("Nordwind Software".to_owned()),
                description: Some(Text::Plain(format!("{title}: you will mend our old programs."))),
                ..RawPosting::default()
            });
        }
        parsed.next.extend(value["next"].as_str().map(Request::json));
        Ok(parsed)
    }
}

#[derive(Clone)]
struct Canned {
    status: u16,
    body: String,
    etag: Option<String>,
}

type Answers = Arc<Mutex<HashMap<String, Canned>>>;

async fn answer(State(answers): State<Answers>, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path_and_query().map_or("", |path| path.as_str()).to_owned();
    let Some(canned) = answers.lock().unwrap().get(&path).cloned() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let status = StatusCode::from_u16(canned.status).unwrap();
    let mut answer = (status, [("content-type", "application/json")], canned.body).into_response();
    if let Some(etag) = canned.etag {
        if headers.get("if-none-match").is_some_and(|sent| sent.as_bytes() == etag.as_bytes()) {
            answer = StatusCode::NOT_MODIFIED.into_response();
        }
        answer.headers_mut().insert("etag", etag.parse().unwrap());
    }
    if canned.status == 429 {
        answer.headers_mut().insert("retry-after", "1800".parse().unwrap());
    }
    answer
}

struct World {
    db: TestDb,
    ctx: Context,
    answers: Answers,
}

const AT_ONCE: Limits = Limits { max_pages: 20, confirm_after: Duration::ZERO, dry_run: false };

impl World {
    async fn new() -> Self {
        let db = TestDb::new().await;
        let answers = Answers::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = format!("http://{}", listener.local_addr().unwrap());
        let app = Router::new().fallback(answer).with_state(answers.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let overrides = [
            ("database.url", db.url.clone()),
            ("fetch.gateway", gateway),
            ("fetch.backoff", "1ms".to_owned()),
        ];
        let config = Config::load(None, &overrides).unwrap();
        let (clock, random) = (Clock::system(), Random::seeded(7));
        let fetch = Fetch::new(&config.fetch, clock.clone(), random.clone(), Arc::new(LocalGate)).unwrap();
        let matcher = Arc::new(Matcher::new(&config.matching));
        let ctx = Context {
            matcher,
            config: Arc::new(config),
            store: db.store.clone(),
            fetch,
            clock,
            random,
            progress: Progress::default(),
            cancelled: CancellationToken::new(),
        };
        Self { db, ctx, answers }
    }

    fn serve(&self, path: &str, status: u16, body: &Value, etag: Option<&str>) {
        let canned = Canned { status, body: body.to_string(), etag: etag.map(str::to_owned) };
        self.answers.lock().unwrap().insert(format!("/https/gazette.example.com/{path}"), canned);
    }

    fn list(&self, board: &str, items: &[(&str, &str)]) {
        let items: Vec<Value> = items.iter().map(|(id, title)| json!({ "id": id, "title": title })).collect();
        self.serve(board, 200, &json!({ "items": items }), None);
    }

    async fn scrape(&self, board: &str, limits: Limits) -> BoardReport {
        scrape_board(&GAZETTE, &named(board), limits, &self.ctx).await.unwrap()
    }

    async fn active(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT source_id FROM jobs WHERE is_active ORDER BY source_id")
            .fetch_all(&self.db.pool)
            .await
            .unwrap()
    }

    async fn health(&self, board: &str) -> BoardHealth {
        self.db.store.list_health().await.unwrap().into_iter().find(|row| row.board == board).unwrap()
    }

    async fn versions(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT id || xmin::text || ctid::text FROM jobs ORDER BY id")
            .fetch_all(&self.db.pool)
            .await
            .unwrap()
    }
}

fn named(board: &str) -> Board {
    Board { board: board.to_owned(), ..Board::default() }
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
    let report = scrape_source(&GAZETTE, boards(), AT_ONCE, &world.ctx).await.unwrap();
    assert_eq!((report["new"].as_u64(), report["failed"].as_u64()), (Some(2), Some(1)));
    assert_eq!(report["boards"][1]["error"]["kind"], "gone");
    assert_eq!(*world.ctx.progress.subscribe().borrow(), (3, 3));

    let none = scrape_source(&GAZETTE, vec![named("nobody")], AT_ONCE, &world.ctx).await.unwrap_err();
    assert_eq!(none.decision, Decision::Fail);
    world.serve("sued", 503, &json!({}), None);
    let down = scrape_source(&GAZETTE, vec![named("sued")], AT_ONCE, &world.ctx).await.unwrap_err();
    assert!(matches!(down.decision, Decision::Retry { .. }), "{down:?}");
    world.serve("sued", 429, &json!({}), None);
    let busy = scrape_source(&GAZETTE, boards(), AT_ONCE, &world.ctx).await.unwrap_err();
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
