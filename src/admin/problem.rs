//! What a refused request is answered with: problem details of RFC 9457 with a code for programs.

use std::collections::BTreeMap;

use axum::{
    Json,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{Content, Ref, RefOr, Response as Described, ResponseBuilder},
};

use crate::{store::StoreError, telemetry::Causes};

/// A refused request.
#[derive(Debug)]
pub enum Problem {
    /// No token, or one that is not known.
    Unauthorized,
    /// The token may not do this.
    Forbidden(String),
    /// There is no such thing.
    NotFound(String),
    /// The route is there, but not for this method.
    Method,
    /// The body is larger than any that is needed.
    TooLarge,
    /// The body or a parameter cannot be used; names what was expected.
    Invalid(String),
    /// It does not fit the state things are in.
    Conflict(String),
    /// The Idempotency-Key was used for another body.
    KeyReused,
    /// Too much at once; try again after this many seconds.
    TooMany(u64),
    /// The database does not answer.
    Unavailable,
    /// Ours to mend; the log has the cause.
    Internal,
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        if error.is_unavailable() {
            tracing::warn!(error = %Causes(&error), "database did not answer a request");
            Self::Unavailable
        } else if error.is_data() {
            // What a type of ours lets pass and a column does not hold: NUL in a text, for one.
            Self::Invalid("a value cannot be stored, or is out of range".to_owned())
        } else {
            tracing::error!(error = %Causes(&error), "database refused a statement");
            Self::Internal
        }
    }
}

/// The body of a refused request, `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProblemDetails {
    /// `urn:career-worker:problem:` and the code.
    r#type: String,
    /// What kind of problem it is.
    title: &'static str,
    /// Status of HTTP.
    status: u16,
    /// What was found and what was expected.
    detail: String,
    /// One word for programs: `unauthorized`, `forbidden`, `not_found`, `method_not_allowed`, `too_large`, `invalid`, `conflict`,
    /// `key_reused`, `too_many`, `unavailable` or `internal`.
    code: &'static str,
}

impl Problem {
    /// Status, code and title.
    pub(super) fn kind(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized", "A token is needed"),
            Self::Forbidden(_) => (StatusCode::FORBIDDEN, "forbidden", "Not allowed"),
            Self::NotFound(_) => (StatusCode::NOT_FOUND, "not_found", "Not found"),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "Method not allowed"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", "Too large"),
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Invalid request"),
            Self::Conflict(_) => (StatusCode::CONFLICT, "conflict", "Conflict"),
            Self::KeyReused => (StatusCode::UNPROCESSABLE_ENTITY, "key_reused", "Idempotency-Key reused"),
            Self::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many", "Too many requests"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Unavailable"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
        }
    }

    /// What was found and what was expected, for people.
    pub(super) fn detail(&self) -> String {
        match self {
            Self::Unauthorized => "a valid token is needed: authorization: bearer cw_...".to_owned(),
            Self::Forbidden(message)
            | Self::NotFound(message)
            | Self::Invalid(message)
            | Self::Conflict(message) => message.clone(),
            Self::Method => "this route does not know this method".to_owned(),
            Self::TooLarge => "body: expected at most 64 KiB".to_owned(),
            Self::KeyReused => "this idempotency-key was used with another body".to_owned(),
            Self::TooMany(seconds) => format!("try again in {seconds} s"),
            Self::Unavailable => "try again in a few seconds".to_owned(),
            Self::Internal => "something went wrong; see the log".to_owned(),
        }
    }

    /// Headers that belong to it.
    pub(super) fn add_headers(&self, headers: &mut HeaderMap) {
        if let Self::Unauthorized = self {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Self::TooMany(seconds) = self {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(*seconds));
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, code, title) = self.kind();
        let details = ProblemDetails {
            r#type: format!("urn:career-worker:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: self.detail(),
            code,
        };
        let mut response = (status, Json(details)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        self.add_headers(headers);
        response
    }
}

impl IntoResponses for Problem {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        let content = Content::new(Some(Ref::from_schema_name("ProblemDetails")));
        let described = ResponseBuilder::new()
            .description("Refused; `code` and `detail` say why")
            .content("application/problem+json", content)
            .build();
        BTreeMap::from([("default".to_owned(), described.into())])
    }
}
