//! What words of titles in eight languages are in English, so that titles of two languages can be compared by occupation.
//!
//! `words.tsv`: the English words, then one column for each language with its words for them, all folded. To add a word: put it in its
//! cell. A word that is English as well is left alone. Compounds are read from behind: `softwareentwickler` is an `entwickler`.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::occupations::OCCUPATIONS;

const TABLE: &str = include_str!("words.tsv");

/// Letters before the head of a compound, at least.
const FIRST_PART: usize = 3;

/// Letters of the head of a compound, at least.
const HEAD: usize = 5;

static ENGLISH: LazyLock<FxHashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut english: FxHashMap<_, Vec<_>> = FxHashMap::default();
    for line in TABLE.lines().skip(1) {
        let mut cells = line.split('\t').map(|cell| cell.split(' ').filter(|word| !word.is_empty()));
        let Some(meanings) = cells.next() else { continue };
        let meanings: Vec<_> = meanings.collect();
        for word in cells.flatten() {
            let known = english.entry(word).or_default();
            for meaning in &meanings {
                if !known.contains(meaning) {
                    known.push(*meaning);
                }
            }
        }
    }
    english
});

/// The words of each language.
pub fn languages() -> Vec<Vec<&'static str>> {
    let mut languages: Vec<Vec<&str>> = Vec::new();
    for line in TABLE.lines().skip(1) {
        for (at, cell) in line.split('\t').skip(1).enumerate() {
            if languages.len() <= at {
                languages.push(Vec::new());
            }
            languages[at].extend(cell.split(' ').filter(|word| !word.is_empty()));
        }
    }
    languages
}

/// Adds the English words for `word` to `found`.
pub fn english<'a>(word: &'a str, found: &mut Vec<&'a str>) {
    if let Some(meanings) = ENGLISH.get(word) {
        if !OCCUPATIONS.has_word(word) {
            found.extend(meanings);
        }
        return;
    }
    if OCCUPATIONS.has_word(word) {
        return;
    }
    let heads = word.char_indices().map(|(at, _)| at).skip(FIRST_PART);
    let parts = heads.filter_map(|at| word.split_at_checked(at)).take_while(|(_, head)| head.len() >= HEAD);
    for (first, head) in parts {
        let Some(meanings) = ENGLISH.get(head) else { continue };
        found.extend(meanings);
        for part in [first, first.strip_suffix('s').unwrap_or(first)] {
            if let Some(meanings) = ENGLISH.get(part) {
                found.extend(meanings);
                return;
            }
            if OCCUPATIONS.has_word(part) {
                found.push(part);
                return;
            }
        }
        return;
    }
}
