//! Who asks, and whether they may.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, header, request::Parts},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use secrecy::SecretString;

use super::{
    State,
    problem::Problem,
    session,
    token::{Role, fits, split},
};
use crate::store::{Actor, Token};

/// Of the requests a token may make a minute, this part may come at once.
const AT_ONCE: u32 = 3;
/// Requests a person may make a minute, and at once: pages with what they are made of.
const VISITS: (NonZeroU32, NonZeroU32) = (nonzero(300), nonzero(100));
/// Failed tries an address may make a minute.
const FAILURES: NonZeroU32 = nonzero(10);

/// Addresses remembered before those that have not failed lately are forgotten.
const REMEMBERED: usize = 1024;

const fn nonzero(number: u32) -> NonZeroU32 {
    match NonZeroU32::new(number) {
        Some(number) => number,
        None => NonZeroU32::MIN,
    }
}

/// How much each token and each address has asked lately.
#[derive(Debug)]
pub(super) struct Limits {
    requests: DefaultKeyedRateLimiter<String>,
    visits: DefaultKeyedRateLimiter<String>,
    failures: DefaultKeyedRateLimiter<IpAddr>,
}

impl Limits {
    /// With so many requests a minute for each token.
    pub(super) fn new(requests: NonZeroU32) -> Self {
        Self {
            requests: RateLimiter::keyed(
                Quota::per_minute(requests).allow_burst(nonzero(requests.get() / AT_ONCE)),
            ),
            visits: RateLimiter::keyed(Quota::per_minute(VISITS.0).allow_burst(VISITS.1)),
            failures: RateLimiter::keyed(Quota::per_minute(FAILURES)),
        }
    }

    /// A failed try, and whether there were too many lately.
    fn refuse(&self, address: IpAddr) -> Problem {
        if self.failures.len() > REMEMBERED {
            self.failures.retain_recent();
        }
        match self.failures.check_key(&network(address)) {
            Ok(()) => Problem::Unauthorized,
            Err(_) => Problem::TooMany(60),
        }
    }
}

/// Whoever has one IPv6 address has at least the /64 around it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(ip) => Ipv6Addr::from(u128::from(ip) >> 64 << 64).into(),
        v4 @ IpAddr::V4(_) => v4,
    }
}

/// The caller of a request, known by its token.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    id: String,
    address: String,
    role: Role,
    tasks: Option<Vec<String>>,
}

impl Caller {
    /// Whether it may do what needs `role`.
    pub(super) fn may(&self, role: Role) -> bool {
        self.role >= role
    }

    /// Its role.
    pub(super) fn role(&self) -> Role {
        self.role
    }

    /// Public part of its token.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// For the audit.
    pub(super) fn actor(&self) -> Actor<'_> {
        Actor { id: &self.id, address: Some(&self.address) }
    }

    /// Refuses callers below `role`.
    pub(super) fn needs(&self, role: Role) -> Result<(), Problem> {
        if self.role >= role {
            Ok(())
        } else {
            Err(Problem::Forbidden(format!(
                "this needs the role {}, the token has {}",
                role.as_str(),
                self.role.as_str()
            )))
        }
    }

    /// Refuses tasks outside the token's list.
    pub(super) fn needs_task(&self, task: &str) -> Result<(), Problem> {
        match &self.tasks {
            Some(tasks) if !tasks.iter().any(|allowed| allowed == task) => {
                Err(Problem::Forbidden(format!("this token may not run the task \"{task}\"")))
            }
            _ => Ok(()),
        }
    }
}

impl FromRequestParts<Arc<State>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &Arc<State>) -> Result<Self, Problem> {
        let address = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::from([127, 0, 0, 1]), |ConnectInfo(address)| address.ip());
        let (token, limit) = match session::hash_of(&parts.headers) {
            Some(hash) if !parts.headers.contains_key(header::AUTHORIZATION) => {
                if !parts.method.is_safe() && !is_from_here(&parts.headers) {
                    return Err(Problem::Forbidden(
                        "the browser does not say that this comes from these pages".to_owned(),
                    ));
                }
                // A session that is over is no guess: its secret has 256 random bits.
                let token = state.primary.find_session(&hash).await?.ok_or(Problem::Unauthorized)?;
                (token, &state.limits.visits)
            }
            _ => (known(state, address, bearer(&parts.headers).as_ref()).await?, &state.limits.requests),
        };
        if limit.check_key(&token.id).is_err() {
            return Err(Problem::TooMany(5));
        }
        Ok(Self {
            id: token.id,
            address: address.to_string(),
            role: Role::from_stored(&token.role),
            tasks: token.tasks,
        })
    }
}

fn bearer(headers: &HeaderMap) -> Option<SecretString> {
    headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim().to_owned().into())
}

/// The live token that was shown. Guessing is slowed down by address.
pub(super) async fn known(
    state: &State,
    address: IpAddr,
    shown: Option<&SecretString>,
) -> Result<Token, Problem> {
    let refused = || state.limits.refuse(address);
    // Who shows nothing does not guess.
    let shown = shown.ok_or(Problem::Unauthorized)?;
    let Some((id, secret)) = split(shown) else { return Err(refused()) };
    let token = state.primary.find_token(id).await?;
    if !fits(secret, token.as_ref()) {
        return Err(refused());
    }
    let Some(token) = token else { return Err(refused()) };
    state.primary.mark_token_used(id).await?;
    Ok(token)
}

/// A cookie is sent by the browser itself, so a change needs the browser's word that a page of ours wants it.
fn is_from_here(headers: &HeaderMap) -> bool {
    match headers.get("sec-fetch-site") {
        Some(site) => site == "same-origin",
        None => headers.contains_key(header::ORIGIN) && !super::is_cross_site(headers),
    }
}
