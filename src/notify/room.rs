//! How many matches may wait for each user: what could never be told is not written.
//!
//! A user who is told of `cap` matches a day keeps the best of each day, `cap` times the days of the backlog. While there is room every pair
//! gets in; afterwards only one that scores higher than the worst of those in. What is kept of a day is one byte a pair, the score in steps
//! of a two hundredth. A process knows its own pairs only: with several, or after a restart, more may get in, and the notifier trims.

use chrono::NaiveDate;
use rustc_hash::FxHashMap;

use crate::domain::UserId;

/// Steps from 0 to 1 in which scores are compared.
const STEPS: f64 = 200.0;
/// A room for more pairs than this never closes, and is not kept.
const ENDLESS: usize = 10_000;

/// The rooms of all users on one day.
#[derive(Debug)]
pub struct Rooms {
    size: usize,
    backlog_days: usize,
    own: FxHashMap<UserId, usize>,
    day: Option<NaiveDate>,
    /// Scores of the pairs in each room, in no order.
    inside: FxHashMap<UserId, Vec<u8>>,
}

/// What letting pairs in changed, so that it can be taken back.
#[derive(Debug, Default)]
pub struct Entries(Vec<Entry>);

#[derive(Clone, Copy, Debug)]
struct Entry {
    user: UserId,
    came: u8,
    left: Option<u8>,
}

impl Rooms {
    /// Rooms for `cap` notices a day over the days of the backlog.
    pub fn new(cap: i32, backlog_days: i32) -> Self {
        let backlog_days = usize::try_from(backlog_days).unwrap_or(0);
        Self {
            size: count(cap).saturating_mul(backlog_days),
            backlog_days,
            own: FxHashMap::default(),
            day: None,
            inside: FxHashMap::default(),
        }
    }

    /// Rooms that never close.
    pub fn endless() -> Self {
        Self::new(i32::MAX, i32::MAX)
    }

    /// A user's own cap.
    pub fn set_cap(&mut self, user: UserId, cap: i32) {
        self.own.insert(user, count(cap).saturating_mul(self.backlog_days));
    }

    /// Empties all rooms when a new day begins.
    pub fn begin(&mut self, day: NaiveDate) {
        if self.day.replace(day) != Some(day) {
            self.inside.clear();
        }
    }

    /// Whether a pair with this score is to be written; notes in `entries` what that changed.
    pub fn admit(&mut self, user: UserId, score: f64, entries: &mut Entries) -> bool {
        let size =
            if self.own.is_empty() { self.size } else { self.own.get(&user).copied().unwrap_or(self.size) };
        if size > ENDLESS {
            return true;
        }
        if size == 0 {
            return false;
        }
        let came = step(score);
        let inside = self.inside.entry(user).or_default();
        if inside.len() < size {
            inside.push(came);
            entries.0.push(Entry { user, came, left: None });
            return true;
        }
        let Some(worst) = inside.iter_mut().min() else { return false };
        if *worst >= came {
            return false;
        }
        let left = std::mem::replace(worst, came);
        entries.0.push(Entry { user, came, left: Some(left) });
        true
    }

    /// Takes back what was noted: the pairs were not written after all.
    pub fn take_back(&mut self, entries: Entries) {
        for Entry { user, came, left } in entries.0.into_iter().rev() {
            let Some(inside) = self.inside.get_mut(&user) else { continue };
            let Some(at) = inside.iter().position(|score| *score == came) else { continue };
            match left {
                Some(left) => {
                    if let Some(score) = inside.get_mut(at) {
                        *score = left;
                    }
                }
                None => {
                    inside.swap_remove(at);
                }
            }
        }
    }
}

fn count(cap: i32) -> usize {
    usize::try_from(cap).unwrap_or(0)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the range of a byte")]
fn step(score: f64) -> u8 {
    (score * STEPS).round().clamp(0.0, 255.0) as u8
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ANN: UserId = UserId(1);

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 3, day).expect("a day")
    }

    fn admitted(rooms: &mut Rooms, scores: &[f64]) -> Vec<bool> {
        scores.iter().map(|score| rooms.admit(ANN, *score, &mut Entries::default())).collect()
    }

    #[test]
    fn a_full_room_takes_only_better_ones() {
        let mut rooms = Rooms::new(1, 2);
        rooms.begin(day(1));
        assert_eq!(
            admitted(&mut rooms, &[0.7, 0.6, 0.6, 0.65, 0.65, 0.9, 0.68]),
            [true, true, false, true, false, true, false]
        );
        rooms.begin(day(1));
        assert_eq!(admitted(&mut rooms, &[0.6]), [false], "the same day");
        rooms.begin(day(2));
        assert_eq!(admitted(&mut rooms, &[0.6]), [true], "another day");
    }

    #[test]
    fn users_have_their_own_caps() {
        let mut rooms = Rooms::new(1, 1);
        rooms.begin(day(1));
        rooms.set_cap(ANN, 0);
        rooms.set_cap(UserId(2), 3);
        assert_eq!(admitted(&mut rooms, &[1.0]), [false]);
        let mut entries = Entries::default();
        assert_eq!(
            [0.6; 4].map(|score| rooms.admit(UserId(2), score, &mut entries)),
            [true, true, true, false]
        );
        assert_eq!([0.6; 2].map(|score| rooms.admit(UserId(3), score, &mut entries)), [true, false]);
        assert!((0..20_000).all(|_| Rooms::endless().admit(ANN, 0.0, &mut entries)));
    }

    proptest! {
        /// However many come, those in are the best of all, and what is taken back leaves no trace.
        #[test]
        fn keeps_the_best(size in 1..20_i32, first in prop::collection::vec(0..200_u8, 0..60), second in prop::collection::vec(0..200_u8, 0..60)) {
            let mut rooms = Rooms::new(size, 1);
            rooms.begin(day(1));
            let score = |step: u8| f64::from(step) / STEPS;
            for step in &first {
                rooms.admit(ANN, score(*step), &mut Entries::default());
            }
            let sorted = |rooms: &Rooms| {
                let mut inside = rooms.inside.get(&ANN).cloned().unwrap_or_default();
                inside.sort_unstable();
                inside
            };
            let mut best = first.clone();
            best.sort_unstable();
            let best = best.split_off(best.len().saturating_sub(usize::try_from(size).unwrap()));
            prop_assert_eq!(sorted(&rooms), best.clone());
            let mut entries = Entries::default();
            for step in &second {
                rooms.admit(ANN, score(*step), &mut entries);
            }
            rooms.take_back(entries);
            prop_assert_eq!(sorted(&rooms), best);
        }
    }
}
