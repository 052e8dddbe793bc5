//! The admin endpoint over real HTTP.

use std::{net::SocketAddr, sync::Arc};

use career_worker::{
    admin::{
        Parts, State, listen, serve,
        token::{Role, mint},
    },
    clock::Clock,
    config::Config,
    queue::Transport,
    random::Random,
    schedule::Schedule,
    store::Actor,
    tasks::TASKS,
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

use crate::support::TestDb;

pub const TEST: Actor<'static> = Actor { id: "test", address: None };

pub struct Endpoint {
    pub db: TestDb,
    pub address: SocketAddr,
    draining: CancellationToken,
}

pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Value,
}

impl Endpoint {
    pub async fn start() -> Self {
        Self::with_schedules(Arc::from([])).await
    }

    pub async fn with_schedules(schedules: Arc<[Schedule]>) -> Self {
        Self::with(schedules, |_| ()).await
    }

    pub async fn with(schedules: Arc<[Schedule]>, change: impl FnOnce(&mut Config)) -> Self {
        let db = TestDb::new().await;
        let draining = CancellationToken::new();
        let mut config = db.config();
        config.admin.bind = ([127, 0, 0, 1], 0).into();
        change(&mut config);
        let listener = listen(&config.admin).unwrap();
        let state = State::new(Parts {
            config: Arc::new(config),
            store: db.store.clone(),
            transport: Transport::local(),
            clock: Clock::system(),
            random: Random::system(),
            schedules,
            tasks: TASKS,
            metrics: None,
            draining: draining.clone(),
        });
        let address = listener.local_addr().unwrap();
        tokio::spawn(serve(listener, Arc::new(state), CancellationToken::new()));
        Self { db, address, draining }
    }

    pub async fn token(&self, role: Role, tasks: Option<Vec<String>>) -> String {
        let minted = mint(&Random::system(), Clock::system().now(), "test", role, tasks, None);
        // By hand, so that it is no deed of anybody's.
        sqlx::query(
            "INSERT INTO worker.api_tokens (id, name, secret_hash, role, tasks) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&minted.token.id)
        .bind(&minted.token.name)
        .bind(&minted.token.secret_hash)
        .bind(&minted.token.role)
        .bind(&minted.token.tasks)
        .execute(&self.db.pool)
        .await
        .unwrap();
        minted.shown.expose_secret().to_owned()
    }

    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let mut request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n");
        for (name, value) in headers {
            request.extend([name, ": ", value, "\r\n"]);
        }
        request.extend(["content-length: ", &body.len().to_string(), "\r\n\r\n", body]);
        let _ = stream.write_all(request.as_bytes()).await;
        let mut text = String::new();
        let _ = stream.read_to_string(&mut text).await;
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let body = serde_json::from_str(body).unwrap_or_else(|_| Value::from(body));
        Answer { status, head: head.to_owned(), body }
    }

    pub async fn enqueue(&self, token: &str, key: Option<&str>, body: &Value) -> Answer {
        let bearer = format!("bearer {token}");
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        self.ask("POST", "/api/v1/runs", &headers, &body.to_string()).await
    }

    pub async fn count(&self, table: &str) -> i64 {
        let statement = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        sqlx::query_scalar(statement).fetch_one(&self.db.pool).await.unwrap()
    }
}

#[tokio::test]
async fn an_operator_enqueues_and_it_is_audited() {
    let endpoint = Endpoint::start().await;
    let token = endpoint.token(Role::Operator, None).await;
    let answer = endpoint.enqueue(&token, None, &json!({ "task": "match", "priority": 3 })).await;
    assert_eq!(answer.status, 202, "{}", answer.body);
    assert_eq!(
        (&answer.body["task"], &answer.body["queue"], &answer.body["state"]),
        (&json!("match"), &json!("match"), &json!("queued"))
    );
    let bearer = format!("Bearer {token}");
    let show = endpoint
        .ask("GET", &format!("/api/v1/runs/{}", answer.body["id"]), &[("authorization", &bearer)], "")
        .await;
    assert_eq!((show.status, &show.body["priority"]), (200, &json!(3)));
    assert_eq!(endpoint.count("worker.audit WHERE action = 'enqueue'").await, 1);
}

#[tokio::test]
async fn an_idempotency_key_gives_the_first_run_again() {
    let endpoint = Endpoint::start().await;
    let token = endpoint.token(Role::Operator, None).await;
    let first = endpoint.enqueue(&token, Some("a"), &json!({ "task": "match" })).await;
    let again = endpoint.enqueue(&token, Some("a"), &json!({ "task": "match" })).await;
    assert_eq!((first.status, again.status), (202, 200));
    assert_eq!(first.body["id"], again.body["id"]);
    let other = endpoint.enqueue(&token, Some("a"), &json!({ "task": "notify" })).await;
    assert_eq!((other.status, &other.body["code"]), (422, &json!("key_reused")));
    let elsewhere = endpoint.token(Role::Operator, None).await;
    assert_eq!(endpoint.enqueue(&elsewhere, Some("a"), &json!({ "task": "match" })).await.status, 202);
    let body = json!({ "task": "match" });
    let at_once = (0..10).map(|_| endpoint.enqueue(&token, Some("b"), &body));
    let answers = futures::future::join_all(at_once).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 1);
    assert!(answers.iter().all(|answer| answer.body["id"] == answers[0].body["id"]));
    assert_eq!(endpoint.count("worker.runs").await, 3);
}

#[tokio::test]
async fn nobody_does_more_than_the_token_allows() {
    let endpoint = Endpoint::start().await;
    let viewer = endpoint.token(Role::Viewer, None).await;
    let narrow = endpoint.token(Role::Operator, Some(vec!["prune".to_owned()])).await;
    assert_eq!(endpoint.enqueue(&viewer, None, &json!({ "task": "match" })).await.status, 403);
    assert_eq!(endpoint.enqueue(&narrow, None, &json!({ "task": "match" })).await.status, 403);
    assert_eq!(endpoint.enqueue(&narrow, None, &json!({ "task": "prune" })).await.status, 202);
    assert_eq!(endpoint.ask("GET", "/api/v1/runs", &[], "").await.status, 401);
    // The secret behind the id may hold the sign that parts them.
    let (id, _) = narrow.trim_start_matches("cw_").split_once('_').unwrap();
    endpoint.db.store.revoke_token_for(TEST, id).await.unwrap();
    assert_eq!(endpoint.enqueue(&narrow, None, &json!({ "task": "prune" })).await.status, 401);
    assert_eq!(endpoint.count("worker.runs").await, 1);
}

#[tokio::test]
async fn guessing_tokens_is_slowed_down() {
    let endpoint = Endpoint::start().await;
    let mut statuses = Vec::new();
    for _ in 0..12 {
        let guess = format!("bearer cw_aaaaaaaa_{}", "b".repeat(43));
        statuses.push(endpoint.ask("GET", "/api/v1/runs", &[("authorization", &guess)], "").await.status);
    }
    assert_eq!(statuses[0], 401);
    assert_eq!(statuses[11], 429);
}

#[tokio::test]
async fn a_bad_wish_is_refused_with_what_was_expected() {
    let endpoint = Endpoint::start().await;
    let token = endpoint.token(Role::Operator, None).await;
    for (body, part) in [
        (json!({ "task": "no-such" }), "unknown task \"no-such\", expected one of"),
        (json!({ "task": "match", "args": { "x": 1 } }), "unknown field `x`"),
        (json!({ "task": "match", "colour": "red" }), "unknown field `colour`"),
        (
            json!({ "task": "match", "run_at": "2126-01-01T00:00:00Z" }),
            "run_at: expected at most 30 days ahead",
        ),
        (json!({ "task": "prune", "args": { "runs_days": 0 } }), "runs_days = 0, expected at least 1"),
        (json!([1]), "body"),
    ] {
        let answer = endpoint.enqueue(&token, None, &body).await;
        let message = answer.body["detail"].as_str().unwrap_or_default();
        assert!(answer.status == 422 && message.contains(part), "{body}: {} {message}", answer.status);
    }
    let large = json!({ "task": "match", "args": { "x": "y".repeat(100_000) } });
    assert_eq!(endpoint.enqueue(&token, None, &large).await.status, 413);
    let cross = [("sec-fetch-site", "cross-site")];
    assert_eq!(endpoint.ask("POST", "/api/v1/runs", &cross, "{}").await.status, 403);
    assert_eq!(endpoint.count("worker.runs").await, 0);
}

#[tokio::test]
async fn the_probes_need_no_token_and_tell_the_truth() {
    let endpoint = Endpoint::start().await;
    assert_eq!(endpoint.ask("GET", "/healthz", &[], "").await.status, 200);
    let ready = endpoint.ask("GET", "/readyz", &[], "").await;
    assert_eq!((ready.status, &ready.body["database"]), (200, &json!("ok")), "{}", ready.body);
    assert_eq!(endpoint.ask("GET", "/metrics", &[], "").await.status, 200);
    endpoint.draining.cancel();
    assert_eq!(endpoint.ask("GET", "/readyz", &[], "").await.status, 503);
}
