//! The searches that came lately: a hash table of chains that grows while others read it, without locks.
//!
//! One thread at a time adds. A reader sees the first `len` nodes that there were when it began and nothing of what is added meanwhile.

use std::{
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use super::{append::AppendList, base::Owner, entry::Entry, program::Program};

/// The end of a chain.
const NONE: u32 = u32::MAX;

/// Chains, as a power of two.
const BITS: u32 = 16;

/// A search under one of its keys.
#[derive(Debug)]
pub struct Node {
    /// Its area.
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
}

/// The late searches.
#[derive(Debug)]
pub struct Delta {
    heads: Box<[AtomicU32]>,
    /// For each area, modulo their number, whether any search is in it.
    busy: Box<[AtomicBool]>,
    nodes: AppendList<Node>,
    searches: AtomicU32,
}

const AREAS: usize = 1 << 12;

impl Default for Delta {
    fn default() -> Self {
        Self {
            heads: std::iter::repeat_with(|| AtomicU32::new(NONE)).take(1 << BITS).collect(),
            busy: std::iter::repeat_with(AtomicBool::default).take(AREAS).collect(),
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

    /// Adds a search under one area and its keys, and gives its nodes; `None` where the delta is full.
    pub fn add(
        &self,
        area: u32,
        keys: &[u32],
        entry: Entry,
        program: Option<Program>,
        owner: Owner,
    ) -> Option<Range<u32>> {
        let slot = self.searches.fetch_add(1, Ordering::Relaxed);
        let program = program.filter(|program| !program.words.is_empty()).map(Arc::new);
        let first = self.nodes.len();
        if let Some(busy) = self.busy.get(area as usize % AREAS) {
            busy.store(true, Ordering::Relaxed);
        }
        for key in keys {
            let head = self.heads.get(chain(area, *key))?;
            let node = Node {
                area,
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

    /// Gives the nodes among the first `len` that are filed under `area` and one of `atoms`.
    pub fn each<'a>(&'a self, area: u32, atoms: &[u32], len: u32, mut take: impl FnMut(&'a Node)) {
        if self.busy.get(area as usize % AREAS).is_none_or(|busy| !busy.load(Ordering::Relaxed)) {
            return;
        }
        for atom in atoms {
            let mut next =
                self.heads.get(chain(area, *atom)).map_or(NONE, |head| head.load(Ordering::Acquire));
            while next != NONE
                && let Some(node) = self.nodes.get(next)
            {
                if node.key == *atom && node.area == area && next < len {
                    take(node);
                }
                next = node.next;
            }
        }
    }

    /// The nodes from number `from` on, by search: each with all its keys.
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

fn chain(area: u32, key: u32) -> usize {
    let mixed = area.wrapping_mul(0x85eb_ca6b) ^ key.wrapping_mul(0x9e37_79b1);
    (mixed.wrapping_mul(0xc2b2_ae35) >> (32 - BITS)) as usize
}
