//! What machines ask without a token: is it alive, is it ready, what does it count. They are also served by themselves, on an address of
//! their own (`admin.probes`) that may face a cluster's network, since nothing there takes a token.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{MatchedPath, Request, State as Shared},
    http::{HeaderMap, StatusCode, header},
    middleware::{Next, from_fn},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{State, connections};
use crate::{
    observe,
    queue::Topology,
    telemetry::{self, pulse, trace},
};

impl State {
    /// Serves all routes until `shutdown`.
    pub async fn serve(self: Arc<Self>, listener: TcpListener, shutdown: CancellationToken) {
        connections::serve(listener, super::router(self), shutdown).await;
    }

    /// Serves the probes only, until `shutdown`.
    pub async fn serve_probes(self: Arc<Self>, listener: TcpListener, shutdown: CancellationToken) {
        let router = Router::new()
            .route("/healthz", get(healthz))
            .route("/readyz", get(readyz))
            .route("/metrics", get(metrics))
            .with_state(self)
            .layer(from_fn(observed));
        connections::serve(listener, router, shutdown).await;
    }
}

/// Counts by the pattern of the route, which is one of a few; probes are too many and too dull for a trace.
pub(super) async fn observed(request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let route = route.unwrap_or_else(|| "none".to_owned());
    let response = if route.starts_with("/api/") {
        let span = tracing::info_span!(
            "request",
            http.method = %request.method(),
            http.route = route,
            trace_id = tracing::field::Empty
        );
        trace::follow(&span, traceparent(request.headers()), trace::Cause::Parent);
        next.run(request).instrument(span).await
    } else {
        next.run(request).await
    };
    let code = response.status().as_str().to_owned();
    metrics::counter!("career_admin_requests_total", "route" => route, "code" => code).increment(1);
    response
}

fn traceparent(headers: &HeaderMap) -> Option<&str> {
    headers.get("traceparent")?.to_str().ok()
}

/// The process does what it is there for: each of its loops came round lately. Neither database nor Redis is asked.
pub(super) async fn healthz() -> Response {
    match pulse::silent() {
        None => "ok\n".into_response(),
        Some(name) => (StatusCode::SERVICE_UNAVAILABLE, format!("stuck: {name}\n")).into_response(),
    }
}

/// 200 while work can be taken: the database answers and has the program's schema. Redis away is only slower, and said so; a draining
/// process is not ready.
pub(super) async fn readyz(Shared(state): Shared<Arc<State>>) -> Response {
    let readiness = observe::readiness(&state.store, &state.transport).await;
    let draining = state.draining.is_cancelled();
    let ready = readiness.is_ready() && !draining;
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let replica = state
        .store
        .replica_state()
        .map(|replica| json!({ "lag_seconds": replica.lag.as_secs(), "used": replica.used }));
    let topology = json!({
        "redis": state.transport.topology().map(Topology::as_str),
        "pooler": state.config.database.pooler.as_str(),
        "replica": replica,
    });
    let body = json!({
        "database": readiness.database, "redis": readiness.redis, "draining": draining, "topology": topology,
    });
    (status, Json(body)).into_response()
}

/// Counts in the text form of Prometheus.
pub(super) async fn metrics(Shared(state): Shared<Arc<State>>) -> Response {
    let Some(counts) = &state.metrics else { return String::new().into_response() };
    observe::refresh(&state.store, &state.transport, state.tasks, &state.schedules).await;
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], telemetry::render(counts)).into_response()
}
