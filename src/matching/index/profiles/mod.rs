//! The profiles of an index, filed under where they look and what they have to show.
//!
//! A profile matches only a posting that shares a skill or is called alike, so it is filed under its skills and its wished title; and only where it
//! looks, so under its area, and for remote postings under the countries it names. Only some of the lists of a posting are gone through
//! (`candidates.rs`); of whom they name, an outline of a few bytes tells who may reach the threshold, and only then is the score worked out.
//! Wished titles are few: which of them a posting's title is like is found out once for each title ([`TitleView`]).

mod bound;
mod candidates;
mod cell;
mod outline;
mod pack;
mod regions;
mod titles;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rustc_hash::FxHashMap;

use self::{
    bound::{Bound, narrow},
    candidates::Related,
    cell::Cell,
    outline::{Outline, Skills, Weights, remote_bit, type_bit},
    regions::{Region, looked_at, regions},
    titles::{TitleView, Titles},
};
use super::places::{EVERYWHERE, Places, Spot};
use crate::{
    domain::UserId,
    matching::{
        location::Area, posting::MatchPosting, profile::CompiledProfile, profile::TitleShape,
        settings::MatchSettings,
    },
};

/// Titles remembered before all are forgotten.
const MAX_TITLES: usize = 50_000;

/// All profiles that can match.
#[derive(Debug, Default)]
pub struct Profiles(RwLock<Filed>);

#[derive(Debug, Default)]
struct Filed {
    slots: Vec<Option<Slot>>,
    /// By slot.
    outlines: Vec<Outline>,
    skills: Skills,
    free: Vec<u32>,
    by_user: FxHashMap<UserId, u32>,
    cells: FxHashMap<Region, Cell>,
    titles: Titles,
    /// Profiles added since it was packed.
    late: usize,
    /// While it is packed, the users whose profiles changed meanwhile.
    changed: Option<Vec<UserId>>,
}

#[derive(Clone, Debug)]
struct Slot {
    profile: Arc<CompiledProfile>,
    title: Option<u32>,
    area: u32,
}

/// What a finder keeps for profiles.
#[derive(Debug, Default)]
pub struct Scratch {
    titles: FxHashMap<Box<str>, TitleView>,
    /// By slot: the round in which it was looked at last.
    seen: Vec<u32>,
    round: u32,
    candidates: Vec<(u32, Outline)>,
    weights: Weights,
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
            let title = (!profile.titles.shapes.is_empty()).then(|| filed.titles.intern(&profile.titles));
            filed.add(Slot { profile: Arc::new(profile), title, area: area.unwrap_or(EVERYWHERE) });
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
        let outlines = filed.outlines.capacity() * size_of::<Outline>() + filed.skills.bytes();
        profiles
            + cells
            + outlines
            + filed.slots.capacity() * size_of::<Option<Slot>>()
            + filed.by_user.capacity() * 9
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

    /// Appends the profiles that score the threshold or more, each once; gives how many were looked at. `posting` has the title given to
    /// [`Self::title`] last.
    pub fn find(
        &self,
        posting: &MatchPosting,
        title: &str,
        spot: &Spot,
        settings: &MatchSettings,
        scratch: &mut Scratch,
        found: &mut Vec<FoundProfile>,
    ) -> u64 {
        let filed = self.read();
        let Scratch { titles, seen, round, candidates, weights, likeness } = scratch;
        let related = titles.get(title).map_or(&[][..], |view| &view.related);
        likeness.resize(filed.titles.all.len().max(likeness.len()), 0.0);
        for (title, alike) in related {
            if let Some(place) = likeness.get_mut(*title as usize) {
                *place = narrow(*alike);
            }
        }
        weights.set(&posting.skills, &filed.skills);
        let bound = Bound::new(posting, settings);
        let cells: Vec<&Cell> = looked_at(spot).iter().filter_map(|region| filed.cells.get(region)).collect();
        let lists = candidates::lists(posting, &cells, Related { list: related, likeness }, &bound);
        let kind = posting.job_type.map_or(0, type_bit);
        let remote = posting.remote.map_or(0, remote_bit);
        seen.resize(filed.slots.len().max(seen.len()), 0);
        *round = round.checked_add(1).unwrap_or_else(|| {
            seen.fill(0);
            1
        });
        let looked_at = lists.iter().map(|list| list.len()).sum::<usize>() as u64;
        candidates.clear();
        for slot in lists.into_iter().flatten() {
            let at = *slot as usize;
            let (Some(seen), Some(outline)) = (seen.get_mut(at), filed.outlines.get(at)) else { continue };
            if std::mem::replace(seen, *round) != *round && outline.admits(kind, remote) {
                candidates.push((*slot, *outline));
            }
        }
        filed.skills.foresee(candidates.iter().map(|(_, outline)| outline));
        for (slot, outline) in &*candidates {
            let alike = likeness.get(outline.title as usize).copied().unwrap_or_default();
            if bound.can_match(outline, weights.sum(filed.skills.of(outline)), alike) {
                found.extend(filed.exact(*slot, posting, settings, related));
            }
        }
        for (title, _) in related {
            if let Some(place) = likeness.get_mut(*title as usize) {
                *place = 0.0;
            }
        }
        weights.clear(&posting.skills, &filed.skills);
        looked_at
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
    /// The score, where it reaches the threshold.
    fn exact(
        &self,
        slot: u32,
        posting: &MatchPosting,
        settings: &MatchSettings,
        related: &[(u32, f64)],
    ) -> Option<FoundProfile> {
        let Slot { profile, title, .. } = self.slots.get(slot as usize)?.as_ref()?;
        let reaches = |likeness: f64| {
            let score = profile.total_given(posting, settings, likeness);
            score.filter(|score| *score >= settings.threshold)
        };
        // Titles that are not related are no more alike than that; how much they are takes longer to find out.
        let known = title.and_then(|title| related.binary_search_by_key(&title, |(other, _)| *other).ok());
        if known.is_none() {
            reaches(TitleShape::RELATED)?;
        }
        let score = reaches(likeness_of(*title, related, profile, posting))?;
        Some(FoundProfile { user: profile.user_id, score })
    }

    fn add(&mut self, new: Slot) {
        let slot = self.free.pop().or_else(|| {
            let slot = u32::try_from(self.slots.len()).ok()?;
            self.slots.push(None);
            Some(slot)
        });
        let Some(slot) = slot else { return };
        let outline = self.skills.outline(&new.profile, new.title);
        match self.outlines.get_mut(slot as usize) {
            Some(place) => *place = outline,
            None => self.outlines.push(outline),
        }
        let user = new.profile.user_id;
        self.by_user.insert(user, slot);
        self.late += 1;
        self.changed.iter_mut().for_each(|changed| changed.push(user));
        for region in regions(&new.profile, new.area) {
            self.cells.entry(region).or_default().add(&new.profile, new.title, slot);
        }
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(new);
        }
    }

    fn remove(&mut self, user: UserId) -> bool {
        let Some(slot) = self.by_user.remove(&user) else { return false };
        self.free.push(slot);
        self.changed.iter_mut().for_each(|changed| changed.push(user));
        let Some(old) = self.slots.get_mut(slot as usize).and_then(Option::take) else { return true };
        if let Some(outline) = self.outlines.get(slot as usize) {
            self.skills.drop(outline);
        }
        for region in regions(&old.profile, old.area) {
            let Some(cell) = self.cells.get_mut(&region) else { continue };
            cell.remove(&old.profile, old.title, slot);
            if cell.is_empty() {
                self.cells.remove(&region);
            }
        }
        let slots = &self.slots;
        let live = self.outlines.iter_mut().zip(slots).filter(|(_, slot)| slot.is_some());
        self.skills.tidy(live.map(|(outline, _)| outline));
        true
    }
}
