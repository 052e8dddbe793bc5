//! Wanting a run over HTTP, and what can be wanted.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State as Shared,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    admin::{State, access::Caller, extract::Payload, problem::Problem, token::Role},
    domain::{NewRun, Queue, RunId, Trigger},
    store::{Enqueued, Idempotency, Run},
    tasks,
};

/// How far ahead a run may be wanted.
const HORIZON: TimeDelta = TimeDelta::days(30);

pub(super) fn routes() -> OpenApiRouter<Arc<State>> {
    OpenApiRouter::new().routes(routes!(enqueue)).routes(routes!(list_tasks))
}

/// A run that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Wish {
    /// Name of the task.
    #[schema(example = "match")]
    task: String,
    /// Its arguments; `GET /api/v1/tasks` has their schema.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    args: Value,
    /// Another lane than the task's own.
    #[schema(value_type = Option<String>, example = "match")]
    queue: Option<Queue>,
    /// Higher first.
    #[serde(default)]
    priority: i16,
    /// One run for one key, ever; 1 to 255 characters.
    #[schema(min_length = 1, max_length = 255)]
    key: Option<String>,
    /// Not before; at most 30 days ahead.
    run_at: Option<DateTime<Utc>>,
    /// Attempts in all.
    #[schema(minimum = 1, maximum = 100)]
    attempts: Option<i16>,
    /// Longest an attempt may take, at most a day.
    #[serde(default, with = "humantime_serde::option")]
    #[schema(value_type = Option<String>, example = "5m")]
    timeout: Option<Duration>,
}

/// Records a run. Needs the role operator.
///
/// With the header `Idempotency-Key` the same request, sent again within a day, gives the first run.
#[utoipa::path(
    post, path = "/api/v1/runs", tag = "runs", request_body = Wish,
    params(("idempotency-key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[ -~]+$", description = "1 to 255 printable characters")),
    responses((status = 202, description = "A new run", body = Run), (status = 200, description = "A known run", body = Run), Problem)
)]
async fn enqueue(
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
pub(in crate::admin) fn read(
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

/// Records a run without a key of its own, and rings for it.
pub(super) async fn want(state: &State, caller: &Caller, run: &NewRun) -> Result<RunId, Problem> {
    let id = match state.store.enqueue_for(caller.actor(), run, None).await? {
        Enqueued::New(id) | Enqueued::Known(id) => id,
        Enqueued::KeyReused => return Err(Problem::KeyReused),
    };
    state.transport.wake(run.queue, id);
    Ok(id)
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

/// A kind of work.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct TaskView {
    /// Its name.
    pub name: &'static str,
    /// One line for people.
    pub about: &'static str,
    /// Lane it travels on.
    #[schema(value_type = String)]
    queue: Queue,
    /// Attempts unless told otherwise.
    attempts: i16,
    /// Longest an attempt may take.
    timeout_seconds: u64,
    /// JSON Schema of its arguments.
    #[schema(value_type = Object)]
    args: Value,
}

/// Lists what can be enqueued, with the JSON Schema of the arguments.
#[utoipa::path(
    get, path = "/api/v1/tasks", tag = "runs",
    responses((status = 200, description = "All tasks", body = Vec<TaskView>), Problem)
)]
async fn list_tasks(Shared(state): Shared<Arc<State>>, _caller: Caller) -> Json<Vec<TaskView>> {
    let views = state.tasks.iter().map(|task| TaskView {
        name: task.name(),
        about: task.about(),
        queue: task.queue(),
        attempts: task.attempts(),
        timeout_seconds: task.timeout().as_secs(),
        args: task.args_schema().to_value(),
    });
    Json(views.collect())
}
