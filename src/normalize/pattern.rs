//! Patterns for long texts.
//!
//! regex finds Unicode word boundaries fast in ASCII text only; one dash sends a whole text through its slowest engine. The pattern without
//! its boundaries matches wherever the pattern does and takes the fast way over any text: only where it matches is the pattern itself
//! tried, at that place and no other.

use regex::{Captures, Regex};

/// A pattern, itself without word boundaries, and itself at one place only.
pub struct Pattern {
    exact: Regex,
    loose: Regex,
    /// The pattern behind the first character of a text.
    second: Regex,
}

impl Pattern {
    /// Compiles a pattern in which `\b` stands for a word boundary only.
    ///
    /// # Errors
    /// Those of [`Regex::new`].
    pub fn new(pattern: &str) -> Result<Self, regex::Error> {
        Ok(Self {
            exact: Regex::new(pattern)?,
            loose: Regex::new(&pattern.replace(r"\b", ""))?,
            second: Regex::new(&format!(r"\A(?s:.)(?:{pattern})"))?,
        })
    }

    /// As [`Regex::is_match`].
    pub fn is_match(&self, text: &str) -> bool {
        if text.is_ascii() { self.exact.is_match(text) } else { self.start(text, 0).is_some() }
    }

    /// As [`Regex::captures_iter`].
    pub fn captures_iter<'r, 't>(&'r self, text: &'t str) -> Matches<'r, 't> {
        Matches { pattern: self, text, ascii: text.is_ascii(), from: 0, last_end: None }
    }

    /// Where the first match from `from` on begins.
    fn start(&self, text: &str, from: usize) -> Option<usize> {
        let mut from = from;
        loop {
            // No match begins before the first loose one.
            let start = self.loose.find_at(text, from)?.start();
            let Some(before) = text.get(..start)?.char_indices().next_back() else {
                // There is nothing before the beginning of a text to tell a boundary by.
                return Some(self.exact.find_at(text, start)?.start());
            };
            if self.second.is_match(text.get(before.0..)?) {
                return Some(start);
            }
            from = start + text.get(start..)?.chars().next()?.len_utf8();
        }
    }
}

/// The matches of a pattern, one after the other.
pub struct Matches<'r, 't> {
    pattern: &'r Pattern,
    text: &'t str,
    ascii: bool,
    from: usize,
    last_end: Option<usize>,
}

impl<'t> Iterator for Matches<'_, 't> {
    type Item = Captures<'t>;

    fn next(&mut self) -> Option<Captures<'t>> {
        loop {
            if self.from > self.text.len() {
                return None;
            }
            let start = if self.ascii { self.from } else { self.pattern.start(self.text, self.from)? };
            let found = self.pattern.exact.captures_at(self.text, start)?;
            let whole = found.get(0)?;
            self.from = whole.end();
            if whole.is_empty() {
                self.from += self.text.get(whole.end()..)?.chars().next().map_or(1, char::len_utf8);
                // An empty match right behind another is none.
                if self.last_end == Some(whole.end()) {
                    continue;
                }
            }
            self.last_end = Some(whole.end());
            return Some(found);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn equals_its_regex(text in "([ab1é—-]|no|remote| |\n){0,12}") {
            for pattern in [r"\bno[ -](?:\w+ )?remote\b", r"(?i)\bremote\w*\b", r"\b(\d)\b", r"é\b[ab]*|\ba"] {
                let regex = Regex::new(pattern).unwrap();
                let same = Pattern::new(pattern).unwrap();
                prop_assert_eq!(same.is_match(&text), regex.is_match(&text));
                let whole = |found: Captures<'_>| found.get(0).map(|found| found.range());
                prop_assert_eq!(
                    same.captures_iter(&text).map(whole).collect::<Vec<_>>(),
                    regex.captures_iter(&text).map(whole).collect::<Vec<_>>()
                );
            }
        }
    }
}
