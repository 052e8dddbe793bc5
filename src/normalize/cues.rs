//! Cue words: their tables, and cutting a long text down to their surroundings, so that patterns run over little.

use std::ops::Range;

use aho_corasick::AhoCorasick;

/// An automaton for `words`, which are lower case; ASCII letters match in both cases.
pub fn automaton(words: &[&str]) -> AhoCorasick {
    #[expect(clippy::unwrap_used, reason = "fails only for gigabytes of fixed words")]
    AhoCorasick::builder().ascii_case_insensitive(true).build(words).unwrap()
}

/// Bytes of surroundings that are enough for any honest posting.
const MOST: usize = 24 * 1024;

/// The parts of `text` from `before` bytes before each word to `after` bytes behind it, overlapping ones joined, one a line; no more
/// than the first of them, up to [`MOST`] bytes.
pub fn around(text: &str, words: &AhoCorasick, before: usize, after: usize) -> String {
    let mut parts: Vec<Range<usize>> = Vec::new();
    for found in words.find_iter(text) {
        let start = text.floor_char_boundary(found.start().saturating_sub(before));
        let end = text.ceil_char_boundary((found.end() + after).min(text.len()));
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

/// The words of a table of lines `tag<TAB>word | word`, each with its tag; lines that begin with `#` are notes.
pub fn table(file: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = file.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'));
    lines.flat_map(|(tag, words)| words.split(" | ").map(move |word| (tag, word.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_what_overlaps() {
        let words = automaton(&["pay"]);
        assert_eq!(around("so pay or PAY, and then far away: pay", &words, 2, 3), "o pay or PAY, a\n: pay\n");
        assert_eq!(around("nothing", &words, 5, 5), "");
    }
}
