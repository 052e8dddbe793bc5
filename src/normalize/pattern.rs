//! Patterns for long texts.
//!
//! regex finds Unicode word boundaries fast in ASCII text only; one dash sends a whole text through its slowest engine. The pattern without
//! its boundaries matches wherever the pattern does, takes the fast way over any text, and most texts have no match.

use std::iter::Take;

use regex::{CaptureMatches, Regex};

/// A pattern and itself without word boundaries.
pub struct Pattern {
    exact: Regex,
    loose: Regex,
}

impl Pattern {
    /// Compiles a pattern in which `\b` stands for a word boundary only.
    ///
    /// # Errors
    /// Those of [`Regex::new`].
    pub fn new(pattern: &str) -> Result<Self, regex::Error> {
        Ok(Self { exact: Regex::new(pattern)?, loose: Regex::new(&pattern.replace(r"\b", ""))? })
    }

    /// As [`Regex::is_match`].
    pub fn is_match(&self, text: &str) -> bool {
        if text.is_ascii() {
            return self.exact.is_match(text);
        }
        // No match begins before the first loose one.
        self.loose.find(text).is_some_and(|found| self.exact.is_match_at(text, found.start()))
    }

    /// As [`Regex::captures_iter`].
    pub fn captures_iter<'r, 't>(&'r self, text: &'t str) -> Take<CaptureMatches<'r, 't>> {
        self.exact.captures_iter(text).take(if self.may_match(text) { usize::MAX } else { 0 })
    }

    fn may_match(&self, text: &str) -> bool {
        text.is_ascii() || self.loose.is_match(text)
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
                let whole = |found: regex::Captures<'_>| found.get(0).map(|found| found.range());
                prop_assert_eq!(
                    same.captures_iter(&text).map(whole).collect::<Vec<_>>(),
                    regex.captures_iter(&text).map(whole).collect::<Vec<_>>()
                );
            }
        }
    }
}
