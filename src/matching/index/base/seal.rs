//! Packs searches into a [`Base`], in the order in which it is read.

use super::{
    super::{
        lexicon::ALWAYS,
        program::{Program, move_rules},
    },
    AtomicU64, Base, Cell, Entry, FILTER, FREE, IS_CELL, MANY_ENTRIES, MANY_KEYS, Owner, RuleGroup, spread,
};

#[derive(Clone, Copy, Debug)]
struct Item {
    area: u32,
    key: u32,
    entry: Entry,
}

/// Packs searches.
#[derive(Debug, Default)]
pub struct Sealer {
    items: Vec<Item>,
    /// By the slot that the entries name.
    owners: Vec<Option<Owner>>,
    programs: Vec<u32>,
    rules: Vec<RuleGroup>,
}

impl Sealer {
    /// Starts with what is left of `base`, whose slots stay as they are.
    pub fn from(base: &Base) -> Self {
        let mut sealer = Self {
            items: Vec::with_capacity(base.entries.len()),
            owners: (0..base.len()).map(|slot| base.owner(slot).filter(|_| !base.is_gone(slot))).collect(),
            programs: Vec::with_capacity(base.programs.len() + 1),
            rules: base.rules.clone(),
        };
        sealer.programs.push(0);
        base.each(|area, key, entry, words| {
            let program = if words.is_empty() { 0 } else { sealer.program(words) };
            sealer.items.push(Item { area, key, entry: entry.filed(entry.slot, program) });
        });
        sealer
    }

    fn program(&mut self, words: &[u32]) -> u32 {
        let start = u32::try_from(self.programs.len()).unwrap_or_default();
        self.programs.push(u32::try_from(words.len()).unwrap_or_default());
        self.programs.extend_from_slice(words);
        start
    }

    /// Adds a search under areas, each with a key.
    pub fn add(&mut self, places: &[(u32, u32)], entry: Entry, program: Option<&Program>, owner: Owner) {
        let slot = u32::try_from(self.owners.len()).unwrap_or(u32::MAX);
        self.owners.push(Some(owner));
        let start = program.map_or(0, |program| {
            let mut words = program.words.to_vec();
            move_rules(&mut words, u32::try_from(self.rules.len()).unwrap_or(u32::MAX));
            self.rules.extend_from_slice(&program.rules);
            self.program(&words)
        });
        let entry = entry.filed(slot, start);
        self.items.extend(places.iter().map(|(area, key)| Item { area: *area, key: *key, entry }));
    }

    /// Gives slots and programs in the order of the items, so that what is found together lies together.
    fn renumber(&mut self, base: &mut Base) {
        base.programs.push(0);
        let mut moved = vec![(u32::MAX, 0); self.owners.len()];
        for item in &mut self.items {
            let old = item.entry.slot as usize;
            let Some(place) = moved.get_mut(old) else { continue };
            if place.0 == u32::MAX {
                let program = match item.entry.program {
                    0 => 0,
                    start => {
                        let at = start as usize;
                        let length = self.programs.get(at).copied().unwrap_or_default() as usize;
                        let words = self.programs.get(at..=at + length).unwrap_or_default();
                        let new = u32::try_from(base.programs.len()).unwrap_or_default();
                        base.programs.extend_from_slice(words);
                        new
                    }
                };
                *place = (base.len(), program);
                base.owners.extend(self.owners.get(old).copied().flatten());
            }
            item.entry = item.entry.filed(place.0, place.1);
        }
    }

    /// Packs everything.
    pub fn seal(mut self) -> Base {
        self.items.sort_unstable_by_key(|item| (item.area, item.key, item.entry.second, item.entry.slot));
        let count = self.owners.iter().flatten().count();
        let mut base = Base {
            areas: self.items.last().map_or(0, |item| item.area + 1),
            entries: Vec::with_capacity(self.items.len()),
            programs: Vec::with_capacity(self.programs.len()),
            owners: Vec::with_capacity(count),
            rules: std::mem::take(&mut self.rules),
            gone: std::iter::repeat_with(AtomicU64::default).take(count.div_ceil(64)).collect(),
            ..Base::default()
        };
        self.renumber(&mut base);
        base.by_search = (0..base.len()).collect();
        base.by_search.sort_unstable_by_key(|slot| base.owners.get(*slot as usize).map(|owner| owner.search));
        base.cells.resize(base.areas as usize, Cell::default());
        let mut lists = Vec::new();
        for items in self.items.chunk_by(|left, right| left.area == right.area) {
            lists.clear();
            for list in items.chunk_by(|left, right| left.key == right.key) {
                if let Some(first) = list.first() {
                    let start = base.add_list(list);
                    lists.push((first.key, start));
                }
            }
            let cell = base.add_cell(&lists);
            let area = items.first().map_or(0, |item| item.area);
            if let Some(place) = base.cells.get_mut(area as usize) {
                *place = cell;
            }
        }
        base.keys.shrink_to_fit();
        base.starts.shrink_to_fit();
        base.tables.shrink_to_fit();
        base.filters.shrink_to_fit();
        base
    }
}

impl Base {
    fn add_list(&mut self, items: &[Item]) -> u32 {
        let same_second = |left: &Item, right: &Item| left.entry.second == right.entry.second;
        let differing =
            items.first().zip(items.last()).is_some_and(|(first, last)| !same_second(first, last));
        if items.len() <= MANY_ENTRIES || !differing {
            return self.add_entries(items);
        }
        let lists: Vec<(u32, u32)> = items
            .chunk_by(same_second)
            .map(|list| (list.first().map_or(ALWAYS, |item| item.entry.second), self.add_entries(list)))
            .collect();
        let cell = self.add_cell(&lists);
        self.cells.push(cell);
        IS_CELL | u32::try_from(self.cells.len() - 1).unwrap_or_default()
    }

    fn add_entries(&mut self, items: &[Item]) -> u32 {
        let start = u32::try_from(self.entries.len()).unwrap_or_default();
        self.entries.extend(items.iter().map(|item| item.entry));
        if let Some(last) = self.entries.last_mut() {
            last.set_last();
        }
        start
    }

    fn add_cell(&mut self, lists: &[(u32, u32)]) -> Cell {
        if lists.len() <= MANY_KEYS {
            let first = u32::try_from(self.keys.len()).unwrap_or_default();
            self.keys.extend(lists.iter().map(|(key, _)| *key));
            self.starts.extend(lists.iter().map(|(_, start)| *start));
            let row = u32::try_from(lists.len()).unwrap_or_default();
            return Cell { first, row, ..Cell::default() };
        }
        let bits = (lists.len() * 3 / 2).next_power_of_two().ilog2();
        let first = self.tables.len();
        let mask = (1_usize << bits) - 1;
        self.tables.resize(first + mask + 1, (FREE, 0));
        let filter = self.filters.len();
        self.filters.resize(filter + (1_usize << (bits + FILTER)).div_ceil(64), 0);
        for list in lists {
            let bit = spread(list.0, bits + FILTER);
            if let Some(word) = self.filters.get_mut(filter + bit / 64) {
                *word |= 1 << (bit % 64);
            }
            let mut at = bit >> FILTER;
            while self.tables.get(first + at).is_some_and(|(key, _)| *key != FREE) {
                at = (at + 1) & mask;
            }
            if let Some(place) = self.tables.get_mut(first + at) {
                *place = *list;
            }
        }
        let [first, filter] = [first, filter].map(|place| u32::try_from(place).unwrap_or_default());
        Cell { first, row: 0, bits, filter }
    }
}
