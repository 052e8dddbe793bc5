//! Why a posting fits a search or profile, and why not.

use serde::Serialize;
use utoipa::ToSchema;

use super::{
    filters::{Clause, Problem},
    posting::MatchPosting,
    profile::{CompiledProfile, Part},
    query::Node,
    search::CompiledSearch,
    settings::MatchSettings,
};
use crate::domain::{Profile, SavedSearch};

/// One thing that was asked of the posting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Check {
    /// The clause, filter or exclusion in words.
    pub what: String,
    /// Whether it holds.
    pub holds: bool,
}

/// The whole answer for one posting and one search or profile.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Explanation {
    /// Whether it is a match.
    pub matches: bool,
    /// 0 to 1; `None` where something rules the posting out.
    pub score: Option<f64>,
    /// Everything that was asked, in order; a match needs all to hold.
    pub checks: Vec<Check>,
    /// Parts of a profile score, also where something rules the posting out.
    pub parts: Vec<Part>,
    /// What in the search could not be used.
    pub problems: Vec<Problem>,
}

impl Explanation {
    /// What failed, for people.
    pub fn failed(&self) -> impl Iterator<Item = &str> {
        self.checks.iter().filter(|check| !check.holds).map(|check| check.what.as_str())
    }
}

/// Explains a search, clause by clause.
pub fn explain_search(posting: &MatchPosting, search: &SavedSearch, settings: &MatchSettings) -> Explanation {
    let (compiled, problems) = CompiledSearch::new(search, settings);
    let mut checks = vec![Check { what: "search is active".to_owned(), holds: search.is_active }];
    match &compiled.query.root {
        Some(Node::And(nodes)) => checks.extend(nodes.iter().map(|node| clause(node, posting))),
        Some(node) => checks.push(clause(node, posting)),
        None => {}
    }
    let filter =
        |clause: &Clause| Check { what: clause.describe(), holds: clause.holds(posting, &settings.rates) };
    checks.extend(compiled.filters.clauses.iter().map(filter));
    let matches = checks.iter().all(|check| check.holds);
    Explanation {
        matches,
        score: matches.then(|| compiled.evidence(posting).score()),
        checks,
        parts: Vec::new(),
        problems,
    }
}

fn clause(node: &Node, posting: &MatchPosting) -> Check {
    Check { what: node.describe(), holds: node.holds(posting) }
}

/// Explains a profile, part by part.
pub fn explain_profile(posting: &MatchPosting, profile: &Profile, settings: &MatchSettings) -> Explanation {
    let compiled = CompiledProfile::new(profile);
    if !compiled.can_match() {
        let what = "profile has a title or a skill".to_owned();
        let checks = vec![Check { what, holds: false }];
        return Explanation { matches: false, score: None, checks, parts: Vec::new(), problems: Vec::new() };
    }
    let exclusions = compiled.exclusions(posting, settings);
    let score = compiled.score_anyhow(posting, settings);
    let (matches, checks) = if exclusions.is_empty() {
        let holds = score.total >= settings.threshold;
        (holds, vec![Check { what: format!("score reaches {}", settings.threshold), holds }])
    } else {
        let out = exclusions.iter().map(|reason| Check { what: reason.to_string(), holds: false });
        (false, out.collect())
    };
    Explanation {
        matches,
        score: exclusions.is_empty().then_some(score.total),
        checks,
        parts: score.parts,
        problems: Vec::new(),
    }
}
