//! Matches over HTTP: which there are, and why.

use std::sync::Arc;

use axum::{Json, extract::State as Shared};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::listing::{Page, cursor, limit};
use crate::{
    admin::{
        State,
        access::Caller,
        extract::{InPath, InQuery},
        problem::Problem,
    },
    domain::{JobId, UserId},
    store::{Pair, PairKey},
    tasks::{self, PairExplanation},
};

pub(super) fn routes() -> OpenApiRouter<Arc<State>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(explain))
}

/// Which matches to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(in crate::admin) struct Filter {
    /// Only of this posting, by user.
    pub posting: Option<i32>,
    /// Only of this user: what waits, was announced or was suppressed. Not together with a posting.
    pub user: Option<i32>,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Entries of a page, 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
}

/// Lists matches, newest posting first.
#[utoipa::path(
    get, path = "/api/v1/matches", tag = "matches", params(Filter),
    responses((status = 200, description = "A page of matches", body = Page<Pair>), Problem)
)]
async fn list(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
    InQuery(filter): InQuery<Filter>,
) -> Result<Json<Page<Pair>>, Problem> {
    find(&state, &filter).await.map(Json)
}

/// The page of matches that a filter asks for.
pub(in crate::admin) async fn find(state: &State, filter: &Filter) -> Result<Page<Pair>, Problem> {
    let limit = limit(filter.limit)?;
    let given = filter.cursor.as_deref();
    match (filter.posting, filter.user) {
        (Some(_), Some(_)) => Err(Problem::Invalid(
            "user: expected no posting beside it; GET /api/v1/matches/{user}/{posting} explains one pair"
                .to_owned(),
        )),
        (Some(posting), None) => {
            let after = cursor(given)?.map(UserId);
            let found = state.store.list_matches_of_posting(JobId(posting), after, limit + 1).await?;
            Ok(Page::cut(found, limit, |pair| pair.user_id.to_string()))
        }
        (None, Some(user)) => {
            let before = cursor(given)?.map(JobId);
            let found = state.store.list_matches_of_user(UserId(user), before, limit + 1).await?;
            Ok(Page::cut(found, limit, |pair| pair.job_id.to_string()))
        }
        (None, None) => {
            let before = given.map(read_key).transpose()?;
            let found = state.store.list_matches(before, limit + 1).await?;
            Ok(Page::cut(found, limit, |pair| format!("{}.{}", pair.job_id, pair.user_id)))
        }
    }
}

fn read_key(cursor: &str) -> Result<PairKey, Problem> {
    let (job, user) = cursor.split_once('.').unwrap_or((cursor, ""));
    match (job.parse(), user.parse()) {
        (Ok(job), Ok(user)) => Ok(PairKey { job: JobId(job), user: UserId(user) }),
        _ => Err(Problem::Invalid("cursor: expected `next` of a page".to_owned())),
    }
}

/// Explains why a posting fits a user, or why not: every clause of every search, and every part of the profile's score.
#[utoipa::path(
    get, path = "/api/v1/matches/{user}/{posting}", tag = "matches",
    params(("user" = i32, Path, description = "Id of the user"), ("posting" = i32, Path, description = "Id of the posting")),
    responses((status = 200, description = "The explanation", body = PairExplanation), Problem)
)]
async fn explain(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
    InPath((user, posting)): InPath<(i32, i32)>,
) -> Result<Json<PairExplanation>, Problem> {
    find_reasons(&state, user, posting).await.map(Json)
}

/// The explanation of a pair whose user and posting are there.
pub(in crate::admin) async fn find_reasons(
    state: &State,
    user: i32,
    posting: i32,
) -> Result<PairExplanation, Problem> {
    let wishes = state.store.find_wishes(UserId(user)).await?;
    let wishes = wishes.ok_or_else(|| Problem::NotFound(format!("there is no user {user}")))?;
    let found = state.store.list_postings(&[JobId(posting)]).await?.pop();
    let found = found.ok_or_else(|| Problem::NotFound(format!("there is no posting {posting}")))?;
    Ok(tasks::explain(&state.config.matching, &found, &wishes, state.clock.now().date_naive()))
}
