//! Saved searches over HTTP: how often one would fire, what in them cannot be used, and postings that are already there.

use std::sync::Arc;

use axum::{Json, extract::State as Shared, http::HeaderMap, response::Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    State,
    access::Caller,
    extract::{InPath, InQuery, Payload},
    problem::Problem,
    runs,
    token::Role,
};
use crate::{
    domain::{SavedSearch, SearchId, Trigger, UserId},
    store::KnownProblem,
    tasks::{self, Preview, PreviewError, Rematch, Task as _},
    telemetry::Causes,
};

/// Days that a preview may look back.
const HORIZON: u16 = 90;

/// Body of `POST /api/v1/searches/preview`: what `saved_searches` would hold.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Draft {
    query: Option<String>,
    #[serde(default)]
    filters: Value,
    #[serde(default = "week")]
    days: u16,
}

fn week() -> u16 {
    7
}

/// Body of `POST /api/v1/searches/{id}/rematch`; all of it may be left out.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    days: Option<u16>,
    announce: Option<bool>,
    limit: Option<u32>,
}

/// Parameters of `GET /api/v1/searches/problems`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    user: Option<i32>,
    after: Option<i32>,
    limit: Option<i64>,
}

/// `POST /api/v1/searches/preview`
pub(super) async fn preview(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
    body: Payload,
) -> Result<Json<Preview>, Problem> {
    let draft: Draft = body.read()?;
    if !(1..=HORIZON).contains(&draft.days) {
        return Err(Problem::Invalid(format!("days: expected 1 to {HORIZON}")));
    }
    let Ok(_slot) = state.previews.try_acquire() else { return Err(Problem::TooMany(5)) };
    let search = SavedSearch {
        id: SearchId(0),
        user_id: UserId(0),
        name: String::new(),
        query: draft.query,
        filters: draft.filters,
        is_active: true,
    };
    let found = tasks::preview(&state.store, &state.config, &state.clock, &search, draft.days).await;
    found.map(Json).map_err(|error| match error {
        PreviewError::Store(error) => error.into(),
        PreviewError::Interrupted(_) => {
            tracing::error!(error = %Causes(&error), "no preview");
            Problem::Internal
        }
    })
}

/// `GET /api/v1/searches/problems`: in the order of the searches.
pub(super) async fn problems(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
    InQuery(filter): InQuery<Filter>,
) -> Result<Json<Vec<KnownProblem>>, Problem> {
    let limit = filter.limit.unwrap_or(100);
    if !(1..=500).contains(&limit) {
        return Err(Problem::Invalid("limit: expected 1 to 500".to_owned()));
    }
    let found =
        state.store.list_search_problems(filter.user.map(UserId), filter.after.map(SearchId), limit).await?;
    Ok(Json(found))
}

/// `POST /api/v1/searches/{id}/rematch`: as `POST /api/v1/runs` of the task `rematch`.
pub(super) async fn rematch(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    InPath(id): InPath<i32>,
    headers: HeaderMap,
    body: Payload,
) -> Result<Response, Problem> {
    caller.needs(Role::Operator)?;
    caller.needs_task(Rematch::NAME)?;
    let wish: Wish = if body.0.is_empty() { Wish::default() } else { body.read()? };
    let task = tasks::find_in(state.tasks, Rematch::NAME).map_err(Problem::Invalid)?;
    let mut args = json!({ "search_id": id, "announce": wish.announce.unwrap_or(false) });
    if let Some(days) = wish.days {
        args["days"] = days.into();
    }
    if let Some(limit) = wish.limit {
        args["limit"] = limit.into();
    }
    task.check(&args).map_err(Problem::Invalid)?;
    if state.store.find_search(SearchId(id)).await?.is_none_or(|search| !search.is_active) {
        return Err(Problem::NotFound(format!("there is no active search {id}")));
    }
    let run = tasks::new_run(task, args, Trigger::Admin);
    // The path is part of the wish: one key for two searches is a mistake.
    let named = [format!("{id} ").as_bytes(), &body.0].concat();
    runs::accept(&state, &caller, &headers, &named, run).await
}
