//! The index against asking everybody, and the query language against PostgreSQL, on random searches and postings.

use std::cell::Cell;

use career_worker::{
    config::{DEFAULTS, MatchingConfig},
    domain::{JobId, Profile, Salary, SavedSearch, SearchId, UserId},
    matching::{
        CompiledProfile, CompiledSearch, Fields, MatchIndex, MatchPosting, MatchSettings, Node,
        PostingFields, Query, Term, explain_profile, explain_search,
    },
};
use chrono::NaiveDate;
use proptest::{prelude::*, sample::select, strategy::ValueTree as _, test_runner::TestRunner};
use serde_json::{Value, json};

use crate::support::TestDb;

const WORDS: &[&str] = &[
    "rust",
    "java",
    "c++",
    "c#",
    "c",
    "go",
    ".net",
    "node.js",
    "nodejs",
    "python",
    "developer",
    "developers",
    "engineer",
    "senior",
    "sr",
    "machine learning",
    "ml",
    "full-stack",
    "intern",
    "internal",
    "entwickler",
    "softwareentwickler",
    "office",
    "sales",
    "manager",
    "data",
    "kubernetes",
    "k8s",
    "e-commerce",
    "the",
    "and",
    "münchen",
    "remote",
    "r&d",
];
const PLACES: &[&str] = &[
    "Berlin",
    "Berlin, Germany",
    "München",
    "Munich, DE",
    "New York, NY",
    "San Francisco, CA",
    "Remote",
    "Remote, Germany",
    "Paris; Lyon",
    "Essen",
    "Hessen",
    "France",
    "Zürich, Switzerland",
    "London (UK)",
    "Germany",
    "Deutschland",
    "DE",
    "USA",
    "Lyon, FR",
    "United Kingdom",
    "US",
    "CA",
];
const SKILLS: &[&str] =
    &["Rust", "Go", "C++", "C", "Node.js", "Python", "Kubernetes", "Machine Learning", "React Native", "SQL"];
const TYPES: &[&str] = &["full-time", "part-time", "contract", "Full Time"];
const OPTIONS: &[&str] = &["remote", "hybrid", "onsite", "on-site", "yes"];

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 2, 1).expect("a day")
}

fn settings() -> MatchSettings {
    let defaults: toml::Table = DEFAULTS.parse().expect("the defaults are TOML");
    let matching: MatchingConfig =
        defaults["matching"].clone().try_into().expect("the defaults are complete");
    MatchSettings::from(&matching)
}

fn text(words: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    prop::collection::vec(select(WORDS), words).prop_map(|words| words.join(" "))
}

prop_compose! {
    fn posting()(
        title in text(1..4), company in select(vec!["Acme GmbH", "Nord & Co", "Data Berlin AG", "R&D Labs"]), place in prop::option::of(select(PLACES)),
        body in text(0..25), stack in prop::collection::vec(select(SKILLS), 0..5), kind in prop::option::of(select(TYPES)),
        remote in prop::option::of(select(OPTIONS)), pay in prop::option::of((30_000..90_000_i32, 0..30_000_i32)),
        currency in select(vec!["EUR", "USD", "XYZ"]), age in prop::option::of(0..40_u64), language in prop::option::of(select(vec!["en", "de", "fr"])),
    ) -> Raw {
        let salary = Salary { min: pay.map(|pay| pay.0), max: pay.map(|pay| pay.0 + pay.1), currency: pay.map(|_| currency.to_owned()) };
        let stack = stack.into_iter().map(str::to_owned).collect();
        Raw { title, company, place, body, stack, kind, remote, salary, age, language }
    }
}

#[derive(Clone, Debug)]
struct Raw {
    title: String,
    company: &'static str,
    place: Option<&'static str>,
    body: String,
    stack: Vec<String>,
    kind: Option<&'static str>,
    remote: Option<&'static str>,
    salary: Salary,
    age: Option<u64>,
    language: Option<&'static str>,
}

impl Raw {
    fn fields(&self) -> PostingFields<'_> {
        PostingFields {
            title: &self.title,
            company: self.company,
            location: self.place,
            description: Some(&self.body),
            tech_stack: &self.stack,
            job_type: self.kind,
            remote_option: self.remote,
            source: "lever",
            salary: self.salary.clone(),
            posted_date: self.age.map(|days| today() - chrono::Days::new(days)),
            language: self.language,
            ..PostingFields::default()
        }
    }

    fn reduced(&self) -> MatchPosting {
        MatchPosting::new(JobId(1), &self.fields(), today())
    }
}

fn query() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        6 => select(WORDS).prop_map(str::to_owned),
        2 => text(1..3).prop_map(|words| format!("\"{words}\"")),
        1 => select(vec!["eng*", "d*", "soft*", "c+*", "node*", "re*"]).prop_map(str::to_owned),
        1 => (select(vec!["title", "company", "location", "tech", "salary"]), select(WORDS)).prop_map(|(field, word)| format!("{field}:{word}")),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            4 => prop::collection::vec(inner.clone(), 1..4).prop_map(|parts| parts.join(" ")),
            2 => prop::collection::vec(inner.clone(), 2..4).prop_map(|parts| format!("({})", parts.join(" OR "))),
            1 => inner.prop_map(|part| format!("-({part})")),
        ]
    })
}

fn filters() -> impl Strategy<Value = Value> {
    let clause = prop_oneof![
        3 => select(PLACES).prop_map(|place| ("location", json!(place))),
        1 => prop::collection::vec(select(PLACES), 1..4).prop_map(|places| ("location", json!(places))),
        1 => any::<bool>().prop_map(|only| ("remote_only", json!(only))),
        1 => select(TYPES).prop_map(|kind| ("job_type", json!(kind))),
        1 => (30_000..90_000).prop_map(|pay| ("min_salary", json!(pay))),
        1 => select(vec!["EUR", "USD"]).prop_map(|code| ("currency", json!(code))),
        1 => prop::collection::vec(select(SKILLS), 1..3).prop_map(|skills| ("tech_stack", json!(skills))),
        1 => select(vec!["acme", "r&d", "berlin ag"]).prop_map(|name| ("company", json!(name))),
        1 => select(WORDS).prop_map(|word| ("exclude", json!([word]))),
        1 => (0..40).prop_map(|days| ("posted_within_days", json!(days))),
        1 => query().prop_map(|text| ("text", json!(text))),
        1 => select(WORDS).prop_map(|word| ("rules", json!([{"field": "title", "operator": "contains", "value": word}]))),
    ];
    prop::collection::vec(clause, 0..4)
        .prop_map(|clauses| clauses.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

prop_compose! {
    fn search()(query in prop::option::weighted(0.85, query()), filters in filters(), user in 0..12_i32, active in prop::bool::weighted(0.9)) -> SavedSearch {
        SavedSearch { id: SearchId(0), user_id: UserId(user), name: "any".to_owned(), query, filters, is_active: active }
    }
}

prop_compose! {
    fn profile()(
        title in prop::option::of(text(1..3)), places in prop::collection::vec(select(PLACES), 0..3), stack in prop::collection::vec(select(SKILLS), 0..5),
        pay in prop::option::of(30_000..90_000_i32), remote in prop::option::of(select(OPTIONS)), types in prop::collection::vec(select(TYPES), 0..2),
        years in prop::option::of(0..20_i32), company in prop::option::of(select(vec!["Acme", "Nord"])),
    ) -> Profile {
        serde_json::from_value(json!({
            "user_id": 0, "desired_title": title, "desired_locations": places, "tech_stack": stack, "salary_expectation_min": pay, "salary_currency": "EUR",
            "remote_preference": remote, "job_types": types, "years_experience": years, "preferred_companies": company,
        })).expect("a profile")
    }
}

/// Searches and profiles come, change and go; after each round the index, asking everybody, and the exact check agree, both ways.
#[test]
fn the_index_finds_exactly_what_asking_everybody_finds() {
    let strategy = (
        prop::collection::vec(search(), 1..60),
        prop::collection::vec(profile(), 0..12),
        prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        prop::collection::vec(search(), 0..20),
        prop::collection::vec(posting(), 1..12),
    );
    let totals = [Cell::new(0), Cell::new(0)];
    let mut runner =
        TestRunner::new(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() });
    runner
        .run(&strategy, |(mut searches, mut profiles, gone, changed, postings)| {
            let index = MatchIndex::new(settings());
            for (id, search) in (1..).zip(&mut searches) {
                search.id = SearchId(id);
                index.upsert_search(search);
            }
            for (user, profile) in (0..).zip(&mut profiles) {
                profile.user_id = UserId(user);
                index.upsert_profile(profile);
            }
            for at in &gone {
                let search = at.get(&searches).clone();
                index.remove_search(search.id);
                searches
                    .iter_mut()
                    .filter(|other| other.id == search.id)
                    .for_each(|other| other.is_active = false);
            }
            for (mut search, at) in changed.into_iter().zip(&gone) {
                search.id = at.get(&searches).id;
                index.upsert_search(&search);
                if let Some(old) = searches.iter_mut().find(|other| other.id == search.id) {
                    *old = search;
                }
            }
            let settings = settings();
            let (mut finder, mut hits) = (index.finder(), Vec::new());
            for (at, raw) in postings.iter().enumerate() {
                if at == 4 {
                    index.compact();
                }
                let posting = &raw.reduced();
                finder.matches(JobId(1), &raw.fields(), today(), &mut hits);
                let mut found: Vec<_> = hits.iter().flat_map(|hit| hit.search_ids.iter().copied()).collect();
                found.sort();
                let expected: Vec<_> = searches
                    .iter()
                    .filter(|search| {
                        search.is_active && CompiledSearch::new(search, &settings).0.holds(posting, &settings)
                    })
                    .map(|search| search.id)
                    .collect();
                prop_assert_eq!(&found, &expected);
                for search in &searches {
                    let explained = explain_search(posting, search, &settings);
                    prop_assert_eq!(explained.matches, expected.contains(&search.id));
                    prop_assert_eq!(explained.matches, explained.failed().next().is_none());
                }
                for profile in &profiles {
                    let score = CompiledProfile::new(profile).total(posting, &settings);
                    let fits = CompiledProfile::new(profile).can_match()
                        && score.is_some_and(|score| score >= settings.threshold);
                    let hit = hits.iter().find(|hit| hit.user_id == profile.user_id);
                    prop_assert!(!fits || hit.is_some());
                    let explained = explain_profile(posting, profile, &settings);
                    prop_assert_eq!(explained.matches, fits);
                    prop_assert_eq!(
                        explained.score,
                        score.filter(|_| CompiledProfile::new(profile).can_match())
                    );
                    prop_assert_eq!(explained.parts.is_empty(), !CompiledProfile::new(profile).can_match());
                    prop_assert!(fits || hit.is_none_or(|hit| !hit.search_ids.is_empty()));
                    prop_assert!(hit.is_none_or(|hit| hit.profile_score == score));
                }
                prop_assert!(hits.is_sorted_by(|left, right| left.user_id < right.user_id));
                prop_assert!(hits.iter().all(|hit| (0.0..=1.0).contains(&hit.score)), "{:?}", hits);
                totals[0].set(totals[0].get() + expected.len());
                totals[1].set(totals[1].get() + searches.len());
            }
            Ok(())
        })
        .expect("equal");
    let totals = totals.map(Cell::into_inner);
    assert!(totals[0] > 1_000 && totals[0] * 2 < totals[1], "the cases prove nothing: {totals:?}");
}

/// A posting as a `tsvector`: every term by number, exact words with positions, and the words themselves for prefixes.
fn tsvector(posting: &MatchPosting) -> String {
    let mut lexemes = Vec::new();
    for (term, _) in posting.terms() {
        let positions: Vec<_> = posting.positions(term).map(|position| (position + 1).to_string()).collect();
        let positions =
            if positions.is_empty() { String::new() } else { format!(":{}", positions.join(",")) };
        lexemes.push(format!("{}{positions}", name(term)));
    }
    lexemes.extend(posting.surfaces().map(|(word, _)| quoted(&format!("w{word}"))));
    lexemes.join(" ")
}

fn name(term: Term) -> String {
    format!("t{:x}", term.0)
}

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\\', "\\\\").replace('\'', "''"))
}

/// The same tree as a `tsquery`.
fn tsquery(node: &Node) -> String {
    let list = |nodes: &[Node], operator: &str| {
        format!("({})", nodes.iter().map(tsquery).collect::<Vec<_>>().join(operator))
    };
    let terms = |terms: &[Term], operator: &str| {
        format!("({})", terms.iter().map(|term| name(*term)).collect::<Vec<_>>().join(operator))
    };
    match node {
        Node::And(nodes) => list(nodes, " & "),
        Node::Or(nodes) => list(nodes, " | "),
        Node::Not(node) => format!("!{}", tsquery(node)),
        Node::Word { any, .. } => terms(any, " | "),
        Node::Phrase { words, .. } => terms(words, " <-> "),
        Node::Prefix { label, .. } => format!("{}:*", quoted(&format!("w{label}"))),
    }
}

fn is_unscoped(node: &Node) -> bool {
    match node {
        Node::And(nodes) | Node::Or(nodes) => nodes.iter().all(is_unscoped),
        Node::Not(node) => is_unscoped(node),
        Node::Word { fields, .. } | Node::Phrase { fields, .. } | Node::Prefix { fields, .. } => {
            *fields == Fields::ALL
        }
    }
}

#[tokio::test]
async fn postgresql_gives_the_same_answer_on_the_same_tokens() {
    let db = TestDb::new().await;
    let mut runner = TestRunner::deterministic();
    let (mut ours, mut vectors, mut queries, mut trees) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    while ours.len() < 6_000 {
        let posting = posting().new_tree(&mut runner).expect("a posting").current().reduced();
        for _ in 0..20 {
            let text = query().new_tree(&mut runner).expect("a query").current();
            let Some(root) = Query::parse(&text, ours.len() % 2 == 0).root.filter(is_unscoped) else {
                continue;
            };
            ours.push(root.holds(&posting));
            vectors.push(tsvector(&posting));
            queries.push(tsquery(&root));
            trees.push(text);
        }
    }
    let theirs: Vec<bool> = sqlx::query_scalar(
        "SELECT v::tsvector @@ q::tsquery FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS pair (v, q, n) ORDER BY n",
    )
    .bind(&vectors)
    .bind(&queries)
    .fetch_all(&db.pool)
    .await
    .expect("an answer");
    for (at, (our, their)) in ours.iter().zip(&theirs).enumerate() {
        assert_eq!(our, their, "{}\n{}\n{}", trees[at], queries[at], vectors[at]);
    }
    assert_eq!(ours.len(), theirs.len());
    let held = ours.iter().filter(|held| **held).count();
    assert!(held > 600 && held < 5_400, "the cases prove nothing: {held} of 6000");
}

/// Words that PostgreSQL's own parser takes whole, so that nothing but its parser and ours decides what is a word.
#[tokio::test]
async fn postgresql_gives_the_same_answer_on_plain_text() {
    let db = TestDb::new().await;
    let plain = ["alpha", "bravo", "gamma", "delta", "kilo", "sierra"];
    let words = || prop::collection::vec(select(plain.to_vec()), 0..8).prop_map(|words| words.join(" "));
    let leaf = prop_oneof![
        select(plain.to_vec()).prop_map(|word| format!("\"{word}\"")),
        prop::collection::vec(select(plain.to_vec()), 2..4)
            .prop_map(|words| format!("\"{}\"", words.join(" "))),
        select(plain.to_vec()).prop_map(|word| format!("-\"{word}\"")),
    ];
    let web = prop::collection::vec((leaf, any::<bool>()), 1..5).prop_map(|parts| {
        parts
            .iter()
            .enumerate()
            .map(|(at, (part, or))| if at > 0 && *or { format!("or {part}") } else { part.clone() })
            .collect::<Vec<_>>()
            .join(" ")
    });
    let mut runner = TestRunner::deterministic();
    let (mut ours, mut texts, mut queries) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3_000 {
        let body = words().new_tree(&mut runner).expect("a text").current();
        let text = web.new_tree(&mut runner).expect("a query").current();
        let fields =
            PostingFields { description: Some(&body), language: Some("en"), ..PostingFields::default() };
        ours.push(Query::parse(&text, false).holds(&MatchPosting::new(JobId(1), &fields, today())));
        texts.push(body);
        queries.push(text);
    }
    let theirs: Vec<bool> = sqlx::query_scalar(
        "SELECT to_tsvector('simple', t) @@ websearch_to_tsquery('simple', q) FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS pair (t, q, n) ORDER BY n",
    )
    .bind(&texts)
    .bind(&queries)
    .fetch_all(&db.pool)
    .await
    .expect("an answer");
    for (at, (our, their)) in ours.iter().zip(&theirs).enumerate() {
        assert_eq!(our, their, "{} in {}", queries[at], texts[at]);
    }
    let held = ours.iter().filter(|held| **held).count();
    assert!(held > 300 && held < 2_700, "the cases prove nothing: {held} of 3000");
}
