//! The filters of a saved search, any JSON: what cannot be used is reported with its key, and the index agrees with the exact check.

#![no_main]

use std::sync::LazyLock;

use career_worker::{
    config::Config,
    domain::{JobId, Salary, SavedSearch, SearchId, UserId},
    matching::{CompiledSearch, Filters, MatchIndex, MatchPosting, MatchSettings, PostingFields},
};
use chrono::NaiveDate;
use libfuzzer_sys::fuzz_target;

static SETTINGS: LazyLock<MatchSettings> =
    LazyLock::new(|| MatchSettings::from(&Config::load(None, &[]).expect("the defaults").matching));

fuzz_target!(|data: &[u8]| {
    let Ok(filters) = serde_json::from_slice::<serde_json::Value>(data) else { return };
    let (read, problems) = Filters::read(&filters, true);
    for clause in &read.clauses {
        let _ = clause.describe();
    }
    assert!(
        problems.iter().all(|problem| !problem.key.is_empty() && !problem.message.is_empty()),
        "{problems:?}"
    );
    let search = SavedSearch {
        id: SearchId(1),
        user_id: UserId(1),
        name: String::new(),
        query: None,
        filters,
        is_active: true,
    };
    let (compiled, _) = CompiledSearch::new(&search, &SETTINGS);
    let index = MatchIndex::new(SETTINGS.clone());
    index.upsert_search(&search);
    let stack = ["Rust".to_owned()];
    let day = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap_or_default();
    let fields = PostingFields {
        title: "Senior Rust Engineer",
        company: "Nordwind Systems GmbH",
        location: Some("Berlin, Germany"),
        description: Some("Rust and PostgreSQL."),
        tech_stack: &stack,
        salary: Salary { min: Some(60_000), max: Some(80_000), currency: Some("EUR".to_owned()) },
        job_type: Some("full-time"),
        remote_option: Some("hybrid"),
        source: "greenhouse",
        posted_date: Some(day),
        language: Some("en"),
        ..PostingFields::default()
    };
    let posting = MatchPosting::new(JobId(1), &fields, day);
    let mut found = Vec::new();
    index.finder().find_searches(&fields, day, &mut found);
    assert_eq!(!found.is_empty(), compiled.holds(&posting, &SETTINGS), "{}", search.filters);
});
