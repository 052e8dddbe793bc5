//! How well a posting fits a profile: a score from 0 to 1 made of named parts.
//!
//! - Each part is 0 to 1 and comes with its evidence. A part that the *profile* says nothing about is left out, weight and all. A part that the
//!   *posting* says nothing about counts one half. So a posting that fits in everything the profile asks scores 1.0, stating something
//!   that fits never lowers a score, and a profile with two wishes is judged by two.
//! - The score is the weighted mean of the parts (`matching.weights`).
//! - A posting is out, whatever its score, if it is stated to be of another job type, the opposite of the wished place of work, paid at most less
//!   than nine tenths of the wish, or somewhere else. Remote postings are somewhere else only if bound to a country that no wish names.
//! - A profile matches only with something to show for it: a word of the wished title in the posting's, or a shared skill.
//!
//! To add a part: a function in `parts.rs`, a weight in `config::Weights`, a line in [`CompiledProfile::score`].

mod parts;
#[cfg(test)]
mod tests;
pub(super) mod title;

use std::fmt;

use serde::Serialize;

pub(super) use self::parts::skill_weight;
use self::title::TitleShape;
use super::{
    location::Wish,
    posting::MatchPosting,
    rates::Rates,
    settings::MatchSettings,
    text::{Term, canonical_skill},
    values,
};
use crate::domain::{JobType, Profile, RemoteOption, UserId};

/// What a part of the score judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are those of the weights")]
pub enum PartName {
    Skills,
    Title,
    Seniority,
    Place,
    JobType,
    Salary,
    Company,
    Freshness,
}

impl PartName {
    /// The name of its weight.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Skills => "skills",
            Self::Title => "title",
            Self::Seniority => "seniority",
            Self::Place => "place",
            Self::JobType => "job_type",
            Self::Salary => "salary",
            Self::Company => "company",
            Self::Freshness => "freshness",
        }
    }
}

/// One part of a score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// What is judged.
    pub name: PartName,
    /// 0 to 1; one half where the posting does not say.
    pub value: f64,
    /// Share of the score; the weights of all parts present add up to 1.
    pub weight: f64,
    /// What was found, for people.
    pub evidence: String,
}

/// Why a posting is out for a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Exclusion {
    /// Stated to be of a type not wished for.
    JobType(JobType),
    /// Remote where presence is wished for, or the reverse.
    Remote(RemoteOption),
    /// Pays at most this, in the profile's currency, which is less than nine tenths of the wish.
    Salary(i64),
    /// Somewhere else.
    Place(String),
    /// Neither a word of the title nor a skill in common.
    NothingInCommon,
}

impl fmt::Display for Exclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JobType(kind) => write!(f, "job type is {}", kind.as_str()),
            Self::Remote(option) => write!(f, "work is {}", option.as_str()),
            Self::Salary(pay) => write!(f, "pays at most {pay}"),
            Self::Place(place) => write!(f, "is in {place}"),
            Self::NothingInCommon => write!(f, "no word of the title and no skill in common"),
        }
    }
}

/// The score of one posting for one profile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProfileScore {
    /// 0 to 1.
    pub total: f64,
    /// What it is made of.
    pub parts: Vec<Part>,
    /// Skills in common, as the posting names them, the rarest first.
    pub matching_skills: Vec<String>,
}

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
    pub(super) titles: Vec<TitleShape>,
    pub(super) skills: Vec<WishedSkill>,
    pub(super) places: Vec<Wish>,
    remote: Option<RemoteOption>,
    job_types: Vec<JobType>,
    years: Option<i32>,
    level: Option<i32>,
    salary_min: Option<f64>,
    currency: Option<String>,
    companies: Vec<String>,
}

impl CompiledProfile {
    /// Reads a profile; JSON columns may hold anything, what is no text in them is left out.
    pub fn new(profile: &Profile) -> Self {
        let wished = profile.desired_title.as_deref().filter(|title| !title.trim().is_empty());
        let title = wished.or(profile.current_title.as_deref()).unwrap_or_default();
        let mut titles: Vec<_> = title
            .split(['/', ',', '|', ';', '\n'])
            .map(TitleShape::new)
            .filter(|shape| !shape.is_empty())
            .collect();
        let whole = TitleShape::new(title);
        if titles.len() > 1 && !whole.is_empty() {
            titles.push(whole);
        }
        let mut skills: Vec<WishedSkill> = Vec::new();
        for name in values::list(&profile.tech_stack) {
            if let Some((term, canonical)) = canonical_skill(&name)
                && !skills.iter().any(|skill| skill.term == term)
            {
                skills.push(WishedSkill { term, weight: skill_weight(&canonical) });
            }
        }
        let places = values::texts(&profile.desired_locations);
        let types = values::list(&profile.job_types);
        Self {
            user_id: profile.user_id,
            titles,
            skills,
            places: places.iter().filter_map(|place| Wish::parse(place)).collect(),
            remote: profile.remote_preference.as_deref().and_then(values::remote_option),
            job_types: types.iter().filter_map(|kind| values::job_type(kind)).collect(),
            years: profile.years_experience.filter(|years| (0..=70).contains(years)),
            level: parts::level_of(title, profile.years_experience),
            salary_min: profile
                .salary_expectation_min
                .or(profile.salary_expectation_max)
                .filter(|pay| *pay > 0)
                .map(f64::from),
            currency: profile
                .salary_currency
                .as_deref()
                .map(str::trim)
                .filter(|code| !code.is_empty())
                .map(str::to_uppercase),
            companies: values::texts(&profile.preferred_companies)
                .iter()
                .map(|name| super::location::folded_words(name))
                .filter(|name| !name.is_empty())
                .collect(),
        }
    }

    /// Whether the profile says enough to match anything: a title or a skill.
    pub fn can_match(&self) -> bool {
        !self.titles.is_empty() || !self.skills.is_empty()
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
        let excluded = self.exclusions(posting, &settings.rates);
        if !excluded.is_empty() {
            return Err(excluded);
        }
        let (mut parts, matching_skills) = self.parts(posting, settings);
        let sum: f64 = parts.iter().map(|part| part.weight).sum();
        if sum > 0.0 {
            for part in &mut parts {
                part.weight /= sum;
            }
        }
        let total: f64 = parts.iter().map(|part| part.weight * part.value).sum();
        Ok(ProfileScore { total: rounded(total), parts, matching_skills })
    }

    /// The score alone, without evidence.
    pub fn total(&self, posting: &MatchPosting, settings: &MatchSettings) -> Option<f64> {
        if !self.exclusions(posting, &settings.rates).is_empty() {
            return None;
        }
        let (mut total, mut sum) = (0.0, 0.0);
        for (name, value) in self.values(posting, &settings.rates) {
            let weight = settings.weight(name);
            total += weight * value.unwrap_or(0.5);
            sum += weight;
        }
        Some(if sum > 0.0 { rounded(total / sum) } else { 0.0 })
    }

    /// Every reason for which the posting is out.
    pub fn exclusions(&self, posting: &MatchPosting, rates: &Rates) -> Vec<Exclusion> {
        let mut out = Vec::new();
        if let Some(kind) = posting.job_type
            && !self.job_types.is_empty()
            && !self.job_types.contains(&kind)
        {
            out.push(Exclusion::JobType(kind));
        }
        if let (Some(wished), Some(stated)) = (self.remote, posting.remote)
            && matches!(
                (wished, stated),
                (RemoteOption::Remote, RemoteOption::Onsite) | (RemoteOption::Onsite, RemoteOption::Remote)
            )
        {
            out.push(Exclusion::Remote(stated));
        }
        if let Some(wish) = self.salary_min
            && let (_, Some(max)) = rates.salary_in(&posting.salary, self.currency.as_deref())
            && max < 0.9 * wish
        {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "amounts come from 32 bits and a rate; the cast saturates"
            )]
            out.push(Exclusion::Salary(max.round() as i64));
        }
        if self.is_elsewhere(posting) {
            out.push(Exclusion::Place(
                posting.location.clone().unwrap_or_else(|| "another place".to_owned()),
            ));
        }
        if !self.has_in_common(posting) {
            out.push(Exclusion::NothingInCommon);
        }
        out
    }

    fn is_elsewhere(&self, posting: &MatchPosting) -> bool {
        if self.places.is_empty()
            || !posting.whereabouts.known
            || self.places.iter().any(|wish| wish.holds(posting))
        {
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

    fn has_in_common(&self, posting: &MatchPosting) -> bool {
        self.titles.iter().any(|title| title.shares_word(&posting.shape))
            || self.skills.iter().any(|own| posting.skills.iter().any(|skill| skill.term == own.term))
    }
}

/// Four decimals: sums in another order stay the same number.
fn rounded(score: f64) -> f64 {
    (score.clamp(0.0, 1.0) * 10_000.0).round() / 10_000.0
}
