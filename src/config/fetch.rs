//! What operators say about the way out: patience, tries, and where recorded exchanges are served.

use std::time::Duration;

use serde::Deserialize;
use url::Url;

/// `[fetch]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FetchConfig {
    /// Where recorded exchanges are served.
    #[serde(default)]
    pub gateway: Option<Url>,
    /// Requests a second to each domain through the gateway, instead of the sources' own rates.
    #[serde(default)]
    pub gateway_per_second: Option<f32>,
    /// Address in the User-Agent.
    pub contact: String,
    /// Longest wait for a connection.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// Longest wait for the next byte of an answer.
    #[serde(with = "humantime_serde")]
    pub read_timeout: Duration,
    /// Tries in all for one request.
    pub tries: u32,
    /// First step of the back-off.
    #[serde(with = "humantime_serde")]
    pub backoff: Duration,
    /// Longest Retry-After that is slept through.
    #[serde(with = "humantime_serde")]
    pub max_wait: Duration,
    /// Most redirects followed.
    pub redirects: u32,
}
