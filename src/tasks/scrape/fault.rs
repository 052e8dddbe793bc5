//! Why a board was not read, and what follows from it.

use std::{fmt, time::Duration};

use serde::Serialize;

use crate::{fetch::FetchError, sources::SourceError};

/// Why a board was not read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// One word: `gone`, `throttled`, `busy`, `refused`, `timeout`, `network`, `too_large`, `status`, `layout`, `arguments`, `panic`,
    /// `cancelled`.
    pub kind: &'static str,
    /// One line.
    pub message: String,
    /// Another attempt may help.
    #[serde(skip)]
    pub passing: bool,
    /// It was only not its turn.
    #[serde(skip)]
    pub put_off: bool,
    /// The server's own word on when to ask again.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
}

impl Fault {
    pub(super) fn lasting(kind: &'static str, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), passing: false, put_off: false, retry_after: None }
    }

    pub(super) fn put_off(message: impl Into<String>) -> Self {
        Self { put_off: true, passing: true, ..Self::lasting("busy", message) }
    }

    /// Nobody was asked: the domain belongs to another replica for now.
    pub(super) fn is_busy(&self) -> bool {
        self.kind == "busy"
    }

    pub(super) fn cancelled() -> Self {
        Self::lasting("cancelled", "cancelled")
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl From<FetchError> for Fault {
    fn from(error: FetchError) -> Self {
        let kind = match error.outcome() {
            "not_found" => "gone",
            "refused" | "robots" => "refused",
            "server_error" | "client_error" | "redirects" => "status",
            "invalid" => "arguments",
            same => same,
        };
        Self {
            kind,
            passing: error.is_retryable(),
            put_off: error.is_put_off(),
            retry_after: error.retry_after(),
            message: error.to_string(),
        }
    }
}

impl From<SourceError> for Fault {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Args(message) => Self::lasting("arguments", message),
            SourceError::Layout(message) => Self::lasting("layout", message),
        }
    }
}
