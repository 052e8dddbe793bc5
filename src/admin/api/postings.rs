//! Postings over HTTP.

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
    domain::JobId,
    store::{CatalogueFilter, ListedPosting, PostingDetail},
};

pub(super) fn routes() -> OpenApiRouter<Arc<State>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(show))
}

/// Which postings to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(in crate::admin) struct Filter {
    /// Part of the title or the company, in any case.
    pub q: Option<String>,
    /// Only of this source.
    pub source: Option<String>,
    /// `yes` for open postings, `no` for those that are not.
    pub active: Option<String>,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Entries of a page, 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
}

/// Lists postings, newest first. A page may be short, even empty, and still have a next one.
#[utoipa::path(
    get, path = "/api/v1/postings", tag = "postings", params(Filter),
    responses((status = 200, description = "A page of postings", body = Page<ListedPosting>), Problem)
)]
async fn list(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
    InQuery(filter): InQuery<Filter>,
) -> Result<Json<Page<ListedPosting>>, Problem> {
    find(&state, filter).await.map(Json)
}

/// The page of postings that a filter asks for; an empty word is no restriction.
pub(in crate::admin) async fn find(state: &State, filter: Filter) -> Result<Page<ListedPosting>, Problem> {
    let given = |word: Option<String>| word.filter(|word| !word.is_empty());
    let limit = limit(filter.limit)?;
    let active = match given(filter.active).as_deref() {
        None => None,
        Some("yes") => Some(true),
        Some("no") => Some(false),
        Some(_) => return Err(Problem::Invalid("active: expected yes or no".to_owned())),
    };
    let filter = CatalogueFilter {
        text: given(filter.q),
        source: given(filter.source),
        active,
        before: cursor(filter.cursor.as_deref())?,
    };
    let found = state.store.list_catalogue(&filter, limit).await?;
    Ok(Page { items: found.postings, next: found.next.map(|id| id.to_string()) })
}

/// Shows one posting with all that is known of it.
#[utoipa::path(
    get, path = "/api/v1/postings/{id}", tag = "postings", params(("id" = i32, Path, description = "Id of the posting")),
    responses((status = 200, description = "The posting", body = PostingDetail), Problem)
)]
async fn show(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
    InPath(id): InPath<i32>,
) -> Result<Json<PostingDetail>, Problem> {
    find_one(&state, id).await.map(Json)
}

/// The posting of that id.
pub(in crate::admin) async fn find_one(state: &State, id: i32) -> Result<PostingDetail, Problem> {
    let found = state.store.find_posting(JobId(id)).await?;
    found.ok_or_else(|| Problem::NotFound(format!("there is no posting {id}")))
}
