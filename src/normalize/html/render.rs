//! Blocks to clean text and to sanitized HTML.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ammonia::Builder;
use memchr::memchr;

use super::{
    blocks::{Block, Kind},
    elements::is_safe,
};

/// Tags without attributes that may be stored.
const TAGS: [&str; 14] =
    ["p", "br", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "code"];

/// The last word on what may be stored as HTML where [`is_clean`] cannot tell.
static SANITIZER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .tags(TAGS.into_iter().chain(["a"]).collect())
        .tag_attributes(HashMap::from([("a", HashSet::from(["href"]))]))
        .generic_attributes(HashSet::new())
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .link_rel(None);
    builder
});

/// One line to show as text.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// What it is.
    pub kind: Kind,
    /// A new paragraph, list or heading begins here.
    pub gap: bool,
    /// Without line ends.
    pub text: &'a str,
}

impl<'a> From<&'a Block> for Line<'a> {
    fn from(block: &'a Block) -> Self {
        Self { kind: block.kind, gap: block.gap, text: &block.text }
    }
}

/// Lines of text: items as `- item`, an empty line between paragraphs.
pub fn to_text(blocks: &[Block]) -> String {
    let length = blocks.iter().map(|block| block.text.len() + 12).sum();
    write(String::with_capacity(length), blocks.iter().map(Line::from))
}

/// As [`to_text`], of lines chosen elsewhere.
pub fn lines_to_text(lines: &[Line<'_>]) -> String {
    write(String::new(), lines.iter().copied())
}

fn write<'a>(mut out: String, lines: impl Iterator<Item = Line<'a>>) -> String {
    let mut before: Option<Kind> = None;
    for line in lines {
        if !out.is_empty() {
            out.push('\n');
            let both_items = matches!((before, line.kind), (Some(Kind::Item { .. }), Kind::Item { .. }));
            let heading = matches!(before, Some(Kind::Heading(_)));
            if (line.gap && !both_items && !heading) || (heading && matches!(line.kind, Kind::Heading(_))) {
                out.push('\n');
            }
        }
        if let Kind::Item { depth, .. } = line.kind {
            for _ in 1..depth {
                out.push_str("  ");
            }
            out.push_str("- ");
        }
        out.push_str(line.text);
        before = Some(line.kind);
    }
    out
}

/// HTML with nothing in it but headings, paragraphs, lists, emphasis and web links.
pub fn to_html(blocks: &[Block]) -> String {
    let mut out = String::with_capacity(
        blocks.iter().map(|block| block.html.as_ref().map_or(block.text.len(), String::len) + 24).sum(),
    );
    let mut lists: Vec<&'static str> = Vec::new();
    let mut paragraph = false;
    for block in blocks {
        let html = block.html.as_deref().unwrap_or(&block.text);
        let continues = paragraph && !block.gap && block.kind == Kind::Line;
        if paragraph && !continues {
            out.push_str("</p>");
            paragraph = false;
        }
        let depth = match block.kind {
            Kind::Item { depth, .. } => usize::from(depth),
            _ => 0,
        };
        close_lists(&mut out, &mut lists, depth);
        match block.kind {
            Kind::Line if continues => {
                out.push_str("<br>");
                out.push_str(html);
            }
            Kind::Line => {
                out.push_str("<p>");
                out.push_str(html);
                paragraph = true;
            }
            Kind::Heading(level) => {
                let level = char::from(b'0' + level.clamp(1, 6));
                out.extend(["<h", level.encode_utf8(&mut [0; 4]), ">", html]);
                out.extend(["</h", level.encode_utf8(&mut [0; 4]), ">"]);
            }
            Kind::Item { ordered, .. } => {
                if lists.len() == depth {
                    out.push_str("</li>");
                }
                while lists.len() < depth {
                    let name = if ordered { "ol" } else { "ul" };
                    out.extend(["<", name, ">"]);
                    lists.push(name);
                    if lists.len() < depth {
                        out.push_str("<li>");
                    }
                }
                out.push_str("<li>");
                out.push_str(html);
            }
        }
    }
    if paragraph {
        out.push_str("</p>");
    }
    close_lists(&mut out, &mut lists, 0);
    if is_clean(&out) { out } else { SANITIZER.clean(&out).to_string() }
}

/// True where every `<` begins one of the tags that [`to_html`] writes, none has an attribute but an address, and each end tag ends
/// what was opened last: nothing is left for the sanitizer.
fn is_clean(html: &str) -> bool {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html;
    while let Some(at) = memchr(b'<', rest.as_bytes()) {
        let tag = &rest[at + 1..];
        let Some(end) = memchr(b'>', tag.as_bytes()) else { return false };
        let (tag, behind) = (&tag[..end], &tag[end + 1..]);
        rest = behind;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name) {
                return false;
            }
        } else if let Some(href) = tag.strip_prefix("a href=\"").and_then(|tag| tag.strip_suffix('"')) {
            if !is_safe(href) || href.contains(['"', '<']) || open.contains(&"a") {
                return false;
            }
            open.push("a");
        } else if TAGS.contains(&tag) {
            if tag != "br" {
                open.push(tag);
            }
        } else {
            return false;
        }
    }
    open.is_empty()
}

fn close_lists(out: &mut String, lists: &mut Vec<&'static str>, depth: usize) {
    while lists.len() > depth
        && let Some(name) = lists.pop()
    {
        out.extend(["</li></", name, ">"]);
    }
}
