//! How alike two job titles are: by their four-letter sequences, which see compounds, endings and misspellings, and by the occupations
//! they stand for, which see that a programmer is a developer and an infirmier a nurse.

use super::{
    occupations::{OCCUPATIONS, grams_of},
    words,
};
use crate::matching::text::{fold, form_at, scan, synonyms};

/// Share of the letters in the likeness; the rest is that of the occupations.
const LETTERS: f32 = 0.6;

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

/// A title reduced to what is compared.
#[derive(Clone, Debug, Default)]
pub struct TitleShape {
    /// Grams with their weights, a vector of length 1, by gram.
    grams: Box<[(u32, f32)]>,
    /// Occupations with their weights, a vector of length 1, by number; may be empty.
    occupations: Box<[(u16, f32)]>,
}

impl TitleShape {
    /// Titles that are less alike than this have nothing to do with each other.
    pub const RELATED: f64 = 0.4;

    /// Reduces a title of any language.
    pub fn new(title: &str) -> Self {
        let mut folded = String::new();
        fold(title, &mut folded);
        let mut tokens = Vec::new();
        scan(&folded, &mut tokens);
        let mut names = Vec::new();
        let mut at = 0;
        while let Some(rest) = tokens.get(at..)
            && let Some(first) = rest.first()
        {
            let (word, taken) = form_at(rest).map_or((first.word, 1), |form| (form.canonical, form.tokens));
            at += taken;
            if NO_OCCUPATION.contains(&word) || word.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let name = synonyms(word).first().copied().unwrap_or(word);
            names.extend(name.split('-').filter(|part| !part.is_empty()));
        }
        let mut english = Vec::new();
        for name in &names {
            words::english(name, &mut english);
        }
        let all = names.iter().chain(&english).copied();
        Self { grams: letters(&names), occupations: OCCUPATIONS.nearest(all.flat_map(grams_of)) }
    }

    /// Whether the title names any occupation.
    pub fn is_empty(&self) -> bool {
        self.grams.is_empty()
    }

    /// Its letters as a vector of length 1, by gram.
    pub(in crate::matching) fn grams(&self) -> &[(u32, f32)] {
        &self.grams
    }

    /// The occupations it stands for as a vector of length 1, by number; may be empty.
    pub(in crate::matching) fn occupations(&self) -> &[(u16, f32)] {
        &self.occupations
    }

    /// 0 for nothing in common to 1 for the same title but for level and spelling; the same in both directions.
    pub fn likeness(&self, other: &Self) -> f64 {
        let both = !self.occupations.is_empty() && !other.occupations.is_empty();
        let occupations = both.then(|| product(&self.occupations, &other.occupations));
        f64::from(Self::joined(product(&self.grams, &other.grams), occupations))
    }

    /// The likeness that the products of two titles' letters and occupations make; `None` where one of them stands for no occupation.
    pub(in crate::matching) fn joined(letters: f32, occupations: Option<f32>) -> f32 {
        let likeness =
            occupations.map_or(letters, |occupations| LETTERS * letters + (1.0 - LETTERS) * occupations);
        if likeness > 0.9995 { 1.0 } else { likeness.clamp(0.0, 1.0) }
    }
}

/// The grams of a title's words as a vector of length 1.
fn letters(names: &[&str]) -> Box<[(u32, f32)]> {
    let mut grams: Vec<(u32, f32)> =
        names.iter().flat_map(|name| grams_of(name)).map(|gram| (gram, OCCUPATIONS.weight(gram))).collect();
    grams.sort_unstable_by_key(|(gram, _)| *gram);
    grams.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        if same {
            kept.1 += next.1;
        }
        same
    });
    let length = grams.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
    for (_, weight) in &mut grams {
        *weight /= length;
    }
    grams.into_boxed_slice()
}

/// The sum over what both have, in order; both are sorted.
fn product<K: Copy + Ord>(left: &[(K, f32)], right: &[(K, f32)]) -> f32 {
    let common = left.iter().filter_map(|(key, own)| {
        let at = right.binary_search_by_key(key, |(key, _)| *key).ok()?;
        right.get(at).map(|(_, other)| own * other)
    });
    common.fold(0.0, |sum, part| sum + part)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn likeness(left: &str, right: &str) -> f64 {
        TitleShape::new(left).likeness(&TitleShape::new(right))
    }

    #[test]
    fn the_same_occupation_is_one_whatever_the_level_and_spelling() {
        for (left, right) in [
            ("Rust Engineer", "Senior Rust Engineer (m/w/d)"),
            ("Frontend Developer", "Front-End Developer"),
            ("Frontend Dev", "Jr. Front End Developer II"),
            ("C# Entwickler", "C# Entwickler:in"),
            ("Développeur", "developpeur h/f"),
            ("会計士", "会計士"),
        ] {
            assert!((likeness(left, right) - 1.0).abs() < 1e-9, "{left} {right} {}", likeness(left, right));
        }
    }

    #[test]
    fn nearer_titles_score_more() {
        let wish = "Softwareentwickler";
        assert!(likeness(wish, "Entwickler") > likeness(wish, "Buchhalter"));
        assert!(
            likeness("Data Engineer", "Senior Data Engineer, Platform")
                > likeness("Data Engineer", "Sales Engineer")
        );
        assert!(likeness("Nurse", "Truck Driver") < 0.1);
        assert!(likeness("", "Nurse") < 1e-9 && likeness("Senior", "Senior") < 1e-9);
    }

    #[test]
    fn other_words_and_languages_for_an_occupation_are_near() {
        for (wish, near, far) in [
            ("Software Developer", "Programmer", "Mechanical Engineer"),
            ("Krankenpfleger", "Nurse", "Accountant"),
            ("Infirmier", "Verpleegkundige", "Vendeur"),
            ("Buchhalter", "Comptable", "Koch"),
            ("Software Developer", "Softwareentwickler", "Sachbearbeiter"),
        ] {
            let (near, far) = (likeness(wish, near), likeness(wish, far));
            assert!(near > far + 0.1, "{wish}: {near} {far}");
        }
    }

    fn title() -> impl Strategy<Value = String> {
        const WORDS: &[&str] = &[
            "senior",
            "software",
            "data",
            "engineer",
            "developer",
            "entwickler",
            "softwareentwickler",
            "nurse",
            "infirmier",
            "sales",
            "manager",
            "account",
            "c++",
            "frontend",
            "devops",
            "krankenpfleger",
            "chef",
            "projectleider",
            "lead",
            "x",
        ];
        let known =
            proptest::collection::vec(prop::sample::select(WORDS), 1..5).prop_map(|words| words.join(" "));
        prop_oneof![3 => known, 1 => ".{0,30}"]
    }

    proptest! {
        #[test]
        fn likeness_is_a_share_and_the_same_both_ways(left in title(), right in title()) {
            let (left, right) = (TitleShape::new(&left), TitleShape::new(&right));
            let likeness = left.likeness(&right);
            prop_assert!((0.0..=1.0).contains(&likeness));
            prop_assert!((likeness - right.likeness(&left)).abs() < 1e-9);
            prop_assert!(left.is_empty() || (left.likeness(&left) - 1.0).abs() < 1e-9);
        }
    }
}
