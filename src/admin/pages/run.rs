//! One run: its state, its way through the attempts, what it was given, what it says.

use std::sync::Arc;

use axum::extract::State as Shared;
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Section, Shown, Visitor,
    layout::{act, ago, page, seconds, state, table},
    runs::took,
    unreadable,
};
use crate::{
    admin::{
        Problem, State,
        api::runs::{self, History},
        extract::{InPath, InQuery},
        token::Role,
    },
    store::{Attempt, Run},
};

/// How the page is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Look {
    said: Option<String>,
}

/// `GET /runs/{id}`
pub(super) async fn show(
    Shared(endpoint): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    id: Result<InPath<i64>, Problem>,
    look: Result<InQuery<Look>, Problem>,
) -> Shown {
    let (InPath(id), InQuery(look)) = (unreadable(id)?, unreadable(look)?);
    let run = runs::find_one(&endpoint, id).await?;
    let history = runs::find_history(&endpoint, id).await?;
    let now = endpoint.clock.now();
    let back = format!("/runs/{id}");
    let body = html! {
        p { (state(&run.state)) " " (run.task) " on " (run.queue)
            @if run.cancel_wanted && run.state == "running" { ", to be cancelled at its next step" }
        }
        @if caller.may(Role::Operator) {
            p.tools {
                @if matches!(run.state.as_str(), "queued" | "failed" | "running") { (act(&format!("/runs/{id}/cancel"), &back, "Cancel", &format!("run {id}"))) }
                @if matches!(run.state.as_str(), "dead" | "cancelled") { (act(&format!("/runs/{id}/retry"), &back, "Try again", &format!("run {id}"))) }
            }
        }
        @if let Some(error) = &run.error { h2 { "Last error" } pre.error tabindex="0" { (error) } }
        h2 { "Way" }
        ol.way { @for step in way(now, &run, &history.attempts) { li { (step) } } }
        @if run.progress_total > 0 {
            p { label { "Progress " progress max=(run.progress_total) value=(run.progress_done) { } } " " (run.progress_done) " of " (run.progress_total) }
        }
        h2 { "Facts" }
        (facts(now, &run))
        h2 { "Arguments" }
        pre tabindex="0" { (pretty(&run.args)) }
        @if let Some(report) = &run.report { h2 { "Report" } pre tabindex="0" { (pretty(report)) } }
        (lines(&history))
    };
    Ok(page(Section::Runs, &format!("Run {id}"), &caller, look.said.as_deref(), &body))
}

/// From wish to end, in order.
fn way(now: DateTime<Utc>, run: &Run, attempts: &[Attempt]) -> Vec<Markup> {
    let mut steps = vec![html! { "Wanted by " (run.trigger) " " (ago(now, Some(run.created_at))) }];
    if let Some(tick) = run.scheduled_for {
        steps.push(html! { "Stands for the tick of " (tick.format("%Y-%m-%d %H:%M:%S UTC").to_string()) });
    }
    for attempt in attempts {
        let length = attempt.started_at.map(|started| attempt.ended_at - started);
        steps.push(html! {
            "Attempt " (attempt.attempt) ": " (state(&attempt.outcome)) " " (ago(now, Some(attempt.ended_at)))
            @if let Some(length) = length { " after " (super::layout::span(length)) }
            @if let Some(owner) = &attempt.owner { " by " code { (owner) } }
            @if let Some(error) = &attempt.error { ": " code { (super::overview::shorten(error)) } }
        });
    }
    match run.state.as_str() {
        "running" => steps.push(html! {
            "Attempt " (run.attempt) " runs, begun " (ago(now, run.started_at))
            @if let Some(owner) = &run.owner { " by " code { (owner) } }
        }),
        "queued" | "failed" => steps.push(html! { "To be started " (ago(now, Some(run.run_at))) }),
        "done" => steps.push(html! {
            (state("done")) " " (ago(now, run.finished_at)) @if let Some(took) = took(run) { " after " (seconds(took)) }
        }),
        // Dead and cancelled runs have an attempt that says so, unless they never began.
        other if attempts.last().is_none_or(|attempt| attempt.outcome != other) => {
            steps.push(html! { (state(other)) " " (ago(now, run.finished_at)) });
        }
        _ => {}
    }
    steps
}

fn facts(now: DateTime<Utc>, run: &Run) -> Markup {
    html! {
        dl.facts {
            div { dt { "Attempts" } dd { (run.attempt) " of " (run.max_attempts) } }
            div { dt { "Longest attempt" } dd { (super::layout::span(chrono::TimeDelta::milliseconds(run.timeout_ms))) } }
            div { dt { "Priority" } dd { (run.priority) } }
            @if let Some(schedule) = &run.schedule { div { dt { "Schedule" } dd { a href=(super::layout::with("/runs", &[("schedule", schedule)], &[])) { (schedule) } } } }
            @if let Some(key) = &run.key { div { dt { "Key" } dd { code { (key) } } } }
            @if let Some(lease) = run.lease_until { div { dt { "Lease ends" } dd { (ago(now, Some(lease))) } } }
        }
    }
}

fn lines(history: &History) -> Markup {
    let rows: Vec<Markup> = history
        .lines
        .iter()
        .map(|line| {
            html! {
                td { time datetime=(line.at.to_rfc3339()) { (line.at.format("%H:%M:%S%.3f").to_string()) } }
                td { (state(&line.level)) }
                td { (line.message) }
                td.says { code { @if line.fields.as_object().is_some_and(|fields| !fields.is_empty()) { (line.fields) } } }
            }
        })
        .collect();
    html! {
        h2 { "Lines" }
        (table("What its attempts logged", &["Time (UTC)", "Level", "Message", "Details"], &rows))
    }
}

/// JSON for people.
pub(super) fn pretty(value: &serde_json::Value) -> String {
    serde_json::to_string_pretty(value).unwrap_or_default()
}
