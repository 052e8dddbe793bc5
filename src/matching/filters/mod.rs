//! What `saved_searches.filters` may hold, in the three shapes that the web application has written over time.
//!
//! - Flat keys, all of which must hold: `location`, `remote_only`, `remote_option`, `job_type`, `min_salary`, `max_salary`, `currency`,
//!   `tech_stack`, `company`, `exclude`, `posted_within_days`, `posted_after`, `source`, `seniority`, `text`.
//! - The same in camel case and as text, "" meaning unset: `search`, `salaryMin`, `salaryMax`, `tags`, `datePostedAfter`,
//!   `remoteOnly`; and quick filters: `searchTerm`, `sourceFilter`, `typeFilter`, `activeQuickFilters`, where `all` means unset.
//! - A rule tree `{"logic", "rules", "groups"}` ([`RuleGroup`]), also under `query`.
//!
//! Rules that hold everywhere: `{}` restricts nothing. A filter on something the posting does not state does not hold. A key that is
//! unknown, or a value that cannot be read, restricts nothing and is reported as a [`Problem`]. Lists mean any of.
//!
//! On purpose other than the search of the web application: words and places are compared whole (`Java` is not in `JavaScript`,
//! `Essen` not in `Hessen`), technologies in any spelling (`node` is `Node.js`), and pay across currencies where the search names one.
//!
//! To add a key: an arm in `read.rs`, a [`Clause`] here if none fits.

mod item;
mod read;
mod rules;
#[cfg(test)]
mod tests;

use chrono::{Days, NaiveDate};
use serde::Serialize;
use utoipa::ToSchema;

pub(super) use item::PostingItem;
pub use rules::{RuleGroup, RuleItem, RuleValue};

use super::{
    location::Wish,
    posting::MatchPosting,
    query::{Node, Query},
    rates::Rates,
};
use crate::domain::{JobType, RemoteOption, Seniority};

/// Something in a search that could not be used, for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SearchProblem)]
pub struct Problem {
    /// The key, with its parents: `filters.min_salary`.
    pub key: String,
    /// What was found and what was expected.
    pub message: String,
}

/// One restriction.
#[derive(Clone, Debug, PartialEq)]
pub enum Clause {
    /// In any of these places.
    Location(Box<[Wish]>),
    /// Any of these places of work.
    Remote(Box<[RemoteOption]>),
    /// Any of these types.
    JobType(Box<[JobType]>),
    /// The posting's highest pay is at least this.
    MinSalary(f64, Option<Box<str>>),
    /// The posting's lowest pay is at most this.
    MaxSalary(f64, Option<Box<str>>),
    /// Any of these in the skills.
    Tech(Node),
    /// Any of these in the company.
    Company(Node),
    /// None of these anywhere.
    Exclude(Node),
    /// Published no more days ago.
    PostedWithin(u32),
    /// Published on this day or later.
    PostedAfter(NaiveDate),
    /// Any of these sources, in lower case.
    Source(Box<[Box<str>]>),
    /// Any of these levels.
    Seniority(Box<[Seniority]>),
    /// Further query text.
    Text(Query),
    /// A rule tree.
    Rules(Box<RuleGroup>),
}

/// All restrictions of one search.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filters {
    /// All must hold.
    pub clauses: Box<[Clause]>,
}

impl Filters {
    /// Reads the column; never fails.
    pub fn read(value: &serde_json::Value, synonyms: bool) -> (Self, Vec<Problem>) {
        read::read(value, synonyms)
    }

    /// Whether `posting` satisfies every clause.
    pub fn hold(&self, posting: &MatchPosting, rates: &Rates) -> bool {
        self.clauses.iter().all(|clause| clause.holds(posting, rates))
    }
}

impl Clause {
    /// Whether `posting` satisfies this clause.
    pub fn holds(&self, posting: &MatchPosting, rates: &Rates) -> bool {
        match self {
            Self::Location(wishes) => wishes.iter().any(|wish| wish.holds(posting)),
            Self::Remote(options) => posting.remote.is_some_and(|option| options.contains(&option)),
            Self::JobType(types) => posting.job_type.is_some_and(|kind| types.contains(&kind)),
            Self::MinSalary(wanted, currency) => {
                let (min, max) = rates.salary_in(&posting.salary, currency.as_deref());
                max.or(min).is_some_and(|pay| pay >= *wanted)
            }
            Self::MaxSalary(wanted, currency) => {
                let (min, max) = rates.salary_in(&posting.salary, currency.as_deref());
                min.or(max).is_some_and(|pay| pay <= *wanted)
            }
            Self::Tech(node) | Self::Company(node) => node.holds(posting),
            Self::Exclude(node) => !node.holds(posting),
            Self::PostedWithin(days) => posting.age_days().is_some_and(|age| age <= i64::from(*days)),
            Self::PostedAfter(day) => posting.posted.is_some_and(|posted| posted >= *day),
            Self::Source(sources) => sources.iter().any(|source| **source == *posting.source),
            Self::Seniority(levels) => posting.seniority.is_some_and(|level| levels.contains(&level)),
            Self::Text(query) => query.holds(posting),
            Self::Rules(group) => group.holds(&posting.item(), posting.today),
        }
    }

    /// The clause in words, for explanations.
    pub fn describe(&self) -> String {
        fn any_of<T>(values: &[T], word: impl Fn(&T) -> String) -> String {
            values.iter().map(word).collect::<Vec<_>>().join(" or ")
        }
        match self {
            Self::Location(wishes) => {
                format!("location is {}", any_of(wishes, |wish| wish.label().to_owned()))
            }
            Self::Remote(options) => {
                format!("work is {}", any_of(options, |option| option.as_str().to_owned()))
            }
            Self::JobType(types) => format!("job type is {}", any_of(types, |kind| kind.as_str().to_owned())),
            Self::MinSalary(pay, currency) => format!("pay reaches {pay}{}", suffix(currency.as_deref())),
            Self::MaxSalary(pay, currency) => {
                format!("pay starts at no more than {pay}{}", suffix(currency.as_deref()))
            }
            Self::Tech(node) => format!("skills have {}", node.describe()),
            Self::Company(node) => format!("company is {}", node.describe()),
            Self::Exclude(node) => format!("nothing says {}", node.describe()),
            Self::PostedWithin(days) => format!("published within {days} days"),
            Self::PostedAfter(day) => format!("published on {day} or later"),
            Self::Source(sources) => format!("source is {}", any_of(sources, |source| (**source).to_owned())),
            Self::Seniority(levels) => {
                format!("level is {}", any_of(levels, |level| format!("{level:?}").to_lowercase()))
            }
            Self::Text(query) => {
                format!("text has {}", query.root.as_ref().map(Node::describe).unwrap_or_default())
            }
            Self::Rules(group) => format!("rule tree of {} rules", group.len()),
        }
    }
}

pub(super) fn suffix(currency: Option<&str>) -> String {
    currency.map(|code| format!(" {code}")).unwrap_or_default()
}

/// `day` plus or minus `days`, staying on the calendar.
fn shifted(day: NaiveDate, days: i64) -> NaiveDate {
    let distance = Days::new(days.unsigned_abs());
    let moved = if days < 0 { day.checked_sub_days(distance) } else { day.checked_add_days(distance) };
    moved.unwrap_or(if days < 0 { NaiveDate::MIN } else { NaiveDate::MAX })
}
