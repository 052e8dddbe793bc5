//! One exchange with one server: a request out, head and body in. No redirects, no retries: those are the pipeline's.

use std::{error::Error as _, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use reqwest::redirect::Policy;
use url::Url;

use super::{
    Validators,
    address::{Rule, Unresolved, Vetting},
    body::{self, Broken, Cap},
    error::{FetchError, NetworkFault},
    gateway,
    redact::shown,
};
use crate::{config::FetchConfig, domain::Request};

/// Headers that belong to the pipeline.
const OURS: [HeaderName; 9] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::UPGRADE,
    header::ACCEPT_ENCODING,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::RANGE,
];

/// Headers that may follow a redirect to another origin; any other could carry a secret.
const HARMLESS: [HeaderName; 5] = [
    header::ACCEPT,
    header::ACCEPT_LANGUAGE,
    header::CONTENT_TYPE,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
];

/// The HTTP client, and the gateway where one is set.
pub(super) struct Client {
    http: reqwest::Client,
    /// Reaches private addresses too: for origins that the settings name.
    internal: reqwest::Client,
    gateway: Option<Url>,
    read_timeout: Duration,
}

/// A request, ready to be sent to more than one address.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    pub method: Method,
    pub headers: HeaderMap,
    pub body: Option<Bytes>,
}

/// What came back from one hop; the body is read for status 200 and 203 only.
pub(super) struct Incoming {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Client {
    pub(super) fn new(config: &FetchConfig) -> Result<Self, FetchError> {
        let agent = format!("career-worker/{} (+{})", env!("CARGO_PKG_VERSION"), config.contact);
        let agent = HeaderValue::from_str(&agent).map_err(|_| {
            FetchError::Setup("fetch.contact: expected text that can stand in a header".to_owned())
        })?;
        let set_up = || Self::set_up(config, agent.clone());
        let builder = match &config.gateway {
            None => set_up().dns_resolver(Vetting),
            Some(gateway) if !matches!(gateway.scheme(), "http" | "https") => {
                return Err(FetchError::Setup(format!(
                    "fetch.gateway: scheme {}, expected http or https",
                    gateway.scheme()
                )));
            }
            // No certificate is looked at over plain http: such a machine need not have any.
            Some(gateway) if gateway.scheme() == "http" => set_up().tls_certs_only([]),
            Some(_) => set_up(),
        };
        let http = builder.build().map_err(|error| FetchError::Setup(causes(&error)))?;
        let internal = match &config.gateway {
            None => set_up().build().map_err(|error| FetchError::Setup(causes(&error)))?,
            Some(_) => http.clone(),
        };
        Ok(Self { http, internal, gateway: config.gateway.clone(), read_timeout: config.read_timeout })
    }

    fn set_up(config: &FetchConfig, agent: HeaderValue) -> reqwest::ClientBuilder {
        #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
        let builder = reqwest::Client::builder();
        builder
            .user_agent(agent)
            .redirect(Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .referer(false)
            .connect_timeout(config.connect_timeout)
            .read_timeout(config.read_timeout)
            // What was sent and is not acknowledged: the other end is gone without a word.
            .tcp_user_timeout(config.read_timeout)
            .pool_idle_timeout(Duration::from_secs(15))
            .pool_max_idle_per_host(4)
            .http2_max_header_list_size(64 << 10)
    }

    /// Sends `outgoing` to `url` and reads what comes back.
    pub(super) async fn exchange(
        &self,
        outgoing: &Outgoing,
        url: &Url,
        cap: Cap,
    ) -> Result<Incoming, FetchError> {
        let target = self.gateway.as_ref().map_or_else(|| url.clone(), |gate| gateway::through(gate, url));
        let mut request =
            self.http.request(outgoing.method.clone(), target).headers(outgoing.headers.clone());
        if let Some(body) = &outgoing.body {
            request = request.body(body.clone());
        }
        let response = request.send().await.map_err(|error| self.broken(&error, url, false))?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = match status {
            200 | 203 => body::read(response, cap).await.map_err(|broken| match broken {
                Broken::TooLarge(limit) => FetchError::TooLarge { url: shown(url), limit },
                Broken::Transport(error) => self.broken(&error, url, true),
            })?,
            _ => Bytes::new(),
        };
        Ok(Incoming { status, headers, body })
    }

    /// Posts `body` to `url` and gives status and headers; the body of the answer is not read. `internal` reaches private addresses too.
    pub(super) async fn post(
        &self,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
        internal: bool,
    ) -> Result<(u16, HeaderMap), FetchError> {
        let target = self.gateway.as_ref().map_or_else(|| url.clone(), |gate| gateway::through(gate, url));
        let http = if internal { &self.internal } else { &self.http };
        let sent = http.post(target).headers(headers).body(body).send().await;
        let answer = sent.map_err(|error| self.broken(&error, url, false))?;
        Ok((answer.status().as_u16(), answer.headers().clone()))
    }

    fn broken(&self, error: &reqwest::Error, url: &Url, in_body: bool) -> FetchError {
        if error.is_timeout() && !error.is_connect() {
            return FetchError::Timeout { url: shown(url), limit: self.read_timeout };
        }
        network(error, url, in_body)
    }
}

impl Outgoing {
    pub(super) fn new(request: &Request, validators: &Validators) -> Result<Self, FetchError> {
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            let invalid = |reason| FetchError::Header { name: (*name).to_owned(), reason };
            let key =
                HeaderName::from_bytes(name.as_bytes()).map_err(|_| invalid("expected a header name"))?;
            if OURS.contains(&key) {
                return Err(invalid("is set by the pipeline"));
            }
            let mut value =
                HeaderValue::from_str(value).map_err(|_| invalid("value cannot stand in a header"))?;
            value.set_sensitive(!HARMLESS.contains(&key));
            headers.append(key, value);
        }
        let body = match &request.body {
            None => None,
            Some(json) => {
                headers
                    .entry(header::CONTENT_TYPE)
                    .or_insert_with(|| HeaderValue::from_static("application/json"));
                Some(Bytes::from(json.to_string()))
            }
        };
        // A validator that cannot be sent is one that this server never sent: the request goes without.
        for (key, value) in [
            (header::IF_NONE_MATCH, &validators.etag),
            (header::IF_MODIFIED_SINCE, &validators.last_modified),
        ] {
            if let Some(value) = value.as_deref().and_then(|value| HeaderValue::from_str(value).ok()) {
                headers.insert(key, value);
            }
        }
        let method = if body.is_some() { Method::POST } else { Method::GET };
        Ok(Self { method, headers, body })
    }

    /// Asks for nothing in particular.
    pub(super) fn get() -> Self {
        Self { method: Method::GET, headers: HeaderMap::new(), body: None }
    }

    /// Drops what only the first origin may see.
    pub(super) fn leave_origin(&mut self) {
        let keep: Vec<_> = HARMLESS
            .into_iter()
            .filter_map(|key| self.headers.remove(&key).map(|value| (key, value)))
            .collect();
        self.headers.clear();
        self.headers.extend(keep);
    }
}

/// Finds the step that failed in the causes of `error`.
fn network(error: &reqwest::Error, url: &Url, in_body: bool) -> FetchError {
    let mut fault = None;
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(rule) = inner.downcast_ref::<Rule>() {
            return FetchError::Refused { url: shown(url), rule: rule.clone() };
        }
        if inner.is::<Unresolved>() {
            fault = Some(NetworkFault::Dns);
        } else if is_tls(inner) {
            fault.get_or_insert(NetworkFault::Tls);
        } else if inner.is::<std::io::Error>() {
            fault.get_or_insert(NetworkFault::Reset);
        }
        cause = inner.source();
    }
    let detail = causes(error);
    let fault = match fault {
        Some(fault @ (NetworkFault::Dns | NetworkFault::Tls)) => fault,
        _ if error.is_connect() => NetworkFault::Connect,
        _ if in_body => NetworkFault::Body,
        Some(fault) => fault,
        // hyper's errors have no public kind for a head it cannot read, only these words.
        None if detail.contains("parsed") || detail.contains("too large") => NetworkFault::Head,
        None => NetworkFault::Reset,
    };
    FetchError::Network { url: shown(url), fault, detail }
}

/// An I/O error is not the cause of what it carries, but carries it.
fn is_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let carried = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>() || carried.is_some_and(|inner| is_tls(inner))
}

/// The causes of an error, without its address, on one line.
fn causes(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let part = inner.to_string();
        if !text.contains(&part) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&part);
        }
        cause = inner.source();
    }
    if text.is_empty() { "unknown cause".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[tokio::test]
    async fn a_name_that_resolves_to_this_machine_is_refused() {
        let client = Client::new(&Config::load(None, &[]).unwrap().fetch).unwrap();
        let url = Url::parse("http://localhost/").unwrap();
        let error = client.exchange(&Outgoing::get(), &url, Cap::Refuse(1)).await.err().unwrap();
        let FetchError::Refused { rule: Rule::Private(ip), .. } = &error else { panic!("{error:?}") };
        assert!(ip.is_loopback(), "{error}");
    }
}
