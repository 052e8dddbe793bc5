//! The profiles of an index, filed under where they look and what they have to show.
//!
//! A profile matches only a posting that shares a skill or is called alike, so it is filed under its skills and its wished title; and only where it
//! looks, so under its area, and for remote postings under the countries it names. Only some of the lists of a posting are gone through
//! (`candidates.rs`). Of whom they name, a glance at a few bits leaves out most who cannot match (`glance.rs`); an outline of a few bytes tells who
//! may reach the threshold (`outline.rs`), and only then is the score worked out.
//! Wished titles are few: which of them a posting's title is like is found out once for each title ([`TitleView`]).

mod asked;
mod bound;
mod candidates;
mod cell;
mod glance;
mod outline;
mod pack;
mod regions;
mod titles;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use rustc_hash::FxHashMap;
use smallvec::SmallVec;

pub use self::asked::Asked;
use self::{
    cell::Cell,
    glance::{Glance, Listed},
    outline::{Outline, Rows, Weights},
    regions::{Region, regions},
    titles::{TitleView, Titles},
};
use super::places::{Places, Spot};
use crate::{
    domain::UserId,
    matching::{location::Area, posting::MatchPosting, profile::CompiledProfile, settings::MatchSettings},
};

/// Titles of postings remembered before all are forgotten.
const MAX_TITLES: usize = 50_000;

/// Wished titles remembered with them as related, of all together.
const MAX_RELATED: usize = 4_000_000;

/// All profiles that can match.
#[derive(Debug, Default)]
pub struct Profiles(RwLock<Filed>);

#[derive(Debug, Default)]
struct Filed {
    slots: Vec<Option<Slot>>,
    /// By slot.
    outlines: Vec<Outline>,
    rows: Rows,
    free: Vec<u32>,
    by_user: FxHashMap<UserId, u32>,
    cells: FxHashMap<Region, Cell>,
    titles: Titles,
    /// Profiles added since it was packed.
    late: usize,
    /// While it is packed, the users whose profiles changed meanwhile.
    changed: Option<Vec<UserId>>,
}

/// Where a profile looks: an area for each of its places, so that all who look there are found together, wherever else they look. None where
/// it names no place, or where there are too many places for one index.
type Areas = SmallVec<[u32; 4]>;

#[derive(Clone, Debug)]
struct Slot {
    profile: Arc<CompiledProfile>,
    title: Option<u32>,
    areas: Areas,
}

/// What a finder keeps for profiles.
#[derive(Debug, Default)]
pub struct Scratch {
    titles: FxHashMap<Box<str>, TitleView>,
    /// How many wished titles these are related to, all together.
    related: usize,
    /// By slot: the round in which it was looked at last.
    seen: Vec<u32>,
    round: u32,
    listed: Vec<Listed>,
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
        let areas: Option<Areas> = Area::each(&profile.places).map(|area| places.intern(area)).collect();
        let mut areas = areas.unwrap_or_default();
        areas.sort_unstable();
        areas.dedup();
        let mut filed = self.write();
        filed.remove(profile.user_id);
        if profile.can_match() {
            let title = (!profile.titles.shapes.is_empty()).then(|| filed.titles.intern(&profile.titles));
            filed.add(Slot { profile: Arc::new(profile), title, areas });
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
        let outlines = filed.outlines.capacity() * size_of::<Outline>() + filed.rows.bytes();
        profiles
            + cells
            + outlines
            + filed.slots.capacity() * size_of::<Option<Slot>>()
            + filed.by_user.capacity() * 9
    }

    /// The profiles as they are; nobody changes them as long as this is held.
    pub fn hold(&self) -> Held<'_> {
        Held(self.read())
    }

    fn read(&self) -> RwLockReadGuard<'_, Filed> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Filed> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The profiles as they are.
pub struct Held<'a>(RwLockReadGuard<'a, Filed>);

impl<'a> Held<'a> {
    /// Reduces the title of a posting, or recalls it.
    pub fn title<'s>(&self, title: &str, scratch: &'s mut Scratch) -> &'s TitleView {
        if scratch.titles.len() > MAX_TITLES || scratch.related > MAX_RELATED {
            scratch.titles.clear();
            scratch.related = 0;
        }
        let view = scratch.titles.entry(title.into()).or_insert_with(|| TitleView::new(title));
        scratch.related -= view.related.len();
        self.0.titles.ask(view);
        scratch.related += view.related.len();
        view
    }

    /// Puts a posting to the profiles; it has the title given to [`Self::title`] last and is at `spot`, which knows of all areas.
    pub fn ask(
        self,
        posting: &'a MatchPosting,
        title: &str,
        spot: &'a Spot,
        settings: &'a MatchSettings,
        scratch: &'a mut Scratch,
    ) -> Asked<'a> {
        Asked::new(self.0, posting, title, spot, settings, scratch)
    }
}

impl Filed {
    fn add(&mut self, new: Slot) {
        let slot = self.free.pop().or_else(|| {
            let slot = u32::try_from(self.slots.len()).ok()?;
            self.slots.push(None);
            Some(slot)
        });
        let Some(slot) = slot else { return };
        let outline = self.rows.outline(&new.profile, new.title, &new.areas);
        let glance = Glance::of(&outline, self.rows.of(&outline).1);
        if let Some(place) = self.outlines.get_mut(slot as usize) {
            *place = outline;
        } else {
            self.outlines.push(outline);
        }
        let user = new.profile.user_id;
        self.by_user.insert(user, slot);
        self.late += 1;
        self.changed.iter_mut().for_each(|changed| changed.push(user));
        for region in regions(&new.profile, &new.areas) {
            self.cells.entry(region).or_default().add(&new.profile, new.title, Listed { slot, glance });
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
            self.rows.drop(outline);
        }
        for region in regions(&old.profile, &old.areas) {
            let Some(cell) = self.cells.get_mut(&region) else { continue };
            cell.remove(&old.profile, old.title, slot);
            if cell.is_empty() {
                self.cells.remove(&region);
            }
        }
        let slots = &self.slots;
        let live = self.outlines.iter_mut().zip(slots).filter(|(_, slot)| slot.is_some());
        self.rows.tidy(live.map(|(outline, _)| outline));
        true
    }
}
