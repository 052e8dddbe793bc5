//! Makes the rate of a domain hold over all replicas: only the one that has its lease in PostgreSQL asks it.

use std::time::Duration;

use futures::future::BoxFuture;

use crate::{
    fetch::{DomainGate, Entry, GateError},
    store::Store,
};

/// [`DomainGate`] by the table `worker.domains`.
#[derive(Clone, Debug)]
pub struct DatabaseGate {
    store: Store,
    owner: String,
    lease: Duration,
}

impl DatabaseGate {
    /// How long a replica that died keeps others from a domain.
    pub const LEASE: Duration = Duration::from_secs(30);

    /// `owner` is this process and no other, ever.
    pub fn new(store: Store, owner: impl Into<String>) -> Self {
        Self { store, owner: owner.into(), lease: Self::LEASE }
    }

    /// With another lease than [`Self::LEASE`].
    #[must_use]
    pub fn with_lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }
}

impl DomainGate for DatabaseGate {
    fn enter<'a>(&'a self, domain: &'a str, hold: Duration) -> BoxFuture<'a, Result<Entry, GateError>> {
        Box::pin(async move {
            let found = self.store.claim_domain(domain, &self.owner, self.lease.max(hold)).await;
            let found = found.map_err(GateError::new)?;
            Ok(if found.ours {
                Entry::Held { lease: found.lease, blocked: found.blocked }
            } else {
                Entry::Busy { retry_after: found.lease }
            })
        })
    }

    fn block<'a>(&'a self, domain: &'a str, wait: Duration) -> BoxFuture<'a, Result<(), GateError>> {
        Box::pin(async move { self.store.block_domain(domain, wait).await.map_err(GateError::new) })
    }

    fn leave<'a>(&'a self, domain: &'a str, rest: Duration) -> BoxFuture<'a, Result<(), GateError>> {
        Box::pin(
            async move { self.store.release_domain(domain, &self.owner, rest).await.map_err(GateError::new) },
        )
    }
}
