//! How alike two job titles are: half by their words, half by their four-letter sequences, which also see compounds and endings.

use rustc_hash::FxHashMap;

use crate::matching::text::{Language, Stems, Term, fold, form_at, head, scan, stems_of, synonyms};

/// Words that say how senior a job is, or nothing about it; a part of its own judges the level.
const NO_OCCUPATION: &[&str] = &[
    "senior",
    "sr",
    "junior",
    "jr",
    "lead",
    "principal",
    "staff",
    "mid",
    "entry",
    "level",
    "intern",
    "internship",
    "trainee",
    "graduate",
    "head",
    "chief",
    "of",
    "the",
    "a",
    "an",
    "and",
    "und",
    "or",
    "for",
    "in",
    "im",
    "fur",
    "de",
    "la",
    "et",
    "y",
    "e",
    "mit",
    "with",
    "to",
    "at",
    "i",
    "ii",
    "iii",
    "iv",
    "remote",
    "hybrid",
    "onsite",
    "all",
    "genders",
    "gn",
    "div",
    "bereich",
    "als",
    "zur",
    "zum",
];

/// Words in so many titles that sharing one says less.
const COMMON: &[&str] = &[
    "engineer",
    "developer",
    "manager",
    "specialist",
    "analyst",
    "consultant",
    "assistant",
    "associate",
    "coordinator",
    "entwickler",
    "ingenieur",
    "berater",
    "mitarbeiter",
    "spezialist",
    "leiter",
    "director",
    "officer",
    "representative",
    "technician",
    "administrator",
    "architect",
    "designer",
    "team",
    "software",
    "ingenieure",
    "advisor",
    "executive",
];

/// A title reduced to what is compared.
#[derive(Clone, Debug, Default)]
pub struct TitleShape {
    /// Each word with all terms that stand for it, and its weight.
    words: Vec<(Box<[Term]>, f32)>,
    grams: FxHashMap<u32, f32>,
    norm: f32,
}

impl TitleShape {
    /// Reduces a title of any language.
    pub fn new(title: &str) -> Self {
        let mut folded = String::new();
        fold(title, &mut folded);
        let mut tokens = Vec::new();
        scan(&folded, &mut tokens);
        let mut shape = Self::default();
        let mut at = 0;
        while let Some(rest) = tokens.get(at..)
            && let Some(first) = rest.first()
        {
            let (word, taken) = form_at(rest).map_or((first.word, 1), |form| (form.canonical, form.tokens));
            at += taken;
            if NO_OCCUPATION.contains(&word) || word.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let weight = if COMMON.contains(&word) { 0.5 } else { 1.0 };
            let mut terms = vec![Term::form(word), Stems::of(word, Language::En).english];
            stems_of(word, &mut terms);
            for other in synonyms(word).iter().copied().chain(head(word)) {
                terms.push(Term::form(other));
                stems_of(other, &mut terms);
            }
            terms.sort_unstable();
            terms.dedup();
            shape.words.push((terms.into_boxed_slice(), weight));
            shape.add_grams(word, weight);
        }
        shape.norm = shape.grams.values().map(|weight| weight * weight).sum::<f32>().sqrt();
        shape
    }

    fn add_grams(&mut self, word: &str, weight: f32) {
        let padded: Vec<char> = format!(" {word} ").chars().collect();
        for gram in padded.windows(4.min(padded.len())) {
            let key =
                gram.iter().fold(0x811c_9dc5_u32, |hash, c| (hash ^ u32::from(*c)).wrapping_mul(0x0100_0193));
            *self.grams.entry(key).or_insert(0.0) += weight;
        }
    }

    /// Whether the title names any occupation.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The terms of all its words.
    pub fn terms(&self) -> impl Iterator<Item = Term> {
        self.words.iter().flat_map(|(terms, _)| terms.iter().copied())
    }

    /// Whether a word of one stands in the other.
    pub fn shares_word(&self, other: &Self) -> bool {
        self.words.iter().any(|(word, _)| other.has(word))
    }

    fn has(&self, word: &[Term]) -> bool {
        self.words.iter().any(|(own, _)| own.iter().any(|term| word.binary_search(term).is_ok()))
    }

    /// 0 for nothing in common to 1 for the same title; the same in both directions.
    pub fn likeness(&self, other: &Self) -> f64 {
        if self.is_empty() || other.is_empty() {
            return 0.0;
        }
        let dot: f32 =
            self.grams.iter().filter_map(|(gram, weight)| Some(weight * other.grams.get(gram)?)).sum();
        let cosine = (dot / (self.norm * other.norm)).clamp(0.0, 1.0);
        let shared = |one: &Self, two: &Self| -> f32 {
            one.words.iter().filter(|(word, _)| two.has(word)).map(|(_, weight)| weight).sum()
        };
        let total = |one: &Self| -> f32 { one.words.iter().map(|(_, weight)| weight).sum() };
        let overlap = (shared(self, other) + shared(other, self)) / (total(self) + total(other));
        let likeness = 0.5 * f64::from(cosine) + 0.5 * f64::from(overlap);
        if likeness > 0.999 { 1.0 } else { likeness.clamp(0.0, 1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(left: &str, right: &str) -> f64 {
        TitleShape::new(left).likeness(&TitleShape::new(right))
    }

    #[test]
    fn the_same_occupation_is_one_whatever_the_level_and_spelling() {
        for (left, right) in [
            ("Rust Engineer", "Senior Rust Engineer (m/w/d)"),
            ("Frontend Developer", "Front-End Developer"),
            ("C# Entwickler", "C# Entwickler:in"),
        ] {
            assert!((likeness(left, right) - 1.0).abs() < 1e-9, "{left} {right} {}", likeness(left, right));
        }
    }

    #[test]
    fn nearer_titles_score_more() {
        let wish = "Softwareentwickler";
        assert!(likeness(wish, "Entwickler") > 0.4);
        assert!(likeness(wish, "Entwickler") > likeness(wish, "Buchhalter"));
        assert!(
            likeness("Data Engineer", "Senior Data Engineer, Platform")
                > likeness("Data Engineer", "Sales Engineer")
        );
        assert!(likeness("Nurse", "Truck Driver") < 0.1);
        assert!(likeness("", "Nurse") < 1e-9 && likeness("Senior", "Senior") < 1e-9);
    }
}
