//! What is asked of a server and what came back, as the sources speak of it.

use std::time::Duration;

use serde_json::Value;

/// How fast one domain may be asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Politeness {
    /// Requests a second over the whole registrable domain.
    pub per_second: f32,
    /// Requests that may follow each other at once.
    pub burst: u32,
    /// Requests under way at once.
    pub concurrency: u32,
    /// Pages ask robots.txt first; documented public APIs do not.
    pub robots: bool,
    /// Longest time for one exchange.
    pub timeout: Duration,
    /// Largest decoded body, bytes.
    pub max_bytes: u64,
}

impl Politeness {
    /// A documented public JSON API: 2 a second, 50 MiB, 60 s.
    pub const API: Self = Self {
        per_second: 2.0,
        burst: 2,
        concurrency: 2,
        robots: false,
        timeout: Duration::from_mins(1),
        max_bytes: 50 << 20,
    };

    /// Pages for people and machines alike: robots.txt first, 1 a second, one after the other, 20 MiB, 60 s.
    pub const PAGES: Self = Self {
        per_second: 1.0,
        burst: 1,
        concurrency: 1,
        robots: true,
        timeout: Duration::from_mins(1),
        max_bytes: 20 << 20,
    };
}

/// What to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Absolute address, https.
    pub url: String,
    /// Extra headers.
    pub headers: Vec<(&'static str, String)>,
    /// JSON body: the request is a POST then.
    pub body: Option<Value>,
}

impl Request {
    /// A GET of `url` that asks for JSON.
    pub fn json(url: impl Into<String>) -> Self {
        Self::accepting(url, "application/json")
    }

    /// A GET of `url` that asks for XML.
    pub fn xml(url: impl Into<String>) -> Self {
        Self::accepting(url, "application/xml, text/xml;q=0.9, */*;q=0.1")
    }

    /// A GET of `url` that asks for a page.
    pub fn html(url: impl Into<String>) -> Self {
        Self::accepting(url, "text/html, application/xhtml+xml;q=0.9, */*;q=0.1")
    }

    /// A POST of `body` to `url` that asks for JSON.
    pub fn post(url: impl Into<String>, body: Value) -> Self {
        Self { body: Some(body), ..Self::json(url) }
    }

    fn accepting(url: impl Into<String>, types: &str) -> Self {
        Self { url: url.into(), headers: vec![("accept", types.to_owned())], body: None }
    }
}

/// One response to read.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// Address that was asked for.
    pub url: &'a str,
    /// `Content-Type`, where sent.
    pub content_type: Option<&'a str>,
    /// Decoded body.
    pub body: &'a [u8],
}
