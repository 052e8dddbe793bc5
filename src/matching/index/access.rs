//! Which terms a posting must have for a search or profile to be worth looking at.
//!
//! Every posting that matches has one of the places and one of the terms; that some postings have them and do not match is
//! no harm. A key that is in fewer postings costs less, so the rarest required word is taken, as far as its looks tell.

use super::cells::Keys;
use crate::{
    domain::RemoteOption,
    matching::{
        filters::Clause,
        location,
        profile::{CompiledProfile, title::TitleShape},
        query::Node,
        search::CompiledSearch,
        text::Term,
    },
};

/// Words in a large part of all postings.
const FREQUENT: &str = " a an and are as at be by for from have in is it of on or our that the this to we will with you your team work experience \
    skills role working knowledge ability years all including strong new company business development support customer customers \
    product management project der die das und in zu den von mit fur ist im auf eine ein wir du deine sie als bei unsere remote job ";

/// Words in many postings' titles.
const USUAL: &str = " developer engineer manager senior junior lead software data analyst designer consultant specialist sales marketing \
    assistant entwickler ingenieur it full stack frontend backend cloud security system systems python java sql javascript aws \
    front-end back-end full-stack amazon-web-services react docker german english ";

/// The place key of whatever is not bound to a place.
pub fn everywhere() -> Term {
    Term::country("*")
}

/// The place key under which profiles are found for postings that could be anywhere.
pub fn anywhere() -> Term {
    Term::country("?")
}

/// Longest beginning of a word that is a key.
pub const BEGINNING: usize = 3;

/// Where a search is filed.
pub fn of_search(search: &CompiledSearch) -> Keys {
    let mut places = Vec::new();
    for clause in &search.filters.clauses {
        if let Clause::Location(wishes) = clause
            && places.is_empty()
        {
            wishes.iter().for_each(|wish| wish.keys(&mut places));
        }
    }
    if places.is_empty()
        && search
            .filters
            .clauses
            .iter()
            .any(|clause| matches!(clause, Clause::Remote(options) if **options == [RemoteOption::Remote]))
    {
        places.push(location::remote_key());
    }
    if places.is_empty() {
        places.push(everywhere());
    }
    let roots =
        search.query.root.iter().chain(search.filters.clauses.iter().filter_map(|clause| match clause {
            Clause::Tech(node) | Clause::Company(node) => Some(node),
            Clause::Text(query) => query.root.as_ref(),
            _ => None,
        }));
    let best = roots.filter_map(cover).min_by_key(|cover| cover.cost);
    let by_beginning = best.as_ref().is_some_and(|cover| cover.by_beginning);
    let terms = best.map(|cover| cover.terms).unwrap_or_default();
    Keys { places: unique(places), terms: unique(terms), by_beginning }
}

/// Where a profile is filed: under its skills and the words of its titles.
pub fn of_profile(profile: &CompiledProfile) -> Keys {
    let mut places = Vec::new();
    profile.places.iter().for_each(|wish| wish.keys(&mut places));
    places.push(if places.is_empty() { everywhere() } else { anywhere() });
    let titles = profile.titles.iter().flat_map(TitleShape::terms);
    let terms = profile.skills.iter().map(|skill| skill.term).chain(titles).collect();
    Keys { places: unique(places), terms: unique(terms), by_beginning: false }
}

fn unique(mut terms: Vec<Term>) -> Vec<Term> {
    terms.sort_unstable();
    terms.dedup();
    terms
}

struct Cover {
    terms: Vec<Term>,
    cost: u32,
    by_beginning: bool,
}

/// Terms one of which every posting that satisfies `node` has; `None` where there are none.
fn cover(node: &Node) -> Option<Cover> {
    match node {
        Node::And(nodes) => nodes.iter().filter_map(cover).min_by_key(|cover| cover.cost),
        Node::Or(nodes) => nodes.iter().try_fold(
            Cover { terms: Vec::new(), cost: 0, by_beginning: false },
            |mut all, node| {
                let one = cover(node)?;
                all.by_beginning |= one.by_beginning;
                all.terms.extend(one.terms);
                all.cost = all.cost.saturating_add(one.cost);
                Some(all)
            },
        ),
        Node::Not(_) => None,
        Node::Word { label, any, .. } => {
            Some(Cover { terms: any.to_vec(), cost: frequency(label), by_beginning: false })
        }
        Node::Phrase { label, words, .. } => {
            let (label, term) = label.split(' ').zip(words).min_by_key(|(label, _)| frequency(label))?;
            Some(Cover { terms: vec![*term], cost: frequency(label), by_beginning: false })
        }
        Node::Prefix { label, .. } => {
            let letters = beginning(label, BEGINNING);
            let cost = if letters.chars().count() < BEGINNING { 60_000 } else { 20_000 };
            Some(Cover { terms: vec![Term::beginning(letters)], cost, by_beginning: true })
        }
    }
}

/// The first `count` characters of a word, or all it has.
pub fn beginning(word: &str, count: usize) -> &str {
    word.char_indices().nth(count).and_then(|(end, _)| word.get(..end)).unwrap_or(word)
}

/// How many of 100,000 postings have a word, roughly.
fn frequency(word: &str) -> u32 {
    let listed = |list: &str| list.contains(&format!(" {word} "));
    if listed(FREQUENT) {
        50_000
    } else if listed(USUAL) {
        10_000
    } else {
        match word.len() {
            0..=3 => 3_000,
            4..=6 => 1_500,
            7..=9 => 900,
            _ => 500,
        }
    }
}
