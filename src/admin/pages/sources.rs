//! Sources: which do well, what each day brought; one source with its boards.

use std::sync::Arc;

use axum::extract::State as Shared;
use chrono::{DateTime, Days, NaiveDate, Utc};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Section, Shown, Visitor,
    layout::{act, ago, amount, page, state, table, with},
    overview::shorten,
    unreadable,
};
use crate::{
    admin::{
        Problem, State,
        access::Caller,
        api::sources::{self, SourceView},
        extract::{InPath, InQuery},
        token::Role,
    },
    store::health::{BoardHealth, SourceDay},
};

/// Days of the grid.
const GRID: i32 = 14;
/// Boards of one source that are listed.
const BOARDS: usize = 500;

/// How the page is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Look {
    said: Option<String>,
}

/// `GET /sources`
pub(super) async fn show(
    Shared(endpoint): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    look: Result<InQuery<Look>, Problem>,
) -> Shown {
    let InQuery(look) = unreadable(look)?;
    let views = sources::views(&endpoint).await?;
    let days = endpoint.store.list_source_days(GRID).await?;
    let now = endpoint.clock.now();
    let (used, idle): (Vec<&SourceView>, Vec<&SourceView>) =
        views.iter().partition(|view| !view.boards.is_empty() || view.paused);
    let rows: Vec<Markup> = used.iter().map(|view| row(now, view, &days)).collect();
    let body = html! {
        (table("Sources", &["Source", "State", "Boards", "Last success", "New, 14 days, newest right", "Today: new, changed, gone", "Last error"], &rows))
        @if !idle.is_empty() {
            h2 { "Not asked yet" }
            p { @for (at, view) in idle.iter().enumerate() { @if at > 0 { ", " } a href=(format!("/sources/{}", view.name)) { (view.title) } } }
        }
    };
    Ok(page(Section::Sources, "Sources", &caller, look.said.as_deref(), &body))
}

fn row(now: DateTime<Utc>, view: &SourceView, days: &[SourceDay]) -> Markup {
    let ill = view.boards.iter().filter(|board| !board.healthy).count();
    let last = view.boards.iter().filter_map(|board| board.last_success_at).max();
    let error = view.boards.iter().find(|board| !board.healthy && board.error.is_some());
    let of: Vec<&SourceDay> = days.iter().filter(|day| day.source == view.name).collect();
    let today = of.iter().find(|day| day.day == now.date_naive());
    html! {
        th scope="row" { a href=(format!("/sources/{}", view.name)) { (view.title) } }
        td { (condition(view, ill)) }
        td.number { (view.boards.len()) }
        td { (ago(now, last)) }
        td { (grid(now.date_naive(), &of)) }
        td.number { @match today {
            Some(day) => { (amount(day.new)) ", " (amount(day.changed)) ", " (amount(day.gone)) }
            None => { "–" }
        } }
        td.says { @if let Some(board) = error { bdi { (board.board) } ": " code { (shorten(board.error.as_deref().unwrap_or_default())) } } }
    }
}

fn condition(view: &SourceView, ill: usize) -> Markup {
    html! {
        @if view.paused { (state("paused")) }
        @else if view.boards.is_empty() { (state("off")) }
        @else if ill == 0 { (state("well")) }
        @else { (state("ill")) " " (ill) " of " (view.boards.len()) }
    }
}

/// New postings of each day as a mark; darker is more, crossed is a day on which listings failed and none was read.
fn grid(today: NaiveDate, days: &[&SourceDay]) -> Markup {
    let most = days.iter().map(|day| day.new).max().unwrap_or_default().max(1);
    let all =
        (0..u64::from(GRID.unsigned_abs())).rev().filter_map(|back| today.checked_sub_days(Days::new(back)));
    html! {
        ol.strip {
            @for at in all {
                @let known = days.iter().find(|day| day.day == at);
                @let (level, words) = match known {
                    None => ("none", format!("{at}: not asked")),
                    Some(day) if day.listings == 0 => ("failed", format!("{at}: {} listings failed", day.failures)),
                    Some(day) => (
                        ["l0", "l1", "l2", "l3", "l4"][level(day.new, most)],
                        format!("{at}: {} new, {} changed, {} gone in {} listings, {} failed", day.new, day.changed, day.gone, day.listings, day.failures),
                    ),
                };
                li { span class=(format!("mark {level}")) title=(words) { span.unseen { (words) } } }
            }
        }
    }
}

/// 0 for none, 1 to 4 for up to a quarter of the most and so on.
fn level(count: i64, most: i64) -> usize {
    if count <= 0 { 0 } else { usize::try_from((count * 4 + most - 1) / most).unwrap_or(4).clamp(1, 4) }
}

/// `GET /sources/{name}`
pub(super) async fn show_one(
    Shared(endpoint): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    name: Result<InPath<String>, Problem>,
    look: Result<InQuery<Look>, Problem>,
) -> Shown {
    let (InPath(name), InQuery(look)) = (unreadable(name)?, unreadable(look)?);
    let view = sources::views(&endpoint).await?.into_iter().find(|view| view.name == name);
    let view = view.ok_or_else(|| Problem::NotFound(format!("there is no source \"{name}\"")))?;
    let domains = endpoint.store.list_domains().await?;
    let now = endpoint.clock.now();
    let rows: Vec<Markup> = view.boards.iter().take(BOARDS).map(|board| board_row(now, board)).collect();
    let body = html! {
        p { (condition(&view, view.boards.iter().filter(|board| !board.healthy).count())) " " (view.terms.note)
            @if !view.terms.url.is_empty() { " " a href=(view.terms.url) rel="noreferrer" { "Terms" } } }
        (deeds(&caller, &view))
        p { a href=(with("/postings", &[("source", view.name)], &[])) { "Its postings" } }
        @let held: Vec<_> = domains.iter().filter(|domain| view.uses(&domain.domain)).collect();
        @if !held.is_empty() {
            h2 { "Rate" }
            ul { @for domain in held {
                li { (domain.domain)
                    @if let Some(length) = domain.blocked { ": nobody asks it for " (humantime::format_duration(std::time::Duration::from_secs(length.as_secs()))) }
                    @if domain.held.is_some() { ": asked by one worker now" }
                }
            } }
        }
        h2 { "Boards" }
        (table("Boards", &["Board", "State", "Asked", "Success", "Listed", "New", "Changed", "Gone", "Not stored", "Error"], &rows))
        @if view.boards.len() > BOARDS { p { "and " (view.boards.len() - BOARDS) " more" } }
    };
    Ok(page(Section::Sources, view.title, &caller, look.said.as_deref(), &body))
}

fn deeds(caller: &Caller, view: &SourceView) -> Markup {
    let path = format!("/sources/{}", view.name);
    let (deed, words) = if view.paused { ("resume", "Resume") } else { ("pause", "Pause") };
    html! { @if caller.may(Role::Operator) { p.tools { (act(&format!("{path}/{deed}"), &path, words, view.title)) } } }
}

fn board_row(now: DateTime<Utc>, board: &BoardHealth) -> Markup {
    html! {
        th scope="row" { (board.board) }
        td { @if board.healthy { (state("well")) } @else { (state("ill")) } }
        td { (ago(now, board.last_attempt_at)) }
        td { (ago(now, board.last_success_at)) }
        td.number { (amount(board.seen)) @if let Some(expected) = board.expected { " of " (amount(expected)) } @if board.not_modified { " (not modified)" } }
        td.number { (amount(board.new)) }
        td.number { (amount(board.changed)) }
        td.number { (amount(board.gone)) }
        td.number { (amount(board.rejected)) }
        td.says { @if let Some(error) = &board.error { (board.error_kind.as_deref().unwrap_or_default()) ": " code { (shorten(error)) } } }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn one_new_posting_is_seen() {
        let levels = [(0, 100), (1, 100), (25, 100), (26, 100), (100, 100), (1, 1)];
        assert_eq!(levels.map(|(count, most)| super::level(count, most)), [0, 1, 1, 2, 4, 4]);
    }
}
