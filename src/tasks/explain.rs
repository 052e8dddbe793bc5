//! Why a posting fits a user, or why not: the same reading as the task `match`, for one pair.

use chrono::NaiveDate;
use serde::Serialize;
use utoipa::ToSchema;

use super::matching::reduce;
use crate::{
    config::MatchingConfig,
    domain::{JobId, SearchId},
    matching::{Explanation, MatchSettings, explain_profile, explain_search},
    store::{StoredPosting, UserWishes},
};

/// Everything there is to say about one user and one posting.
#[derive(Debug, Serialize, ToSchema)]
pub struct PairExplanation {
    /// The posting.
    #[schema(value_type = i32)]
    pub job_id: JobId,
    /// Its title.
    pub title: String,
    /// Whether the user would be told of it.
    pub fits: bool,
    /// One entry a saved search.
    pub searches: Vec<SearchExplanation>,
    /// The profile, where there is one.
    pub profile: Option<Explanation>,
}

/// One saved search.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchExplanation {
    /// Which one.
    #[schema(value_type = i32)]
    pub id: SearchId,
    /// Its name.
    pub name: String,
    /// Inactive searches never match.
    pub is_active: bool,
    /// Parts, and what failed.
    #[serde(flatten)]
    pub explanation: Explanation,
}

/// Explains one pair.
pub fn explain(
    settings: &MatchingConfig,
    posting: &StoredPosting,
    wishes: &UserWishes,
    today: NaiveDate,
) -> PairExplanation {
    let settings = MatchSettings::from(settings);
    let reduced = reduce(posting, today);
    let searches: Vec<_> = wishes
        .searches
        .iter()
        .map(|search| SearchExplanation {
            id: search.id,
            name: search.name.clone(),
            is_active: search.is_active,
            explanation: explain_search(&reduced, search, &settings),
        })
        .collect();
    let profile = wishes.profile.as_ref().map(|profile| explain_profile(&reduced, profile, &settings));
    let fits = searches.iter().any(|search| search.is_active && search.explanation.matches)
        || profile.as_ref().is_some_and(|profile| profile.matches);
    PairExplanation { job_id: posting.id, title: posting.title.clone(), fits, searches, profile }
}
