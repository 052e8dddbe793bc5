//! A saved search's query, any text: never an error or a panic, and the index finds a posting if and only if the exact check says so.

#![no_main]

use std::sync::LazyLock;

use career_worker::{
    config::Config,
    domain::{JobId, SavedSearch, SearchId, UserId},
    matching::{CompiledSearch, MatchIndex, MatchPosting, MatchSettings, PostingFields, Query},
};
use chrono::NaiveDate;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

static SETTINGS: LazyLock<MatchSettings> =
    LazyLock::new(|| MatchSettings::from(&Config::load(None, &[]).expect("the defaults").matching));
static STACK: LazyLock<Vec<String>> =
    LazyLock::new(|| ["Rust", "C++", "Node.js"].map(str::to_owned).to_vec());

fn postings() -> [PostingFields<'static>; 2] {
    [
        PostingFields {
            title: "Senior Rust Engineer (m/w/d)",
            company: "Nordwind Systems GmbH",
            location: Some("Hamburg, Germany"),
            description: Some(
                "You build a platform in Rust and C++. Team lead, 5+ years, remote or on site. Node.js is a plus.",
            ),
            tech_stack: &STACK,
            language: Some("en"),
            ..PostingFields::default()
        },
        PostingFields {
            title: "Gärtnerin",
            company: "x",
            description: Some("\u{202e}\u{0}ﬁ İ ß 東京 🦀"),
            ..PostingFields::default()
        },
    ]
}

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let query = Query::parse(&text, true);
    let _ = Query::parse(&text, false);
    let _ = query.root.as_ref().map(|root| root.describe());
    let search = SavedSearch {
        id: SearchId(1),
        user_id: UserId(1),
        name: String::new(),
        query: Some(text.into_owned()),
        filters: json!({}),
        is_active: true,
    };
    let (compiled, _) = CompiledSearch::new(&search, &SETTINGS);
    let index = MatchIndex::new(SETTINGS.clone());
    index.upsert_search(&search);
    let mut finder = index.finder();
    for (fields, number) in postings().iter().zip(1..) {
        let posting = MatchPosting::new(JobId(number), fields, NaiveDate::default());
        let mut found = Vec::new();
        finder.find_searches(fields, NaiveDate::default(), &mut found);
        assert_eq!(!found.is_empty(), compiled.holds(&posting, &SETTINGS), "{:?}", search.query);
    }
});
