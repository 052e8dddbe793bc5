//! One posting put to many profiles: whether it is out, what each part is worth, and the score that they make.

use super::{
    Brief, Common, PartName,
    parts::{freshness, place, salary, seniority},
    rounded,
};
use crate::{
    domain::{JobType, RemoteOption},
    matching::{posting::MatchPosting, settings::MatchSettings},
};

/// A posting, and what decides about it.
#[derive(Clone, Copy, Debug)]
pub(in crate::matching) struct Scoring<'a> {
    /// The posting.
    pub posting: &'a MatchPosting,
    threshold: f64,
    least_core: f64,
    weights: [f64; PartName::ALL.len()],
    freshness: Option<f64>,
    has_title: bool,
}

impl<'a> Scoring<'a> {
    /// For all profiles that the posting is put to.
    pub fn new(posting: &'a MatchPosting, settings: &MatchSettings) -> Self {
        Self {
            posting,
            threshold: settings.threshold,
            least_core: settings.core,
            weights: PartName::ALL.map(|part| settings.weight(part)),
            freshness: freshness(posting),
            has_title: !posting.shape.is_empty(),
        }
    }

    /// The score, unless the posting is out. Allocates nothing.
    pub fn total(&self, brief: &Brief, common: &Common) -> Option<f64> {
        if self.is_out(brief, common) {
            return None;
        }
        let (mut total, mut sum) = (0.0, 0.0);
        for part in PartName::ALL.into_iter().filter(|part| brief.speaks_of(*part)) {
            let weight = self.weight(part);
            total += weight * self.value(part, brief, common).unwrap_or(0.5);
            sum += weight;
        }
        Some(if sum > 0.0 { rounded(total / sum) } else { 0.0 })
    }

    /// The score, where it is enough for a match.
    pub fn reached(&self, brief: &Brief, common: &Common) -> Option<f64> {
        self.total(brief, common).filter(|score| *score >= self.threshold)
    }

    /// The value of a part that the profile speaks of; `None` where the posting does not.
    pub fn value(&self, part: PartName, brief: &Brief, common: &Common) -> Option<f64> {
        let posting = self.posting;
        match part {
            PartName::Skills => common.coverage,
            PartName::Title => self.has_title.then_some(common.likeness),
            PartName::Seniority => seniority(brief.level, brief.years, posting),
            PartName::Place => place(brief, common.is_here, posting.remote),
            PartName::JobType => posting.job_type.map(|_| 1.0),
            PartName::Salary => salary(brief.pay()?, common.pay),
            PartName::Company => Some(f64::from(u8::from(common.is_preferred))),
            PartName::Visa => posting.sponsorship.map(|offered| f64::from(u8::from(offered))),
            PartName::Freshness => self.freshness,
        }
    }

    /// Whether anything rules the posting out.
    pub fn is_out(&self, brief: &Brief, common: &Common) -> bool {
        self.has_too_little(brief, common)
            || !self.is_offered(brief)
            || self.lacks_visa(brief)
            || underpaid(brief, common).is_some()
            || common.is_elsewhere
    }

    /// Whether title and skills fit too little.
    pub fn has_too_little(&self, brief: &Brief, common: &Common) -> bool {
        !common.is_any() || self.core(brief, common) < self.least_core
    }

    /// Whether type and place of work are none that rule it out.
    pub fn is_offered(&self, brief: &Brief) -> bool {
        self.other_type(brief).is_none() && self.opposite(brief).is_none()
    }

    /// A type that is not wished for.
    pub fn other_type(&self, brief: &Brief) -> Option<JobType> {
        self.posting.job_type.filter(|kind| !brief.admits(*kind))
    }

    /// A place of work that is the opposite of the wished one.
    pub fn opposite(&self, brief: &Brief) -> Option<RemoteOption> {
        self.posting.remote.filter(|stated| Some(*stated) == brief.opposite())
    }

    /// Whether a visa is needed and refused.
    pub fn lacks_visa(&self, brief: &Brief) -> bool {
        brief.speaks_of(PartName::Visa) && self.posting.sponsorship == Some(false)
    }

    /// How well skills and title fit by themselves, 0 to 1.
    pub fn core(&self, brief: &Brief, common: &Common) -> f64 {
        let title = if self.has_title { common.likeness } else { 0.5 };
        let (mut total, mut sum) = (0.0, 0.0);
        let skills = common.coverage.unwrap_or(0.5);
        for (part, value) in [(PartName::Skills, skills), (PartName::Title, title)] {
            if brief.speaks_of(part) {
                sum += self.weight(part);
                total += self.weight(part) * value;
            }
        }
        if sum > 0.0 { total / sum } else { 1.0 }
    }

    fn weight(&self, part: PartName) -> f64 {
        self.weights.get(part as usize).copied().unwrap_or_default()
    }
}

/// The most that is paid, in the profile's currency, where that is less than nine tenths of the wish.
pub(super) fn underpaid(brief: &Brief, common: &Common) -> Option<f64> {
    let wish = brief.pay()?;
    common.pay.1.filter(|max| *max < 0.9 * wish)
}
