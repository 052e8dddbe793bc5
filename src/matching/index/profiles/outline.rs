//! What most profiles fail by, in a few bytes each that lie side by side: no profile is opened for a posting it is out for.

use std::hint::black_box;

use rustc_hash::FxHashMap;

use super::bound::narrow;
use crate::{
    domain::{JobType, RemoteOption},
    matching::{
        posting::Skill,
        profile::{CompiledProfile, PartName},
        text::Term,
    },
};

/// No title wished for.
pub(super) const UNTITLED: u32 = u32::MAX;

/// The parts, beside skills, title and seniority, that a profile may or may not speak of.
pub(super) const OTHERS: [PartName; 6] = [
    PartName::Place,
    PartName::JobType,
    PartName::Salary,
    PartName::Company,
    PartName::Visa,
    PartName::Freshness,
];

/// A profile in short.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outline {
    skills: u32,
    skill_count: u16,
    /// Which of [`OTHERS`] it speaks of.
    pub others: u8,
    /// Types that are not out, one bit each.
    types: u8,
    /// Places of work that are out, one bit each.
    opposite: u8,
    pub level: i8,
    pub years: i8,
    /// Its wished title, or [`UNTITLED`].
    pub title: u32,
}

pub(super) fn type_bit(kind: JobType) -> u8 {
    JobType::ALL.iter().position(|other| *other == kind).map_or(0, |at| 1 << at)
}

pub(super) fn remote_bit(option: RemoteOption) -> u8 {
    1 << option as u8
}

impl Outline {
    /// Whether a posting of this type and place of work (a bit each, 0 where it states none) is not out at once.
    pub fn admits(&self, kind: u8, remote: u8) -> bool {
        self.types & kind == kind && self.opposite & remote == 0
    }

    /// Whether it names any skill.
    pub fn has_skills(&self) -> bool {
        self.skill_count > 0
    }
}

/// The skills of all profiles, as small numbers in one row.
#[derive(Debug, Default)]
pub(super) struct Skills {
    numbers: FxHashMap<Term, u32>,
    row: Vec<u32>,
    /// How many in the row belong to nobody any more.
    orphans: usize,
}

impl Skills {
    /// Bytes they take.
    pub fn bytes(&self) -> usize {
        self.row.capacity() * 4 + self.numbers.capacity() * 13
    }

    /// How many different ones.
    pub fn count(&self) -> usize {
        self.numbers.len()
    }

    /// The number of a skill that some profile has or had.
    pub fn number(&self, skill: Term) -> Option<u32> {
        self.numbers.get(&skill).copied()
    }

    /// Those of a profile.
    pub fn of(&self, outline: &Outline) -> &[u32] {
        let begin = outline.skills as usize;
        self.row.get(begin..begin + usize::from(outline.skill_count)).unwrap_or_default()
    }

    /// Looks at where the skills of these profiles begin, all at once: memory answers many questions together.
    pub fn foresee<'a>(&self, outlines: impl Iterator<Item = &'a Outline>) {
        let firsts = outlines.map(|outline| self.of(outline).first().copied().unwrap_or_default());
        black_box(firsts.fold(0, |all, skill| all ^ skill));
    }

    /// Writes a profile down; `title` is the number of its wished title.
    pub fn outline(&mut self, profile: &CompiledProfile, title: Option<u32>) -> Outline {
        let begin = self.row.len();
        for skill in profile.skills.iter().take(usize::from(u16::MAX)) {
            let next = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
            self.row.push(*self.numbers.entry(skill.term).or_insert(next));
        }
        let spoken = OTHERS.iter().enumerate().filter(|(_, part)| profile.speaks_of(**part));
        let types = profile.job_types.iter().fold(0, |all, kind| all | type_bit(*kind));
        let small = |number: Option<i32>| number.and_then(|number| i8::try_from(number).ok()).unwrap_or(-1);
        Outline {
            skills: u32::try_from(begin).unwrap_or(u32::MAX),
            skill_count: u16::try_from(self.row.len() - begin).unwrap_or(u16::MAX),
            others: spoken.fold(0, |all, (at, _)| all | 1 << at),
            types: if types == 0 { u8::MAX } else { types },
            opposite: profile.opposite_wish().map_or(0, remote_bit),
            level: small(profile.level),
            years: small(profile.years),
            title: title.unwrap_or(UNTITLED),
        }
    }

    /// Notes that a profile is gone.
    pub fn drop(&mut self, outline: &Outline) {
        self.orphans += usize::from(outline.skill_count);
    }

    /// Packs the row once half of it belongs to nobody.
    pub fn tidy<'a>(&mut self, outlines: impl Iterator<Item = &'a mut Outline>) {
        if self.orphans < 1_000 || self.orphans * 2 < self.row.len() {
            return;
        }
        let mut row = Vec::with_capacity(self.row.len() - self.orphans);
        for outline in outlines {
            let begin = u32::try_from(row.len()).unwrap_or(u32::MAX);
            row.extend_from_slice(self.of(outline));
            outline.skills = begin;
        }
        (self.row, self.orphans) = (row, 0);
    }
}

/// How much each skill of a posting weighs, by its number; memory that is used again.
#[derive(Debug, Default)]
pub(super) struct Weights(Vec<f32>);

impl Weights {
    /// Sets the weights of a posting's skills.
    pub fn set(&mut self, posting: &[Skill], skills: &Skills) {
        self.0.resize(skills.count().max(self.0.len()), 0.0);
        self.put(posting, skills, |skill| narrow(f64::from(skill.weight)));
    }

    /// Forgets them.
    pub fn clear(&mut self, posting: &[Skill], skills: &Skills) {
        self.put(posting, skills, |_| 0.0);
    }

    fn put(&mut self, posting: &[Skill], skills: &Skills, weight: impl Fn(&Skill) -> f32) {
        for skill in posting {
            let number = skills.number(skill.term);
            if let Some(place) = number.and_then(|number| self.0.get_mut(number as usize)) {
                *place = weight(skill);
            }
        }
    }

    /// What these skills weigh together.
    pub fn sum(&self, skills: &[u32]) -> f32 {
        skills.iter().map(|skill| self.0.get(*skill as usize).copied().unwrap_or_default()).sum()
    }
}
