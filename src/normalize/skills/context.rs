//! What stands around a spelling: word boundaries, and cues for names that are also ordinary words.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Hit, Part, dictionary::Care};
use crate::normalize::cues;

/// Words right behind a name that make it a technology.
static BEHIND: LazyLock<FxHashSet<&str>> = LazyLock::new(|| words("behind"));
/// Words in the clause before a name that speak of skill or work.
static BEFORE: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let words: Vec<&str> = words("before").into_iter().collect();
    cues::automaton(&words)
});
/// Words right before a name that tie it to the clause.
static JOINTS: LazyLock<FxHashSet<&str>> = LazyLock::new(|| words("joint"));
/// Words of place or use right before a name that is seldom anything else.
static AMID: LazyLock<FxHashSet<&str>> = LazyLock::new(|| words("amid"));
/// Phrases right behind a name that ask for it, by their first word.
static PRAISE: LazyLock<Phrases> = LazyLock::new(|| phrases("praise", 0));
/// Phrases that begin with a name and do not mean it, by the word behind the name.
static ORDINARY: LazyLock<Phrases> = LazyLock::new(|| phrases("ordinary", 1));
/// Words that may stand between the members of a list.
static BETWEEN: LazyLock<FxHashSet<&str>> = LazyLock::new(|| words("between"));

fn words(tag: &str) -> FxHashSet<&'static str> {
    cues::table(include_str!("cues.tsv")).filter(|(known, _)| *known == tag).map(|(_, word)| word).collect()
}

type Phrases = FxHashMap<&'static str, Vec<&'static str>>;

fn phrases(tag: &str, word: usize) -> Phrases {
    let mut phrases = Phrases::default();
    for phrase in words(tag) {
        let key = phrase.split([' ', '-']).nth(word).unwrap_or_default();
        phrases.entry(key).or_default().push(phrase);
    }
    phrases
}

/// Endings that make a name the beginning of an address.
const DOMAINS: [&str; 10] = ["com", "io", "org", "net", "de", "ai", "co", "dev", "app", "eu"];
/// Words of titles that speak of building software.
const BUILDERS: [&str; 12] = [
    "engineer",
    "developer",
    "programmer",
    "entwickler",
    "architect",
    "backend",
    "frontend",
    "full stack",
    "fullstack",
    "devops",
    "software",
    "administrator",
];

/// True where the bytes from `start` to `end` are a word of their own, not a part of another one or of an address.
pub(super) fn is_word(text: &str, start: usize, end: usize, care: Care) -> bool {
    let (head, tail) = (&text[..start], &text[end..]);
    let word = &text[start..end];
    let (before, after) = (head.chars().next_back(), tail.chars().next());
    let starts_plain = word.starts_with(char::is_alphanumeric);
    let ends_plain = word.ends_with(char::is_alphanumeric);
    let doubtful = care >= Care::Name || word.len() <= 3;
    match before {
        Some(char) if char.is_alphanumeric() || matches!(char, '_' | '@') => return false,
        Some('#' | '&' | '$') if doubtful => return false,
        Some('.') if starts_plain && doubtful && head[..head.len() - 1].ends_with(char::is_alphanumeric) => {
            return false;
        }
        Some('\'' | '’') if care >= Care::Name && !elided(head) => return false,
        Some('-' | '–')
            if care >= Care::Name && head.trim_end_matches(['-', '–']).ends_with(char::is_alphanumeric) =>
        {
            return false;
        }
        _ => {}
    }
    match after {
        Some('_' | '@') => return false,
        Some(char) if char.is_alphanumeric() => return !ends_plain && char.is_numeric(),
        Some('+' | '#') if ends_plain && word.len() <= 2 => return false,
        Some('&') if doubtful => return false,
        Some('\'' | '’') if care >= Care::Name => return false,
        Some('.') if ends_plain => {
            let rest = tail.strip_prefix('.').unwrap_or_default();
            let rest = rest.split(|char: char| !char.is_ascii_alphanumeric()).next().unwrap_or_default();
            if DOMAINS.iter().any(|domain| rest.eq_ignore_ascii_case(domain))
                || (doubtful && !rest.is_empty())
            {
                return false;
            }
        }
        Some('-') if care >= Care::Name => {
            return holds(&BEHIND, first_word(&tail[1..]));
        }
        _ => {}
    }
    !matches!(before, Some('.' | '/' | '-' | ':')) || !in_address(head)
}

/// True behind a shortened article or preposition: `d’Excel`.
fn elided(head: &str) -> bool {
    let word = head.trim_end_matches(['\'', '’']);
    let short = word.rsplit(|char: char| !char.is_alphanumeric()).next().unwrap_or_default();
    word.is_empty() || short.is_empty() || ["d", "l", "qu"].iter().any(|end| short.eq_ignore_ascii_case(end))
}

/// True where the run of signs without blanks before a word begins an address.
fn in_address(head: &str) -> bool {
    let from = head.floor_char_boundary(head.len().saturating_sub(200));
    let run = head[from..].rsplit(char::is_whitespace).next().unwrap_or_default();
    run.contains("://") || run.contains("www.") || run.contains('@')
}

/// The letters and digits a text begins with.
fn first_word(text: &str) -> &str {
    let more = |char: char| !char.is_alphanumeric() && char != '*';
    text.split(more).next().unwrap_or_default()
}

/// True where a set of words in small letters holds a word in any case.
fn holds(words: &FxHashSet<&str>, word: &str) -> bool {
    words.contains(word)
        || (word.len() <= 40
            && word.contains(char::is_uppercase)
            && words.contains(word.to_lowercase().as_str()))
}

/// Keeps the hits that need no cue and those that have one.
pub(super) fn confirm(text: &str, part: Part, hits: Vec<Hit>) -> Vec<Hit> {
    let mut sure: Vec<bool> = hits.iter().map(|hit| hit.care < Care::Name).collect();
    for (at, hit) in hits.iter().enumerate() {
        if matches!(hit.care, Care::Name | Care::Cue) {
            sure[at] = named_behind(text, hit)
                || led_to(text, hit)
                || (hit.care == Care::Name && amid(text, hit))
                || (part == Part::Title && alone_in_title(text, hit));
        }
    }
    // Certainty runs along a list in both directions; a year makes "Spring" a season even there.
    let is_open = |hit: &Hit| hit.care >= Care::Name && !is_ordinary(text, hit);
    let runs_on = |first: &Hit, second: &Hit| is_list(text.get(first.end..second.start).unwrap_or_default());
    for at in 1..hits.len() {
        if !sure[at] && sure[at - 1] && is_open(&hits[at]) && runs_on(&hits[at - 1], &hits[at]) {
            sure[at] = true;
        }
    }
    for at in (1..hits.len()).rev() {
        if !sure[at - 1] && sure[at] && is_open(&hits[at - 1]) && runs_on(&hits[at - 1], &hits[at]) {
            sure[at - 1] = true;
        }
    }
    hits.into_iter().zip(sure).filter_map(|(hit, sure)| sure.then_some(hit)).collect()
}

/// True where nothing but list signs and joining words stands between two names.
fn is_list(gap: &str) -> bool {
    if gap.len() > 24 || (gap.contains("\n\n") && !gap.contains(['-', '•', '*', '·'])) {
        return false;
    }
    let mut signs = false;
    for word in gap.split(char::is_whitespace).filter(|word| !word.is_empty()) {
        let bare =
            word.trim_matches([',', ';', '/', '|', '•', '·', '&', '+', '-', '–', '(', ')', '*', '"', ':']);
        signs |= bare.len() < word.len();
        if bare.is_empty() {
            continue;
        }
        if !holds(&BETWEEN, bare) {
            return false;
        }
        signs = true;
    }
    signs
}

fn named_behind(text: &str, hit: &Hit) -> bool {
    let tail = &text[hit.end..];
    let Some(rest) = tail.strip_prefix([' ', '-', '\u{a0}']) else { return false };
    let word = first_word(rest);
    if holds(&BEHIND, word)
        || PRAISE.get(word).is_some_and(|phrases| phrases.iter().any(|phrase| begins(rest, phrase)))
    {
        return true;
    }
    // A version: `Angular 17`, `Spring 5.3`, but no year.
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0
        && digits == word.len()
        && digits <= 2
        && !rest[digits..].starts_with(['%', '+', '/', ':', '-', '–'])
        && !rest[digits..].trim_start().starts_with(char::is_alphabetic)
}

/// True where the clause before a name speaks of skill and leads right to it.
fn led_to(text: &str, hit: &Hit) -> bool {
    if is_ordinary(text, hit) {
        return false;
    }
    let from = text.floor_char_boundary(hit.start.saturating_sub(90));
    let head = &text[from..hit.start];
    let clause = head.rsplit(['\n', '!', '?']).next().unwrap_or_default();
    let sentence = clause.as_bytes().windows(2).rposition(|pair| pair == b". ").map_or(0, |at| at + 2);
    let clause = clause.get(sentence..).unwrap_or_default();
    let trimmed = clause.trim_end();
    if trimmed.is_empty() {
        return false;
    }
    let tied = trimmed.ends_with([',', '/', '(', ':', '&', '+']) || {
        let word = trimmed.rsplit([' ', '\u{a0}', '(', ',']).next().unwrap_or_default();
        holds(&JOINTS, word.trim_matches(['(', ',', '.', ':', '\'', '’']))
    };
    // The word right before is the cue itself: "using Slack", "language: Go".
    tied && BEFORE.is_match(trimmed)
}

/// `kept in Salesforce`: right behind a word of place or use, and not part of a longer name.
fn amid(text: &str, hit: &Hit) -> bool {
    let Some(head) = text[..hit.start].strip_suffix([' ', '\u{a0}']) else { return false };
    let word = head.rsplit([' ', '\n', '\u{a0}', '(']).next().unwrap_or_default();
    let rest = text[hit.end..].strip_prefix([' ', '\u{a0}']).unwrap_or_default();
    let longer = rest.starts_with(char::is_uppercase);
    AMID.contains(word) && !longer && !is_ordinary(text, hit)
}

/// `Backend Engineer (Go)`, `Software Engineer - Rust`.
fn alone_in_title(title: &str, hit: &Hit) -> bool {
    let lower = title.to_lowercase();
    let head = title[..hit.start].trim_end();
    let tail = title[hit.end..].trim_start();
    let opened = head.is_empty() || head.ends_with(['(', '[', '-', '–', '—', ',', '/', '|', ':', '&']);
    let closed = tail.is_empty() || tail.starts_with([')', ']', '-', '–', '—', ',', '/', '|', '&']);
    opened
        && closed
        && !(head.is_empty() && tail.is_empty())
        && BUILDERS.iter().any(|word| lower.contains(word))
}

/// `Spring 2026`, `Go to`: a year behind a season, or a phrase of ordinary words.
fn is_ordinary(text: &str, hit: &Hit) -> bool {
    let phrase = &text[hit.start..];
    let word = first_word(text[hit.end..].trim_start());
    let is_year = word.len() == 4 && word.bytes().all(|byte| byte.is_ascii_digit());
    (is_year && begins(phrase, "spring"))
        || ORDINARY.get(word).is_some_and(|phrases| phrases.iter().any(|ordinary| begins(phrase, ordinary)))
}

/// True where a text begins with a phrase, in any case.
fn begins(text: &str, phrase: &str) -> bool {
    text.get(..phrase.len()).is_some_and(|head| head.eq_ignore_ascii_case(phrase))
        && !text[phrase.len()..].starts_with(char::is_alphanumeric)
}
