//! Tokens over HTTP: who may do what. Everything here needs the role admin.

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State as Shared, http::StatusCode};
use chrono::TimeDelta;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    admin::{
        State,
        access::Caller,
        extract::{InPath, Payload},
        problem::Problem,
        token::{Role, mint},
    },
    store::Token,
    tasks,
};

/// Longest name of a token, characters.
const NAME: usize = 100;

pub(super) fn routes() -> OpenApiRouter<Arc<State>> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// Lists all tokens, newest first, without their secrets.
#[utoipa::path(
    get, path = "/api/v1/tokens", tag = "tokens",
    responses((status = 200, description = "All tokens", body = Vec<Token>), Problem)
)]
async fn list(Shared(state): Shared<Arc<State>>, caller: Caller) -> Result<Json<Vec<Token>>, Problem> {
    caller.needs(Role::Admin)?;
    Ok(Json(state.store.list_tokens().await?))
}

/// A token that is wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct Wish {
    /// What it is for; 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100, pattern = r"\S")]
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// Tasks it may enqueue; all where not given.
    pub tasks: Option<Vec<String>>,
    /// Refused after this time.
    #[serde(default, with = "humantime_serde::option")]
    #[schema(value_type = Option<String>, example = "90d")]
    pub expires_in: Option<Duration>,
}

/// A new token.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct Created {
    /// Public part.
    pub id: String,
    /// The whole; shown this once.
    pub token: String,
}

/// Makes a token. Its secret is in the answer and never shown again.
#[utoipa::path(
    post, path = "/api/v1/tokens", tag = "tokens", request_body = Wish,
    responses((status = 201, description = "Made", body = Created), Problem)
)]
async fn create(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    body: Payload,
) -> Result<(StatusCode, Json<Created>), Problem> {
    caller.needs(Role::Admin)?;
    let created = make(&state, &caller, body.read()?).await?;
    Ok((StatusCode::CREATED, Json(created)))
}

/// Makes a token for a caller who may.
pub(in crate::admin) async fn make(state: &State, caller: &Caller, wish: Wish) -> Result<Created, Problem> {
    caller.needs(Role::Admin)?;
    if wish.name.trim().is_empty() || wish.name.chars().count() > NAME {
        return Err(Problem::Invalid(format!("name: expected 1 to {NAME} characters")));
    }
    for task in wish.tasks.iter().flatten() {
        tasks::find_in(state.tasks, task).map_err(|error| Problem::Invalid(format!("tasks: {error}")))?;
    }
    let now = state.clock.now();
    let expires_at = match wish
        .expires_in
        .map(|time| TimeDelta::from_std(time).ok().and_then(|time| now.checked_add_signed(time)))
    {
        Some(None) => {
            return Err(Problem::Invalid("expires_in: expected at most some hundred years".to_owned()));
        }
        Some(at) => at,
        None => None,
    };
    let minted = mint(&state.random, now, &wish.name, wish.role, wish.tasks, expires_at);
    state.store.insert_token_for(caller.actor(), &minted.token).await?;
    Ok(Created { id: minted.token.id, token: minted.shown.expose_secret().to_owned() })
}

/// Takes a token back, with all its sessions.
#[utoipa::path(
    post, path = "/api/v1/tokens/{id}/revoke", tag = "tokens", params(("id" = String, Path, description = "Public part")),
    responses((status = 204, description = "Taken back"), Problem)
)]
async fn revoke(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    InPath(id): InPath<String>,
) -> Result<StatusCode, Problem> {
    take_back(&state, &caller, &id).await
}

/// Takes a token back for a caller who may.
pub(in crate::admin) async fn take_back(
    state: &State,
    caller: &Caller,
    id: &str,
) -> Result<StatusCode, Problem> {
    caller.needs(Role::Admin)?;
    if state.store.revoke_token_for(caller.actor(), id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::NotFound(format!("there is no live token {id}")))
    }
}
