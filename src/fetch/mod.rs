//! The one way out: vetted addresses, robots.txt, rate per domain, conditional requests, retries, caps.
//!
//! Everything this program asks of a server outside goes through [`Fetch::send`]. It must not know what a response means: that is the
//! business of the sources. To add a step for every request, see `pipeline.rs`; to add a reason to refuse one, [`FetchError`].

mod address;
mod body;
mod client;
mod deliver;
mod domain;
mod error;
mod gate;
mod gateway;
mod pace;
mod pipeline;
mod rate;
mod redact;
mod retry;
mod robots;

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

pub use address::{Rule, is_global, vet};
pub use deliver::{Delivered, Delivery, vet_delivery};
pub use domain::rate_domain;
pub use error::{FetchError, NetworkFault};
pub use gate::{DomainGate, Entry, GateError, LocalGate};
pub use redact::shown;

use crate::{
    clock::Clock,
    config::FetchConfig,
    domain::{Politeness, Request},
    random::Random,
};

/// The HTTP pipeline. Cheap to clone; clones share connections, rates and the robots cache.
#[derive(Clone)]
pub struct Fetch(Arc<pipeline::Pipeline>);

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetch").finish_non_exhaustive()
    }
}

/// One thing to ask for.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// What.
    pub request: &'a Request,
    /// How fast, how long, how much.
    pub politeness: Politeness,
    /// From the last response to the same request; sent as they were received.
    pub validators: Validators,
    /// Ends the request, whatever it is waiting for.
    pub cancelled: CancellationToken,
}

/// What a server gave to ask "has it changed" with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`, verbatim.
    pub etag: Option<String>,
    /// `Last-Modified`, verbatim.
    pub last_modified: Option<String>,
}

/// An answer worth reading: status 200, or 304 where validators were sent.
#[derive(Clone, Debug)]
pub struct Response {
    /// Address that answered, after redirects.
    pub url: String,
    /// The server says that nothing changed; the body is empty.
    pub not_modified: bool,
    /// `Content-Type`, where sent.
    pub content_type: Option<String>,
    /// Decoded body, at most `politeness.max_bytes`.
    pub body: Bytes,
    /// For the next request; after a 304 those that were sent, unless the server sent new ones.
    pub validators: Validators,
    /// How often it was asked, 1 when it worked at once.
    pub tries: u32,
    /// Time spent waiting for the rate, a lease or a retry.
    pub waited: Duration,
}

impl Fetch {
    /// Opens the pipeline; connections are made when they are first needed.
    ///
    /// # Errors
    /// [`FetchError::Setup`] where the contact cannot be a header, the gateway is not http or https, or the machine has no
    /// certificates to trust.
    pub fn new(
        config: &FetchConfig,
        clock: Clock,
        random: Random,
        gate: Arc<dyn DomainGate>,
    ) -> Result<Self, FetchError> {
        pipeline::Pipeline::new(config, clock, random, gate).map(|pipeline| Self(Arc::new(pipeline)))
    }

    /// Asks, follows redirects, waits and tries again as the rules of politeness say.
    ///
    /// # Errors
    /// A [`FetchError`]; [`FetchError::is_retryable`] and [`FetchError::retry_after`] say what follows from it.
    pub async fn send(&self, ask: Ask<'_>) -> Result<Response, FetchError> {
        let cancelled = ask.cancelled.clone();
        tokio::select! {
            biased;
            () = cancelled.cancelled() => Err(FetchError::Cancelled),
            answer = self.0.send(&ask) => answer,
        }
    }

    /// Gives up every domain that is not in use, so that another replica need not wait for the lease to run out.
    pub async fn release(&self) {
        self.0.release().await;
    }
}
