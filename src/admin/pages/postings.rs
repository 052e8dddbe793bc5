//! Postings: searched, and one with where it is seen and what was read from it.

use std::sync::Arc;

use axum::extract::State as Shared;
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Section, Shown, Visitor,
    layout::{ago, amount, next, page, state, table, with},
    runs::choice,
    unreadable,
};
use crate::{
    admin::{
        Problem, State,
        api::postings,
        extract::{InPath, InQuery},
    },
    sources,
    store::{ListedPosting, PostingDetail, Sighting},
};

/// How the page is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Look {
    q: String,
    source: String,
    active: String,
    cursor: Option<String>,
}

/// `GET /postings`
pub(super) async fn show(
    Shared(endpoint): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    look: Result<InQuery<Look>, Problem>,
) -> Shown {
    let InQuery(look) = unreadable(look)?;
    let filter = postings::Filter {
        q: Some(look.q.clone()),
        source: Some(look.source.clone()),
        active: Some(look.active.clone()),
        cursor: look.cursor.clone(),
        limit: Some(50),
    };
    let found = postings::find(&endpoint, filter).await?;
    let names: Vec<&str> = sources::SOURCES.iter().map(|source| source.name()).collect();
    let rows: Vec<Markup> = found.items.iter().map(row).collect();
    let kept = [("q", look.q.as_str()), ("source", &look.source), ("active", &look.active)];
    let body = html! {
        form.filter method="get" action="/postings" {
            label { "Title or company " input type="search" name="q" value=(look.q); }
            (choice("source", "Source", &look.source, &names))
            (choice("active", "Open", &look.active, &["yes", "no"]))
            button { "Show" }
        }
        (table("Postings", &["Posting", "Company", "Where", "Kind", "Pay", "Source", "Posted", "State"], &rows))
        (next("/postings", &kept, found.next.as_deref()))
    };
    Ok(page(Section::Postings, "Postings", &caller, None, &body))
}

fn row(posting: &ListedPosting) -> Markup {
    html! {
        th scope="row" { a href=(format!("/postings/{}", posting.id)) { (posting.title) } }
        td { (posting.company) }
        td { bdi { (posting.location.as_deref().unwrap_or("–")) } @if let Some(remote) = &posting.remote_option { " · " (remote) } }
        td { (posting.job_type.as_deref().unwrap_or("–")) }
        td.number { (pay(posting)) }
        td { (posting.source.as_deref().unwrap_or("–")) }
        td { @match posting.posted_date { Some(day) => { (day) } None => { "–" } } }
        td { @if posting.is_active { (state("open")) } @else { (state("closed")) } }
    }
}

fn pay(posting: &ListedPosting) -> String {
    let currency = posting.salary_currency.as_deref().unwrap_or_default();
    let amount = |pay: i32| amount(i64::from(pay));
    match (posting.salary_min, posting.salary_max) {
        (Some(least), Some(most)) if least != most => {
            format!("{}–{} {currency}", amount(least), amount(most))
        }
        (Some(pay), _) | (None, Some(pay)) => format!("{} {currency}", amount(pay)),
        (None, None) => "–".to_owned(),
    }
}

/// `GET /postings/{id}`
pub(super) async fn show_one(
    Shared(endpoint): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    id: Result<InPath<i32>, Problem>,
) -> Shown {
    let InPath(id) = unreadable(id)?;
    let found = postings::find_one(&endpoint, id).await?;
    let now = endpoint.clock.now();
    let posting = &found.posting;
    let body = html! {
        p { bdi { (posting.company) } " · " bdi { (posting.location.as_deref().unwrap_or("place not said")) } " "
            @if posting.is_active { (state("open")) } @else { (state("closed")) }
            @if found.waits { " " (state("to be matched")) }
        }
        p.tools {
            @if let Some(url) = web(posting.url.as_deref()) { a href=(url) rel="noreferrer nofollow" { "At its source" } " " }
            a href=(with("/matches", &[("posting", &id.to_string())], &[])) { (amount(found.matches)) " matches" }
        }
        (facts(&found))
        (sightings(now, &found.sightings))
        @if !found.duplicates.is_empty() {
            h2 { "Very likely the same vacancy" }
            p { @for (at, other) in found.duplicates.iter().enumerate() { @if at > 0 { ", " } a href=(format!("/postings/{other}")) { (other) } } }
        }
        @if let Some(text) = &found.description { h2 { "Description" } div.text { (text) } }
        @if let Some(text) = &found.requirements { h2 { "Requirements" } div.text { (text) } }
    };
    Ok(page(Section::Postings, &posting.title, &caller, None, &body))
}

/// An address of the web; everything else is no link.
fn web(url: Option<&str>) -> Option<&str> {
    url.filter(|url| url.starts_with("https://") || url.starts_with("http://"))
}

fn facts(found: &PostingDetail) -> Markup {
    let posting = &found.posting;
    let technologies: Vec<&str> = found
        .tech_stack
        .as_ref()
        .and_then(Value::as_array)
        .map(|names| names.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    html! {
        dl.facts {
            div { dt { "Id" } dd { (posting.id) } }
            div { dt { "Kind of work" } dd { (posting.job_type.as_deref().unwrap_or("–")) } }
            div { dt { "Remote" } dd { (posting.remote_option.as_deref().unwrap_or("–")) } }
            div { dt { "Pay a year" } dd { (pay(posting)) } }
            div { dt { "Posted" } dd { @match posting.posted_date { Some(day) => { (day) } None => { "–" } } } }
            div { dt { "Apply by" } dd { @match found.application_deadline { Some(day) => { (day) } None => { "–" } } } }
            @if let Some(user) = found.user_id { div { dt { "Entered by" } dd { "user " (user) } } }
        }
        @if !technologies.is_empty() { ul.chips aria-label="Technologies" { @for name in technologies { li { (name) } } } }
    }
}

fn sightings(now: DateTime<Utc>, sightings: &[Sighting]) -> Markup {
    let rows: Vec<Markup> = sightings
        .iter()
        .map(|seen| {
            html! {
                th scope="row" { a href=(format!("/sources/{}", seen.source)) { (seen.source) } @if seen.is_owner { " " (state("owner")) } }
                td { (seen.board) }
                td { @match web(Some(&seen.url)) { Some(url) => { a href=(url) rel="noreferrer nofollow" { (seen.source_id) } } None => { (seen.source_id) } } }
                td { (ago(now, Some(seen.first_seen))) }
                td { (ago(now, Some(seen.last_seen))) }
                td { @if let Some(gone) = seen.gone_at { (state("gone")) " " (ago(now, Some(gone))) } @else if let Some(missing) = seen.missing_since { (state("missing")) " " (ago(now, Some(missing))) } @else { (state("listed")) } }
                td.number { (raw_pay(seen)) }
            }
        })
        .collect();
    html! {
        h2 { "Where it is seen" }
        (table("Where it is seen", &["Source", "Board", "Id there", "First", "Last", "State", "Pay as said"], &rows))
        @if let Some(owner) = sightings.iter().find(|seen| seen.is_owner && seen.facts != Value::Null && seen.facts != Value::Object(serde_json::Map::new())) {
            h2 { "What was read from it" }
            pre tabindex="0" { (super::run::pretty(&owner.facts)) }
        }
    }
}

fn raw_pay(seen: &Sighting) -> String {
    let words: Vec<String> =
        [seen.pay_min, seen.pay_max].into_iter().flatten().map(|pay| pay.normalize().to_string()).collect();
    if words.is_empty() {
        return "–".to_owned();
    }
    let period = seen.pay_period.as_deref().map(|period| format!(" a {period}")).unwrap_or_default();
    format!("{} {}{period}", words.join("–"), seen.pay_currency.as_deref().unwrap_or_default())
}
