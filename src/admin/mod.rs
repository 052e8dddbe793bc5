//! The admin endpoint: what operators and machines ask over HTTP.
//!
//! It changes things only through the same statements as everything else, writes every deed into the audit, and answers nobody without a
//! token but the probes and the links to unsubscribe, which are tokens themselves. `api/` is for programs, `pages/` for people; both ask the same functions. To add a route: see `api/mod.rs` and
//! `pages/mod.rs`.

mod access;
mod api;
mod connections;
mod extract;
mod pages;
mod probes;
mod problem;
mod reading;
mod session;
pub mod token;

use std::{sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, Request, State as Shared},
    http::{HeaderMap, HeaderValue, header},
    middleware::{Next, from_fn, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::sync::CancellationToken;

pub use self::{api::document, problem::Problem};
use crate::{
    clock::Clock,
    config::{AdminConfig, Config},
    domain::NewRun,
    queue::Transport,
    random::Random,
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

/// What a browser may do with an answer: no scripts at all, nothing from elsewhere, in nobody's frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

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
    /// Chance.
    pub random: Random,
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
#[derive(Clone, Debug)]
pub struct State {
    config: Arc<Config>,
    /// What is looked at and changed; the replica where only looking is done.
    store: Store,
    /// Where it is decided who is asking.
    primary: Store,
    transport: Transport,
    clock: Clock,
    random: Random,
    schedules: Arc<[Schedule]>,
    tasks: &'static [&'static dyn AnyTask],
    metrics: Option<PrometheusHandle>,
    draining: CancellationToken,
    limits: Arc<access::Limits>,
    slots: Arc<Semaphore>,
    previews: Arc<Semaphore>,
    overview: Arc<api::overview::Memory>,
    /// `/openapi.json`.
    document: Bytes,
}

impl State {
    /// An endpoint that nobody has asked yet.
    pub fn new(parts: Parts) -> Self {
        let Parts { config, store, transport, clock, random, schedules, tasks, metrics, draining } = parts;
        let limits = Arc::new(access::Limits::new(config.admin.requests_per_minute));
        Self {
            config,
            primary: store.clone(),
            store,
            transport,
            clock,
            random,
            schedules,
            tasks,
            metrics,
            draining,
            limits,
            slots: Arc::new(Semaphore::new(AT_ONCE)),
            previews: Arc::new(Semaphore::new(PREVIEWS)),
            overview: Arc::default(),
            document: document().to_json().map_or_else(
                |error| {
                    tracing::error!(%error, "the description of the API cannot be written");
                    Bytes::new()
                },
                Bytes::from,
            ),
        }
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
    api::enqueue::read(&extract::Payload(body.to_vec().into()), now, known)
}

/// All routes, each request counted and within a span that follows from its `traceparent`.
pub fn router(state: Arc<State>) -> Router {
    let whole = routes(&state);
    let Some(store) = state.store.reader() else { return whole };
    let reading = Arc::new(State { store, ..(*state).clone() });
    let replica = Arc::new(reading::Replica { routes: routes(&reading), state });
    whole.layer(from_fn_with_state(replica, reading::choose))
}

fn routes(state: &Arc<State>) -> Router {
    Router::new()
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz))
        .route("/metrics", get(probes::metrics))
        .route("/openapi.json", get(describe))
        .route("/login", get(pages::login::show).post(session::sign_in))
        .route("/logout", post(session::sign_out))
        .route("/unsubscribe/{token}", get(pages::unsubscribe::show).post(pages::unsubscribe::stop))
        .merge(Router::from(api::routes()))
        .merge(pages::routes())
        .fallback(|| async { Problem::NotFound("there is no such route".to_owned()) })
        .method_not_allowed_fallback(|| async { Problem::Method })
        .layer(DefaultBodyLimit::max(BODY))
        .layer(from_fn_with_state(Arc::clone(state), guard))
        .layer(from_fn(probes::observed))
        .with_state(Arc::clone(state))
}

/// `GET /openapi.json`: needs no token, since it says nothing of what is here.
async fn describe(Shared(state): Shared<Arc<State>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], state.document.clone())
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
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
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
pub fn listen(config: &AdminConfig) -> anyhow::Result<TcpListener> {
    anyhow::ensure!(
        config.bind.ip().is_loopback() || config.behind_tls_proxy,
        "admin.bind: {} is not a loopback address; tokens would travel in clear: set admin.behind_tls_proxy = true where a proxy \
         in front speaks TLS",
        config.bind
    );
    connections::open(config.bind).with_context(|| format!("admin.bind: {}", config.bind))
}

/// Opens the listener of the probes, where one is wanted; any address may be, since nothing there takes a token.
///
/// # Errors
/// Where the address is in use.
pub fn listen_for_probes(config: &AdminConfig) -> anyhow::Result<Option<TcpListener>> {
    let open = |address| connections::open(address).with_context(|| format!("admin.probes: {address}"));
    config.probes.map(open).transpose()
}

/// Serves until `shutdown`, and what is under way then.
pub async fn serve(listener: TcpListener, state: Arc<State>, shutdown: CancellationToken) {
    connections::serve(listener, router(state), shutdown).await;
}
