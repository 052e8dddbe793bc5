//! Queues over HTTP.

use std::sync::Arc;

use axum::{Json, extract::State as Shared, http::StatusCode};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::pauses::{Deed, change};
use crate::{
    admin::{State, access::Caller, extract::InPath, problem::Problem},
    store::{PauseKind, QueueStats},
};

pub(super) fn routes() -> OpenApiRouter<Arc<State>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(pause)).routes(routes!(resume))
}

/// Lists the queues and how full they are.
#[utoipa::path(
    get, path = "/api/v1/queues", tag = "queues",
    responses((status = 200, description = "All queues", body = Vec<QueueStats>), Problem)
)]
async fn list(Shared(state): Shared<Arc<State>>, _caller: Caller) -> Result<Json<Vec<QueueStats>>, Problem> {
    Ok(Json(state.store.queue_stats().await?))
}

/// Pauses a queue: nothing is taken from it. Needs the role operator.
#[utoipa::path(
    post, path = "/api/v1/queues/{name}/pause", tag = "queues", params(("name" = String, Path, description = "Queue")),
    responses((status = 204, description = "Paused"), Problem)
)]
async fn pause(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    InPath(name): InPath<String>,
) -> Result<StatusCode, Problem> {
    change(&state, &caller, Deed::Pause, PauseKind::Queue, &name).await
}

/// Resumes a queue. Needs the role operator.
#[utoipa::path(
    post, path = "/api/v1/queues/{name}/resume", tag = "queues", params(("name" = String, Path, description = "Queue")),
    responses((status = 204, description = "Resumed"), Problem)
)]
async fn resume(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    InPath(name): InPath<String>,
) -> Result<StatusCode, Problem> {
    change(&state, &caller, Deed::Resume, PauseKind::Queue, &name).await
}
