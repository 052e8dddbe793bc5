//! The admin endpoint: what operators and machines ask over HTTP.
//!
//! It changes things only through the same statements as everything else, writes every deed into the audit, and answers nobody without a
//! token but the probes. To add a route: a handler in the file of its subject, a line in [`router`].

mod access;
mod connections;
mod extract;
mod plan;
mod probes;
mod problem;
mod runs;
mod searches;
pub mod token;

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State as Shared},
    http::{HeaderMap, HeaderValue, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;

pub use self::problem::Problem;
use crate::{
    clock::Clock,
    config::{AdminConfig, Config},
    domain::NewRun,
    queue::Transport,
    schedule::Schedule,
    store::Store,
    tasks::AnyTask,
};

/// Largest body of a request, bytes.
const BODY: usize = 64 << 10;
/// Longest time for one request.
const PATIENCE: Duration = Duration::from_secs(10);
/// Requests under way at once.
const AT_ONCE: usize = 64;
/// Previews under way at once.
const PREVIEWS: usize = 2;

/// What the endpoint is made of.
#[derive(Debug)]
pub struct Parts {
    /// Settings.
    pub config: Arc<Config>,
    /// Database.
    pub store: Store,
    /// Bells and Redis.
    pub transport: Transport,
    /// Time.
    pub clock: Clock,
    /// What is shown and can be paused.
    pub schedules: Arc<[Schedule]>,
    /// What can be enqueued.
    pub tasks: &'static [&'static dyn AnyTask],
    /// What `/metrics` prints.
    pub metrics: Option<PrometheusHandle>,
    /// Fires when the process stops taking work.
    pub draining: CancellationToken,
}

/// What the endpoint works with.
#[derive(Debug)]
pub struct State {
    config: Arc<Config>,
    store: Store,
    transport: Transport,
    clock: Clock,
    schedules: Arc<[Schedule]>,
    tasks: &'static [&'static dyn AnyTask],
    metrics: Option<PrometheusHandle>,
    draining: CancellationToken,
    limits: access::Limits,
    slots: Semaphore,
    previews: Semaphore,
}

impl State {
    /// An endpoint that nobody has asked yet.
    pub fn new(parts: Parts) -> Self {
        let Parts { config, store, transport, clock, schedules, tasks, metrics, draining } = parts;
        let (limits, slots) = (access::Limits::default(), Semaphore::new(AT_ONCE));
        let previews = Semaphore::new(PREVIEWS);
        Self { config, store, transport, clock, schedules, tasks, metrics, draining, limits, slots, previews }
    }
}

/// The run that a body of `POST /api/v1/runs` asks for.
///
/// # Errors
/// Says what cannot be used.
pub fn read_run(
    body: &[u8],
    now: chrono::DateTime<chrono::Utc>,
    known: &[&'static dyn AnyTask],
) -> Result<NewRun, Problem> {
    runs::read(&extract::Payload(body.to_vec().into()), now, known)
}

/// All routes.
pub fn router(state: Arc<State>) -> Router {
    Router::new()
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz))
        .route("/metrics", get(probes::metrics))
        .route("/api/v1/runs", get(runs::list).post(runs::enqueue))
        .route("/api/v1/runs/{id}", get(runs::show))
        .route("/api/v1/runs/{id}/cancel", post(runs::cancel))
        .route("/api/v1/runs/{id}/retry", post(runs::retry))
        .route("/api/v1/searches/preview", post(searches::preview))
        .route("/api/v1/searches/problems", get(searches::problems))
        .route("/api/v1/searches/{id}/rematch", post(searches::rematch))
        .route("/api/v1/schedules", get(plan::schedules))
        .route("/api/v1/sources", get(plan::sources))
        .route("/api/v1/queues", get(plan::queues))
        .route("/api/v1/tasks", get(plan::tasks))
        .route("/api/v1/{kind}/{name}/{action}", post(plan::pause))
        .fallback(|| async { Problem::NotFound("there is no such route".to_owned()) })
        .method_not_allowed_fallback(|| async { Problem::Method })
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(Arc::clone(&state), guard))
        .with_state(state)
}

/// Bounds requests in number and time, refuses cross-site posts, and marks answers as not to be kept.
async fn guard(Shared(state): Shared<Arc<State>>, request: Request, next: Next) -> Response {
    let Ok(_slot) = state.slots.try_acquire() else { return Problem::Unavailable.into_response() };
    if !request.method().is_safe() && is_cross_site(request.headers()) {
        return Problem::Forbidden("cross-site requests may not change anything".to_owned()).into_response();
    }
    let mut response = tokio::time::timeout(PATIENCE, next.run(request))
        .await
        .unwrap_or_else(|_| Problem::Unavailable.into_response());
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// What browsers say of where a request comes from; older ones say only the origin. Programs say nothing.
fn is_cross_site(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site != "same-origin" && site != "none";
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return false };
    let host = headers.get(header::HOST).map_or(&b""[..], HeaderValue::as_bytes);
    origin.as_bytes().split(|byte| *byte == b'/').next_back() != Some(host)
}

/// Opens the listener; other than loopback addresses only behind a proxy that speaks TLS.
///
/// # Errors
/// Where the address is not allowed or in use.
pub async fn listen(config: &AdminConfig) -> anyhow::Result<TcpListener> {
    anyhow::ensure!(
        config.bind.ip().is_loopback() || config.behind_tls_proxy,
        "admin.bind: {} is not a loopback address; tokens would travel in clear: set admin.behind_tls_proxy = true where a proxy \
         in front speaks TLS",
        config.bind
    );
    TcpListener::bind(config.bind).await.with_context(|| format!("admin.bind: {}", config.bind))
}

/// Serves until `shutdown`, and what is under way then.
pub async fn serve(listener: TcpListener, state: Arc<State>, shutdown: CancellationToken) {
    connections::serve(listener, router(state), shutdown).await;
}
