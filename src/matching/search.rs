//! A saved search read once, ready to be put to postings.

use super::{
    filters::{Clause, Filters, Problem},
    posting::MatchPosting,
    query::{Fields, MAX_CHARS, Node, Query},
    settings::MatchSettings,
};
use crate::domain::{SavedSearch, SearchId, UserId};

/// Score of a hit whose words stand in the running text only.
const TEXT_ONLY: f64 = 0.7;

/// A search with its query and filters read.
#[derive(Clone, Debug)]
pub struct CompiledSearch {
    /// Which one.
    pub id: SearchId,
    /// Whose.
    pub user_id: UserId,
    /// As the user named it.
    pub name: Box<str>,
    pub(super) query: Query,
    pub(super) filters: Filters,
}

impl CompiledSearch {
    /// Reads a search; never fails. What could not be used comes back beside it.
    pub fn new(search: &SavedSearch, settings: &MatchSettings) -> (Self, Vec<Problem>) {
        let text = search.query.as_deref().unwrap_or_default();
        let query = Query::parse(text, settings.synonyms);
        let (filters, mut problems) = Filters::read(&search.filters, settings.synonyms);
        let mut report = |message: String| problems.push(Problem { key: "query".to_owned(), message });
        if query.cut {
            report(format!("longer than {MAX_CHARS} characters; the rest was left out"));
        }
        if query.root.is_none() && !text.trim().is_empty() {
            report("has no word to look for; it restricts nothing".to_owned());
        } else if query.root.is_none() && filters.clauses.is_empty() {
            report("neither words nor filters: every posting matches".to_owned());
        }
        let name = search.name.as_str().into();
        (Self { id: search.id, user_id: search.user_id, name, query, filters }, problems)
    }

    /// Whether `posting` is what the search asks for. This is the definition of a match; the index only finds it faster.
    pub fn holds(&self, posting: &MatchPosting, settings: &MatchSettings) -> bool {
        self.filters.hold(posting, &settings.rates) && self.query.holds(posting)
    }

    /// The searched words that stand in a posting that matches.
    pub fn evidence<'a>(&'a self, posting: &MatchPosting) -> Evidence<'a> {
        let mut found = Vec::new();
        for root in self.positive_roots() {
            collect(root, posting, &mut found);
        }
        Evidence { search: self, found }
    }

    /// Query trees whose words a match shows.
    pub(super) fn positive_roots(&self) -> impl Iterator<Item = &Node> {
        let of_filters = self.filters.clauses.iter().filter_map(|clause| match clause {
            Clause::Text(query) => query.root.as_ref(),
            Clause::Tech(node) => Some(node),
            _ => None,
        });
        self.query.root.iter().chain(of_filters)
    }
}

/// What in a posting shows that a search matches.
#[derive(Clone, Debug)]
pub struct Evidence<'a> {
    search: &'a CompiledSearch,
    /// Words, phrases and beginnings found, and where.
    pub found: Vec<(&'a Node, Fields)>,
}

impl Evidence<'_> {
    /// How prominently the searched words stand: 1.0 where each stands in title, company, place or skills (or there are only filters), 0.7 where
    /// all stand only in the running text, in proportion between.
    pub fn score(&self) -> f64 {
        let prominent = self.found.iter().filter(|(_, fields)| fields.0 & !Fields::BODY.0 != 0).count();
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        prominence(number(self.found.len()), number(prominent))
    }

    /// Why it matches, for people.
    pub fn reason(&self) -> String {
        let mut reason = format!("matches your search \"{}\"", self.search.name);
        let words =
            self.found.iter().map(|(node, fields)| format!("{} ({})", node.describe(), fields.name()));
        let clauses = &self.search.filters.clauses;
        let filters = clauses.iter().filter(|clause| !matches!(clause, Clause::Text(_) | Clause::Tech(_)));
        for (at, part) in words.chain(filters.map(Clause::describe)).enumerate() {
            reason.push_str(if at == 0 { ": " } else { ", " });
            reason.push_str(&part);
        }
        reason
    }

    /// Skills of the posting that the search names.
    pub fn matching_skills<'p>(&self, posting: &'p MatchPosting) -> impl Iterator<Item = &'p str> {
        let in_skills = |leaf: &&(&Node, Fields)| leaf.1.meets(Fields::TECH);
        posting
            .skills
            .iter()
            .filter(move |skill| {
                let clause = Query::literal(&skill.name, Fields::ALL, false);
                self.found.iter().filter(in_skills).any(|(leaf, _)| names(leaf, clause.as_ref()))
            })
            .map(|skill| &*skill.name)
    }
}

/// The score of a search of which `all` words were found, `prominent` of them not only in the running text.
pub(super) fn prominence(all: u32, prominent: u32) -> f64 {
    if all == 0 { 1.0 } else { TEXT_ONLY + (1.0 - TEXT_ONLY) * f64::from(prominent) / f64::from(all) }
}

/// Whether a leaf of a query looks for the same as the clause of a skill.
fn names(leaf: &Node, skill: Option<&Node>) -> bool {
    match (leaf, skill) {
        (Node::Word { any: wanted, .. }, Some(Node::Word { any, .. })) => {
            any.iter().any(|term| wanted.contains(term))
        }
        (Node::Phrase { words: wanted, .. }, Some(Node::Phrase { words, .. })) => wanted == words,
        _ => false,
    }
}

fn collect<'a>(node: &'a Node, posting: &MatchPosting, found: &mut Vec<(&'a Node, Fields)>) {
    match node {
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().for_each(|node| collect(node, posting, found)),
        Node::Not(_) => {}
        leaf => found.extend(leaf.found_in(posting).map(|fields| (leaf, fields))),
    }
}
