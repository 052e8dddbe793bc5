//! Sources over HTTP: what each is, how its boards fare, what each day brought.

use std::sync::Arc;

use axum::{Json, extract::State as Shared, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::pauses::{Deed, change};
use crate::{
    admin::{
        State,
        access::Caller,
        extract::{InPath, InQuery},
        problem::Problem,
    },
    sources,
    store::{
        PauseKind,
        health::{BoardHealth, SourceDay},
    },
};

pub(super) fn routes() -> OpenApiRouter<Arc<State>> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(days))
        .routes(routes!(pause))
        .routes(routes!(resume))
}

/// One source with its boards.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct SourceView {
    /// Short name.
    pub name: &'static str,
    /// Name for people.
    pub title: &'static str,
    /// Hosts it asks.
    hosts: Vec<String>,
    /// What its operator asks of those who use it.
    pub terms: TermsView,
    /// Switched off by a person.
    pub paused: bool,
    /// Its boards, the unhealthy ones first.
    pub boards: Vec<BoardHealth>,
}

impl SourceView {
    /// Whether it asks hosts of that domain.
    pub fn uses(&self, domain: &str) -> bool {
        self.hosts
            .iter()
            .any(|host| host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.')))
    }
}

/// Terms of a source.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::admin) struct TermsView {
    /// Where they are published.
    pub url: &'static str,
    /// In one line.
    pub note: &'static str,
}

/// All sources, by name.
pub(in crate::admin) async fn views(state: &State) -> Result<Vec<SourceView>, Problem> {
    let (health, pauses) = tokio::try_join!(state.store.list_health(), state.store.list_pauses())?;
    let view = |source: &&'static dyn sources::Source| SourceView {
        name: source.name(),
        title: source.title(),
        hosts: source.hosts().iter().map(ToString::to_string).collect(),
        terms: TermsView { url: source.terms().url, note: source.terms().note },
        paused: pauses.iter().any(|pause| pause.kind == "source" && pause.name == source.name()),
        boards: health.iter().filter(|board| board.source == source.name()).cloned().collect(),
    };
    Ok(sources::SOURCES.iter().map(view).collect())
}

/// Lists the sources with their boards.
#[utoipa::path(
    get, path = "/api/v1/sources", tag = "sources",
    responses((status = 200, description = "All sources", body = Vec<SourceView>), Problem)
)]
async fn list(Shared(state): Shared<Arc<State>>, _caller: Caller) -> Result<Json<Vec<SourceView>>, Problem> {
    views(&state).await.map(Json)
}

/// How far back.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
struct Back {
    /// Days, 1 to 90; 14 where not given.
    #[param(minimum = 1, maximum = 90)]
    days: Option<i32>,
}

/// Lists what each source brought on each of the last days (UTC), today first.
#[utoipa::path(
    get, path = "/api/v1/sources/days", tag = "sources", params(Back),
    responses((status = 200, description = "Days of sources", body = Vec<SourceDay>), Problem)
)]
async fn days(
    Shared(state): Shared<Arc<State>>,
    _caller: Caller,
    InQuery(back): InQuery<Back>,
) -> Result<Json<Vec<SourceDay>>, Problem> {
    let days = back.days.unwrap_or(14);
    if !(1..=90).contains(&days) {
        return Err(Problem::Invalid("days: expected 1 to 90".to_owned()));
    }
    Ok(Json(state.store.list_source_days(days).await?))
}

/// Pauses a source: nothing is asked of it. Needs the role operator.
#[utoipa::path(
    post, path = "/api/v1/sources/{name}/pause", tag = "sources", params(("name" = String, Path, description = "Source")),
    responses((status = 204, description = "Paused"), Problem)
)]
async fn pause(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    InPath(name): InPath<String>,
) -> Result<StatusCode, Problem> {
    change(&state, &caller, Deed::Pause, PauseKind::Source, &name).await
}

/// Resumes a source. Needs the role operator.
#[utoipa::path(
    post, path = "/api/v1/sources/{name}/resume", tag = "sources", params(("name" = String, Path, description = "Source")),
    responses((status = 204, description = "Resumed"), Problem)
)]
async fn resume(
    Shared(state): Shared<Arc<State>>,
    caller: Caller,
    InPath(name): InPath<String>,
) -> Result<StatusCode, Problem> {
    change(&state, &caller, Deed::Resume, PauseKind::Source, &name).await
}
