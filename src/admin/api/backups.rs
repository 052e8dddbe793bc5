//! Backups over HTTP: how they are, which there are, and the end of a quarantine.

use std::sync::Arc;

use axum::{Json, extract::State as Shared, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    admin::{State, access::Caller, problem::Problem, token::Role},
    backup::{self, Health},
    store::BackupRow,
};

/// Backups that are listed.
const LISTED: i64 = 200;

pub(super) fn routes() -> OpenApiRouter<Arc<State>> {
    OpenApiRouter::new().routes(routes!(show)).routes(routes!(acknowledge))
}

/// How backups are, and which there are.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct Backups {
    /// What is there, what is missing.
    pub health: Health,
    /// What this database knows of its backups, newest first, at most 200; the place of the backups knows better.
    pub backups: Vec<BackupRow>,
}

/// Shows how backups are, what needs a person, and which there are.
#[utoipa::path(
    get, path = "/api/v1/backups", tag = "backups",
    responses((status = 200, description = "Backups", body = Backups), Problem)
)]
async fn show(Shared(state): Shared<Arc<State>>, _caller: Caller) -> Result<Json<Backups>, Problem> {
    find(&state).await.map(Json)
}

/// Backups as they are now.
pub(in crate::admin) async fn find(state: &State) -> Result<Backups, Problem> {
    let health = backup::observe(&state.store, &state.config, state.clock.now()).await?;
    Ok(Backups { health, backups: state.store.list_backups(LISTED).await? })
}

/// Ends the quarantine of a restored database: what was missed meanwhile stays missed. Needs the role admin.
#[utoipa::path(
    post, path = "/api/v1/backups/acknowledge", tag = "backups",
    responses((status = 204, description = "Ended"), Problem)
)]
async fn acknowledge(Shared(state): Shared<Arc<State>>, caller: Caller) -> Result<StatusCode, Problem> {
    end_quarantine(&state, &caller).await
}

/// Does it for a caller who may.
pub(in crate::admin) async fn end_quarantine(state: &State, caller: &Caller) -> Result<StatusCode, Problem> {
    caller.needs(Role::Admin)?;
    if state.store.daemon_state().await?.restoring {
        let message = "a restore into this database has not ended, or was killed: restore it again first";
        return Err(Problem::Conflict(message.to_owned()));
    }
    if state.store.acknowledge_for(caller.actor()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::Conflict("there is no quarantine".to_owned()))
    }
}
