//! The last day to apply in a text: a date behind "Bewerbungsschluss" or "apply ... by".

use std::{ops::Range, sync::LazyLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, MatchKind};
use chrono::NaiveDate;
use regex::Regex;

use super::written;
use crate::normalize::cues;

/// Words, as `deadlines.tsv` says what they mean.
const WORDS: &str = include_str!("deadlines.tsv");
/// Bytes behind a word in which the date must begin.
const REACH: usize = 72;
/// Bytes of the longest date.
const DATE_LENGTH: usize = 40;
/// Bytes of weekday and article between "until" and the date.
const WEEKDAY: usize = 24;
/// Words looked at; an honest posting has fewer.
const MOST_WORDS: usize = 400;

regex!(
    DATE,
    r"(?i)\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-] ?\d{1,2}[./-] ?\d{2,4}|\d{1,2}(?:st|nd|rd|th|er|º|ª|°|\.)?(?: of| de| di)? ?\p{L}{3,12}\.?,?(?: de| del)? \d{4}|\p{L}{3,12}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}"
);

// A time of day may stand before the date.
regex!(
    TIME,
    r"(?i)\d{1,2}[:.]\d{2}(?: ?(?:[ap]\.?m\b|uhr\b|h\b))?|\d{1,2} ?(?:noon|midnight|[ap]\.?m\b|uhr\b|uur\b|h\b)"
);

/// What a word does for the date behind it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Names it.
    Deadline,
    /// Names it if an "until" leads to it.
    Apply,
    /// Is about something else and only looks like the first.
    Other,
}

struct Lexicon {
    searcher: Option<AhoCorasick>,
    /// Bytes of the longest word.
    longest: usize,
    kinds: Vec<Kind>,
    until: Vec<&'static str>,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut kinds = Vec::new();
    let mut patterns: Vec<String> = Vec::new();
    for (tag, word) in cues::table(WORDS) {
        let kind = match tag {
            "deadline" => Kind::Deadline,
            "apply" => Kind::Apply,
            "other" => Kind::Other,
            _ => continue,
        };
        patterns.push(word.to_owned());
        kinds.push(kind);
        if !word.is_ascii() {
            patterns.push(word.to_uppercase());
            kinds.push(kind);
        }
    }
    let searcher = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::DFA))
        .build(&patterns)
        .ok();
    let longest = patterns.iter().map(String::len).max().unwrap_or_default();
    let until = cues::table(WORDS).filter(|(tag, _)| *tag == "until").map(|(_, word)| word).collect();
    Lexicon { searcher, longest, kinds, until }
});

/// The first day named as a deadline that is plausible.
pub(super) fn find(text: &str, plausible: impl Fn(NaiveDate) -> bool) -> Option<NaiveDate> {
    let lexicon = &*LEXICON;
    let searcher = lexicon.searcher.as_ref()?;
    let parts = before_digits(text, REACH + lexicon.longest);
    let words = parts.into_iter().filter_map(|part| {
        let words = searcher.try_find_iter(Input::new(text).range(part));
        words.ok()
    });
    words
        .flatten()
        .filter(|found| {
            !text.get(..found.start()).unwrap_or_default().ends_with(char::is_alphanumeric)
                && !text.get(found.end()..).unwrap_or_default().starts_with(char::is_alphanumeric)
        })
        .take(MOST_WORDS)
        .find_map(|found| {
            let kind = lexicon.kinds.get(found.pattern().as_usize()).filter(|kind| **kind != Kind::Other)?;
            behind(text.get(found.end()..)?, *kind, &lexicon.until).filter(|day| plausible(*day))
        })
}

/// The parts of a text up to `length` bytes before a digit, overlapping ones joined: a word anywhere else leads to no date.
fn before_digits(text: &str, length: usize) -> Vec<Range<usize>> {
    const STEP: usize = 32;
    let mut parts: Vec<Range<usize>> = Vec::new();
    for (step, bytes) in text.as_bytes().chunks(STEP).enumerate() {
        // Without exits a check runs over many bytes at once.
        if !bytes.iter().fold(false, |found, byte| found | byte.is_ascii_digit()) {
            continue;
        }
        for (at, _) in bytes.iter().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
            let end = step * STEP + at;
            let start = end.saturating_sub(length);
            match parts.last_mut() {
                Some(last) if start <= last.end => last.end = end,
                _ => parts.push(start..end),
            }
        }
    }
    parts
}

/// The date that a word's tail leads to.
fn behind(tail: &str, kind: Kind, until: &[&str]) -> Option<NaiveDate> {
    let tail = tail.get(..tail.floor_char_boundary(REACH + DATE_LENGTH))?;
    let digit = tail.bytes().position(|byte| byte.is_ascii_digit())?;
    if digit > REACH {
        return None;
    }
    let date = DATE.find(tail)?;
    let gap = tail.get(..date.start())?;
    // "Deadline" may be a heading of its own; anything else in another line or sentence is another matter.
    let heading =
        gap.trim_start_matches([':', ' ']).starts_with('\n') && gap.trim().trim_matches(':').is_empty();
    let number =
        digit < date.start() && TIME.replace_all(gap, "").contains(|letter: char| letter.is_ascii_digit());
    if number || (gap.contains('\n') && !heading) || gap.contains([';', '!', '?']) || ends_sentence(gap) {
        return None;
    }
    if kind == Kind::Apply && !leads(gap, until) {
        return None;
    }
    written::read(&date.as_str().to_lowercase())
}

/// Whether one of the "until" words stands before the date, with no more than a weekday between.
fn leads(gap: &str, until: &[&str]) -> bool {
    let lower = gap.to_lowercase();
    let near =
        lower.get(lower.ceil_char_boundary(lower.len().saturating_sub(2 * WEEKDAY))..).unwrap_or_default();
    until.iter().any(|word| {
        near.rmatch_indices(word).any(|(at, _)| {
            let head = near.get(..at).unwrap_or_default();
            let rest = near.get(at + word.len()..).unwrap_or_default();
            !head.ends_with(char::is_alphanumeric)
                && rest.starts_with([' ', ':', '\u{a0}'])
                && rest.len() <= WEEKDAY
        })
    })
}

fn ends_sentence(gap: &str) -> bool {
    gap.match_indices(". ").any(|(at, _)| {
        let word = gap.get(..at).unwrap_or_default().rsplit(' ').next().unwrap_or_default();
        let next = gap.get(at + 2..).unwrap_or_default();
        (at == 0 || word.len() > 3) && next.starts_with(char::is_uppercase)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lexicon_builds() {
        assert!(LEXICON.searcher.is_some() && LEXICON.until.len() > 30);
        assert!([Kind::Deadline, Kind::Apply, Kind::Other].iter().all(|kind| LEXICON.kinds.contains(kind)));
    }
}
