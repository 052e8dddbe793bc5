//! Blocks: the lines of a text with what they are, read from markup or from plain text.

use std::borrow::Cow;

use super::{
    elements::{escape, needs_escape},
    reader::Reader,
    tokens::{Token, Tokens},
};
use crate::normalize::{entities, repair};

/// Lists deeper than this are shown as deep as this.
pub(super) const DEEPEST: u8 = 4;

/// What a line of text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A line of running text.
    Line,
    /// `<h1>` to `<h6>`.
    Heading(u8),
    /// An item of a list, with its depth from 1.
    Item {
        /// Nesting, from 1.
        depth: u8,
        /// Numbered.
        ordered: bool,
    },
}

/// One line of text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub kind: Kind,
    /// Clean text on one line, never empty.
    pub text: String,
    /// Length in bytes of the bold beginning of `text`; `text.len()` where all of it is bold.
    pub bold: usize,
    /// A new paragraph, list or heading begins here (`<br>` alone begins none).
    pub gap: bool,
    /// Inline HTML of the text: escaped, only `strong`, `em`, `code` and `a`; `None` where it is the text itself.
    pub(super) html: Option<String>,
}

/// The blocks of a piece of HTML. Markup that was escaped once more is read as markup.
pub fn read(html: &str) -> Vec<Block> {
    let html = repair::characters(html);
    let html = if is_escaped(&html) {
        Cow::Owned(repair::characters(&entities::decode(&html)).into_owned())
    } else {
        html
    };
    let mut reader = Reader::default();
    for token in Tokens::new(&html) {
        match token {
            Token::Text(text) => reader.text(text),
            Token::Start { name, attributes } => reader.start(name, attributes),
            Token::End(name) => reader.end(name),
        }
    }
    reader.blocks()
}

/// The blocks of a plain text: lines that begin with a bullet are items.
pub fn plain(text: &str) -> Vec<Block> {
    let text = repair::unescape(text);
    let text = repair::characters(&text);
    let mut blocks: Vec<Block> = Vec::new();
    let mut gap = true;
    for line in text.split('\n') {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() {
            gap = true;
            continue;
        }
        let (kind, text) = match bullet(&line) {
            Some(item) => {
                let depth = u8::try_from(indent / 2 + 1).map_or(DEEPEST, |depth| depth.min(DEEPEST));
                (Kind::Item { depth, ordered: false }, item.to_owned())
            }
            None => (Kind::Line, line),
        };
        let html = needs_escape(&text).then(|| escape(&text));
        blocks.push(Block { kind, text, bold: 0, gap, html });
        gap = false;
    }
    blocks
}

/// The text of a line behind its bullet, where it has one.
pub(super) fn bullet(line: &str) -> Option<&str> {
    let rest = line
        .strip_prefix(['•', '·', '▪', '●', '◦', '‣', '■', '◆', '➢', '►', '✓', '✔', '○', '\u{f0b7}'])
        .or_else(|| line.strip_prefix(['-', '*', '–', '—', 'o']).filter(|rest| rest.starts_with(' ')))?;
    let rest = rest.trim_start();
    (!rest.is_empty()).then_some(rest)
}

/// True where there is no tag but there are escaped ones.
fn is_escaped(html: &str) -> bool {
    if !html.contains("&lt;") {
        return false;
    }
    let tagged = Tokens::new(html).any(|token| !matches!(token, Token::Text(_)));
    !tagged && (html.contains("&lt;/") || html.contains("&lt;br") || html.contains("&lt;p"))
}
