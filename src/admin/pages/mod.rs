//! The pages: everything the API shows and does, for people.
//!
//! Rendered on the server, whole without scripts: links look, forms do, and a form leads back to where it was sent from. A page asks the
//! functions of `api/` and only says how it looks. To add one: a file with a handler, a line in [`routes`], an entry in
//! [`layout::Section`].

mod acts;
mod audit;
mod backups;
mod digests;
mod explorer;
mod layout;
pub(super) mod login;
mod matches;
mod overview;
mod plot;
mod postings;
mod queues;
mod run;
mod runs;
mod schedules;
mod searches;
mod sources;
mod tokens;
pub(super) mod unsubscribe;

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRequestParts, OriginalUri},
    http::{header, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use maud::{Markup, html};

use self::layout::Section;
use super::{State, access::Caller, problem::Problem};

const STYLE: &str = include_str!("style.css");
const ICON: &str = include_str!("icon.svg");
/// How long a browser may keep what pages are dressed with.
const KEPT: &str = "max-age=300";

/// All pages and what their forms do.
pub(super) fn routes() -> Router<Arc<State>> {
    Router::new()
        .route("/", get(overview::show))
        .route("/runs", get(runs::show))
        .route("/runs/change", post(acts::change_runs))
        .route("/runs/{id}", get(run::show))
        .route("/runs/{id}/{deed}", post(acts::change_run))
        .route("/schedules", get(schedules::show))
        .route("/schedules/{name}/{deed}", post(acts::change_schedule))
        .route("/sources", get(sources::show))
        .route("/sources/{name}", get(sources::show_one))
        .route("/sources/{name}/{deed}", post(acts::change_source))
        .route("/queues", get(queues::show))
        .route("/queues/{name}/{deed}", post(acts::change_queue))
        .route("/postings", get(postings::show))
        .route("/postings/{id}", get(postings::show_one))
        .route("/matches", get(matches::show))
        .route("/matches/{user}/{posting}", get(matches::show_one))
        .route("/searches", get(searches::show))
        .route("/searches/{id}/rematch", post(acts::rematch))
        .route("/digests", get(digests::show))
        .route("/digests/{id}/{deed}", post(acts::change_digest))
        .route("/backups", get(backups::show))
        .route("/backups/acknowledge", post(acts::acknowledge))
        .route("/audit", get(audit::show))
        .route("/tokens", get(tokens::show).post(tokens::create))
        .route("/tokens/{id}/revoke", post(acts::revoke))
        .route("/api", get(explorer::show))
        .route("/style.css", get(style))
        .route("/icon.svg", get(icon))
}

/// Needs no session: the page to sign in looks like the others.
async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, KEPT)], STYLE)
}

/// As the style: for everybody.
async fn icon() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, KEPT)], ICON)
}

/// A person who looks at a page; whoever is not signed in is asked to.
pub(super) struct Visitor(Caller);

impl FromRequestParts<Arc<State>> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State>) -> Result<Self, Response> {
        match Caller::from_request_parts(parts, state).await {
            Ok(caller) => Ok(Self(caller)),
            Err(Problem::Unauthorized) if parts.method.is_safe() => {
                let OriginalUri(uri) = OriginalUri::from_request_parts(parts, state)
                    .await
                    .unwrap_or_else(|never| match never {});
                let asked = uri.path_and_query().map_or("/", |asked| asked.as_str());
                let next: String = url::form_urlencoded::byte_serialize(asked.as_bytes()).collect();
                Err(Redirect::to(&format!("/login?next={next}")).into_response())
            }
            Err(Problem::Unauthorized) => Err(Redirect::to("/login").into_response()),
            Err(problem) => Err(Refused(problem).into_response()),
        }
    }
}

/// A refused request as a page.
pub(super) struct Refused(Problem);

impl<E: Into<Problem>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, _, title) = self.0.kind();
        let body = html! {
            p { (self.0.detail()) "." }
            p { a href="/" { "Back to the overview" } }
        };
        let mut response = (status, layout::bare(title, &body)).into_response();
        self.0.add_headers(response.headers_mut());
        response.headers_mut().remove(header::WWW_AUTHENTICATE);
        response
    }
}

/// What a page's handler answers.
type Shown = Result<Markup, Refused>;

/// An error of the path or the query as a page.
fn unreadable<T>(read: Result<T, Problem>) -> Result<T, Refused> {
    read.map_err(Refused)
}
