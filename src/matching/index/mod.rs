//! All active searches and profiles in memory, and those that fit a posting without visiting the rest.
//!
//! Everything is filed under a place and a required term (`access.rs`, `cells.rs`); what is filed under a posting's places and terms is put
//! to the exact check. [`MatchIndex::scan`] asks everybody instead and gives the same hits. Readers share a lock that a
//! writer takes only to file one entry; reading a search or profile happens outside it.

mod access;
mod cells;

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use rustc_hash::FxHashMap;

use self::{
    access::{BEGINNING, anywhere, beginning, everywhere},
    cells::{Cells, Probe},
};
use super::{
    filters::Problem, hit::Hit, location, posting::MatchPosting, profile::CompiledProfile,
    search::CompiledSearch, settings::MatchSettings, text::Term,
};
use crate::domain::{Profile, RemoteOption, SavedSearch, SearchId, UserId};

/// The searches and profiles that postings are matched against.
#[derive(Debug)]
pub struct MatchIndex {
    settings: MatchSettings,
    entries: RwLock<Entries>,
}

/// How much an index holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IndexSize {
    /// Active searches.
    pub searches: usize,
    /// Profiles that can match.
    pub profiles: usize,
}

#[derive(Debug, Default)]
struct Entries {
    searches: Slots<CompiledSearch>,
    search_at: FxHashMap<SearchId, u32>,
    search_cells: Cells,
    /// Searches found by the beginning of a word.
    by_beginning: usize,
    profiles: Slots<CompiledProfile>,
    profile_at: FxHashMap<UserId, u32>,
    profile_cells: Cells,
}

#[derive(Debug)]
struct Slots<T> {
    all: Vec<Option<Arc<T>>>,
    free: Vec<u32>,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self { all: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slots<T> {
    /// `None` once four thousand million are taken.
    fn add(&mut self, value: Arc<T>) -> Option<u32> {
        if let Some(at) = self.free.pop() {
            *self.all.get_mut(at as usize)? = Some(value);
            return Some(at);
        }
        let at = u32::try_from(self.all.len()).ok()?;
        self.all.push(Some(value));
        Some(at)
    }

    fn take(&mut self, at: u32) -> Option<Arc<T>> {
        let value = self.all.get_mut(at as usize)?.take();
        self.free.push(at);
        value
    }

    fn get(&self, at: u32) -> Option<&Arc<T>> {
        self.all.get(at as usize)?.as_ref()
    }
}

impl MatchIndex {
    /// An empty index.
    pub fn new(settings: MatchSettings) -> Self {
        Self { settings, entries: RwLock::default() }
    }

    /// What it was made with.
    pub fn settings(&self) -> &MatchSettings {
        &self.settings
    }

    /// Adds a search or replaces the one with its id; an inactive one is removed. Gives what in it could not be used.
    pub fn upsert_search(&self, search: &SavedSearch) -> Vec<Problem> {
        if !search.is_active {
            self.remove_search(search.id);
            return Vec::new();
        }
        let (compiled, problems) = CompiledSearch::new(search, &self.settings);
        let keys = access::of_search(&compiled);
        let mut entries = self.write();
        entries.remove_search(search.id);
        if let Some(at) = entries.searches.add(Arc::new(compiled)) {
            entries.search_at.insert(search.id, at);
            entries.search_cells.insert(at, &keys);
            entries.by_beginning += usize::from(keys.by_beginning);
        }
        problems
    }

    /// Removes a search; says whether it was there.
    pub fn remove_search(&self, id: SearchId) -> bool {
        self.write().remove_search(id)
    }

    /// Adds a profile or replaces that of its user.
    pub fn upsert_profile(&self, profile: &Profile) {
        let compiled = CompiledProfile::new(profile);
        let keys = access::of_profile(&compiled);
        let mut entries = self.write();
        entries.remove_profile(profile.user_id);
        if !compiled.can_match() {
            return;
        }
        if let Some(at) = entries.profiles.add(Arc::new(compiled)) {
            entries.profile_at.insert(profile.user_id, at);
            entries.profile_cells.insert(at, &keys);
        }
    }

    /// Removes a user's profile; says whether it was there.
    pub fn remove_profile(&self, user_id: UserId) -> bool {
        self.write().remove_profile(user_id)
    }

    /// How much is in it.
    pub fn size(&self) -> IndexSize {
        let entries = self.read();
        IndexSize { searches: entries.search_at.len(), profiles: entries.profile_at.len() }
    }

    /// The users whom `posting` fits, one hit each, ordered by user id.
    pub fn matches(&self, posting: &MatchPosting) -> Vec<Hit> {
        let entries = self.read();
        let (searches, profiles) = entries.candidates(posting);
        self.hits(&entries, posting, searches.into_iter(), profiles.into_iter())
    }

    /// The same hits, found by asking every search and every profile.
    pub fn scan(&self, posting: &MatchPosting) -> Vec<Hit> {
        let entries = self.read();
        let searches = entries.search_at.values().copied();
        let profiles = entries.profile_at.values().copied();
        self.hits(&entries, posting, searches, profiles)
    }

    /// How many searches and profiles [`MatchIndex::matches`] would put to the exact check.
    pub fn candidates(&self, posting: &MatchPosting) -> IndexSize {
        let (searches, profiles) = self.read().candidates(posting);
        IndexSize { searches: searches.len(), profiles: profiles.len() }
    }

    fn hits(
        &self,
        entries: &Entries,
        posting: &MatchPosting,
        searches: impl Iterator<Item = u32>,
        profiles: impl Iterator<Item = u32>,
    ) -> Vec<Hit> {
        let mut users: BTreeMap<UserId, Vec<&CompiledSearch>> = BTreeMap::new();
        for search in searches.filter_map(|at| entries.searches.get(at)) {
            if search.holds(posting, &self.settings) {
                users.entry(search.user_id).or_default().push(search);
            }
        }
        for profile in profiles.filter_map(|at| entries.profiles.get(at)) {
            if profile.total(posting, &self.settings).is_some_and(|score| score >= self.settings.threshold) {
                users.entry(profile.user_id).or_default();
            }
        }
        users
            .into_iter()
            .map(|(user_id, mut searches)| {
                searches.sort_unstable_by_key(|search| search.id);
                let profile = entries.profile_at.get(&user_id).and_then(|at| entries.profiles.get(*at));
                let score = profile.and_then(|profile| profile.score(posting, &self.settings).ok());
                Hit::new(user_id, searches.into_iter(), score, posting)
            })
            .collect()
    }

    fn read(&self) -> RwLockReadGuard<'_, Entries> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Entries> {
        self.entries.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    fn remove_search(&mut self, id: SearchId) -> bool {
        let Some(at) = self.search_at.remove(&id) else { return false };
        if let Some(old) = self.searches.take(at) {
            let keys = access::of_search(&old);
            self.search_cells.remove(at, &keys);
            self.by_beginning -= usize::from(keys.by_beginning);
        }
        true
    }

    fn remove_profile(&mut self, user_id: UserId) -> bool {
        let Some(at) = self.profile_at.remove(&user_id) else { return false };
        if let Some(old) = self.profiles.take(at) {
            self.profile_cells.remove(at, &access::of_profile(&old));
        }
        true
    }

    /// Slots of searches and profiles that may match, each once.
    fn candidates(&self, posting: &MatchPosting) -> (Vec<u32>, Vec<u32>) {
        let here = location::keys_of(posting);
        let beginnings = if self.by_beginning > 0 { beginnings_of(posting) } else { Vec::new() };
        let mut searches = Vec::new();
        let probe = Probe::new(posting, beginnings);
        let mut places = here.clone();
        places.push(everywhere());
        self.search_cells.collect(&places, &probe, &mut searches);
        let mut profiles = Vec::new();
        let terms = posting.shape.terms().chain(posting.skills.iter().map(|skill| skill.term)).collect();
        let probe = Probe::only(terms);
        let anyone = posting.remote == Some(RemoteOption::Remote) || !posting.whereabouts.known;
        let places =
            if anyone { vec![everywhere(), anywhere()] } else { [here, vec![everywhere()]].concat() };
        self.profile_cells.collect(&places, &probe, &mut profiles);
        for found in [&mut searches, &mut profiles] {
            found.sort_unstable();
            found.dedup();
        }
        (searches, profiles)
    }
}

fn beginnings_of(posting: &MatchPosting) -> Vec<Term> {
    let mut beginnings = Vec::new();
    for (word, _) in posting.surfaces() {
        let mut last = "";
        for count in 1..=BEGINNING {
            let letters = beginning(word, count);
            if letters != last {
                beginnings.push(Term::beginning(letters));
            }
            last = letters;
        }
    }
    beginnings
}
