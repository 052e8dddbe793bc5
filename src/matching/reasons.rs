//! Why a posting fits a user, for people: worked out for the pairs that are announced, not for every hit.

use serde::Serialize;

use super::{
    posting::MatchPosting,
    profile::{CompiledProfile, PartName},
    search::CompiledSearch,
    settings::MatchSettings,
};
use crate::domain::SearchId;

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

/// What speaks for one pair.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Reasons {
    /// Searches first, then the parts of the profile score that speak for the posting, the heaviest first.
    pub reasons: Vec<Reason>,
    /// Skills of the posting that the profile or a search names.
    pub matching_skills: Vec<String>,
}

/// What speaks for a posting: those of a user's `searches` that hold, and the profile where the posting is not out for it.
pub fn reasons<'a>(
    posting: &MatchPosting,
    searches: impl IntoIterator<Item = &'a CompiledSearch>,
    profile: Option<&CompiledProfile>,
    settings: &MatchSettings,
) -> Reasons {
    let score = profile
        .filter(|profile| profile.can_match())
        .and_then(|profile| profile.score(posting, settings).ok());
    let (mut parts, matching_skills) =
        score.map(|score| (score.parts, score.matching_skills)).unwrap_or_default();
    let mut found = Reasons { reasons: Vec::new(), matching_skills };
    for search in searches {
        if !search.holds(posting, settings) {
            continue;
        }
        let evidence = search.evidence(posting);
        let text = evidence.reason();
        found.reasons.push(Reason {
            kind: "search",
            text,
            search_id: Some(search.id),
            value: evidence.score(),
        });
        for skill in evidence.matching_skills(posting) {
            if !found.matching_skills.iter().any(|known| known == skill) {
                found.matching_skills.push(skill.to_owned());
            }
        }
    }
    parts.retain(|part| part.value > 0.5 && (part.name != PartName::Freshness || part.value > 0.9));
    parts.sort_by(|left, right| (right.weight * right.value).total_cmp(&(left.weight * left.value)));
    found.reasons.extend(parts.into_iter().map(|part| Reason {
        kind: part.name.as_str(),
        text: part.evidence,
        search_id: None,
        value: part.value,
    }));
    found
}
