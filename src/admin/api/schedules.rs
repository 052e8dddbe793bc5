//! Schedules over HTTP: what is started when, how it went, pause, run now.

use std::sync::Arc;

use axum::{Json, extract::State as Shared, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    enqueue,
    pauses::{Deed, change},
};
use crate::{
    admin::{State, access::Caller, extract::InPath, problem::Problem, token::Role},
    domain::{RunId, Trigger},
    schedule::Schedule,
    store::{PauseKind, ScheduleRun},
    tasks,
};

/// Ticks to come that are shown.
const TO_COME: usize = 5;
/// Runs of the past that are shown.
const PAST: i64 = 20;

pub(super) fn routes() -> OpenApiRouter<Arc<State>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(run))
        .routes(routes!(pause))
        .routes(routes!(resume))
}

/// One schedule with its state.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct ScheduleView {
    /// Name of its file.
    pub name: String,
    /// Task.
    pub task: String,
    /// Cron expression.
    pub schedule: String,
    /// Time zone of the expression.
    pub timezone: String,
    /// Switched on in its file.
    pub enabled: bool,
    /// Switched off by a person.
    pub paused: bool,
    /// The next ticks.
    pub next: Vec<DateTime<Utc>>,
    /// How long the last tick has been due without a run, in seconds: nobody plays the scheduler, or it cannot.
    pub late_seconds: Option<i64>,
    /// Its last runs, newest first.
    pub last: Vec<ScheduleRun>,
    /// Arguments.
    #[schema(value_type = Object)]
    pub args: Value,
}

/// All schedules, by name.
pub(in crate::admin) async fn views(state: &State) -> Result<Vec<ScheduleView>, Problem> {
    let names: Vec<String> = state.schedules.iter().map(|schedule| schedule.name.clone()).collect();
    let (pauses, runs, marks) = tokio::try_join!(
        state.store.list_pauses(),
        state.store.list_schedule_runs(&names, PAST),
        state.store.list_watermarks(),
    )?;
    let now = state.clock.now();
    let view = |schedule: &Schedule| {
        let paused = pauses.iter().any(|pause| pause.kind == "schedule" && pause.name == schedule.name);
        let mark = marks.iter().find(|mark| mark.schedule == schedule.name).map(|mark| mark.until);
        ScheduleView {
            name: schedule.name.clone(),
            task: schedule.task.clone(),
            schedule: schedule.cron.to_string(),
            timezone: schedule.timezone.to_string(),
            enabled: schedule.enabled,
            paused,
            next: if schedule.enabled { to_come(schedule, now) } else { Vec::new() },
            late_seconds: mark
                .filter(|_| schedule.enabled && !paused)
                .and_then(|mark| schedule.cron.next_after(mark, schedule.timezone))
                .map(|due| (now - due).num_seconds())
                .filter(|late| *late > 0),
            last: runs.iter().filter(|run| run.schedule == schedule.name).cloned().collect(),
            args: schedule.args.clone(),
        }
    };
    Ok(state.schedules.iter().map(view).collect())
}

fn to_come(schedule: &Schedule, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    std::iter::successors(schedule.cron.next_after(now, schedule.timezone), |tick| {
        schedule.cron.next_after(*tick, schedule.timezone)
    })
    .take(TO_COME)
    .collect()
}

/// Lists the schedules with their next ticks and last runs.
#[utoipa::path(
    get, path = "/api/v1/schedules", tag = "schedules",
    responses((status = 200, description = "All schedules", body = Vec<ScheduleView>), Problem)
)]
async fn list(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
) -> Result<Json<Vec<ScheduleView>>, Problem> {
    views(&state).await.map(Json)
}

/// Shows one schedule.
#[utoipa::path(
    get, path = "/api/v1/schedules/{name}", tag = "schedules", params(("name" = String, Path, description = "Schedule")),
    responses((status = 200, description = "The schedule", body = ScheduleView), Problem)
)]
async fn show(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
    InPath(name): InPath<String>,
) -> Result<Json<ScheduleView>, Problem> {
    let view = views(&state).await?.into_iter().find(|view| view.name == name);
    view.map(Json).ok_or_else(|| unknown(&name))
}

fn unknown(name: &str) -> Problem {
    Problem::NotFound(format!("there is no schedule \"{name}\""))
}

/// The run that was started.
#[derive(Debug, Serialize, ToSchema)]
struct Started {
    /// Its id.
    #[schema(value_type = i64)]
    id: RunId,
}

/// Starts a run of a schedule now, beside its ticks. Needs the role operator.
#[utoipa::path(
    post, path = "/api/v1/schedules/{name}/run", tag = "schedules", params(("name" = String, Path, description = "Schedule")),
    responses((status = 202, description = "Started", body = Started), Problem)
)]
async fn run(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    InPath(name): InPath<String>,
) -> Result<(StatusCode, Json<Started>), Problem> {
    let id = start(&state, &caller, &name).await?;
    Ok((StatusCode::ACCEPTED, Json(Started { id })))
}

/// Does it for a caller who may.
pub(in crate::admin) async fn start(state: &State, caller: &Caller, name: &str) -> Result<RunId, Problem> {
    caller.needs(Role::Operator)?;
    let schedule =
        state.schedules.iter().find(|schedule| schedule.name == name).ok_or_else(|| unknown(name))?;
    caller.needs_task(&schedule.task)?;
    let run = tasks::run_of(schedule, state.tasks, Trigger::Admin).map_err(Problem::Invalid)?;
    enqueue::want(state, caller, &run).await
}

/// Pauses a schedule: its ticks start nothing. Needs the role operator.
#[utoipa::path(
    post, path = "/api/v1/schedules/{name}/pause", tag = "schedules", params(("name" = String, Path, description = "Schedule")),
    responses((status = 204, description = "Paused"), Problem)
)]
async fn pause(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    InPath(name): InPath<String>,
) -> Result<StatusCode, Problem> {
    change(&state, &caller, Deed::Pause, PauseKind::Schedule, &name).await
}

/// Resumes a schedule. Needs the role operator.
#[utoipa::path(
    post, path = "/api/v1/schedules/{name}/resume", tag = "schedules", params(("name" = String, Path, description = "Schedule")),
    responses((status = 204, description = "Resumed"), Problem)
)]
async fn resume(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    InPath(name): InPath<String>,
) -> Result<StatusCode, Problem> {
    change(&state, &caller, Deed::Resume, PauseKind::Schedule, &name).await
}
