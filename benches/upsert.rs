//! How much the upsert of 50,000 new postings costs, as a ratio to one `INSERT ... SELECT` of the same rows into the same indexed table.
//!
//! The upsert also writes sightings, outbox and duplicate groups, decides on identities, and hashes every posting. Both are measured in one
//! run, in turns, and both for the first fifth of the postings too: the ratio should not grow with the table. Starts a private server;
//! `DATABASE_URL` names another one, where it makes a database of its own.
//!
//! `cargo bench --bench upsert [-- ROUNDS POSTINGS]`
#![expect(clippy::print_stdout, reason = "this is what it is for")]

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt as _,
    time::{Duration, Instant},
};

use career_worker::{
    config::Config,
    dev::{Stack, StackOptions},
    domain::{Posting, Salary},
    store::{
        Store,
        postings::{Fingerprint, SightedPosting},
    },
};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, postgres::PgConnectOptions};

const BATCH: usize = 500;
const WORDS: [&str; 40] = [
    "build", "design", "service", "team", "customer", "data", "cloud", "platform", "review", "deploy",
    "measure", "Rust", "Go", "Python", "SQL", "network", "payment", "search", "mobile", "release", "plan",
    "mentor", "office", "remote", "salary", "pension", "health", "product", "metric", "latency", "queue",
    "index", "storage", "backup", "security", "audit", "account", "invoice", "ledger", "report",
];

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

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

fn postings(count: usize) -> Vec<SightedPosting> {
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

/// The same postings with a sentence more.
fn changed(postings: &[SightedPosting]) -> Vec<SightedPosting> {
    let mut changed = postings.to_vec();
    for sighted in &mut changed {
        if let Some(text) = &mut sighted.posting.description {
            text.push_str(" Apply until the end of the month.");
        }
    }
    changed
}

/// Time until each batch was stored.
async fn upsert(store: &Store, postings: &[SightedPosting]) -> Result<Vec<Duration>> {
    let start = Instant::now();
    let mut times = Vec::new();
    for batch in postings.chunks(BATCH) {
        store.upsert_postings(batch, "bench").await?;
        times.push(start.elapsed());
    }
    Ok(times)
}

async fn insert(admin: &mut PgConnection, count: usize) -> Result<Duration> {
    empty(admin).await?;
    let start = Instant::now();
    sqlx::query("INSERT INTO jobs SELECT * FROM staged ORDER BY id LIMIT $1")
        .bind(i64::try_from(count)?)
        .execute(admin)
        .await?;
    Ok(start.elapsed())
}

async fn empty(admin: &mut PgConnection) -> Result<()> {
    admin.execute("TRUNCATE jobs, worker.outbox, worker.source_health RESTART IDENTITY CASCADE").await?;
    admin.execute("CHECKPOINT").await?;
    Ok(())
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(f64::NAN)
}

/// What one round took.
struct Round {
    new: Duration,
    new_part: Duration,
    unchanged: Duration,
    changed: Duration,
    insert: Duration,
    insert_part: Duration,
}

impl Round {
    async fn measure(
        number: usize,
        store: &Store,
        admin: &mut PgConnection,
        postings: &[SightedPosting],
        later: &[SightedPosting],
    ) -> Result<Self> {
        let part = (postings.len() / 5).next_multiple_of(BATCH).min(postings.len());
        let inserts = async |admin: &mut PgConnection| -> Result<(Duration, Duration)> {
            Ok((insert(admin, part).await?, insert(admin, postings.len()).await?))
        };
        // In turns, so that a machine that gets slower or faster meanwhile favours neither.
        let before = if number.is_multiple_of(2) { Some(inserts(admin).await?) } else { None };
        empty(admin).await?;
        let new = upsert(store, postings).await?;
        let unchanged = upsert(store, postings).await?;
        let changed = upsert(store, later).await?;
        let (insert_part, insert) = match before {
            Some(times) => times,
            None => inserts(admin).await?,
        };
        let total = |times: &[Duration]| times.last().copied().unwrap_or_default();
        Ok(Self {
            new: total(&new),
            new_part: new.get(part / BATCH - 1).copied().unwrap_or_default(),
            unchanged: total(&unchanged),
            changed: total(&changed),
            insert,
            insert_part,
        })
    }

    fn ratio(&self) -> f64 {
        self.new.as_secs_f64() / self.insert.as_secs_f64()
    }

    fn part_ratio(&self) -> f64 {
        self.new_part.as_secs_f64() / self.insert_part.as_secs_f64()
    }
}

async fn measure(url: &str, rounds: usize, count: usize) -> Result<()> {
    let config = Config::load(None, &[("database.url", url.to_owned())])?;
    let store = Store::open(&config.database)?;
    store.migrate().await?;
    let mut admin = PgConnection::connect(url).await?;
    let postings = postings(count);
    let later = changed(&postings);
    upsert(&store, &postings).await?;
    admin.execute("CREATE UNLOGGED TABLE staged AS SELECT * FROM jobs").await?;
    admin.execute("ANALYZE staged").await?;
    let mut measured = Vec::new();
    for number in 1..=rounds {
        let round = Round::measure(number, &store, &mut admin, &postings, &later).await?;
        println!(
            "round {number}: INSERT ... SELECT {:.2?}; new {:.2?} (ratio {:.2}, of the first fifth {:.2}), unchanged {:.2?}, changed {:.2?}",
            round.insert,
            round.new,
            round.ratio(),
            round.part_ratio(),
            round.unchanged,
            round.changed,
        );
        measured.push(round);
    }
    println!(
        "{count} new postings: median ratio {:.2}, of the first fifth {:.2}",
        median(measured.iter().map(Round::ratio).collect()),
        median(measured.iter().map(Round::part_ratio).collect()),
    );
    let against_new = |time: fn(&Round) -> Duration| {
        median(measured.iter().map(|round| time(round).as_secs_f64() / round.new.as_secs_f64()).collect())
    };
    println!(
        "against new ones: all unchanged {:.3}, all changed {:.2}",
        against_new(|round| round.unchanged),
        against_new(|round| round.changed)
    );
    store.close().await;
    Ok(())
}

#[tokio::main]
async fn main() -> Result<()> {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse().ok());
    let (rounds, count) = (numbers.next().unwrap_or(3), numbers.next().unwrap_or(50_000).max(BATCH));
    // The servers of root run as another user.
    let folder = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir()?;
    let stack = Stack::start(StackOptions {
        data: folder.path().join("servers"),
        durable: false,
        database_url: std::env::var("DATABASE_URL").ok(),
        // Nothing here asks Redis.
        redis_url: Some("redis://127.0.0.1:1".to_owned()),
    })
    .await?;
    let name = format!("career_bench_{}", std::process::id());
    let options: PgConnectOptions = stack.database_url.parse()?;
    let mut admin = PgConnection::connect_with(&options).await?;
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await?;
    let mut url = url::Url::parse(&stack.database_url)?;
    url.set_path(&name);
    let measured = measure(url.as_str(), rounds, count).await;
    admin.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await?;
    measured
}
