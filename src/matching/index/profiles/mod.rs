//! The profiles of an index, filed under where they look and what they have to show.
//!
//! A profile matches only a posting that shares a skill or is called alike, so it is filed under its skills and its wished title; and only where it
//! looks, so under its area, and for remote postings under the countries it names. Going through the lists of a posting adds up what each
//! profile shares with it; only where that can reach the threshold is the score worked out. Wished titles are few: which of them a posting's title
//! is like is found out once for each title ([`TitleView`]).

mod bound;
mod regions;
mod titles;

use std::{
    hash::Hash,
    sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use rustc_hash::FxHashMap;

use self::{
    bound::{Bound, narrow},
    regions::{Region, looked_at, regions},
    titles::{TitleView, Titles},
};
use super::places::{EVERYWHERE, Places, Spot};
use crate::{
    domain::UserId,
    matching::{
        location::Area, posting::MatchPosting, profile::CompiledProfile, profile::TitleShape,
        settings::MatchSettings, text::Term,
    },
};

/// Titles remembered before all are forgotten.
const MAX_TITLES: usize = 50_000;

/// The profiles of a region, by what they have to show.
#[derive(Debug, Default)]
struct Cell {
    skills: FxHashMap<Term, Vec<u32>>,
    titles: FxHashMap<u32, Vec<u32>>,
}

/// All profiles that can match.
#[derive(Debug, Default)]
pub struct Profiles(RwLock<Filed>);

#[derive(Debug, Default)]
struct Filed {
    slots: Vec<Option<Slot>>,
    free: Vec<u32>,
    by_user: FxHashMap<UserId, u32>,
    cells: FxHashMap<Region, Cell>,
    titles: Titles,
    /// How many have no title.
    untitled: usize,
}

#[derive(Debug)]
struct Slot {
    profile: Box<CompiledProfile>,
    title: Option<u32>,
    area: u32,
}

/// What a finder keeps for profiles.
#[derive(Debug, Default)]
pub struct Scratch {
    titles: FxHashMap<Box<str>, TitleView>,
    /// By slot: how much of the posting's skills the profile has, by weight, and how alike the titles are.
    shared: Vec<(f32, f32)>,
    touched: Vec<u32>,
    /// By wished title: how alike the posting's is.
    likeness: Vec<f32>,
}

/// A profile that a posting fits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoundProfile {
    /// Whose.
    pub user: UserId,
    /// From the threshold to 1.
    pub score: f64,
}

impl Profiles {
    /// Adds a profile or replaces that of its user; one that cannot match is left out.
    pub fn upsert(&self, profile: CompiledProfile, places: &Places) {
        let area = if profile.places.is_empty() { None } else { places.intern(Area::of(&profile.places)) };
        let mut filed = self.write();
        filed.remove(profile.user_id);
        if profile.can_match() {
            filed.add(profile, area.unwrap_or(EVERYWHERE));
        }
    }

    /// Removes the profile of a user; says whether it was there.
    pub fn remove(&self, user: UserId) -> bool {
        self.write().remove(user)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.read().by_user.len()
    }

    /// Bytes that they take, about.
    pub fn bytes(&self) -> usize {
        let filed = self.read();
        let profiles = filed.slots.iter().flatten().map(|slot| slot.profile.bytes()).sum::<usize>();
        let cells = filed.cells.values().map(Cell::bytes).sum::<usize>();
        profiles + cells + filed.slots.capacity() * size_of::<Option<Slot>>() + filed.by_user.capacity() * 9
    }

    /// Reduces the title of a posting, or recalls it.
    pub fn title<'a>(&self, title: &str, scratch: &'a mut Scratch) -> &'a TitleView {
        let filed = self.read();
        if scratch.titles.len() > MAX_TITLES {
            scratch.titles.clear();
        }
        let view = scratch.titles.entry(title.into()).or_insert_with(|| TitleView::new(title));
        filed.titles.ask(view);
        view
    }

    /// Appends the profiles that score the threshold or more, each once. `posting` has the title given to [`Self::title`] last.
    pub fn find(
        &self,
        posting: &MatchPosting,
        title: &str,
        spot: &Spot,
        settings: &MatchSettings,
        scratch: &mut Scratch,
        found: &mut Vec<FoundProfile>,
    ) {
        let filed = self.read();
        let Scratch { titles, shared, touched, likeness } = scratch;
        let related = titles.get(title).map_or(&[][..], |view| &view.related);
        shared.resize(filed.slots.len().max(shared.len()), (0.0, 0.0));
        likeness.resize(filed.titles.all.len().max(likeness.len()), 0.0);
        for (title, alike) in related {
            if let Some(place) = likeness.get_mut(*title as usize) {
                *place = narrow(*alike);
            }
        }
        let bound = Bound::new(posting, settings);
        let cells: Vec<&Cell> = looked_at(spot).iter().filter_map(|region| filed.cells.get(region)).collect();
        let (asked, left_out) = bound.worth_asking(posting, &cells, filed.untitled > 0);
        let mut mark = |slots: &[u32], weight: f32, alike: f32| {
            for slot in slots {
                let Some(own) = shared.get_mut(*slot as usize) else { continue };
                if *own == (0.0, 0.0) {
                    touched.push(*slot);
                }
                own.0 += weight;
                own.1 = own.1.max(alike);
            }
        };
        for cell in cells {
            for (skill, weight) in &asked {
                mark(cell.skills.get(skill).map_or(&[], Vec::as_slice), *weight, 0.0);
            }
            if cell.titles.len() < related.len() {
                for (title, slots) in &cell.titles {
                    let alike = likeness.get(*title as usize).copied().unwrap_or_default();
                    if alike > 0.0 {
                        mark(slots, 0.0, alike);
                    }
                }
            } else {
                for (title, alike) in related {
                    mark(cell.titles.get(title).map_or(&[], Vec::as_slice), 0.0, narrow(*alike));
                }
            }
        }
        for (title, _) in related {
            if let Some(place) = likeness.get_mut(*title as usize) {
                *place = 0.0;
            }
        }
        for slot in touched.drain(..) {
            let Some(own) = shared.get_mut(slot as usize) else { continue };
            let (weight, likeness) = std::mem::take(own);
            let Some(Slot { profile, title, .. }) = filed.slots.get(slot as usize).and_then(Option::as_ref)
            else {
                continue;
            };
            if bound.of(profile, weight + left_out, likeness) < bound.threshold {
                continue;
            }
            let reaches = |likeness: f64| {
                let score = profile.total_given(posting, settings, likeness);
                score.filter(|score| *score >= settings.threshold)
            };
            // Titles that are not related are no more alike than that; how much they are takes longer to find out.
            if likeness == 0.0 && reaches(TitleShape::RELATED).is_none() {
                continue;
            }
            let score = reaches(likeness_of(*title, related, profile, posting));
            found.extend(score.map(|score| FoundProfile { user: profile.user_id, score }));
        }
    }

    /// The score of one user's profile; `None` where there is none or the posting is out for it.
    pub fn score(
        &self,
        user: UserId,
        posting: &MatchPosting,
        title: &str,
        settings: &MatchSettings,
        scratch: &Scratch,
    ) -> Option<f64> {
        let filed = self.read();
        let slot = filed.by_user.get(&user)?;
        let Slot { profile, title: wished, .. } = filed.slots.get(*slot as usize)?.as_ref()?;
        let related = scratch.titles.get(title).map_or(&[][..], |view| &view.related);
        profile.total_given(posting, settings, likeness_of(*wished, related, profile, posting))
    }

    fn read(&self) -> RwLockReadGuard<'_, Filed> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Filed> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn likeness_of(
    wished: Option<u32>,
    related: &[(u32, f64)],
    profile: &CompiledProfile,
    posting: &MatchPosting,
) -> f64 {
    let known = wished.and_then(|wished| related.binary_search_by_key(&wished, |(title, _)| *title).ok());
    let known = known.and_then(|at| related.get(at));
    known.map_or_else(|| profile.likeness(&posting.shape), |(_, likeness)| *likeness)
}

impl Filed {
    fn add(&mut self, profile: CompiledProfile, area: u32) {
        let slot = self.free.pop().or_else(|| {
            let slot = u32::try_from(self.slots.len()).ok()?;
            self.slots.push(None);
            Some(slot)
        });
        let Some(slot) = slot else { return };
        let title = (!profile.titles.shapes.is_empty()).then(|| self.titles.intern(&profile.titles));
        self.untitled += usize::from(title.is_none());
        self.by_user.insert(profile.user_id, slot);
        let filed = Slot { profile: Box::new(profile), title, area };
        for region in regions(&filed.profile, area) {
            let cell = self.cells.entry(region).or_default();
            for skill in &filed.profile.skills {
                cell.skills.entry(skill.term).or_default().push(slot);
            }
            if let Some(title) = title {
                cell.titles.entry(title).or_default().push(slot);
            }
        }
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(filed);
        }
    }

    fn remove(&mut self, user: UserId) -> bool {
        let Some(slot) = self.by_user.remove(&user) else { return false };
        self.free.push(slot);
        let Some(old) = self.slots.get_mut(slot as usize).and_then(Option::take) else { return true };
        self.untitled -= usize::from(old.title.is_none());
        for region in regions(&old.profile, old.area) {
            let Some(cell) = self.cells.get_mut(&region) else { continue };
            old.profile.skills.iter().for_each(|skill| drop_from(&mut cell.skills, &skill.term, slot));
            if let Some(title) = old.title {
                drop_from(&mut cell.titles, &title, slot);
            }
            if cell.skills.is_empty() && cell.titles.is_empty() {
                self.cells.remove(&region);
            }
        }
        true
    }
}

fn drop_from<K: Eq + Hash>(lists: &mut FxHashMap<K, Vec<u32>>, key: &K, slot: u32) {
    if let Some(list) = lists.get_mut(key) {
        list.retain(|other| *other != slot);
        if list.is_empty() {
            lists.remove(key);
        }
    }
}

impl Cell {
    fn bytes(&self) -> usize {
        let lists = self.skills.values().chain(self.titles.values());
        lists.map(|list| list.capacity() * 4).sum::<usize>()
            + self.skills.capacity() * (size_of::<(Term, Vec<u32>)>() + 1)
            + self.titles.capacity() * (size_of::<(u32, Vec<u32>)>() + 1)
    }
}
