//! The audit over HTTP: who did what.

use std::sync::Arc;

use axum::{Json, extract::State as Shared};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::listing::{Page, cursor, limit};
use crate::{
    admin::{State, access::Caller, extract::InQuery, problem::Problem, token::Role},
    store::{AuditFilter, AuditRecord},
};

pub(super) fn routes() -> OpenApiRouter<Arc<State>> {
    OpenApiRouter::new().routes(routes!(list))
}

/// Which records to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(in crate::admin) struct Filter {
    /// Only of this actor: the id of a token, or `cli`.
    pub actor: Option<String>,
    /// Only this action.
    pub action: Option<String>,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Entries of a page, 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
}

/// Lists who did what, newest first. Needs the role operator.
#[utoipa::path(
    get, path = "/api/v1/audit", tag = "audit", params(Filter),
    responses((status = 200, description = "A page of records", body = Page<AuditRecord>), Problem)
)]
async fn list(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    InQuery(filter): InQuery<Filter>,
) -> Result<Json<Page<AuditRecord>>, Problem> {
    find(&state, &caller, filter).await.map(Json)
}

/// The page of records that a filter asks for; an empty word is no restriction.
pub(in crate::admin) async fn find(
    state: &State,
    caller: &Caller,
    filter: Filter,
) -> Result<Page<AuditRecord>, Problem> {
    caller.needs(Role::Operator)?;
    let given = |word: Option<String>| word.filter(|word| !word.is_empty());
    let limit = limit(filter.limit)?;
    let filter = AuditFilter {
        actor: given(filter.actor),
        action: given(filter.action),
        before: cursor(filter.cursor.as_deref())?,
    };
    let found = state.store.list_audit(&filter, limit + 1).await?;
    Ok(Page::cut(found, limit, |record| record.id.to_string()))
}
