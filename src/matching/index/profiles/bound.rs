//! The most that a profile can score, given what it shares: what cannot reach the threshold needs no exact score.

use crate::matching::{
    posting::MatchPosting,
    profile::{FULL_COVERAGE, PartName, TitleShape, freshness},
    settings::MatchSettings,
};

/// The parts, beside skills, title and seniority, that a profile may or may not speak of.
const OTHERS: [PartName; 6] = [
    PartName::Place,
    PartName::JobType,
    PartName::Salary,
    PartName::Company,
    PartName::Visa,
    PartName::Freshness,
];

/// Sums in another order differ by less.
const ROUNDING: f32 = 1e-4;

/// The most that profiles can score.
#[derive(Debug)]
pub(super) struct Bound {
    skills: f32,
    title: f32,
    level: f32,
    /// By the [`OTHERS`] spoken of, a bit each: their weights, and the most they add.
    others: [(f32, f32); 1 << OTHERS.len()],
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
        let most = |part| match part {
            PartName::JobType => stated(posting.job_type.is_some()),
            PartName::Salary => stated(posting.salary.min.or(posting.salary.max).is_some()),
            PartName::Visa => stated(posting.sponsorship.is_some()),
            PartName::Freshness => freshness(posting).map_or(0.5, narrow),
            _ => 1.0,
        };
        let mut others = [(0.0, 0.0); 1 << OTHERS.len()];
        for (spoken, (sum, total)) in others.iter_mut().enumerate() {
            for (_, part) in OTHERS.iter().enumerate().filter(|(at, _)| spoken >> at & 1 == 1) {
                *sum += weight(*part);
                *total += weight(*part) * most(*part);
            }
        }
        let all: f32 = posting.skills.iter().map(|skill| skill.weight).sum();
        Self {
            skills: weight(PartName::Skills),
            title: weight(PartName::Title),
            level: weight(PartName::Seniority),
            others,
            enough: all * narrow(FULL_COVERAGE),
            has_title: !posting.shape.is_empty(),
            threshold: narrow(settings.threshold) - ROUNDING,
            core: narrow(settings.core) - ROUNDING,
        }
    }

    /// The weight of the skills that a profile must share at the least to match, whatever else it says; `likeness` is how alike the titles are (0
    /// stands for not related), or `None` for a profile that wishes for no title.
    pub fn needed(&self, likeness: Option<f32>) -> f32 {
        if self.skills <= 0.0 {
            return 0.0;
        }
        let (title, core_title) = self.values(likeness.unwrap_or_default());
        let wished = if likeness.is_some() { self.title } else { 0.0 };
        let by_core = (self.core * (self.skills + wished) - wished * core_title) / self.skills;
        // Every profile speaks of freshness, the last of the others.
        let by_total = self.others.iter().skip(self.others.len() / 2).map(|(sum, most)| {
            let with = |level: f32| {
                self.threshold * (self.skills + wished + level + sum) - most - level - wished * title
            };
            with(self.level).min(with(0.0)) / self.skills
        });
        by_total.fold(f32::INFINITY, f32::min).max(by_core) * self.enough
    }

    /// The most that a title this much alike counts in the score, and what it counts in the core.
    fn values(&self, likeness: f32) -> (f32, f32) {
        if self.has_title { (likeness.max(narrow(TitleShape::RELATED)), likeness) } else { (0.5, 0.5) }
    }
}

/// For bounds, where few digits do.
#[expect(clippy::cast_possible_truncation, reason = "0 to 1")]
pub(super) fn narrow(number: f64) -> f32 {
    number as f32
}
