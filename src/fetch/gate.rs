//! Who may ask a domain at the moment, over all replicas.
//!
//! The rate of a domain is counted in one process; a [`DomainGate`] makes that process the only one. To add another way of agreeing,
//! implement the trait.

use std::time::Duration;

use futures::future::BoxFuture;

/// Leases domains. A domain is asked by nobody from its last use under one lease to the first under the next for as long as it takes until
/// a full burst is due again, so that a change of hands cannot go over the rate.
pub trait DomainGate: Send + Sync {
    /// Takes the domain, or renews it, for at least `hold`.
    fn enter<'a>(&'a self, domain: &'a str, hold: Duration) -> BoxFuture<'a, Result<Entry, GateError>>;

    /// Keeps everyone from asking the domain for this long, unless it is blocked for longer.
    fn block<'a>(&'a self, domain: &'a str, wait: Duration) -> BoxFuture<'a, Result<(), GateError>>;

    /// Gives the domain up; nobody may ask it for the time `rest`, after which a full burst is due again.
    fn leave<'a>(&'a self, domain: &'a str, rest: Duration) -> BoxFuture<'a, Result<(), GateError>>;
}

/// What a gate answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// It is ours.
    Held {
        /// For how long, unless renewed.
        lease: Duration,
        /// Someone was told to wait this much longer.
        blocked: Option<Duration>,
    },
    /// It is someone else's.
    Busy {
        /// For how long, unless renewed or given up.
        retry_after: Duration,
    },
}

/// The gate did not answer.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct GateError(Box<dyn std::error::Error + Send + Sync>);

impl GateError {
    /// Carries the cause.
    pub fn new(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

/// For a single process: every domain is ours.
#[derive(Clone, Copy, Debug, Default)]
pub struct LocalGate;

impl DomainGate for LocalGate {
    fn enter<'a>(&'a self, _domain: &'a str, hold: Duration) -> BoxFuture<'a, Result<Entry, GateError>> {
        Box::pin(async move { Ok(Entry::Held { lease: hold, blocked: None }) })
    }

    fn block<'a>(&'a self, _domain: &'a str, _wait: Duration) -> BoxFuture<'a, Result<(), GateError>> {
        Box::pin(async { Ok(()) })
    }

    fn leave<'a>(&'a self, _domain: &'a str, _rest: Duration) -> BoxFuture<'a, Result<(), GateError>> {
        Box::pin(async { Ok(()) })
    }
}
