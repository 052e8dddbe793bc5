//! The audit: who did what.

use std::sync::Arc;

use axum::extract::State as Shared;
use maud::{Markup, html};
use serde::Deserialize;

use super::{
    Section, Shown, Visitor,
    layout::{ago, next, page, table, with},
    unreadable,
};
use crate::admin::{Problem, State, api::audit, extract::InQuery};

/// How the page is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Look {
    actor: String,
    action: String,
    cursor: Option<String>,
}

/// `GET /audit`
pub(super) async fn show(
    Shared(endpoint): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    look: Result<InQuery<Look>, Problem>,
) -> Shown {
    let InQuery(look) = unreadable(look)?;
    let filter = audit::Filter {
        actor: Some(look.actor.clone()),
        action: Some(look.action.clone()),
        cursor: look.cursor.clone(),
        limit: Some(50),
    };
    let found = audit::find(&endpoint, &caller, filter).await?;
    let now = endpoint.clock.now();
    let rows: Vec<Markup> = found
        .items
        .iter()
        .map(|record| {
            html! {
                td { (ago(now, Some(record.at))) }
                td { a href=(with("/audit", &[("actor", &record.actor)], &[])) { (record.actor) } @if let Some(address) = &record.address { br; span.quiet { (address) } } }
                td { a href=(with("/audit", &[("action", &record.action)], &[])) { (record.action) } }
                td { (record.subject) }
                td.says { code { (record.detail) } }
            }
        })
        .collect();
    let kept = [("actor", look.actor.as_str()), ("action", &look.action)];
    let body = html! {
        form.filter method="get" action="/audit" {
            label { "Who " input name="actor" size="10" value=(look.actor); }
            label { "What " input name="action" size="14" value=(look.action); }
            button { "Show" }
        }
        (table("Audit", &["When", "Who", "What", "To what", "Details"], &rows))
        (next("/audit", &kept, found.next.as_deref()))
    };
    Ok(page(Section::Audit, "Audit", &caller, None, &body))
}
