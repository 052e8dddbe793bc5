//! A source of the tests and a world in which it is asked over real HTTP.

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
    domain::{Page, Politeness, RawPosting, Rejected, Request, RunId, Text},
    fetch::{Fetch, LocalGate},
    random::Random,
    sources::{Board, Draft, Key, KeyPlace, Parsed, Source, SourceError, Terms},
    store::health::BoardHealth,
    tasks::{
        Context, Matcher, Progress,
        scrape::{BoardReport, Credentials, Limits, scrape_board},
    },
};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::support::TestDb;

/// A source with pages and totals: `{"items": [{"id", "title", "page"?}], "next", "total"}`. A posting with `page` has its text there:
/// `{"item": {"id", "title", "text"}}`.
pub struct Gazette {
    every_minutes: u32,
    credit: Option<&'static str>,
    keys: &'static [Key],
}

/// Asks for nothing.
pub static GAZETTE: Gazette = Gazette { every_minutes: 0, credit: None, keys: &[] };

/// Wants to be asked once an hour, with two keys, and to be named.
pub static STRICT: Gazette = Gazette {
    every_minutes: 60,
    credit: Some("Found by Gazette"),
    keys: &[
        Key { setting: "adzuna_app_id", place: KeyPlace::Query("app_id") },
        Key { setting: "adzuna_app_key", place: KeyPlace::Header("x-key") },
    ],
};

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
        Terms {
            every_minutes: self.every_minutes,
            credit: self.credit,
            ..Terms::open("https://gazette.example.com/terms", "made up")
        }
    }

    fn keys(&self) -> &'static [Key] {
        self.keys
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
        if value["item"].is_object() {
            let mut parsed = Parsed::default();
            parsed.postings.extend(posting(board, &value["item"]));
            return Ok(parsed);
        }
        let items =
            value["items"].as_array().ok_or_else(|| SourceError::Layout("items: no array".to_owned()))?;
        let mut parsed =
            Parsed { complete: true, expected_total: value["total"].as_u64(), ..Parsed::default() };
        for item in items {
            let Some(id) = item["id"].as_str() else {
                parsed.rejected.push(Rejected { source_id: None, reason: "id: missing".to_owned() });
                continue;
            };
            match posting(board, item) {
                Some(posting) if item["page"].is_string() => {
                    let request = Request::json(posting.url.clone());
                    let changed = item["page"].as_str().map(str::to_owned);
                    parsed.drafts.push(Draft { posting, request, changed });
                }
                Some(posting) => parsed.postings.push(posting),
                None => {
                    let reason = "title: missing".to_owned();
                    parsed.rejected.push(Rejected { source_id: Some(id.to_owned()), reason });
                }
            }
        }
        parsed.next.extend(value["next"].as_str().map(Request::json));
        Ok(parsed)
    }
}

fn posting(board: &Board, item: &Value) -> Option<RawPosting> {
    let (id, title) = (item["id"].as_str()?, item["title"].as_str()?);
    let text = item["text"].as_str().map(str::to_owned);
    let text =
        text.or_else(|| item["page"].is_null().then(|| format!("{title}: you will mend our old programs.")));
    Some(RawPosting {
        source_id: id.to_owned(),
        url: format!("https://gazette.example.com/{}/{id}", board.board),
        title: title.to_owned(),
        company: Some("Nordwind Software".to_owned()),
        description: text.map(Text::Plain),
        ..RawPosting::default()
    })
}

#[derive(Clone)]
struct Canned {
    status: u16,
    body: String,
    etag: Option<String>,
}

#[derive(Default)]
struct Served {
    answers: HashMap<String, Canned>,
    /// What was asked, in order, with the key in its header.
    asked: Vec<(String, Option<String>)>,
}

type Answers = Arc<Mutex<Served>>;

async fn answer(State(answers): State<Answers>, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path_and_query().map_or("", |path| path.as_str()).to_owned();
    let mut served = answers.lock().unwrap();
    let key = headers.get("x-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    served.asked.push((path.trim_start_matches("/https/gazette.example.com/").to_owned(), key));
    let canned = served.answers.get(&path).cloned();
    drop(served);
    let Some(canned) = canned else {
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

pub struct World {
    pub db: TestDb,
    pub ctx: Context,
    answers: Answers,
}

pub const AT_ONCE: Limits = Limits {
    max_pages: 20,
    confirm_after: Duration::ZERO,
    max_pages_of_postings: 100,
    refresh_pages: Duration::from_hours(1),
    dry_run: false,
};

impl World {
    pub async fn new() -> Self {
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
            ("sources.adzuna_app_id", "our id".to_owned()),
            ("sources.adzuna_app_key", "our key".to_owned()),
        ];
        let config = Config::load(None, &overrides).unwrap();
        let (clock, random) = (Clock::system(), Random::seeded(7));
        let fetch = Fetch::new(&config.fetch, clock.clone(), random.clone(), Arc::new(LocalGate)).unwrap();
        let matcher = Arc::new(Matcher::new(&config.matching));
        let ctx = Context {
            run_id: RunId(0),
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

    pub fn serve(&self, path: &str, status: u16, body: &Value, etag: Option<&str>) {
        let canned = Canned { status, body: body.to_string(), etag: etag.map(str::to_owned) };
        self.answers.lock().unwrap().answers.insert(format!("/https/gazette.example.com/{path}"), canned);
    }

    pub fn list(&self, board: &str, items: &[(&str, &str)]) {
        let items: Vec<Value> = items.iter().map(|(id, title)| json!({ "id": id, "title": title })).collect();
        self.serve(board, 200, &json!({ "items": items }), None);
    }

    pub async fn scrape(&self, board: &str, limits: Limits) -> BoardReport {
        scrape_board(&GAZETTE, &named(board), limits, &Credentials::default(), &self.ctx).await.unwrap()
    }

    /// What was asked since the last call, with the key in its header.
    pub fn asked_with_keys(&self) -> Vec<(String, Option<String>)> {
        std::mem::take(&mut self.answers.lock().unwrap().asked)
    }

    /// What was asked since the last call.
    pub fn asked(&self) -> Vec<String> {
        self.asked_with_keys().into_iter().map(|(path, _)| path).collect()
    }

    pub async fn active(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT source_id FROM jobs WHERE is_active ORDER BY source_id")
            .fetch_all(&self.db.pool)
            .await
            .unwrap()
    }

    pub async fn health(&self, board: &str) -> BoardHealth {
        self.db.store.list_health().await.unwrap().into_iter().find(|row| row.board == board).unwrap()
    }

    pub async fn versions(&self) -> Vec<String> {
        sqlx::query_scalar("SELECT id || xmin::text || ctid::text FROM jobs ORDER BY id")
            .fetch_all(&self.db.pool)
            .await
            .unwrap()
    }
}

pub fn named(board: &str) -> Board {
    Board { board: board.to_owned(), ..Board::default() }
}
