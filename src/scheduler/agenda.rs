//! What a scheduler knows of the times of its schedules, so that a look at them costs by what is due and not by how many there are.
//!
//! It decides nothing: whatever it names is looked up in the database before anything is fired. A time that it has wrong, since a person
//! or a restore moved a watermark, is put right when the round comes by.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

/// Schedules that are looked at each time though nothing is due, in turn.
const ROUND: usize = 1_000;

/// When each of some schedules, by its number, comes due next.
#[derive(Debug)]
pub(super) struct Agenda {
    times: Vec<Option<DateTime<Utc>>>,
    order: BTreeSet<(DateTime<Utc>, usize)>,
    round: usize,
}

impl Agenda {
    /// Of `count` schedules of which nothing is known: all are due to be looked at.
    pub(super) fn new(count: usize) -> Self {
        let first = DateTime::UNIX_EPOCH;
        Self {
            times: vec![Some(first); count],
            order: (0..count).map(|number| (first, number)).collect(),
            round: 0,
        }
    }

    /// Those due until `now`, and the next of the round, in order of their numbers.
    pub(super) fn look(&mut self, now: DateTime<Utc>) -> Vec<usize> {
        let mut numbers = self.due(now);
        let count = self.times.len();
        numbers.extend((0..ROUND.min(count)).map(|step| (self.round + step) % count));
        self.round = if count > ROUND { (self.round + ROUND) % count } else { 0 };
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Those due until `now`.
    pub(super) fn due(&self, now: DateTime<Utc>) -> Vec<usize> {
        self.order.range(..=(now, usize::MAX)).map(|(_, number)| *number).collect()
    }

    /// Notes when a schedule comes due next; `None` where it never does.
    pub(super) fn set(&mut self, number: usize, next: Option<DateTime<Utc>>) {
        let Some(known) = self.times.get_mut(number) else { return };
        if let Some(old) = std::mem::replace(known, next) {
            self.order.remove(&(old, number));
        }
        self.order.extend(next.map(|next| (next, number)));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn everything_is_looked_at_first_and_then_in_turn() {
        let mut agenda = Agenda::new(2_500);
        assert_eq!(agenda.look(at(0)).len(), 2_500);
        (0..2_500).for_each(|number| agenda.set(number, Some(at(1_000))));
        agenda.set(7, None);
        let mut seen = BTreeSet::new();
        for _ in 0..3 {
            let looked = agenda.look(at(999));
            assert_eq!(looked.len(), ROUND);
            seen.extend(looked);
        }
        assert_eq!(seen.len(), 2_500);
        assert_eq!(agenda.due(at(1_000)).len(), 2_499);
    }

    proptest! {
        #[test]
        fn due_is_what_was_noted_last(notes in prop::collection::vec((0usize..20, prop::option::of(0i64..50)), 0..80), now in 0i64..50) {
            let mut agenda = Agenda::new(20);
            let mut last = vec![Some(0); 20];
            for (number, next) in notes {
                agenda.set(number, next.map(at));
                last[number] = next;
            }
            let mut due = agenda.due(at(now));
            due.sort_unstable();
            let wanted: Vec<_> =
                (0..20).filter(|number| last[*number].is_some_and(|next| next <= now)).collect();
            prop_assert_eq!(&due, &wanted);
            prop_assert_eq!(agenda.look(at(now)), (0..20).collect::<Vec<_>>());
        }
    }
}
