//! Blocks to clean text and to sanitized HTML.

use std::{collections::HashSet, sync::LazyLock};

use ammonia::Builder;

use super::blocks::{Block, Kind};

/// The last word on what may be stored as HTML, whatever was written before it.
static SANITIZER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .tags(HashSet::from([
            "p", "br", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "code", "a",
        ]))
        .url_schemes(HashSet::from(["http", "https"]))
        .link_rel(Some("nofollow noopener"));
    builder
});

/// Lines of text: items as `- item`, an empty line between paragraphs.
pub fn to_text(blocks: &[Block]) -> String {
    let mut out = String::new();
    let mut before: Option<Kind> = None;
    for block in blocks {
        if !out.is_empty() {
            out.push('\n');
            let both_items = matches!((before, block.kind), (Some(Kind::Item { .. }), Kind::Item { .. }));
            let heading = matches!(before, Some(Kind::Heading(_)));
            if (block.gap && !both_items && !heading) || (heading && matches!(block.kind, Kind::Heading(_))) {
                out.push('\n');
            }
        }
        if let Kind::Item { depth, .. } = block.kind {
            for _ in 1..depth {
                out.push_str("  ");
            }
            out.push_str("- ");
        }
        out.push_str(&block.text);
        before = Some(block.kind);
    }
    out
}

/// HTML with nothing in it but headings, paragraphs, lists, emphasis and web links.
pub fn to_html(blocks: &[Block]) -> String {
    let mut out = String::new();
    let mut lists: Vec<&'static str> = Vec::new();
    let mut paragraph = false;
    for block in blocks {
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
                out.push_str(&block.html);
            }
            Kind::Line => {
                out.push_str("<p>");
                out.push_str(&block.html);
                paragraph = true;
            }
            Kind::Heading(level) => {
                let level = char::from(b'0' + level.clamp(1, 6));
                out.extend(["<h", level.encode_utf8(&mut [0; 4]), ">", &block.html]);
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
                out.push_str(&block.html);
            }
        }
    }
    if paragraph {
        out.push_str("</p>");
    }
    close_lists(&mut out, &mut lists, 0);
    SANITIZER.clean(&out).to_string()
}

fn close_lists(out: &mut String, lists: &mut Vec<&'static str>, depth: usize) {
    while lists.len() > depth
        && let Some(name) = lists.pop()
    {
        out.extend(["</li></", name, ">"]);
    }
}
