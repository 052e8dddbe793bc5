//! A page of HTML: its elements by selector, its links as addresses, and whether it is whole.
//!
//! The markup is looked over before it is parsed: a page made to cost more than its size (elements without end within each other) is
//! refused, so that reading stays linear whatever is sent.

mod scan;

use scraper::{ElementRef, Html, Node, Selector};
use url::Url;

use super::charset::decode;
use crate::{domain::Page, sources::SourceError};

/// Characters that a message shows of a page that is not HTML.
const SHOWN: usize = 20;
/// Query parameters that say where a visitor came from.
const TRACKERS: [&str; 6] = ["fbclid", "gclid", "msclkid", "mc_cid", "mc_eid", "sessionid"];
/// Elements whose text stands apart from that around them.
const APART: &str = "address article aside blockquote br dd div dl dt footer h1 h2 h3 h4 h5 h6 header hr li main ol p section table \
                     tbody td th thead tr ul";

/// A page.
pub(in crate::sources) struct HtmlPage {
    html: Html,
    base: Option<Url>,
    /// True where the document closes: a page cut in the middle does not.
    pub(in crate::sources) whole: bool,
}

impl HtmlPage {
    /// Reads a page.
    ///
    /// # Errors
    /// [`SourceError::Layout`] where it is not HTML, and says what it is.
    pub(in crate::sources) fn read(page: &Page<'_>) -> Result<Self, SourceError> {
        Self::from_text(&decode(page.body, page.content_type), page.url)
    }

    /// Reads the text of the page at `url`.
    ///
    /// # Errors
    /// As [`HtmlPage::read`].
    pub(in crate::sources) fn from_text(text: &str, url: &str) -> Result<Self, SourceError> {
        let text = text.trim_start_matches('\u{feff}').trim();
        let layout = |found: &str| SourceError::Layout(format!("expected HTML, got {found}"));
        match text.as_bytes().first() {
            None => return Err(layout("an empty page")),
            Some(b'{' | b'[') => return Err(layout("JSON")),
            Some(_) => {}
        }
        let scan = scan::scan(text);
        if scan.tags == 0 {
            let start: String = text.chars().take(SHOWN).collect();
            return Err(layout(&format!("\"{}…\"", start.escape_debug())));
        }
        if scan.costly {
            return Err(layout("elements that nest without end"));
        }
        let html = Html::parse_document(text);
        let base = base(&html, url);
        Ok(Self { html, base, whole: scan.closes })
    }

    /// The elements that match, in the order of the page.
    pub(in crate::sources) fn select<'a>(
        &'a self,
        selector: &'a Selector,
    ) -> impl Iterator<Item = ElementRef<'a>> {
        self.html.select(selector)
    }

    /// The whole page.
    pub(in crate::sources) fn root(&self) -> ElementRef<'_> {
        self.html.root_element()
    }

    /// The address that a link of this page leads to, without its fragment; none where it is no page.
    pub(in crate::sources) fn resolve(&self, link: &str) -> Option<Url> {
        let link = link.trim();
        if link.is_empty() || link.starts_with('#') {
            return None;
        }
        let mut url = match &self.base {
            Some(base) => base.join(link).ok()?,
            None => Url::parse(link).ok()?,
        };
        // A route of a one-page site names the page.
        if !url.fragment().is_some_and(|fragment| fragment.starts_with(['/', '!'])) {
            url.set_fragment(None);
        }
        (matches!(url.scheme(), "http" | "https") && url.host_str().is_some()).then_some(url)
    }
}

fn base(html: &Html, url: &str) -> Option<Url> {
    let page = Url::parse(url).ok();
    let named = Selector::parse("base[href]").ok();
    let href = named.and_then(|named| html.select(&named).next()?.attr("href").map(str::to_owned));
    let Some(href) = href else { return page };
    match &page {
        Some(page) => page.join(&href).ok(),
        None => Url::parse(&href).ok(),
    }
    .or(page)
}

/// A selector from an option.
///
/// # Errors
/// [`SourceError::Args`] names the option.
pub(in crate::sources) fn css(option: &str, text: &str) -> Result<Selector, SourceError> {
    Selector::parse(text).map_err(|error| {
        let shown = text.escape_debug();
        SourceError::Args(format!("options.{option}: expected a CSS selector, got \"{shown}\": {error}"))
    })
}

/// What a page is known by: its address without scheme, fragment, trailing slash and the parameters of campaigns.
pub(in crate::sources) fn identity(url: &Url) -> String {
    let kept: Vec<&str> =
        url.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()).collect();
    let kept = kept.into_iter().filter(|pair| {
        let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
        !name.starts_with("utm_") && !TRACKERS.contains(&name.as_str())
    });
    let query = kept.collect::<Vec<_>>().join("&");
    let mut identity = url.host_str().unwrap_or_default().to_owned();
    if let Some(port) = url.port() {
        identity.push(':');
        identity.push_str(&port.to_string());
    }
    identity.push_str(url.path().trim_end_matches('/'));
    if !query.is_empty() {
        identity.push('?');
        identity.push_str(&query);
    }
    if let Some(route) = url.fragment().filter(|fragment| fragment.starts_with(['/', '!'])) {
        identity.push('#');
        identity.push_str(route);
    }
    identity
}

/// The text of an element on one line, without scripts and styles; none where it is blank.
pub(in crate::sources) fn line(element: ElementRef<'_>) -> Option<String> {
    let mut text = String::new();
    let mut open = vec![(*element, false)];
    while let Some((node, read)) = open.pop() {
        match node.value() {
            Node::Text(part) => text.push_str(part),
            Node::Element(element) => {
                let name = element.name();
                if matches!(name, "script" | "style" | "noscript" | "template") {
                    continue;
                }
                if APART.split(' ').any(|apart| apart == name) {
                    text.push(' ');
                }
                if !read {
                    open.push((node, true));
                    open.extend(node.children().rev().map(|child| (child, false)));
                }
            }
            _ => {}
        }
    }
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests;
