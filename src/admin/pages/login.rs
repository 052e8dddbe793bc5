//! The page to sign in.

use axum::{
    http::header,
    response::{IntoResponse as _, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use super::layout::bare;
use crate::admin::{Problem, extract::InQuery, session::local};

/// How the page is looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::admin) struct Look {
    next: String,
}

/// `GET /login`
pub(in crate::admin) async fn show(look: Result<InQuery<Look>, Problem>) -> Markup {
    let next = look.map(|InQuery(look)| look.next).unwrap_or_default();
    form(local(&next), None)
}

/// The page once more, with what was wrong.
pub(in crate::admin) fn refused(problem: &Problem, next: &str) -> Response {
    let words = match problem {
        Problem::Unauthorized => "This token is not known, or is over.".to_owned(),
        other => format!("{}.", other.detail()),
    };
    let mut response = (problem.kind().0, form(local(next), Some(&words))).into_response();
    problem.add_headers(response.headers_mut());
    response.headers_mut().remove(header::WWW_AUTHENTICATE);
    response
}

fn form(next: &str, wrong: Option<&str>) -> Markup {
    bare(
        "Sign in",
        &html! {
            @if let Some(wrong) = wrong { p.wrong role="alert" id="wrong" { (wrong) } }
            form method="post" action="/login" {
                input type="hidden" name="next" value=(next);
                // Password managers file a token under a name.
                input type="text" name="username" value="career-worker" autocomplete="username" hidden;
                p { label for="token" { "Token" } br;
                    input id="token" name="token" type="password" required autocomplete="current-password" size="40" autofocus aria-describedby=[wrong.map(|_| "wrong")]; }
                p { button { "Sign in" } }
            }
            p.quiet { "Make a token with " code { "career-worker token create NAME --role admin" } "." }
        },
    )
}
