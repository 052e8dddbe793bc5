//! How well a posting fits a profile: a score from 0 to 1 made of named parts.
//!
//! - Each part is 0 to 1 and comes with its evidence. A part that the *profile* says nothing about is left out, weight and all. A part that the
//!   *posting* says nothing about counts one half. So a posting that fits in everything the profile asks scores 1.0, stating something
//!   that fits never lowers a score, and a profile with two wishes is judged by two.
//! - The score is the weighted mean of the parts (`matching.weights`).
//! - A posting is out, whatever its score, if it is stated to be of another job type, the opposite of the wished place of work, paid at most less
//!   than nine tenths of the wish, somewhere else, or without the visa that the user needs. Remote postings are somewhere else only if
//!   bound to a country that no wish names.
//! - A profile matches only with something to show for it: skills and title by themselves must fit to the share `matching.core`. Place,
//!   pay and freshness refine a match; they do not make one.
//! - Titles are alike by letters and by occupation (`title.rs`) and count if they are more alike than [`TitleShape::RELATED`]; skills weigh by how
//!   rare they are in postings (`rarity.rs`).
//!
//! To add a part: a function in `parts.rs`, a weight in `config::Weights`, a line in `Scoring::value`, and whether a profile speaks of it in `Brief`.

mod brief;
mod occupations;
mod parts;
mod rarity;
mod score;
mod scoring;
#[cfg(test)]
mod tests;
mod title;
mod visa;
mod wished;
mod words;

use std::sync::Arc;

use self::{brief::Wishes, scoring::underpaid};
pub(super) use self::{
    brief::{Brief, Common},
    parts::{FULL_COVERAGE, coverage, freshness, sum, weight_of},
    rarity::skill_weight,
    scoring::Scoring,
    visa::{speaks_of_visas, sponsorship, visa_cues},
    wished::WishedTitles,
};
pub use self::{
    score::{Exclusion, Part, PartName, ProfileScore},
    title::TitleShape,
};
use super::{
    location::Wish,
    posting::{MatchPosting, weighed_skill},
    settings::MatchSettings,
    text::Term,
    values,
};
use crate::domain::{JobType, Profile, RemoteOption, UserId};

#[derive(Clone, Debug)]
pub(super) struct WishedSkill {
    pub term: Term,
    pub weight: f32,
}

/// A profile read once, ready to be put to postings.
#[derive(Clone, Debug)]
pub struct CompiledProfile {
    /// Whose.
    pub user_id: UserId,
    pub(super) titles: Arc<WishedTitles>,
    /// Sorted by term.
    pub(super) skills: Box<[WishedSkill]>,
    pub(super) places: Vec<Wish>,
    pub(super) currency: Option<String>,
    /// The words of each name.
    companies: Vec<Box<[Term]>>,
    pub(super) brief: Brief,
}

impl CompiledProfile {
    /// Reads a profile; JSON columns may hold anything, what is no text in them is left out.
    pub fn new(profile: &Profile) -> Self {
        let wished = profile.desired_title.as_deref().filter(|title| !title.trim().is_empty());
        let title = wished.or(profile.current_title.as_deref()).unwrap_or_default();
        let mut skills: Vec<WishedSkill> = Vec::new();
        for name in values::list(&profile.tech_stack) {
            if let Some((term, weight)) = weighed_skill(&name)
                && !skills.iter().any(|skill| skill.term == term)
            {
                skills.push(WishedSkill { term, weight });
            }
        }
        skills.sort_unstable_by_key(|skill| skill.term);
        let places = values::texts(&profile.desired_locations);
        let types: Vec<JobType> =
            values::list(&profile.job_types).iter().filter_map(|kind| values::job_type(kind)).collect();
        let pay = profile.salary_expectation_min.or(profile.salary_expectation_max);
        let titles = WishedTitles::read(title);
        let places: Vec<Wish> = places.iter().filter_map(|place| Wish::parse(place)).collect();
        let names = values::texts(&profile.preferred_companies);
        let companies: Vec<_> =
            names.iter().map(|name| words_of(name)).filter(|name| !name.is_empty()).collect();
        let code = profile.salary_currency.as_deref().map(str::trim).filter(|code| !code.is_empty());
        let brief = Brief::new(Wishes {
            pay: pay.filter(|pay| *pay > 0),
            types: &types,
            remote: profile.remote_preference.as_deref().and_then(values::remote_option),
            level: parts::level_of(title, profile.years_experience),
            years: profile.years_experience.filter(|years| (0..=70).contains(years)),
            others: [
                (PartName::Skills, !skills.is_empty()),
                (PartName::Title, !titles.shapes.is_empty()),
                (PartName::Place, !places.is_empty()),
                (PartName::Company, !companies.is_empty()),
                (PartName::Visa, profile.visa_sponsorship_needed == Some(true)),
            ],
        });
        Self {
            user_id: profile.user_id,
            titles,
            skills: skills.into_boxed_slice(),
            places,
            currency: code.map(str::to_uppercase),
            companies,
            brief,
        }
    }

    /// Whether every remote posting is out.
    pub(super) fn wants_presence(&self) -> bool {
        self.brief.remote == Some(RemoteOption::Onsite)
    }

    /// Bytes it takes, about; titles and places are shared with others.
    pub(super) fn bytes(&self) -> usize {
        let companies: usize = self.companies.iter().map(|name| name.len() * 8 + 16).sum();
        size_of::<Self>()
            + self.skills.len() * size_of::<WishedSkill>()
            + self.places.len() * size_of::<Wish>()
            + companies
    }

    /// Whether the profile says enough to match anything: a title or a skill.
    pub fn can_match(&self) -> bool {
        !self.titles.shapes.is_empty() || !self.skills.is_empty()
    }

    /// The score, or why there is none.
    ///
    /// # Errors
    /// All reasons for which the posting is out.
    pub fn score(
        &self,
        posting: &MatchPosting,
        settings: &MatchSettings,
    ) -> Result<ProfileScore, Vec<Exclusion>> {
        let likeness = self.likeness(&posting.shape);
        let excluded = self.exclusions_given(posting, settings, likeness);
        if excluded.is_empty() { Ok(self.weighed(posting, settings, likeness)) } else { Err(excluded) }
    }

    /// The score that a posting has, or would have if nothing ruled it out.
    pub(super) fn score_anyhow(&self, posting: &MatchPosting, settings: &MatchSettings) -> ProfileScore {
        self.weighed(posting, settings, self.likeness(&posting.shape))
    }

    fn weighed(&self, posting: &MatchPosting, settings: &MatchSettings, likeness: f64) -> ProfileScore {
        let (mut parts, matching_skills) = self.parts(posting, settings, likeness);
        let sum: f64 = parts.iter().map(|part| part.weight).sum();
        if sum > 0.0 {
            for part in &mut parts {
                part.weight /= sum;
            }
        }
        let total: f64 = parts.iter().map(|part| part.weight * part.value).sum();
        ProfileScore { total: rounded(total), parts, matching_skills }
    }

    /// The score alone, without evidence.
    pub fn total(&self, posting: &MatchPosting, settings: &MatchSettings) -> Option<f64> {
        self.total_given(posting, settings, self.likeness(&posting.shape))
    }

    /// The score alone, for a caller who knows [`Self::likeness`] for the posting's title. Allocates nothing, unless pay is in another
    /// currency.
    pub fn total_given(
        &self,
        posting: &MatchPosting,
        settings: &MatchSettings,
        likeness: f64,
    ) -> Option<f64> {
        let common = self.common(posting, &settings.rates, likeness);
        Scoring::new(posting, settings).total(&self.brief, &common)
    }

    /// How alike a title is to that of the wished titles which is nearest to it.
    pub fn likeness(&self, title: &TitleShape) -> f64 {
        self.titles.likeness(title)
    }

    /// Every reason for which the posting is out.
    pub fn exclusions(&self, posting: &MatchPosting, settings: &MatchSettings) -> Vec<Exclusion> {
        self.exclusions_given(posting, settings, self.likeness(&posting.shape))
    }

    fn exclusions_given(
        &self,
        posting: &MatchPosting,
        settings: &MatchSettings,
        likeness: f64,
    ) -> Vec<Exclusion> {
        let (brief, scoring) = (&self.brief, Scoring::new(posting, settings));
        let common = self.common(posting, &settings.rates, likeness);
        let mut out = Vec::new();
        out.extend(scoring.other_type(brief).map(Exclusion::JobType));
        out.extend(scoring.opposite(brief).map(Exclusion::Remote));
        #[expect(
            clippy::cast_possible_truncation,
            reason = "amounts come from 32 bits and a rate; the cast saturates"
        )]
        out.extend(underpaid(brief, &common).map(|max| Exclusion::Salary(max.round() as i64)));
        if common.is_elsewhere {
            out.push(Exclusion::Place(
                posting.location.clone().unwrap_or_else(|| "another place".to_owned()),
            ));
        }
        if scoring.lacks_visa(brief) {
            out.push(Exclusion::Visa);
        }
        if scoring.has_too_little(brief, &common) {
            out.push(Exclusion::TooLittleInCommon(percent(scoring.core(brief, &common))));
        }
        out
    }

    /// Whether a posting that is in none of the places wished for is somewhere else.
    pub(super) fn is_elsewhere(&self, posting: &MatchPosting) -> bool {
        if self.places.is_empty() || !posting.whereabouts.known {
            return false;
        }
        if posting.remote != Some(RemoteOption::Remote) {
            return true;
        }
        // A wish that names only a city says nothing about countries.
        let countries = &posting.whereabouts.countries;
        let names_a_country = |wish: &Wish| wish.countries().next().is_some();
        !countries.is_empty()
            && self.places.iter().filter(|wish| !wish.is_remote()).all(names_a_country)
            && !self
                .places
                .iter()
                .any(|wish| wish.is_remote() || wish.countries().any(|code| countries.contains(&code)))
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 100")]
fn percent(share: f64) -> u8 {
    (share.clamp(0.0, 1.0) * 100.0).floor() as u8
}

/// The words of a name, as they stand in a posting's company.
fn words_of(name: &str) -> Box<[Term]> {
    let folded = super::location::folded_words(name);
    folded.split(' ').filter(|word| !word.is_empty()).map(Term::exact).collect()
}

/// Four decimals: sums in another order stay the same number.
fn rounded(score: f64) -> f64 {
    (score.clamp(0.0, 1.0) * 10_000.0).round() / 10_000.0
}
