//! What the words of a line say. To add one, add it to `words.tsv`.

use std::{collections::HashMap, sync::LazyLock};

/// Kinds of words; one word can be of several kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// An occupation.
    Role,
    /// A field of work.
    Area,
    /// Remote, in an office, partly so.
    PlaceOfWork,
    /// Hours and duration.
    Term,
    /// Anything else that is no name of a place.
    Other,
}

static WORDS: LazyLock<HashMap<&str, Vec<Kind>>> = LazyLock::new(|| {
    let mut words: HashMap<&str, Vec<Kind>> = HashMap::new();
    let lines = include_str!("words.tsv").lines().filter(|line| !line.starts_with('#'));
    for (kind, list) in lines.filter_map(|line| line.split_once('\t')) {
        let kind = match kind {
            "role" => Kind::Role,
            "area" => Kind::Area,
            "place-of-work" => Kind::PlaceOfWork,
            "term" => Kind::Term,
            _ => Kind::Other,
        };
        for word in list.split(" | ") {
            words.entry(word).or_default().push(kind);
        }
    }
    words
});

/// Lower-case words without plural s; hyphens separate them, except in `on-site` and its like.
pub(super) fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase().replace("on-site", "onsite").replace("on site", "onsite");
    lower
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| word.strip_suffix('s').filter(|stem| stem.len() > 1).unwrap_or(word).to_owned())
        .collect()
}

/// Whether a word is of a kind.
pub(super) fn is(word: &str, kind: Kind) -> bool {
    WORDS.get(word).is_some_and(|kinds| kinds.contains(&kind))
}

/// Whether a text has a word of a kind.
pub(super) fn has(text: &str, kind: Kind) -> bool {
    words(text).iter().any(|word| is(word, kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_list_is_read() {
        let lines = include_str!("words.tsv").lines().filter(|line| !line.starts_with('#'));
        for line in lines {
            let (kind, list) = line.split_once('\t').unwrap();
            assert!(["role", "area", "place-of-work", "term", "other"].contains(&kind), "{line}");
            for word in list.split(" | ") {
                assert_eq!(words(word), [word], "{word} is not one lower-case word without plural s");
            }
        }
    }

    #[test]
    fn a_text_has_words_of_a_kind() {
        assert!(has("Founding Engineers", Kind::Role) && !has("Engineering", Kind::Role));
        assert!(has("ON-SITE (Oslo)", Kind::PlaceOfWork) && !has("Oslo", Kind::PlaceOfWork));
    }
}
