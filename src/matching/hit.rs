//! What matching gives: one hit for each user.

use serde::Serialize;

use super::{
    posting::MatchPosting,
    profile::{PartName, ProfileScore},
    search::CompiledSearch,
};
use crate::domain::{SearchId, UserId};

/// Why a posting is a hit, one line for people each.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reason {
    /// `search`, or the name of a part of the profile score.
    pub kind: &'static str,
    /// For people.
    pub text: String,
    /// The search, for kind `search`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_id: Option<SearchId>,
    /// 0 to 1.
    pub value: f64,
}

/// One user and one posting that fit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hit {
    /// Who.
    pub user_id: UserId,
    /// 0 to 1: the profile score where the user has a profile that the posting is not out for, else the best score of the searches
    /// ([`Evidence::score`](super::Evidence::score)).
    pub score: f64,
    /// Searches that match, by id.
    pub search_ids: Vec<SearchId>,
    /// Also where only a search matched and the profile score is below the threshold.
    pub profile_score: Option<f64>,
    /// Skills of the posting that the profile or a search names.
    pub matching_skills: Vec<String>,
    /// Searches first, then the parts of the profile score that speak for it, the heaviest first.
    pub reasons: Vec<Reason>,
}

impl Hit {
    /// Merges what one user's searches and profile say.
    pub(super) fn new<'a>(
        user_id: UserId,
        searches: impl Iterator<Item = &'a CompiledSearch>,
        profile: Option<ProfileScore>,
        posting: &MatchPosting,
    ) -> Self {
        let mut hit = Self {
            user_id,
            score: 0.0,
            search_ids: Vec::new(),
            profile_score: profile.as_ref().map(|profile| profile.total),
            matching_skills: Vec::new(),
            reasons: Vec::new(),
        };
        let mut parts = Vec::new();
        if let Some(profile) = profile {
            hit.matching_skills = profile.matching_skills;
            parts = profile.parts;
        }
        for search in searches {
            let evidence = search.evidence(posting);
            let score = evidence.score();
            hit.score = hit.score.max(score);
            hit.search_ids.push(search.id);
            let text = evidence.reason();
            hit.reasons.push(Reason { kind: "search", text, search_id: Some(search.id), value: score });
            for skill in evidence.matching_skills(posting) {
                if !hit.matching_skills.iter().any(|known| known == skill) {
                    hit.matching_skills.push(skill.to_owned());
                }
            }
        }
        hit.score = hit.profile_score.unwrap_or(hit.score);
        parts.retain(|part| part.value > 0.5 && (part.name != PartName::Freshness || part.value > 0.9));
        parts.sort_by(|left, right| (right.weight * right.value).total_cmp(&(left.weight * left.value)));
        let reasons = parts.into_iter().map(|part| Reason {
            kind: part.name.as_str(),
            text: part.evidence,
            search_id: None,
            value: part.value,
        });
        hit.reasons.extend(reasons);
        hit
    }
}
