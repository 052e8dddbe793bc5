//! Digests by e-mail and webhook: those a person has to decide of first, then the newest; and the channels of users.

use std::sync::Arc;

use axum::extract::State as Shared;
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Section, Shown, Visitor,
    layout::{act, ago, next, page, state, table, with},
    overview::shorten,
    unreadable,
};
use crate::{
    admin::{
        Problem, State,
        access::Caller,
        api::{channels, digests},
        extract::InQuery,
        token::Role,
    },
    store::{DigestRow, UserChannel},
};

/// Held digests that are shown at once.
const HELD: i64 = 100;
/// Channels of a user, at the most.
const CHANNELS: i64 = 50;

/// How the page is looked at; numbers as people type them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Look {
    user: String,
    state: String,
    channel: String,
    cursor: Option<String>,
    said: Option<String>,
}

/// `GET /digests`
pub(super) async fn show(
    Shared(endpoint): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    look: Result<InQuery<Look>, Problem>,
) -> Shown {
    let InQuery(look) = unreadable(look)?;
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let user = match look.user.trim() {
        "" => None,
        text => Some(text.parse().map_err(|_| Problem::Invalid("user: expected a number".to_owned()))?),
    };
    let filter = |state: Option<String>, cursor, limit| digests::Filter {
        state,
        user,
        channel: given(&look.channel),
        cursor,
        limit: Some(limit),
    };
    let first = look.cursor.is_none() && look.state.is_empty();
    let held = if first {
        digests::find(&endpoint, &filter(Some("held".to_owned()), None, HELD)).await?.items
    } else {
        Vec::new()
    };
    let found = digests::find(&endpoint, &filter(given(&look.state), look.cursor.clone(), 50)).await?;
    let channels = channels::Filter { user, cursor: None, limit: Some(CHANNELS) };
    let channels = if first { Some(channels::find(&endpoint, &channels).await?.items) } else { None };
    let now = endpoint.clock.now();
    let kept = [("user", look.user.as_str()), ("state", &look.state), ("channel", &look.channel)];
    let columns = ["Digest", "User", "By", "State", "Postings", "Made", "Tries", "Said", "Do"];
    let rows =
        |digests: &[DigestRow]| digests.iter().map(|digest| row(now, digest, &caller)).collect::<Vec<_>>();
    let settings = &endpoint.config.notify;
    let body = html! {
        @if settings.channels().is_empty() {
            p { "No channel is configured: users hear of matches in the web application alone (" code { "notify.email" } ", " code { "notify.webhook" } ")." }
        }
        form.filter method="get" action="/digests" {
            label { "User " input name="user" inputmode="numeric" size="8" value=(look.user); }
            label { "State " (choice("state", &look.state, &["held", "failed", "pending", "sending", "sent", "skipped"])) }
            label { "By " (choice("channel", &look.channel, &["email", "webhook"])) }
            button { "Show" }
        }
        @if !held.is_empty() {
            h2 { "Held" }
            p { "Nobody knows whether these have arrived. Release sends one, perhaps for the second time; drop never sends it." }
            (table("Held digests", &columns, &rows(&held)))
        }
        h2 { "Digests" }
        (table("Digests", &columns, &rows(&found.items)))
        (next("/digests", &kept, found.next.as_deref()))
        @if let Some(channels) = &channels {
            h2 { "Channels of users" }
            (table("Channels of users", &["User", "By", "State", "Address", "How often", "Last digest", "Failed in a row"],
                   &channels.iter().map(|channel| channel_row(now, channel)).collect::<Vec<_>>()))
        }
    };
    Ok(page(Section::Digests, "Digests", &caller, look.said.as_deref(), &body))
}

fn choice(name: &str, chosen: &str, words: &[&str]) -> Markup {
    html! {
        select name=(name) {
            option value="" { "any" }
            @for word in words { option value=(word) selected[*word == chosen] { (word) } }
        }
    }
}

fn row(now: DateTime<Utc>, digest: &DigestRow, caller: &Caller) -> Markup {
    let short = digest.id.get(..8).unwrap_or(&digest.id);
    let postings = digest.postings.as_array().map_or(&[][..], Vec::as_slice);
    let button = |deed: &str, words: &str| {
        act(&format!("/digests/{}/{deed}", digest.id), "/digests", words, &format!("digest {short}"))
    };
    html! {
        th scope="row" { code title=(digest.id) { (short) } }
        td.number { a href=(with("/digests", &[("user", &digest.user_id.to_string())], &[])) { (digest.user_id) } }
        td { (digest.channel) }
        td { (state(&digest.state)) }
        td {
            @if let Some(best) = postings.first().and_then(|best| best.get("title")).and_then(|title| title.as_str()) { (best) }
            @let more = postings.len().saturating_sub(1) + usize::try_from(digest.more).unwrap_or(0);
            @if more > 0 { span.quiet { " and " (more) " more" } }
        }
        td { (ago(now, Some(digest.created_at))) }
        td.number { @match digest.run_id { Some(run) => { a href=(format!("/runs/{run}")) { (digest.attempts) } } None => { (digest.attempts) } } }
        td.says {
            @if let Some(error) = &digest.error { code { (shorten(error)) } }
            @if digest.state == "pending" && digest.attempts > 0 { " next try " (ago(now, Some(digest.next_try))) }
        }
        td {
            @if caller.may(Role::Operator) {
                @if digest.state == "held" { (button("release", "Release")) }
                @if digest.state == "failed" { (button("retry", "Try again")) }
                @if matches!(digest.state.as_str(), "held" | "failed" | "pending") { (button("drop", "Drop")) }
            }
        }
    }
}

fn channel_row(now: DateTime<Utc>, channel: &UserChannel) -> Markup {
    let word = match (channel.enabled, channel.confirmed_at) {
        (true, Some(_)) => "on",
        (true, None) => "not confirmed",
        (false, _) => "off",
    };
    html! {
        th.number scope="row" { a href=(with("/digests", &[("user", &channel.user_id.to_string())], &[])) { (channel.user_id) } }
        td { (channel.channel) }
        td { (state(word)) @if let Some(reason) = &channel.disabled_reason { " " span.quiet { (shorten(reason)) } } }
        td.says { (channel.address.as_deref().unwrap_or_default()) }
        td {
            (channel.frequency.as_deref().unwrap_or("as the settings say"))
            @if let Some(hour) = channel.hour { " from " (hour) ":00" }
            @if let Some(zone) = &channel.time_zone { " " (zone) }
        }
        td { (ago(now, channel.last_digest_at)) }
        td.number { (channel.failures) }
    }
}
