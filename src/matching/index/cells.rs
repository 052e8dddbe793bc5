//! Numbers filed under a place and a term, both of which a posting must have for them to be looked at.

use rustc_hash::FxHashMap;

use crate::matching::{posting::MatchPosting, query::Fields, text::Term};

/// More keys than this for one entry are not worth their memory: it is filed under its places alone.
const MAX_KEYS: usize = 256;

#[derive(Debug)]
enum List {
    One(u32),
    Many(Vec<u32>),
}

#[derive(Debug, Default)]
struct Cell {
    keyed: FxHashMap<Term, List>,
    unkeyed: Vec<u32>,
}

/// Where an entry is filed.
#[derive(Debug, PartialEq, Eq)]
pub struct Keys {
    /// At least one.
    pub places: Vec<Term>,
    /// Empty: whatever the terms.
    pub terms: Vec<Term>,
    /// Some of the terms are beginnings of words.
    pub by_beginning: bool,
}

/// The files of all entries.
#[derive(Debug, Default)]
pub struct Cells(FxHashMap<Term, Cell>);

/// The terms of a posting to look under.
pub struct Probe<'a> {
    posting: Option<&'a MatchPosting>,
    extra: Vec<Term>,
    all: Vec<Term>,
}

impl<'a> Probe<'a> {
    /// All terms of `posting` and those of `extra`.
    pub fn new(posting: &'a MatchPosting, mut extra: Vec<Term>) -> Self {
        extra.sort_unstable();
        extra.dedup();
        let all = posting.terms().map(|(term, _)| term).chain(extra.iter().copied()).collect();
        Self { posting: Some(posting), extra, all }
    }

    /// These terms and no others.
    pub fn only(mut terms: Vec<Term>) -> Self {
        terms.sort_unstable();
        terms.dedup();
        Self { posting: None, all: terms.clone(), extra: terms }
    }

    fn has(&self, term: Term) -> bool {
        self.posting.is_some_and(|posting| posting.fields_of(term) != Fields(0))
            || self.extra.binary_search(&term).is_ok()
    }
}

impl Cells {
    /// Files `entry`.
    pub fn insert(&mut self, entry: u32, keys: &Keys) {
        let unkeyed = keys.terms.is_empty() || keys.terms.len() * keys.places.len() > MAX_KEYS;
        for place in &keys.places {
            let cell = self.0.entry(*place).or_default();
            if unkeyed {
                cell.unkeyed.push(entry);
                continue;
            }
            for term in &keys.terms {
                match cell.keyed.get_mut(term) {
                    None => {
                        cell.keyed.insert(*term, List::One(entry));
                    }
                    Some(List::Many(list)) => list.push(entry),
                    Some(list @ List::One(_)) => {
                        if let List::One(other) = *list {
                            *list = List::Many(vec![other, entry]);
                        }
                    }
                }
            }
        }
    }

    /// Takes `entry` out again, given the keys it was filed under.
    pub fn remove(&mut self, entry: u32, keys: &Keys) {
        for place in &keys.places {
            let Some(cell) = self.0.get_mut(place) else { continue };
            cell.unkeyed.retain(|other| *other != entry);
            for term in &keys.terms {
                let gone = match cell.keyed.get_mut(term) {
                    Some(List::One(other)) => *other == entry,
                    Some(List::Many(list)) => {
                        list.retain(|other| *other != entry);
                        list.is_empty()
                    }
                    None => false,
                };
                if gone {
                    cell.keyed.remove(term);
                }
            }
            if cell.keyed.is_empty() && cell.unkeyed.is_empty() {
                self.0.remove(place);
            }
        }
    }

    /// Appends every entry filed under one of `places` and a term of `probe`; some more than once.
    pub fn collect(&self, places: &[Term], probe: &Probe<'_>, found: &mut Vec<u32>) {
        for place in places {
            let Some(cell) = self.0.get(place) else { continue };
            found.extend_from_slice(&cell.unkeyed);
            if cell.keyed.len() < probe.all.len() {
                cell.keyed
                    .iter()
                    .filter(|(term, _)| probe.has(**term))
                    .for_each(|(_, list)| list.append_to(found));
            } else {
                probe
                    .all
                    .iter()
                    .filter_map(|term| cell.keyed.get(term))
                    .for_each(|list| list.append_to(found));
            }
        }
    }
}

impl List {
    fn append_to(&self, found: &mut Vec<u32>) {
        match self {
            Self::One(entry) => found.push(*entry),
            Self::Many(list) => found.extend_from_slice(list),
        }
    }
}
