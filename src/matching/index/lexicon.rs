//! The words that searches look for, as small numbers ("atoms").
//!
//! An atom is a set of terms any of which is enough: a word in all its forms and synonyms, one exact word, or the beginning of a word. A
//! posting is read into the atoms it has, so that a word of a search costs one look, however many forms it stands for. Atoms are never
//! forgotten; there are as many as different words in searches.

use std::sync::{
    PoisonError, RwLock,
    atomic::{AtomicU32, Ordering},
};

use rustc_hash::FxHashMap;

use crate::matching::text::{Term, WordTerms};

/// The atom that every posting has.
pub const ALWAYS: u32 = 0;

/// Most atoms there can be.
const MAX_ATOMS: usize = (1 << 24) - 1;

/// On an atom that a word of a posting has: its positions are wanted.
pub const POSITIONAL: u32 = 1 << 31;

/// On an atom that a word of a posting has: only in titles and lists of skills.
pub const LONE: u32 = 1 << 30;

/// The bits of a marked atom that are its number.
pub const NUMBER: u32 = (1 << 24) - 1;

/// The atoms of an index.
#[derive(Debug, Default)]
pub struct Lexicon {
    atoms: RwLock<Atoms>,
    generation: AtomicU32,
}

#[derive(Debug)]
struct Atoms {
    sets: FxHashMap<Box<[Term]>, u32>,
    by_term: FxHashMap<Term, Vec<u32>>,
    beginnings: FxHashMap<Box<str>, u32>,
    /// Bytes of the longest beginning.
    longest: usize,
    /// For each atom, whether its positions are wanted.
    positional: Vec<bool>,
}

impl Default for Atoms {
    fn default() -> Self {
        Self {
            sets: FxHashMap::default(),
            by_term: FxHashMap::default(),
            beginnings: FxHashMap::default(),
            longest: 0,
            positional: vec![false],
        }
    }
}

impl Lexicon {
    /// Changes with every new atom; what was resolved before is stale then.
    pub fn generation(&self) -> u32 {
        self.generation.load(Ordering::Acquire)
    }

    /// Atoms so far, [`ALWAYS`] included.
    pub fn len(&self) -> usize {
        self.read().positional.len()
    }

    /// Bytes it takes, about.
    pub fn bytes(&self) -> usize {
        let atoms = self.read();
        let terms: usize = atoms.sets.keys().map(|set| set.len()).sum();
        (atoms.sets.capacity() * 25) + terms * 8 + atoms.by_term.capacity() * 33 + terms * 16
    }

    /// The atom of a word any of whose `terms` (sorted) is enough; `None` where there are too many atoms.
    pub fn any_of(&self, terms: &[Term]) -> Option<u32> {
        if let Some(atom) = self.read().sets.get(terms) {
            return Some(*atom);
        }
        let mut atoms = self.write();
        if let Some(atom) = atoms.sets.get(terms) {
            return Some(*atom);
        }
        let atom = atoms.add()?;
        atoms.sets.insert(terms.into(), atom);
        for term in terms {
            atoms.by_term.entry(*term).or_default().push(atom);
        }
        self.generation.fetch_add(1, Ordering::Release);
        Some(atom)
    }

    /// The atom of an exact word whose positions are wanted.
    pub fn in_a_row(&self, term: Term) -> Option<u32> {
        let atom = self.any_of(&[term])?;
        let known = self.read().positional.get(atom as usize).copied();
        if known == Some(false) {
            if let Some(positional) = self.write().positional.get_mut(atom as usize) {
                *positional = true;
            }
            self.generation.fetch_add(1, Ordering::Release);
        }
        Some(atom)
    }

    /// The atom of words that begin so.
    pub fn beginning(&self, letters: &str) -> Option<u32> {
        let mut atoms = self.write();
        if let Some(atom) = atoms.beginnings.get(letters) {
            return Some(*atom);
        }
        let atom = atoms.add()?;
        atoms.beginnings.insert(letters.into(), atom);
        atoms.longest = atoms.longest.max(letters.len());
        self.generation.fetch_add(1, Ordering::Release);
        Some(atom)
    }

    /// Appends the marked atoms of a word of a posting, written as `surface`.
    pub fn resolve(&self, word: &WordTerms, surface: &str, out: &mut Vec<u32>) {
        let atoms = self.read();
        atoms.of_exact(word.exact, surface, out);
        for form in word.forms() {
            out.extend(atoms.of(*form));
        }
        if let Some(technology) = word.lone {
            out.extend(atoms.of(technology).iter().map(|atom| atom | LONE));
        }
    }

    /// Appends the marked atoms of a technology: of its form alone, or (`closed`) also as a word.
    pub fn resolve_form(&self, canonical: &str, closed: bool, out: &mut Vec<u32>) {
        let atoms = self.read();
        out.extend(atoms.of(Term::form(canonical)));
        if closed {
            atoms.of_exact(Term::exact(canonical), canonical, out);
        }
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Atoms> {
        self.atoms.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Atoms> {
        self.atoms.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Atoms {
    fn add(&mut self) -> Option<u32> {
        let atom = self.positional.len();
        if atom >= MAX_ATOMS {
            return None;
        }
        self.positional.push(false);
        u32::try_from(atom).ok()
    }

    fn of(&self, term: Term) -> &[u32] {
        self.by_term.get(&term).map_or(&[], Vec::as_slice)
    }

    fn of_exact(&self, exact: Term, surface: &str, out: &mut Vec<u32>) {
        for atom in self.of(exact) {
            let positional = self.positional.get(*atom as usize) == Some(&true);
            out.push(if positional { atom | POSITIONAL } else { *atom });
        }
        if !self.beginnings.is_empty() {
            let ends = surface.char_indices().map(|(at, c)| at + c.len_utf8());
            let begins = ends.take_while(|end| *end <= self.longest).filter_map(|end| surface.get(..end));
            out.extend(begins.filter_map(|letters| self.beginnings.get(letters)));
        }
    }
}
