//! Matches: which there are, and why one is or is not.

use std::sync::Arc;

use axum::extract::State as Shared;
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Section, Shown, Visitor,
    layout::{ago, next, page, state, table, with},
    unreadable,
};
use crate::{
    admin::{
        Problem, State,
        api::matches,
        extract::{InPath, InQuery},
    },
    matching::Explanation,
    store::Pair,
};

/// How the page is looked at; numbers as people type them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Look {
    user: String,
    posting: String,
    cursor: Option<String>,
}

fn number(text: &str, name: &str) -> Result<Option<i32>, Problem> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| Problem::Invalid(format!("{name}: expected a number")))
}

/// `GET /matches`
pub(super) async fn show(
    Shared(endpoint): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    look: Result<InQuery<Look>, Problem>,
) -> Result<axum::response::Response, super::Refused> {
    use axum::response::{IntoResponse as _, Redirect};
    let InQuery(look) = unreadable(look)?;
    let (user, posting) = (number(&look.user, "user")?, number(&look.posting, "posting")?);
    if let (Some(user), Some(posting)) = (user, posting) {
        return Ok(Redirect::to(&format!("/matches/{user}/{posting}")).into_response());
    }
    let filter = matches::Filter { posting, user, cursor: look.cursor.clone(), limit: Some(50) };
    let found = matches::find(&endpoint, &filter).await?;
    let now = endpoint.clock.now();
    let rows: Vec<Markup> = found.items.iter().map(|pair| row(now, pair)).collect();
    let kept = [("user", look.user.as_str()), ("posting", &look.posting)];
    let body = html! {
        form.filter method="get" action="/matches" {
            label { "User " input name="user" inputmode="numeric" size="8" value=(look.user); }
            label { "Posting " input name="posting" inputmode="numeric" size="8" value=(look.posting); }
            button { "Show" }
        }
        p.quiet { "A user and a posting together: why they fit, or why not." }
        (table("Matches", &["Posting", "User", "Score", "Profile", "Searches", "Found", "Told"], &rows))
        (next("/matches", &kept, found.next.as_deref()))
    };
    Ok(page(Section::Matches, "Matches", &caller, None, &body).into_response())
}

fn row(now: DateTime<Utc>, pair: &Pair) -> Markup {
    html! {
        th scope="row" { a href=(format!("/matches/{}/{}", pair.user_id, pair.job_id)) { (pair.title.as_deref().unwrap_or("a posting that is gone")) }
            @if let Some(company) = &pair.company { br; span.quiet { (company) } } }
        td.number { a href=(with("/matches", &[("user", &pair.user_id.to_string())], &[])) { (pair.user_id) } }
        td.number { (format!("{:.2}", pair.score)) }
        td.number { @match pair.profile_score { Some(score) => { (format!("{score:.2}")) } None => { "–" } } }
        td.number { (pair.search_ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")) }
        td { (ago(now, Some(pair.matched_at))) }
        td { @if pair.suppressed { (state("suppressed")) } @else if pair.notified_at.is_some() { (ago(now, pair.notified_at)) } @else { (state("waits")) } }
    }
}

/// `GET /matches/{user}/{posting}`
pub(super) async fn show_one(
    Shared(endpoint): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    path: Result<InPath<(i32, i32)>, Problem>,
) -> Shown {
    let InPath((user, posting)) = unreadable(path)?;
    let found = matches::find_reasons(&endpoint, user, posting).await?;
    let body = html! {
        p {
            @if found.fits { (state("fits")) } @else { (state("does not fit")) } " "
            a href=(format!("/postings/{posting}")) { (found.title) } " and "
            a href=(with("/matches", &[("user", &user.to_string())], &[])) { "user " (user) }
        }
        @for search in &found.searches {
            h2 { "Search " (search.id.0) ": " bdi { (search.name) } }
            (reasons(&search.explanation))
        }
        @if let Some(profile) = &found.profile {
            h2 { "Profile" }
            (reasons(profile))
        }
        @if found.searches.is_empty() && found.profile.is_none() { p.quiet { "The user has neither searches nor a profile." } }
    };
    Ok(page(Section::Matches, &format!("Posting {posting} for user {user}"), &caller, None, &body))
}

fn reasons(explanation: &Explanation) -> Markup {
    let parts: Vec<Markup> = explanation
        .parts
        .iter()
        .map(|part| {
            html! {
                th scope="row" { (part.name.as_str()) }
                td.number { (format!("{:.2}", part.value)) }
                td.number { (format!("{:.2}", part.weight)) }
                td { (part.evidence) }
            }
        })
        .collect();
    html! {
        p {
            @if explanation.matches { (state("fits")) } @else { (state("does not fit")) }
            @if let Some(score) = explanation.score { " score " (format!("{score:.2}")) }
        }
        ul.checks { @for check in &explanation.checks {
            li { @if check.holds { (state("yes")) } @else { (state("no")) } " " bdi { (check.what) } }
        } }
        @if !parts.is_empty() { (table("Parts of the score", &["Part", "Value", "Weight", "Evidence"], &parts)) }
        @for problem in &explanation.problems { p { (state("problem")) " " code { (problem.key) } ": " bdi { (problem.message) } } }
    }
}
