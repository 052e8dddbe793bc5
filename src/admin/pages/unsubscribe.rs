//! The page that a link in a mail leads to. Whoever holds the link may end these mails, and needs no more than that.
//!
//! Looking changes nothing, since programs follow links in mails; a POST does, whether a mail program sends it (RFC 8058) or the button.

use std::sync::Arc;

use axum::{
    extract::State as Shared,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use maud::html;

use super::{Refused, layout, unreadable};
use crate::{
    admin::{Problem, State, extract::InPath},
    domain::Channel,
    notify,
};

type Path = Result<InPath<String>, Problem>;

/// `GET /unsubscribe/{token}`
pub(in crate::admin) async fn show(
    Shared(state): Shared<Arc<State>>,
    path: Path,
) -> Result<Response, Refused> {
    let InPath(token) = unreadable(path)?;
    let claim = read(&state, &token).await?;
    let body = html! {
        p { "Stop telling you of new matches by " (name(claim.channel)) "?" }
        form method="post" action=(format!("/unsubscribe/{token}")) { button { "Stop" } }
        p.quiet { "The web application goes on showing them." }
    };
    Ok(layout::bare("Stop these messages", &body).into_response())
}

/// `POST /unsubscribe/{token}`
pub(in crate::admin) async fn stop(
    Shared(state): Shared<Arc<State>>,
    path: Path,
) -> Result<Response, Refused> {
    let InPath(token) = unreadable(path)?;
    let claim = read(&state, &token).await?;
    state.store.unsubscribe(claim.user, claim.channel).await?;
    tracing::info!(user.id = claim.user.0, channel = %claim.channel, "the reader unsubscribed");
    let body = html! { p { "You will not be told of new matches by " (name(claim.channel)) " any more." } };
    Ok((StatusCode::OK, layout::bare("Done", &body)).into_response())
}

async fn read(state: &State, token: &str) -> Result<notify::Claim, Refused> {
    let none = || Problem::NotFound("this link is not one of ours, or no longer good".to_owned());
    let claim = notify::who(token).ok_or_else(none)?;
    let target = state.store.find_target(claim.user, claim.channel).await?.ok_or_else(none)?;
    if claim.holds(&target.unsubscribe_key) { Ok(claim) } else { Err(none().into()) }
}

fn name(channel: Channel) -> &'static str {
    match channel {
        Channel::Email => "e-mail",
        Channel::Webhook => "webhook",
    }
}
