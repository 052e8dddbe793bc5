//! Digests by e-mail and webhook over HTTP: which there are, what became of them, and what a person decides of those that are held.

use std::sync::Arc;

use axum::{Json, extract::State as Shared, http::StatusCode};
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
        token::Role,
    },
    domain::{Channel, DigestId, UserId},
    store::{DigestDeed, DigestFilter, DigestRow},
};

pub(super) fn routes() -> OpenApiRouter<Arc<State>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(change))
}

/// Which digests to list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(in crate::admin) struct Filter {
    /// Only in this state: `pending`, `sending`, `sent`, `held`, `failed` or `skipped`.
    pub state: Option<String>,
    /// Only for this user.
    pub user: Option<i32>,
    /// Only by this channel: `email` or `webhook`.
    pub channel: Option<String>,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Entries of a page, 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
}

/// Lists digests, newest first.
#[utoipa::path(
    get, path = "/api/v1/digests", tag = "digests", params(Filter),
    responses((status = 200, description = "A page of digests", body = Page<DigestRow>), Problem)
)]
async fn list(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
    InQuery(filter): InQuery<Filter>,
) -> Result<Json<Page<DigestRow>>, Problem> {
    find(&state, &filter).await.map(Json)
}

/// The page of digests that a filter asks for.
pub(in crate::admin) async fn find(state: &State, filter: &Filter) -> Result<Page<DigestRow>, Problem> {
    const STATES: [&str; 6] = ["pending", "sending", "sent", "held", "failed", "skipped"];
    let limit = limit(filter.limit)?;
    if filter.state.as_deref().is_some_and(|state| !STATES.contains(&state)) {
        return Err(Problem::Invalid(format!("state: expected one of {}", STATES.join(", "))));
    }
    let channel = filter.channel.as_deref().map(read_channel).transpose()?;
    let wanted = DigestFilter {
        state: filter.state.clone(),
        user: filter.user.map(UserId),
        channel,
        after: cursor::<DigestId>(filter.cursor.as_deref())?,
    };
    let found = state.store.list_digests(&wanted, limit + 1).await?;
    Ok(Page::cut(found, limit, |digest| digest.id.clone()))
}

/// Reads the name of a channel.
pub(in crate::admin) fn read_channel(word: &str) -> Result<Channel, Problem> {
    word.parse().map_err(|error| Problem::Invalid(format!("channel: {error}")))
}

/// Sends a held digest, again perhaps (`release`), gives a failed one all its tries anew (`retry`), or sends it never (`drop`). Needs the
/// role operator.
#[utoipa::path(
    post, path = "/api/v1/digests/{id}/{deed}", tag = "digests",
    params(("id" = String, Path, description = "A UUID"), ("deed" = String, Path, description = "`release`, `drop` or `retry`")),
    responses((status = 204, description = "Done"), Problem)
)]
async fn change(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    InPath((id, deed)): InPath<(String, String)>,
) -> Result<StatusCode, Problem> {
    do_deed(&state, &caller, &id, &deed).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Does it for a caller who may.
pub(in crate::admin) async fn do_deed(
    state: &State,
    caller: &Caller,
    id: &str,
    deed: &str,
) -> Result<DigestDeed, Problem> {
    caller.needs(Role::Operator)?;
    let deed: DigestDeed = deed.parse().map_err(Problem::NotFound)?;
    let none =
        || Problem::NotFound(format!("there is no digest {}", id.chars().take(50).collect::<String>()));
    let id: DigestId = id.parse().map_err(|_| none())?;
    match state.store.change_digest_for(caller.actor(), deed, &id).await? {
        None => Err(none()),
        Some(true) => Ok(deed),
        Some(false) => {
            let states = deed.states().join(" or ");
            Err(Problem::Conflict(format!("to {} a digest it has to be {states}", deed.as_str())))
        }
    }
}
