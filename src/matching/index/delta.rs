//! The searches that came lately: a hash table of chains that grows while others read it, without locks.
//!
//! One thread at a time adds. A reader sees every search whose addition was over when it began, and nothing that began later; of one that
//! is being added, which nobody was told of, it may see some keys: a node is counted before it hangs in its chain.
//! Most of what it asks for is not there: filters of bits say so before a chain is followed.

use std::{
    hint::black_box,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
    },
};

use super::{append::AppendList, base::Owner, entry::Entry, program::Program};

/// The end of a chain.
const NONE: u32 = u32::MAX;

/// Chains, as a power of two.
const BITS: u32 = 18;

/// A search in one of its areas under one of its keys.
#[derive(Debug)]
pub struct Node {
    /// One of its areas.
    pub area: u32,
    /// One of its keys.
    pub key: u32,
    /// Its slot counts the searches of the delta.
    pub entry: Entry,
    /// Whose it is.
    pub owner: Owner,
    /// What is left to check; the entry names none.
    pub program: Option<Arc<Program>>,
    next: u32,
    gone: AtomicBool,
}

impl Node {
    /// Whether the search was removed.
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed)
    }

    /// Looks at the programs of all of them.
    pub fn foresee(nodes: &[&Self]) {
        let programs = nodes.iter().filter_map(|node| node.program.as_deref());
        black_box(programs.fold(0, |all, program| all ^ program.words.len()));
        let programs = nodes.iter().filter_map(|node| node.program.as_deref());
        let first_words = programs.map(|program| program.words.first().copied().unwrap_or_default());
        black_box(first_words.fold(0, |all, word| all ^ word));
    }
}

/// The late searches.
#[derive(Debug)]
pub struct Delta {
    heads: Box<[AtomicU32]>,
    /// For each area, modulo their number, whether any search is in it.
    areas: Bits,
    /// For each atom, modulo their number, whether any search is filed under it.
    atoms: Bits,
    /// For each area with each atom, two bits by a hash: whether any search may be filed there.
    places: Bits,
    nodes: AppendList<Node>,
    searches: AtomicU32,
}

/// Bits that grow while others read them; whoever saw a node sees its bits.
#[derive(Debug)]
struct Bits(Box<[AtomicU64]>);

impl Bits {
    fn new(bits: u32) -> Self {
        Self(std::iter::repeat_with(AtomicU64::default).take(1 << (bits - 6)).collect())
    }

    fn set(&self, bit: u32) {
        self.set_all(bit / 64, 1 << (bit % 64));
    }

    fn has(&self, bit: u32) -> bool {
        self.has_all(bit / 64, 1 << (bit % 64))
    }

    /// Sets two bits of one word.
    fn set_two(&self, hash: u32) {
        self.set_all(hash >> 12, two(hash));
    }

    fn has_two(&self, hash: u32) -> bool {
        self.has_all(hash >> 12, two(hash))
    }

    fn set_all(&self, word: u32, bits: u64) {
        if let Some(word) = self.0.get(word as usize & (self.0.len() - 1)) {
            word.fetch_or(bits, Ordering::Release);
        }
    }

    fn has_all(&self, word: u32, bits: u64) -> bool {
        let word = self.0.get(word as usize & (self.0.len() - 1));
        word.is_some_and(|word| word.load(Ordering::Acquire) & bits == bits)
    }
}

fn two(hash: u32) -> u64 {
    1 << (hash % 64) | 1 << (hash / 64 % 64)
}

/// Chains that a reader has to follow; memory that is used again.
#[derive(Debug, Default)]
pub struct Chains {
    /// Atoms that searches are filed under.
    keys: Vec<u32>,
    found: Vec<Chain>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Chain {
    area: u32,
    key: u32,
    /// Where the chain hangs, then its first node.
    first: u32,
}

impl Default for Delta {
    fn default() -> Self {
        Self {
            heads: std::iter::repeat_with(|| AtomicU32::new(NONE)).take(1 << BITS).collect(),
            areas: Bits::new(12),
            atoms: Bits::new(16),
            places: Bits::new(21),
            nodes: AppendList::default(),
            searches: AtomicU32::default(),
        }
    }
}

impl Delta {
    /// Nodes that a reader who begins now sees.
    pub fn len(&self) -> u32 {
        self.nodes.len()
    }

    /// Adds a search under areas, each with a key, and gives its nodes; `None` where the delta is full.
    pub fn add(
        &self,
        places: &[(u32, u32)],
        entry: Entry,
        program: Option<Program>,
        owner: Owner,
    ) -> Option<Range<u32>> {
        let slot = self.searches.fetch_add(1, Ordering::Relaxed);
        let program = program.filter(|program| !program.words.is_empty()).map(Arc::new);
        let first = self.nodes.len();
        for (area, key) in places {
            let place = place(*area, *key);
            self.areas.set(*area);
            self.atoms.set(*key);
            self.places.set_two(place);
            let head = self.heads.get(hook(place))?;
            let node = Node {
                area: *area,
                key: *key,
                entry: entry.filed(slot, 0),
                owner,
                program: program.clone(),
                next: head.load(Ordering::Relaxed),
                gone: AtomicBool::new(false),
            };
            let number = self.nodes.push(node).ok()?;
            head.store(number, Ordering::Release);
        }
        Some(first..self.nodes.len())
    }

    /// Removes the search that has these nodes.
    pub fn set_gone(&self, nodes: Range<u32>) {
        for node in nodes.filter_map(|number| self.nodes.get(number)) {
            node.gone.store(true, Ordering::Relaxed);
        }
    }

    /// Gives the nodes among the first `len` that are filed under one of `areas` and one of `atoms`.
    ///
    /// Each step first looks at all places it will go to: memory answers many questions at once, but only those it has been asked.
    pub fn each<'a>(
        &'a self,
        areas: impl Iterator<Item = u32>,
        atoms: &[u32],
        len: u32,
        chains: &mut Chains,
        mut take: impl FnMut(&'a Node),
    ) {
        let Chains { keys, found } = chains;
        keys.clear();
        keys.extend(atoms.iter().filter(|atom| self.atoms.has(**atom)));
        let mut count = 0;
        for area in areas.filter(|area| self.areas.has(*area)) {
            if found.len() < count + keys.len() {
                found.resize(count + keys.len(), Chain::default());
            }
            for key in &*keys {
                let place = place(area, *key);
                // Written in any case and kept if it may be there, which nobody can foresee.
                if let Some(chain) = found.get_mut(count) {
                    *chain = Chain { area, key: *key, first: place };
                }
                count += usize::from(self.places.has_two(place));
            }
        }
        let found = found.get_mut(..count).unwrap_or_default();
        for chain in &mut *found {
            let head = self.heads.get(hook(chain.first));
            chain.first = head.map_or(NONE, |head| head.load(Ordering::Acquire));
        }
        let first_keys = found.iter().map(|chain| self.nodes.get(chain.first).map_or(0, |node| node.key));
        black_box(first_keys.fold(0, |all, key| all ^ key));
        for chain in &*found {
            let mut next = chain.first;
            while next != NONE
                && let Some(node) = self.nodes.get(next)
            {
                if node.key == chain.key && node.area == chain.area && next < len {
                    take(node);
                }
                next = node.next;
            }
        }
    }

    /// The nodes from number `from` on, by search: each with all its places.
    pub fn searches(&self, from: u32, until: u32) -> Vec<(Range<u32>, Vec<&Node>)> {
        let mut searches: Vec<(Range<u32>, Vec<&Node>)> = Vec::new();
        for (number, node) in (from..until).filter_map(|number| Some((number, self.nodes.get(number)?))) {
            match searches.last_mut() {
                Some((range, nodes))
                    if nodes.last().is_some_and(|last| last.entry.slot == node.entry.slot) =>
                {
                    range.end = number + 1;
                    nodes.push(node);
                }
                _ => searches.push((number..number + 1, vec![node])),
            }
        }
        searches
    }
}

fn place(area: u32, key: u32) -> u32 {
    let mixed = area.wrapping_mul(0x85eb_ca6b) ^ key.wrapping_mul(0x9e37_79b1);
    mixed.wrapping_mul(0xc2b2_ae35).rotate_right(11)
}

/// Where the chain of a place hangs.
fn hook(place: u32) -> usize {
    place as usize & ((1 << BITS) - 1)
}
