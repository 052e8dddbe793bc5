//! The searches that have been there for a while, packed: a cell for each area, in it a list of entries for each key.
//!
//! A cell with few keys is a row of them that is read through; one with many is a hash table. A list with many entries is a cell of its
//! own, by their second word. Nothing in it changes but the marks of searches that are gone; [`Sealer`] makes it.

mod seal;

use std::{
    hint::black_box,
    sync::atomic::{AtomicU64, Ordering},
};

use super::{entry::Entry, view::View};
use crate::{
    domain::{SearchId, UserId},
    matching::filters::RuleGroup,
};

pub use seal::Sealer;

/// A cell with more keys is a hash table.
const MANY_KEYS: usize = 192;

/// A list with more entries becomes a cell, if their second words differ.
const MANY_ENTRIES: usize = 48;

/// Bits of the filter for each place of a hash table, as a power of two: most words of a posting are no keys of a cell, and a filter, which
/// is small and lies in a row, tells so of nine in ten without a look into the table.
const FILTER: u32 = 2;

/// On the start of a list: it is a cell.
const IS_CELL: u32 = 1 << 31;

/// Whose a search is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    /// The search.
    pub search: SearchId,
    /// Its user.
    pub user: UserId,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    first: u32,
    /// Keys in the row; 0 for a hash table.
    row: u32,
    /// Length of the hash table as a power of two.
    bits: u32,
    /// Where its filter begins.
    filter: u32,
}

/// Where a list begins, and its key.
#[derive(Clone, Copy, Debug)]
pub struct List {
    /// Its key.
    pub key: u32,
    start: u32,
}

/// Lists that a posting may find something in; memory that is used again.
#[derive(Debug, Default)]
pub struct Lists {
    /// All of them.
    pub found: Vec<List>,
    /// Keys and the cells that their lists became.
    inner: Vec<(u32, u32)>,
    /// Atoms that may be keys of a hash table, and their places there.
    likely: Vec<(u32, u32)>,
}

/// The packed searches.
#[derive(Debug, Default)]
pub struct Base {
    /// By area, then the cells that lists became.
    cells: Vec<Cell>,
    areas: u32,
    keys: Vec<u32>,
    starts: Vec<u32>,
    tables: Vec<(u32, u32)>,
    filters: Vec<u64>,
    entries: Vec<Entry>,
    programs: Vec<u32>,
    rules: Vec<RuleGroup>,
    /// By slot; searches of one area and key have slots side by side.
    owners: Vec<Owner>,
    /// Slots in the order of their searches.
    by_search: Vec<u32>,
    gone: Vec<AtomicU64>,
}

impl Base {
    /// Searches in it, those gone included.
    pub fn len(&self) -> u32 {
        u32::try_from(self.owners.len()).unwrap_or(u32::MAX)
    }

    /// Bytes it takes.
    pub fn bytes(&self) -> usize {
        self.cells.len() * size_of::<Cell>()
            + (self.keys.len() + self.starts.len() + self.programs.len() + self.by_search.len()) * 4
            + (self.tables.len() + self.owners.len()) * 8
            + self.entries.len() * size_of::<Entry>()
            + (self.gone.len() + self.filters.len()) * 8
    }

    /// Whose the search in `slot` is.
    pub fn owner(&self, slot: u32) -> Option<Owner> {
        self.owners.get(slot as usize).copied()
    }

    /// The slot of a search that is not gone.
    pub fn find(&self, search: SearchId) -> Option<u32> {
        let owned = |slot: &u32| self.owner(*slot).map(|owner| owner.search);
        let at = self.by_search.binary_search_by_key(&Some(search), owned).ok()?;
        self.by_search.get(at).copied().filter(|slot| !self.is_gone(*slot))
    }

    /// Whether the search in `slot` was removed.
    pub fn is_gone(&self, slot: u32) -> bool {
        let word = self.gone.get(slot as usize / 64);
        word.is_none_or(|word| word.load(Ordering::Relaxed) >> (slot % 64) & 1 == 1)
    }

    /// Removes the search in `slot`.
    pub fn set_gone(&self, slot: u32) {
        if let Some(word) = self.gone.get(slot as usize / 64) {
            word.fetch_or(1 << (slot % 64), Ordering::Relaxed);
        }
    }

    /// The program at `start`, and the rule trees it names.
    pub fn program(&self, start: u32) -> (&[u32], &[RuleGroup]) {
        let at = start as usize;
        let length = self.programs.get(at).copied().unwrap_or_default() as usize;
        (self.programs.get(at + 1..at + 1 + length).unwrap_or_default(), &self.rules)
    }

    /// Appends every list filed under one of `areas` and an atom of `view`. For a list of a cell of its own, the second words are known to
    /// be there.
    ///
    /// Each step first looks at all places it will go to: memory answers many questions at once, but only those it has been asked.
    pub fn lists(&self, areas: impl Iterator<Item = u32>, view: &View<'_>, lists: &mut Lists) {
        let Lists { found, inner, likely } = lists;
        found.clear();
        inner.clear();
        likely.resize(view.atoms.len(), (0, 0));
        for area in areas.filter(|area| *area < self.areas) {
            let Some(cell) = self.cells.get(area as usize) else { continue };
            self.probe(*cell, view, likely, |key, start| {
                if start & IS_CELL == 0 {
                    found.push(List { key, start });
                } else {
                    inner.push((key, start & !IS_CELL));
                }
            });
        }
        let first_keys = inner
            .iter()
            .filter_map(|(_, cell)| self.keys.get(self.cells.get(*cell as usize)?.first as usize).copied());
        black_box(first_keys.fold(0, |all, key| all ^ key));
        for (key, cell) in &*inner {
            let Some(cell) = self.cells.get(*cell as usize) else { continue };
            self.probe(*cell, view, likely, |_, start| found.push(List { key: *key, start }));
        }
        let firsts = found.iter().map(|list| self.list(*list).first().map_or(0, |entry| entry.second));
        black_box(firsts.fold(0, |all, second| all ^ second));
    }

    /// The first entry of a list and all entries behind it, also those of other lists.
    pub fn list(&self, list: List) -> &[Entry] {
        self.entries.get(list.start as usize..).unwrap_or_default()
    }

    /// Looks at what the searches of these entries will be asked for.
    pub fn foresee(&self, candidates: &[(u32, Entry)]) {
        let words = candidates.iter().map(|(_, entry)| {
            let program = self.programs.get(entry.program as usize).copied().unwrap_or_default();
            let owner = self.owner(entry.slot).map_or(0, |owner| owner.user.0.cast_unsigned());
            program ^ owner
        });
        black_box(words.fold(0, |all, word| all ^ word));
    }

    /// Gives the keys of `cell` that the posting has, and where their lists begin. `likely` has room for all atoms of the posting.
    fn probe(&self, cell: Cell, view: &View<'_>, likely: &mut [(u32, u32)], mut take: impl FnMut(u32, u32)) {
        let first = cell.first as usize;
        if cell.row > 0 {
            let range = first..first + cell.row as usize;
            let keys = self.keys.get(range.clone()).unwrap_or_default();
            let starts = self.starts.get(range).unwrap_or_default();
            for (key, start) in keys.iter().zip(starts) {
                if view.has(*key) {
                    take(*key, *start);
                }
            }
        } else if cell.bits > 0 {
            let mask = (1_usize << cell.bits) - 1;
            let table = self.tables.get(first..first + mask + 1).unwrap_or_default();
            let filter = self.filters.get(cell.filter as usize..).unwrap_or_default();
            let mut count = 0;
            for atom in view.atoms {
                let bit = spread(*atom, cell.bits + FILTER);
                let is_likely = filter.get(bit / 64).is_some_and(|word| word >> (bit % 64) & 1 == 1);
                if let Some(place) = likely.get_mut(count) {
                    *place = (*atom, u32::try_from(bit >> FILTER).unwrap_or_default());
                }
                count += usize::from(is_likely);
            }
            let likely = likely.get(..count).unwrap_or_default();
            let places = likely.iter().map(|(_, at)| table.get(*at as usize).map_or(0, |(key, _)| *key));
            black_box(places.fold(0, |all, key| all ^ key));
            for (atom, at) in likely {
                let mut at = *at as usize;
                while let Some(&(key, start)) = table.get(at) {
                    if key == *atom {
                        take(key, start);
                        break;
                    }
                    if key == FREE {
                        break;
                    }
                    at = (at + 1) & mask;
                }
            }
        }
    }

    /// Gives every entry of every search that is not gone, with its area, its key and its program.
    fn each(&self, mut take: impl FnMut(u32, u32, Entry, &[u32])) {
        for area in 0..self.areas {
            let Some(cell) = self.cells.get(area as usize) else { continue };
            self.each_list(*cell, &mut |key, start| {
                let mut list = |start: u32| {
                    for entry in self.entries.get(start as usize..).unwrap_or_default() {
                        if !self.is_gone(entry.slot) {
                            let program =
                                if entry.program == 0 { &[][..] } else { self.program(entry.program).0 };
                            take(area, key, *entry, program);
                        }
                        if entry.is_last() {
                            break;
                        }
                    }
                };
                if start & IS_CELL == 0 {
                    list(start);
                } else if let Some(inner) = self.cells.get((start & !IS_CELL) as usize) {
                    self.each_list(*inner, &mut |_, start| list(start));
                }
            });
        }
    }

    fn each_list(&self, cell: Cell, take: &mut dyn FnMut(u32, u32)) {
        let first = cell.first as usize;
        if cell.row > 0 {
            let range = first..first + cell.row as usize;
            let keys = self.keys.get(range.clone()).unwrap_or_default();
            keys.iter()
                .zip(self.starts.get(range).unwrap_or_default())
                .for_each(|(key, start)| take(*key, *start));
        } else if cell.bits > 0 {
            let table = self.tables.get(first..first + (1 << cell.bits)).unwrap_or_default();
            table.iter().filter(|(key, _)| *key != FREE).for_each(|(key, start)| take(*key, *start));
        }
    }
}

/// The key of an empty place of a hash table.
const FREE: u32 = u32::MAX;

fn spread(atom: u32, bits: u32) -> usize {
    (atom.wrapping_mul(0x9e37_79b1) >> (32 - bits)) as usize
}
