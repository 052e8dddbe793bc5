//! Matching 1,000 postings of about 2.6 KB against 10,000 and 100,000 searches, by the index and by asking every search.
//!
//! Both run in the same process on the same data and must give the same matches; what counts is their ratio. The generator is seeded: equal
//! runs see equal data. `cargo bench --bench matching`.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the numbers are small and drawn here"
)]

use std::{collections::BTreeMap, fmt::Write as _, hint::black_box, sync::LazyLock, time::Instant};

use career_worker::{
    config::{DEFAULTS, MatchingConfig},
    domain::{JobId, Salary, SavedSearch, SearchId, UserId},
    matching::{MatchIndex, MatchPosting, MatchSettings, PostingFields},
    random::Random,
};
use chrono::NaiveDate;
use serde_json::{Map, Value, json};

const POSTINGS: usize = 1_000;
const CITIES: u64 = 5_000;
const BODY_WORDS: u64 = 50_000;

const ROLES: &[&str] = &[
    "developer",
    "engineer",
    "manager",
    "analyst",
    "designer",
    "architect",
    "consultant",
    "administrator",
    "nurse",
    "accountant",
    "technician",
    "driver",
    "assistant",
    "coordinator",
    "teacher",
    "scientist",
    "recruiter",
    "tester",
    "buyer",
    "electrician",
    "pharmacist",
    "lawyer",
    "auditor",
];
const QUALITIES: &[&str] = &[
    "software",
    "data",
    "product",
    "sales",
    "marketing",
    "frontend",
    "backend",
    "mobile",
    "cloud",
    "security",
    "network",
    "financial",
    "quality",
    "mechanical",
    "clinical",
    "research",
    "technical",
    "content",
    "embedded",
    "platform",
    "logistics",
    "legal",
    "risk",
    "medical",
    "retail",
    "process",
];
const SKILLS: &[&str] = &[
    "Python",
    "Java",
    "JavaScript",
    "SQL",
    "React",
    "AWS",
    "TypeScript",
    "Docker",
    "Kubernetes",
    "Node.js",
    "C++",
    "C#",
    ".NET",
    "Go",
    "Rust",
    "Terraform",
    "Kafka",
    "Spark",
    "Scala",
    "Kotlin",
    "Swift",
    "Ruby",
    "GraphQL",
    "Oracle",
    "Tableau",
    "Excel",
    "SAP",
    "Salesforce",
    "Ansible",
    "Figma",
    "AutoCAD",
    "MATLAB",
];

/// Draws that favour low numbers, as words and places do.
struct Draw(Random);

impl Draw {
    fn zipf(&self, count: u64) -> u64 {
        ((count as f64).powf(self.even()) - 1.0) as u64
    }

    /// A place: the first few hundred of five thousand are common.
    fn city(&self) -> String {
        city((self.even().powi(2) * CITIES as f64) as u64)
    }

    fn even(&self) -> f64 {
        self.0.below(1 << 30) as f64 / f64::from(1 << 30)
    }

    fn of<'a>(&self, all: &[&'a str]) -> &'a str {
        all[self.zipf(all.len() as u64) as usize]
    }

    fn chance(&self, percent: u64) -> bool {
        self.0.below(100) < percent
    }
}

fn word(n: u64) -> String {
    const SYLLABLES: [&str; 16] =
        ["ba", "ke", "li", "mo", "nu", "ra", "se", "ti", "vo", "zu", "da", "fe", "gi", "ho", "ju", "la"];
    let mut word = String::new();
    let mut rest = n + 16;
    while rest > 0 {
        word.push_str(SYLLABLES[(rest % 16) as usize]);
        rest /= 16;
    }
    word
}

fn city(n: u64) -> String {
    format!("{}stadt", word(n))
}

/// A posting before it is reduced.
struct Raw {
    id: i32,
    title: String,
    company: String,
    location: String,
    body: String,
    skills: Vec<String>,
    pay: Option<i32>,
    job_type: &'static str,
    remote: &'static str,
}

impl Raw {
    fn drawn(id: i32, draw: &Draw) -> Self {
        let skills: Vec<String> = (0..3 + draw.0.below(6)).map(|_| draw.of(SKILLS).to_owned()).collect();
        let role = format!("{} {}", draw.of(QUALITIES), draw.of(ROLES));
        let title = if draw.chance(40) { format!("Senior {} {role}", skills[0]) } else { role.clone() };
        let mut body = String::new();
        while body.len() < 2_600 {
            let _ = match draw.0.below(40) {
                0 => write!(body, "{} ", draw.of(SKILLS)),
                1 => write!(body, "{role}. "),
                _ => write!(body, "{} ", word(draw.zipf(BODY_WORDS))),
            };
        }
        Self {
            id,
            title,
            company: format!("{} GmbH", word(draw.zipf(20_000))),
            location: format!("{}, Germany", draw.city()),
            body,
            skills,
            pay: draw.chance(45).then(|| 25_000 + draw.0.below(100_000) as i32),
            job_type: if draw.chance(75) { "full-time" } else { "contract" },
            remote: ["onsite", "onsite", "hybrid", "remote"][draw.0.below(4) as usize],
        }
    }

    fn reduced(&self) -> MatchPosting {
        let today = NaiveDate::default();
        let fields = PostingFields {
            title: &self.title,
            company: &self.company,
            location: Some(&self.location),
            description: Some(&self.body),
            tech_stack: &self.skills,
            salary: Salary {
                min: self.pay,
                max: self.pay.map(|pay| pay + 10_000),
                currency: self.pay.map(|_| "EUR".to_owned()),
            },
            job_type: Some(self.job_type),
            remote_option: Some(self.remote),
            source: "bench",
            posted_date: Some(today),
            language: Some("en"),
            ..PostingFields::default()
        };
        MatchPosting::new(JobId(self.id), &fields, today)
    }
}

fn search(id: i32, draw: &Draw) -> SavedSearch {
    let (quality, role, skill) = (draw.of(QUALITIES), draw.of(ROLES), draw.of(SKILLS));
    let mut query = match draw.0.below(100) {
        0..30 => format!("{quality} {role}"),
        30..40 => role.to_owned(),
        40..62 => format!("{skill} {role}"),
        62..70 => skill.to_owned(),
        70..80 => format!("\"{quality} {role}\""),
        80..88 => format!("{skill} or {}", draw.of(SKILLS)),
        88..95 => format!("{} {role}", word(40 + draw.0.below(12_000))),
        _ => String::new(),
    };
    if draw.chance(12) {
        let _ = write!(query, " -{}", draw.of(SKILLS));
    }
    let mut filters = Map::new();
    match draw.0.below(100) {
        0..90 => filters.insert("location".to_owned(), json!(draw.city())),
        90..98 => filters.insert(
            "location".to_owned(),
            json!(["Austria", "France", "Poland", "Germany"][draw.0.below(4) as usize]),
        ),
        _ => filters.insert("remote_only".to_owned(), json!(true)),
    };
    if draw.chance(30) {
        filters.insert("job_type".to_owned(), json!("full-time"));
    }
    if draw.chance(35) {
        filters.insert("min_salary".to_owned(), json!(25_000 + draw.0.below(100_000)));
    }
    if draw.chance(15) {
        filters.insert("tech_stack".to_owned(), json!([draw.of(SKILLS), draw.of(SKILLS)]));
    }
    SavedSearch {
        id: SearchId(id),
        user_id: UserId(id / 2),
        name: "bench".to_owned(),
        query: Some(query),
        filters: Value::Object(filters),
        is_active: true,
    }
}

fn settings() -> MatchSettings {
    let defaults: toml::Table = DEFAULTS.parse().expect("the defaults are TOML");
    let matching: MatchingConfig =
        defaults["matching"].clone().try_into().expect("the defaults are complete");
    MatchSettings::from(&matching)
}

fn index(searches: i32) -> MatchIndex {
    let draw = Draw(Random::seeded(2));
    let index = MatchIndex::new(settings());
    (0..searches).for_each(|id| drop(index.upsert_search(&search(id, &draw))));
    index
}

static RAW: LazyLock<Vec<Raw>> = LazyLock::new(|| {
    let draw = Draw(Random::seeded(1));
    (0..POSTINGS as i32).map(|id| Raw::drawn(id, &draw)).collect()
});
static POSTED: LazyLock<Vec<MatchPosting>> = LazyLock::new(|| RAW.iter().map(Raw::reduced).collect());
static INDEXES: LazyLock<BTreeMap<i32, MatchIndex>> =
    LazyLock::new(|| [10_000, 100_000].map(|count| (count, index(count))).into());

/// Resident memory of this process in bytes; 0 where the system does not tell.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

fn pairs(
    postings: &[MatchPosting],
    find: impl Fn(&MatchPosting) -> Vec<career_worker::matching::Hit>,
) -> usize {
    postings.iter().flat_map(find).map(|hit| hit.search_ids.len()).sum()
}

fn main() {
    let raw = &*RAW;
    let postings = &*POSTED;
    let begin = Instant::now();
    for raw in raw {
        drop(black_box(raw.reduced()));
    }
    println!(
        "reduce: {POSTINGS} postings, {:.1} us each",
        begin.elapsed().as_secs_f64() * 1e6 / POSTINGS as f64
    );
    for (count, sample) in [(10_000, POSTINGS), (100_000, 100)] {
        let (begin, before) = (Instant::now(), resident());
        let index = index(count);
        let built = begin.elapsed().as_secs_f64();
        let bytes = resident().saturating_sub(before) / count as usize;
        let begin = Instant::now();
        let found = pairs(postings, |posting| index.matches(posting));
        let indexed = begin.elapsed().as_secs_f64() / POSTINGS as f64;
        let candidates: usize = postings.iter().map(|posting| index.candidates(posting).searches).sum();
        let begin = Instant::now();
        let scanned = pairs(&postings[..sample], |posting| index.scan(posting));
        let brute = begin.elapsed().as_secs_f64() / sample as f64;
        assert_eq!(
            scanned,
            pairs(&postings[..sample], |posting| index.matches(posting)),
            "index and scan differ"
        );
        assert!(found > POSTINGS / 10, "the data proves nothing: {found} matches");
        println!(
            "{count} searches: build {:.1} us and {bytes} B a search; {found} matches, {:.1} candidates a match; \
             index {:.1} us a posting, scan {:.1} us ({sample} postings), ratio {:.0}",
            built * 1e6 / f64::from(count),
            candidates as f64 / found as f64,
            indexed * 1e6,
            brute * 1e6,
            brute / indexed
        );
    }
    divan::main();
}

#[divan::bench(sample_count = 10)]
fn reduce(bencher: divan::Bencher<'_, '_>) {
    let raw = &*RAW;
    bencher
        .counter(divan::counter::ItemsCount::new(POSTINGS))
        .bench(|| raw.iter().for_each(|raw| drop(black_box(raw.reduced()))));
}

#[divan::bench(args = [10_000, 100_000], sample_count = 5)]
fn matches(bencher: divan::Bencher<'_, '_>, searches: i32) {
    let index = &INDEXES[&searches];
    bencher
        .counter(divan::counter::ItemsCount::new(POSTINGS))
        .bench(|| black_box(pairs(&POSTED, |posting| index.matches(posting))));
}

#[divan::bench(args = [10_000], sample_count = 2)]
fn scan_of_100_postings(bencher: divan::Bencher<'_, '_>, searches: i32) {
    let index = &INDEXES[&searches];
    bencher
        .counter(divan::counter::ItemsCount::new(100_usize))
        .bench(|| black_box(pairs(&POSTED[..100], |posting| index.scan(posting))));
}
