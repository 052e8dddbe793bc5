//! Years of experience asked for.
//!
//! Finds numbers of years, in figures or words, and takes the first that speaks of the applicant: a word for experience
//! stands by it, and nothing says that it is the company's age, a person's age, or the length of a course or contract. All words are in
//! `years.tsv`: to add a language, add its words there, and its word for year to [`UNITS`] and [`CUES`].

use std::{ops::Range, sync::LazyLock};

use memchr::memchr2_iter;
use regex::Regex;

use super::{
    cues::{Finder, around, table},
    pattern::Pattern,
};
use crate::domain::Years;

/// Words for years, in a pattern.
const UNITS: &str = "years?|yrs?|yoe|jahren?|jahre?|ans|an|années?|años?|anni|anno|jaar|jaren|jährige[rnms]?|års?|lata|lat|letni\\w*|rok|roku|anos?";

/// What stands near everything that is looked for; the parts of a text without them are not read.
static CUES: LazyLock<Finder> = LazyLock::new(|| {
    Finder::new([
        "year",
        "jahr",
        "jähr",
        " ans",
        "\u{a0}ans",
        "année",
        "año",
        "AÑO",
        " anni",
        " anno ",
        "jaar",
        "jaren",
        " år",
        " lat",
        "-letni",
        " rok",
        " anos",
        " ano ",
        "xperience",
        "erfahrung",
        "xpérience",
        "XPÉRIENCE",
        "experiencia",
        "esperienza",
        "ervaring",
        "erfarenhet",
        "doświadczeni",
        "xperiência",
        "débutant",
        "praxis",
    ])
});

/// Words that are too short for [`CUES`].
const SHORT: [&str; 2] = ["yr", "yoe"];

/// Where something near what is looked for stands, in order.
fn cues(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let word = |at: usize, word: &str| {
        bytes.get(at..at + word.len()).is_some_and(|found| found.eq_ignore_ascii_case(word.as_bytes()))
    };
    let short = memchr2_iter(b'y', b'Y', bytes)
        .filter_map(|at| SHORT.iter().find(|short| word(at, short)).map(|short| at..at + short.len()));
    // The French word is an English one too: it counts behind a number.
    let french = memchr2_iter(b'a', b'A', bytes)
        .filter(|at| word(*at, "an") && bytes.get(at + 2).is_some_and(|next| b" .,)\n".contains(next)))
        .filter(|at| counts(text.get(..*at).unwrap_or_default()))
        .map(|at| at..at + 2);
    let mut found: Vec<_> = CUES.find_iter(text).map(|(found, _)| found).chain(short).chain(french).collect();
    found.sort_unstable_by_key(|found| found.start);
    found
}

/// Whether a text ends with a number and a blank.
fn counts(before: &str) -> bool {
    let Some(before) = before.strip_suffix([' ', '\u{a0}', '\u{202f}']) else { return false };
    let tail = before.get(before.floor_char_boundary(before.len().saturating_sub(24))..).unwrap_or_default();
    let last = tail.rsplit(char::is_whitespace).next().unwrap_or_default();
    last.ends_with(|sign: char| sign.is_ascii_digit() || matches!(sign, ')' | '+'))
        || last.len() < 24 && number(&last.to_lowercase()).is_some()
}

struct Words {
    numbers: Vec<(u8, &'static str)>,
    experience: Vec<&'static str>,
    not_after: Vec<&'static str>,
    not_before: Vec<&'static str>,
    at_least: Vec<&'static str>,
    loosely: Vec<&'static str>,
    at_most: Vec<&'static str>,
    continues: Vec<&'static str>,
    others: Option<Regex>,
    says: Vec<(Regex, Years)>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let table: Vec<(&str, &str)> = table(include_str!("years.tsv")).collect();
    let of = |wanted: &str| -> Vec<&'static str> {
        table.iter().filter(|(tag, _)| *tag == wanted).map(|(_, word)| *word).collect()
    };
    let others = |patterns: &[&str]| Regex::new(&format!(r"\b(?:{}) ?$", patterns.join("|"))).ok();
    let says = |(tag, word): &(&str, &str)| {
        let (min, max) = tag.strip_prefix("says ")?.split_once(' ')?;
        Some((Regex::new(word).ok()?, Years { min: min.parse().ok()?, max: max.parse().ok() }))
    };
    Words {
        numbers: table.iter().filter_map(|(tag, word)| Some((tag.parse().ok()?, *word))).collect(),
        experience: of("experience"),
        not_after: of("not_after"),
        not_before: of("not_before"),
        at_least: of("at_least"),
        loosely: of("loosely"),
        at_most: of("at_most"),
        continues: of("continues"),
        others: others(&of("others")),
        says: table.iter().filter_map(says).collect(),
    }
});

static YEARS: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    let words: Vec<&str> = WORDS.numbers.iter().map(|(_, word)| *word).collect();
    let number = format!(r"\d{{1,2}}(?:[.,]5)?|{}", words.join("|"));
    let pattern = format!(
        r"\b(?P<min>{number})(?:\s*\(\s*\d{{1,2}}\s*\))?(?P<open>\s*\+|\s+plus|-plus)?(?:\s*(?:-|‑|–|—|to|bis|à|a|or|ou|o|oder|y|do|tot|till|até|e|et|and|und|en|och|/)\s*(?P<max>{number})(?:\s*\(\s*\d{{1,2}}\s*\))?(?P<more>\s*\+)?)?[\s‑-]*(?:or more |full |complete |volle |solid |good )?(?:{UNITS})\b"
    );
    Pattern::new(&pattern).ok()
});

/// More years than anyone asks for: a company's age.
const LONGEST: u8 = 20;
/// From here on "over N years" is a company's.
const LONG: u8 = 12;

/// The years of experience that a text asks for; `None` where it names none.
pub fn from_text(text: &str) -> Option<Years> {
    let pattern = YEARS.as_ref()?;
    let near = around(text, cues(text).into_iter(), BEFORE + 20, AFTER + 20);
    if near.is_empty() {
        return None;
    }
    let lower = near.to_lowercase().replace('’', "'").replace(['\u{a0}', '\u{202f}'], " ");
    for found in pattern.captures_iter(&lower) {
        let Some(whole) = found.get(0) else { continue };
        let value = |name: &str| found.name(name).and_then(|part| number(part.as_str()));
        let Some(min) = value("min") else { continue };
        let open = found.name("open").is_some() || found.name("more").is_some();
        let max = value("max").filter(|max| *max > min);
        let before = before(&lower, whole.start());
        let after = after(&lower, whole.end());
        let figures = whole.as_str().starts_with(|letter: char| letter.is_ascii_digit());
        if asks(before, after, min, open, max.is_some(), figures) {
            let most = max.is_none() && !open && ends(trimmed(before), &WORDS.at_most);
            return Some(if most {
                Years { min: 0, max: Some(min) }
            } else {
                Years { min, max: max.filter(|_| !open) }
            });
        }
    }
    phrase(&lower)
}

/// The first of the phrases in the text that is about work rather than a tool ("erste Erfahrung mit Excel").
fn phrase(lower: &str) -> Option<Years> {
    let tool = |end: usize| lower.get(end..).is_some_and(|rest| rest.starts_with(" mit "));
    let found = WORDS.says.iter().filter_map(|(pattern, years)| {
        pattern.find_iter(lower).find(|found| !tool(found.end())).map(|found| (found.start(), *years))
    });
    found.min_by_key(|(at, _)| *at).map(|(_, years)| years)
}

fn number(text: &str) -> Option<u8> {
    let whole = text.split(['.', ',']).next().unwrap_or_default();
    let spoken = || WORDS.numbers.iter().find(|(_, word)| *word == text);
    whole.parse().ok().or_else(|| spoken().map(|(number, _)| *number))
}

/// What stands before a number, up to its last word.
fn trimmed(before: &str) -> &str {
    before.trim_end_matches([' ', ':', '(', '~', '-', '–', '*'])
}

/// Whether the text ends with one of the words.
fn ends(lead: &str, words: &[&str]) -> bool {
    words
        .iter()
        .any(|word| lead.strip_suffix(word).is_some_and(|head| !head.ends_with(char::is_alphanumeric)))
}

fn asks(before: &str, after: &str, min: u8, open: bool, range: bool, figures: bool) -> bool {
    let lead = trimmed(before);
    let leads = |words: &[&str]| ends(lead, words);
    // "What we look for: 5 years" is no span of time.
    let span = ends(before.trim_end(), &WORDS.not_before) && !ends(before.trim_end(), &SEEKING);
    let theirs = || WORDS.others.as_ref().is_some_and(|others| others.is_match(before));
    if min >= LONGEST || (min >= LONG && leads(&WORDS.loosely)) || span || theirs() {
        return false;
    }
    let next = |words: &[&str]| words.iter().filter_map(|word| word_at(after, word)).min();
    let experience = next(&WORDS.experience);
    let other = WORDS.not_after.iter().filter_map(|word| whole_word_at(after, word)).min();
    let first = |other: &usize| experience.is_none_or(|experience| *other < experience);
    if let Some(other) = other.filter(|other| *other < 24 && first(other)) {
        // "programme management experience": the word belongs to what was done.
        let between = experience.and_then(|experience| after.get(other..experience));
        if between.is_none_or(|between| between.len() > 30 || PARTS.iter().any(|part| between.contains(part)))
        {
            return false;
        }
    }
    if experience.is_some_and(|at| at <= 80) {
        return true;
    }
    let earlier = WORDS.experience.iter().any(|word| word_at(before, word).is_some());
    let demanded = open || range || leads(&WORDS.at_least);
    let rest = after.trim_start();
    let doing = || rest.split(' ').next().is_some_and(|word| word.len() > 5 && word.ends_with("ing"));
    let continues = doing() || WORDS.continues.iter().any(|word| begins(rest, word));
    // A line that begins so is a demand.
    let plain = figures
        && (open || range)
        && !rest.is_empty()
        && (lead.trim().is_empty() || before.trim_end().ends_with(':'));
    earlier && (figures || demanded) || ((demanded && continues || plain) && min <= 15)
}

/// "Looking for 3 years": no span of time either.
const SEEKING: [&str; 3] = ["looking for", "look for", "searching for"];

/// What parts a course of study from the experience behind it.
const PARTS: [&str; 10] = [",", " and ", " or ", " with ", "+", "(", " und ", " oder ", " et ", " y "];

fn whole_word_at(text: &str, word: &str) -> Option<usize> {
    let ends =
        |at: &usize| text.get(at + word.len()..).is_some_and(|rest| !rest.starts_with(char::is_alphanumeric));
    word_at(text, word).filter(ends)
}

fn begins(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| {
        !word.ends_with(char::is_alphanumeric) || !rest.starts_with(char::is_alphanumeric)
    })
}

/// Byte offset of a word or compound that ends in it ("Berufserfahrung").
fn word_at(text: &str, word: &str) -> Option<usize> {
    let whole = |at: &usize| {
        let head = text.get(..*at).unwrap_or_default();
        let compound = word.len() >= 6;
        compound || !head.ends_with(char::is_alphanumeric)
    };
    text.match_indices(word).map(|(at, _)| at).find(whole)
}

const BEFORE: usize = 110;
const AFTER: usize = 110;

/// The sentence before, as far as it matters.
fn before(text: &str, at: usize) -> &str {
    let window = text.get(text.ceil_char_boundary(at.saturating_sub(BEFORE))..at).unwrap_or_default();
    let start = window.rfind(['\n', '•', ';', '!', '?']).map_or(0, |at| text_after(window, at));
    let window = window.get(start..).unwrap_or(window);
    let stop = window.rfind(". ").filter(|at| !is_short(window, *at)).map_or(0, |at| at + 2);
    window.get(stop..).unwrap_or_default()
}

fn text_after(window: &str, at: usize) -> usize {
    window.ceil_char_boundary(at + 1)
}

/// The stop belongs to "min." or the like.
fn is_short(text: &str, stop: usize) -> bool {
    let head = text.get(..=stop).unwrap_or_default();
    ["min.", "mind.", "ca.", "approx.", "mín.", "exp.", "ok.", "c.a."]
        .iter()
        .any(|short| head.ends_with(short))
}

/// The sentence after.
fn after(text: &str, at: usize) -> &str {
    let to = text.floor_char_boundary(text.len().min(at.saturating_add(AFTER)));
    let window = text.get(at..to).unwrap_or_default();
    let end = window.find(['\n', '•', ';', '!', '?']).unwrap_or(window.len());
    let window = window.get(..end).unwrap_or(window);
    let stop = window.find(". ").unwrap_or(window.len());
    window.get(..stop).unwrap_or_default()
}

#[cfg(test)]
mod tests;
