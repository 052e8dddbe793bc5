//! Runs in a list: restricted, cancelled or tried again in bulk.

use std::sync::Arc;

use axum::extract::State as Shared;
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Section, Shown, Visitor,
    layout::{ago, next, page, seconds, state, table},
    overview::shorten,
    unreadable,
};
use crate::{
    admin::{Problem, State, api::runs, extract::InQuery, token::Role},
    domain::Queue,
    store::Run,
};

const STATES: [&str; 6] = ["queued", "running", "done", "failed", "dead", "cancelled"];

/// How the page is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Look {
    state: String,
    task: String,
    queue: String,
    schedule: String,
    cursor: Option<String>,
    said: Option<String>,
}

/// `GET /runs`
pub(super) async fn show(
    Shared(endpoint): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    look: Result<InQuery<Look>, Problem>,
) -> Shown {
    let InQuery(look) = unreadable(look)?;
    let filter = runs::Filter {
        state: Some(look.state.clone()),
        task: Some(look.task.clone()),
        queue: Some(look.queue.clone()),
        schedule: Some(look.schedule.clone()),
        cursor: look.cursor.clone(),
        limit: Some(50),
    };
    let found = runs::find(&endpoint, filter).await?;
    let kept = [
        ("state", look.state.as_str()),
        ("task", &look.task),
        ("queue", &look.queue),
        ("schedule", &look.schedule),
    ];
    let back = super::layout::with("/runs", &kept, &[]);
    let may = caller.may(Role::Operator);
    let now = endpoint.clock.now();
    let tasks: Vec<&str> = endpoint.tasks.iter().map(|task| task.name()).collect();
    let schedules: Vec<&str> = endpoint.schedules.iter().map(|schedule| schedule.name.as_str()).collect();
    let rows: Vec<Markup> = found.items.iter().map(|run| row(run, now, may)).collect();
    let columns: &[&str] = if may {
        &["Choose", "Run", "Task", "State", "Attempt", "Wanted by", "Wanted", "Took", "Says"]
    } else {
        &["Run", "Task", "State", "Attempt", "Wanted by", "Wanted", "Took", "Says"]
    };
    let body = html! {
        form.filter method="get" action="/runs" {
            (choice("state", "State", &look.state, &STATES))
            (choice("task", "Task", &look.task, &tasks))
            (choice("queue", "Queue", &look.queue, &Queue::ALL.map(Queue::as_str)))
            (choice("schedule", "Schedule", &look.schedule, &schedules))
            button { "Show" }
        }
        @if may {
            form method="post" action="/runs/change" {
                input type="hidden" name="back" value=(back);
                (table("Runs", columns, &rows))
                @if !rows.is_empty() {
                    p.tools {
                        "Chosen runs: "
                        button name="action" value="retry" { "Try again" } " "
                        button name="action" value="cancel" { "Cancel" }
                    }
                }
            }
        } @else {
            (table("Runs", columns, &rows))
        }
        (next("/runs", &kept, found.next.as_deref()))
    };
    Ok(page(Section::Runs, "Runs", &caller, look.said.as_deref(), &body))
}

fn row(run: &Run, now: chrono::DateTime<chrono::Utc>, may: bool) -> Markup {
    let says = run.error.clone().or_else(|| run.report.as_ref().map(ToString::to_string)).unwrap_or_default();
    html! {
        @if may {
            td { input type="checkbox" name="ids" value=(run.id) aria-label=(format!("Choose run {}", run.id)); }
        }
        th scope="row" { a href=(format!("/runs/{}", run.id)) { (run.id) } }
        td { (run.task) }
        td { (state(&run.state)) }
        td.number { (run.attempt) "/" (run.max_attempts) }
        td { @if let Some(schedule) = &run.schedule { (schedule) } @else { (run.trigger) } }
        td { (ago(now, Some(run.created_at))) }
        td.number { (took(run).map_or_else(|| "–".to_owned(), seconds)) }
        td.says { code { (shorten(&says)) } }
    }
}

/// How long the last attempt took, where it is over.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of an attempt")]
pub(super) fn took(run: &Run) -> Option<f64> {
    Some((run.finished_at? - run.started_at?).num_milliseconds().max(0) as f64 / 1e3)
}

/// A choice of known words; the first is none.
pub(super) fn choice(name: &str, label: &str, chosen: &str, words: &[&str]) -> Markup {
    html! {
        label { (label) " "
            select name=(name) {
                option value="" { "any" }
                @if !chosen.is_empty() && !words.contains(&chosen) { option value=(chosen) selected { (chosen) } }
                @for word in words { option value=(word) selected[*word == chosen] { (word) } }
            }
        }
    }
}
