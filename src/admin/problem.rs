//! What a refused request is answered with: `{"error": {"code", "message"}}`.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

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

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let retry_after = if let Self::TooMany(seconds) = self { Some(seconds) } else { None };
        let (status, code, message) = match self {
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "unauthorized",
                "a valid token is needed: authorization: bearer cw_...".to_owned(),
            ),
            Self::Forbidden(message) => (StatusCode::FORBIDDEN, "forbidden", message),
            Self::NotFound(message) => (StatusCode::NOT_FOUND, "not_found", message),
            Self::Method => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "this route does not know this method".to_owned(),
            ),
            Self::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "too_large", "body: expected at most 64 KiB".to_owned())
            }
            Self::Invalid(message) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", message),
            Self::Conflict(message) => (StatusCode::CONFLICT, "conflict", message),
            Self::KeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "key_reused",
                "this idempotency-key was used with another body".to_owned(),
            ),
            Self::TooMany(seconds) => {
                (StatusCode::TOO_MANY_REQUESTS, "too_many", format!("try again in {seconds} s"))
            }
            Self::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "try again in a few seconds".to_owned())
            }
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "something went wrong; see the log".to_owned(),
            ),
        };
        let mut response =
            (status, Json(json!({ "error": { "code": code, "message": message } }))).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
