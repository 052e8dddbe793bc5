//! What machines ask without a token: is it alive, is it ready, what does it count.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State as Shared,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::State;

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// The process answers; nothing else is asked.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// 200 while work can be taken: the database answers and has the program's schema. Redis away is only slower, and said so; a draining
/// process is not ready.
pub(super) async fn readyz(Shared(state): Shared<Arc<State>>) -> Response {
    let (schema, redis) = tokio::join!(
        tokio::time::timeout(PATIENCE, state.store.is_current()),
        tokio::time::timeout(PATIENCE, state.transport.is_up()),
    );
    let database = match schema {
        Ok(Ok(true)) => "ok",
        Ok(Ok(false)) => "migrations missing",
        _ => "unavailable",
    };
    let redis = if redis == Ok(true) { "ok" } else { "degraded" };
    let draining = state.draining.is_cancelled();
    let status = if database == "ok" && !draining { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, Json(json!({ "database": database, "redis": redis, "draining": draining }))).into_response()
}

/// Counts in the text form of Prometheus.
pub(super) async fn metrics(Shared(state): Shared<Arc<State>>) -> Response {
    if let Ok(Ok(queues)) = tokio::time::timeout(PATIENCE, state.store.queue_stats()).await {
        for queue in queues {
            for (word, count) in [
                ("queued", queue.queued),
                ("failed", queue.failed),
                ("running", queue.running),
                ("dead", queue.dead),
                ("due", queue.due),
            ] {
                gauge("career_queue_depth", &queue.queue, Some(word), count);
            }
            gauge("career_queue_oldest_due_milliseconds", &queue.queue, None, queue.oldest_due_ms);
        }
    }
    let text =
        state.metrics.as_ref().map(metrics_exporter_prometheus::PrometheusHandle::render).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

#[expect(clippy::cast_precision_loss, reason = "gauges are floats, and counts stay far below 2^52")]
fn gauge(name: &'static str, queue: &str, state: Option<&'static str>, value: i64) {
    match state {
        Some(state) => metrics::gauge!(name, "queue" => queue.to_owned(), "state" => state).set(value as f64),
        None => metrics::gauge!(name, "queue" => queue.to_owned()).set(value as f64),
    }
}
