//! The level a title asks for.
//!
//! Reads words, not meanings: the phrases of `seniority.tsv` are found in the title, and the most telling class of them wins, in the
//! order of `Found::level`. To add a language, add its words to the table; a class is added here and there.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::cues;
use crate::domain::Seniority;

/// What a phrase says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    None,
    Stop,
    Intern,
    Director,
    Lead,
    Staff,
    Manager,
    Senior,
    Junior,
    Mid,
    Entry,
    Individual,
    Unlevelled,
    Weak,
}

const CLASSES: [(&str, Class); 14] = [
    ("none", Class::None),
    ("stop", Class::Stop),
    ("intern", Class::Intern),
    ("director", Class::Director),
    ("lead", Class::Lead),
    ("staff", Class::Staff),
    ("manager", Class::Manager),
    ("senior", Class::Senior),
    ("junior", Class::Junior),
    ("mid", Class::Mid),
    ("entry", Class::Entry),
    ("individual", Class::Individual),
    ("unlevelled", Class::Unlevelled),
    ("weak", Class::Weak),
];

type Phrases = Vec<(Vec<&'static str>, Class)>;

struct Table {
    /// Phrases under their first word, the longest first.
    phrases: FxHashMap<&'static str, Phrases>,
    beginnings: Vec<(&'static str, Class)>,
    endings: Vec<(&'static str, Class)>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table { phrases: FxHashMap::default(), beginnings: Vec::new(), endings: Vec::new() };
    for (tag, phrase) in cues::table(include_str!("seniority.tsv")) {
        let Some((_, class)) = CLASSES.iter().find(|(name, _)| *name == tag) else { continue };
        if let Some(beginning) = phrase.strip_suffix('*') {
            table.beginnings.push((beginning, *class));
        } else if let Some(ending) = phrase.strip_prefix('*') {
            table.endings.push((ending, *class));
        } else {
            let words: Vec<&str> = phrase.split(' ').collect();
            let Some(first) = words.first().copied() else { continue };
            table.phrases.entry(first).or_default().push((words, *class));
        }
    }
    for phrases in table.phrases.values_mut() {
        phrases.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
    }
    table.endings.sort_by_key(|(ending, _)| std::cmp::Reverse(ending.len()));
    table
});

/// The level in a title; `None` where it names none.
pub fn from_title(title: &str) -> Option<Seniority> {
    let words = words(title);
    let whole = Found::new(&words);
    if whole.grades > 2 {
        return None;
    }
    let level = whole.level();
    if level.is_some_and(is_rung) {
        let mut sides = words.split(|word| word.text == "/").map(Found::new);
        if let (Some(first), Some(second)) = (sides.next(), sides.next()) {
            return match (first.level(), second.level()) {
                (Some(lower), Some(upper)) if is_rung(lower) && is_rung(upper) => Some(lower),
                (None, Some(_)) if is_same_post(&words) => None,
                _ => level,
            };
        }
        if let Some(lower) = whole.first_of_two {
            return Some(lower);
        }
    }
    level
}

/// A step of the ladder of those who lead nobody.
fn is_rung(level: Seniority) -> bool {
    matches!(
        level,
        Seniority::Entry | Seniority::Junior | Seniority::Mid | Seniority::Senior | Seniority::Lead
    )
}

/// "Buyer/Senior Buyer": both are offered.
fn is_same_post(words: &[Word]) -> bool {
    let mut sides = words.split(|word| word.text == "/");
    let (Some(first), Some(second)) = (sides.next(), sides.next()) else { return false };
    let Some(last) = first.last() else { return false };
    second.iter().skip(1).any(|word| word.text == last.text)
}

const LONGEST_TITLE: usize = 60;

/// A word of a title, or a slash or ampersand.
struct Word {
    text: String,
    /// Nothing follows it before the next comma, dash or bracket.
    ends: bool,
    /// It is the first of the title or of a part of it.
    begins: bool,
}

fn words(title: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut begins = true;
    let mut word = String::new();
    let finish = |word: &mut String, begins: &mut bool, words: &mut Vec<Word>| {
        if !word.is_empty() {
            words.push(Word { text: std::mem::take(word), ends: false, begins: *begins });
            *begins = false;
        }
    };
    for letter in title.chars().chain([',']) {
        if letter.is_alphanumeric() || matches!(letter, '\'' | '’') {
            word.extend(letter.to_lowercase().map(|letter| if letter == '’' { '\'' } else { letter }));
            continue;
        }
        finish(&mut word, &mut begins, &mut words);
        if matches!(letter, ',' | '-' | '–' | '—' | '(' | ')' | '[' | ']' | '|' | ':' | '/' | ';') {
            if let Some(last) = words.last_mut() {
                last.ends = true;
            }
            begins = true;
            if letter == '/' {
                words.push(Word { text: "/".to_owned(), ends: true, begins: true });
            }
        }
        if letter == '&' {
            words.push(Word { text: "&".to_owned(), ends: false, begins: false });
        }
        if words.len() >= LONGEST_TITLE {
            break;
        }
    }
    words
}

/// What was found in a title.
#[derive(Default)]
struct Found {
    classes: Vec<Class>,
    grade: Option<Seniority>,
    grades: usize,
    /// "Senior & Principal": the first of two rungs with only a word between.
    first_of_two: Option<Seniority>,
    team_lead: bool,
}

impl Found {
    fn new(words: &[Word]) -> Self {
        let mut found = Self::default();
        let mut at = 0;
        let mut last: Option<(usize, Class)> = None;
        while let Some(word) = words.get(at) {
            let Some((length, class)) = phrase(words.get(at..).unwrap_or_default()) else {
                if let Some(grade) = grade(words, at) {
                    found.grades += 1;
                    found.grade = found.grade.or(Some(grade));
                }
                at += 1;
                continue;
            };
            if class == Class::Stop {
                break;
            }
            let counts = match class {
                Class::Staff => is_staffed(words, at),
                // The French programme abroad; elsewhere the word is life.
                Class::Intern => word.text != "vie" || (at == 0 && word.ends),
                Class::Lead => word.text != "principal" || words.iter().all(|word| word.text != "school"),
                Class::Entry => word.text != "entry" || length > 1 || word.begins,
                _ => true,
            };
            if counts {
                if let Some((end, before)) = last.filter(|_| rung(class).is_some()) {
                    let joined = words.get(end..at).is_some_and(|between| {
                        between.len() == 1 && between.iter().all(|word| JOINS.contains(&word.text.as_str()))
                    });
                    if joined && before != class {
                        found.first_of_two = found.first_of_two.or(rung(before));
                    }
                }
                found.team_lead |= length == 2 && word.text == "team";
                found.classes.push(class);
                last = Some((at + length, class));
            }
            at += length;
        }
        if words.iter().any(|word| word.text == "student" && word.ends) && !found.has(Class::None) {
            found.classes.push(Class::Intern);
        }
        found
    }

    fn has(&self, class: Class) -> bool {
        self.classes.contains(&class)
    }

    /// The most telling class.
    fn level(&self) -> Option<Seniority> {
        let leads = self.has(Class::Lead) || self.has(Class::Staff);
        let order = [
            (self.has(Class::Intern), Seniority::Intern),
            (self.has(Class::Director), Seniority::Director),
            (self.team_lead && self.has(Class::Weak), Seniority::Manager),
            (leads, Seniority::Lead),
            (self.has(Class::Manager), Seniority::Manager),
            (self.has(Class::Senior), Seniority::Senior),
            (self.has(Class::Junior), Seniority::Junior),
            (self.has(Class::Mid), Seniority::Mid),
        ];
        let named = order.into_iter().find(|(has, _)| *has).map(|(_, level)| level);
        let plain = [
            (self.has(Class::Entry), Seniority::Entry),
            (self.has(Class::Individual), Seniority::Mid),
            (self.has(Class::Weak) && !self.has(Class::Unlevelled), Seniority::Manager),
        ];
        named.or(self.grade).or_else(|| plain.into_iter().find(|(has, _)| *has).map(|(_, level)| level))
    }
}

/// "Staff Engineer", and "Systems Engineer Staff" where the title ends with it.
fn is_staffed(words: &[Word], at: usize) -> bool {
    let grade = |word: &Word| STAFFED.contains(&word.text.as_str());
    let ends = words.get(at).is_some_and(|word| word.ends);
    let behind = ends && at.checked_sub(1).and_then(|before| words.get(before)).is_some_and(grade);
    behind || words.iter().skip(at + 1).any(grade)
}

/// What follows a staff engineer's "staff".
const STAFFED: [&str; 14] = [
    "engineer",
    "engineers",
    "scientist",
    "developer",
    "designer",
    "architect",
    "analyst",
    "researcher",
    "manager",
    "programmer",
    "sre",
    "technologist",
    "ingenieur",
    "entwickler",
];

/// Words between two levels of which either is offered.
const JOINS: [&str; 10] = ["or", "and", "&", "to", "oder", "bis", "ou", "o", "/", "à"];

fn rung(class: Class) -> Option<Seniority> {
    match class {
        Class::Senior => Some(Seniority::Senior),
        Class::Junior => Some(Seniority::Junior),
        Class::Mid => Some(Seniority::Mid),
        Class::Lead | Class::Staff => Some(Seniority::Lead),
        Class::Entry => Some(Seniority::Entry),
        _ => None,
    }
}

/// The longest phrase that the words begin with.
fn phrase(words: &[Word]) -> Option<(usize, Class)> {
    let first = words.first()?.text.as_str();
    let fits = |phrase: &[&str]| {
        phrase.len() <= words.len() && phrase.iter().zip(words).all(|(part, word)| *part == word.text)
    };
    let listed = TABLE.phrases.get(first).and_then(|phrases| phrases.iter().find(|(phrase, _)| fits(phrase)));
    if let Some((phrase, class)) = listed {
        return Some((phrase.len(), *class));
    }
    let begins = TABLE.beginnings.iter().find(|(beginning, _)| first.starts_with(beginning));
    let ends =
        || TABLE.endings.iter().find(|(ending, _)| first.len() > ending.len() && first.ends_with(ending));
    begins.or_else(ends).map(|(_, class)| (1, *class))
}

/// Nouns whose numbers count something else.
const COUNTED: [&str; 38] = [
    "level", "shift", "grade", "tier", "team", "phase", "zone", "area", "group", "class", "type", "step",
    "unit", "l", "e", "title", "category", "stage", "part", "route", "store", "site", "plant", "line",
    "region", "district", "band", "volume", "world", "section", "floor", "building", "room", "week", "day",
    "year", "stufe", "teil",
];

/// What follows the drip that is written like a four.
const INFUSED: [&str; 10] =
    ["therapy", "nurse", "infusion", "technician", "tech", "room", "pharmacy", "compounding", "rn", "team"];

/// A number behind a title ("Technician 2", "Analyst III"), where it does not count something else.
fn grade(words: &[Word], at: usize) -> Option<Seniority> {
    let word = words.get(at)?;
    let before = at.checked_sub(1).and_then(|before| words.get(before))?;
    let figures = word.text.bytes().all(|byte| byte.is_ascii_digit());
    let paired = matches!(before.text.as_str(), "/" | "&")
        && at > 1
        && words.get(at - 2).is_some_and(|word| is_roman(&word.text));
    let noun = before.text.chars().all(char::is_alphabetic) && !COUNTED.contains(&before.text.as_str());
    let follows = words.get(at + 1).map_or("", |next| next.text.as_str());
    if !(noun || paired) || (figures && !word.ends) || (word.text == "iv" && INFUSED.contains(&follows)) {
        return None;
    }
    match word.text.as_str() {
        "1" | "i" => Some(Seniority::Entry),
        "2" | "ii" => Some(Seniority::Mid),
        "3" | "4" | "5" | "iii" | "iv" => Some(Seniority::Senior),
        "v" if word.ends => Some(Seniority::Senior),
        _ => None,
    }
}

fn is_roman(word: &str) -> bool {
    matches!(word, "i" | "ii" | "iii" | "iv" | "v")
}

#[cfg(test)]
mod tests;
