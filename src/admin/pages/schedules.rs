//! Schedules: last, next, late; pause, resume, run now.

use std::sync::Arc;

use axum::extract::State as Shared;
use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Section, Shown, Visitor,
    layout::{act, ago, page, span, state, table, with},
    overview::LATE,
    unreadable,
};
use crate::{
    admin::{
        Problem, State,
        api::schedules::{self, ScheduleView},
        extract::InQuery,
        token::Role,
    },
    store::ScheduleRun,
};

/// How the page is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Look {
    said: Option<String>,
}

/// `GET /schedules`
pub(super) async fn show(
    Shared(endpoint): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    look: Result<InQuery<Look>, Problem>,
) -> Shown {
    let InQuery(look) = unreadable(look)?;
    let views = schedules::views(&endpoint).await?;
    let (now, may) = (endpoint.clock.now(), caller.may(Role::Operator));
    let rows: Vec<Markup> = views.iter().map(|view| row(now, view, may)).collect();
    let mut columns = vec!["Schedule", "When", "State", "Last", "History, newest right", "Next"];
    if may {
        columns.push("Do");
    }
    let body = html! {
        p { "Schedules are files in " code { (endpoint.config.jobs.dir.display()) } "; a pause is kept in the database." }
        (table("Schedules", &columns, &rows))
    };
    Ok(page(Section::Schedules, "Schedules", &caller, look.said.as_deref(), &body))
}

fn row(now: DateTime<Utc>, view: &ScheduleView, may: bool) -> Markup {
    let path = format!("/schedules/{}", view.name);
    html! {
        th scope="row" { a href=(with("/runs", &[("schedule", &view.name)], &[])) { (view.name) } br; span.quiet { (view.task) } }
        td { code { (view.schedule) } br; span.quiet { (view.timezone) } }
        td {
            @if !view.enabled { (state("off")) }
            @else if view.paused { (state("paused")) }
            @else if view.late_seconds > Some(LATE) { (state("late")) " " (span(TimeDelta::seconds(view.late_seconds.unwrap_or_default()))) }
            @else { (state("on")) }
        }
        td { @match view.last.first() {
            Some(last) => { a href=(format!("/runs/{}", last.id)) { (state(&last.state)) } " " (ago(now, last.finished_at.or(last.started_at).or(last.scheduled_for))) }
            None => { span.quiet { "never" } }
        } }
        td { (strip(&view.last)) }
        td { @match view.next.split_first() {
            Some((first, others)) => {
                details {
                    summary { (ago(now, Some(*first))) }
                    ol { @for tick in others { li { (tick.format("%a %d %b %H:%M UTC").to_string()) } } }
                }
            }
            None => { "–" }
        } }
        @if may {
            td.acts {
                (act(&format!("{path}/run"), "/schedules", "Run now", &view.name))
                @if view.paused { (act(&format!("{path}/resume"), "/schedules", "Resume", &view.name)) }
                @else { (act(&format!("{path}/pause"), "/schedules", "Pause", &view.name)) }
            }
        }
    }
}

/// The last runs as a row of marks, oldest first.
fn strip(runs: &[ScheduleRun]) -> Markup {
    html! {
        ol.strip {
            @for run in runs.iter().rev() {
                @let at = run.scheduled_for.or(run.started_at).map(|at| at.format(" %d %b %H:%M").to_string()).unwrap_or_default();
                li { a class=(format!("mark {}", run.state)) href=(format!("/runs/{}", run.id)) title=(format!("{}{at}", run.state)) {
                    span.unseen { "run " (run.id) " " (run.state) }
                } }
            }
        }
    }
}
