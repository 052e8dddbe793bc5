//! The index under measurement: the only file that knows its methods.

use std::hint::black_box;

use career_worker::{
    config::{DEFAULTS, MatchingConfig},
    domain::{JobId, Profile, SavedSearch, SearchId},
    matching::{self, CompiledSearch, Hit, MatchIndex, MatchPosting, MatchSettings},
};

use crate::workload::PostingText;

/// An index with the settings that the program has by default.
pub struct Engine {
    index: MatchIndex,
    /// What decides on matches besides searches and profiles.
    pub settings: MatchSettings,
}

/// What finds matches; each thread has its own.
pub struct Finder {
    finder: matching::Finder,
    hits: Vec<Hit>,
}

impl Engine {
    /// Without searches and profiles.
    pub fn new() -> Self {
        let defaults: toml::Table = DEFAULTS.parse().expect("the defaults are TOML");
        let matching: MatchingConfig =
            defaults["matching"].clone().try_into().expect("the defaults are complete");
        let settings = MatchSettings::from(&matching);
        Self { index: MatchIndex::new(settings.clone()), settings }
    }

    /// Adds or replaces a search, which must be one that can be used as it is.
    pub fn put_search(&self, search: &SavedSearch) {
        let problems = self.index.upsert_search(search);
        assert!(problems.is_empty(), "{search:?}: {problems:?}");
    }

    /// Reads the query and the filters of a search and does nothing with them.
    pub fn read_search(&self, search: &SavedSearch) {
        black_box(CompiledSearch::new(search, &self.settings));
    }

    /// Removes a search, which must be there.
    pub fn remove_search(&self, id: SearchId) {
        assert!(self.index.remove_search(id), "{id:?} is not there");
    }

    /// Adds or replaces a profile.
    pub fn put_profile(&self, profile: &Profile) {
        self.index.upsert_profile(profile);
    }

    /// Learns from a posting which words are rare.
    pub fn observe(&self, posting: &PostingText) {
        self.index.observe(&reduced(posting));
    }

    /// Packs what came lately, if there is enough of it to be worth it.
    pub fn compact_if_worth_it(&self) {
        if self.index.wants_compaction() {
            self.index.compact();
        }
    }

    /// Packs what came lately.
    pub fn compact(&self) {
        self.index.compact();
    }

    /// Memory that packed searches and profiles take, their words included.
    pub fn bytes(&self) -> usize {
        self.index.bytes()
    }

    /// What finds matches.
    pub fn finder(&self) -> Finder {
        Finder { finder: self.index.finder(), hits: Vec::new() }
    }
}

impl Finder {
    /// All hits of a posting, by user; reads its texts, too.
    pub fn find(&mut self, posting: &PostingText) -> &[Hit] {
        let id = JobId(posting.id as i32);
        self.finder.matches(id, &posting.fields(), PostingText::today(), &mut self.hits);
        &self.hits
    }

    /// Entries and profiles looked at so far.
    pub fn looked_at(&self) -> u64 {
        self.finder.looked_at()
    }
}

/// A posting ready for the exact check.
pub fn reduced(posting: &PostingText) -> MatchPosting {
    MatchPosting::new(JobId(posting.id as i32), &posting.fields(), PostingText::today())
}

/// How many pairs of a search and the posting are in its hits.
pub fn pairs(hits: &[Hit]) -> usize {
    hits.iter().map(|hit| hit.search_ids.len()).sum()
}
