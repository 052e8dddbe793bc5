//! Every route with values of every wrong kind: refused in one form, never a fault of ours.

use career_worker::{admin::token::Role, domain::RunId};
use serde_json::{Value, json};

use crate::{admin::Endpoint, rig::new_run};

/// Every route there is: method, path with `{}` for a value, body with its keys.
fn routes() -> Vec<(&'static str, &'static str, Option<Value>)> {
    let run = json!({
        "task": "match", "args": {}, "queue": "match", "priority": 1, "key": "k", "run_at": "2026-01-01T00:00:00Z",
        "attempts": 1, "timeout": "1m",
    });
    vec![
        ("GET", "/api/v1/runs?state={}", None),
        ("GET", "/api/v1/runs?task={}", None),
        ("GET", "/api/v1/runs?queue={}", None),
        ("GET", "/api/v1/runs?schedule={}", None),
        ("GET", "/api/v1/runs?cursor={}", None),
        ("GET", "/api/v1/runs/{}/history", None),
        ("POST", "/api/v1/runs/change", Some(json!({ "action": "retry", "ids": [1] }))),
        ("GET", "/api/v1/runs?limit={}", None),
        ("GET", "/api/v1/runs?{}=1", None),
        ("GET", "/api/v1/runs/{}", None),
        ("POST", "/api/v1/runs", Some(run)),
        ("POST", "/api/v1/runs/{}/cancel", None),
        ("POST", "/api/v1/runs/{}/retry", None),
        ("POST", "/api/v1/searches/preview", Some(json!({ "query": "rust", "filters": {}, "days": 7 }))),
        ("GET", "/api/v1/searches/problems?user={}", None),
        ("GET", "/api/v1/searches/problems?cursor={}", None),
        ("GET", "/api/v1/searches?user={}", None),
        ("GET", "/api/v1/searches?cursor={}", None),
        ("GET", "/api/v1/postings?q={}", None),
        ("GET", "/api/v1/postings?source={}", None),
        ("GET", "/api/v1/postings?active={}", None),
        ("GET", "/api/v1/postings?cursor={}", None),
        ("GET", "/api/v1/postings/{}", None),
        ("GET", "/api/v1/matches?user={}", None),
        ("GET", "/api/v1/matches?posting={}", None),
        ("GET", "/api/v1/matches?cursor={}", None),
        ("GET", "/api/v1/matches/{}/1", None),
        ("GET", "/api/v1/matches/1/{}", None),
        ("GET", "/api/v1/digests?state={}", None),
        ("GET", "/api/v1/digests?user={}", None),
        ("GET", "/api/v1/digests?channel={}", None),
        ("GET", "/api/v1/digests?cursor={}", None),
        ("POST", "/api/v1/digests/{}/release", None),
        ("GET", "/api/v1/channels?user={}", None),
        ("GET", "/api/v1/channels?cursor={}", None),
        (
            "POST",
            "/api/v1/channels/1/email",
            Some(json!({ "enabled": true, "address": "a@b.example", "hour": 1, "daily_cap": 1 })),
        ),
        ("GET", "/api/v1/audit?actor={}", None),
        ("GET", "/api/v1/audit?cursor={}", None),
        ("GET", "/api/v1/overview?{}", None),
        ("GET", "/api/v1/sources/days?days={}", None),
        ("GET", "/api/v1/schedules/{}", None),
        ("POST", "/api/v1/schedules/{}/run", None),
        (
            "POST",
            "/api/v1/tokens",
            Some(json!({ "name": "n", "role": "viewer", "tasks": [], "expires_in": "1d" })),
        ),
        ("POST", "/api/v1/tokens/{}/revoke", None),
        ("GET", "/api/v1/searches/problems?limit={}", None),
        ("POST", "/api/v1/searches/{}/rematch", Some(json!({ "days": 1, "announce": true, "limit": 1 }))),
        ("GET", "/api/v1/schedules?{}", None),
        ("GET", "/api/v1/sources?{}", None),
        ("GET", "/api/v1/queues?{}", None),
        ("GET", "/api/v1/tasks?{}", None),
        ("POST", "/api/v1/queues/{}/pause", None),
        ("POST", "/api/v1/queues/match/{}", None),
        ("POST", "/api/v1/schedules/{}/resume", None),
        ("POST", "/api/v1/sources/{}/pause", None),
        ("POST", "/api/v1/{}/match/pause", None),
        ("GET", "/{}", None),
    ]
}

/// Values in paths and queries, as sent.
const TEXTS: [&str; 18] = [
    "",
    "abc",
    "-1",
    "0",
    "1.5",
    "1e3",
    "99999999999999999999",
    "-9223372036854775808",
    "null",
    "%00",
    "%ff",
    "%F0%9F%92%A9",
    "..%2f..%2fetc",
    "'%20OR%201=1--",
    "%3Cscript%3E",
    "a%0d%0aset-cookie:x",
    "%25s%25n",
    "a&b=c",
];

fn values() -> Vec<Value> {
    let deep = (0..40).fold(json!(1), |inner, _| json!([inner]));
    vec![
        Value::Null,
        json!(true),
        json!(-1),
        json!(1.5),
        json!(u64::MAX),
        json!(1e308),
        json!(""),
        json!("x"),
        json!("\0"),
        json!("'; DROP TABLE worker.runs; --"),
        json!("\u{202e}\u{feff}\u{1b}[31m"),
        json!("y".repeat(60_000)),
        json!([]),
        json!([[1]]),
        json!({}),
        json!({ "\0": 1 }),
        json!({ "a": { "b": "c\0" } }),
        deep,
    ]
}

/// Bodies of a route: the right one with one key at a time of every wrong kind, and what is no such body at all.
fn bodies(right: &Value) -> Vec<String> {
    let mut bodies: Vec<String> = values().iter().map(Value::to_string).collect();
    bodies.extend(
        ["", "{", "nonsense", "{\"task\":\"match\"}x", "\u{feff}{}", "{\"task\":1e999}"].map(str::to_owned),
    );
    bodies.push(format!("{}{}", "[".repeat(30_000), "]".repeat(30_000)));
    let Value::Object(right) = right else { return bodies };
    for key in right.keys() {
        for value in values() {
            let mut wrong = right.clone();
            wrong.insert(key.clone(), value);
            bodies.push(Value::Object(wrong).to_string());
        }
    }
    let mut more = right.clone();
    more.insert("colour".to_owned(), json!("red"));
    bodies.push(Value::Object(more).to_string());
    bodies
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_of_any_kind_is_a_fault_of_ours() {
    let endpoint = Endpoint::start().await;
    let (mut asked, mut bearer) = (0, String::new());
    let mut wrong = Vec::new();
    for (method, path, right) in routes() {
        let paths: Vec<String> = if path.contains("{}") {
            TEXTS.iter().map(|text| path.replace("{}", text)).collect()
        } else {
            vec![path.to_owned()]
        };
        let bodies = right.as_ref().map_or_else(|| vec![String::new()], bodies);
        for (path, body) in paths.iter().flat_map(|path| bodies.iter().map(move |body| (path, body))) {
            // A token is good for so many at once.
            if asked % 15 == 0 {
                bearer = format!("Bearer {}", endpoint.token(Role::Admin, None).await);
            }
            asked += 1;
            let answer = endpoint.ask(method, path, &[("authorization", &bearer)], body).await;
            let shown: String = body.chars().take(120).collect();
            let told = answer.body["code"].is_string() && answer.body["detail"].is_string();
            let good = match answer.status {
                200..=202 | 204 => true,
                400..500 => told,
                _ => false,
            };
            if !good {
                wrong.push(format!("{method} {path} {shown}: {} {}", answer.status, answer.body));
            }
        }
    }
    println!("{asked} requests");
    assert!(wrong.is_empty(), "{} of {asked}:\n{}", wrong.len(), wrong.join("\n"));
    let runs = "worker.runs WHERE task NOT IN ('match', 'rematch')";
    assert_eq!(endpoint.count(runs).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn other_methods_are_refused_in_the_same_form() {
    let endpoint = Endpoint::start().await;
    for (method, path) in [
        ("DELETE", "/api/v1/runs"),
        ("PUT", "/api/v1/runs/1"),
        ("GET", "/api/v1/runs/1/cancel"),
        ("TRACE", "/healthz"),
    ] {
        let answer = endpoint.ask_as(Role::Admin, method, path, "").await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (405, &json!("method_not_allowed")),
            "{method} {path}"
        );
    }
}

/// A token of the least role, on every route that changes something.
#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_token_of_a_viewer_changes_nothing() {
    let endpoint = Endpoint::start().await;
    let (dead, _) = endpoint.db.store.insert_run(&new_run("match", "a")).await.unwrap();
    let search: i32 = sqlx::query_scalar(
        "WITH u AS (INSERT INTO users (email, hashed_password) VALUES ('a@example.com', 'x') RETURNING id)
         INSERT INTO saved_searches (user_id, name, query) SELECT id, 'rust', 'rust' FROM u RETURNING id",
    )
    .fetch_one(&endpoint.db.pool)
    .await
    .unwrap();
    let RunId(run) = dead;
    let posts = [
        ("/api/v1/runs".to_owned(), json!({ "task": "match" }).to_string()),
        (format!("/api/v1/runs/{run}/cancel"), String::new()),
        (format!("/api/v1/runs/{run}/retry"), String::new()),
        (format!("/api/v1/searches/{search}/rematch"), String::new()),
        ("/api/v1/queues/match/pause".to_owned(), String::new()),
        ("/api/v1/queues/match/resume".to_owned(), String::new()),
        ("/api/v1/sources/lever/pause".to_owned(), String::new()),
        ("/api/v1/schedules/x/run".to_owned(), String::new()),
        ("/api/v1/runs/change".to_owned(), json!({ "action": "cancel", "ids": [run] }).to_string()),
        ("/api/v1/tokens".to_owned(), json!({ "name": "x", "role": "admin" }).to_string()),
        ("/api/v1/tokens/x/revoke".to_owned(), String::new()),
        ("/api/v1/backups/acknowledge".to_owned(), String::new()),
        ("/api/v1/channels/1/email".to_owned(), json!({ "enabled": true }).to_string()),
        ("/api/v1/digests/00000000-0000-4000-8000-000000000001/release".to_owned(), String::new()),
    ];
    for (path, body) in &posts {
        let answer = endpoint.ask_as(Role::Viewer, "POST", path, body).await;
        assert_eq!((answer.status, &answer.body["code"]), (403, &json!("forbidden")), "{path}");
        let answer = endpoint.ask("POST", path, &[], body).await;
        assert!(matches!(answer.status, 401 | 429), "{path}: {}", answer.status);
    }
    // A role that nobody knows may do the least.
    let token = endpoint.token(Role::Admin, Some(vec!["prune".to_owned()])).await;
    let bearer = format!("Bearer {token}");
    let answer = endpoint.ask("POST", &posts[3].0, &[("authorization", &bearer)], "").await;
    assert_eq!(answer.status, 403, "a task that is not on its list: {}", answer.body);
    let left = "SELECT count(*) FROM worker.runs WHERE state = 'queued'";
    assert_eq!(sqlx::query_scalar::<_, i64>(left).fetch_one(&endpoint.db.pool).await.unwrap(), 1);
    assert_eq!((endpoint.count("worker.audit").await, endpoint.count("worker.pauses").await), (0, 0));
}
