//! Which elements matter: blocks, inline ones, and how the inline ones are written.

use super::tokens::attribute;

#[derive(Clone, Copy, PartialEq, Eq)]
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

pub(super) fn is_block(name: &str) -> bool {
    matches!(
        name,
        "p" | "div"
            | "section"
            | "article"
            | "header"
            | "footer"
            | "main"
            | "aside"
            | "nav"
            | "blockquote"
            | "table"
            | "thead"
            | "tbody"
            | "dl"
            | "figure"
            | "figcaption"
            | "fieldset"
            | "form"
            | "details"
            | "summary"
            | "center"
            | "address"
            | "body"
            | "hr"
    )
}

pub(super) fn inline_of(name: &str, attributes: &str) -> Option<Inline> {
    if name == "span" || name == "font" {
        let style = attribute(attributes, "style")?.to_ascii_lowercase();
        let weight = style.split_once("font-weight")?.1.trim_start_matches([':', ' ']);
        let bold = weight.starts_with("bold") || matches!(weight.as_bytes().first(), Some(b'6'..=b'9'));
        return bold.then_some(Inline::Bold);
    }
    inline_end(name)
}

pub(super) fn inline_end(name: &str) -> Option<Inline> {
    Some(match name {
        "b" | "strong" | "span" | "font" => Inline::Bold,
        "i" | "em" => Inline::Italic,
        "code" | "tt" | "kbd" => Inline::Code,
        "a" => Inline::Link,
        _ => return None,
    })
}

pub(super) fn is_web(href: &str) -> bool {
    let lower = href.get(..8).unwrap_or(href).to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}

pub(super) fn open_tag(html: &mut String, open: &Open) {
    html.push('<');
    html.push_str(open.inline.name());
    if open.inline == Inline::Link {
        html.push_str(" href=\"");
        html.push_str(&escape(&open.href));
        html.push('"');
    }
    html.push('>');
}

pub(super) fn close_tag(html: &mut String, open: &Open) {
    html.push_str("</");
    html.push_str(open.inline.name());
    html.push('>');
}

pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(char),
        }
    }
    out
}
