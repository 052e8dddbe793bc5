//! That figures are of right answers: the index says what each search and profile says by itself, and words stand apart.

use std::collections::BTreeMap;

use career_worker::{
    domain::{JobId, SavedSearch, SearchId, UserId},
    matching::{CompiledProfile, CompiledSearch, Hit, MatchPosting, PostingFields},
};
use serde_json::Value;

use crate::{
    engine::{Engine, reduced},
    workload::{FILLERS, LEVELS, PostingText, QUALIFIERS, ROLES, TECHNOLOGIES, World},
};

/// What one user is told of one posting.
#[derive(Debug, Default, PartialEq)]
struct Told {
    searches: Vec<SearchId>,
    profile: Option<f64>,
}

type Answer = BTreeMap<UserId, Told>;

/// Asks every search below `searches` and every profile below `profiles` about each posting.
///
/// # Panics
/// Where the index gives another answer.
pub fn answers(engine: &Engine, world: &World, searches: usize, profiles: usize, postings: &[PostingText]) {
    let reduced: Vec<MatchPosting> = postings.iter().map(reduced).collect();
    let mut expected: Vec<Answer> = postings.iter().map(|_| Answer::new()).collect();
    for id in 0..searches {
        let (search, _) = CompiledSearch::new(&world.search(id).saved(world), &engine.settings);
        for (posting, answer) in reduced.iter().zip(&mut expected) {
            if search.holds(posting, &engine.settings) {
                answer.entry(search.user_id).or_default().searches.push(search.id);
            }
        }
    }
    for id in 0..profiles {
        let profile = CompiledProfile::new(&world.profile(id));
        for (posting, answer) in reduced.iter().zip(&mut expected) {
            let Some(total) = profile.total(posting, &engine.settings) else { continue };
            if total >= engine.settings.threshold || answer.contains_key(&profile.user_id) {
                answer.entry(profile.user_id).or_default().profile = Some(total);
            }
        }
    }
    let mut finder = engine.finder();
    for (posting, expected) in postings.iter().zip(&expected) {
        assert_eq!(&answer(finder.find(posting)), expected, "posting {} of the index", posting.id);
    }
}

fn answer(hits: &[Hit]) -> Answer {
    hits.iter()
        .map(|hit| (hit.user_id, Told { searches: hit.search_ids.to_vec(), profile: hit.profile_score }))
        .collect()
}

/// Looks for each word in a posting of all the others.
///
/// # Panics
/// Where one is found: it has a stem or a synonym in common with another, and engines without those would give other matches.
pub fn vocabulary(engine: &Engine) {
    let lists = [&ROLES, &QUALIFIERS, &LEVELS, &TECHNOLOGIES, &FILLERS];
    let words: Vec<&str> = lists.into_iter().flat_map(|list| list.iter().copied()).collect();
    for (at, word) in words.iter().enumerate() {
        let text = [&words[..at], &words[at + 1..]].concat().join(", ");
        let fields = PostingFields { description: Some(&text), ..PostingFields::default() };
        let posting = MatchPosting::new(JobId(0), &fields, PostingText::today());
        let (search, _) = CompiledSearch::new(&search_for(word), &engine.settings);
        assert!(
            !search.holds(&posting, &engine.settings),
            "{word} stands twice, or as a form of another word"
        );
    }
}

fn search_for(word: &str) -> SavedSearch {
    SavedSearch {
        id: SearchId(0),
        user_id: UserId(0),
        name: String::new(),
        query: Some(word.to_owned()),
        filters: Value::Null,
        is_active: true,
    }
}
