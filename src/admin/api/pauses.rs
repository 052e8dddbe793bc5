//! Pausing and resuming a queue, a schedule or a source: one deed for three kinds of things.

use axum::http::StatusCode;

use crate::{
    admin::{State, access::Caller, problem::Problem, token::Role},
    domain::Queue,
    sources,
    store::PauseKind,
};

/// Stops or resumes work; the database remembers it. What is paused twice is paused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::admin) enum Deed {
    /// Nothing new is begun.
    Pause,
    /// It goes on.
    Resume,
}

/// Does it for a caller who may.
pub(in crate::admin) async fn change(
    state: &State,
    caller: &Caller,
    deed: Deed,
    kind: PauseKind,
    name: &str,
) -> Result<StatusCode, Problem> {
    caller.needs(Role::Operator)?;
    let known = match kind {
        PauseKind::Queue => name.parse::<Queue>().is_ok(),
        PauseKind::Schedule => state.schedules.iter().any(|schedule| schedule.name == name),
        PauseKind::Source => sources::find(name).is_ok(),
    };
    if !known {
        return Err(Problem::NotFound(format!("there is no {} \"{name}\"", kind.as_str())));
    }
    match deed {
        Deed::Pause => state.store.pause_for(caller.actor(), kind, name).await?,
        Deed::Resume => state.store.resume_for(caller.actor(), kind, name).await?,
    }
    Ok(StatusCode::NO_CONTENT)
}
