//! The words around an amount: pay, periods, lower and upper bounds, and what other amounts go by.
//!
//! The words are in `words.txt`, which says how they are written.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use super::span::Span;
use crate::domain::Period;

/// One cue in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cue {
    pub start: usize,
    pub end: usize,
    pub sense: Sense,
}

/// What a cue says of an amount near it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    /// It is pay.
    Pay,
    /// It is pay of this period (`Stundenlohn`).
    PayPer(Period),
    /// It is for this period.
    Per(Period),
    /// It is pay without commission and bonus.
    Base,
    /// It is pay if the word follows directly (`$40,000 - $50,000 depending on experience`).
    PayAfter,
    /// It is pay without commission and bonus if the word follows directly (`$120k base`).
    BaseAfter,
    /// It is base pay and on-target commission together.
    OnTarget,
    /// Amounts near it are hopes: the work pays commission only.
    CommissionOnly,
    /// It is something else.
    Other,
    /// It may be something else; beside a word for pay it is only what pay depends on ("training, market").
    Aside,
    /// It is something else unless it is named beside pay ("salary and bonus").
    Extra,
    /// A length of time or number that only looks like a period (`40 hours per week`).
    Time,
}

/// The sections of `words.txt`.
const WORDS: &str = include_str!("words.txt");

struct Lexicon {
    searcher: Option<AhoCorasick>,
    entries: Vec<Entry>,
}

#[derive(Clone, Copy)]
struct Entry {
    sense: Sense,
    free_start: bool,
    free_end: bool,
}

static LEXICON: LazyLock<Lexicon> = LazyLock::new(|| {
    let mut patterns = Vec::new();
    let mut entries = Vec::new();
    for (word, sense) in words() {
        let bare = word.trim_matches('~');
        let entry = Entry {
            sense,
            free_start: word.starts_with('~') || !bare.starts_with(char::is_alphanumeric),
            free_end: word.ends_with('~') || !bare.ends_with(char::is_alphanumeric),
        };
        patterns.push(bare.to_owned());
        entries.push(entry);
        if !bare.is_ascii() {
            patterns.push(capital_accents(bare));
            entries.push(entry);
        }
    }
    let searcher = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .kind(Some(AhoCorasickKind::DFA))
        .build(&patterns)
        .ok();
    Lexicon { searcher, entries }
});

fn words() -> Vec<(&'static str, Sense)> {
    let mut found = Vec::new();
    let mut sense = None;
    for line in WORDS.lines().filter(|line| !line.starts_with('#')) {
        if let Some(title) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            sense = self::sense(title);
            continue;
        }
        let words = line.split(';').map(str::trim).filter(|word| !word.is_empty());
        found.extend(words.filter_map(|word| Some((word, sense?))));
    }
    found
}

fn sense(title: &str) -> Option<Sense> {
    let period = |word: &str| {
        [Period::Hour, Period::Day, Period::Week, Period::Month, Period::Year]
            .into_iter()
            .find(|period| period.as_str() == word)
    };
    Some(match title {
        "pay" => Sense::Pay,
        "time" => Sense::Time,
        "base pay" => Sense::Base,
        "pay after" => Sense::PayAfter,
        "base after" => Sense::BaseAfter,
        "on target" => Sense::OnTarget,
        "commission only" => Sense::CommissionOnly,
        "other" => Sense::Other,
        "aside" => Sense::Aside,
        "extra" => Sense::Extra,
        _ => match title.strip_prefix("pay per ") {
            Some(word) => Sense::PayPer(period(word)?),
            None => Sense::Per(period(title.strip_prefix("per ")?)?),
        },
    })
}

/// The matcher folds ASCII only: "VERGÜTUNG" needs a spelling of its own.
fn capital_accents(word: &str) -> String {
    word.chars()
        .map(|letter| if letter.is_ascii() { letter } else { letter.to_uppercase().next().unwrap_or(letter) })
        .collect()
}

/// All cues of a short text in their order, none overlapping.
pub(super) fn find(text: &str) -> Vec<Cue> {
    let mut found = Vec::new();
    find_in(text, 0..text.len(), &mut found);
    found
}

/// The cues of a long text that stand near one of the spans: up to `before` bytes before and `after` bytes behind it.
pub(super) fn near(text: &str, spans: &[Span], before: usize, after: usize) -> Vec<Cue> {
    let mut found = Vec::new();
    let mut windows = spans.iter().filter(|span| span.firm).map(|span| {
        let start = text.floor_char_boundary(span.start.saturating_sub(before));
        start..text.ceil_char_boundary(span.end.saturating_add(after).min(text.len()))
    });
    let Some(mut window) = windows.next() else { return found };
    for next in windows {
        if next.start <= window.end {
            window.end = window.end.max(next.end);
        } else {
            find_in(text, window, &mut found);
            window = next;
        }
    }
    find_in(text, window, &mut found);
    found
}

fn find_in(text: &str, window: Range<usize>, found: &mut Vec<Cue>) {
    let lexicon = &*LEXICON;
    let Some(searcher) = &lexicon.searcher else { return };
    let mut input = aho_corasick::Input::new(text).range(window);
    while let Ok(Some(hit)) = searcher.try_find(input.clone()) {
        let whole = lexicon.entries.get(hit.pattern().as_usize()).filter(|entry| {
            (entry.free_start || !text[..hit.start()].ends_with(char::is_alphanumeric))
                && (entry.free_end || !text[hit.end()..].starts_with(char::is_alphanumeric))
        });
        found.extend(whole.map(|entry| Cue { start: hit.start(), end: hit.end(), sense: entry.sense }));
        let next = if whole.is_some() { hit.end() } else { hit.start() + 1 };
        if next > input.end() {
            break;
        }
        input.set_start(next);
    }
}

#[cfg(test)]
mod tests {
    use super::{LEXICON, Sense, WORDS, find, sense};
    use crate::domain::Period;

    #[test]
    fn the_lexicon_builds() {
        assert!(LEXICON.searcher.is_some());
        let titles = WORDS.lines().filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
        assert!(titles.clone().count() > 10 && titles.into_iter().all(|title| sense(title).is_some()));
    }

    #[test]
    fn words_stand_alone_and_compounds_do_not_need_to() {
        assert!(find("the general payroll of parks").is_empty());
        let senses: Vec<Sense> =
            find("BRUTTOJAHRESGEHALT, VERGÜTUNG, Einstiegsgehalt").iter().map(|cue| cue.sense).collect();
        assert_eq!(senses, [Sense::PayPer(Period::Year), Sense::Pay, Sense::Pay]);
    }

    #[test]
    fn working_hours_are_no_period() {
        assert_eq!(find("40 hours per week")[0].sense, Sense::Time);
    }
}
