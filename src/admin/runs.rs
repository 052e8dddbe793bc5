//! Runs over HTTP: enqueue, look, cancel, retry.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State as Shared,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    State,
    access::Caller,
    extract::{InPath, InQuery, Payload},
    problem::Problem,
    token::Role,
};
use crate::{
    domain::{NewRun, Queue, RunId, RunState, Trigger},
    store::{Changed, Enqueued, Idempotency, Run, RunFilter},
    tasks,
};

/// How far ahead a run may be wanted.
const HORIZON: TimeDelta = TimeDelta::days(30);

/// Body of `POST /api/v1/runs`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    task: String,
    #[serde(default)]
    args: Value,
    queue: Option<Queue>,
    #[serde(default)]
    priority: i16,
    key: Option<String>,
    run_at: Option<DateTime<Utc>>,
    attempts: Option<i16>,
    #[serde(default, with = "humantime_serde::option")]
    timeout: Option<Duration>,
}

/// `POST /api/v1/runs`: 202 with a new run, 200 with a known one.
pub(super) async fn enqueue(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    headers: HeaderMap,
    body: Payload,
) -> Result<Response, Problem> {
    caller.needs(Role::Operator)?;
    let run = read(&body, state.clock.now(), state.tasks)?;
    caller.needs_task(&run.task)?;
    accept(&state, &caller, &headers, &body.0, run).await
}

/// The run that a body asks for.
pub(super) fn read(
    body: &Payload,
    now: DateTime<Utc>,
    known: &[&'static dyn tasks::AnyTask],
) -> Result<NewRun, Problem> {
    check(body.read()?, now, known)
}

/// Records a checked run for a caller and answers with it.
pub(super) async fn accept(
    state: &State,
    caller: &Caller,
    headers: &HeaderMap,
    body: &[u8],
    run: NewRun,
) -> Result<Response, Problem> {
    let key = headers.get("idempotency-key").map(|value| {
        value.to_str().ok().filter(|key| (1..=255).contains(&key.len())).ok_or_else(|| {
            Problem::Invalid("idempotency-key: expected 1 to 255 printable characters".to_owned())
        })
    });
    let key = key.transpose()?;
    let body_hash = format!("{:x}", Sha256::digest(body));
    let idempotency = key.map(|key| Idempotency { key, body_hash: &body_hash });
    let (status, id) = match state.store.enqueue_for(caller.actor(), &run, idempotency).await? {
        Enqueued::New(id) => (StatusCode::ACCEPTED, id),
        Enqueued::Known(id) => (StatusCode::OK, id),
        Enqueued::KeyReused => return Err(Problem::KeyReused),
    };
    if status == StatusCode::ACCEPTED {
        state.transport.wake(run.queue, id);
    }
    let run = state.store.get_run(id).await?;
    let location = [("location", format!("/api/v1/runs/{id}"))];
    Ok((status, location, Json(run.map_or_else(|| json!({ "id": id }), |run| json!(run)))).into_response())
}

fn check(wish: Wish, now: DateTime<Utc>, known: &[&'static dyn tasks::AnyTask]) -> Result<NewRun, Problem> {
    let task = tasks::find_in(known, &wish.task).map_err(Problem::Invalid)?;
    task.check(&wish.args).map_err(Problem::Invalid)?;
    let refuse = |message: &str| Err(Problem::Invalid(message.to_owned()));
    if wish.run_at.is_some_and(|at| at > now + HORIZON) {
        return refuse("run_at: expected at most 30 days ahead");
    }
    if wish.key.as_ref().is_some_and(|key| key.is_empty() || key.len() > 255) {
        return refuse("key: expected 1 to 255 characters");
    }
    if wish.attempts.is_some_and(|attempts| !(1..=100).contains(&attempts)) {
        return refuse("attempts: expected 1 to 100");
    }
    if wish.timeout.is_some_and(|timeout| timeout.is_zero() || timeout > Duration::from_hours(24)) {
        return refuse("timeout: expected more than 0 and at most 1 day");
    }
    Ok(NewRun {
        task: wish.task,
        args: if wish.args.is_null() { json!({}) } else { wish.args },
        queue: wish.queue.unwrap_or_else(|| task.queue()),
        priority: wish.priority,
        key: wish.key,
        run_at: wish.run_at,
        max_attempts: wish.attempts.unwrap_or_else(|| task.attempts()),
        timeout: wish.timeout.unwrap_or_else(|| task.timeout()),
        trigger: Trigger::Admin,
        schedule: None,
    })
}

/// Parameters of `GET /api/v1/runs`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    state: Option<String>,
    task: Option<String>,
    queue: Option<String>,
    schedule: Option<String>,
    before: Option<i64>,
    limit: Option<i64>,
}

/// `GET /api/v1/runs`: newest first.
pub(super) async fn list(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
    InQuery(filter): InQuery<Filter>,
) -> Result<Json<Vec<Run>>, Problem> {
    let limit = filter.limit.unwrap_or(50);
    if !(1..=500).contains(&limit) {
        return Err(Problem::Invalid("limit: expected 1 to 500".to_owned()));
    }
    let filter = RunFilter {
        state: filter.state.as_deref().map(str::parse::<RunState>).transpose().map_err(Problem::Invalid)?,
        task: filter.task,
        queue: filter.queue.as_deref().map(str::parse::<Queue>).transpose().map_err(Problem::Invalid)?,
        schedule: filter.schedule,
        before: filter.before.map(RunId),
    };
    Ok(Json(state.store.list_runs(&filter, limit).await?))
}

/// `GET /api/v1/runs/{id}`
pub(super) async fn show(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
    InPath(id): InPath<i64>,
) -> Result<Json<Run>, Problem> {
    let run = state.store.get_run(RunId(id)).await?;
    run.map(Json).ok_or_else(|| Problem::NotFound(format!("there is no run {id}")))
}

/// `POST /api/v1/runs/{id}/cancel`
pub(super) async fn cancel(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    InPath(id): InPath<i64>,
) -> Result<StatusCode, Problem> {
    caller.needs(Role::Operator)?;
    answer("cancel", id, state.store.cancel_run_for(caller.actor(), RunId(id)).await?)
}

/// `POST /api/v1/runs/{id}/retry`
pub(super) async fn retry(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    InPath(id): InPath<i64>,
) -> Result<StatusCode, Problem> {
    caller.needs(Role::Operator)?;
    answer("retry", id, state.store.retry_run_for(caller.actor(), RunId(id)).await?)
}

fn answer(action: &str, id: i64, changed: Changed) -> Result<StatusCode, Problem> {
    match changed {
        Changed::Now | Changed::Soon => Ok(StatusCode::ACCEPTED),
        Changed::Unknown => Err(Problem::NotFound(format!("there is no run {id}"))),
        Changed::No => Err(Problem::Conflict(format!("the state of run {id} does not allow to {action} it"))),
    }
}
