//! Follows tags and texts, one after the other, and makes blocks of them. Nesting is counted, not built.

use std::borrow::Cow;

use url::Url;

use super::{
    blocks::{Block, DEEPEST, Kind, bullet},
    elements::{
        Element, Inline, Open, close_tag, escape_into, is_bold, is_hidden, is_safe, known, needs_escape,
        open_tag,
    },
    tokens::attribute,
};
use crate::normalize::repair;

/// Open inline elements beyond this are ignored.
const MOST_INLINE: usize = 16;

/// Bytes that most lines do not exceed.
const USUAL: usize = 120;

/// Reads tags and texts into blocks.
#[derive(Default)]
pub(super) struct Reader<'a> {
    blocks: Vec<Block>,
    line: Current,
    /// Open lists: true where numbered. Deeper ones are only counted.
    lists: Vec<bool>,
    deeper: usize,
    heading: Option<u8>,
    /// Items that are headings: where they stand, and their level.
    headed: Vec<(usize, u8)>,
    in_item: bool,
    open: Vec<Open>,
    gap: bool,
    kept_lines: bool,
    hidden: Option<Hidden<'a>>,
}

/// An element that is not shown, with how many of its name are open in it.
struct Hidden<'a> {
    name: &'a str,
    open: usize,
}

/// Bytes that are looked at together.
const STEP: usize = 16;

/// True where all bytes but the last are ASCII without controls, and no blank stands before anything but a sign. Without exits this runs
/// over all of them at once.
fn is_run(bytes: &[u8; STEP + 1]) -> bool {
    let pairs = bytes.iter().zip(&bytes[1..]);
    pairs.fold(true, |run, (byte, next)| {
        run & (byte.is_ascii_graphic() | ((*byte == b' ') & next.is_ascii_graphic()))
    })
}

/// The parts of a text in which single blanks stand between words.
struct Runs<'a>(&'a str);

impl<'a> Iterator for Runs<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.0.trim_start();
        let bytes = text.as_bytes();
        let odd = |at: usize| text[at..].chars().next().is_none_or(char::is_whitespace);
        let mut at = 0;
        'run: loop {
            while let Some(step) = bytes.get(at..).and_then(<[u8]>::first_chunk)
                && is_run(step)
            {
                at += STEP;
            }
            let end = at + STEP;
            while at < end {
                match bytes.get(at) {
                    None => break 'run,
                    Some(b' ') if !bytes.get(at + 1).is_some_and(u8::is_ascii_graphic) && odd(at + 1) => {
                        break 'run;
                    }
                    Some(b' '..=b'~') => at += 1,
                    Some(_) if odd(at) => break 'run,
                    Some(_) => at += text[at..].chars().next().map_or(1, char::len_utf8),
                }
            }
        }
        let (run, rest) = text.split_at(at);
        self.0 = rest;
        (!run.is_empty()).then_some(run)
    }
}

#[derive(Default)]
struct Current {
    text: String,
    /// `None` as long as it is the text itself.
    html: Option<String>,
    bold: usize,
    /// Still inside the bold beginning.
    leading: bool,
    /// A blank is due before the next word.
    blank: bool,
    /// That blank is in `html` already.
    spaced: bool,
}

impl Current {
    /// The line's own HTML, made from its text so far where it was the text itself.
    fn html(&mut self) -> &mut String {
        self.html.get_or_insert_with(|| self.text.clone())
    }
}

impl<'a> Reader<'a> {
    /// What was read.
    pub fn blocks(mut self) -> Vec<Block> {
        self.flush();
        lift_headings(&mut self.blocks, &self.headed);
        self.blocks
    }

    /// `<name attributes>`.
    pub fn start(&mut self, name: &'a str, attributes: &'a str) {
        if self.skips_start(name) {
            return;
        }
        let known = known(name);
        if !attributes.is_empty() && known.hides && !attributes.ends_with('/') && is_hidden(attributes) {
            self.hidden = Some(Hidden { name, open: 1 });
            return;
        }
        match known.element {
            Element::Line => self.flush(),
            Element::Heading(level) => {
                self.paragraph();
                self.heading = Some(level);
            }
            Element::List { ordered } => {
                self.paragraph();
                if self.lists.len() < usize::from(DEEPEST) {
                    self.lists.push(ordered);
                } else {
                    self.deeper = self.deeper.saturating_add(1);
                }
            }
            Element::Item => {
                self.flush();
                self.heading = None;
                self.in_item = true;
            }
            Element::Cell => self.line.blank = true,
            Element::Kept => {
                self.paragraph();
                self.kept_lines = true;
            }
            Element::Block => self.paragraph(),
            Element::Inline(inline) => self.open_inline(inline, attributes),
            Element::Styled if is_bold(attributes) => self.open_inline(Inline::Bold, attributes),
            Element::Styled | Element::Other => {}
        }
    }

    /// `</name>`.
    pub fn end(&mut self, name: &'a str) {
        if self.skips_end(name) {
            return;
        }
        match known(name).element {
            Element::Line => self.flush(),
            Element::List { .. } => {
                self.paragraph();
                self.in_item = false;
                if self.deeper > 0 {
                    self.deeper -= 1;
                } else {
                    self.lists.pop();
                }
            }
            Element::Item => {
                self.flush();
                self.in_item = false;
            }
            Element::Heading(_) => {
                self.paragraph();
                self.heading = None;
            }
            Element::Kept => {
                self.paragraph();
                self.kept_lines = false;
            }
            Element::Block => self.paragraph(),
            Element::Inline(inline) => self.close_inline(inline),
            Element::Styled => self.close_inline(Inline::Bold),
            Element::Cell | Element::Other => {}
        }
    }

    /// True where a start tag stands in what is not shown. A paragraph or item ends where the next one begins.
    fn skips_start(&mut self, name: &str) -> bool {
        let Some(hidden) = &mut self.hidden else { return false };
        if !hidden.name.eq_ignore_ascii_case(name) {
            return true;
        }
        if matches!(name, "p" | "P" | "li" | "LI") {
            self.hidden = None;
            return false;
        }
        hidden.open = hidden.open.saturating_add(1);
        true
    }

    fn skips_end(&mut self, name: &str) -> bool {
        let Some(hidden) = &mut self.hidden else { return false };
        if hidden.name.eq_ignore_ascii_case(name) {
            hidden.open -= 1;
            if hidden.open == 0 {
                self.hidden = None;
            }
        }
        true
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
                Some(href) if is_safe(&href) && Url::parse(&href).is_ok() => href,
                _ => return,
            },
            _ => String::new(),
        };
        if self.line.blank && !self.line.text.is_empty() && !self.line.spaced {
            self.line.html().push(' ');
            self.line.spaced = true;
        }
        self.line.leading |= inline == Inline::Bold && self.line.text.is_empty();
        let open = Open { inline, href };
        open_tag(self.line.html(), &open);
        self.open.push(open);
    }

    fn close_inline(&mut self, inline: Inline) {
        let Some(at) = self.open.iter().rposition(|open| open.inline == inline) else { return };
        for open in self.open[at..].iter().rev() {
            close_tag(self.line.html(), open);
        }
        self.open.remove(at);
        for open in &self.open[at..] {
            open_tag(self.line.html(), open);
        }
        if inline == Inline::Bold {
            self.line.leading = false;
        }
    }

    /// Text between tags, references not yet decoded.
    pub fn text(&mut self, raw: &str) {
        if self.hidden.is_some() {
            return;
        }
        // The markup was repaired as a whole; only references bring new characters.
        let text = match repair::unescape(raw) {
            Cow::Borrowed(same) => Cow::Borrowed(same),
            Cow::Owned(decoded) => match repair::characters(&decoded) {
                Cow::Borrowed(_) => Cow::Owned(decoded),
                Cow::Owned(repaired) => Cow::Owned(repaired),
            },
        };
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
        if text.is_empty() {
            return;
        }
        if text.starts_with(char::is_whitespace) {
            line.blank = true;
        }
        if needs_escape(text) {
            line.html();
        }
        for run in Runs(text) {
            let blank = std::mem::take(&mut line.blank) && !line.text.is_empty();
            if blank {
                line.text.push(' ');
            }
            let before = line.text.len();
            if before == 0 {
                line.text.reserve(run.len().max(USUAL));
            }
            line.text.push_str(run);
            if let Some(html) = &mut line.html {
                if blank && !std::mem::take(&mut line.spaced) {
                    html.push(' ');
                }
                escape_into(html, run);
            }
            line.blank = true;
            if line.leading {
                line.bold = line.text.len();
            } else if line.bold > 0 && before - line.bold <= 1 {
                // A colon or dash behind the bold words belongs to them.
                let word = run.split(' ').next().unwrap_or_default();
                if word.len() <= 3 && !word.contains(char::is_alphanumeric) {
                    line.bold = before + word.len();
                }
            }
        }
        line.blank = line.blank && text.ends_with(char::is_whitespace);
    }

    /// Ends the line as a block, if it has text.
    fn flush(&mut self) {
        for open in self.open.iter().rev() {
            close_tag(self.line.html(), open);
        }
        let line = std::mem::take(&mut self.line);
        if !line.text.is_empty() {
            self.push(line);
        }
        self.line.leading = self.open.iter().any(|open| open.inline == Inline::Bold);
        for open in &self.open {
            open_tag(self.line.html(), open);
        }
    }

    fn push(&mut self, line: Current) {
        let Current { mut text, mut html, mut bold, .. } = line;
        let kind = if self.in_item {
            self.in_item = false;
            self.headed.extend(self.heading.map(|level| (self.blocks.len(), level)));
            let depth = u8::try_from(self.lists.len()).unwrap_or(DEEPEST).clamp(1, DEEPEST);
            Kind::Item { depth, ordered: self.lists.last().copied().unwrap_or(false) }
        } else if let Some(level) = self.heading {
            Kind::Heading(level)
        } else if let Some(item) = bullet(&text) {
            let item = item.to_owned();
            bold = bold.saturating_sub(text.len() - item.len());
            if let Some(html) = &mut html
                && let Some(rest) = bullet(html)
            {
                *html = rest.to_owned();
            }
            text = item;
            Kind::Item { depth: 1, ordered: false }
        } else {
            Kind::Line
        };
        if let Some(html) = &mut html
            && (html.starts_with(' ') || html.ends_with(' '))
        {
            *html = html.trim().to_owned();
        }
        let gap = std::mem::take(&mut self.gap) || self.blocks.is_empty();
        self.blocks.push(Block { kind, text, bold, gap, html });
    }
}

/// An item that is a heading and stands before plain items heads them; where all items are headings, that is only how the list looks.
fn lift_headings(blocks: &mut [Block], headed: &[(usize, u8)]) {
    for (at, (index, level)) in headed.iter().enumerate() {
        let neighbours = [at.checked_sub(1).and_then(|before| headed.get(before)), headed.get(at + 1)];
        let among_headings = neighbours.into_iter().flatten().any(|(other, _)| other.abs_diff(*index) == 1);
        let heads = blocks.get(index + 1).is_some_and(|next| matches!(next.kind, Kind::Item { .. }));
        if heads
            && !among_headings
            && let Some(block) = blocks.get_mut(*index)
        {
            block.kind = Kind::Heading(*level);
        }
    }
}
