//! Postings that are the same in every run.

use career_worker::{
    domain::{Posting, Salary},
    store::postings::{Fingerprint, SightedPosting},
};

const WORDS: [&str; 40] = [
    "build", "design", "service", "team", "customer", "data", "cloud", "platform", "review", "deploy",
    "measure", "Rust", "Go", "Python", "SQL", "network", "payment", "search", "mobile", "release", "plan",
    "mentor", "office", "remote", "salary", "pension", "health", "product", "metric", "latency", "queue",
    "index", "storage", "backup", "security", "audit", "account", "invoice", "ledger", "report",
];

/// A small generator of its own, so that every run measures the same texts.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides
    }

    fn word(&mut self) -> String {
        let word = WORDS.get(self.roll(WORDS.len())).copied().unwrap_or("word");
        // A long tail of rare words, as real text has.
        if self.roll(8) == 0 { format!("{word}{}", self.roll(20_000)) } else { word.to_owned() }
    }

    fn text(&mut self, words: usize) -> String {
        (0..words).map(|_| self.word()).collect::<Vec<_>>().join(" ")
    }
}

/// So many postings of about 2.2 KB, in 500 boards.
pub fn postings(count: usize) -> Vec<SightedPosting> {
    let mut dice = Dice(2024);
    (0..count)
        .map(|n| {
            let description = dice.text(300);
            let company = format!("Company {}", n % 500);
            let title = format!("{} Engineer {}", dice.word(), n % 37);
            let posting = Posting {
                location: Some("Hamburg, Germany".to_owned()),
                requirements: Some(dice.text(30)),
                tech_stack: vec!["Rust".to_owned(), "PostgreSQL".to_owned(), format!("Tool {}", n % 300)],
                salary: Salary { min: Some(60_000), max: Some(80_000), currency: Some("EUR".to_owned()) },
                job_type: None,
                remote_option: None,
                source: "greenhouse".to_owned(),
                source_id: format!("{}", 4_000_000_000_u64 + n as u64),
                url: format!("https://boards.example.com/company-{}/jobs/{n}", n % 500),
                posted_date: None,
                application_deadline: None,
                pay: None,
                places: Vec::new(),
                description_html: Some(format!("<p>{description}</p>")),
                description: Some(description),
                language: Some("en".to_owned()),
                seniority: None,
                years: None,
                cut: Vec::new(),
                title: title.clone(),
                company: company.clone(),
            };
            let fingerprint = Some(Fingerprint {
                company_key: company.to_lowercase(),
                title_key: title.to_lowercase(),
                place_keys: vec!["hamburg".to_owned()],
                simhash: dice.0,
            });
            SightedPosting { posting, fingerprint }
        })
        .collect()
}

/// The same postings, every `nth` with a sentence more.
pub fn changed(postings: &[SightedPosting], nth: usize) -> Vec<SightedPosting> {
    let mut changed = postings.to_vec();
    for sighted in changed.iter_mut().step_by(nth) {
        if let Some(text) = &mut sighted.posting.description {
            text.push_str(" Apply until the end of the month.");
        }
    }
    changed
}
