//! Runs over HTTP: look, cancel, retry.

use std::sync::Arc;

use axum::{Json, extract::State as Shared, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::listing::{Page, cursor, limit};
use crate::{
    admin::{
        State,
        access::Caller,
        extract::{InPath, InQuery, Payload},
        problem::Problem,
        token::Role,
    },
    domain::{Queue, RunId, RunState},
    store::{Attempt, Changed, Line, Run, RunDeed, RunFilter},
};

/// Runs that are changed at once.
const AT_ONCE: usize = 500;

pub(super) fn routes() -> OpenApiRouter<Arc<State>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(history))
        .routes(routes!(cancel))
        .routes(routes!(retry))
        .routes(routes!(change_many))
}

/// Which runs to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(in crate::admin) struct Filter {
    /// Only in this state: `queued`, `running`, `done`, `failed`, `dead` or `cancelled`.
    pub state: Option<String>,
    /// Only of this task.
    pub task: Option<String>,
    /// Only on this queue.
    pub queue: Option<String>,
    /// Only of this schedule.
    pub schedule: Option<String>,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Entries of a page, 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
}

/// Lists runs, newest first.
#[utoipa::path(
    get, path = "/api/v1/runs", tag = "runs", params(Filter),
    responses((status = 200, description = "A page of runs", body = Page<Run>), Problem)
)]
async fn list(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
    InQuery(filter): InQuery<Filter>,
) -> Result<Json<Page<Run>>, Problem> {
    find(&state, filter).await.map(Json)
}

/// The page of runs that a filter asks for; an empty word is no restriction.
pub(in crate::admin) async fn find(state: &State, filter: Filter) -> Result<Page<Run>, Problem> {
    let limit = limit(filter.limit)?;
    let given = |word: Option<String>| word.filter(|word| !word.is_empty());
    let filter = RunFilter {
        state: given(filter.state)
            .map(|state| state.parse::<RunState>())
            .transpose()
            .map_err(|error| Problem::Invalid(format!("state: {error}")))?,
        task: given(filter.task),
        queue: given(filter.queue)
            .map(|queue| queue.parse::<Queue>())
            .transpose()
            .map_err(Problem::Invalid)?,
        schedule: given(filter.schedule),
        before: cursor(filter.cursor.as_deref())?.map(RunId),
    };
    let found = state.store.list_runs(&filter, limit + 1).await?;
    Ok(Page::cut(found, limit, |run| run.id.to_string()))
}

/// Shows one run.
#[utoipa::path(
    get, path = "/api/v1/runs/{id}", tag = "runs", params(("id" = i64, Path, description = "Id of the run")),
    responses((status = 200, description = "The run", body = Run), Problem)
)]
async fn show(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
    InPath(id): InPath<i64>,
) -> Result<Json<Run>, Problem> {
    find_one(&state, id).await.map(Json)
}

/// The run of that id.
pub(in crate::admin) async fn find_one(state: &State, id: i64) -> Result<Run, Problem> {
    let run = state.store.get_run(RunId(id)).await?;
    run.ok_or_else(|| Problem::NotFound(format!("there is no run {id}")))
}

/// How the attempts of a run went.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct History {
    /// Attempts that did not end the run well, or ended it after others; first to last.
    pub attempts: Vec<Attempt>,
    /// What its attempts logged; first to last, at most 1000.
    pub lines: Vec<Line>,
}

/// Shows the earlier attempts of a run and what they logged.
#[utoipa::path(
    get, path = "/api/v1/runs/{id}/history", tag = "runs", params(("id" = i64, Path, description = "Id of the run")),
    responses((status = 200, description = "Attempts and lines", body = History), Problem)
)]
async fn history(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
    InPath(id): InPath<i64>,
) -> Result<Json<History>, Problem> {
    find_one(&state, id).await?;
    find_history(&state, id).await.map(Json)
}

/// The history of a run that is there.
pub(in crate::admin) async fn find_history(state: &State, id: i64) -> Result<History, Problem> {
    let attempts = state.store.list_attempts_of(RunId(id)).await?;
    Ok(History { attempts, lines: state.store.list_lines_of(RunId(id)).await? })
}

/// Cancels a run: a waiting one at once, a running one at its next step. Needs the role operator.
#[utoipa::path(
    post, path = "/api/v1/runs/{id}/cancel", tag = "runs", params(("id" = i64, Path, description = "Id of the run")),
    responses((status = 202, description = "Cancelled, or soon"), Problem)
)]
async fn cancel(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    InPath(id): InPath<i64>,
) -> Result<StatusCode, Problem> {
    change(&state, &caller, RunDeed::Cancel, id).await
}

/// Puts a dead or cancelled run back into its queue with all its attempts. Needs the role operator.
#[utoipa::path(
    post, path = "/api/v1/runs/{id}/retry", tag = "runs", params(("id" = i64, Path, description = "Id of the run")),
    responses((status = 202, description = "Queued again"), Problem)
)]
async fn retry(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    InPath(id): InPath<i64>,
) -> Result<StatusCode, Problem> {
    change(&state, &caller, RunDeed::Retry, id).await
}

/// Does it for a caller who may.
pub(in crate::admin) async fn change(
    state: &State,
    caller: &Caller,
    deed: RunDeed,
    id: i64,
) -> Result<StatusCode, Problem> {
    caller.needs(Role::Operator)?;
    match state.store.change_run_for(caller.actor(), deed, RunId(id)).await? {
        Changed::Now | Changed::Soon => Ok(StatusCode::ACCEPTED),
        Changed::Unknown => Err(Problem::NotFound(format!("there is no run {id}"))),
        Changed::No => {
            Err(Problem::Conflict(format!("the state of run {id} does not allow to {} it", deed.as_str())))
        }
    }
}

/// What is done to several runs.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(in crate::admin) enum Action {
    /// Take them back.
    Cancel,
    /// Put them back into their queues.
    Retry,
}

/// What to do to which runs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Change {
    /// What to do.
    action: Action,
    /// Ids of 1 to 500 runs.
    #[schema(min_items = 1, max_items = 500)]
    ids: Vec<i64>,
}

/// Which runs were changed.
#[derive(Debug, Serialize, ToSchema)]
struct ChangedRuns {
    /// Their ids; the state of the others did not allow it, or they are gone.
    #[schema(value_type = Vec<i64>)]
    changed: Vec<RunId>,
}

/// Cancels or retries several runs in one transaction. Needs the role operator.
#[utoipa::path(
    post, path = "/api/v1/runs/change", tag = "runs", request_body = Change,
    responses((status = 200, description = "Which were changed", body = ChangedRuns), Problem)
)]
async fn change_many(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    body: Payload,
) -> Result<Json<ChangedRuns>, Problem> {
    let change: Change = body.read()?;
    let changed = change_all(&state, &caller, change.action, &change.ids).await?;
    Ok(Json(ChangedRuns { changed }))
}

/// Does it for a caller who may.
pub(in crate::admin) async fn change_all(
    state: &State,
    caller: &Caller,
    action: Action,
    ids: &[i64],
) -> Result<Vec<RunId>, Problem> {
    caller.needs(Role::Operator)?;
    let deed = match action {
        Action::Cancel => RunDeed::Cancel,
        Action::Retry => RunDeed::Retry,
    };
    if !(1..=AT_ONCE).contains(&ids.len()) {
        return Err(Problem::Invalid(format!("ids: expected 1 to {AT_ONCE}")));
    }
    let ids: Vec<RunId> = ids.iter().copied().map(RunId).collect();
    Ok(state.store.change_runs_for(caller.actor(), deed, &ids).await?)
}
