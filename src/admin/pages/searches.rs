//! Saved searches, and what in them cannot be used.

use std::sync::Arc;

use axum::extract::State as Shared;
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Section, Shown, Visitor,
    layout::{act, ago, next, page, state, table},
    unreadable,
};
use crate::{
    admin::{Problem, State, api::searches, extract::InQuery, token::Role},
    store::KnownSearch,
};

/// How the page is looked at; numbers as people type them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Look {
    user: String,
    problems: String,
    cursor: Option<String>,
    said: Option<String>,
}

/// `GET /searches`
pub(super) async fn show(
    Shared(endpoint): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    look: Result<InQuery<Look>, Problem>,
) -> Shown {
    let InQuery(look) = unreadable(look)?;
    let user = match look.user.trim() {
        "" => None,
        text => Some(text.parse().map_err(|_| Problem::Invalid("user: expected a number".to_owned()))?),
    };
    let filter = searches::Filter { user, cursor: look.cursor.clone(), limit: Some(50) };
    let now = endpoint.clock.now();
    let only = !look.problems.is_empty();
    let (list, following) = if only {
        let found = searches::find_problems(&endpoint, &filter).await?;
        let rows: Vec<Markup> = found
            .items
            .iter()
            .map(|problem| {
                html! {
                    th scope="row" { (problem.search_id) " " bdi { (problem.name) } }
                    td.number { @if let Some(user) = problem.user_id { (user) } }
                    td { code { (problem.key) } }
                    td { (problem.message) }
                    td { (ago(now, Some(problem.noted_at))) }
                }
            })
            .collect();
        (table("Problems of searches", &["Search", "User", "Key", "Problem", "Known"], &rows), found.next)
    } else {
        let found = searches::find(&endpoint, &filter).await?;
        let may = caller.may(Role::Operator);
        let rows: Vec<Markup> = found.items.iter().map(|search| row(now, search, may)).collect();
        let mut columns = vec!["Search", "User", "Query", "Filters", "State", "Changed"];
        if may {
            columns.push("Do");
        }
        (table("Saved searches", &columns, &rows), found.next)
    };
    let kept = [("user", look.user.as_str()), ("problems", &look.problems)];
    let body = html! {
        form.filter method="get" action="/searches" {
            label { "User " input name="user" inputmode="numeric" size="8" value=(look.user); }
            label { input type="checkbox" name="problems" value="1" checked[only]; " only what cannot be used" }
            button { "Show" }
        }
        (list)
        (next("/searches", &kept, following.as_deref()))
    };
    Ok(page(Section::Searches, "Saved searches", &caller, look.said.as_deref(), &body))
}

fn row(now: DateTime<Utc>, search: &KnownSearch, may: bool) -> Markup {
    html! {
        th scope="row" { (search.id) " " bdi { (search.name) } }
        td.number { @if let Some(user) = search.user_id { (user) } }
        td { code { (search.query.as_deref().unwrap_or_default()) } }
        td.says { code { (search.filters) } }
        td { @if search.is_active { (state("on")) } @else { (state("off")) } @if search.problems > 0 { " " (state("problem")) } }
        td { (ago(now, search.updated_at)) }
        @if may {
            td { @if search.is_active { (act(&format!("/searches/{}/rematch", search.id), "/searches", "Match anew", &format!("search {}", search.id))) } }
        }
    }
}
