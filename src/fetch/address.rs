//! Which addresses this program connects to: public ones, over http or https, on their usual ports.
//!
//! A resolver alone cannot keep a request out of a private network: an address written as digits never reaches it. So the address
//! itself is vetted here, at each hop, and [`Vetting`] vets what a name resolves to. A connection is made only to what it returned, so
//! that a name that changes its answer in between gains nothing.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// The rule that refuses an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// It cannot be read.
    Invalid(String),
    /// Neither http nor https.
    Scheme(String),
    /// http, where what is sent has to be secret.
    InClear,
    /// Not the usual port of its scheme.
    Port(u16),
    /// A user name or a password in it.
    Userinfo,
    /// A name that only means something on this machine or network.
    LocalName(String),
    /// An address outside the public internet.
    Private(IpAddr),
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(why) => write!(f, "{why}"),
            Self::Scheme(scheme) => write!(f, "scheme {scheme}, expected http or https"),
            Self::InClear => f.write_str("scheme http, expected https"),
            Self::Port(port) => write!(f, "port {port}, expected 80 for http and 443 for https"),
            Self::Userinfo => f.write_str("user name or password in the address"),
            Self::LocalName(name) => write!(f, "{name} is a local name"),
            Self::Private(ip) => write!(f, "{ip} is not a public address"),
        }
    }
}

impl std::error::Error for Rule {}

/// Checks everything about an address that can be seen without resolving its name.
///
/// # Errors
/// The [`Rule`] that refuses it.
pub fn vet(url: &Url) -> Result<(), Rule> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Rule::Scheme(url.scheme().to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Rule::Userinfo);
    }
    if let Some(port) = url.port() {
        return Err(Rule::Port(port));
    }
    match url.host() {
        None => Err(Rule::Invalid("no host".to_owned())),
        Some(Host::Ipv4(ip)) => public(ip.into()),
        Some(Host::Ipv6(ip)) => public(ip.into()),
        Some(Host::Domain(name)) if is_local_name(name) => Err(Rule::LocalName(name.to_owned())),
        Some(Host::Domain(_)) => Ok(()),
    }
}

fn public(ip: IpAddr) -> Result<(), Rule> {
    if is_global(ip) { Ok(()) } else { Err(Rule::Private(ip)) }
}

/// Names of RFC 6761, 6762, 7686, 8375 and 9476, and names without a dot.
fn is_local_name(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    let Some((_, top)) = name.rsplit_once('.') else { return true };
    matches!(top, "localhost" | "local" | "internal" | "alt" | "onion" | "test" | "invalid" | "lan")
        || name == "home.arpa"
        || name.ends_with(".home.arpa")
}

/// Whether `ip` is unicast on the public internet; the IPv4 address inside a mapped, 6to4 or NAT64 address counts as itself.
pub fn is_global(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_global_v4(ip),
        IpAddr::V6(ip) => is_global_v6(ip),
    }
}

/// The IANA registry of special-purpose IPv4 addresses.
fn is_global_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    !(matches!(a, 0 | 10 | 127 | 224..=255)
        || (a == 100 && (64..=127).contains(&b))
        || (a == 169 && b == 254)
        || (a == 172 && (16..=31).contains(&b))
        || (a == 192 && b == 168)
        || (a == 192 && b == 0 && matches!(c, 0 | 2))
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && matches!(b, 18 | 19))
        || (a == 198 && b == 51 && c == 100)
        || (a == 203 && b == 0 && c == 113))
}

fn is_global_v6(ip: Ipv6Addr) -> bool {
    match ip.segments() {
        // IPv4-mapped ::ffff:0:0/96, NAT64 64:ff9b::/96, 6to4 2002::/16.
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => is_global_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low))),
        // 2001::/23 (Teredo, ORCHID, benchmarks); 2001:db8::/32 and 3fff::/20 (documentation).
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => false,
        // 2000::/3 is all of global unicast there is.
        [0x2000..=0x3fff, ..] => true,
        _ => false,
    }
}

/// Resolves names and returns only public addresses.
#[derive(Debug)]
pub(super) struct Vetting;

impl Resolve for Vetting {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().to_owned();
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await.map_err(Unresolved)?.collect();
            match public_of(&found) {
                Ok(public) => Ok(Box::new(public.into_iter()) as Addrs),
                Err(Some(rule)) => Err(rule.into()),
                Err(None) => Err(Unresolved(std::io::Error::other("no address")).into()),
            }
        })
    }
}

/// The public addresses among those that a name has; where there are none, the rule that refuses the first.
fn public_of(found: &[SocketAddr]) -> Result<Vec<SocketAddr>, Option<Rule>> {
    let public: Vec<_> = found.iter().copied().filter(|address| is_global(address.ip())).collect();
    if public.is_empty() { Err(found.first().map(|address| Rule::Private(address.ip()))) } else { Ok(public) }
}

/// The name has no address; a type of its own, so that the cause can be told from other failures to connect.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unresolved(std::io::Error);

#[cfg(test)]
mod tests;
