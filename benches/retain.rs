//! A million old postings leave the database beside a running scrape: how much longer the scrape's batches take, and how many dead rows lie
//! about at the most.
//!
//! The scrape stores a batch every 150 ms, new, changed and unchanged postings mixed, and each batch is timed from the moment it was due.
//! First alone, then beside `retain` with the policy `archive` into a folder. `CAREER_BENCH_POSTINGS` (1000000) sets how many leave. The
//! servers are private ones on disk; only ratios of one run say something about another machine.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]
#![expect(clippy::cast_precision_loss, reason = "sizes and times are far below 2^52")]

#[expect(dead_code, reason = "shared by benchmarks")]
mod measures;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::ensure;
use career_worker::{
    backup::keys,
    clock::Clock,
    config::Config,
    dev::{Stack, StackOptions},
    domain::{Outcome, Posting, Salary, Trigger},
    fetch::{Fetch, LocalGate},
    queue::Transport,
    random::Random,
    store::{Store, postings::SightedPosting},
    tasks::{self, Matcher},
    worker::{Parts, Worker},
};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tokio_util::sync::CancellationToken;

use self::measures::{Goal, Measures, quantile};

const BATCH: u64 = 100;
const EVERY: Duration = Duration::from_millis(150);
const ALONE: Duration = Duration::from_mins(1);

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let folder = std::env::temp_dir().join(format!("career-bench-retain-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let result = runtime.block_on(run(&folder));
    std::fs::remove_dir_all(&folder).unwrap_or_default();
    result
}

async fn run(folder: &Path) -> anyhow::Result<()> {
    let count: i32 =
        std::env::var("CAREER_BENCH_POSTINGS").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000_000);
    let options =
        StackOptions { data: folder.join("servers"), durable: true, database_url: None, redis_url: None };
    let stack = Stack::start(options).await?;
    let (ours, offline) = (keys::generate(), keys::generate());
    let mut config = Config::load(None, &[("database.url", stack.database_url.clone())])?;
    config.backup.url = format!("file://{}", folder.join("place").display());
    config.backup.recipients = vec![ours.public, offline.public];
    config.backup.identity = ours.private.expose_secret().to_owned().into();
    let config = Arc::new(config);
    let store = Store::open(&config.database)?;
    store.migrate().await?;
    let pool = PgPoolOptions::new().max_connections(2).connect(&stack.database_url).await?;
    let filled = Instant::now();
    fill(&pool, count).await?;
    println!("{count} old postings made in {:.0} s", filled.elapsed().as_secs_f64());

    let mut scrape = Scrape { store: store.clone(), round: 0 };
    scrape.until(Instant::now() + Duration::from_secs(10)).await?;
    let mut alone = scrape.until(Instant::now() + ALONE).await?;
    let begun = Instant::now();
    let retaining = tokio::spawn(retain(Arc::clone(&config)));
    let (mut beside, mut dead, mut dead_most) = (Vec::new(), 0, 0);
    while !retaining.is_finished() {
        beside.append(&mut scrape.until(Instant::now() + Duration::from_secs(2)).await?);
        dead = dead_rows(&pool).await?;
        dead_most = dead_most.max(dead);
    }
    let report = retaining.await??;
    let seconds = begun.elapsed().as_secs_f64();
    ensure!(report["deleted"] == count, "not all left: {report}");

    println!("{count} postings left in {seconds:.0} s, {:.0} a second: {report}", f64::from(count) / seconds);
    println!("{:<28} {:>9} {:>9} {:>9}", "a batch of the scrape, ms", "p50", "p99", "most");
    for (what, times) in [("alone", &mut alone), ("beside the archiving", &mut beside)] {
        println!(
            "{what:<28} {:>9.1} {:>9.1} {:>9.1}",
            quantile(times, 0.5),
            quantile(times, 0.99),
            quantile(times, 1.0)
        );
    }
    let size: u64 = walk(&folder.join("place/archives"))?;
    let mut measures = Measures::of("retain");
    measures.note("postings that left", f64::from(count), "");
    measures.note("postings that left in a second", f64::from(count) / seconds, "postings/s");
    let ratio = quantile(&mut beside, 0.99) / quantile(&mut alone, 0.99);
    measures.against(
        "a batch of the scrape beside it, p99, against alone",
        ratio,
        "times as long",
        Goal::AtMost(2.0),
    );
    measures.note("dead rows of jobs at the most", dead_most as f64, "rows");
    measures.note("dead rows of jobs at the end", dead as f64, "rows");
    measures.note("archives", size as f64 / 1e6, "MB");
    measures.save()
}

async fn retain(config: Arc<Config>) -> anyhow::Result<Value> {
    let parts = Parts {
        store: Store::open(&config.database)?,
        fetch: Fetch::new(&config.fetch, Clock::system(), Random::system(), Arc::new(LocalGate))?,
        matcher: Arc::new(Matcher::new(&config.matching)),
        config,
        clock: Clock::system(),
        random: Random::system(),
        transport: Transport::local(),
    };
    let task = tasks::find("retain").map_err(anyhow::Error::msg)?;
    let run = tasks::new_run(task, json!({ "policy": "archive" }), Trigger::Cli);
    match Worker::new("bench", parts).execute(&run, &CancellationToken::new()).await?.1 {
        Outcome::Done(report) => Ok(report),
        other => anyhow::bail!("{other:?}"),
    }
}

async fn fill(pool: &PgPool, count: i32) -> anyhow::Result<()> {
    for from in (1..=count).step_by(50_000) {
        let to = count.min(from + 49_999);
        for text in [
            "INSERT INTO jobs (title, company, location, description, tech_stack, source, source_id, url, is_active, updated_at, scraped_at, created_at)
             SELECT 'Engineer ' || n % 1000, 'Company ' || n % 500, 'Hamburg', repeat('word' || n % 5000 || ' build design team ', 40),
                    '[\"Rust\"]', 'old', n::text, 'https://old.example.com/' || n, false, '2020-01-01', '2020-01-01', '2020-01-01'
             FROM generate_series($1, $2) n",
            "INSERT INTO worker.sightings (source, source_id, board, job_id, url, content_hash, match_hash, last_seen, missing_since, gone_at)
             SELECT source, source_id, 'old', id, url, 'h', 'h', '2020-01-01', '2020-01-01', '2020-01-01' FROM jobs
             WHERE source = 'old' AND source_id::int BETWEEN $1 AND $2",
        ] {
            sqlx::query(text).bind(from).bind(to).execute(pool).await?;
        }
        if from == 1 {
            sqlx::query("ANALYZE").execute(pool).await?;
        }
    }
    sqlx::query("VACUUM ANALYZE").execute(pool).await?;
    sqlx::query("CHECKPOINT").execute(pool).await?;
    Ok(())
}

async fn dead_rows(pool: &PgPool) -> anyhow::Result<i64> {
    Ok(sqlx::query_scalar("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relid = 'public.jobs'::regclass")
        .fetch_one(pool)
        .await?)
}

struct Scrape {
    store: Store,
    round: u64,
}

impl Scrape {
    /// Stores batches until then, and gives the milliseconds that each took from the moment it was due.
    async fn until(&mut self, end: Instant) -> anyhow::Result<Vec<f64>> {
        let (mut due, mut times) = (Instant::now(), Vec::new());
        while due < end {
            tokio::time::sleep_until(due.into()).await;
            self.store.upsert_postings(&self.batch(), "live").await?;
            times.push(due.elapsed().as_secs_f64() * 1e3);
            self.round += 1;
            due += EVERY;
        }
        Ok(times)
    }

    /// A third new, a third changed, a third as it was.
    fn batch(&self) -> Vec<SightedPosting> {
        let third = BATCH / 3;
        let id = |n: u64| match n % 3 {
            0 => 1_000_000 + self.round * third + n / 3,
            1 => n,
            _ => 10_000 + n,
        };
        let version = |n: u64| if n % 3 == 1 { self.round } else { 0 };
        (0..BATCH).map(|n| posting(id(n), version(n))).collect()
    }
}

fn posting(id: u64, version: u64) -> SightedPosting {
    let posting = Posting {
        title: format!("Baker {}", id % 100),
        company: format!("Company {}", id % 500),
        location: Some("Hamburg".to_owned()),
        description: Some(format!("Version {version}. {}", "We bake bread and rolls at night. ".repeat(40))),
        requirements: None,
        tech_stack: vec!["Rust".to_owned()],
        salary: Salary::default(),
        job_type: None,
        remote_option: None,
        source: "live".to_owned(),
        source_id: id.to_string(),
        url: format!("https://live.example.com/{id}"),
        posted_date: None,
        application_deadline: None,
        pay: None,
        places: Vec::new(),
        description_html: None,
        language: None,
        seniority: None,
        years: None,
        cut: Vec::new(),
    };
    SightedPosting { posting, fingerprint: None }
}

fn walk(folder: &Path) -> anyhow::Result<u64> {
    let mut size = 0;
    for entry in std::fs::read_dir(folder)? {
        size += entry?.metadata()?.len();
    }
    Ok(size)
}
