//! The requirements of a posting: its source's own field, or the sections of the text under a heading that announces them.
//!
//! A heading is an `<h1>`–`<h6>`, a line that is bold from end to end, a bold beginning that ends in a colon, or a plain line that
//! is nothing but a known heading. To add a language, add its words to
//! `requirements.tsv`.

use std::{cmp::Ordering, sync::LazyLock};

use aho_corasick::AhoCorasick;
use rustc_hash::FxHashMap;

use super::cues;
use super::html::{Block, Kind, Line, lines_to_text};

/// Longest heading, in characters.
const LONGEST: usize = 90;

static WANTED_SORTED: LazyLock<Sorted> = LazyLock::new(|| sorted("wanted"));
static OTHER_SORTED: LazyLock<Sorted> = LazyLock::new(|| sorted("other"));

static INSIDE: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let words = cues::table(include_str!("requirements.tsv")).filter(|(tag, _)| *tag == "inside");
    cues::automaton(&words.map(|(_, word)| word).collect::<Vec<_>>())
});

/// Beginnings by their first character, longest first.
type Sorted = FxHashMap<char, Vec<&'static str>>;

fn sorted(tag: &str) -> Sorted {
    let mut sorted = Sorted::default();
    for (_, word) in cues::table(include_str!("requirements.tsv")).filter(|(known, _)| *known == tag) {
        sorted.entry(word.chars().next().unwrap_or_default()).or_default().push(word);
    }
    for words in sorted.values_mut() {
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    }
    sorted
}

/// What a heading is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// What is asked of a person, must or may.
    Wanted,
    /// Work, offer, employer, place, way to apply.
    Other,
    /// The lists do not know it.
    Unknown,
}

/// A heading: its level (1–6 for `<h1>`–`<h6>`, 7 for bold, 8 for plain lines), what it is about, and the text behind it on its line.
struct Heading<'a> {
    level: u8,
    topic: Topic,
    /// One of the lists has it as it stands.
    exact: bool,
    behind: &'a str,
}

impl Heading<'_> {
    /// True where this heading, which announces no requirements, ends a section under a heading of level `open`.
    fn ends(&self, open: u8, filled: bool, block: &Block) -> bool {
        match self.topic {
            // A label with its text on one line is no heading of its own unless the lists know it.
            Topic::Other => self.behind.is_empty() || self.exact || self.level <= open,
            // An unknown one may be a label inside the section, and is one where nothing stands under the section's heading yet.
            _ => self.level <= open && filled && !(self.level >= 7 && block.text.ends_with(':')),
        }
    }
}

/// The text of the sections under headings that announce requirements; `None` where there is none.
pub fn split(blocks: &[Block]) -> Option<String> {
    let mut kept: Vec<(Line<'_>, bool)> = Vec::new();
    // The level of the heading that opened the section, and whether something stands under it yet.
    let mut inside: Option<(u8, bool)> = None;
    for block in blocks {
        let found = heading(block);
        let is_label = found.as_ref().is_some_and(|heading| heading.behind.is_empty());
        match (found, inside) {
            (Some(Heading { level, topic: Topic::Wanted, behind, .. }), _) => {
                if behind.is_empty() {
                    if !kept.is_empty() {
                        kept.push((Line { kind: Kind::Line, gap: true, text: &block.text }, true));
                    }
                } else if inside.is_some() {
                    kept.push((Line::from(block), false));
                } else {
                    kept.push((Line { kind: Kind::Line, gap: true, text: behind }, false));
                }
                inside = Some((inside.map_or(level, |(outer, _)| outer.min(level)), !behind.is_empty()));
            }
            (Some(heading), Some((open, filled))) if heading.ends(open, filled, block) => inside = None,
            (_, Some((open, filled))) => {
                kept.push((Line::from(block), is_label));
                inside = Some((open, filled || !is_label));
            }
            (_, None) => {}
        }
    }
    while kept.pop_if(|(_, heading)| *heading).is_some() {}
    let lines: Vec<Line<'_>> = kept.into_iter().map(|(line, _)| line).collect();
    Some(lines_to_text(&lines)).filter(|text| !text.is_empty())
}

/// What a heading is about, as far as the lists know.
pub fn topic_of(heading: &str) -> Topic {
    Found::of(heading).topic
}

/// True for a heading that announces requirements, as sources with named sections send it.
pub fn is_heading(text: &str) -> bool {
    topic_of(text) == Topic::Wanted
}

fn heading(block: &Block) -> Option<Heading<'_>> {
    let text = block.text.as_str();
    if let Kind::Heading(level) = block.kind {
        return Some(Found::of(text).heading(level, ""));
    }
    if matches!(block.kind, Kind::Item { .. }) {
        return None;
    }
    let short = |text: &str| text.len() <= LONGEST || text.chars().nth(LONGEST).is_none();
    let is_short = short(text);
    if block.bold == text.len() && is_short {
        return Some(Found::of(text).heading(7, ""));
    }
    if let Some((lead, behind)) = text.split_once(':')
        && short(lead)
    {
        let found = Found::of(lead);
        let known = found.topic != Topic::Unknown;
        let words = lead.split_whitespace().count();
        let behind = behind.trim();
        let bold = block.bold > lead.len().saturating_sub(1);
        if behind.is_empty() && words <= 9 && (known || bold) {
            return Some(found.heading(if bold { 7 } else { 8 }, behind));
        }
        if bold && known {
            return Some(found.heading(7, behind));
        }
        if found.topic == Topic::Wanted && words <= 3 && block.gap && starts_capital(lead) {
            return Some(found.heading(8, behind));
        }
    }
    if !is_short || text.ends_with(['.', ';', ',']) {
        return None;
    }
    let words = text.split_whitespace().count();
    if words > 6 {
        return None;
    }
    let found = Found::of(text);
    let shouted = text.chars().any(char::is_alphabetic) && !text.chars().any(char::is_lowercase);
    let known =
        found.topic != Topic::Unknown && (shouted || found.exact || (starts_capital(text) && found.most));
    (known || (shouted && words >= 2)).then(|| found.heading(8, ""))
}

/// What the lists say about a heading.
#[derive(Clone, Copy)]
struct Found {
    topic: Topic,
    /// A list has it as it stands.
    exact: bool,
    /// What a list has is a good part of it.
    most: bool,
}

impl Found {
    fn of(heading: &str) -> Self {
        let folded = fold(heading);
        let lower = folded.as_str();
        let first = lower.chars().next().unwrap_or_default();
        let longest = |words: &Sorted| {
            let words = words.get(&first);
            words.and_then(|words| words.iter().find(|word| begins(lower, word))).map_or(0, |word| word.len())
        };
        let (wanted, other) = (longest(&WANTED_SORTED), longest(&OTHER_SORTED));
        let length = wanted.max(other);
        let topic = match wanted.cmp(&other) {
            Ordering::Greater => Topic::Wanted,
            Ordering::Less => Topic::Other,
            // Words that mark a heading wherever they stand in it.
            Ordering::Equal if wanted == 0 && INSIDE.is_match(lower) => Topic::Wanted,
            Ordering::Equal => Topic::Unknown,
        };
        Self { topic, exact: length == lower.len(), most: length == 0 || length * 5 >= lower.len() * 2 }
    }

    fn heading(self, level: u8, behind: &str) -> Heading<'_> {
        Heading { level, topic: self.topic, exact: self.exact, behind }
    }
}

fn starts_capital(text: &str) -> bool {
    text.chars().find(|char| char.is_alphabetic()).is_some_and(char::is_uppercase)
}

/// True where `lower` begins with `start`, which may go on to the end of its word but not further into a sentence of other words.
fn begins(lower: &str, start: &str) -> bool {
    lower.strip_prefix(start).is_some_and(|rest| {
        rest.is_empty()
            || !rest.starts_with(char::is_alphabetic)
            || [
                "s", "es", "en", "n", "er", "e", "t", "st", "ies", "y", "ung", "ungen", "a", "i", "n an",
                "liche",
            ]
            .iter()
            .any(|ending| {
                rest.strip_prefix(ending).is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
            })
    })
}

/// Lower case, apostrophes straight; decoration, a number in front ("2. Your profile") and a closing colon removed.
fn fold(text: &str) -> String {
    let is_sign = |char: char| !char.is_alphanumeric();
    let mut folded = String::with_capacity(text.len());
    for word in unnumbered(text.trim_matches(is_sign)).split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        for char in word.chars() {
            match char {
                '’' | '‘' | '`' | '´' => folded.push('\''),
                '\u{2010}' | '\u{2011}' | '–' => folded.push('-'),
                '\u{fe0f}' => {}
                _ => folded.extend(char.to_lowercase()),
            }
        }
    }
    match folded.strip_prefix("and ").or_else(|| folded.strip_prefix("und ")) {
        Some(rest) => rest.to_owned(),
        None => folded,
    }
}

/// A heading without the number or letter that counts it.
fn unnumbered(text: &str) -> &str {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let length = match digits {
        0 => text.bytes().take_while(u8::is_ascii_alphabetic).count(),
        digits => digits,
    };
    let rest = &text[length..];
    let counts = match digits {
        0 => length == 1 && rest.starts_with(')'),
        1 | 2 => {
            rest.starts_with(['.', ')', ':', '\u{fe0f}', '\u{20e3}'])
                || rest.starts_with(" - ")
                || rest.starts_with(" – ")
        }
        _ => false,
    };
    if counts { rest.trim_start_matches(|char: char| !char.is_alphanumeric()) } else { text }
}

#[cfg(test)]
mod tests;
