//! What the matcher can be told.

use super::{profile::PartName, rates::Rates};
use crate::config::{MatchingConfig, Weights};

/// Settings of an index; the same settings give the same answers.
#[derive(Clone, Debug)]
pub struct MatchSettings {
    /// Profiles match from this score on, 0 to 1.
    pub threshold: f64,
    /// Profiles match only where skills and title by themselves fit so well, 0 to 1.
    pub core: f64,
    /// Bare words stand for their synonyms.
    pub synonyms: bool,
    /// Exchange rates.
    pub rates: Rates,
    weights: Weights,
}

impl From<&MatchingConfig> for MatchSettings {
    fn from(config: &MatchingConfig) -> Self {
        Self {
            threshold: share(config.threshold),
            core: share(config.core),
            synonyms: config.synonyms,
            rates: Rates::new(&config.rates),
            weights: config.weights,
        }
    }
}

/// What is no number lets nothing pass.
fn share(number: f64) -> f64 {
    if number.is_finite() { number.clamp(0.0, 1.0) } else { 1.0 }
}

impl MatchSettings {
    /// The weight of a part, before the parts present are scaled to 1; never negative.
    pub fn weight(&self, part: PartName) -> f64 {
        let weight = match part {
            PartName::Skills => self.weights.skills,
            PartName::Title => self.weights.title,
            PartName::Seniority => self.weights.seniority,
            PartName::Place => self.weights.place,
            PartName::JobType => self.weights.job_type,
            PartName::Salary => self.weights.salary,
            PartName::Company => self.weights.company,
            PartName::Visa => self.weights.visa,
            PartName::Freshness => self.weights.freshness,
        };
        if weight.is_finite() { weight.max(0.0) } else { 0.0 }
    }
}
