//! One posting as the index sees it: which atoms it has and where, and what it states.

use chrono::NaiveDate;

use super::entry::Have;
use crate::matching::{
    filters::PostingItem,
    query::Fields,
    table::{NONE, Occurrences},
    text::Term,
};

/// What a posting pays in one currency; nothing compares with what it does not state.
#[derive(Clone, Copy, Debug)]
pub struct Pay {
    /// Its lowest pay, or its only one.
    pub low: f64,
    /// Its highest pay, or its only one.
    pub high: f64,
}

/// No pay stated, or none that can be converted.
pub const NO_PAY: Pay = Pay { low: f64::NAN, high: f64::NAN };

/// A posting while it is matched.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// For each atom, the fields it stands in.
    pub fields: &'a [u8],
    /// For each atom that stands somewhere, its last occurrence.
    pub heads: &'a [u32],
    /// Positions of the atoms whose positions are wanted.
    pub occurrences: &'a Occurrences,
    /// The atoms it has, each once.
    pub atoms: &'a [u32],
    /// What it states of place of work, type and level.
    pub have: Have,
    /// Pay by the number of the currency.
    pub pays: &'a [Pay],
    /// The areas it is in, ascending.
    pub areas: &'a [u32],
    /// Days since publication.
    pub age: Option<i64>,
    /// Its source.
    pub source: Term,
    /// For rule trees.
    pub item: PostingItem<'a>,
    /// The day it is matched on.
    pub today: NaiveDate,
}

impl View<'_> {
    /// The fields an atom stands in.
    pub fn fields_of(&self, atom: u32) -> Fields {
        Fields(self.fields.get(atom as usize).copied().unwrap_or_default())
    }

    /// Whether the posting has an atom.
    pub fn has(&self, atom: u32) -> bool {
        self.fields_of(atom).0 != 0
    }

    /// Pay in the currency with this number.
    pub fn pay(&self, currency: u32) -> Pay {
        self.pays.get(currency as usize).copied().unwrap_or(NO_PAY)
    }

    /// The fields of `within` in which these atoms stand in a row.
    pub fn phrase(&self, atoms: &[u32], within: Fields) -> Fields {
        phrase(self.fields, self.heads, self.occurrences, atoms, within)
    }
}

/// The fields of `within` in which `atoms` stand in a row, given the fields and the last occurrence of each atom.
pub fn phrase(
    fields: &[u8],
    heads: &[u32],
    occurrences: &Occurrences,
    atoms: &[u32],
    within: Fields,
) -> Fields {
    let fields_of = |atom: u32| Fields(fields.get(atom as usize).copied().unwrap_or_default());
    if let [only] = atoms {
        return Fields(fields_of(*only).0 & within.0);
    }
    if atoms.iter().any(|atom| !fields_of(*atom).meets(within)) {
        return Fields(0);
    }
    let head = |atom: &u32| heads.get(*atom as usize).copied().unwrap_or(NONE);
    occurrences.phrase(atoms.iter().map(head), within)
}
