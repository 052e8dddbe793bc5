//! Years of experience asked for.
//!
//! Finds numbers of years, in figures or words, and takes the first that speaks of the applicant: a word for experience
//! stands by it, and nothing says that it is the company's age, a person's age, or the length of a course or contract.

use std::sync::LazyLock;

use regex::Regex;

use super::pattern::Pattern;
use crate::domain::Years;

const NUMBERS: &[(u8, &str)] = &[
    (1, "one|ein|einem|un|une|uno"),
    (2, "two|zwei|deux|dos"),
    (3, "three|drei|trois|tres"),
    (4, "four|vier|quatre|cuatro"),
    (5, "five|fünf|cinq|cinco"),
    (6, "six|sechs|seis"),
    (7, "seven|sieben"),
    (8, "eight|acht|huit|ocho"),
    (9, "nine"),
    (10, "ten|zehn|dix|diez"),
    (12, "twelve"),
    (15, "fifteen"),
];

static YEARS: LazyLock<Option<Pattern>> = LazyLock::new(|| {
    let words: Vec<&str> = NUMBERS.iter().map(|(_, words)| *words).collect();
    let number = format!(r"\d{{1,2}}(?:[.,]5)?|{}", words.join("|"));
    let pattern = format!(
        r"(?i)\b(?P<min>{number})(?:\s*\(\s*\d{{1,2}}\s*\))?(?P<open>\s*\+|\s+plus)?(?:\s*(?:-|‑|–|—|to|bis|à|a|or|ou|o|oder|y)\s*(?P<max>{number})(?:\s*\(\s*\d{{1,2}}\s*\))?(?P<more>\s*\+)?)?[\s\u{{a0}}‑-]*(?:or more |full |complete |volle )?(?:years?|yrs?|yoe|jahren?|ans|an|années?|años?|anni|jaar|jährige[rnms]?)\b"
    );
    Pattern::new(&pattern).ok()
});

const EXPERIENCE: &str = "experience; experienced; erfahrung; expérience; experiencia; esperienza; ervaring; yoe; praxis; \
    berufspraxis; exp.; track record";
/// After the years: they are something else's.
const NOT_AFTER: &str = "old; of age; alt; degree; bachelor; diploma; college; university; contract; program; in business; of \
    success; history; jung; d'âge; de edad; ago; anniversary; renouvelable; of service; warranty; in a row; \
    antigüedad; zurück; trayectoria; d'ancienneté; garantie; apprenticeship; ausbildung; studium; \
    berufsausbildung; laufzeit";
/// Before the years: the company's, or a span of time.
const NOT_BEFORE: &str = "for over; for nearly; for almost; for more than; for the past; for the last; the past; the last; the \
    next; in the next; over the; for; seit; seit über; seit mehr als; seit fast; seit mindestens; vor; vor \
    über; depuis; depuis plus de; desde hace; desde hace más de; hace; hace más de; our; its; within; every; \
    each; sur; sous; dans les; pendant; durée; dauer; founded; en; mindestalter; desde los; durante; \
    ausbildungsdauer:; conservées; has been; we have; with its; during the";
const AT_LEAST: &str = "minimum; min.; min; at least; minimum of; mindestens; mind.; au moins; al menos; mínimo; mínimo de; \
    mínima de; minimum de; over; more than; über; mehr als";
const LOOSELY: &str =
    "over; more than; nearly; almost; über; mehr als; fast; más de; plus de; près de; casi; with; mit; con";
/// What makes a number of years without a word for experience a demand.
const CONTINUES: &str =
    "of; in; as; with; working; en; dans; als; designing; building; developing; leading; managing; ’; '";

/// Words that recruiters use for years, with what they commonly mean.
const PHRASES: &[(&str, u8, Option<u8>)] = &[
    (r"mehrjährige\w* (?:[\w/-]+ ){0,4}?\w*(?:erfahrung|praxis)", 3, None),
    (r"\berste[nr]? (?:[\w/-]+ ){0,2}?\w*erfahrung", 0, Some(2)),
    (r"débutant(?:\(e\)|e)?(?:\(?s\)?)? accepté", 0, Some(2)),
    (r"premières? expérience", 0, Some(2)),
    (r"expériences? significative", 1, Some(3)),
    (r"expériences? confirmée", 4, None),
    (r"no (?:prior |previous )?experience (?:is )?(?:required|necessary|needed)", 0, Some(0)),
    (r"ni d'expérience|sans expérience|sin experiencia|keine (?:vor|berufs)erfahrung", 0, Some(0)),
];

static SPOKEN: LazyLock<Vec<(Regex, Years)>> = LazyLock::new(|| {
    let compiled = |(pattern, min, max): &(&str, u8, Option<u8>)| {
        Some((Regex::new(pattern).ok()?, Years { min: *min, max: *max }))
    };
    PHRASES.iter().filter_map(compiled).collect()
});

/// More years than anyone asks for: a company's age.
const LONGEST: u8 = 20;
/// From here on "over N years" is a company's.
const LONG: u8 = 12;

/// The years of experience that a text asks for; `None` where it names none.
pub fn from_text(text: &str) -> Option<Years> {
    let pattern = YEARS.as_ref()?;
    let lower = text.to_lowercase().replace('’', "'").replace('\u{a0}', " ");
    for found in pattern.captures_iter(&lower) {
        let Some(whole) = found.get(0) else { continue };
        let value = |name: &str| found.name(name).and_then(|part| number(part.as_str()));
        let Some(min) = value("min") else { continue };
        let open = found.name("open").is_some() || found.name("more").is_some();
        let max = value("max").filter(|max| *max > min);
        let before = before(&lower, whole.start());
        let after = after(&lower, whole.end());
        if asks(&before, &after, min, open, max.is_some()) {
            return Some(Years { min, max: max.filter(|_| !open) });
        }
    }
    phrase(&lower)
}

/// The first of the phrases in the text.
fn phrase(lower: &str) -> Option<Years> {
    let found = SPOKEN.iter().filter_map(|(pattern, years)| Some((pattern.find(lower)?.start(), *years)));
    found.min_by_key(|(at, _)| *at).map(|(_, years)| years)
}

fn number(text: &str) -> Option<u8> {
    let whole = text.split(['.', ',']).next().unwrap_or_default();
    let spoken = || NUMBERS.iter().find(|(_, words)| words.split('|').any(|word| word == text));
    whole.parse().ok().or_else(|| spoken().map(|(number, _)| *number))
}

fn asks(before: &str, after: &str, min: u8, open: bool, range: bool) -> bool {
    let lead = before.trim_end_matches([' ', ':', '(', '~', '-', '–', '*']);
    let leads = |words: &str| {
        words
            .split("; ")
            .any(|word| lead.strip_suffix(word).is_some_and(|head| !head.ends_with(char::is_alphanumeric)))
    };
    if min >= LONGEST || (min >= LONG && leads(LOOSELY)) || leads(NOT_BEFORE) {
        return false;
    }
    let next = |words: &str| words.split("; ").filter_map(|word| word_at(after, word)).min();
    let experience = next(EXPERIENCE);
    let other = next(NOT_AFTER);
    if other.is_some_and(|other| experience.is_none_or(|experience| other < experience) && other < 24) {
        return false;
    }
    if experience.is_some_and(|at| at <= 80) {
        return true;
    }
    let earlier = EXPERIENCE.split("; ").any(|word| word_at(before, word).is_some());
    let demanded = open || range || leads(AT_LEAST);
    let continues =
        CONTINUES.split("; ").any(|word| after.trim_start().starts_with(word)) || after.starts_with('\'');
    earlier || (demanded && continues && min <= 15)
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

const BEFORE: usize = 60;
const AFTER: usize = 110;

/// The sentence before, as far as it matters.
fn before(text: &str, at: usize) -> String {
    let mut from = at.saturating_sub(BEFORE);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let window = text.get(from..at).unwrap_or_default();
    let start = window.rfind(['\n', '•', ';', '!', '?']).map_or(0, |at| at + 1);
    let window = window.get(start..).unwrap_or(window);
    let stop = window.rfind(". ").map_or(0, |at| at + 2);
    window.get(stop..).unwrap_or_default().to_owned()
}

/// The sentence after.
fn after(text: &str, at: usize) -> String {
    let mut to = text.len().min(at.saturating_add(AFTER));
    while !text.is_char_boundary(to) {
        to -= 1;
    }
    let window = text.get(at..to).unwrap_or_default();
    let end = window.find(['\n', '•', ';', '!', '?']).unwrap_or(window.len());
    let window = window.get(..end).unwrap_or(window);
    let stop = window.find(". ").unwrap_or(window.len());
    window.get(..stop).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_phrases_compile() {
        assert_eq!(SPOKEN.len(), PHRASES.len());
        assert!(YEARS.is_some());
    }

    #[test]
    fn what_is_asked_for() {
        for (text, min, max) in [
            ("5+ years of experience in sales", 5, None),
            ("2 - 4 years of bookkeeping experience", 2, Some(4)),
            ("You bring 3–6+ years of experience with C#", 3, None),
            ("Minimum of three (3) years' experience", 3, None),
            ("At least two years of work experience", 2, None),
            ("7+ years designing bridges", 7, None),
            ("Mindestens 3 Jahre Berufserfahrung im Vertrieb", 3, None),
            ("3 bis 5 Jahre einschlägige Erfahrung", 3, Some(5)),
            ("Mehrjährige Berufserfahrung als Koch", 3, None),
            ("Dreijährige Berufserfahrung", 3, None),
            ("Erste praktische Erfahrungen im Verkauf", 0, Some(2)),
            ("Expérience : minimum 2 ans sur un poste similaire", 2, None),
            ("1 à 2 ans d'expérience", 1, Some(2)),
            ("Débutants acceptés", 0, Some(2)),
            ("Experiencia mínima de cinco años", 5, None),
            ("De 3 a 5 años de experiencia", 3, Some(5)),
        ] {
            assert_eq!(from_text(text), Some(Years { min, max }), "{text}");
        }
    }

    #[test]
    fn what_is_something_else() {
        for text in [
            "For over 35 years we have made doors.",
            "Our firm has more than 30 years of experience.",
            "You must be at least 18 years old.",
            "A 4-year degree in biology",
            "Seit über 10 Jahren Pionier",
            "Contrat de 3 ans, renouvelable",
            "in the next five years",
            "",
        ] {
            assert_eq!(from_text(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,200}") {
            let _ = from_text(&text);
        }

        #[test]
        fn any_number_of_years_is_read(min in 0_u8..100, more in 0_u8..100, tail in "\\PC{0,40}") {
            if let Some(years) = from_text(&format!("{min}-{more} years of experience {tail}")) {
                prop_assert!(years.max.is_none_or(|max| max > years.min));
            }
        }
    }
}
