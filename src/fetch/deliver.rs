//! Posting something of ours to an address that somebody else has chosen: once, without following redirects, and without reading what the
//! answer says.
//!
//! Whether to try again is decided by whoever keeps what is sent, since it has to know what may have arrived; so nothing is repeated
//! here, and no rate is kept.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use url::Url;

use super::{
    Fetch,
    address::{Rule, vet},
    error::FetchError,
    redact::shown,
    retry,
};

/// One thing to post.
#[derive(Clone, Debug)]
pub struct Delivery<'a> {
    /// Where to: https on the public internet, or one of `internal`.
    pub url: &'a str,
    /// Names and values of headers beside those that any request has.
    pub headers: &'a [(&'static str, String)],
    /// JSON.
    pub body: Vec<u8>,
    /// Longest wait.
    pub timeout: Duration,
    /// Origins that may be posted to wherever they are.
    pub internal: &'a [Url],
}

/// What the receiver answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Status.
    pub status: u16,
    /// `Retry-After`, at most an hour.
    pub retry_after: Option<Duration>,
}

impl Fetch {
    /// Posts it once.
    ///
    /// # Errors
    /// [`FetchError::Refused`] and [`FetchError::Header`] before anything left; others where no answer came: the receiver may have it.
    pub async fn deliver(&self, delivery: Delivery<'_>) -> Result<Delivered, FetchError> {
        let refused = |rule| FetchError::Refused { url: printable(delivery.url), rule };
        let mut url = Url::parse(delivery.url).map_err(|error| refused(Rule::Invalid(error.to_string())))?;
        url.set_fragment(None);
        vet_delivery(&url, delivery.internal).map_err(refused)?;
        let internal = is_internal(&url, delivery.internal);
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in delivery.headers {
            let wrong = |reason| FetchError::Header { name: (*name).to_owned(), reason };
            let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong("expected a header name"))?;
            let mut value =
                HeaderValue::from_str(value).map_err(|_| wrong("value cannot stand in a header"))?;
            value.set_sensitive(true);
            headers.insert(key, value);
        }
        let posting = self.0.client.post(&url, headers, Bytes::from(delivery.body), internal);
        let (status, headers) = tokio::time::timeout(delivery.timeout, posting)
            .await
            .map_err(|_| FetchError::Timeout { url: shown(&url), limit: delivery.timeout })??;
        let retry_after = headers
            .get(header::RETRY_AFTER)
            .and_then(|value| retry::retry_after(value.as_bytes(), self.0.clock.now()));
        Ok(Delivered { status, retry_after })
    }
}

/// Checks an address to post to, as far as it can be seen without resolving its name.
///
/// # Errors
/// The [`Rule`] that refuses it.
pub fn vet_delivery(url: &Url, internal: &[Url]) -> Result<(), Rule> {
    if is_internal(url, internal) {
        return Ok(());
    }
    vet(url)?;
    if url.scheme() == "https" { Ok(()) } else { Err(Rule::InClear) }
}

/// User name and password are no part of an origin, and are refused for all.
fn is_internal(url: &Url, internal: &[Url]) -> bool {
    url.username().is_empty()
        && url.password().is_none()
        && internal.iter().any(|known| known.origin() == url.origin())
}

/// What cannot be read cannot be shown in parts: neither a query nor what may be a password.
fn printable(url: &str) -> String {
    let text = url.split('?').next().and_then(|text| text.rsplit('@').next());
    text.unwrap_or_default().chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_https_and_what_is_named_may_be_posted_to() {
        let internal = [Url::parse("http://automation.internal:5678").unwrap()];
        for (url, may) in [
            ("https://hooks.example.com/a?b", true),
            ("http://automation.internal:5678/hook", true),
            ("http://hooks.example.com/", false),
            ("https://hooks.example.com:8443/", false),
            ("https://127.0.0.1/", false),
            ("https://[::1]/", false),
            ("https://169.254.169.254/latest/meta-data", false),
            ("https://localhost/", false),
            ("https://user:password@hooks.example.com/", false),
            ("http://user@automation.internal:5678/hook", false),
            ("http://automation.internal:5679/hook", false),
            ("https://automation.internal:5678/hook", false),
            ("ftp://hooks.example.com/", false),
        ] {
            assert_eq!(vet_delivery(&Url::parse(url).unwrap(), &internal).is_ok(), may, "{url}");
        }
    }
}
