//! Serves recorded exchanges over real HTTP on loopback, at the address to which `fetch.gateway` sends requests.
//!
//! `https://host/path?query` is served at `/https/host/path?query`; `/` says what is served. It only reads the folders it is given, and
//! holds no bodies in memory. To make it misbehave in a new way, add a [`FaultKind`].

mod fault;
mod recording;
mod serve;

use std::{net::Ipv4Addr, path::PathBuf, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use url::Url;

pub use fault::{Fault, FaultKind};
pub use recording::check_exchange;

use crate::random::Random;

/// How exchanges are served.
#[derive(Clone, Debug)]
pub struct ReplayOptions {
    /// Port on 127.0.0.1; 0 for a free one.
    pub port: u16,
    /// Only what was recorded by then is served.
    pub as_of: Option<DateTime<Utc>>,
    /// What goes wrong how often; at most one of them for a request, the first that is drawn.
    pub faults: Vec<Fault>,
    /// Draws the faults.
    pub random: Random,
}

impl Default for ReplayOptions {
    fn default() -> Self {
        Self { port: 0, as_of: None, faults: Vec::new(), random: Random::seeded(0) }
    }
}

/// A running server; it ends when dropped.
#[derive(Debug)]
pub struct Replay {
    url: Url,
    state: Arc<serve::State>,
    stop: CancellationToken,
    server: tokio::task::JoinHandle<()>,
}

/// Why exchanges cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A folder or file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// An `exchange.toml` is not one.
    #[error("{path}: {reason}")]
    Exchange {
        /// Which.
        path: PathBuf,
        /// Key and what was expected.
        reason: String,
    },
    /// There is nothing to serve.
    #[error("no exchange.toml in or under {0}")]
    Nothing(String),
    /// The port cannot be had.
    #[error("cannot listen on 127.0.0.1:{port}: {source}")]
    Listen {
        /// Which.
        port: u16,
        /// Why.
        source: std::io::Error,
    },
}

impl Replay {
    /// Reads the `exchange.toml` files in and under `dirs` and serves them.
    ///
    /// # Errors
    /// [`ReplayError`] names the file and what was expected.
    pub async fn start(dirs: &[PathBuf], options: ReplayOptions) -> Result<Self, ReplayError> {
        let listen = |source| ReplayError::Listen { port: options.port, source };
        let folders = dirs.to_vec();
        let index = tokio::task::spawn_blocking(move || recording::Index::read(&folders))
            .await
            .map_err(|error| ReplayError::Nothing(error.to_string()))??;
        let listener =
            tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let url = Url::parse(&format!("http://{address}"))
            .map_err(|error| listen(std::io::Error::other(error.to_string())))?;
        let state = Arc::new(serve::State::new(index, options.as_of, options.faults, options.random));
        let stop = CancellationToken::new();
        let serve = axum::serve(listener, serve::router(Arc::clone(&state)))
            .with_graceful_shutdown(stop.clone().cancelled_owned());
        let server = tokio::spawn(async move {
            if let Err(error) = serve.await {
                tracing::error!(%error, "replay server ended");
            }
        });
        Ok(Self { url, state, stop, server })
    }

    /// Where it listens: the value for `fetch.gateway`.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Number of exchanges it can serve.
    pub fn exchanges(&self) -> usize {
        self.state.exchanges()
    }

    /// Requests so far, those for unknown addresses and those that met a fault too.
    pub fn requests(&self) -> u64 {
        self.state.requests()
    }

    /// From now on serves only what was recorded by `time`; everything for `None`.
    pub fn set_as_of(&self, time: Option<DateTime<Utc>>) {
        self.state.set_as_of(time);
    }

    /// From now on lets these faults happen.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.state.set_faults(faults);
    }

    /// Stops listening and ends the connections, at once those that do not finish within two seconds.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if tokio::time::timeout(Duration::from_secs(2), &mut self.server).await.is_err() {
            self.server.abort();
        }
    }
}

impl Drop for Replay {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
