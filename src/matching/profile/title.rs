//! How alike two job titles are: by their four-letter sequences, which see compounds, endings and misspellings, and by the occupations
//! they stand for, which see that a programmer is a developer and an infirmier a nurse.

use super::{
    occupations::{OCCUPATIONS, grams_of},
    words,
};
use crate::matching::text::{Language, Stems, Term, fold, form_at, head, scan, stems_of, synonyms};

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
    /// Each word with all terms that stand for it.
    words: Vec<Box<[Term]>>,
    /// Grams with their weights, a vector of length 1, by gram.
    grams: Box<[(u32, f32)]>,
    /// Occupations with their weights, a vector of length 1, by number; may be empty.
    occupations: Box<[(u16, f32)]>,
    gram_bits: Bits,
    occupation_bits: Bits,
}

/// Which numbers may be in a list: most that are not are told so without a search.
#[derive(Clone, Copy, Debug, Default)]
struct Bits([u64; 8]);

impl Bits {
    fn of(numbers: impl Iterator<Item = u32>) -> Self {
        let mut bits = Self::default();
        for number in numbers {
            if let Some(word) = bits.0.get_mut(number as usize / 64 % 8) {
                *word |= 1 << (number % 64);
            }
        }
        bits
    }

    fn may_have(&self, number: u32) -> bool {
        self.0.get(number as usize / 64 % 8).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }
}

impl TitleShape {
    /// Titles that are more alike than this share a key.
    pub const RELATED: f64 = 0.4;

    /// Reduces a title of any language.
    pub fn new(title: &str) -> Self {
        let mut folded = String::new();
        fold(title, &mut folded);
        let mut tokens = Vec::new();
        scan(&folded, &mut tokens);
        let mut shape = Self::default();
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
            let mut terms = vec![Term::form(word), Stems::of(word, Language::En).english];
            stems_of(word, &mut terms);
            let alike = synonyms(word);
            for other in alike.iter().copied().chain(head(word)) {
                terms.push(Term::form(other));
                stems_of(other, &mut terms);
            }
            terms.sort_unstable();
            terms.dedup();
            shape.words.push(terms.into_boxed_slice());
            names.extend(alike.first().copied().unwrap_or(word).split('-').filter(|part| !part.is_empty()));
        }
        shape.grams = letters(&names);
        let mut english = Vec::new();
        for name in &names {
            words::english(name, &mut english);
        }
        let all = names.iter().chain(&english).copied();
        shape.occupations = OCCUPATIONS.nearest(all.flat_map(grams_of));
        shape.gram_bits = Bits::of(shape.grams.iter().map(|(gram, _)| *gram));
        shape.occupation_bits = Bits::of(shape.occupations.iter().map(|(number, _)| u32::from(*number)));
        shape
    }

    /// Whether the title names any occupation.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The terms of all its words.
    pub fn terms(&self) -> impl Iterator<Item = Term> {
        self.words.iter().flat_map(|terms| terms.iter().copied())
    }

    /// Whether a word of one stands in the other.
    pub fn shares_word(&self, other: &Self) -> bool {
        self.words.iter().any(|word| other.has(word))
    }

    fn has(&self, word: &[Term]) -> bool {
        self.words.iter().any(|own| own.iter().any(|term| word.binary_search(term).is_ok()))
    }

    /// Keys of which two titles share at least one if they are more alike than [`Self::RELATED`].
    ///
    /// A likeness over a bound needs the letters or the occupations to be over it. For vectors of length 1 whose parts are put in one
    /// order for all titles, the first part that two such vectors share lies before the tail of either whose length is
    /// under the bound: Cauchy and Schwarz allow the tail no more than its length. So the tails are left out, commonest grams last.
    pub fn keys(&self) -> impl Iterator<Item = Term> {
        let mut grams: Vec<(f32, u32, f32)> =
            self.grams.iter().map(|&(gram, part)| (OCCUPATIONS.weight(gram), gram, part)).collect();
        grams.sort_unstable_by(|left, right| right.0.total_cmp(&left.0).then(left.1.cmp(&right.1)));
        let kept = without_tail(grams.iter().map(|(_, _, part)| *part));
        let grams: Vec<Term> = grams.iter().take(kept).map(|(_, gram, _)| Term::gram(*gram)).collect();
        let kept = without_tail(self.occupations.iter().map(|(_, part)| *part));
        grams
            .into_iter()
            .chain(self.occupations.iter().take(kept).map(|(occupation, _)| Term::occupation(*occupation)))
    }

    /// 0 for nothing in common to 1 for the same title but for level and spelling; the same in both directions.
    pub fn likeness(&self, other: &Self) -> f64 {
        if self.grams.is_empty() || other.grams.is_empty() {
            return 0.0;
        }
        let letters = product(&self.grams, &other.grams, &other.gram_bits);
        let likeness = if self.occupations.is_empty() || other.occupations.is_empty() {
            letters
        } else {
            let occupations = product(&self.occupations, &other.occupations, &other.occupation_bits);
            LETTERS * letters + (1.0 - LETTERS) * occupations
        };
        if likeness > 0.9995 { 1.0 } else { f64::from(likeness.clamp(0.0, 1.0)) }
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

/// The sum over what both have; both are sorted, `bits` are those of `right`.
fn product<K: Copy + Ord + Into<u32>>(left: &[(K, f32)], right: &[(K, f32)], bits: &Bits) -> f32 {
    let common = left.iter().filter(|(key, _)| bits.may_have((*key).into())).filter_map(|(key, own)| {
        let at = right.binary_search_by_key(key, |(key, _)| *key).ok()?;
        right.get(at).map(|(_, other)| own * other)
    });
    common.fold(0.0, |sum, part| sum + part)
}

/// How many of the parts of a vector of length 1 to keep, so that the length of the rest is under the bound, rounding included.
fn without_tail(parts: impl DoubleEndedIterator<Item = f32> + ExactSizeIterator) -> usize {
    let bound = TitleShape::RELATED - 0.001;
    let count = parts.len();
    let mut tail = 0.0_f64;
    let dropped = parts
        .rev()
        .take_while(|part| {
            tail += f64::from(*part).powi(2);
            tail < bound * bound
        })
        .count();
    count - dropped
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

        #[test]
        fn related_titles_share_a_key(left in title(), right in title()) {
            let (left, right) = (TitleShape::new(&left), TitleShape::new(&right));
            let keys: Vec<Term> = left.keys().collect();
            if left.likeness(&right) > TitleShape::RELATED {
                prop_assert!(right.keys().any(|key| keys.contains(&key)));
            }
        }
    }
}
