//! One search in one of its areas under one of its keys: what most postings fail by, in twenty bytes.

use crate::domain::{JobType, RemoteOption, Seniority};

/// The currency number of searches without a least pay: every posting passes.
pub const NO_FLOOR: u32 = 31;

const TYPES: u32 = 4;
const LEVELS: u32 = 10;
const CURRENCY: u32 = 19;
const CURRENCY_BITS: u32 = 5;
/// Everything a posting can state of place of work, type and level, one bit each, and one for stating nothing.
const FACTS: u32 = (1 << CURRENCY) - 1;
/// The last entry of its list.
const LAST: u32 = 1 << 24;
/// The search is filed in several places.
const MULTIPLE: u32 = 1 << 25;
/// The key is a word of the query.
const KEY_COUNTS: u32 = 1 << 26;

/// A search under one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Number of the search.
    pub slot: u32,
    /// A second atom that the posting must have.
    pub second: u32,
    /// Where the rest of the conditions begins; 0 for none.
    pub program: u32,
    /// Least pay a year in the currency of the search.
    pub floor: u32,
    allow: u32,
}

/// The facts of a posting that entries look at.
#[derive(Clone, Copy, Debug)]
pub struct Have(u32);

impl Have {
    /// One bit for each of the three.
    pub fn new(remote: Option<RemoteOption>, kind: Option<JobType>, level: Option<Seniority>) -> Self {
        Self(remote_bit(remote) | type_bit(kind) | level_bit(level))
    }
}

fn remote_bit(option: Option<RemoteOption>) -> u32 {
    1 << match option {
        Some(RemoteOption::Onsite) => 0,
        Some(RemoteOption::Hybrid) => 1,
        Some(RemoteOption::Remote) => 2,
        None => 3,
    }
}

fn type_bit(kind: Option<JobType>) -> u32 {
    let known = kind.and_then(|kind| JobType::ALL.iter().position(|other| *other == kind));
    1 << (TYPES + known.map_or(5, |at| u32::try_from(at).unwrap_or(5).min(5)))
}

fn level_bit(level: Option<Seniority>) -> u32 {
    1 << (LEVELS
        + match level {
            Some(Seniority::Intern) => 0,
            Some(Seniority::Entry) => 1,
            Some(Seniority::Junior) => 2,
            Some(Seniority::Mid) => 3,
            Some(Seniority::Senior) => 4,
            Some(Seniority::Lead) => 5,
            Some(Seniority::Manager) => 6,
            Some(Seniority::Director) => 7,
            None => 8,
        })
}

impl Default for Entry {
    fn default() -> Self {
        Self { slot: 0, second: 0, program: 0, floor: 0, allow: FACTS | NO_FLOOR << CURRENCY }
    }
}

impl Entry {
    /// The same for another slot and program, not the last of its list.
    pub fn filed(self, slot: u32, program: u32) -> Self {
        Self { slot, program, allow: self.allow & !LAST, ..self }
    }

    /// Lets only these places of work pass.
    pub fn restrict_remote(&mut self, options: &[RemoteOption]) {
        self.restrict(0b1111, options.iter().map(|option| remote_bit(Some(*option))));
    }

    /// Lets only these types pass.
    pub fn restrict_types(&mut self, kinds: &[JobType]) {
        self.restrict(0b11_1111 << TYPES, kinds.iter().map(|kind| type_bit(Some(*kind))));
    }

    /// Lets only these levels pass.
    pub fn restrict_levels(&mut self, levels: &[Seniority]) {
        self.restrict(0b1_1111_1111 << LEVELS, levels.iter().map(|level| level_bit(Some(*level))));
    }

    fn restrict(&mut self, group: u32, allowed: impl Iterator<Item = u32>) {
        self.allow &= !group | allowed.fold(0, |all, bit| all | bit);
    }

    /// Lets only postings pass that pay at least `floor` in the currency with this number, less than [`NO_FLOOR`].
    pub fn set_floor(&mut self, floor: u32, currency: u32) {
        self.floor = floor;
        self.allow = self.allow & !(((1 << CURRENCY_BITS) - 1) << CURRENCY) | currency << CURRENCY;
    }

    /// Whether there is a least pay already.
    pub fn has_floor(&self) -> bool {
        self.currency() != NO_FLOOR
    }

    /// Number of the currency of `floor`.
    pub fn currency(&self) -> u32 {
        self.allow >> CURRENCY & ((1 << CURRENCY_BITS) - 1)
    }

    /// Whether what the posting states is allowed.
    pub fn allows(&self, have: Have) -> bool {
        self.allow & have.0 == have.0
    }

    /// Ends a list with this entry.
    pub fn set_last(&mut self) {
        self.allow |= LAST;
    }

    /// Whether a list ends with this entry.
    pub fn is_last(&self) -> bool {
        self.allow & LAST != 0
    }

    /// Says that the search is filed in several places, so that it may be found several times.
    pub fn set_multiple(&mut self) {
        self.allow |= MULTIPLE;
    }

    /// Whether the search may be found several times.
    pub fn is_multiple(&self) -> bool {
        self.allow & MULTIPLE != 0
    }

    /// Says that the key is a word of the query and counts for the score.
    pub fn set_key_counts(&mut self) {
        self.allow |= KEY_COUNTS;
    }

    /// Whether the key counts for the score.
    pub fn key_counts(&self) -> bool {
        self.allow & KEY_COUNTS != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_stated_fails_a_restriction() {
        let stated = Have::new(Some(RemoteOption::Remote), Some(JobType::Contract), Some(Seniority::Lead));
        let silent = Have::new(None, None, None);
        let mut entry = Entry::default();
        assert!(entry.allows(stated) && entry.allows(silent) && !entry.has_floor());
        entry.restrict_types(&[JobType::Contract, JobType::FullTime]);
        entry.set_last();
        entry.set_floor(70_000, 3);
        assert!(entry.allows(stated) && !entry.allows(silent) && entry.is_last());
        assert_eq!((entry.currency(), entry.floor), (3, 70_000));
        entry.restrict_remote(&[RemoteOption::Onsite]);
        assert!(!entry.allows(stated));
        for kind in JobType::ALL {
            let mut entry = Entry::default();
            entry.restrict_types(&[kind]);
            let passing =
                JobType::ALL.iter().filter(|other| entry.allows(Have::new(None, Some(**other), None)));
            assert_eq!(passing.collect::<Vec<_>>(), [&kind]);
        }
        assert_eq!(size_of::<Entry>(), 20);
    }
}
