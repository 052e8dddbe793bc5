//! Queues: how full, pause, resume.

use std::sync::Arc;

use axum::extract::State as Shared;
use maud::html;
use serde::Deserialize;

use super::{
    Section, Shown, Visitor,
    layout::{act, page},
    overview, unreadable,
};
use crate::admin::{Problem, State, extract::InQuery, token::Role};

/// How the page is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Look {
    said: Option<String>,
}

/// `GET /queues`
pub(super) async fn show(
    Shared(endpoint): Shared<Arc<State>>,
    Visitor(caller): Visitor,
    look: Result<InQuery<Look>, Problem>,
) -> Shown {
    let InQuery(look) = unreadable(look)?;
    let queues = endpoint.store.queue_stats().await?;
    let body = html! {
        (overview::queues(&queues))
        @if caller.may(Role::Operator) {
            h2 { "Pause and resume" }
            p { "From a paused queue nothing is taken; what runs is finished." }
            ul.plain {
                @for queue in &queues {
                    li {
                        (queue.queue) " "
                        @let (deed, words) = if queue.paused { ("resume", "Resume") } else { ("pause", "Pause") };
                        (act(&format!("/queues/{}/{deed}", queue.queue), "/queues", words, &queue.queue))
                    }
                }
            }
        }
    };
    Ok(page(Section::Queues, "Queues", &caller, look.said.as_deref(), &body))
}
