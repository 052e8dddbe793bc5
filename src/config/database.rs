//! `[database]`: where PostgreSQL is, and what stands before it.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::ConfigError;

/// `[database]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatabaseConfig {
    /// Address with credentials.
    pub url: SecretString,
    /// What is behind that address.
    pub pooler: Pooler,
    /// Address of the server itself, for what needs a session; `url` where empty.
    pub direct_url: SecretString,
    /// Address of a replica for those who only look; empty: none.
    pub read_url: SecretString,
    /// How far a replica may be behind.
    #[serde(with = "humantime_serde")]
    pub read_lag: Duration,
    /// Size of the pool.
    pub max_connections: u32,
    /// Longest wait for a connection.
    #[serde(with = "humantime_serde")]
    pub acquire_timeout: Duration,
    /// Longest statement.
    #[serde(with = "humantime_serde")]
    pub statement_timeout: Duration,
}

/// What hands out the server's connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooler {
    /// The server: a connection is a session.
    None,
    /// A pooler that gives a connection of the server for one transaction.
    Transaction,
}

impl Pooler {
    /// The lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Transaction => "transaction",
        }
    }
}

impl DatabaseConfig {
    /// The address whose connections are sessions: locks, settings and snapshots last for longer than a transaction.
    ///
    /// # Errors
    /// Where `url` leads to a pooler and `direct_url` is empty.
    pub fn session_url(&self) -> Result<&SecretString, ConfigError> {
        match (self.direct_url.expose_secret().is_empty(), self.pooler) {
            (false, _) => Ok(&self.direct_url),
            (true, Pooler::None) => Ok(&self.url),
            (true, Pooler::Transaction) => Err(ConfigError::new(
                "settings: database.direct_url: empty, expected the address of PostgreSQL itself: with database.pooler = \"transaction\" \
                 migrations and backups need it, since they hold a lock or a snapshot of their session"
                    .to_owned(),
            )),
        }
    }

    /// The address of the server itself where it is known, else the other one: for what does not need a session.
    pub fn own_url(&self) -> &SecretString {
        self.session_url().unwrap_or(&self.url)
    }

    /// The replica, where there is one.
    pub fn replica_url(&self) -> Option<&SecretString> {
        (!self.read_url.expose_secret().is_empty()).then_some(&self.read_url)
    }

    /// What cannot be, with the key and what was expected.
    pub(super) fn wrong(&self) -> Option<String> {
        let given = |url: &SecretString| !url.expose_secret().is_empty();
        if given(&self.read_url) && self.read_url.expose_secret() == self.url.expose_secret() {
            return Some(
                "database.read_url: the same as database.url, expected the address of a replica".to_owned(),
            );
        }
        if given(&self.read_url) && self.read_lag < Duration::from_secs(1) {
            let lag = humantime::format_duration(self.read_lag);
            return Some(format!("database.read_lag = {lag}, expected at least 1s"));
        }
        if self.pooler == Pooler::Transaction && self.direct_url.expose_secret() == self.url.expose_secret() {
            return Some(
                "database.direct_url: the same as database.url, expected the address of PostgreSQL itself, past the pooler".to_owned(),
            );
        }
        None
    }
}
