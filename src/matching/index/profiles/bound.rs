//! The most that a profile can score, given what it shares: what cannot reach the threshold needs no exact score.

use crate::matching::{
    posting::MatchPosting,
    profile::{Brief, FULL_COVERAGE, PartName, freshness},
    settings::MatchSettings,
};

/// The parts, beside skills and title, that a profile may or may not speak of; all speak of freshness.
const OTHERS: [PartName; 6] = [
    PartName::Seniority,
    PartName::Place,
    PartName::JobType,
    PartName::Salary,
    PartName::Company,
    PartName::Visa,
];

/// Sums in another order differ by less.
const ROUNDING: f32 = 1e-4;

/// Which of the parts beside skills and title a profile speaks of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spoken(u8);

impl Spoken {
    /// Those of a profile.
    pub fn of(brief: &Brief) -> Self {
        let spoken = OTHERS.iter().enumerate().filter(|(_, part)| brief.speaks_of(**part));
        Self(spoken.fold(0, |all, (at, _)| all | 1 << at))
    }
}

/// The most that profiles can score.
#[derive(Debug)]
pub(super) struct Bound {
    skills: f32,
    title: f32,
    /// By the parts spoken of: how far the most that they add stays behind their share of the threshold; below 0 where it is ahead.
    left: [f32; 1 << OTHERS.len()],
    least: f32,
    /// Weight of the skills that is enough; 0 where the posting has none.
    enough: f32,
    has_title: bool,
    threshold: f32,
    core: f32,
}

impl Bound {
    /// For the profiles that a posting is put to.
    pub fn new(posting: &MatchPosting, settings: &MatchSettings) -> Self {
        let weight = |part| narrow(settings.weight(part));
        let stated = |stated: bool| if stated { 1.0 } else { 0.5 };
        let threshold = narrow(settings.threshold) - ROUNDING;
        let left = |part, most: f32| weight(part) * (threshold - most);
        let fresh = left(PartName::Freshness, freshness(posting).map_or(0.5, narrow));
        let others = OTHERS.map(|part| {
            let most = match part {
                PartName::Seniority => stated(posting.seniority.is_some() || posting.years.is_some()),
                PartName::JobType => stated(posting.job_type.is_some()),
                PartName::Salary => stated(posting.salary.min.or(posting.salary.max).is_some()),
                PartName::Visa => stated(posting.sponsorship.is_some()),
                _ => 1.0,
            };
            left(part, most)
        });
        let left: [f32; 1 << OTHERS.len()] = std::array::from_fn(|spoken| {
            others
                .iter()
                .enumerate()
                .filter(|(at, _)| spoken >> at & 1 == 1)
                .fold(fresh, |sum, (_, left)| sum + left)
        });
        let all: f32 = posting.skills.iter().map(|skill| skill.weight).sum();
        Self {
            skills: weight(PartName::Skills),
            title: weight(PartName::Title),
            least: left.iter().copied().fold(f32::INFINITY, f32::min),
            left,
            enough: all * narrow(FULL_COVERAGE),
            has_title: !posting.shape.is_empty(),
            threshold,
            core: narrow(settings.core) - ROUNDING,
        }
    }

    /// The weight of the skills that a profile must share at the least to match, whatever else it says; `likeness` is how alike the titles are (0
    /// stands for not related), or `None` for a profile that wishes for no title.
    pub fn needed(&self, likeness: Option<f32>) -> f32 {
        self.needed_given(likeness, self.least)
    }

    /// The same for a profile that speaks of these parts.
    pub fn needed_by(&self, likeness: Option<f32>, spoken: Spoken) -> f32 {
        self.needed_given(likeness, self.left.get(usize::from(spoken.0)).copied().unwrap_or(self.least))
    }

    fn needed_given(&self, likeness: Option<f32>, left: f32) -> f32 {
        if self.skills <= 0.0 {
            return 0.0;
        }
        let title = if self.has_title { likeness.unwrap_or_default() } else { 0.5 };
        let wished = if likeness.is_some() { self.title } else { 0.0 };
        let by_core = self.core * (self.skills + wished) - wished * title;
        let by_total = self.threshold * (self.skills + wished) - wished * title + left;
        by_core.max(by_total) / self.skills * self.enough
    }
}

/// For bounds, where few digits do.
#[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
pub(super) fn narrow(number: f64) -> f32 {
    number as f32
}
