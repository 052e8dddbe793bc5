//! What a board says of where the pages of its postings are.

use std::collections::HashSet;

use regex::Regex;
use scraper::Selector;
use url::Url;

use super::super::{
    Board, SourceError,
    reading::{HtmlPage, css, identity},
};

/// Links of one page that are followed.
const MOST: usize = 5000;

/// The options of a board.
///
/// - `url`: the listing page; `links`: a CSS selector of its links to postings, all links where it is not given; `next`: a selector of
///   the link to the next page; `empty`: a selector of the notice that nothing is open.
/// - `sitemap`: the address of a sitemap or of an index of them, or `robots` for those that the robots.txt of `url` names; `sitemaps`:
///   which sitemaps of an index to read.
/// - `path`: which addresses are pages of postings. Like `sitemaps`, it is the beginning of a path (`/jobs/`) or of an address, or a
///   regular expression over the whole address.
pub(super) struct Options {
    pub(super) url: Option<Url>,
    pub(super) sitemap: Option<Sitemaps>,
    pub(super) next: Option<Selector>,
    links: Option<Selector>,
    empty: Option<Selector>,
    path: Option<Pattern>,
    sitemaps: Option<Pattern>,
}

/// Where the sitemaps are.
pub(super) enum Sitemaps {
    /// At this address.
    At(Url),
    /// Named in this robots.txt.
    Robots(Url),
}

impl Options {
    pub(super) fn read(board: &Board) -> Result<Self, SourceError> {
        board.only_options(&["url", "links", "path", "next", "empty", "sitemap", "sitemaps"])?;
        board.label()?;
        let url = board.url_option("url")?;
        let selector = |key: &str| board.text_option(key)?.map(|text| css(key, text)).transpose();
        let pattern = |key: &str| board.text_option(key)?.map(|text| Pattern::new(key, text)).transpose();
        let sitemap = match (board.text_option("sitemap")?, &url) {
            (None, None) => {
                return Err(missing("url: expected the address of a listing page, or options.sitemap"));
            }
            (None, Some(_)) => None,
            (Some("robots"), None) => {
                return Err(missing("url: expected an address of the site, for its robots.txt"));
            }
            (Some("robots"), Some(url)) => {
                let robots = url.join("/robots.txt").map_err(|error| missing(&format!("url: {error}")))?;
                Some(Sitemaps::Robots(robots))
            }
            (Some(_), _) => board.url_option("sitemap")?.map(Sitemaps::At),
        };
        let options = Self {
            url,
            sitemap,
            next: selector("next")?,
            links: selector("links")?,
            empty: selector("empty")?,
            path: pattern("path")?,
            sitemaps: pattern("sitemaps")?,
        };
        if options.sitemap.is_none() && options.links.is_none() && options.path.is_none() {
            return Err(missing("path: expected a pattern of the addresses of postings, or options.links"));
        }
        Ok(options)
    }

    /// The addresses of postings that a listing page links to, each once.
    pub(super) fn links(&self, page: &HtmlPage) -> Vec<Url> {
        let Some(all) = self.links.clone().or_else(|| Selector::parse("a[href]").ok()) else {
            return Vec::new();
        };
        let mut seen = HashSet::new();
        let links = page.select(&all).filter_map(|link| page.resolve(link.attr("href")?));
        let wanted = links.filter(|url| self.wants_page(url, self.url.as_ref()));
        wanted.filter(|url| seen.insert(identity(url))).take(MOST).collect()
    }

    /// True for the address of a posting, as far as the board tells.
    pub(super) fn wants_page(&self, url: &Url, site: Option<&Url>) -> bool {
        self.path.as_ref().is_none_or(|path| path.matches(url, site))
    }

    /// True for a sitemap of an index that is to be read.
    pub(super) fn wants_sitemap(&self, url: &Url, site: Option<&Url>) -> bool {
        self.sitemaps.as_ref().is_none_or(|path| path.matches(url, site))
    }

    /// True for a page that says that nothing is open.
    pub(super) fn is_empty(&self, page: &HtmlPage) -> bool {
        self.empty.as_ref().is_some_and(|empty| page.select(empty).next().is_some())
    }
}

fn missing(message: &str) -> SourceError {
    SourceError::Args(format!("options.{message}"))
}

/// Which addresses are meant.
enum Pattern {
    /// The path begins so and goes on, on the site itself.
    Path(String),
    /// The address begins so.
    Address(String),
    /// The address matches.
    Regex(Regex),
}

impl Pattern {
    fn new(key: &str, text: &str) -> Result<Self, SourceError> {
        let plain =
            |c: char| c.is_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~' | ':' | '%' | '=' | '&');
        if text.chars().all(plain) && text.starts_with("http") {
            return Ok(Self::Address(text.to_owned()));
        }
        if text.chars().all(plain) && text.starts_with('/') {
            return Ok(Self::Path(text.to_owned()));
        }
        Regex::new(text).map(Self::Regex).map_err(|error| {
            let shown = text.escape_debug();
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default();
            missing(&format!("{key}: expected a path or a regular expression, got \"{shown}\": {reason}"))
        })
    }

    fn matches(&self, url: &Url, site: Option<&Url>) -> bool {
        match self {
            Self::Path(path) => {
                let further = url.path().strip_prefix(path.as_str()).is_some_and(|rest| !rest.is_empty());
                further && site.is_none_or(|site| site.host_str() == url.host_str())
            }
            Self::Address(address) => url.as_str().starts_with(address.as_str()),
            Self::Regex(regex) => regex.is_match(url.as_str()),
        }
    }
}
