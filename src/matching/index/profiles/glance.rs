//! Sixteen bytes of a profile, out of which most of those that cannot match are told before anything else of them is fetched from memory.

use super::{
    bound::{Bound, Spoken},
    outline::{Outline, UNTITLED},
};
use crate::{
    domain::{JobType, RemoteOption},
    matching::{posting::MatchPosting, profile::Brief},
};

/// One bit for each skill of a profile, by its number; several skills may have the same. In halves, so that no room is left beside it.
#[derive(Clone, Copy, Debug, Default)]
struct SkillBits([u32; 2]);

impl SkillBits {
    const COUNT: u32 = u64::BITS;

    #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
    fn of(skills: impl Iterator<Item = u32>) -> Self {
        let bits = skills.fold(0_u64, |all, skill| all | 1 << (skill % Self::COUNT));
        Self([bits as u32, (bits >> 32) as u32])
    }

    fn bits(self) -> u64 {
        u64::from(self.0[0]) | u64::from(self.0[1]) << 32
    }

    /// Whether there is no skill at all: nothing is judged by them then.
    fn is_empty(self) -> bool {
        self.bits() == 0
    }
}

/// What a glance at a profile tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct Glance {
    skills: SkillBits,
    title: u32,
    /// Job types and places of work that are out of the question, one bit each.
    refused: u16,
    spoken: Spoken,
}

/// A profile in a list: lists are read through, so that what leaves most of them out stands in the list itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    /// Number of the profile.
    pub slot: u32,
    /// What a glance at it tells.
    pub glance: Glance,
}

impl Glance {
    /// Of a profile with these numbers of skills.
    pub fn of(outline: &Outline, skills: &[u32]) -> Self {
        let (title, brief) = (outline.title, &outline.brief);
        let skills = SkillBits::of(skills.iter().copied());
        Self { skills, title, refused: refused(brief), spoken: Spoken::of(brief) }
    }
}

fn type_bit(kind: JobType) -> u16 {
    1 << kind as u16
}

fn remote_bit(option: RemoteOption) -> u16 {
    0x100 << option as u16
}

fn refused(brief: &Brief) -> u16 {
    let types = JobType::ALL.into_iter().filter(|kind| !brief.admits(*kind)).map(type_bit);
    types.chain(brief.opposite().map(remote_bit)).fold(0, |all, bit| all | bit)
}

/// What lets a profile in to a posting.
#[derive(Debug)]
pub(super) struct Gate<'a> {
    bound: &'a Bound,
    /// By wished title; 0 for those that are not related to the posting's.
    likeness: &'a [f32],
    stated: u16,
    skills: SkillBits,
    /// What the skills of each bit weigh together.
    weights: [f32; SkillBits::COUNT as usize],
}

impl<'a> Gate<'a> {
    /// The gate of a posting, whose skills have these numbers and weights.
    pub fn new(
        posting: &MatchPosting,
        skills: impl Iterator<Item = (u32, f32)>,
        likeness: &'a [f32],
        bound: &'a Bound,
    ) -> Self {
        let mut weights = [0.0; SkillBits::COUNT as usize];
        let skills = SkillBits::of(
            skills
                .inspect(|(skill, weight)| {
                    if let Some(sum) = weights.get_mut((skill % SkillBits::COUNT) as usize) {
                        *sum += weight;
                    }
                })
                .map(|(skill, _)| skill),
        );
        let stated = posting.job_type.map_or(0, type_bit) | posting.remote.map_or(0, remote_bit);
        Self { bound, likeness, stated, skills, weights }
    }

    /// Whether a profile may match, as far as can be told from here.
    pub fn admits(&self, glance: &Glance) -> bool {
        let likeness = (glance.title != UNTITLED)
            .then(|| self.likeness.get(glance.title as usize).copied().unwrap_or_default());
        let mut common = glance.skills.bits() & self.skills.bits();
        let mut most = 0.0;
        while common != 0 {
            most += self.weights.get(common.trailing_zeros() as usize).copied().unwrap_or_default();
            common &= common - 1;
        }
        let is_enough = (most >= self.bound.needed_by(likeness, glance.spoken)) | glance.skills.is_empty();
        (glance.refused & self.stated == 0) & is_enough
    }
}

/// Keeps those that pass, in their order. Each is written in any case and kept if it passes, which nobody can foresee.
pub(super) fn sift<T: Copy>(all: &mut Vec<T>, mut passes: impl FnMut(&T) -> bool) {
    let mut count = 0;
    for at in 0..all.len() {
        let Some(one) = all.get(at).copied() else { break };
        if let Some(place) = all.get_mut(count) {
            *place = one;
        }
        count += usize::from(passes(&one));
    }
    all.truncate(count);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_pass_stay_in_their_order() {
        let mut numbers: Vec<u32> = (0..100).collect();
        sift(&mut numbers, |number| number % 7 == 3);
        assert_eq!(numbers, (0..100).filter(|number| number % 7 == 3).collect::<Vec<_>>());
        sift(&mut numbers, |_| false);
        assert!(numbers.is_empty());
    }
}
