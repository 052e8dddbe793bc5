//! The parts of a profile's score: first the number, then the words for it.

use super::{Brief, Common, CompiledProfile, Part, PartName, Scoring, WishedSkill};
use crate::{
    domain::{RemoteOption, Seniority},
    matching::{
        location::folded_words, posting::MatchPosting, query::Fields, rates::Rates, settings::MatchSettings,
        text::Term,
    },
};

/// Knowing this share of a stack, by weight, is knowing it all: no posting's list is the bare minimum.
pub(in crate::matching) const FULL_COVERAGE: f64 = 0.7;

/// Days after which freshness has fallen to 1/e.
const FRESH_DAYS: f64 = 7.0;

/// Steps of a career, from 0.
fn step(level: Seniority) -> i32 {
    match level {
        Seniority::Intern => 0,
        Seniority::Entry | Seniority::Junior => 1,
        Seniority::Mid => 2,
        Seniority::Senior => 3,
        Seniority::Lead | Seniority::Manager => 4,
        Seniority::Director => 5,
    }
}

/// The step a wished title names, else the one that years of experience give.
pub fn level_of(title: &str, years: Option<i32>) -> Option<i32> {
    let named = folded_words(title).split(' ').find_map(|word| {
        Some(match word {
            "intern" | "internship" | "praktikant" | "werkstudent" | "trainee" => 0,
            "junior" | "jr" | "graduate" => 1,
            "senior" | "sr" => 3,
            "lead" | "principal" | "staff" | "head" => 4,
            "director" | "vp" | "chief" | "cto" | "ceo" => 5,
            _ => return None,
        })
    });
    named.or_else(|| {
        Some(match years.filter(|years| (0..=70).contains(years))? {
            0..=1 => 1,
            2..=4 => 2,
            5..=8 => 3,
            _ => 4,
        })
    })
}

impl CompiledProfile {
    /// The parts with evidence, and the skills in common.
    pub(super) fn parts(
        &self,
        posting: &MatchPosting,
        settings: &MatchSettings,
        likeness: f64,
    ) -> (Vec<Part>, Vec<String>) {
        let skills = self.matching_skills(posting);
        let scoring = Scoring::new(posting, settings);
        let common = self.common(posting, &settings.rates, likeness);
        let parts = PartName::ALL
            .into_iter()
            .filter(|part| self.brief.speaks_of(*part))
            .map(|name| {
                let value = scoring.value(name, &self.brief, &common);
                let evidence = match value {
                    None => "not stated".to_owned(),
                    Some(value) => Self::evidence(name, value, posting, &skills),
                };
                Part { name, value: value.unwrap_or(0.5), weight: settings.weight(name), evidence }
            })
            .collect();
        (parts, skills)
    }

    /// What the profile and a posting have in common, whose titles are this much alike.
    pub(in crate::matching) fn common(&self, posting: &MatchPosting, rates: &Rates, likeness: f64) -> Common {
        let is_here = self.places.iter().any(|wish| wish.holds(posting));
        Common {
            coverage: self.coverage(posting),
            likeness,
            is_here,
            is_elsewhere: !is_here && self.is_elsewhere(posting),
            pay: rates.salary_in(&posting.salary, self.currency.as_deref()),
            is_preferred: self.prefers(posting),
        }
    }

    /// Names of the skills in common, the rarest first.
    pub(super) fn matching_skills(&self, posting: &MatchPosting) -> Vec<String> {
        let mut found: Vec<_> =
            posting.skills.iter().filter_map(|skill| Some((self.own(skill.term)?.weight, skill))).collect();
        found.sort_by(|(left, _), (right, _)| right.total_cmp(left));
        found.into_iter().map(|(_, skill)| skill.name.to_string()).collect()
    }

    fn coverage(&self, posting: &MatchPosting) -> Option<f64> {
        let own = posting.skills.iter().filter_map(|skill| self.own(skill.term));
        coverage(sum(own.map(|skill| skill.weight)), weight_of(posting))
    }

    pub(super) fn own(&self, skill: Term) -> Option<&WishedSkill> {
        let at = self.skills.binary_search_by_key(&skill, |own| own.term).ok()?;
        self.skills.get(at)
    }

    /// Whether a posting is of an employer that the profile prefers.
    pub(in crate::matching) fn prefers(&self, posting: &MatchPosting) -> bool {
        let preferred = |name: &[Term]| posting.phrase(name, Fields::COMPANY).meets(Fields::COMPANY);
        self.companies.iter().any(|name| preferred(name))
    }

    fn evidence(name: PartName, value: f64, posting: &MatchPosting, skills: &[String]) -> String {
        match name {
            PartName::Skills if skills.is_empty() => format!("none of {} skills", posting.skills.len()),
            PartName::Skills => {
                format!("{} of {} skills: {}", skills.len(), posting.skills.len(), skills.join(", "))
            }
            PartName::Title if value <= 0.0 => format!("not like the wished title: {}", posting.title),
            PartName::Title => format!("{:.0} % like the wished title: {}", value * 100.0, posting.title),
            PartName::Seniority => {
                let level = posting.seniority.map(|level| format!("{level:?}").to_lowercase());
                let years = posting.years.map(|years| format!("{} years or more", years.min));
                [level, years].into_iter().flatten().collect::<Vec<_>>().join(", ")
            }
            PartName::Place => {
                let option = posting.remote.map(|option| option.as_str().to_owned());
                [posting.location.clone(), option].into_iter().flatten().collect::<Vec<_>>().join(", ")
            }
            PartName::JobType => posting.job_type.map(|kind| kind.as_str().to_owned()).unwrap_or_default(),
            PartName::Salary => {
                let ends: Vec<_> = [posting.salary.min, posting.salary.max]
                    .into_iter()
                    .flatten()
                    .map(|pay| pay.to_string())
                    .collect();
                format!("{} {}", ends.join(" to "), posting.salary.currency.as_deref().unwrap_or_default())
                    .trim_end()
                    .to_owned()
            }
            PartName::Company if value > 0.0 => format!("{} is preferred", posting.company),
            PartName::Company => "none of the preferred".to_owned(),
            PartName::Visa if value > 0.0 => "visas are sponsored".to_owned(),
            PartName::Visa => "visas are not sponsored".to_owned(),
            PartName::Freshness => match posting.age_days() {
                Some(0) => "published today".to_owned(),
                Some(1) => "published yesterday".to_owned(),
                Some(days) => format!("published {days} days ago"),
                None => String::new(),
            },
        }
    }
}

/// What the skills of a posting weigh together.
pub(in crate::matching) fn weight_of(posting: &MatchPosting) -> f64 {
    sum(posting.skills.iter().map(|skill| skill.weight))
}

/// Weights are few and have 24 bits, so that their sum is exact, in whatever order.
pub(in crate::matching) fn sum(weights: impl Iterator<Item = f32>) -> f64 {
    weights.map(f64::from).sum()
}

/// How well shared skills that weigh `shared` cover those of a posting, which weigh `all`; `None` where it names none.
pub(in crate::matching) fn coverage(shared: f64, all: f64) -> Option<f64> {
    (all > 0.0).then(|| (shared / all / FULL_COVERAGE).min(1.0))
}

/// By place and by place of work, the mean where both are wished for.
pub(super) fn place(brief: &Brief, is_here: bool, stated: Option<RemoteOption>) -> Option<f64> {
    let place = brief.has_places.then(|| {
        if is_here {
            Some(1.0)
        } else if stated == Some(RemoteOption::Remote) {
            Some(if brief.remote == Some(RemoteOption::Remote) { 1.0 } else { 0.75 })
        } else {
            None
        }
    });
    let remote = brief.remote.map(|wished| stated.map(|stated| if wished == stated { 1.0 } else { 0.5 }));
    match (place, remote) {
        (Some(None) | None, Some(None) | None) => None,
        (Some(one), Some(other)) => Some(f64::midpoint(one.unwrap_or(0.5), other.unwrap_or(0.5))),
        (one, other) => one.or(other).flatten(),
    }
}

/// Half for the upper end reaching the wish, half for the middle; both rise from nine tenths of the wish.
pub(super) fn salary(wish: f64, (min, max): (Option<f64>, Option<f64>)) -> Option<f64> {
    let high = max.or(min)?;
    let middle = f64::midpoint(min.unwrap_or(high), high);
    let reached = |pay: f64| ((pay - 0.9 * wish) / (0.1 * wish)).clamp(0.0, 1.0);
    Some(f64::midpoint(reached(high), reached(middle)))
}

/// By level and by years, the mean where both are known.
pub(super) fn seniority(level: Option<i8>, years: Option<i8>, posting: &MatchPosting) -> Option<f64> {
    let by_gap = |gap: i32| match gap {
        0 => 1.0,
        1 => 0.5,
        _ => 0.0,
    };
    let level = level.zip(posting.seniority).map(|(own, asked)| by_gap((i32::from(own) - step(asked)).abs()));
    let years = years.zip(posting.years).map(|(own, asked)| match i32::from(asked.min) - i32::from(own) {
        ..=0 => 1.0,
        1..=2 => 0.5,
        _ => 0.0,
    });
    match (level, years) {
        (Some(level), Some(years)) => Some(f64::midpoint(level, years)),
        (one, other) => one.or(other),
    }
}

/// How new a posting is.
#[expect(clippy::cast_precision_loss, reason = "days are few")]
pub(in crate::matching) fn freshness(posting: &MatchPosting) -> Option<f64> {
    posting.age_days().map(|days| (-(days as f64) / FRESH_DAYS).exp())
}
