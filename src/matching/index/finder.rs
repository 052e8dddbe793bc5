//! Finds what a posting fits: the reading side of an index, one for each thread.

use std::sync::Arc;

use chrono::NaiveDate;

use super::{
    Layer, MatchIndex,
    base::{Base, List, Lists, Owner},
    delta::{Chains, Node},
    entry::Entry,
    lexicon::ALWAYS,
    order::Order,
    profiles::{Held, Scratch},
    program::{Found, Judge},
    reader::{Reader, wide_areas},
    view::View,
};
use crate::{
    domain::JobId,
    matching::{
        filters::RuleGroup,
        hit::Hit,
        posting::{MatchPosting, PostingFields},
        search::prominence,
    },
};

/// Times a posting is looked at anew because a search was replaced, before the writers wait.
const PATIENCE: u32 = 4;

/// A search that a posting fits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoundSearch {
    /// Which, and whose.
    pub owner: Owner,
    /// 0.7 to 1.
    pub score: f64,
}

/// Reads postings against an index. It sees every change that was made before a posting is begun, takes no lock while it looks, and
/// keeps memory and what it has learned of words and places for the next posting.
#[derive(Debug)]
pub struct Finder {
    index: MatchIndex,
    layer: Arc<Layer>,
    generation: u64,
    reader: Reader,
    lists: Lists,
    /// Keys and entries; room for those of the next posting.
    candidates: Vec<(u32, Entry)>,
    chains: Chains,
    packed: Vec<(u32, f64)>,
    several: Vec<(Owner, f64)>,
    found: Vec<FoundSearch>,
    order: Order,
    scratch: Scratch,
    looked_at: u64,
}

impl Finder {
    pub(super) fn new(index: &MatchIndex) -> Self {
        let (layer, generation) = index.layer();
        Self {
            index: index.clone(),
            layer,
            generation,
            reader: Reader::default(),
            lists: Lists::default(),
            candidates: Vec::new(),
            chains: Chains::default(),
            packed: Vec::new(),
            several: Vec::new(),
            found: Vec::new(),
            order: Order::default(),
            scratch: Scratch::default(),
            looked_at: 0,
        }
    }

    /// Entries and profiles looked at since the finder was made.
    pub fn looked_at(&self) -> u64 {
        self.looked_at
    }

    /// Appends every search that the posting fits, each once, in no order. A search that is replaced meanwhile is seen in its old form or
    /// in its new one.
    pub fn find_searches(
        &mut self,
        posting: &PostingFields<'_>,
        today: NaiveDate,
        found: &mut Vec<FoundSearch>,
    ) {
        let before = found.len();
        for _ in 0..PATIENCE {
            let steady = self.index.steady();
            self.look(posting, today, found);
            if steady.is_some() && self.index.steady() == steady {
                return;
            }
            found.truncate(before);
        }
        let index = self.index.clone();
        let _writers_wait = index.writer();
        self.look(posting, today, found);
    }

    fn look(&mut self, posting: &PostingFields<'_>, today: NaiveDate, found: &mut Vec<FoundSearch>) {
        if self.generation != self.index.generation() {
            (self.layer, self.generation) = self.index.layer();
        }
        let Layer { base, delta } = &*self.layer;
        let late = delta.len();
        self.reader.read(posting, self.index.shared(), &self.index.settings().rates);
        let view = self.reader.view(posting, today);
        self.packed.clear();
        let areas = || wide_areas(self.reader.is_remote()).iter().chain(view.areas).copied();
        base.lists(areas(), &view, &mut self.lists);
        let mut sieve =
            Sieve { view: &view, packed: &mut self.packed, found, several: &mut self.several, looked_at: 0 };
        sieve.base(base, &self.lists.found, &mut self.candidates);
        if late > 0 {
            let mut nodes = Vec::new();
            delta.each(areas(), view.atoms, late, &mut self.chains, |node| nodes.push(node));
            sieve.nodes(nodes);
        }
        self.looked_at += sieve.looked_at;
        found.extend(
            self.packed
                .iter()
                .filter_map(|(slot, score)| Some(FoundSearch { owner: base.owner(*slot)?, score: *score })),
        );
        self.several.sort_unstable_by_key(|(owner, _)| *owner);
        self.several.dedup_by_key(|(owner, _)| *owner);
        found.extend(self.several.drain(..).map(|(owner, score)| FoundSearch { owner, score }));
    }
}

impl Finder {
    /// Puts the users whom a posting fits into `hits`, one hit each, by user id; what was there before is gone.
    pub fn matches(&mut self, id: JobId, posting: &PostingFields<'_>, today: NaiveDate, hits: &mut Vec<Hit>) {
        hits.clear();
        let mut searches = std::mem::take(&mut self.found);
        searches.clear();
        self.find_searches(posting, today, &mut searches);
        let index = self.index.clone();
        let (profiles, settings) = (index.profiles(), index.settings());
        let mut found = Vec::new();
        let held = (profiles.len() > 0).then(|| profiles.hold());
        let held = held.map(|held| (self.outline(id, posting, today, &held), held));
        if held.is_some() {
            self.reader.place(posting, index.shared());
        }
        let (view, held) = held.unzip();
        let mut asked = held
            .zip(view.as_ref())
            .zip(self.reader.spot())
            .map(|((held, view), spot)| held.ask(view, posting.title, spot, settings, &mut self.scratch));
        if let Some(asked) = &mut asked {
            self.looked_at += asked.find(&mut found);
        }
        found.sort_unstable_by_key(|one| one.user);
        let mut found = found.into_iter().peekable();
        self.order.put(searches.iter().map(|search| search.owner.user));
        let in_order = self.order.users().filter_map(|(user, at)| Some((user, *searches.get(at)?)));
        let mut in_order = in_order.peekable();
        while let Some((user, first)) = in_order.next() {
            while let Some(profile) = found.next_if(|profile| profile.user < user) {
                hits.push(Hit::of_profile(profile.user, profile.score));
            }
            let mut hit = Hit::of_search(user, first.owner.search, first.score);
            while let Some((_, search)) = in_order.next_if(|(next, _)| *next == user) {
                hit.add_search(search.owner.search, search.score);
            }
            let above = found.next_if(|profile| profile.user == user).map(|profile| profile.score);
            let profile_score = above.or_else(|| asked.as_ref()?.score(user));
            hit.set_profile_score(profile_score);
            hits.push(hit);
        }
        hits.extend(found.map(|profile| Hit::of_profile(profile.user, profile.score)));
        self.found = searches;
    }

    /// What profiles look at of the posting read last.
    fn outline(
        &mut self,
        id: JobId,
        posting: &PostingFields<'_>,
        today: NaiveDate,
        profiles: &Held<'_>,
    ) -> MatchPosting {
        let title = profiles.title(posting.title, &mut self.scratch);
        let shape = Arc::clone(&title.shape);
        let only_facts = PostingFields {
            title: posting.title,
            company: posting.company,
            location: posting.location,
            places: posting.places,
            tech_stack: posting.tech_stack,
            salary: posting.salary.clone(),
            job_type: posting.job_type,
            remote_option: posting.remote_option,
            source: posting.source,
            posted_date: posting.posted_date,
            created_at: posting.created_at,
            language: Some("en"),
            seniority: posting.seniority,
            years: posting.years,
            ..PostingFields::default()
        };
        let mut outline = MatchPosting::outline(id, &only_facts, today, shape);
        outline.sponsorship = self.reader.sponsorship(self.index.shared());
        outline
    }
}

/// Puts entries to the exact check.
struct Sieve<'a> {
    view: &'a View<'a>,
    /// Searches of the base by their slots.
    packed: &'a mut Vec<(u32, f64)>,
    found: &'a mut Vec<FoundSearch>,
    several: &'a mut Vec<(Owner, f64)>,
    looked_at: u64,
}

impl Sieve<'_> {
    fn base(&mut self, base: &Base, lists: &[List], candidates: &mut Vec<(u32, Entry)>) {
        let mut count = 0;
        for list in lists {
            for entry in base.list(*list) {
                self.looked_at += 1;
                if count == candidates.len() {
                    candidates.resize(count * 2 + 64, (0, Entry::default()));
                }
                // Written in any case and kept if it passes, which nobody can foresee.
                if let Some(place) = candidates.get_mut(count) {
                    *place = (list.key, *entry);
                }
                count += usize::from(self.passes(entry));
                if entry.is_last() {
                    break;
                }
            }
        }
        let candidates = candidates.get(..count).unwrap_or_default();
        base.foresee(candidates);
        for (key, entry) in candidates {
            if base.is_gone(entry.slot) {
                continue;
            }
            let (words, rules) =
                if entry.program == 0 { (&[][..], &[][..]) } else { base.program(entry.program) };
            if let Some(score) = self.score(entry, *key, words, rules) {
                if !entry.is_multiple() {
                    self.packed.push((entry.slot, score));
                } else if let Some(owner) = base.owner(entry.slot) {
                    self.several.push((owner, score));
                }
            }
        }
    }

    fn nodes(&mut self, mut nodes: Vec<&Node>) {
        self.looked_at += nodes.len() as u64;
        nodes.retain(|node| self.passes(&node.entry) && !node.is_gone());
        Node::foresee(&nodes);
        for node in nodes {
            let (words, rules) = node
                .program
                .as_deref()
                .map_or((&[][..], &[][..]), |program| (&program.words, &program.rules));
            if let Some(score) = self.score(&node.entry, node.key, words, rules) {
                if node.entry.is_multiple() {
                    self.several.push((node.owner, score));
                } else {
                    self.found.push(FoundSearch { owner: node.owner, score });
                }
            }
        }
    }

    /// All three are looked at: which of them fails cannot be foreseen.
    fn passes(&self, entry: &Entry) -> bool {
        entry.allows(self.view.have)
            & self.view.has(entry.second)
            & (self.view.pay(entry.currency()).high >= f64::from(entry.floor))
    }

    /// The score, if the rest holds as well.
    fn score(&self, entry: &Entry, key: u32, words: &[u32], rules: &[RuleGroup]) -> Option<f64> {
        let mut found = Found::default();
        if entry.key_counts() {
            found.count(self.view.fields_of(key));
        }
        if entry.second != ALWAYS {
            found.count(self.view.fields_of(entry.second));
        }
        Judge { view: self.view, rules }
            .all(words, &mut found)
            .then(|| prominence(found.all, found.prominent))
    }
}
