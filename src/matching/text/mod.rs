//! From text to terms: folding, splitting, technology forms, stems, synonyms.
//!
//! Searches and postings go through the same steps, so that equal words become equal terms. Two kinds of term exist: the exact word
//! (what a quoted phrase looks for) and the word form (what a bare word looks for). To add a technology that is written in several
//! ways, or a synonym: one line in `forms.rs`.

mod fold;
mod forms;
mod heads;
mod scan;
mod stem;
mod word;

use std::hash::Hasher as _;

use rustc_hash::FxHasher;
use serde::Serialize;

pub(super) use fold::{fold, spelled_out};
pub(super) use forms::{Form, canonical_skill, form_at, lone_letter, starts_form, synonyms};
pub(super) use scan::{Join, Token, scan};
pub(super) use stem::{Language, Stems, stems_of};
pub(super) use word::WordTerms;

/// A word reduced to a number that depends on nothing but the word: no dictionary has to be shared or kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Term(pub u64);

impl Term {
    /// The word as written (folded), which quoted text looks for.
    pub fn exact(word: &str) -> Self {
        Self(hash(b'=', word))
    }

    /// The stem or canonical form, which bare words look for.
    pub fn form(word: &str) -> Self {
        Self(hash(b'~', word))
    }

    /// A stem in a language other than English.
    pub fn foreign(stem: &str) -> Self {
        Self(hash(b'^', stem))
    }

    /// A whole skill, in any spelling.
    pub fn skill(canonical: &str) -> Self {
        Self(hash(b'#', canonical))
    }

    /// A country by its two-letter code.
    pub fn country(code: &str) -> Self {
        Self(hash(b'@', code))
    }

    /// A source by its name.
    pub fn source(name: &str) -> Self {
        Self(hash(b'$', name))
    }

    /// The first letters of a word.
    pub fn beginning(letters: &str) -> Self {
        Self(hash(b'*', letters))
    }
}

fn hash(kind: u8, word: &str) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(word.as_bytes());
    hasher.write_u8(kind);
    hasher.finish()
}
