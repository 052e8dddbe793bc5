//! Why a word finds a posting here and not in PostgreSQL, or the other way round.
//!
//! A kind is found from the words that made one side say yes, never from the mere fact that the sides differ. To add one: a variant, its
//! text, and where it is recognized.

use std::fmt;

use rust_stemmers::{Algorithm, Stemmer};

use super::{
    plain::Asked,
    witnesses::{Token, TokenType, Witnesses},
};

/// Kinds of difference, the most telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    StopWord,
    Hyphen,
    Apostrophe,
    Slash,
    Dot,
    OtherSign,
    Remote,
    Number,
    Address,
    Compound,
    GenderEnding,
    GenderNotice,
    Ampersand,
    Technology,
    Umlaut,
    Accent,
    KeptWhole,
    ShortWord,
    OtherLanguage,
    StemmerVersion,
    Unknown,
}

impl Kind {
    /// Whether the two are meant to differ so. A stem of another language finds words that only look alike.
    pub fn is_meant(self) -> bool {
        !matches!(self, Self::OtherLanguage | Self::StemmerVersion | Self::Unknown)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StopWord => "stop words, which are words here",
            Self::Hyphen => "words with a hyphen, which are a row of words here",
            Self::Apostrophe => "words with an apostrophe",
            Self::Slash => "words with a slash, a file name there",
            Self::Dot => "words with a dot, a host or version there",
            Self::OtherSign => "words with another sign in them",
            Self::Remote => "postings that are remote without saying the word",
            Self::Number => "numbers and words with digits",
            Self::Address => "words within addresses, hosts, files and tags there",
            Self::Compound => "heads of compounds",
            Self::GenderEnding => "gender endings",
            Self::GenderNotice => "gender notices, which are no words here",
            Self::Ampersand => "letters joined by &, which are one word here",
            Self::Technology => "parts of technology names, which are no words here",
            Self::Umlaut => "umlauts written out",
            Self::Accent => "accents",
            Self::KeptWhole => "words kept whole here, as their stem is that of another word",
            Self::ShortWord => "short words and short stems, which are kept whole here",
            Self::OtherLanguage => "stems of another language than the posting's",
            Self::StemmerVersion => "another version of the stemmer",
            Self::Unknown => "unknown",
        })
    }
}

/// Beginnings of the words that keep their ending here.
const WHOLE: [&str; 13] = [
    "intern",
    "engin",
    "organ",
    "univers",
    "general",
    "importan",
    "custom",
    "physic",
    "statistic",
    "analytic",
    "logistic",
    "basic",
    "new",
];
const GENDER_ENDINGS: [&str; 4] = ["in", "innen", "r", "n"];
const STEMMERS: [Algorithm; 9] = [
    Algorithm::English,
    Algorithm::German,
    Algorithm::French,
    Algorithm::Spanish,
    Algorithm::Italian,
    Algorithm::Dutch,
    Algorithm::Portuguese,
    Algorithm::Swedish,
    Algorithm::Danish,
];

/// A kind, and the word of the posting that shows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Why {
    pub kind: Kind,
    pub found: String,
}

/// Why `word` differs on a posting; `here` says on which side it is found.
pub fn why(word: &Asked, posting: usize, here: bool, witnesses: &Witnesses) -> Why {
    let only = |kind| Why { kind, found: String::new() };
    if word.lexemes.is_empty() {
        return only(Kind::StopWord);
    }
    if let Some(kind) = sign_in(&word.text) {
        return only(kind);
    }
    let word_here = super::witnesses::split(&word.text, &witnesses.language);
    let [folded] = &word_here[..] else { return only(Kind::Unknown) };
    let reasons: Vec<Why> = if here {
        let found = witnesses.words(&word.node, posting);
        if found.is_empty() && folded.starts_with("remot") {
            return only(Kind::Remote);
        }
        let kind = |found| found_here(&word.text, folded, found, posting, witnesses);
        found.into_iter().map(|found| Why { kind: kind(found), found: found.to_owned() }).collect()
    } else {
        let found = witnesses.tokens(&word.lexemes, posting);
        let kind = |token| found_there(&word.text, folded, token, posting, witnesses);
        found.into_iter().map(|token| Why { kind: kind(token), found: token.text.clone() }).collect()
    };
    reasons.into_iter().min().unwrap_or_else(|| only(Kind::Unknown))
}

/// Words with signs in them are taken apart in other places by each side.
fn sign_in(word: &str) -> Option<Kind> {
    let sign = word.chars().find(|c| !c.is_alphanumeric())?;
    Some(match sign {
        '-' | '‐' | '‑' | '–' | '—' => Kind::Hyphen,
        '\'' | '’' | '‘' => Kind::Apostrophe,
        '/' => Kind::Slash,
        '.' => Kind::Dot,
        _ => Kind::OtherSign,
    })
}

/// `word` (here `folded`) finds the word `found` of the posting here; PostgreSQL does not.
fn found_here(word: &str, folded: &str, found: &str, posting: usize, witnesses: &Witnesses) -> Kind {
    if has_digit(word) || has_digit(found) {
        return Kind::Number;
    }
    let tokens = witnesses.holding(found, posting);
    let alone = |token: &&&Token| token.kind == TokenType::Word && witnesses.split(token).len() == 1;
    let Some(token) = tokens.iter().find(alone) else {
        return match tokens.iter().map(|token| token.kind).min() {
            Some(TokenType::Address) => Kind::Address,
            Some(TokenType::Number) => Kind::Number,
            Some(TokenType::Compound) => Kind::Hyphen,
            Some(TokenType::Word) => Kind::OtherSign,
            None if found == "remote" => Kind::Remote,
            None => Kind::Unknown,
        };
    };
    if witnesses.is_stop_word(token) {
        return Kind::StopWord;
    }
    if folded == found {
        return written_otherwise(word, folded)
            .or_else(|| written_otherwise(&token.text, found))
            .unwrap_or(Kind::Unknown);
    }
    related(word, folded, &token.text, found, witnesses).unwrap_or(Kind::Unknown)
}

/// `word` (here `folded`) finds `token` of the posting in PostgreSQL; here it does not.
fn found_there(word: &str, folded: &str, token: &Token, posting: usize, witnesses: &Witnesses) -> Kind {
    if has_digit(word) || has_digit(&token.text) || token.kind == TokenType::Number {
        return Kind::Number;
    }
    let [found] = witnesses.split(token) else { return Kind::OtherSign };
    if !witnesses.has(posting, found) {
        if found.len() == 1 && "mwfdhxiv".contains(found.as_str()) {
            return Kind::GenderNotice;
        }
        if GENDER_ENDINGS.contains(&found.as_str()) {
            return Kind::GenderEnding;
        }
        if witnesses.joined(posting, found) {
            return Kind::Ampersand;
        }
        if witnesses.technologies(posting).next().is_some() {
            return Kind::Technology;
        }
        return Kind::Unknown;
    }
    if WHOLE.iter().any(|whole| folded.starts_with(whole) && found.starts_with(whole)) {
        return Kind::KeptWhole;
    }
    let own = own_stemmer(&witnesses.language);
    let short = folded.len().min(found.len()) <= 4 || stem(own, folded).len() < 4;
    if witnesses.language != "en" && short {
        return Kind::ShortWord;
    }
    let other = || written_otherwise(word, folded).or_else(|| written_otherwise(&token.text, found));
    if stem(own, folded) == stem(own, found) {
        Kind::Unknown
    } else {
        other().unwrap_or(Kind::StemmerVersion)
    }
}

/// Why two different words of a query and of a posting meet here.
fn related(word: &str, folded: &str, token: &str, found: &str, witnesses: &Witnesses) -> Option<Kind> {
    if without_umlauts(folded) == without_umlauts(found) {
        return Some(Kind::Umlaut);
    }
    let own = own_stemmer(&witnesses.language);
    let texts = [stem(Algorithm::English, found), stem(own, found)];
    if texts[1] == stem(own, folded) {
        let otherwise = written_otherwise(word, folded).or_else(|| written_otherwise(token, found));
        return Some(otherwise.unwrap_or(Kind::StemmerVersion));
    }
    let plain = without_umlauts(folded);
    if [folded, &plain]
        .iter()
        .any(|form| STEMMERS.iter().any(|stemmer| texts.contains(&stem(*stemmer, form))))
    {
        return Some(Kind::OtherLanguage);
    }
    let head = folded.get(..folded.len().min(6))?;
    found.get(3..)?.contains(head.trim_end_matches(['e', 's', 'n'])).then_some(Kind::Compound)
}

/// Gender endings and accents that a word loses here.
fn written_otherwise(word: &str, folded: &str) -> Option<Kind> {
    let lower = word.to_lowercase();
    if lower == folded {
        return None;
    }
    let gendered = ["in", "innen"].iter().any(|ending| lower.ends_with(ending)) && !folded.ends_with("in");
    Some(if gendered { Kind::GenderEnding } else { Kind::Accent })
}

fn without_umlauts(word: &str) -> String {
    word.replace("ae", "a").replace("oe", "o").replace("ue", "u")
}

fn own_stemmer(language: &str) -> Algorithm {
    if language == "de" { Algorithm::German } else { Algorithm::English }
}

fn stem(algorithm: Algorithm, word: &str) -> String {
    Stemmer::create(algorithm).stem(word).into_owned()
}

fn has_digit(word: &str) -> bool {
    word.chars().any(char::is_numeric)
}
