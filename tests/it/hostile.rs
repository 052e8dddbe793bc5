//! Answers that no board should give: one clear message in the run and in the board's health, and what is stored stays as it is.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use career_worker::{
    domain::{Outcome, RunId},
    random::Random,
    store::health::BoardHealth,
};
use futures::{StreamExt as _, stream};
use serde_json::{Value, json};
use url::Url;

use crate::scraper::Scraper;

const MIB: usize = 1 << 20;
const CHUNK: usize = MIB / 4;
const VAST: usize = 300 * MIB;

/// What a board answers.
#[derive(Clone, Copy, Debug)]
enum Answer {
    Listing,
    /// 300 MiB of JSON, without saying so before.
    Vast,
    /// The same, announced.
    VastAnnounced,
    /// A good beginning, and then the connection ends.
    Torn,
    Noise,
    HtmlPage,
    NotFound,
    /// 429 with `Retry-After: 120`.
    Busy,
    Down,
}

#[derive(Default)]
struct Boards {
    answers: Mutex<HashMap<String, Answer>>,
    requests: Mutex<HashMap<String, usize>>,
    /// Bytes of vast answers that were taken from the server.
    taken: Mutex<usize>,
}

fn listing(board: &str) -> String {
    let jobs: Vec<_> = (1..=2)
        .map(|number| {
            json!({
                "id": format!("{board}-{number}"), "title": format!("Keeper {number}"), "company_name": "Lighthouse Works",
                "absolute_url": format!("https://job-boards.greenhouse.io/{board}/jobs/{number}"),
                "location": { "name": "Bergen, Norway" }, "content": "&lt;p&gt;Keeps the light.&lt;/p&gt;",
            })
        })
        .collect();
    json!({ "jobs": jobs, "meta": { "total": 2 } }).to_string()
}

fn vast(boards: &Arc<Boards>) -> Body {
    let chunk = Bytes::from(vec![b' '; CHUNK]);
    let boards = boards.clone();
    let body = stream::iter(0..VAST / CHUNK).map(move |_| {
        *boards.taken.lock().unwrap() += CHUNK;
        Ok::<_, std::io::Error>(chunk.clone())
    });
    Body::from_stream(body)
}

async fn answer(State(boards): State<Arc<Boards>>, Path(board): Path<String>) -> Response {
    *boards.requests.lock().unwrap().entry(board.clone()).or_default() += 1;
    let answer = boards.answers.lock().unwrap().get(&board).copied().unwrap_or(Answer::Listing);
    let json = [(header::CONTENT_TYPE, "application/json")];
    match answer {
        Answer::Listing => (json, listing(&board)).into_response(),
        Answer::Vast => (json, vast(&boards)).into_response(),
        Answer::VastAnnounced => (json, [(header::CONTENT_LENGTH, VAST)], vast(&boards)).into_response(),
        Answer::Torn => {
            let half = Bytes::from(listing(&board)[..50].to_owned());
            // The server sends what it has when there is nothing more at the moment.
            let end = stream::once(async {
                tokio::task::yield_now().await;
                Err(std::io::Error::other("torn"))
            });
            (json, Body::from_stream(stream::iter([Ok(half)]).chain(end))).into_response()
        }
        Answer::Noise => {
            let random = Random::seeded(5);
            let bytes: Vec<u8> = (0..8192).flat_map(|_| random.bytes::<16>()).collect();
            ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response()
        }
        Answer::HtmlPage => {
            let page = "<!DOCTYPE html><html><head><title>Just a moment…</title></head><body>Please wait</body></html>";
            ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page).into_response()
        }
        Answer::NotFound => {
            (StatusCode::NOT_FOUND, json, r#"{"status":404,"error":"Job not found"}"#).into_response()
        }
        Answer::Busy => {
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "120")], "slow down").into_response()
        }
        Answer::Down => (StatusCode::BAD_GATEWAY, "upstream is away").into_response(),
    }
}

/// A greenhouse of our own, and a worker that asks it.
struct World {
    boards: Arc<Boards>,
    scraper: Scraper,
}

impl World {
    /// With these boards scraped once, while all was well.
    async fn with(names: &[&str]) -> Self {
        let boards = Arc::<Boards>::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let gateway = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let route = "/https/boards-api.greenhouse.io/v1/boards/{board}/jobs";
        let app = Router::new().route(route, get(answer)).with_state(boards.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let scraper = Scraper::new(gateway).await;
        let world = Self { boards, scraper };
        let Outcome::Done(report) = world.scrape(names).await.1 else { panic!("all is well at first") };
        assert_eq!(report["new"], 2 * names.len());
        world
    }

    fn answer(&self, board: &str, answer: Answer) {
        self.boards.answers.lock().unwrap().insert(board.to_owned(), answer);
        self.boards.requests.lock().unwrap().remove(board);
    }

    fn requests(&self, board: &str) -> usize {
        self.boards.requests.lock().unwrap().get(board).copied().unwrap_or(0)
    }

    async fn scrape(&self, boards: &[&str]) -> (RunId, Outcome) {
        self.scraper.run(json!({ "source": "greenhouse", "boards": boards, "confirm_after": "0s" })).await
    }

    async fn health(&self, board: &str) -> BoardHealth {
        let all = self.scraper.db.store.list_health().await.unwrap();
        all.into_iter().find(|health| health.board == board).unwrap()
    }

    /// State, attempts that count, error, and how many seconds from now it is due again.
    async fn run(&self, id: RunId) -> (String, i16, String, i32) {
        sqlx::query_as(
            "SELECT state, attempt, coalesce(error, ''), extract(epoch FROM run_at - now())::int FROM worker.runs WHERE id = $1",
        )
        .bind(id.0)
        .fetch_one(&self.scraper.db.pool)
        .await
        .unwrap()
    }

    /// Rows of `jobs` with their versions, and how many sightings are missing.
    async fn stored(&self) -> (Vec<String>, i64) {
        let missing =
            sqlx::query_scalar("SELECT count(*) FROM worker.sightings WHERE missing_since IS NOT NULL")
                .fetch_one(&self.scraper.db.pool)
                .await
                .unwrap();
        (self.scraper.versions().await, missing)
    }
}

/// How a board fails, and what of it a person must find in run and health.
struct Case {
    answer: Answer,
    kind: &'static str,
    /// Words of the message.
    says: &'static [&'static str],
    /// Requests of one run.
    requests: usize,
    /// Another attempt may help.
    passing: bool,
}

const CASES: &[Case] = &[
    Case {
        answer: Answer::Vast,
        kind: "too_large",
        says: &["/boards/lamp/jobs", "larger than 52428800 bytes"],
        requests: 1,
        passing: false,
    },
    Case {
        answer: Answer::VastAnnounced,
        kind: "too_large",
        says: &["/boards/lamp/jobs", "larger than 52428800 bytes"],
        requests: 1,
        passing: false,
    },
    Case {
        answer: Answer::Noise,
        kind: "layout",
        says: &["expected a JSON object or list, got"],
        requests: 1,
        passing: false,
    },
    Case {
        answer: Answer::HtmlPage,
        kind: "layout",
        says: &["expected JSON, got a page of HTML"],
        requests: 1,
        passing: false,
    },
    Case {
        answer: Answer::NotFound,
        kind: "gone",
        says: &["/boards/lamp/jobs", "not there (status 404)"],
        requests: 1,
        passing: false,
    },
    Case {
        answer: Answer::Torn,
        kind: "network",
        says: &["/boards/lamp/jobs", "broken body"],
        requests: 3,
        passing: true,
    },
    Case {
        answer: Answer::Down,
        kind: "status",
        says: &["/boards/lamp/jobs", "unexpected status 502"],
        requests: 3,
        passing: true,
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_cannot_be_read_is_one_clear_message_and_changes_nothing() {
    let world = World::with(&["lamp", "buoy"]).await;
    let stored = world.stored().await;
    for (failures, case) in (1..).zip(CASES) {
        let name = format!("{:?}", case.answer);
        world.answer("lamp", case.answer);
        *world.boards.taken.lock().unwrap() = 0;
        let (id, outcome) = world.scrape(&["lamp"]).await;
        assert_eq!(world.requests("lamp"), case.requests, "{name}");
        let error = match outcome {
            Outcome::Fail { error } if !case.passing => error,
            Outcome::Retry { after: None, error } if case.passing => error,
            other => panic!("{name}: {other:?}"),
        };
        let start = format!("1 of 1 boards of greenhouse: lamp: {}: ", case.kind);
        assert!(
            error.starts_with(&start) && case.says.iter().all(|part| error.contains(part)),
            "{name}: {error}"
        );
        assert!(!error.contains('\n') && error.len() < 300, "{name}: {error}");
        let (state, attempt, kept, _) = world.run(id).await;
        let expected = if case.passing { "failed" } else { "dead" };
        assert_eq!((state.as_str(), attempt, kept.as_str()), (expected, 1, error.as_str()), "{name}");

        let health = world.health("lamp").await;
        let message = health.error.unwrap();
        assert_eq!(
            (health.error_kind.as_deref(), health.consecutive_failures),
            (Some(case.kind), failures),
            "{name}"
        );
        assert!(!health.healthy && error.ends_with(&message), "{name}: {message}");
        assert!(case.says.iter().all(|part| message.contains(part)), "{name}: {message}");
        // What the sockets of both ends hold comes on top.
        let taken = *world.boards.taken.lock().unwrap();
        assert!(taken < 80 * MIB, "{name}: {taken} bytes were read");
        assert_eq!(world.stored().await, stored, "{name}");
    }

    // A board beside it is read all the same, and the run says which one was not.
    let Outcome::Done(report) = world.scrape(&["lamp", "buoy"]).await.1 else { panic!("one board is read") };
    assert_eq!((&report["failed"], &report["seen"], &report["unchanged"]), (&1.into(), &2.into(), &2.into()));
    assert_eq!(report["boards"][0]["error"]["kind"], "status");
    assert_eq!(report["boards"][1]["error"], Value::Null);
    assert_eq!(world.stored().await, stored);

    // And when it is well again, so is its health.
    world.answer("lamp", Answer::Listing);
    let Outcome::Done(report) = world.scrape(&["lamp"]).await.1 else { panic!("it is well again") };
    assert_eq!((&report["unchanged"], &report["new"]), (&2.into(), &0.into()));
    let health = world.health("lamp").await;
    assert_eq!((health.healthy, health.consecutive_failures, health.error), (true, 0, None));
    assert_eq!(world.stored().await, stored);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_asks_to_wait_is_left_alone_for_that_long() {
    let world = World::with(&["lamp"]).await;
    let stored = world.stored().await;
    world.answer("lamp", Answer::Busy);
    for (failures, requests) in [(1, 1), (2, 1)] {
        let (id, outcome) = world.scrape(&["lamp"]).await;
        let Outcome::Snooze { after, reason } = outcome else { panic!("{outcome:?}") };
        assert!((110..=120).contains(&after.as_secs()), "{after:?}");
        let start = "1 of 1 boards of greenhouse: lamp: throttled: https://boards-api.greenhouse.io/v1/boards/lamp/jobs";
        assert!(reason.starts_with(start) && reason.contains("asks to wait"), "{reason}");
        assert_eq!(world.requests("lamp"), requests, "the domain is not asked before its time");
        let (state, attempt, error, due) = world.run(id).await;
        assert_eq!((state.as_str(), attempt, error), ("queued", 0, reason.clone()));
        assert!((100..=140).contains(&due), "{due}");
        let health = world.health("lamp").await;
        assert_eq!(
            (health.error_kind.as_deref(), health.consecutive_failures),
            (Some("throttled"), failures)
        );
        assert!(health.healthy && reason.ends_with(&health.error.unwrap()), "a pause is no illness");
        assert_eq!(world.stored().await, stored);
    }
}
