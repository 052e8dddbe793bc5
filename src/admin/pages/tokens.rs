//! Tokens: who may do what; make one, take one back.

use std::sync::Arc;

use axum::{Form, extract::State as Shared};
use chrono::{DateTime, Utc};
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Section, Shown, Visitor,
    layout::{act, ago, page, state, table},
    unreadable,
};
use crate::{
    admin::{
        Problem, State,
        access::Caller,
        api::tokens::{self, Created, Wish},
        extract::InQuery,
        token::Role,
    },
    store::Token,
};

/// How the page is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Look {
    said: Option<String>,
}

/// What the form sends.
#[derive(Debug, Deserialize)]
pub(super) struct Draft {
    name: String,
    role: Role,
    #[serde(default)]
    days: String,
}

/// `GET /tokens`
pub(super) async fn show(
    Shared(endpoint): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    look: Result<InQuery<Look>, Problem>,
) -> Shown {
    let InQuery(look) = unreadable(look)?;
    render(&endpoint, &caller, look.said.as_deref(), None).await
}

/// `POST /tokens`: the answer is the page itself, since the secret is shown once and must stand in no address.
pub(super) async fn create(
    Shared(endpoint): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    form: Result<Form<Draft>, axum::extract::rejection::FormRejection>,
) -> Shown {
    let Form(draft) = form.map_err(|_| Problem::Invalid("expected a name and a role".to_owned()))?;
    let expires_in = match draft.days.trim() {
        "" => None,
        text => {
            let days: u32 =
                text.parse().map_err(|_| Problem::Invalid("days: expected a number".to_owned()))?;
            Some(std::time::Duration::from_hours(24) * days)
        }
    };
    let wish = Wish { name: draft.name, role: draft.role, tasks: None, expires_in };
    let created = tokens::make(&endpoint, &caller, wish).await?;
    render(&endpoint, &caller, None, Some(&created)).await
}

async fn render(endpoint: &State, caller: &Caller, said: Option<&str>, created: Option<&Created>) -> Shown {
    caller.needs(Role::Admin)?;
    let all = endpoint.store.list_tokens().await?;
    let now = endpoint.clock.now();
    let rows: Vec<Markup> = all.iter().map(|token| row(now, token)).collect();
    let body = html! {
        @if let Some(created) = created {
            p.said role="status" { "Token " (created.id) " is made. Keep it safe: it is not shown again." }
            pre tabindex="0" { (created.token) }
        }
        h2 { "Make one" }
        form.filter method="post" action="/tokens" {
            label { "Name " input name="name" required maxlength="100"; }
            label { "Role " select name="role" { option { "viewer" } option { "operator" } option { "admin" } } }
            label { "Days, all where empty " input name="days" inputmode="numeric" size="5"; }
            button { "Make" }
        }
        h2 { "All" }
        (table("Tokens", &["Id", "Name", "Role", "Tasks", "Made", "Last used", "Ends", "State", "Do"], &rows))
    };
    Ok(page(Section::Tokens, "Tokens", caller, said, &body))
}

fn row(now: DateTime<Utc>, token: &Token) -> Markup {
    let over = token.expires_at.is_some_and(|at| at <= now);
    html! {
        th scope="row" { code { (token.id) } }
        td { (token.name) }
        td { (token.role) }
        td { (token.tasks.as_ref().map_or_else(|| "all".to_owned(), |tasks| tasks.join(", "))) }
        td { (ago(now, Some(token.created_at))) }
        td { (ago(now, token.last_used_at)) }
        td { @match token.expires_at { Some(at) => { (ago(now, Some(at))) } None => { "–" } } }
        td { @if token.revoked_at.is_some() { (state("revoked")) } @else if over { (state("expired")) } @else { (state("on")) } }
        td { @if token.revoked_at.is_none() { (act(&format!("/tokens/{}/revoke", token.id), "/tokens", "Revoke", &token.name)) } }
    }
}
