//! Blocks: the lines of a text with what they are, read from markup or from plain text.

use std::borrow::Cow;

use super::{
    elements::{Inline, Open, close_tag, escape, inline_end, inline_of, is_block, is_web, open_tag},
    tokens::{Token, Tokens, attribute},
};
use crate::normalize::{entities, repair};

/// Lists deeper than this are shown as deep as this.
const DEEPEST: u8 = 4;
/// Open inline elements beyond this are ignored.
const MOST_INLINE: usize = 16;

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
    /// Inline HTML of the text: escaped, only `strong`, `em`, `code` and `a`.
    pub html: String,
}

/// The blocks of a piece of HTML. Markup that was escaped once more is read as markup.
pub fn read(html: &str) -> Vec<Block> {
    let html = repair::characters(html);
    let html = if is_escaped(&html) { Cow::Owned(entities::decode(&html).into_owned()) } else { html };
    let mut reader = Reader::default();
    for token in Tokens::new(&html) {
        match token {
            Token::Text(text) => reader.text(text),
            Token::Start { name, attributes } => reader.start(&name.to_ascii_lowercase(), attributes),
            Token::End(name) => reader.end(&name.to_ascii_lowercase()),
        }
    }
    reader.flush();
    reader.blocks
}

/// The blocks of a plain text: lines that begin with a bullet are items.
pub fn plain(text: &str) -> Vec<Block> {
    let text = repair::characters(text);
    let text = repair::unescape(&text);
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
        let html = escape(&text);
        blocks.push(Block { kind, text, bold: 0, gap, html });
        gap = false;
    }
    blocks
}

/// The text of a line behind its bullet, where it has one.
fn bullet(line: &str) -> Option<&str> {
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

#[derive(Default)]
struct Reader {
    blocks: Vec<Block>,
    line: Current,
    /// Open lists: true where numbered. Deeper ones are only counted.
    lists: Vec<bool>,
    deeper: usize,
    heading: Option<u8>,
    in_item: bool,
    open: Vec<Open>,
    gap: bool,
    kept_lines: bool,
}

#[derive(Default)]
struct Current {
    text: String,
    html: String,
    bold: usize,
    /// Still inside the bold beginning.
    leading: bool,
    /// A blank is due before the next word.
    blank: bool,
    /// That blank is in `html` already.
    spaced: bool,
}

impl Reader {
    fn start(&mut self, name: &str, attributes: &str) {
        match name {
            "br" | "dt" | "dd" | "tr" => self.flush(),
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.paragraph();
                self.heading = name[1..].parse().ok();
            }
            "ul" | "ol" | "menu" | "dir" => {
                self.paragraph();
                if self.lists.len() < usize::from(DEEPEST) {
                    self.lists.push(name == "ol");
                } else {
                    self.deeper = self.deeper.saturating_add(1);
                }
            }
            "li" => {
                self.flush();
                self.heading = None;
                self.in_item = true;
            }
            "td" | "th" => self.line.blank = true,
            "pre" => {
                self.paragraph();
                self.kept_lines = true;
            }
            _ if is_block(name) => self.paragraph(),
            _ => {
                if let Some(inline) = inline_of(name, attributes) {
                    self.open_inline(inline, attributes);
                }
            }
        }
    }

    fn end(&mut self, name: &str) {
        match name {
            "br" | "tr" | "dt" | "dd" => self.flush(),
            "ul" | "ol" | "menu" | "dir" => {
                self.paragraph();
                self.in_item = false;
                if self.deeper > 0 {
                    self.deeper -= 1;
                } else {
                    self.lists.pop();
                }
            }
            "li" => {
                self.flush();
                self.in_item = false;
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.paragraph();
                self.heading = None;
            }
            "pre" => {
                self.paragraph();
                self.kept_lines = false;
            }
            _ if is_block(name) => self.paragraph(),
            _ => {
                if let Some(inline) = inline_end(name) {
                    self.close_inline(inline);
                }
            }
        }
    }

    /// Ends the line, and begins a new paragraph (inside a list item only a new line).
    fn paragraph(&mut self) {
        self.flush();
        if !self.in_item {
            self.gap = true;
        }
    }

    fn open_inline(&mut self, inline: Inline, attributes: &str) {
        if self.open.len() >= MOST_INLINE || self.open.iter().any(|open| open.inline == inline) {
            return;
        }
        let href = match inline {
            Inline::Link => match attribute(attributes, "href").map(repair::line) {
                Some(href) if is_web(&href) => href,
                _ => return,
            },
            _ => String::new(),
        };
        if self.line.blank && !self.line.text.is_empty() && !self.line.spaced {
            self.line.html.push(' ');
            self.line.spaced = true;
        }
        self.line.leading |= inline == Inline::Bold && self.line.text.is_empty();
        let open = Open { inline, href };
        open_tag(&mut self.line.html, &open);
        self.open.push(open);
    }

    fn close_inline(&mut self, inline: Inline) {
        let Some(at) = self.open.iter().rposition(|open| open.inline == inline) else { return };
        for open in self.open[at..].iter().rev() {
            close_tag(&mut self.line.html, open);
        }
        self.open.remove(at);
        for open in &self.open[at..] {
            open_tag(&mut self.line.html, open);
        }
        if inline == Inline::Bold {
            self.line.leading = false;
        }
    }

    fn text(&mut self, raw: &str) {
        let once = entities::decode(raw);
        let twice = entities::decode(&once);
        let text = repair::characters(&twice);
        if self.kept_lines && text.contains('\n') {
            for (at, line) in text.split('\n').enumerate() {
                if at > 0 {
                    self.flush();
                }
                self.words(line);
            }
        } else {
            self.words(&text);
        }
    }

    fn words(&mut self, text: &str) {
        let line = &mut self.line;
        if text.starts_with(char::is_whitespace) {
            line.blank = true;
        }
        for (at, word) in text.split_whitespace().enumerate() {
            if (at > 0 || line.blank) && !line.text.is_empty() {
                line.text.push(' ');
                if !std::mem::take(&mut line.spaced) {
                    line.html.push(' ');
                }
            }
            line.blank = false;
            line.text.push_str(word);
            line.html.push_str(&escape(word));
            let closing = line.bold > 0
                && word.chars().all(|char| !char.is_alphanumeric())
                && line.text.len() - line.bold <= 4;
            if line.leading || closing {
                line.bold = line.text.len();
            }
        }
        if text.ends_with(char::is_whitespace) {
            line.blank = true;
        }
    }

    /// Ends the line as a block, if it has text.
    fn flush(&mut self) {
        for open in self.open.iter().rev() {
            close_tag(&mut self.line.html, open);
        }
        let line = std::mem::take(&mut self.line);
        if !line.text.is_empty() {
            self.push(line);
        }
        self.line.leading = self.open.iter().any(|open| open.inline == Inline::Bold);
        for open in &self.open {
            open_tag(&mut self.line.html, open);
        }
    }

    fn push(&mut self, line: Current) {
        let Current { mut text, mut html, mut bold, .. } = line;
        let kind = if let Some(level) = self.heading {
            Kind::Heading(level)
        } else if self.in_item {
            self.in_item = false;
            let depth = u8::try_from(self.lists.len()).unwrap_or(DEEPEST).clamp(1, DEEPEST);
            Kind::Item { depth, ordered: self.lists.last().copied().unwrap_or(false) }
        } else if let Some(item) = bullet(&text) {
            let item = item.to_owned();
            bold = bold.saturating_sub(text.len() - item.len());
            if let Some(rest) = bullet(&html) {
                html = rest.to_owned();
            }
            text = item;
            Kind::Item { depth: 1, ordered: false }
        } else {
            Kind::Line
        };
        let gap = std::mem::take(&mut self.gap) || self.blocks.is_empty();
        self.blocks.push(Block { kind, text, bold, gap, html: html.trim().to_owned() });
    }
}
