//! The JSON-LD blocks of a page, repaired until they are JSON, and the `JobPosting`s within.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

use super::super::{Document, Object, Value};

/// Steps from a block down to a `JobPosting`.
const DEEPEST: u8 = 6;
/// Postings of one page that are read.
const MOST: usize = 2000;
/// Keys under which a block keeps what it is about.
const WITHIN: [&str; 6] = ["@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "item", "about"];

#[expect(clippy::unwrap_used, reason = "the pattern is fixed")]
static MARKS: LazyLock<Regex> = LazyLock::new(|| Regex::new("(?i)<!--|<script").unwrap());
#[expect(clippy::unwrap_used, reason = "the pattern is fixed")]
static END: LazyLock<Regex> = LazyLock::new(|| Regex::new("(?i)</script").unwrap());

/// The JSON of each `JobPosting` in a page, in the order of the page; one that stands there twice counts once.
pub(in crate::sources) fn job_postings(html: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for block in blocks(html) {
        let json = repair(bare(block));
        let document = Document::new(json.as_bytes());
        if let Ok(root) = document.root() {
            collect(root, 0, &mut found);
        }
    }
    found
}

/// The contents of the elements `<script type="application/ld+json">`.
fn blocks(html: &str) -> Vec<&str> {
    let mut blocks = Vec::new();
    let mut rest = html;
    while let Some(mark) = MARKS.find(rest) {
        let comment = mark.as_str() == "<!--";
        rest = rest.get(mark.end()..).unwrap_or_default();
        let end = if comment {
            rest.find("-->").map(|at| at + 3)
        } else {
            let Some(open) = rest.find('>') else { break };
            let (tag, content) = rest.split_at(open);
            let Some(close) = END.find(content) else { break };
            if tag.to_ascii_lowercase().contains("ld+json") {
                blocks.extend(content.get(1..close.start()));
            }
            Some(open + close.end())
        };
        let Some(end) = end else { break };
        rest = rest.get(end..).unwrap_or_default();
    }
    blocks
}

/// The block without comments and CDATA marks around it.
fn bare(block: &str) -> &str {
    let mut json = block.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{feff}' | '\0'));
    loop {
        let before = json;
        for mark in ["<!--", "//<![CDATA[", "/*<![CDATA[*/", "// <![CDATA[", "<![CDATA[", "//", "/*", "*/"] {
            json = json.strip_prefix(mark).unwrap_or(json);
        }
        for mark in ["-->", "]]>", "/*]]>*/", "//", "/*", "*/", ";"] {
            json = json.strip_suffix(mark).unwrap_or(json);
        }
        json = json.trim();
        if json == before {
            return json;
        }
    }
}

/// JSON in which control characters within texts are escaped and commas before a closing bracket are gone.
fn repair(json: &str) -> Cow<'_, str> {
    let mut out = String::with_capacity(json.len());
    let mut changed = false;
    let mut within = false;
    let mut chars = json.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => within = !within,
            '\\' if within => {
                let Some((_, next)) = chars.next() else { break };
                if !matches!(next, '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u') {
                    changed = true;
                    out.push('\\');
                }
                out.push('\\');
                out.push(next);
                continue;
            }
            ',' if !within && closes(json.get(at + 1..).unwrap_or_default()) => {
                changed = true;
                continue;
            }
            c if c.is_control() && within => {
                changed = true;
                out.push_str(match c {
                    '\n' => "\\n",
                    '\r' => "\\r",
                    '\t' => "\\t",
                    _ => " ",
                });
                continue;
            }
            '\n' | '\r' | '\t' | ' ' => {}
            c if c.is_control() || c.is_whitespace() && !within => {
                changed = true;
                out.push(' ');
                continue;
            }
            _ => {}
        }
        out.push(c);
    }
    if changed { Cow::Owned(out) } else { Cow::Borrowed(json) }
}

/// True where nothing but blanks and commas stands before a closing bracket.
fn closes(rest: &str) -> bool {
    // A run of commas is looked through once for each; it is no longer than this in any page that is meant to be read.
    let start = rest.get(..rest.floor_char_boundary(256)).unwrap_or_default();
    start.trim_start_matches(|c: char| c.is_whitespace() || c == ',').starts_with([']', '}'])
}

fn collect(value: Value<'_>, depth: u8, found: &mut Vec<String>) {
    if depth > DEEPEST || found.len() >= MOST {
        return;
    }
    if let Ok(items) = value.items() {
        for item in items {
            collect(item, depth + 1, found);
        }
        return;
    }
    let Ok(object) = value.object() else { return };
    if is_job_posting(&object) {
        if !found.iter().any(|known| known == value.json()) {
            found.push(value.json().to_owned());
        }
        return;
    }
    for within in WITHIN.iter().filter_map(|key| object.get(key)) {
        collect(within, depth + 1, found);
    }
}

fn is_job_posting(object: &Object<'_>) -> bool {
    super::texts(object, "@type").iter().any(|name| {
        let name = name.rsplit(['/', ':', '#']).next().unwrap_or_default();
        name.trim() == "JobPosting"
    })
}
