//! What a profile asks of the plain facts of a posting, in a few bytes: enough for a score, together with what the two have in common.

use super::PartName;
use crate::domain::{JobType, RemoteOption};

/// The wishes of a profile that are plain facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::matching) struct Brief {
    /// The least pay a year, in the currency of the profile; 0 for none.
    pay: u32,
    /// The parts it speaks of, one bit each.
    spoken: u16,
    /// Types wished for, one bit each; 0 where any will do.
    types: u8,
    /// Place of work.
    pub remote: Option<RemoteOption>,
    /// Step of the career, from 0.
    pub level: Option<i8>,
    /// Years of experience.
    pub years: Option<i8>,
    /// Whether it names any place.
    pub has_places: bool,
}

/// What a profile and a posting have in common.
#[derive(Clone, Copy, Debug)]
pub(in crate::matching) struct Common {
    /// How well the skills of the profile cover those of the posting ([`coverage`](super::coverage())).
    pub coverage: Option<f64>,
    /// How alike the titles are; 0 where they are not related.
    pub likeness: f64,
    /// Whether the posting is in one of the places wished for.
    pub is_here: bool,
    /// Whether it is somewhere else, which rules it out.
    pub is_elsewhere: bool,
    /// The ends of the pay a year, in the currency of the profile.
    pub pay: (Option<f64>, Option<f64>),
    /// Whether the employer is one of those preferred.
    pub is_preferred: bool,
}

impl Common {
    /// Whether they have a title or a skill in common at all.
    pub fn is_any(&self) -> bool {
        self.likeness > 0.0 || self.coverage.is_some_and(|share| share > 0.0)
    }
}

/// Wishes that a [`Brief`] is made of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wishes<'a> {
    /// The least pay a year.
    pub pay: Option<i32>,
    pub types: &'a [JobType],
    pub remote: Option<RemoteOption>,
    pub level: Option<i32>,
    pub years: Option<i32>,
    /// What else the profile may speak of, and whether it does.
    pub others: [(PartName, bool); 5],
}

impl Brief {
    /// Notes what a profile asks.
    pub(super) fn new(wishes: Wishes<'_>) -> Self {
        let small = |number: Option<i32>| number.and_then(|number| i8::try_from(number).ok());
        let pay = wishes.pay.and_then(|pay| u32::try_from(pay).ok()).unwrap_or(0);
        let types = wishes.types.iter().fold(0, |all, kind| all | type_bit(*kind));
        let (level, years) = (small(wishes.level), small(wishes.years));
        let facts = [
            (PartName::Seniority, level.is_some() || years.is_some()),
            (PartName::Place, wishes.remote.is_some()),
            (PartName::JobType, types != 0),
            (PartName::Salary, pay > 0),
            (PartName::Freshness, true),
        ];
        let spoken = facts.iter().chain(&wishes.others).filter(|(_, speaks)| *speaks);
        let spoken = spoken.fold(0, |all, (part, _)| all | bit(*part));
        let has_places = wishes.others.contains(&(PartName::Place, true));
        Self { pay, spoken, types, remote: wishes.remote, level, years, has_places }
    }

    /// Whether the profile says anything that the part judges.
    pub fn speaks_of(&self, part: PartName) -> bool {
        self.spoken & bit(part) != 0
    }

    /// The least pay a year.
    pub fn pay(&self) -> Option<f64> {
        (self.pay > 0).then(|| f64::from(self.pay))
    }

    /// Whether a type is one of those wished for, or any will do.
    pub fn admits(&self, kind: JobType) -> bool {
        self.types == 0 || self.types & type_bit(kind) != 0
    }

    /// The place of work that is the opposite of the wished one.
    pub fn opposite(&self) -> Option<RemoteOption> {
        match self.remote? {
            RemoteOption::Remote => Some(RemoteOption::Onsite),
            RemoteOption::Onsite => Some(RemoteOption::Remote),
            RemoteOption::Hybrid => None,
        }
    }
}

fn bit(part: PartName) -> u16 {
    1 << part as u16
}

fn type_bit(kind: JobType) -> u8 {
    1 << kind as u8
}
