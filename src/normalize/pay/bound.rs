//! "From", "at least", "up to", "or more": which ends a lone amount is.
//!
//! The words are in `bounds.txt`, which says how they are written; to teach it a language, add its words there.

use std::sync::LazyLock;

use super::span::{Span, tail_before};

/// Which ends the amount is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Range,
    Point,
    Least,
    Most,
}

/// The sections of `bounds.txt`.
const WORDS: &str = include_str!("bounds.txt");

struct Words {
    least: Vec<&'static str>,
    most: Vec<&'static str>,
    least_after: Vec<&'static str>,
    most_after: Vec<&'static str>,
}

static BOUNDS: LazyLock<Words> = LazyLock::new(|| Words {
    least: section("least"),
    most: section("most"),
    least_after: section("least after"),
    most_after: section("most after"),
});

/// The words of one section, longest first, so that "more than" is found before "than".
fn section(title: &str) -> Vec<&'static str> {
    let mut inside = false;
    let mut words = Vec::new();
    for line in WORDS.lines().filter(|line| !line.starts_with('#')) {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            inside = name == title;
        } else if inside {
            words.extend(line.split(';').map(str::trim).filter(|word| !word.is_empty()));
        }
    }
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
}

/// Bytes before an amount in which the word may stand.
const LEAD: usize = 32;

/// Which ends a span states.
pub(super) fn bound(text: &str, span: &Span) -> Bound {
    if span.is_range {
        return Bound::Range;
    }
    if let Some((bound, _)) = before(text, span.start) {
        return bound;
    }
    let tail = text.get(span.end..).unwrap_or_default();
    let tail = tail
        .get(..tail.floor_char_boundary(LEAD))
        .unwrap_or_default()
        .trim_start_matches(['+', ' ', '\u{a0}', '\u{202f}'])
        .to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| starts_with_word(&tail, word));
    if span.open || says(&BOUNDS.least_after) {
        Bound::Least
    } else if says(&BOUNDS.most_after) {
        Bound::Most
    } else {
        Bound::Point
    }
}

/// The bound word before an offset and how many bytes before the offset it starts.
pub(super) fn before(text: &str, at: usize) -> Option<(Bound, usize)> {
    let lead = tail_before(text, at, LEAD);
    let bare = lead.trim_end_matches([' ', '\u{a0}', ':', '(', '~', '\u{202f}']);
    let found = |words: &[&'static str]| {
        words
            .iter()
            .copied()
            .find(|word| bare.strip_suffix(word).is_some_and(|head| !head.ends_with(char::is_alphanumeric)))
    };
    let (bound, word) = found(&BOUNDS.most)
        .map(|word| (Bound::Most, word))
        .or_else(|| found(&BOUNDS.least).map(|word| (Bound::Least, word)))?;
    Some((bound, lead.len() - bare.len() + word.len()))
}

fn starts_with_word(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_has_words() {
        let titles: Vec<&str> =
            WORDS.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']')).collect();
        assert_eq!(titles, ["least", "most", "least after", "most after"]);
        assert!(titles.iter().all(|title| section(title).len() > 5));
    }

    #[test]
    fn the_word_before_an_amount_is_found() {
        assert_eq!(before("Lohn: ab ", 9), Some((Bound::Least, 3)));
        assert_eq!(before("jusqu’à ", "jusqu’à ".len()), Some((Bound::Most, "jusqu’à ".len())));
        assert_eq!(before("the lab ", 8), None);
    }
}
