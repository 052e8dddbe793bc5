//! All active searches and profiles in memory, and those that fit a posting without visiting the rest.
//!
//! A search is filed under each of its areas and the rarest thing it requires (`compile.rs`). What has been there for a while is packed (`base.rs`), what
//! came lately hangs beside it (`delta.rs`); [`MatchIndex::compact`] packs both anew while matching goes on. A [`Finder`] reads a posting
//! into the atoms that searches ask for (`lexicon.rs`, `reader.rs`), looks under each in the areas the posting is in (`places.rs`), and puts
//! what it finds there to the exact check (`entry.rs`, `program.rs`). Writers take turns; a finder waits for nobody: it takes a lock
//! only for a word or a place it sees for the first time. Where a search was replaced while it looked, it looks again; where that happens
//! again and again, it has the writers wait for once.

mod append;
mod base;
mod compile;
mod delta;
mod entry;
mod finder;
mod frequency;
mod lexicon;
mod order;
mod places;
mod profiles;
mod program;
mod reader;
#[cfg(test)]
mod tests;
mod view;
mod words;

use std::{
    ops::Range,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering, fence},
    },
};

use rustc_hash::FxHashMap;

pub use self::{
    base::Owner,
    finder::{Finder, FoundSearch},
};
use self::{
    base::{Base, Sealer},
    compile::{Shared, file},
    delta::Delta,
    frequency::Frequencies,
    profiles::Profiles,
};
use super::{
    filters::Problem, posting::MatchPosting, profile::CompiledProfile, search::CompiledSearch,
    settings::MatchSettings,
};
use crate::domain::{Profile, SavedSearch, SearchId, UserId};

/// Late entries from which on packing anew is worth it, at least.
const LATE: u32 = 1 << 16;

/// The searches and profiles that postings are matched against; clones are the same index.
#[derive(Clone, Debug)]
pub struct MatchIndex(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: MatchSettings,
    shared: Shared,
    layer: RwLock<Arc<Layer>>,
    generation: AtomicU64,
    writer: Mutex<Writer>,
    /// Odd while a search is replaced: between its old form and its new one a finder would see neither.
    replacing: AtomicU64,
    frequencies: RwLock<Frequencies>,
    profiles: Profiles,
}

/// What a finder looks into.
#[derive(Debug, Default)]
struct Layer {
    base: Base,
    delta: Delta,
}

/// What only writers know.
#[derive(Debug, Default)]
struct Writer {
    /// Nodes of each late search.
    late: FxHashMap<SearchId, Range<u32>>,
    /// Searches that are not gone.
    searches: usize,
    /// While the layer is packed anew, the searches removed from it meanwhile.
    removed: Option<Vec<SearchId>>,
}

/// How much an index holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexSize {
    /// Active searches.
    pub searches: usize,
    /// Profiles that can match.
    pub profiles: usize,
}

impl MatchIndex {
    /// An empty index.
    pub fn new(settings: MatchSettings) -> Self {
        Self(Arc::new(Inner {
            settings,
            shared: Shared::default(),
            layer: RwLock::default(),
            generation: AtomicU64::new(0),
            writer: Mutex::default(),
            replacing: AtomicU64::new(0),
            frequencies: RwLock::default(),
            profiles: Profiles::default(),
        }))
    }

    /// What it was made with.
    pub fn settings(&self) -> &MatchSettings {
        &self.0.settings
    }

    /// Learns from a posting which words are rare, before searches are added; it decides under which word a search is filed.
    pub fn observe(&self, posting: &MatchPosting) {
        self.0.frequencies.write().unwrap_or_else(PoisonError::into_inner).observe(posting);
    }

    /// A reader of postings; each thread has its own.
    pub fn finder(&self) -> Finder {
        Finder::new(self)
    }

    /// Adds a search or replaces the one with its id; an inactive one is removed. Gives what in it could not be used.
    pub fn upsert_search(&self, search: &SavedSearch) -> Vec<Problem> {
        if !search.is_active {
            self.remove_search(search.id);
            return Vec::new();
        }
        let (compiled, mut problems) = CompiledSearch::new(search, &self.0.settings);
        let filed = {
            let frequencies = self.0.frequencies.read().unwrap_or_else(PoisonError::into_inner);
            file(&compiled, &self.0.shared, &frequencies)
        };
        let owner = Owner { search: search.id, user: search.user_id };
        let mut writer = self.writer();
        let layer = self.layer().0;
        let _replacing = writer.knows(&layer, search.id).then(|| Replacing::begin(&self.0.replacing));
        writer.remove(&layer, search.id);
        match filed.and_then(|filed| layer.delta.add(&filed.places, filed.entry, Some(filed.program), owner))
        {
            Some(nodes) => {
                writer.late.insert(search.id, nodes);
                writer.searches += 1;
            }
            None => problems.push(Problem {
                key: "query".to_owned(),
                message: "the index is full; the search is left out".to_owned(),
            }),
        }
        problems
    }

    /// Removes a search; says whether it was there.
    pub fn remove_search(&self, id: SearchId) -> bool {
        let mut writer = self.writer();
        let layer = self.layer().0;
        writer.remove(&layer, id)
    }

    /// Adds a profile or replaces that of its user.
    pub fn upsert_profile(&self, profile: &Profile) {
        self.0.profiles.upsert(CompiledProfile::new(profile), &self.0.shared.places);
    }

    /// Removes a user's profile; says whether it was there.
    pub fn remove_profile(&self, user: UserId) -> bool {
        self.0.profiles.remove(user)
    }

    /// How much is in it.
    pub fn size(&self) -> IndexSize {
        IndexSize { searches: self.writer().searches, profiles: self.0.profiles.len() }
    }

    /// Bytes that packed searches, their words, and profiles take.
    pub fn bytes(&self) -> usize {
        self.layer().0.base.bytes() + self.0.shared.lexicon.bytes() + self.0.profiles.bytes()
    }

    /// Whether so much came lately that packing anew pays.
    pub fn wants_compaction(&self) -> bool {
        let layer = self.layer().0;
        layer.delta.len() > LATE.max(layer.base.len() / 8) || self.0.profiles.wants_packing()
    }

    /// Packs all searches and profiles anew. Matching, adding and removing go on meanwhile; one caller at a time does it, others come back at once.
    pub fn compact(&self) {
        self.0.profiles.pack();
        let (layer, late) = {
            let mut writer = self.writer();
            if writer.removed.is_some() {
                return;
            }
            writer.removed = Some(Vec::new());
            let layer = self.layer().0;
            let late = layer.delta.len();
            (layer, late)
        };
        let mut sealer = Sealer::from(&layer.base);
        for (_, nodes) in layer.delta.searches(0, late) {
            let Some(first) = nodes.first().filter(|node| !node.is_gone()) else { continue };
            let places: Vec<_> = nodes.iter().map(|node| (node.area, node.key)).collect();
            sealer.add(&places, first.entry, first.program.as_deref(), first.owner);
        }
        let new = Layer { base: sealer.seal(), delta: Delta::default() };
        let mut writer = self.writer();
        writer.late.clear();
        for search in writer.removed.take().unwrap_or_default() {
            if let Some(slot) = new.base.find(search) {
                new.base.set_gone(slot);
            }
        }
        for (_, nodes) in layer.delta.searches(late, layer.delta.len()) {
            let Some(first) = nodes.first().filter(|node| !node.is_gone()) else { continue };
            let places: Vec<_> = nodes.iter().map(|node| (node.area, node.key)).collect();
            let program = first.program.as_deref().cloned();
            if let Some(range) = new.delta.add(&places, first.entry, program, first.owner) {
                writer.late.insert(first.owner.search, range);
            }
        }
        *self.0.layer.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(new);
        self.0.generation.fetch_add(1, Ordering::Release);
    }

    /// A number that stays the same as long as no search is replaced; nothing while one is.
    fn steady(&self) -> Option<u64> {
        fence(Ordering::Acquire);
        let replacing = self.0.replacing.load(Ordering::Acquire);
        replacing.is_multiple_of(2).then_some(replacing)
    }

    fn profiles(&self) -> &Profiles {
        &self.0.profiles
    }

    fn shared(&self) -> &Shared {
        &self.0.shared
    }

    fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    fn layer(&self) -> (Arc<Layer>, u64) {
        let layer = self.0.layer.read().unwrap_or_else(PoisonError::into_inner);
        (Arc::clone(&layer), self.generation())
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.0.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Holds while a search is replaced; writers take turns.
struct Replacing<'a>(&'a AtomicU64);

impl<'a> Replacing<'a> {
    fn begin(counter: &'a AtomicU64) -> Self {
        counter.fetch_add(1, Ordering::Relaxed);
        fence(Ordering::Release);
        Self(counter)
    }
}

impl Drop for Replacing<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

impl Writer {
    fn knows(&self, layer: &Layer, id: SearchId) -> bool {
        self.late.contains_key(&id) || layer.base.find(id).is_some()
    }

    fn remove(&mut self, layer: &Layer, id: SearchId) -> bool {
        let late = self.late.remove(&id);
        let packed = layer.base.find(id);
        if let Some(nodes) = late.clone() {
            layer.delta.set_gone(nodes);
        }
        if let Some(slot) = packed {
            layer.base.set_gone(slot);
        }
        let known = late.is_some() || packed.is_some();
        if known {
            self.searches -= 1;
            if let Some(removed) = &mut self.removed {
                removed.push(id);
            }
        }
        known
    }
}
