//! From the columns of a posting to what the matcher reads.

use chrono::NaiveDate;
use serde::Deserialize;

use crate::{
    domain::{Place, Salary, Seniority, Years},
    matching::{MatchPosting, PostingFields},
    store::StoredPosting,
};

/// What only the sighting of a posting keeps.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Facts {
    places: Vec<Place>,
    language: Option<String>,
    seniority: Option<Seniority>,
    years: Option<Years>,
}

/// The posting as the matcher wants it.
pub(in crate::tasks) fn reduce(posting: &StoredPosting, today: NaiveDate) -> MatchPosting {
    with_fields(posting, |fields| MatchPosting::new(posting.id, fields, today))
}

/// Reads a posting for `take`. Facts that cannot be read are left out.
pub(super) fn with_fields<T>(posting: &StoredPosting, take: impl FnOnce(&PostingFields<'_>) -> T) -> T {
    let facts: Facts = Facts::deserialize(&posting.facts).unwrap_or_default();
    let tech_stack = Vec::<String>::deserialize(&posting.tech_stack).unwrap_or_default();
    take(&PostingFields {
        title: &posting.title,
        company: &posting.company,
        location: posting.location.as_deref(),
        places: &facts.places,
        description: posting.description.as_deref(),
        requirements: posting.requirements.as_deref(),
        tech_stack: &tech_stack,
        salary: Salary {
            min: posting.salary_min,
            max: posting.salary_max,
            currency: posting.salary_currency.clone(),
        },
        job_type: posting.job_type.as_deref(),
        remote_option: posting.remote_option.as_deref(),
        source: posting.source.as_deref().unwrap_or_default(),
        posted_date: posting.posted_date,
        created_at: posting.created_at,
        language: facts.language.as_deref(),
        seniority: facts.seniority,
        years: facts.years,
    })
}
