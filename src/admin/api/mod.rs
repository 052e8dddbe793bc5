//! The API under `/api/v1`: everything the pages show and do, for programs.
//!
//! A route stands once, with its description: `utoipa` makes the document `/openapi.json` from the same lines that the router is made
//! of. To add one: a handler with `#[utoipa::path]` in the file of its subject, its name in the `routes` of that file, and
//! `UPDATE_OPENAPI=1 cargo test openapi`.

#[expect(unused_qualifications, reason = "the macro that reads parameters writes whole paths")]
pub(super) mod audit;
pub(super) mod backups;
#[expect(unused_qualifications, reason = "the macro that reads parameters writes whole paths")]
pub(super) mod channels;
#[expect(unused_qualifications, reason = "the macro that reads parameters writes whole paths")]
pub(super) mod digests;
pub(super) mod enqueue;
pub(super) mod listing;
#[expect(unused_qualifications, reason = "the macro that reads parameters writes whole paths")]
pub(super) mod matches;
pub(super) mod overview;
pub(super) mod pauses;
#[expect(unused_qualifications, reason = "the macro that reads parameters writes whole paths")]
pub(super) mod postings;
pub(super) mod queues;
#[expect(unused_qualifications, reason = "the macro that reads parameters writes whole paths")]
pub(super) mod runs;
pub(super) mod schedules;
#[expect(unused_qualifications, reason = "the macro that reads parameters writes whole paths")]
pub(super) mod searches;
#[expect(unused_qualifications, reason = "the macro that reads parameters writes whole paths")]
pub(super) mod sources;
pub(super) mod tokens;

use std::sync::Arc;

use utoipa::{
    Modify, OpenApi,
    openapi::{
        OpenApi as Document,
        security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use super::{State, problem::ProblemDetails};

/// What the document says of the whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "career-worker",
        description = "Runs, schedules, sources, postings, matches and searches of a career-worker. Lists come in pages: `next` of a \
                       page is the `cursor` of the following one. What is refused is answered with problem details (RFC 9457)."
    ),
    components(schemas(ProblemDetails)),
    modifiers(&Credentials),
    security(("token" = []), ("session" = [])),
    tags(
        (name = "overview", description = "How the whole is doing"),
        (name = "runs", description = "Executions of tasks"),
        (name = "schedules", description = "What is started when"),
        (name = "queues", description = "Lanes that runs travel on"),
        (name = "sources", description = "Where postings come from"),
        (name = "postings", description = "What was found"),
        (name = "matches", description = "Who is told of what, and why"),
        (name = "searches", description = "Saved searches of users"),
        (name = "digests", description = "What is sent by e-mail and webhook"),
        (name = "channels", description = "Who hears of matches beside the web application, and where"),
        (name = "backups", description = "Whether the database can be had back"),
        (name = "audit", description = "Who did what"),
        (name = "tokens", description = "Who may do what"),
    )
)]
struct Description;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut Document) {
        let token = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("cw_{id}_{secret}")
            .description(Some("career-worker token create"))
            .build();
        let session = ApiKey::Cookie(ApiKeyValue::with_description(
            super::session::COOKIE,
            "What signing in to the pages gives; changes need a request of the same origin",
        ));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", SecurityScheme::Http(token));
        components.add_security_scheme("session", SecurityScheme::ApiKey(session));
    }
}

/// All routes with their description.
pub(super) fn routes() -> OpenApiRouter<Arc<State>> {
    let mut all = OpenApiRouter::with_openapi(Description::openapi())
        .merge(overview::routes())
        .merge(runs::routes())
        .merge(enqueue::routes())
        .merge(schedules::routes())
        .merge(queues::routes())
        .merge(sources::routes())
        .merge(postings::routes())
        .merge(matches::routes())
        .merge(searches::routes())
        .merge(digests::routes())
        .merge(channels::routes())
        .merge(backups::routes())
        .merge(audit::routes())
        .merge(tokens::routes());
    for path in all.get_openapi_mut().paths.paths.values_mut() {
        for operation in [&mut path.get, &mut path.post].into_iter().flatten() {
            // A handler's name is its own in its file only.
            let subject = operation.tags.iter().flatten().next().cloned().unwrap_or_default();
            operation.operation_id = operation.operation_id.take().map(|name| format!("{subject}_{name}"));
        }
    }
    all
}

/// The document that `/openapi.json` answers with.
pub fn document() -> Document {
    routes().to_openapi()
}
