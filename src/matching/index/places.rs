//! The areas that searches and profiles ask for, as small numbers, and which of them a posting is in.
//!
//! Areas are few and asked for by many, and so are the locations of postings: a reader keeps the answer for each location it has seen
//! ([`Spot`]) and asks again only for areas that came since.

use std::sync::{
    Arc, PoisonError, RwLock, RwLockReadGuard,
    atomic::{AtomicU32, Ordering},
};

use rustc_hash::FxHashMap;

use crate::{
    domain::RemoteOption,
    matching::{
        location::{self, Area},
        posting::MatchPosting,
        text::Term,
    },
};

/// The area of whatever is not bound to a place.
pub const EVERYWHERE: u32 = 0;

/// The area of remote postings, wherever they are.
pub const REMOTE_ONLY: u32 = 1;

/// The number of the first real area.
const FIRST: u32 = 2;

/// The areas of an index.
#[derive(Debug, Default)]
pub struct Places {
    known: RwLock<Known>,
    count: AtomicU32,
}

#[derive(Debug, Default)]
struct Known {
    ids: FxHashMap<Arc<Area>, u32>,
    areas: Vec<Arc<Area>>,
    by_key: FxHashMap<Term, Vec<u32>>,
}

/// Where a posting is, for everyone who asks.
#[derive(Clone, Debug, Default)]
pub struct Spot {
    /// The areas it is in, ascending, up to the `asked` first ones.
    pub areas: Vec<u32>,
    /// Place of work, also as its location tells.
    pub remote: Option<RemoteOption>,
    /// Codes of its countries.
    pub countries: Box<[&'static str]>,
    /// Whether it states a place.
    pub known: bool,
    asked: u32,
}

impl Places {
    /// The number of an area; `None` where there are too many.
    pub fn intern(&self, area: Area) -> Option<u32> {
        if let Some(id) = self.read().ids.get(&area) {
            return Some(*id);
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = known.ids.get(&area) {
            return Some(*id);
        }
        let id = u32::try_from(known.areas.len()).ok()?.checked_add(FIRST).filter(|id| *id < 1 << 24)?;
        for key in area.keys() {
            known.by_key.entry(key).or_default().push(id);
        }
        let area = Arc::new(area);
        known.areas.push(Arc::clone(&area));
        known.ids.insert(area, id);
        self.count.store(id + 1 - FIRST, Ordering::Release);
        Some(id)
    }

    /// How many areas there are.
    pub fn count(&self) -> u32 {
        self.count.load(Ordering::Acquire)
    }

    /// Where a posting is of which `view` tells nothing but the place.
    pub fn spot(&self, view: &MatchPosting) -> Spot {
        let mut spot = Spot {
            remote: view.remote,
            countries: view.whereabouts.countries.as_slice().into(),
            known: view.whereabouts.known,
            ..Spot::default()
        };
        self.ask(&mut spot, view);
        spot
    }

    /// Whether areas have come since `spot` was made.
    pub fn is_stale(&self, spot: &Spot) -> bool {
        spot.asked != self.count()
    }

    /// Asks for the areas that have come since.
    pub fn ask(&self, spot: &mut Spot, view: &MatchPosting) {
        let known = self.read();
        let mut found: Vec<u32> = location::keys_of(view)
            .iter()
            .filter_map(|key| known.by_key.get(key))
            .flat_map(|ids| {
                let new = ids.partition_point(|id| *id < spot.asked + FIRST);
                ids.iter().skip(new).copied()
            })
            .collect();
        found.sort_unstable();
        found.dedup();
        found.retain(|id| known.areas.get((id - FIRST) as usize).is_some_and(|area| area.holds(view)));
        spot.areas.extend(found);
        spot.asked = u32::try_from(known.areas.len()).unwrap_or(u32::MAX);
    }

    fn read(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }
}
