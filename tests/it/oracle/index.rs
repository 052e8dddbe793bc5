//! The index against the definition of a match, for every search and every posting.

use career_worker::{
    domain::{JobId, SavedSearch, SearchId, UserId},
    matching::{MatchIndex, PostingFields},
};
use serde_json::Value;

use super::{
    Oracle,
    answers::{Bits, in_parallel},
    corpus::Case,
    filters::random_filters,
};

/// Users among whom the searches are divided.
const USERS: usize = 997;
/// One of so many queries is saved a second time, with filters.
const FILTERED: usize = 4;
/// One of so many searches is changed, and one is removed.
const CHANGED: usize = 7;
const REMOVED: usize = 5;
/// After the changes one of so many postings is asked for.
const SOME: usize = 7;

/// Asks the index. One is made for each thread.
fn asks(index: &MatchIndex) -> impl FnMut(&Case) -> Vec<SearchId> {
    let (mut finder, mut hits) = (index.finder(), Vec::new());
    move |case| {
        finder.matches(JobId(1), &PostingFields::of(&case.posting), case.reduced.today, &mut hits);
        hits.drain(..).flat_map(|hit| hit.search_ids).collect()
    }
}

/// A saved search; its place in the list is its id.
pub fn saved(at: usize, query: &str, filters: Value) -> SavedSearch {
    let number = |at: usize| i32::try_from(at).expect("a number that fits");
    SavedSearch {
        id: SearchId(number(at)),
        user_id: UserId(number(at % USERS)),
        name: String::new(),
        query: Some(query.to_owned()),
        filters,
        is_active: true,
    }
}

/// Searches and postings, one of `step`, on which the index says something else than `expected`.
fn differences(index: &MatchIndex, oracle: &Oracle, expected: &[Bits], step: usize) -> Vec<(usize, usize)> {
    let cases = &oracle.corpus.cases;
    let found = in_parallel(
        cases.len().div_ceil(step),
        || asks(index),
        |ask, at| {
            let case = at * step;
            let found = Bits::of(ask(&cases[case]).into_iter().filter_map(|id| usize::try_from(id.0).ok()));
            let put = (0..expected.len()).filter(|search| oracle.compares(*search, case));
            let wrong = put.filter(|search| found.get(*search) != expected[*search].get(case));
            wrong.map(|search| (search, case)).collect::<Vec<_>>()
        },
    );
    found.into_iter().flatten().collect()
}

fn assert_equal(differences: &[(usize, usize)], searches: &[SavedSearch], cases: &[Case]) {
    let told = differences.iter().take(5).map(|(search, case)| {
        let (search, posting) = (&searches[*search], &cases[*case].posting);
        format!("{:?} {} on {} ({})", search.query, search.filters, posting.title, posting.url)
    });
    assert!(differences.is_empty(), "{} differ: {:#?}", differences.len(), told.collect::<Vec<_>>());
}

#[test]
fn the_index_finds_exactly_what_the_definition_says() {
    let oracle = Oracle::get();
    let cases = &oracle.corpus.cases;
    let filters = random_filters(oracle.corpus, super::seed());
    let repeated = oracle.searches.iter().step_by(FILTERED).zip(filters).zip(oracle.searches.len()..);
    let filtered: Vec<_> = repeated
        .map(|((search, filters), at)| saved(at, search.query.as_deref().unwrap_or_default(), filters.json))
        .collect();
    let mut expected = oracle.answers.clone();
    expected.extend(oracle.brute_force(&filtered));
    let mut searches = oracle.searches.clone();
    searches.extend(filtered);

    let index = MatchIndex::new(oracle.settings.clone());
    for (at, search) in searches.iter().enumerate() {
        index.upsert_search(search);
        if at == searches.len() * 9 / 10 {
            index.compact();
        }
    }
    assert_eq!(index.size().searches, searches.len());
    assert_equal(&differences(&index, oracle, &expected, 1), &searches, cases);
    let held: usize = expected.iter().map(Bits::count).sum();
    let pairs = searches.len() * cases.len() / oracle.stride;
    println!(
        "index: {} searches on {} postings, {pairs} pairs, {held} match, 0 differ",
        searches.len(),
        cases.len()
    );

    for at in (0..searches.len()).step_by(REMOVED) {
        assert!(index.remove_search(searches[at].id));
        expected[at] = Bits::default();
    }
    for at in (1..searches.len()).step_by(CHANGED) {
        let other = searches[searches.len() - at].clone();
        searches[at] = SavedSearch { query: other.query, filters: other.filters, ..searches[at].clone() };
        index.upsert_search(&searches[at]);
    }
    let changed: Vec<_> = searches.iter().skip(1).step_by(CHANGED).cloned().collect();
    for (search, bits) in changed.iter().zip(oracle.brute_force(&changed)) {
        expected[usize::try_from(search.id.0).unwrap()] = bits;
    }
    assert_equal(&differences(&index, oracle, &expected, SOME), &searches, cases);
}
