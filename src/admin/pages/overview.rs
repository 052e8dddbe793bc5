//! The first page: what needs attention, what the last day was like, how full things are.

use std::sync::Arc;

use axum::{extract::State as Shared, response::IntoResponse};
use chrono::{DateTime, TimeDelta, Utc};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Refused, Section, Visitor,
    layout::{ago, amount, page, seconds, span, state, table, with},
    plot::{self, Axis},
    unreadable,
};
use crate::{
    admin::{
        State,
        api::{
            backups,
            overview::{self, DAY, Overview, SPAN},
            schedules::{self, ScheduleView},
            sources::{self, SourceView},
        },
        extract::InQuery,
    },
    store::QueueStats,
};

/// A run that is due for longer than this waits too long.
const WAIT: TimeDelta = TimeDelta::minutes(5);
/// A schedule that is due for longer than this without a run is late.
pub(super) const LATE: i64 = 90;

/// How the page is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Look {
    live: Option<String>,
    said: Option<String>,
}

/// `GET /`
pub(super) async fn show(
    Shared(state): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    look: Result<InQuery<Look>, crate::admin::Problem>,
) -> Result<impl IntoResponse, Refused> {
    let InQuery(look) = unreadable(look)?;
    let (overview, schedules, sources, backups) = tokio::try_join!(
        overview::find(&state),
        schedules::views(&state),
        sources::views(&state),
        backups::find(&state)
    )?;
    let now = state.clock.now();
    let redis = tokio::time::timeout(std::time::Duration::from_secs(1), state.transport.is_up()).await;
    let mut troubles: Vec<Markup> = backups
        .health
        .alarms
        .iter()
        .map(|alarm| html! { a href="/backups" { "Backups" } ": " (alarm) })
        .collect();
    troubles.extend(self::troubles(now, &overview, &schedules, &sources, redis == Ok(true)));
    let live = look.live.is_some();
    let body = html! {
        p.tools {
            @if live { a href="/" { "Stop refreshing" } } @else { a href="/?live=1" { "Refresh every 10 seconds" } }
        }
        section aria-labelledby="attention" {
            h2 id="attention" { "Needs attention" }
            @if troubles.is_empty() { p.good { "Nothing: all is well." } }
            @else { ul.troubles { @for trouble in &troubles { li { (trouble) } } } }
        }
        (figures(now, &overview))
        (plots(now, &overview))
        h2 { "Queues" }
        (queues(&overview.queues))
    };
    let refresh = live.then_some([("refresh", "10")]);
    Ok((
        refresh.map(axum::response::AppendHeaders),
        page(Section::Overview, "Overview", &caller, look.said.as_deref(), &body),
    ))
}

fn figures(now: DateTime<Utc>, overview: &Overview) -> Markup {
    let pulse = &overview.pulse;
    let done: i64 = overview.spans.iter().map(|span| span.done).sum();
    let wait = overview.spans.last().and_then(|span| span.wait_p95);
    html! {
        dl.figures {
            div { dt { "Runs done, 24 h" } dd { (amount(done)) } }
            div { dt { "Last one ended" } dd { (ago(now, pulse.last_done)) } }
            div { dt { "Start, 95 of 100" } dd { (wait.map_or_else(|| "–".to_owned(), seconds)) } }
            div { dt { "Workers busy" } dd { (amount(pulse.workers)) } }
            div { dt { "Waiting to be matched" } dd { (amount(pulse.outbox)) } }
            div { dt { "Postings, about" } dd { a href="/postings" { (amount(pulse.postings)) } } }
            div { dt { "Searches, about" } dd { a href="/searches" { (amount(pulse.searches)) } } }
        }
    }
}

fn plots(now: DateTime<Utc>, overview: &Overview) -> Markup {
    let length = |time| TimeDelta::from_std(time).unwrap_or_default();
    let axis = Axis::new(now, length(DAY), length(SPAN));
    let spans = &overview.spans;
    html! {
        section.plots aria-label="The last 24 hours" {
            figure { figcaption { "Runs ended, each half hour" } (plot::ended(axis, spans)) }
            figure {
                figcaption { "From due to start: " span.key.l0 { "half" } " " span.key.l1 { "95 of 100" } }
                (plot::lines(axis, "From due to start", spans, &[("half", |span| span.wait_p50), ("95 of 100", |span| span.wait_p95)]))
            }
            figure {
                figcaption { "Duration of runs: " span.key.l0 { "95 of 100" } }
                (plot::lines(axis, "Duration of runs", spans, &[("95 of 100", |span| span.took_p95)]))
            }
        }
    }
}

/// How full the queues are.
pub(super) fn queues(queues: &[QueueStats]) -> Markup {
    let rows: Vec<Markup> = queues
        .iter()
        .map(|queue| {
            let count = |state: &str, count: i64| {
                let path = with("/runs", &[("queue", &queue.queue), ("state", state)], &[]);
                html! { td.number { @if count == 0 { "0" } @else { a href=(path) { (amount(count)) } } } }
            };
            html! {
                th scope="row" { a href=(with("/runs", &[("queue", &queue.queue)], &[])) { (queue.queue) } @if queue.paused { " " (state("paused")) } }
                td.number { (amount(queue.due)) }
                td.number { @if queue.due > 0 { (span(TimeDelta::milliseconds(queue.oldest_due_ms))) } @else { "–" } }
                (count("queued", queue.queued))
                (count("failed", queue.failed))
                (count("running", queue.running))
                (count("done", queue.done))
                (count("dead", queue.dead))
                (count("cancelled", queue.cancelled))
            }
        })
        .collect();
    let columns =
        ["Queue", "Due", "Oldest due", "Queued", "To be tried again", "Running", "Done", "Dead", "Cancelled"];
    table("Queues", &columns, &rows)
}

/// What a person should see to, the worst first.
fn troubles(
    now: DateTime<Utc>,
    overview: &Overview,
    schedules: &[ScheduleView],
    sources: &[SourceView],
    redis: bool,
) -> Vec<Markup> {
    let mut found = Vec::new();
    for queue in &overview.queues {
        let waited = TimeDelta::milliseconds(queue.oldest_due_ms);
        if !queue.paused && queue.due > 0 && waited > WAIT {
            found.push(html! {
                "Queue " a href=(with("/runs", &[("queue", &queue.queue), ("state", "queued")], &[])) { (queue.queue) }
                ": a run has been due for " (span(waited)) ". Is a worker with this queue running?"
            });
        }
    }
    let late: Vec<&ScheduleView> = schedules.iter().filter(|one| one.late_seconds > Some(LATE)).collect();
    if let Some(worst) = late.iter().filter_map(|one| one.late_seconds).max() {
        found.push(html! {
            a href="/schedules" { (amount_of(late.len(), "schedule", "schedules")) } " late, by up to " (span(TimeDelta::seconds(worst)))
            ". Is a scheduler running?"
        });
    }
    for dead in &overview.dead {
        found.push(html! {
            a href=(with("/runs", &[("task", &dead.task), ("state", "dead")], &[])) { (amount(dead.runs)) @if dead.runs == 1 { " dead run" } @else { " dead runs" } }
            " of " (dead.task) " in 24 hours, the last " (ago(now, dead.last_at))
            @if let Some(error) = &dead.last_error { ": " code { (shorten(error)) } }
        });
    }
    let boards: Vec<_> =
        sources.iter().flat_map(|source| source.boards.iter().filter(|board| !board.healthy)).collect();
    if !boards.is_empty() {
        found.push(
            html! { a href="/sources" { (amount_of(boards.len(), "board", "boards")) } " not healthy." },
        );
    }
    let pulse = &overview.pulse;
    for (count, words) in [
        (pulse.outbox_dead, "postings could not be matched and were set aside."),
        (
            pulse.rejected_messages,
            "messages from Redis could not become a run: career-worker queues rejected.",
        ),
    ] {
        if count > 0 {
            found.push(html! { (amount(count)) " " (words) });
        }
    }
    if pulse.digests_held > 0 {
        found.push(html! {
            a href="/digests?state=held" { (amount(pulse.digests_held)) @if pulse.digests_held == 1 { " digest is" } @else { " digests are" } " held" }
            ": nobody knows whether they arrived, somebody has to decide."
        });
    }
    if pulse.digests_failed > 0 {
        found.push(html! { a href="/digests?state=failed" { "Digests" } " that could not be sent in 24 hours: " (amount(pulse.digests_failed)) "." });
    }
    if pulse.outbox_oldest > Some(300.0) {
        found.push(html! { "A posting has waited " (seconds(pulse.outbox_oldest.unwrap_or_default())) " to be matched." });
    }
    if !redis {
        found.push(html! { "Redis does not answer: runs still start, later." });
    }
    if pulse.searches_with_problems > 0 {
        found.push(html! {
            a href="/searches?problems=1" { "Saved searches" } " with something that cannot be used: " (amount(pulse.searches_with_problems)) "."
        });
    }
    for queue in overview.queues.iter().filter(|queue| queue.paused) {
        found.push(html! { "Queue " a href="/queues" { (queue.queue) } " is paused." });
    }
    let paused = schedules.iter().filter(|schedule| schedule.paused).count();
    if paused > 0 {
        found.push(html! { a href="/schedules" { (amount_of(paused, "schedule", "schedules")) } " paused." });
    }
    for source in sources.iter().filter(|source| source.paused) {
        found.push(
            html! { "Source " a href=(format!("/sources/{}", source.name)) { (source.title) } " is paused." },
        );
    }
    found
}

fn amount_of(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { format!("{one} is") } else { format!("{many} are") })
}

/// The first line of an error, not too long.
pub(super) fn shorten(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(160) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or(line)),
        None => line.to_owned(),
    }
}
