//! Saved searches over HTTP: how often one would fire, what in them cannot be used, and postings that are already there.

use std::sync::Arc;

use axum::{Json, extract::State as Shared, http::HeaderMap, response::Response};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    enqueue,
    listing::{Page, cursor, limit},
};
use crate::{
    admin::{
        State,
        access::Caller,
        extract::{InPath, InQuery, Payload},
        problem::Problem,
        token::Role,
    },
    domain::{NewRun, RunId, SavedSearch, SearchId, Trigger, UserId},
    store::{KnownProblem, KnownSearch, Run},
    tasks::{self, Preview, PreviewError, Rematch, Task as _},
    telemetry::Causes,
};

pub(super) fn routes() -> OpenApiRouter<Arc<State>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(preview))
        .routes(routes!(problems))
        .routes(routes!(rematch))
}

/// Days that a preview may look back.
const HORIZON: u16 = 90;

/// What `saved_searches` would hold.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Draft {
    /// Free text in the query language.
    #[schema(example = "rust -senior")]
    query: Option<String>,
    /// Filters in any of the documented shapes.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    filters: Value,
    /// Postings of the last so many days.
    #[serde(default = "week")]
    #[schema(minimum = 1, maximum = 90)]
    days: u16,
}

fn week() -> u16 {
    7
}

/// How to match anew; all of it may be left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Anew {
    /// Postings first stored in the last so many days.
    #[schema(minimum = 1, maximum = 3650)]
    days: Option<u16>,
    /// Whether the user is told; silent unless it is asked for.
    announce: Option<bool>,
    /// Most matches of one user.
    limit: Option<u32>,
}

/// Which searches, or problems of searches, to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(in crate::admin) struct Filter {
    /// Only of this user.
    pub user: Option<i32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Entries of a page, 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
}

/// Lists saved searches, by id.
#[utoipa::path(
    get, path = "/api/v1/searches", tag = "searches", params(Filter),
    responses((status = 200, description = "A page of searches", body = Page<KnownSearch>), Problem)
)]
async fn list(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
    InQuery(filter): InQuery<Filter>,
) -> Result<Json<Page<KnownSearch>>, Problem> {
    find(&state, &filter).await.map(Json)
}

/// The page of searches that a filter asks for.
pub(in crate::admin) async fn find(state: &State, filter: &Filter) -> Result<Page<KnownSearch>, Problem> {
    let limit = limit(filter.limit)?;
    let after = cursor(filter.cursor.as_deref())?.map(SearchId);
    let found = state.store.list_searches(filter.user.map(UserId), after, limit + 1).await?;
    Ok(Page::cut(found, limit, |search| search.id.to_string()))
}

/// Says how often a search would have fired, and what in it cannot be used.
#[utoipa::path(
    post, path = "/api/v1/searches/preview", tag = "searches", request_body = Draft,
    responses((status = 200, description = "What it would have found", body = Preview), Problem)
)]
async fn preview(
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

/// Lists what in active searches cannot be used, in the order of the searches.
#[utoipa::path(
    get, path = "/api/v1/searches/problems", tag = "searches", params(Filter),
    responses((status = 200, description = "A page of problems", body = Page<KnownProblem>), Problem)
)]
async fn problems(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
    InQuery(filter): InQuery<Filter>,
) -> Result<Json<Page<KnownProblem>>, Problem> {
    find_problems(&state, &filter).await.map(Json)
}

/// The page of problems that a filter asks for: all problems of at most `limit` searches.
pub(in crate::admin) async fn find_problems(
    state: &State,
    filter: &Filter,
) -> Result<Page<KnownProblem>, Problem> {
    let limit = limit(filter.limit)?;
    let after = cursor(filter.cursor.as_deref())?.map(SearchId);
    let found = state.store.list_search_problems(filter.user.map(UserId), after, limit).await?;
    let full = usize::try_from(limit).is_ok_and(|limit| found.len() >= limit);
    let next = if full { found.last().map(|problem| problem.search_id.to_string()) } else { None };
    Ok(Page { items: found, next })
}

/// Matches a search with postings that are already there. Needs the role operator.
///
/// With the header `Idempotency-Key` the same request, sent again within a day, gives the first run.
#[utoipa::path(
    post, path = "/api/v1/searches/{id}/rematch", tag = "searches", request_body = Option<Anew>,
    params(
        ("id" = i32, Path, description = "Id of the search"),
        ("idempotency-key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[ -~]+$", description = "1 to 255 printable characters")
    ),
    responses((status = 202, description = "A new run", body = Run), (status = 200, description = "A known run", body = Run), Problem)
)]
async fn rematch(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    InPath(id): InPath<i32>,
    headers: HeaderMap,
    body: Payload,
) -> Result<Response, Problem> {
    let wish: Anew = if body.0.is_empty() { Anew::default() } else { body.read()? };
    let run = wished(&state, &caller, id, &wish).await?;
    // The path is part of the wish: one key for two searches is a mistake.
    let named = [format!("{id} ").as_bytes(), &body.0].concat();
    enqueue::accept(&state, &caller, &headers, &named, run).await
}

/// Wants a silent run for a caller who may.
pub(in crate::admin) async fn match_anew(state: &State, caller: &Caller, id: i32) -> Result<RunId, Problem> {
    let run = wished(state, caller, id, &Anew::default()).await?;
    enqueue::want(state, caller, &run).await
}

/// The run that matches a search anew, for a caller who may.
async fn wished(state: &State, caller: &Caller, id: i32, wish: &Anew) -> Result<NewRun, Problem> {
    caller.needs(Role::Operator)?;
    caller.needs_task(Rematch::NAME)?;
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
    Ok(tasks::new_run(task, args, Trigger::Admin))
}
