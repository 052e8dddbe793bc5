//! Why a request gave no answer to read, in one line each, and what follows from it.

use std::time::Duration;

use super::{address::Rule, gate::GateError};

/// Why there is no [`Response`](super::Response). Addresses are shown without secrets.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address, or one it redirects to, is not one this program connects to.
    #[error("{url}: address refused: {rule}")]
    Refused {
        /// Which.
        url: String,
        /// Why.
        rule: Rule,
    },
    /// robots.txt forbids it.
    #[error("{url}: robots.txt of the host disallows it")]
    Robots {
        /// Which.
        url: String,
    },
    /// robots.txt could not be read, which counts as a no until it can.
    #[error("{url}: robots.txt of the host cannot be read, asking again in {retry_after:?}")]
    RobotsUnavailable {
        /// Which.
        url: String,
        /// When it is asked for again.
        retry_after: Duration,
    },
    /// Status 404 or 410.
    #[error("{url}: not there (status {status})")]
    NotFound {
        /// Which.
        url: String,
        /// 404 or 410.
        status: u16,
    },
    /// Another status than those that mean something of their own.
    #[error("{url}: unexpected status {status}")]
    Status {
        /// Which.
        url: String,
        /// The status.
        status: u16,
    },
    /// The server asks to wait longer than is worth sleeping, or still asks to wait after the last try.
    #[error("{url}: the server asks to wait {retry_after:?}")]
    Throttled {
        /// Which.
        url: String,
        /// How long, at most an hour.
        retry_after: Duration,
    },
    /// The decoded body is larger than allowed.
    #[error("{url}: body is larger than {limit} bytes")]
    TooLarge {
        /// Which.
        url: String,
        /// `politeness.max_bytes`.
        limit: u64,
    },
    /// The exchange took longer than allowed.
    #[error("{url}: no complete answer within {limit:?}")]
    Timeout {
        /// Which.
        url: String,
        /// `politeness.timeout`, or `fetch.read_timeout` where nothing came for that long.
        limit: Duration,
    },
    /// The transport failed.
    #[error("{url}: {fault}: {detail}")]
    Network {
        /// Which.
        url: String,
        /// At which step.
        fault: NetworkFault,
        /// What the transport said.
        detail: String,
    },
    /// Redirects do not end.
    #[error("{url}: more than {limit} redirects")]
    TooManyRedirects {
        /// The first.
        url: String,
        /// `fetch.redirects`.
        limit: u32,
    },
    /// A redirect without a readable `Location`.
    #[error("{url}: redirect (status {status}) without a usable location")]
    BadRedirect {
        /// Which.
        url: String,
        /// The status.
        status: u16,
    },
    /// Another replica asks this domain at the moment.
    #[error("{domain}: in use by another replica, to be asked for again in {retry_after:?}")]
    Busy {
        /// Registrable domain.
        domain: String,
        /// The time its lease lasts, or less.
        retry_after: Duration,
    },
    /// The lease on the domain could not be asked for.
    #[error("lease on {domain}: {source}")]
    Gate {
        /// Registrable domain.
        domain: String,
        /// Why.
        source: GateError,
    },
    /// A header of the request cannot be sent.
    #[error("header {name}: {reason}")]
    Header {
        /// Which.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// The pipeline cannot be set up.
    #[error("cannot set up fetching: {0}")]
    Setup(String),
    /// The caller gave up.
    #[error("cancelled")]
    Cancelled,
}

/// The step at which the transport failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NetworkFault {
    /// The name has no address.
    Dns,
    /// No connection.
    Connect,
    /// No secure connection.
    Tls,
    /// The connection ended before an answer.
    Reset,
    /// The head of the answer is not HTTP, or too large.
    Head,
    /// The body ended early or cannot be decoded.
    Body,
}

impl std::fmt::Display for NetworkFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Dns => "name cannot be resolved",
            Self::Connect => "cannot connect",
            Self::Tls => "no secure connection",
            Self::Reset => "connection lost",
            Self::Head => "unreadable answer",
            Self::Body => "broken body",
        })
    }
}

impl FetchError {
    /// The same request may work later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::RobotsUnavailable { .. }
            | Self::Throttled { .. }
            | Self::Timeout { .. }
            | Self::Network { .. }
            | Self::Busy { .. }
            | Self::Gate { .. } => true,
            // A GET follows a 303. To a POST, Workday answers 303 now and then, and the list the next time.
            Self::Status { status, .. } => *status == 303 || super::retry::is_transient(*status),
            Self::Refused { .. }
            | Self::Robots { .. }
            | Self::NotFound { .. }
            | Self::TooLarge { .. }
            | Self::TooManyRedirects { .. }
            | Self::BadRedirect { .. }
            | Self::Header { .. }
            | Self::Setup(_)
            | Self::Cancelled => false,
        }
    }

    /// How long to wait before asking again, where something said so.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RobotsUnavailable { retry_after, .. }
            | Self::Throttled { retry_after, .. }
            | Self::Busy { retry_after, .. } => Some(*retry_after),
            _ => None,
        }
    }

    /// Nothing is wrong with the request or the server, it only was not its turn: put it off without counting the attempt.
    pub fn is_put_off(&self) -> bool {
        matches!(self, Self::Throttled { .. } | Self::Busy { .. })
    }

    /// The server says that there is nothing at this address.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }

    /// A short word for metrics.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Refused { .. } => "refused",
            Self::Robots { .. } | Self::RobotsUnavailable { .. } => "robots",
            Self::NotFound { .. } => "not_found",
            Self::Status { status, .. } if *status >= 500 => "server_error",
            Self::Status { .. } | Self::BadRedirect { .. } => "client_error",
            Self::Throttled { .. } => "throttled",
            Self::TooLarge { .. } => "too_large",
            Self::Timeout { .. } => "timeout",
            Self::Network { .. } => "network",
            Self::TooManyRedirects { .. } => "redirects",
            Self::Busy { .. } | Self::Gate { .. } => "busy",
            Self::Header { .. } | Self::Setup(_) => "invalid",
            Self::Cancelled => "cancelled",
        }
    }
}
