//! How the whole is doing, over HTTP.

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State as Shared};
use serde::Serialize;
use tokio::time::Instant;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    admin::{State, access::Caller, problem::Problem},
    store::{DeadRuns, Pulse, QueueStats, Span},
};

/// How far back.
pub(in crate::admin) const DAY: Duration = Duration::from_hours(24);
/// One point of a plot.
pub(in crate::admin) const SPAN: Duration = Duration::from_mins(30);
/// An answer this old is as good as a new one; many viewers cost as much as one.
const FRESH: Duration = Duration::from_secs(5);

pub(super) fn routes() -> OpenApiRouter<Arc<State>> {
    OpenApiRouter::new().routes(routes!(show))
}

/// The last 24 hours, and what waits now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(in crate::admin) struct Overview {
    /// What waits and what stands still.
    pub pulse: Pulse,
    /// How full each queue is.
    pub queues: Vec<QueueStats>,
    /// Runs that failed for good in 24 hours, by task.
    pub dead: Vec<DeadRuns>,
    /// Half hours in which something ended, oldest first.
    pub spans: Vec<Span>,
}

/// The last answer.
pub(in crate::admin) type Memory = tokio::sync::Mutex<Option<(Instant, Overview)>>;

/// The overview, at most some seconds old.
pub(in crate::admin) async fn find(state: &State) -> Result<Overview, Problem> {
    let mut memory = state.overview.lock().await;
    if let Some((at, known)) = memory.as_ref()
        && at.elapsed() < FRESH
    {
        return Ok(known.clone());
    }
    let store = &state.store;
    let (pulse, queues, dead, spans) = tokio::try_join!(
        store.pulse(),
        store.queue_stats(),
        store.list_dead_runs(DAY),
        store.list_spans(DAY, SPAN)
    )?;
    let overview = Overview { pulse, queues, dead, spans };
    *memory = Some((Instant::now(), overview.clone()));
    Ok(overview)
}

/// Shows the last 24 hours in half hours, what waits, and what failed for good.
#[utoipa::path(
    get, path = "/api/v1/overview", tag = "overview",
    responses((status = 200, description = "The overview", body = Overview), Problem)
)]
async fn show(Shared(state): Shared<Arc<State>>, _caller: Caller) -> Result<Json<Overview>, Problem> {
    find(&state).await.map(Json)
}
