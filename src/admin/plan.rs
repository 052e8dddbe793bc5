//! Schedules, sources, queues and tasks over HTTP; pausing and resuming them.

use std::sync::Arc;

use axum::{Json, extract::State as Shared, http::StatusCode};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};

use super::{State, access::Caller, extract::InPath, problem::Problem, token::Role};
use crate::{
    domain::{Queue, RunId},
    sources,
    store::{PauseKind, QueueStats, RunFilter},
};

/// One schedule with its state.
#[derive(Debug, Serialize)]
pub(super) struct ScheduleView {
    name: String,
    task: String,
    schedule: String,
    timezone: String,
    enabled: bool,
    paused: bool,
    next: Option<DateTime<Utc>>,
    last_run: Option<RunId>,
    last_state: Option<String>,
    last_finished_at: Option<DateTime<Utc>>,
    args: Value,
}

/// `GET /api/v1/schedules`
pub(super) async fn schedules(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
) -> Result<Json<Vec<ScheduleView>>, Problem> {
    let pauses = state.store.list_pauses().await?;
    let now = state.clock.now();
    let mut views = Vec::with_capacity(state.schedules.len());
    for schedule in state.schedules.iter() {
        let filter = RunFilter { schedule: Some(schedule.name.clone()), ..RunFilter::default() };
        let last = state.store.list_runs(&filter, 1).await?.pop();
        views.push(ScheduleView {
            name: schedule.name.clone(),
            task: schedule.task.clone(),
            schedule: schedule.cron.to_string(),
            timezone: schedule.timezone.to_string(),
            enabled: schedule.enabled,
            paused: pauses.iter().any(|pause| pause.kind == "schedule" && pause.name == schedule.name),
            next: schedule.enabled.then(|| schedule.cron.next_after(now, schedule.timezone)).flatten(),
            last_run: last.as_ref().map(|run| RunId(run.id)),
            last_state: last.as_ref().map(|run| run.state.clone()),
            last_finished_at: last.and_then(|run| run.finished_at),
            args: schedule.args.clone(),
        });
    }
    Ok(Json(views))
}

/// `GET /api/v1/sources`: what each source is, and how each of its boards fares.
pub(super) async fn sources(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
) -> Result<Json<Vec<Value>>, Problem> {
    let health = state.store.list_health().await?;
    let pauses = state.store.list_pauses().await?;
    let views = sources::SOURCES.iter().map(|source| {
        let boards: Vec<_> = health.iter().filter(|board| board.source == source.name()).collect();
        json!({
            "name": source.name(),
            "title": source.title(),
            "hosts": source.hosts(),
            "terms": { "url": source.terms().url, "note": source.terms().note },
            "paused": pauses.iter().any(|pause| pause.kind == "source" && pause.name == source.name()),
            "boards": boards,
        })
    });
    Ok(Json(views.collect()))
}

/// `GET /api/v1/queues`
pub(super) async fn queues(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
) -> Result<Json<Vec<QueueStats>>, Problem> {
    Ok(Json(state.store.queue_stats().await?))
}

/// `GET /api/v1/tasks`: what can be enqueued, with the JSON Schema of the arguments.
pub(super) async fn tasks(Shared(state): Shared<Arc<State>>, _caller: Caller) -> Json<Vec<Value>> {
    let views = state.tasks.iter().map(|task| {
        json!({
            "name": task.name(), "about": task.about(), "queue": task.queue(), "attempts": task.attempts(),
            "timeout_seconds": task.timeout().as_secs(), "args": task.args_schema(),
        })
    });
    Json(views.collect())
}

/// `POST /api/v1/{queues|schedules|sources}/{name}/{pause|resume}`
pub(super) async fn pause(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    InPath((kind, name, action)): InPath<(String, String, String)>,
) -> Result<StatusCode, Problem> {
    caller.needs(Role::Operator)?;
    let known = match kind.as_str() {
        "queues" => name.parse::<Queue>().is_ok().then_some(PauseKind::Queue),
        "schedules" => {
            state.schedules.iter().any(|schedule| schedule.name == name).then_some(PauseKind::Schedule)
        }
        "sources" => sources::find(&name).is_ok().then_some(PauseKind::Source),
        _ => None,
    };
    let Some(known) = known else { return Err(Problem::NotFound(format!("there is no {kind}/{name}"))) };
    match action.as_str() {
        "pause" => state.store.pause_for(caller.actor(), known, &name).await?,
        "resume" => state.store.resume_for(caller.actor(), known, &name).await?,
        _ => return Err(Problem::NotFound(format!("there is no action {action}, expected pause or resume"))),
    }
    Ok(StatusCode::NO_CONTENT)
}
