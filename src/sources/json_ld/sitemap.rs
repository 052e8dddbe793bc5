//! Sitemaps: lists of pages, indexes of lists, both also compressed, and robots.txt that names them.

use std::{borrow::Cow, io::Read as _};

use flate2::read::MultiGzDecoder;
use url::Url;

use super::{
    super::{
        Board, Parsed, SourceError,
        reading::{Element, Records, Xml, decode},
    },
    draft,
    options::Options,
};
use crate::domain::{Page, Request};

/// Bytes of a sitemap: the protocol allows 50 MiB.
const MOST: u64 = 50 << 20;
/// Sitemaps that are read of one index.
const SITEMAPS: usize = 500;

/// The sitemaps that a robots.txt names. Nothing in such a file shows that it is whole.
pub(super) fn from_robots(options: &Options, page: &Page<'_>) -> Result<Parsed, SourceError> {
    let text = decode(page.body, page.content_type);
    let base = Url::parse(page.url).ok();
    let named = text.lines().filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.trim().eq_ignore_ascii_case("sitemap").then(|| value.trim())
    });
    let mut next = Vec::new();
    for address in named.take(SITEMAPS) {
        let url = base.as_ref().map_or_else(|| Url::parse(address), |base| base.join(address)).ok();
        let web = url.filter(|url| matches!(url.scheme(), "http" | "https"));
        next.extend(web.filter(|url| options.wants_sitemap(url, base.as_ref())).map(Request::xml));
    }
    if next.is_empty() {
        return Err(SourceError::Layout("robots.txt: expected a line \"Sitemap:\", got none".to_owned()));
    }
    Ok(Parsed { next, ..Parsed::default() })
}

/// The pages or further sitemaps of a sitemap; none where the page is something else.
pub(super) fn read(board: &Board, options: &Options, page: &Page<'_>) -> Option<Result<Parsed, SourceError>> {
    let (body, whole) = inflated(page.body);
    let text = decode(&body, page.content_type);
    let start = text.get(..text.floor_char_boundary(4096)).unwrap_or_default();
    if !start.contains("<urlset") && !start.contains("<sitemapindex") {
        return None;
    }
    let sitemap = match Xml::from_text(&text) {
        Ok(sitemap) => sitemap,
        Err(error) => return Some(Err(error)),
    };
    if sitemap.root_named(&["urlset", "sitemapindex"]).is_err() {
        return None;
    }
    let site = Url::parse(page.url).ok();
    let mut records = Records::default();
    let mut next = Vec::new();
    for entry in sitemap.root.elements() {
        match location(entry) {
            Ok(url) if entry.is("sitemap") => {
                if next.len() < SITEMAPS && options.wants_sitemap(&url, site.as_ref()) {
                    next.push(Request::xml(url));
                }
            }
            Ok(url) if options.wants_page(&url, site.as_ref()) => {
                records.push_draft(Ok(draft(board, &url, entry.field("lastmod"))), || None);
            }
            Ok(_) => {}
            Err(reason) => records.reject(entry.field("loc"), reason),
        }
    }
    let mut parsed = records.into_parsed(None, whole && sitemap.whole);
    parsed.next = next;
    Some(Ok(parsed))
}

fn location(entry: &Element) -> Result<Url, String> {
    let address = entry.required("loc")?;
    let url = Url::parse(&address).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    url.ok_or_else(|| "loc: expected an http(s) address".to_owned())
}

/// The body, decompressed where it is compressed, and whether that is all of it.
fn inflated(body: &[u8]) -> (Cow<'_, [u8]>, bool) {
    if !body.starts_with(&[0x1f, 0x8b]) {
        return (Cow::Borrowed(body), true);
    }
    let mut out = Vec::new();
    let read = MultiGzDecoder::new(body).take(MOST + 1).read_to_end(&mut out);
    let whole = read.is_ok() && u64::try_from(out.len()).is_ok_and(|length| length <= MOST);
    (Cow::Owned(out), whole)
}
