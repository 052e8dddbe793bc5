//! Puts profiles that are looked at together side by side, while matching and changes go on. Titles that nobody wishes for any more are forgotten.

use super::{Cell, Filed, Profiles, Slot};
use crate::domain::UserId;

/// Profiles taken over under one lock.
const AT_ONCE: usize = 1_000;

/// As many late profiles are no burden, however few there are.
const FEW: usize = 50_000;

/// Less than one in so many is not worth packing for.
const LITTLE: usize = 16;

impl Profiles {
    /// Whether so many came lately that packing anew pays.
    pub fn wants_packing(&self) -> bool {
        let filed = self.read();
        filed.late > FEW.max(filed.by_user.len() / 4 * 3)
    }

    /// Orders the profiles by where they look and what they wish for, if enough came lately; others who pack at the same time come back at once.
    pub fn pack(&self) {
        {
            let mut filed = self.write();
            if filed.changed.is_some() || filed.late * LITTLE <= filed.by_user.len() {
                return;
            }
            filed.changed = Some(Vec::new());
        }
        let mut order: Vec<(Option<u32>, Option<u32>, UserId)> = {
            let filed = self.read();
            let all = filed.slots.iter().flatten();
            all.map(|slot| (slot.areas.first().copied(), slot.title, slot.profile.user_id)).collect()
        };
        order.sort_unstable();
        let mut new = Filed { titles: self.read().titles.renumbered(), ..Filed::default() };
        for users in order.chunks(AT_ONCE) {
            let filed = self.read();
            users.iter().filter_map(|(.., user)| filed.slot(*user)).for_each(|slot| new.take_over(slot));
        }
        new.cells.values_mut().for_each(Cell::shrink);
        let mut filed = self.write();
        for user in filed.changed.take().unwrap_or_default() {
            new.remove(user);
            filed.slot(user).into_iter().for_each(|slot| new.take_over(slot));
        }
        new.late = 0;
        let old = std::mem::replace(&mut *filed, new);
        drop(filed);
        drop(old);
    }
}

impl Filed {
    /// Adds a profile of another, whose titles have other numbers.
    fn take_over(&mut self, slot: Slot) {
        let title = slot.title.map(|_| self.titles.intern(&slot.profile.titles));
        self.add(Slot { title, ..slot });
    }

    fn slot(&self, user: UserId) -> Option<Slot> {
        self.slots.get(*self.by_user.get(&user)? as usize)?.clone()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::matching::{
        index::{places::Places, profiles::Scratch},
        profile::CompiledProfile,
    };

    #[test]
    fn titles_that_nobody_wishes_for_any_more_are_forgotten() {
        let (profiles, places) = (Profiles::default(), Places::default());
        let wish = |user: i32, title: &str| {
            let profile = json!({ "user_id": user, "desired_title": title });
            let profile = serde_json::from_value(profile).unwrap();
            profiles.upsert(CompiledProfile::new(&profile), &places);
        };
        for user in 0..50 {
            wish(user, "Nurse");
            wish(user, &format!("Data Engineer {user}"));
            wish(user, "Data Engineer");
        }
        wish(50, "Nurse");
        let mut scratch = Scratch::default();
        let mut related = |title: &str| profiles.hold().title(title, &mut scratch).related.clone();
        assert_eq!((related("Nurse"), related("Data Engineer").len()), (vec![(0, 1.0)], 51));
        profiles.pack();
        assert_eq!(profiles.read().titles.len(), 2);
        let known = |title: &str| profiles.read().titles.number(title);
        for title in ["Nurse", "Data Engineer"] {
            assert_eq!(related(title), [(known(title).unwrap(), 1.0)]);
        }
    }
}
