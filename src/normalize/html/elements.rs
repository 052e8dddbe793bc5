//! Which elements matter: blocks, inline ones, and how the inline ones are written.

use std::sync::LazyLock;

use memchr::{memchr3, memchr3_iter, memmem::Finder};
use rustc_hash::FxHashMap;

use super::tokens::attribute;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Inline {
    Bold,
    Italic,
    Code,
    Link,
}

impl Inline {
    fn name(self) -> &'static str {
        match self {
            Self::Bold => "strong",
            Self::Italic => "em",
            Self::Code => "code",
            Self::Link => "a",
        }
    }
}

/// An open inline element; `href` only of links.
pub(super) struct Open {
    pub inline: Inline,
    pub href: String,
}

/// What an element is for the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Element {
    /// A line ends before and behind it.
    Line,
    Heading(u8),
    List {
        ordered: bool,
    },
    Item,
    Cell,
    Kept,
    /// A paragraph of its own.
    Block,
    Inline(Inline),
    /// Bold where its style says so.
    Styled,
    /// Neither text nor structure.
    Other,
}

/// What there is to know about an element's name.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub element: Element,
    /// May hide its content: has an end tag, and is not the whole page.
    pub hides: bool,
}

/// Longest name in [`NAMES`], in bytes.
const LONGEST: usize = 10;

/// Lower-case names by what they are.
const NAMES: &[(Element, &str)] = &[
    (Element::Line, "br dt dd tr"),
    (Element::Heading(1), "h1"),
    (Element::Heading(2), "h2"),
    (Element::Heading(3), "h3"),
    (Element::Heading(4), "h4"),
    (Element::Heading(5), "h5"),
    (Element::Heading(6), "h6"),
    (Element::List { ordered: false }, "ul menu dir"),
    (Element::List { ordered: true }, "ol"),
    (Element::Item, "li"),
    (Element::Cell, "td th"),
    (Element::Kept, "pre"),
    (
        Element::Block,
        "p div section article header footer main aside nav blockquote table thead tbody dl figure figcaption fieldset \
         form details summary center address body hr",
    ),
    (Element::Inline(Inline::Bold), "b strong"),
    (Element::Inline(Inline::Italic), "i em"),
    (Element::Inline(Inline::Code), "code tt kbd"),
    (Element::Inline(Inline::Link), "a"),
    (Element::Styled, "span font"),
    (Element::Other, "img input wbr col source meta link area base embed track param html"),
];

/// Elements without an end tag, and the page itself, which scripts show later.
const NEVER_HIDDEN: &[&str] = &[
    "br", "hr", "img", "input", "wbr", "col", "source", "meta", "link", "area", "base", "embed", "track",
    "param", "body", "html",
];

static KNOWN: LazyLock<FxHashMap<&'static [u8], Known>> = LazyLock::new(|| {
    let names = NAMES.iter().flat_map(|(element, names)| names.split(' ').map(move |name| (*element, name)));
    names
        .map(|(element, name)| (name.as_bytes(), Known { element, hides: !NEVER_HIDDEN.contains(&name) }))
        .collect()
});

/// The element of that name, in any case.
pub(super) fn known(name: &str) -> Known {
    let other = Known { element: Element::Other, hides: true };
    let mut lower = [0_u8; LONGEST];
    let Some(lower) = lower.get_mut(..name.len()) else { return other };
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    KNOWN.get(&*lower).copied().unwrap_or(other)
}

/// A property of styles or an attribute, to look for.
struct Wanted {
    name: &'static str,
    finder: Finder<'static>,
}

impl Wanted {
    fn new(name: &'static str) -> Self {
        Self { name, finder: Finder::new(name) }
    }

    fn is_in(&self, text: &str) -> bool {
        self.finder.find(text.as_bytes()).is_some()
    }
}

static WEIGHT: LazyLock<Wanted> = LazyLock::new(|| Wanted::new("font-weight"));
static DISPLAY: LazyLock<Wanted> = LazyLock::new(|| Wanted::new("display"));
static HIDDEN: LazyLock<Wanted> = LazyLock::new(|| Wanted::new("hidden"));

/// True where a style makes its text bold.
pub(super) fn is_bold(attributes: &str) -> bool {
    let Some(style) = style(attributes, &WEIGHT) else { return false };
    let Some((_, weight)) = style.split_once("font-weight") else { return false };
    let weight = weight.trim_start_matches([':', ' ']);
    weight.starts_with("bold") || matches!(weight.as_bytes().first(), Some(b'6'..=b'9'))
}

/// True where an element is not shown to readers.
pub(super) fn is_hidden(attributes: &str) -> bool {
    if style(attributes, &DISPLAY).is_some_and(|style| {
        let mut values = style.split(';').filter_map(|part| part.split_once(':'));
        values.any(|(name, value)| name.trim() == "display" && value.trim().starts_with("none"))
    }) {
        return true;
    }
    HIDDEN.is_in(attributes) && attribute(attributes, "hidden").is_some_and(|value| value != "until-found")
}

/// The style of an element, lower case, where it speaks of `property`.
fn style(attributes: &str, property: &Wanted) -> Option<String> {
    // Most styles say nothing that matters here.
    if !property.is_in(attributes)
        && attributes.is_ascii()
        && !attributes.bytes().any(|byte| byte.is_ascii_uppercase())
    {
        return None;
    }
    let style = attribute(attributes, "style")?.to_ascii_lowercase();
    style.contains(property.name).then_some(style)
}

/// An address that may be kept: of the web, or of a mailbox.
pub(super) fn is_safe(href: &str) -> bool {
    let starts = |scheme: &str| {
        href.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            && href.len() > scheme.len()
    };
    starts("http://") || starts("https://") || starts("mailto:")
}

pub(super) fn open_tag(html: &mut String, open: &Open) {
    html.push('<');
    html.push_str(open.inline.name());
    if open.inline == Inline::Link {
        html.push_str(" href=\"");
        html.push_str(&escape(&open.href).replace('"', "&quot;"));
        html.push('"');
    }
    html.push('>');
}

pub(super) fn close_tag(html: &mut String, open: &Open) {
    html.push_str("</");
    html.push_str(open.inline.name());
    html.push('>');
}

/// Adds `text` with the signs of markup as references.
pub(super) fn escape_into(out: &mut String, text: &str) {
    let bytes = text.as_bytes();
    let mut copied = 0;
    for at in memchr3_iter(b'&', b'<', b'>', bytes) {
        let reference = match bytes[at] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            _ => "&gt;",
        };
        out.push_str(&text[copied..at]);
        out.push_str(reference);
        copied = at + 1;
    }
    out.push_str(&text[copied..]);
}

/// True where [`escape`] changes something.
pub(super) fn needs_escape(text: &str) -> bool {
    memchr3(b'&', b'<', b'>', text.as_bytes()).is_some()
}

pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_into(&mut out, text);
    out
}
