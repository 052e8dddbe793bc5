//! Cue words: their tables, and cutting a long text down to their surroundings, so that patterns run over little.

use std::ops::Range;

use aho_corasick::AhoCorasick;
use rustc_hash::FxHashMap;

/// An automaton for `words`, which are lower case; ASCII letters match in both cases.
pub fn automaton(words: &[&str]) -> AhoCorasick {
    #[expect(clippy::unwrap_used, reason = "fails only for gigabytes of fixed words")]
    AhoCorasick::builder().ascii_case_insensitive(true).build(words).unwrap()
}

/// Bytes of surroundings that are enough for any honest posting.
const MOST: usize = 24 * 1024;

/// The parts of `text` from `before` bytes before each word to `after` bytes behind it, overlapping ones joined, one a line; no more
/// than the first of them, up to [`MOST`] bytes. `words` are where the words stand, in order.
pub fn around(text: &str, words: impl Iterator<Item = Range<usize>>, before: usize, after: usize) -> String {
    let mut parts: Vec<Range<usize>> = Vec::new();
    for found in words {
        let start = text.floor_char_boundary(found.start.saturating_sub(before));
        let end = text.ceil_char_boundary((found.end + after).min(text.len()));
        match parts.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            _ => parts.push(start..end),
        }
    }
    let mut out = String::new();
    for part in parts {
        let part = part.start..text.floor_char_boundary(part.end.min(part.start + MOST - out.len()));
        out.push_str(&text[part]);
        out.push('\n');
        if out.len() >= MOST {
            break;
        }
    }
    out
}

/// Bytes that a word is first looked up by.
const KEY: usize = 4;
/// Eight kilobytes: they stay in the processor's first cache, which an automaton of many words does not.
const FILTER_BITS: u32 = 16;
const BLOCKS: usize = 1 << (FILTER_BITS - 6);

/// Finds words of at least [`KEY`] bytes in long texts, ASCII letters in any case: of those that begin first the longest, then on
/// behind it.
///
/// Four bytes at a time are looked up in a set of bits, at each place independent of the place before.
pub struct Finder {
    filter: Box<[u64; BLOCKS]>,
    /// Words by their key, the longest first, with their numbers.
    words: FxHashMap<u32, Vec<(Box<str>, usize)>>,
}

impl Finder {
    /// A finder of words, which are numbered in their order.
    pub fn new<W: AsRef<str>>(all: impl IntoIterator<Item = W>) -> Self {
        let mut finder = Self { filter: Box::new([0; BLOCKS]), words: FxHashMap::default() };
        for (number, word) in all.into_iter().enumerate() {
            let word = word.as_ref();
            debug_assert!(word.len() >= KEY, "{word} is too short");
            let Some(first) = word.as_bytes().first_chunk() else { continue };
            let key = key(*first);
            let (block, bit) = place(key);
            finder.filter[block] |= bit;
            finder.words.entry(key).or_default().push((word.into(), number));
        }
        for words in finder.words.values_mut() {
            words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
        }
        finder
    }

    /// Each word found, with its number.
    pub fn find_iter<'a>(&'a self, text: &'a str) -> impl Iterator<Item = (Range<usize>, usize)> {
        let mut from = 0;
        std::iter::from_fn(move || {
            let rest = text.as_bytes().get(from..)?;
            for (at, window) in rest.array_windows().enumerate() {
                let key = key(*window);
                let (block, bit) = place(key);
                if self.filter[block] & bit != 0
                    && let Some((length, number)) = self.at(rest.get(at..)?, key)
                {
                    let start = from + at;
                    from = start + length;
                    return Some((start..from, number));
                }
            }
            from = text.len() + 1;
            None
        })
    }

    /// The longest word that a text begins with: its length and number.
    fn at(&self, text: &[u8], key: u32) -> Option<(usize, usize)> {
        self.words.get(&key)?.iter().find_map(|(word, number)| {
            let start = text.get(..word.len())?;
            start.eq_ignore_ascii_case(word.as_bytes()).then_some((word.len(), *number))
        })
    }
}

/// Four bytes with letters in lower case; other bytes may fall together.
fn key(bytes: [u8; KEY]) -> u32 {
    u32::from_le_bytes(bytes) | 0x2020_2020
}

/// Where the filter holds the bit of a key: a block below [`BLOCKS`], and the bit in it.
fn place(key: u32) -> (usize, u64) {
    let bits = key.wrapping_mul(0x9E37_79B1) >> (32 - FILTER_BITS);
    ((bits >> 6) as usize, 1 << (bits & 63))
}

/// The words of a table of lines `tag<TAB>word | word`, each with its tag; lines that begin with `#` are notes.
pub fn table(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
    lines.flat_map(|(tag, words)| words.split(" | ").map(move |word| (tag, word.trim())))
}

#[cfg(test)]
mod tests {
    use aho_corasick::MatchKind;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn finds_what_an_automaton_finds(text in "([abAB]|\u{e9}|\u{c9}|abba|Abbas|bab\u{e9}| ){0,30}") {
            let words = ["abba", "abbas", "bab\u{e9}", "ab a", "a ba", "BABA", "b\u{e9}aa"];
            let automaton = AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .match_kind(MatchKind::LeftmostLongest)
                .build(words)
                .unwrap();
            let expected: Vec<_> =
                automaton.find_iter(&text).map(|found| (found.range(), found.pattern().as_usize())).collect();
            prop_assert_eq!(Finder::new(words).find_iter(&text).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn joins_what_overlaps() {
        let words = automaton(&["pay"]);
        let around = |text: &str| around(text, words.find_iter(text).map(|found| found.range()), 2, 3);
        assert_eq!(around("so pay or PAY, and then far away: pay"), "o pay or PAY, a\n: pay\n");
        assert_eq!(around("nothing"), "");
    }
}
