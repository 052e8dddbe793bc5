//! The order of things for one request: vet, robots, rate, exchange, redirect, retry.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, Method, header};
use tokio::time::Instant;
use url::Url;

use super::{
    Ask, Response, Validators, address,
    body::Cap,
    client::{Client, Incoming, Outgoing},
    domain::rate_domain,
    error::FetchError,
    gate::DomainGate,
    pace::Pace,
    rate::Domains,
    redact::shown,
    retry,
    robots::{self, Robots, Rules, Verdict},
};
use crate::{clock::Clock, config::FetchConfig, domain::Politeness, random::Random, telemetry};

/// How long a server that says 429 without saying more is left alone after the last try.
const THROTTLED: Duration = Duration::from_mins(1);

pub(super) struct Pipeline {
    pub(super) client: Client,
    domains: Domains,
    robots: Robots,
    pub(super) clock: Clock,
    random: Random,
    tries: u32,
    backoff: Duration,
    max_wait: Duration,
    redirects: u32,
    /// Instead of the sources' own rates, through a gateway.
    gateway_rate: Option<f32>,
}

/// Where the time of one request goes.
#[derive(Default)]
struct Spent {
    waited: Duration,
    tries: u32,
}

/// The last hop, with the address that answered.
struct Answer {
    url: Url,
    incoming: Incoming,
}

impl Pipeline {
    pub(super) fn new(
        config: &FetchConfig,
        clock: Clock,
        random: Random,
        gate: Arc<dyn DomainGate>,
    ) -> Result<Self, FetchError> {
        if config.gateway_per_second.is_some_and(|rate| !(rate.is_finite() && rate > 0.0)) {
            return Err(FetchError::Setup("fetch.gateway_per_second: expected more than 0".to_owned()));
        }
        Ok(Self {
            client: Client::new(config)?,
            domains: Domains::new(gate, config.max_wait),
            robots: Robots::new(clock.clone()),
            clock,
            random,
            tries: config.tries.max(1),
            backoff: config.backoff,
            max_wait: config.max_wait,
            redirects: config.redirects,
            gateway_rate: config.gateway.as_ref().and(config.gateway_per_second),
        })
    }

    pub(super) async fn release(&self) {
        self.domains.release().await;
    }

    pub(super) async fn send(&self, ask: &Ask<'_>) -> Result<Response, FetchError> {
        let mut url = Url::parse(&ask.request.url).map_err(|error| {
            // What cannot be read cannot be shown in parts: neither a query nor what may be a password.
            let text = ask.request.url.split('?').next().and_then(|text| text.rsplit('@').next());
            FetchError::Refused {
                url: text.unwrap_or_default().chars().take(100).collect(),
                rule: address::Rule::Invalid(error.to_string()),
            }
        })?;
        url.set_fragment(None);
        let outgoing = Outgoing::new(ask.request, &ask.validators)?;
        let mut spent = Spent::default();
        let cap = Cap::Refuse(ask.politeness.max_bytes);
        let answer = self.with_retries(&url, &outgoing, &ask.politeness, cap, &mut spent).await?;
        let Answer { url, incoming: Incoming { status, headers, body } } = answer;
        let not_modified = status == 304;
        let text = |name| text(&headers, name);
        let new = Validators { etag: text(header::ETAG), last_modified: text(header::LAST_MODIFIED) };
        let known = if not_modified { ask.validators.clone() } else { Validators::default() };
        Ok(Response {
            url: url.into(),
            not_modified,
            content_type: text(header::CONTENT_TYPE),
            body,
            validators: Validators {
                etag: new.etag.or(known.etag),
                last_modified: new.last_modified.or(known.last_modified),
            },
            tries: spent.tries,
            waited: spent.waited,
        })
    }

    async fn with_retries(
        &self,
        url: &Url,
        outgoing: &Outgoing,
        politeness: &Politeness,
        cap: Cap,
        spent: &mut Spent,
    ) -> Result<Answer, FetchError> {
        loop {
            spent.tries += 1;
            let error = match self.follow(url.clone(), outgoing.clone(), politeness, cap, spent).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let wait = match &error {
                // The domain is blocked for as long as the server asked: entering it again waits.
                FetchError::Throttled { retry_after, .. } if *retry_after <= self.max_wait => Duration::ZERO,
                FetchError::Status { .. } | FetchError::Timeout { .. } | FetchError::Network { .. }
                    if error.is_retryable() =>
                {
                    self.step(spent)
                }
                _ => return Err(error),
            };
            if spent.tries >= self.tries {
                return Err(error);
            }
            tracing::debug!(%error, tries = spent.tries, ?wait, "trying again");
            tokio::time::sleep(wait).await;
            spent.waited += wait;
        }
    }

    fn step(&self, spent: &Spent) -> Duration {
        retry::backoff(&self.random, self.backoff, spent.tries, self.max_wait)
    }

    /// One try: the request and its redirects, within `politeness.timeout` for all exchanges together.
    async fn follow(
        &self,
        first: Url,
        mut outgoing: Outgoing,
        politeness: &Politeness,
        cap: Cap,
        spent: &mut Spent,
    ) -> Result<Answer, FetchError> {
        let mut url = first.clone();
        let mut left = politeness.timeout;
        for _ in 0..=self.redirects {
            let incoming = self.hop(&url, &outgoing, politeness, cap, &mut left, spent).await?;
            let conditional = outgoing.headers.contains_key(header::IF_NONE_MATCH)
                || outgoing.headers.contains_key(header::IF_MODIFIED_SINCE);
            match incoming.status {
                200 | 203 => return Ok(Answer { url, incoming }),
                304 if conditional => return Ok(Answer { url, incoming }),
                301 | 302 | 303 | 307 | 308 => {
                    let next = location(&url, &incoming)?;
                    let leaves = next.origin() != url.origin();
                    // A POST is repeated only where it was sent, and never turned into a GET for something else.
                    if outgoing.method == Method::POST && (leaves || incoming.status < 307) {
                        return Err(FetchError::Status { url: shown(&url), status: incoming.status });
                    }
                    if leaves {
                        outgoing.leave_origin();
                    }
                    tracing::debug!(from = shown(&url), to = shown(&next), "redirect");
                    url = next;
                }
                status @ (404 | 410) => return Err(FetchError::NotFound { url: shown(&url), status }),
                status => return Err(self.refusal(&url, politeness, status, &incoming.headers, spent).await),
            }
        }
        Err(FetchError::TooManyRedirects { url: shown(&first), limit: self.redirects })
    }

    async fn hop(
        &self,
        url: &Url,
        outgoing: &Outgoing,
        politeness: &Politeness,
        cap: Cap,
        left: &mut Duration,
        spent: &mut Spent,
    ) -> Result<Incoming, FetchError> {
        let domain = rate_domain(url);
        let result = self.hop_unmeasured(&domain, url, outgoing, politeness, cap, left, spent).await;
        let outcome = match &result {
            Ok(incoming) => outcome(incoming.status),
            Err(error) => error.outcome(),
        };
        tracing::debug!(url = shown(url), outcome, "request");
        let host_group = telemetry::host_group(&domain);
        metrics::counter!("career_http_requests_total", "host_group" => host_group, "outcome" => outcome)
            .increment(1);
        result
    }

    #[expect(clippy::too_many_arguments, reason = "one hop of one try of one request")]
    async fn hop_unmeasured(
        &self,
        domain: &str,
        url: &Url,
        outgoing: &Outgoing,
        politeness: &Politeness,
        cap: Cap,
        left: &mut Duration,
        spent: &mut Spent,
    ) -> Result<Incoming, FetchError> {
        address::vet(url).map_err(|rule| FetchError::Refused { url: shown(url), rule })?;
        let start = Instant::now();
        let crawl_delay = if politeness.robots { self.allowed(url, politeness).await? } else { None };
        let slot = self.domains.enter(domain, self.pace(politeness, crawl_delay), &shown(url)).await?;
        spent.waited += start.elapsed();
        metrics::histogram!("career_http_throttled_seconds").record(start.elapsed().as_secs_f64());

        let start = Instant::now();
        let exchange = tokio::time::timeout(*left, self.client.exchange(outgoing, url, cap));
        let result = tokio::select! {
            result = exchange => result,
            never = slot.keep() => match never {},
        };
        *left = left.saturating_sub(start.elapsed());
        let answered = match &result {
            Ok(Ok(incoming)) => outcome(incoming.status),
            Ok(Err(error)) => error.outcome(),
            Err(_) => "timeout",
        };
        metrics::histogram!("career_http_request_seconds", "outcome" => answered)
            .record(start.elapsed().as_secs_f64());
        result.unwrap_or_else(|_| Err(FetchError::Timeout { url: shown(url), limit: politeness.timeout }))
    }

    fn pace(&self, politeness: &Politeness, crawl_delay: Option<Duration>) -> Pace {
        match self.gateway_rate {
            None => Pace::new(politeness, crawl_delay),
            Some(per_second) => Pace::new(&Politeness { per_second, ..*politeness }, None),
        }
    }

    /// What a status other than success, redirect and "not there" means; a server that asks to wait is left alone by everyone.
    async fn refusal(
        &self,
        url: &Url,
        politeness: &Politeness,
        status: u16,
        headers: &HeaderMap,
        spent: &Spent,
    ) -> FetchError {
        let asked = headers
            .get(header::RETRY_AFTER)
            .and_then(|value| retry::retry_after(value.as_bytes(), self.clock.now()));
        let retry_after = match (status, asked) {
            // Some servers say 0 and mean "not now".
            (429 | 503, Some(asked)) => asked.max(self.backoff),
            (429, None) if spent.tries < self.tries => self.backoff.max(self.step(spent)),
            (429, None) => THROTTLED,
            _ => return FetchError::Status { url: shown(url), status },
        };
        self.domains.block(&rate_domain(url), self.pace(politeness, None), retry_after).await;
        FetchError::Throttled { url: shown(url), retry_after }
    }

    /// Asks robots.txt, and returns the gap it wants between requests.
    async fn allowed(&self, url: &Url, politeness: &Politeness) -> Result<Option<Duration>, FetchError> {
        match self.robots.check(url, Box::pin(self.load_robots(url, politeness))).await? {
            Verdict::Allowed { crawl_delay } => Ok(crawl_delay),
            Verdict::Disallowed => Err(FetchError::Robots { url: shown(url) }),
            Verdict::Unavailable { retry_after } => {
                Err(FetchError::RobotsUnavailable { url: shown(url), retry_after })
            }
        }
    }

    /// RFC 9309: there is none where the status is 4xx, and nothing may be asked while it cannot be read. Only what is not the host's
    /// answer is an error.
    async fn load_robots(&self, url: &Url, politeness: &Politeness) -> Result<Rules, FetchError> {
        let mut address = url.clone();
        address.set_path("/robots.txt");
        address.set_query(None);
        address.set_fragment(None);
        let politeness = Politeness { robots: false, ..*politeness };
        let cap = Cap::Cut(robots::LONGEST);
        let answer =
            self.with_retries(&address, &Outgoing::get(), &politeness, cap, &mut Spent::default()).await;
        match answer {
            Ok(answer) => Ok(robots::parse(answer.incoming.body).await),
            Err(FetchError::NotFound { .. } | FetchError::TooManyRedirects { .. }) => Ok(Rules::Open),
            Err(FetchError::Status { status, .. }) if (400..500).contains(&status) => Ok(Rules::Open),
            Err(error @ FetchError::Throttled { retry_after, .. }) if retry_after > self.max_wait => {
                Err(error)
            }
            Err(error @ (FetchError::Busy { .. } | FetchError::Gate { .. })) => Err(error),
            Err(error) => {
                tracing::info!(%error, "robots.txt cannot be read");
                Ok(Rules::Unavailable)
            }
        }
    }
}

fn location(url: &Url, incoming: &Incoming) -> Result<Url, FetchError> {
    text(&incoming.headers, header::LOCATION)
        .and_then(|location| url.join(&location).ok())
        .map(|mut next| {
            next.set_fragment(None);
            next
        })
        .ok_or_else(|| FetchError::BadRedirect { url: shown(url), status: incoming.status })
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

fn outcome(status: u16) -> &'static str {
    match status {
        200 | 203 => "ok",
        304 => "not_modified",
        300..400 => "redirect",
        404 | 410 => "not_found",
        429 => "throttled",
        500.. => "server_error",
        _ => "client_error",
    }
}
