//! The index against asking every search: the same pairs with the same scores, whatever was added, changed, removed and packed before.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicBool, Ordering},
};

use chrono::{Days, NaiveDate};
use serde_json::{Map, Value, json};

use super::*;
use crate::{
    domain::{JobId, Salary, Seniority, UserId},
    matching::PostingFields,
    random::Random,
};

const WORDS: &[&str] = &[
    "rust",
    "java",
    "C++",
    "c#",
    ".net",
    "node.js",
    "node",
    "js",
    "developer",
    "developers",
    "engineer",
    "senior",
    "sr",
    "data",
    "machine",
    "learning",
    "Softwareentwickler",
    "Entwicklerin",
    "go",
    "R",
    "full-stack",
    "remote",
    "München",
    "intern",
    "internal",
    "k8s",
    "40",
    "50",
    "51",
];
const PLACES: &[&str] =
    &["Berlin, Germany", "Munich", "Paris", "Remote", "Germany", "Remote, Germany", "Austin, TX"];
const WISHES: &[&str] =
    &["Berlin", "Germany", "Munich or Paris", "Remote", "TX", "München", "Berlin, Germany; Remote", "Lyon"];

struct Draw(Random);

impl Draw {
    fn below(&self, count: usize) -> usize {
        usize::try_from(self.0.below(count as u64)).expect("small")
    }

    fn of<T: Copy>(&self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    fn chance(&self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn words(&self, count: usize) -> String {
        (0..count).map(|_| self.of(WORDS)).collect::<Vec<_>>().join(" ")
    }

    fn query(&self, depth: usize) -> String {
        match self.below(if depth > 0 { 12 } else { 8 }) {
            0..3 => self.words(1),
            3 => self.words(2),
            4 => {
                let count = 1 + self.below(3);
                format!("\"{}\"", self.words(count))
            }
            5 => format!("{}*", self.of(&["dev", "s", "inter", "soft", "mach"])),
            6 => format!("-{}", self.words(1)),
            7 => format!("{}:{}", self.of(&["title", "company", "location", "tech"]), self.words(1)),
            8 => format!("({})", self.query(depth - 1)),
            9 => format!("-({})", self.query(depth - 1)),
            10 => format!("{} OR {}", self.query(depth - 1), self.query(depth - 1)),
            _ => format!("{} {}", self.query(depth - 1), self.query(depth - 1)),
        }
    }

    fn filters(&self) -> Value {
        let mut filters = Map::new();
        let mut add = |percent, key: &str, value: Value| {
            if self.chance(percent) {
                filters.insert(key.to_owned(), value);
            }
        };
        add(50, "location", json!(self.of(WISHES)));
        add(10, "locations", json!([self.of(WISHES), self.of(WISHES)]));
        add(20, "remote_only", json!(true));
        add(15, "remote_option", json!(["hybrid", "remote"]));
        add(20, "job_type", json!(["full-time", "contract"]));
        add(20, "min_salary", json!(self.of(&[50_000.0, 60_000.5, 80_000.0, 0.0, -1.0])));
        add(10, "salaryMin", json!("70k"));
        add(10, "max_salary", json!(90_000));
        add(30, "currency", json!(self.of(&["EUR", "USD", "GBP", "XXX"])));
        add(15, "tech_stack", json!([self.words(1), self.words(1)]));
        add(10, "company", json!(["Nordwind", "Acme Data"]));
        add(10, "exclude", json!([self.words(1)]));
        add(10, "exclude_company", json!("Acme"));
        add(10, "posted_within_days", json!(self.below(20)));
        add(5, "posted_after", json!("2026-01-05"));
        add(10, "source", json!(["acme", "Feed"]));
        add(10, "seniority", json!(["senior", "lead"]));
        add(5, "rules", json!([{"field": "title", "operator": "contains", "value": self.words(1)}]));
        Value::Object(filters)
    }

    fn search(&self, id: i32) -> SavedSearch {
        let query = if self.chance(85) { self.query(2) } else { String::new() };
        SavedSearch {
            id: SearchId(id),
            user_id: UserId(id % 40),
            name: "any".to_owned(),
            query: Some(query),
            filters: self.filters(),
            is_active: self.chance(95),
        }
    }

    fn posting(&self) -> OwnedPosting {
        let pay = 40_000 + i32::try_from(self.below(60)).expect("small") * 1000;
        let (title, body) = (2 + self.below(4), self.below(60));
        OwnedPosting {
            title: self.words(title),
            company: self.of(&["Nordwind GmbH", "Acme Data Inc.", "Feed & Seed"]).to_owned(),
            location: self.chance(90).then(|| self.of(PLACES)),
            description: self.words(body),
            tech_stack: (0..self.below(4)).map(|_| self.words(1)).collect(),
            salary: Salary {
                min: self.chance(50).then_some(pay),
                max: self.chance(40).then_some(pay + 10_000),
                currency: self.chance(70).then(|| self.of(&["EUR", "usd", "QQQ"]).to_owned()),
            },
            job_type: self.of(&[Some("Full Time"), Some("contract"), Some("odd"), None]),
            remote_option: self.of(&[Some("remote"), Some("hybrid"), Some("on-site"), None, None]),
            source: self.of(&["Acme", "feed", "other"]),
            age: self.of(&[Some(0), Some(5), Some(30), None]),
            language: self.of(&["en", "de"]),
            seniority: self.of(&[Some(Seniority::Senior), Some(Seniority::Junior), None]),
        }
    }
}

struct OwnedPosting {
    title: String,
    company: String,
    location: Option<&'static str>,
    description: String,
    tech_stack: Vec<String>,
    salary: Salary,
    job_type: Option<&'static str>,
    remote_option: Option<&'static str>,
    source: &'static str,
    age: Option<u64>,
    language: &'static str,
    seniority: Option<Seniority>,
}

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 1, 10).expect("a day")
}

impl OwnedPosting {
    fn fields(&self) -> PostingFields<'_> {
        PostingFields {
            title: &self.title,
            company: &self.company,
            location: self.location,
            description: Some(&self.description),
            tech_stack: &self.tech_stack,
            salary: self.salary.clone(),
            job_type: self.job_type,
            remote_option: self.remote_option,
            source: self.source,
            posted_date: self.age.map(|days| today() - Days::new(days)),
            language: Some(self.language),
            seniority: self.seniority,
            ..PostingFields::default()
        }
    }
}

fn settings() -> MatchSettings {
    let defaults: toml::Table = crate::config::DEFAULTS.parse().expect("the defaults are TOML");
    let matching: crate::config::MatchingConfig =
        defaults["matching"].clone().try_into().expect("the defaults are complete");
    MatchSettings::from(&matching)
}

/// Search and score, by asking everyone.
fn asked(
    searches: &BTreeMap<i32, SavedSearch>,
    posting: &OwnedPosting,
    settings: &MatchSettings,
) -> Vec<(i32, u64)> {
    let posting = MatchPosting::new(JobId(1), &posting.fields(), today());
    let active = searches.values().filter(|search| search.is_active);
    let compiled = active.map(|search| CompiledSearch::new(search, settings).0);
    let held = compiled.filter(|search| search.holds(&posting, settings));
    held.map(|search| (search.id.0, search.evidence(&posting).score().to_bits())).collect()
}

fn found(finder: &mut Finder, posting: &OwnedPosting) -> Vec<(i32, u64)> {
    let mut found = Vec::new();
    finder.find_searches(&posting.fields(), today(), &mut found);
    let mut found: Vec<_> = found.iter().map(|one| (one.owner.search.0, one.score.to_bits())).collect();
    found.sort_unstable();
    found
}

#[test]
fn finds_what_asking_everyone_finds_whatever_came_before() {
    let settings = settings();
    let mut pairs = 0;
    for seed in 0..12 {
        let draw = Draw(Random::seeded(seed));
        let index = MatchIndex::new(settings.clone());
        if draw.chance(50) {
            for _ in 0..60 {
                index.observe(&MatchPosting::new(JobId(1), &draw.posting().fields(), today()));
            }
        }
        let mut searches = BTreeMap::new();
        let mut finder = index.finder();
        for _ in 0..12 {
            for _ in 0..40 {
                let id = i32::try_from(draw.below(200)).expect("small");
                if draw.chance(20) {
                    let known: Option<SavedSearch> = searches.remove(&id);
                    let was_there = known.is_some_and(|search| search.is_active);
                    assert_eq!(index.remove_search(SearchId(id)), was_there);
                } else {
                    let search = draw.search(id);
                    index.upsert_search(&search);
                    searches.insert(id, search);
                }
            }
            if draw.chance(30) {
                index.compact();
            }
            let active = searches.values().filter(|search| search.is_active).count();
            assert_eq!(index.size().searches, active);
            for _ in 0..8 {
                let posting = draw.posting();
                let expected = asked(&searches, &posting, &settings);
                pairs += expected.len();
                let ours = found(&mut finder, &posting);
                let odd = expected.iter().find(|pair| !ours.contains(pair));
                let odd = odd.or_else(|| ours.iter().find(|pair| !expected.contains(pair)));
                assert_eq!(ours, expected, "seed {seed}: {:?}", odd.map(|(id, _)| searches.get(id)));
            }
        }
    }
    assert!(pairs > 5_000, "the searches prove nothing: {pairs} pairs");
}

#[test]
fn whoever_looks_in_several_places_is_found_once_in_each_and_makes_no_area_of_its_own() {
    let index = MatchIndex::new(settings());
    let draw = Draw(Random::seeded(1));
    let wishes = [
        json!(["Leipzig"]),
        json!(["Leipzig", "Bonn"]),
        json!("Bonn; Leipzig"),
        json!(["Leipzig", "Bonn", "Leipzig", "Graz"]),
        json!(["Graz"]),
    ];
    for (id, wish) in (0..).zip(&wishes) {
        let filters = json!({ "locations": wish });
        index.upsert_search(&SavedSearch {
            id: SearchId(id),
            query: None,
            filters,
            is_active: true,
            ..draw.search(id)
        });
        let profile = json!({ "user_id": id, "desired_title": "Data Engineer", "desired_locations": wish });
        index.upsert_profile(&serde_json::from_value(profile).expect("a profile"));
    }
    assert_eq!(index.shared().places.count(), 3);
    for _ in 0..2 {
        let (mut finder, mut hits) = (index.finder(), Vec::new());
        for (place, expected) in
            [("Leipzig", &[0, 1, 2, 3][..]), ("Bonn", &[1, 2, 3]), ("Graz", &[3, 4]), ("Bern", &[])]
        {
            let posting =
                PostingFields { title: "Data Engineer", location: Some(place), ..PostingFields::default() };
            finder.matches(JobId(1), &posting, today(), &mut hits);
            let found: Vec<_> = hits.iter().map(|hit| (hit.user_id.0, hit.search_ids.len())).collect();
            assert_eq!(found, expected.iter().map(|user| (*user, 1)).collect::<Vec<_>>(), "{place}");
            assert!(hits.iter().all(|hit| hit.profile_score.is_some()), "{hits:?}");
        }
        index.compact();
    }
}

#[test]
fn long_lists_and_full_cells_are_found_through() {
    let settings = settings();
    let index = MatchIndex::new(settings.clone());
    let mut searches = BTreeMap::new();
    for id in 0..3_000_i32 {
        let search = SavedSearch {
            id: SearchId(id),
            user_id: UserId(id),
            name: String::new(),
            query: Some(match id % 3 {
                0 => format!("developer wort{}", id % 70),
                1 => format!("wort{}", id % 700),
                _ => format!("developer \"wort{} wort{}\"", id % 50, id % 50 + 1),
            }),
            filters: json!({"location": "Berlin"}),
            is_active: true,
        };
        index.upsert_search(&search);
        searches.insert(id, search);
    }
    index.compact();
    let draw = Draw(Random::seeded(7));
    let mut finder = index.finder();
    for _ in 0..20 {
        let mut posting = draw.posting();
        let first = draw.below(60);
        posting.title = "Developer".to_owned();
        posting.location = Some("Berlin");
        let words: Vec<_> = (first..first + 9).map(|word| format!("wort{word}")).collect();
        posting.description = words.join(" ");
        let ours = found(&mut finder, &posting);
        assert!(ours.len() > 50);
        assert_eq!(ours, asked(&searches, &posting, &settings));
    }
}

#[test]
fn searches_that_stay_are_always_found_while_others_come_and_go() {
    let settings = settings();
    let index = MatchIndex::new(settings.clone());
    let draw = Draw(Random::seeded(3));
    let mut staying = BTreeMap::new();
    for id in 0..300 {
        let search = draw.search(id);
        index.upsert_search(&search);
        staying.insert(id, search);
    }
    let postings: Vec<_> = (0..20).map(|_| draw.posting()).collect();
    let expected: Vec<_> = postings.iter().map(|posting| asked(&staying, posting, &settings)).collect();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut finder = index.finder();
                let mut last = false;
                while !last {
                    last = done.load(Ordering::Acquire);
                    for (posting, expected) in postings.iter().zip(&expected) {
                        let ours = found(&mut finder, posting);
                        let ours: Vec<_> = ours.into_iter().filter(|(id, _)| *id < 300).collect();
                        assert_eq!(&ours, expected);
                    }
                }
            });
        }
        for round in 0..600 {
            // The same again: what is read of changes comes more than once.
            for search in staying.values().skip(round % 7).step_by(7) {
                index.upsert_search(search);
            }
            let id = 300 + i32::try_from(draw.below(200)).expect("small");
            if draw.chance(30) {
                index.remove_search(SearchId(id));
            } else {
                index.upsert_search(&draw.search(id));
            }
            if round % 60 == 0 {
                index.compact();
            }
        }
        done.store(true, Ordering::Release);
    });
}
