//! What comes in with a request, read so that whatever is wrong with it is answered like any other problem.
//!
//! Bodies are read whole, within the limits of the endpoint, before anything looks at them. To read one more kind of input: a type here.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{StatusCode, request::Parts},
};
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// Deepest nesting of JSON in a body.
const DEPTH: usize = 32;

/// Parts of the path.
pub(super) struct InPath<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for InPath<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        // A path that cannot be read names nothing there is.
        let Path(path) = Path::from_request_parts(parts, state)
            .await
            .map_err(|_| Problem::NotFound("there is no such route".to_owned()))?;
        Ok(Self(path))
    }
}

/// Parameters after the question mark.
pub(super) struct InQuery<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for InQuery<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Query(query) = Query::from_request_parts(parts, state)
            .await
            .map_err(|error| Problem::Invalid(error.body_text()))?;
        Ok(Self(query))
    }
}

/// The body as it came.
pub(super) struct Payload(pub(super) Bytes);

impl<S: Send + Sync> FromRequest<S> for Payload {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = Bytes::from_request(request, state).await.map_err(|error| {
            if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Problem::TooLarge
            } else {
                Problem::Invalid("body: it did not arrive whole".to_owned())
            }
        })?;
        Ok(Self(body))
    }
}

impl Payload {
    /// Reads it as JSON; names where it is not what was expected.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        if is_deeper_than(&self.0, DEPTH) {
            return Err(Problem::Invalid(format!("body: expected at most {DEPTH} levels of JSON")));
        }
        let mut json = serde_json::Deserializer::from_slice(&self.0);
        let read = serde_path_to_error::deserialize(&mut json)
            .map_err(|error| Problem::Invalid(format!("body: {}: {}", error.path(), error.inner())))?;
        json.end().map_err(|error| Problem::Invalid(format!("body: {error}")))?;
        Ok(read)
    }
}

/// Whether brackets outside of strings are nested deeper; what is no JSON is somebody else's to refuse.
fn is_deeper_than(json: &[u8], most: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > most {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_of_strings() {
        for (json, depth) in
            [("1", 0), ("[[]]", 2), (r#"{"a":["[[[\"[["]}"#, 2), ("[],[]", 1), ("]][", 1), ("[\"\\\\\"]", 1)]
        {
            assert!(!is_deeper_than(json.as_bytes(), depth), "{json}");
            assert!(depth == 0 || is_deeper_than(json.as_bytes(), depth - 1), "{json}");
        }
    }
}
