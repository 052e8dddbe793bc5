//! Matching against oracles, on real postings and many random queries: the index against the definition of a match, the definition
//! against PostgreSQL on the same words, the words against PostgreSQL's own, and the filters against SQL over `jobs`.
//!
//! With recordings (`CAREER_RECORDINGS`, see `recordings.rs`) the postings are real ones; without, those of `fixtures/` and fewer queries.
//! `CAREER_ORACLE=full` compares every pair (minutes; better with `--release`). All draws are seeded; `CAREER_ORACLE_SEED` gives others. What
//! was compared and how much differed is printed (`cargo test --test it oracle -- --nocapture`).
//!
//! A kind of query is added in `queries.rs`, a filter with its SQL in `filters.rs`, a known difference from PostgreSQL's words in `kinds.rs`.

mod answers;
mod canonical;
mod corpus;
mod filters;
mod index;
mod kinds;
mod plain;
mod queries;
mod rows;
mod vocabulary;
mod witnesses;

use std::{env, sync::LazyLock};

use career_worker::{
    config::{DEFAULTS, MatchingConfig},
    domain::SavedSearch,
    matching::{CompiledSearch, MatchSettings},
};
use serde_json::Value;

use answers::Bits;
use corpus::Corpus;
use queries::Queries;
use vocabulary::Vocabulary;

/// Queries put to real postings.
const QUERIES: usize = 20_000;
/// Queries put to fixtures.
const FEW_QUERIES: usize = 4_000;
/// Of real postings, each query is put to one of so many, each to others; all where `CAREER_ORACLE` is `full`.
const STRIDE: usize = 10;

/// Postings, searches, and which match: worked out once for all tests here.
struct Oracle {
    corpus: &'static Corpus,
    settings: MatchSettings,
    /// Their ids are their places.
    searches: Vec<SavedSearch>,
    /// What the definition says of each search, on the postings it is put to.
    answers: Vec<Bits>,
    stride: usize,
}

impl Oracle {
    fn get() -> &'static Self {
        static ORACLE: LazyLock<Oracle> = LazyLock::new(Oracle::new);
        &ORACLE
    }

    fn new() -> Self {
        let corpus = Corpus::get();
        let vocabulary = Vocabulary::new(&corpus.cases.iter().collect::<Vec<_>>());
        let full = env::var("CAREER_ORACLE").is_ok_and(|size| size == "full");
        let stride = if corpus.recorded && !full { STRIDE } else { 1 };
        let count = if corpus.recorded { QUERIES } else { FEW_QUERIES };
        let searches = Queries::new(&vocabulary, seed()).take(count).enumerate();
        let searches = searches.map(|(at, query)| index::saved(at, &query, Value::Null)).collect();
        let mut oracle = Self { corpus, settings: settings(), searches, answers: Vec::new(), stride };
        oracle.answers = oracle.brute_force(&oracle.searches);
        println!(
            "oracle: {} postings ({} English, {} German), {count} queries, each on one of {stride}, seed {}",
            corpus.cases.len(),
            corpus.spoken("en"),
            corpus.spoken("de"),
            seed()
        );
        oracle
    }

    /// Whether a search is put to a posting.
    fn compares(&self, search: usize, posting: usize) -> bool {
        (search + posting).is_multiple_of(self.stride)
    }

    /// What the definition of a match says of each search.
    fn brute_force(&self, searches: &[SavedSearch]) -> Vec<Bits> {
        let cases = &self.corpus.cases;
        answers::in_parallel(
            searches.len(),
            || (),
            |(), at| {
                let (search, _) = CompiledSearch::new(&searches[at], &self.settings);
                let number = usize::try_from(search.id.0).expect("a place");
                let put = (0..cases.len()).filter(|case| self.compares(number, *case));
                Bits::of(put.filter(|case| search.holds(&cases[*case].reduced, &self.settings)))
            },
        )
    }

    /// The postings a search is put to where `theirs` says something else.
    fn differences(&self, search: usize, theirs: &Bits) -> Vec<usize> {
        let mut differing = self.answers[search].difference(theirs);
        differing.retain(|case| self.compares(search, *case));
        differing
    }
}

fn seed() -> u64 {
    env::var("CAREER_ORACLE_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(20_260_822)
}

fn config() -> MatchingConfig {
    let defaults: toml::Table = DEFAULTS.parse().expect("the defaults are TOML");
    defaults["matching"].clone().try_into().expect("the defaults are complete")
}

fn settings() -> MatchSettings {
    MatchSettings::from(&config())
}

fn rates() -> Vec<(String, f64)> {
    config().rates.into_iter().collect()
}

#[test]
fn the_searches_are_worth_comparing() {
    let oracle = Oracle::get();
    let postings = oracle.corpus.cases.len();
    let held: usize = oracle.answers.iter().map(Bits::count).sum();
    let some = oracle.answers.iter().filter(|bits| bits.count() > 0).count();
    let few = oracle
        .answers
        .iter()
        .filter(|bits| (1..=postings / 20 / oracle.stride).contains(&bits.count()))
        .count();
    let queries = oracle.searches.len();
    println!(
        "oracle: {held} matches; {some} queries match something, {few} at most a twentieth of the postings"
    );
    assert!(postings >= if oracle.corpus.recorded { 2_000 } else { 200 }, "{postings} postings");
    assert!(oracle.corpus.spoken("de") >= 10 && oracle.corpus.spoken("en") >= 50);
    assert!(some * 2 > queries && some < queries && few * 4 > queries, "{some} and {few} of {queries}");
}
