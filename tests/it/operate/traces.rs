//! One trace from the wish to the notice, through several processes, as a collector receives it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};
use serde_json::json;
use sqlx::AssertSqlSafe;
use tokio::net::TcpListener;

use super::{World, ask};
use crate::{
    process::free_port,
    storm::world::message_to,
    support::{eventually, redis_url, unique},
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

#[derive(Clone, Debug, Default)]
struct Span {
    trace: String,
    id: String,
    parent: String,
    name: String,
    task: String,
    links: Vec<String>,
}

type Spans = Arc<Mutex<Vec<Span>>>;

/// Keeps the spans of each request for traces.
async fn collect(State(spans): State<Spans>, body: Bytes) -> StatusCode {
    for resource in fields(&body, 1) {
        for scope in fields(resource, 2) {
            spans.lock().unwrap().extend(fields(scope, 2).map(span));
        }
    }
    StatusCode::OK
}

fn span(bytes: &[u8]) -> Span {
    let text = |bytes: &[u8], number| {
        fields(bytes, number).map(|text| String::from_utf8(text.to_vec()).unwrap()).next().unwrap_or_default()
    };
    let task = fields(bytes, 9).find(|pair| text(pair, 1) == "task");
    let task = task.and_then(|pair| fields(pair, 2).next().map(|value| text(value, 1)));
    let links = fields(bytes, 13).map(|link| hex(link, 1));
    Span {
        trace: hex(bytes, 1),
        id: hex(bytes, 2),
        parent: hex(bytes, 4),
        name: text(bytes, 5),
        task: task.unwrap_or_default(),
        links: links.collect(),
    }
}

fn hex(message: &[u8], field: u64) -> String {
    fields(message, field).flatten().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// The values of one field of a protobuf message that have a length; a reader of our own, so that what is sent is judged by the format.
fn fields(message: &[u8], wanted: u64) -> impl Iterator<Item = &[u8]> {
    let mut rest = message;
    std::iter::from_fn(move || {
        while !rest.is_empty() {
            let (key, after) = varint(rest);
            let (value, after) = match key & 7 {
                0 => (&after[..0], varint(after).1),
                1 => (&after[..0], &after[8..]),
                2 => {
                    let (length, after) = varint(after);
                    after.split_at(usize::try_from(length).unwrap())
                }
                5 => (&after[..0], &after[4..]),
                other => panic!("wire type {other}"),
            };
            rest = after;
            if key >> 3 == wanted && key & 7 == 2 {
                return Some(value);
            }
        }
        None
    })
}

fn varint(bytes: &[u8]) -> (u64, &[u8]) {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return (value, &bytes[at + 1..]);
        }
    }
    panic!("a number without an end")
}

async fn collector() -> (String, Spans) {
    let spans = Spans::default();
    let router = Router::new().route("/v1/traces", post(collect)).with_state(spans.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, spans)
}

/// The span of a run of `task` in the trace.
fn run_of(spans: &[Span], trace: &str, task: &str) -> Option<Span> {
    spans.iter().find(|span| span.trace == trace && span.name == "run" && span.task == task).cloned()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_goes_from_the_wish_to_the_notice_across_processes() {
    let world = World::new().await;
    let (url, spans) = collector().await;
    let program = world
        .program
        .clone()
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &url)
        .with("OTEL_BSP_SCHEDULE_DELAY", "100")
        .with("CAREER__LOG__FORMAT", "json")
        .with("CAREER__LOG__FILTER", "debug,hyper=info");
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let other = format!("127.0.0.1:{}", free_port());
    let _front = program.start_logged(&["serve", "--roles", "admin,worker", "--queues", "scrape"], &log);
    let back = program.clone().with("CAREER__ADMIN__PROBES", &other);
    let _back = back.start_logged(&["serve", "--roles", "worker", "--queues", "match,notify"], &log);
    eventually(Duration::from_secs(30), async || super::get(&world.admin, "/readyz").await.0 == 200).await;

    let token = program.output(&["token", "create", "t"]);
    let body = r#"{"task":"scrape","args":{"source":"greenhouse","boards":["nordlichtgrid"]}}"#;
    let request = format!(
        "POST /api/v1/runs HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: bearer {}\r\n\
         traceparent: 00-{TRACE}-{CALLER}-01\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        token.trim(),
        body.len()
    );
    let (status, answer) = ask(&world.admin, &request).await;
    assert!(status == 201 || status == 202 || status == 200, "{status} {answer}");
    eventually(Duration::from_mins(1), async || {
        world.told().await > 0 && run_of(&spans.lock().unwrap(), TRACE, "notify").is_some()
    })
    .await;

    let spans = spans.lock().unwrap().clone();
    let by_id: HashMap<&str, &Span> = spans.iter().map(|span| (span.id.as_str(), span)).collect();
    let above = |span: &Span| by_id.get(span.parent.as_str()).copied();
    // From the notice upwards, span by span.
    let mut path = Vec::new();
    let mut next = run_of(&spans, TRACE, "notify");
    while let Some(span) = next {
        assert_eq!(span.trace, TRACE);
        path.push((span.name.clone(), span.task.clone()));
        next = above(&span).cloned();
        if next.is_none() {
            assert_eq!(span.parent, CALLER, "the first span follows from the caller's");
        }
    }
    let path: Vec<(&str, &str)> = path.iter().map(|(name, task)| (name.as_str(), task.as_str())).collect();
    let expected = [
        ("run", "notify"),
        ("follow up", "notify"),
        ("run", "match"),
        ("follow up", "match"),
        ("scrape_board", ""),
        ("run", "scrape"),
        ("request", ""),
    ];
    assert_eq!(path, expected);
    let matched = run_of(&spans, TRACE, "match").unwrap();
    assert!(matched.links.contains(&TRACE.to_owned()), "the batch is linked to where its postings come from");
    let text = std::fs::read_to_string(&log).unwrap();
    let of_run = text.lines().filter(|line| line.contains("\"run done\"") && line.contains(TRACE)).count();
    assert!(of_run >= 3, "log records of the runs carry the trace: {text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_attempt_is_a_trace_of_its_own_that_points_back() {
    let world = World::new().await;
    let (url, spans) = collector().await;
    // Nobody listens there: a failure that may pass.
    let program = world
        .program
        .clone()
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &url)
        .with("OTEL_BSP_SCHEDULE_DELAY", "100")
        .with("CAREER__FETCH__GATEWAY", "http://127.0.0.1:1")
        .with("CAREER__FETCH__TRIES", "1");
    let args = r#"{"source":"greenhouse","boards":["nordlichtgrid"]}"#;
    let caller = program.clone().with("TRACEPARENT", format!("00-{TRACE}-{CALLER}-01"));
    caller.output(&["enqueue", "--task", "scrape", "--args", args]);
    sqlx::query("UPDATE worker.runs SET max_attempts = 2").execute(&world.db.pool).await.unwrap();
    let _running = program.start(&["serve", "--roles", "worker", "--queues", "scrape"]);
    let attempts = || {
        let spans = spans.lock().unwrap();
        spans.iter().filter(|span| span.name == "run" && span.task == "scrape").cloned().collect::<Vec<_>>()
    };
    eventually(Duration::from_mins(1), async || attempts().len() == 2).await;
    let (first, second): (Vec<_>, Vec<_>) = attempts().into_iter().partition(|span| span.trace == TRACE);
    let ([first], [second]) = (first.as_slice(), second.as_slice()) else {
        panic!("one attempt in the caller's trace, one in its own: {first:?} {second:?}");
    };
    assert!(first.links.is_empty());
    assert_eq!(second.links, [TRACE], "a later attempt points back");
    assert_eq!(second.parent, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_wants_a_run_by_sql_or_redis_says_what_it_follows_from() {
    let world = World::new().await;
    let (url, spans) = collector().await;
    let prefix = unique();
    let program = world
        .program
        .clone()
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", &url)
        .with("OTEL_BSP_SCHEDULE_DELAY", "100")
        .with("CAREER__REDIS__PREFIX", &prefix);
    let _running = program.start(&["serve", "--roles", "worker", "--queues", "maintenance"]);
    let pool = &world.db.pool;
    let known = "SELECT EXISTS (SELECT FROM worker.tasks)";
    eventually(Duration::from_secs(30), async || sqlx::query_scalar(known).fetch_one(pool).await.unwrap())
        .await;

    let trace_of_redis = TRACE.chars().rev().collect::<String>();
    let mut transaction = pool.begin().await.unwrap();
    let follows = format!("SET LOCAL career.traceparent = '00-{TRACE}-{CALLER}-01'");
    for statement in [follows.as_str(), "SELECT worker.enqueue('prune')"] {
        sqlx::query(AssertSqlSafe(statement)).execute(&mut *transaction).await.unwrap();
    }
    transaction.commit().await.unwrap();
    let message = json!({ "task": "prune", "traceparent": format!("00-{trace_of_redis}-{CALLER}-01") });
    let client = redis::Client::open(redis_url().await).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let queue = format!("{prefix}:maintenance");
    let push = message_to(&queue, "01ARZ3NDEKTSV4RRFFQ69G5FAV", &message.to_string());
    push.query_async::<()>(&mut connection).await.unwrap();

    let run = |trace: &str| run_of(&spans.lock().unwrap(), trace, "prune");
    eventually(Duration::from_mins(1), async || run(TRACE).is_some() && run(&trace_of_redis).is_some()).await;
    assert_eq!(run(TRACE).unwrap().parent, CALLER);
    let taken = run(&trace_of_redis).unwrap().parent;
    let message = |span: &&Span| span.name == "message" && span.id == taken;
    eventually(Duration::from_mins(1), async || spans.lock().unwrap().iter().any(|span| message(&span)))
        .await;
    let message = spans.lock().unwrap().iter().find(message).cloned().unwrap();
    assert_eq!(message.parent, CALLER);
}
