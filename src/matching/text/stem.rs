//! Word forms by Snowball stemmers, behind a memo for each thread and language.

use std::cell::RefCell;

use rust_stemmers::{Algorithm, Stemmer};
use rustc_hash::FxHashMap;

use super::Term;

/// Languages with a stemmer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    En,
    /// German.
    De,
    /// French.
    Fr,
    /// Spanish.
    Es,
    /// Italian.
    It,
    /// Dutch.
    Nl,
    /// Portuguese.
    Pt,
    /// Swedish.
    Sv,
    /// Danish.
    Da,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 9] =
        [Self::En, Self::De, Self::Fr, Self::Es, Self::It, Self::Nl, Self::Pt, Self::Sv, Self::Da];

    /// Reads an ISO 639-1 code; `en-US` is accepted.
    pub fn from_code(code: &str) -> Option<Self> {
        Some(match code.get(..2)?.to_ascii_lowercase().as_str() {
            "en" => Self::En,
            "de" => Self::De,
            "fr" => Self::Fr,
            "es" => Self::Es,
            "it" => Self::It,
            "nl" => Self::Nl,
            "pt" => Self::Pt,
            "sv" => Self::Sv,
            "da" => Self::Da,
            _ => return None,
        })
    }

    fn algorithm(self) -> Algorithm {
        match self {
            Self::En => Algorithm::English,
            Self::De => Algorithm::German,
            Self::Fr => Algorithm::French,
            Self::Es => Algorithm::Spanish,
            Self::It => Algorithm::Italian,
            Self::Nl => Algorithm::Dutch,
            Self::Pt => Algorithm::Portuguese,
            Self::Sv => Algorithm::Swedish,
            Self::Da => Algorithm::Danish,
        }
    }
}

/// Words that Snowball reduces to the stem of a word with another meaning (`internal` to `intern`, `engine` to that of `engineer`).
const WHOLE: &[&str] = &[
    "internal",
    "internally",
    "international",
    "internationally",
    "internationals",
    "internals",
    "internationale",
    "internationaler",
    "internationalen",
    "interne",
    "interner",
    "internes",
    "internen",
    "engine",
    "engines",
    "organ",
    "organs",
    "organic",
    "universe",
    "universal",
    "universally",
    "general",
    "generally",
    "importance",
    "important",
    "customs",
    "physics",
    "statistics",
    "analytics",
    "logistics",
    "basics",
    "news",
];

/// The three terms of a word in a text.
#[derive(Clone, Copy, Debug)]
pub struct Stems {
    /// As written.
    pub exact: Term,
    /// English form: English words stand in texts of every language.
    pub english: Term,
    /// Form in the language of the text; equals `english` in English texts.
    pub own: Term,
}

/// Words kept by one memo before it starts anew; words of postings are endless.
const MEMO_WORDS: usize = 200_000;

thread_local! {
    static MEMO: RefCell<[FxHashMap<Box<str>, Stems>; Language::ALL.len()]> = RefCell::default();
    static FORMS: RefCell<FxHashMap<Box<str>, Box<[Term]>>> = RefCell::default();
}

impl Stems {
    /// The terms of a folded word in a text of `language`.
    pub fn of(word: &str, language: Language) -> Self {
        MEMO.with_borrow_mut(|memo| {
            let Some(memo) = memo.get_mut(language as usize) else { return Self::computed(word, language) };
            if let Some(&stems) = memo.get(word) {
                return stems;
            }
            let stems = Self::computed(word, language);
            if memo.len() >= MEMO_WORDS {
                memo.clear();
            }
            memo.insert(word.into(), stems);
            stems
        })
    }

    fn computed(word: &str, language: Language) -> Self {
        let english = form_in(word, Language::En);
        let own = if language == Language::En { english } else { form_in(word, language) };
        Self { exact: Term::exact(word), english, own }
    }
}

/// Appends every form a folded word of unknown language can have in a text, each once.
pub fn stems_of(word: &str, out: &mut Vec<Term>) {
    FORMS.with_borrow_mut(|memo| {
        if memo.len() >= MEMO_WORDS {
            memo.clear();
        }
        if !memo.contains_key(word) {
            let mut forms: Vec<_> = Language::ALL.iter().map(|language| form_in(word, *language)).collect();
            forms.sort_unstable();
            forms.dedup();
            memo.insert(word.into(), forms.into_boxed_slice());
        }
        for term in memo.get(word).into_iter().flatten() {
            if !out.contains(term) {
                out.push(*term);
            }
        }
    });
}

/// Stems of other languages are terms of another kind: `amer` is a form of the French `amers`, and no form of `America`.
fn form_in(word: &str, language: Language) -> Term {
    let stem = stem(word, language);
    if language == Language::En { Term::form(&stem) } else { Term::foreign(&stem) }
}

/// Short words keep their ending outside English: `daten` and `data` would meet in `dat`.
fn stem(word: &str, language: Language) -> String {
    if WHOLE.contains(&word) || word.len() < 3 || !word.chars().all(char::is_alphabetic) {
        return word.to_owned();
    }
    let shortest = if language == Language::En { 2 } else { 4 };
    if language != Language::En && word.len() <= 4 {
        return word.to_owned();
    }
    let stem = Stemmer::create(language.algorithm()).stem(word);
    if stem.len() < shortest { word.to_owned() } else { stem.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_word_meet_and_others_do_not() {
        for (left, right, language, same) in [
            ("developers", "developer", Language::En, true),
            ("engineering", "engineer", Language::En, true),
            ("entwicklern", "entwickler", Language::De, true),
            ("ingenieurs", "ingenieur", Language::Fr, true),
            ("internal", "intern", Language::En, false),
            ("engines", "engineer", Language::En, false),
            ("daten", "data", Language::De, false),
        ] {
            assert_eq!(stem(left, language) == stem(right, language), same, "{left} {right}");
        }
    }

    #[test]
    fn a_stem_of_one_language_is_no_stem_of_another() {
        for (query, text) in
            [("america", "amer"), ("looker", "looking"), ("advisor", "advise"), ("staff", "staffing")]
        {
            let mut forms = Vec::new();
            stems_of(query, &mut forms);
            assert!(!forms.contains(&Stems::of(text, Language::En).english), "{query} {text}");
        }
    }

    #[test]
    fn a_query_word_finds_its_form_in_every_language() {
        let mut forms = Vec::new();
        stems_of("entwickler", &mut forms);
        assert!(forms.contains(&Stems::of("entwicklern", Language::De).own));
        assert!(forms.contains(&Stems::of("entwickler", Language::En).english));
        assert!(forms.len() <= Language::ALL.len());
    }
}
