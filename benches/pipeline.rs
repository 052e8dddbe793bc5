//! From the outbox to notifications, step by step, beside the bare COPY of the same rows in the same run.
//!
//! Fills a database with the searches and postings of `benches/matching/workload`, loads the searches, matches all postings in the lanes of
//! one run, announces, and then copies the pairs it wrote into an empty table: with the primary key alone, and with the same indexes. Ratios
//! within one run are what counts. Then four times as many postings come twice to users who may hear of a few a day: the first time fills
//! what there is room for, the second is the end of such a day. Starts a private server without fsync; `DATABASE_URL` names another one,
//! where it makes a database of its own.
//!
//! `cargo bench --bench pipeline [-- SEARCHES POSTINGS DAILY_CAP sel|hot|loose]`: 100,000 searches, 5,000 postings and one notice a day
//! unless told otherwise; the preset is `loose`, or `sel` from a million searches on (100 and 200 pairs a posting).
#![expect(clippy::print_stdout, reason = "this is what it is for")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

mod fill;
#[expect(dead_code, reason = "shared by benchmarks")]
mod measures;
#[path = "matching/workload/mod.rs"]
#[expect(
    dead_code,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "shared with the benchmark of matching"
)]
mod workload;

use std::{
    fs::Permissions,
    ops::Range,
    os::unix::fs::PermissionsExt as _,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use career_worker::{
    config::Config,
    dev::{Stack, StackOptions},
    store::{NoticeRules, Store},
    tasks::{BatchReport, Matcher, compose_all},
};
use clap::ValueEnum as _;
use futures::{StreamExt as _, TryStreamExt as _};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, postgres::PgConnectOptions};

use self::{
    measures::{Goal, Measures},
    workload::{PostingText, Preset, World},
};

/// A cap that no user reaches.
const ENDLESS: i32 = 1_000_000;
/// Users who are looked for at once.
const DUE: i64 = 50_000;
/// Postings that come to users with caps, for each that came before.
const MORE: usize = 4;

struct Size {
    searches: usize,
    postings: usize,
    daily_cap: i32,
    preset: Preset,
}

impl Size {
    fn read() -> Self {
        let words: Vec<String> = std::env::args().skip(1).collect();
        let mut numbers = words.iter().filter_map(|word| word.parse().ok());
        let searches = numbers.next().unwrap_or(100_000_usize);
        let postings = numbers.next().unwrap_or(5_000);
        let daily_cap = numbers.next().and_then(|cap| i32::try_from(cap).ok()).unwrap_or(1);
        let usual = if searches < 1_000_000 { Preset::Loose } else { Preset::Sel };
        let preset = words.iter().find_map(|word| Preset::from_str(word, true).ok()).unwrap_or(usual);
        Self { searches, postings, daily_cap, preset }
    }
}

async fn fill(admin: &mut PgConnection, world: &World, postings: Range<usize>) -> Result<()> {
    let numbers: Vec<usize> = postings.collect();
    for part in numbers.chunks(fill::ROWS) {
        let postings: Vec<PostingText> =
            part.iter().map(|number| world.posting(*number).text(world)).collect();
        let fields: Vec<_> = postings.iter().map(PostingText::fields).collect();
        let texts = |get: fn(&career_worker::matching::PostingFields<'_>) -> Option<String>| {
            fields.iter().map(get).collect::<Vec<_>>()
        };
        sqlx::query(
            "WITH job AS (
               INSERT INTO jobs (title, company, location, description, tech_stack, salary_min, salary_max, salary_currency, job_type,
                                 remote_option, posted_date, source, source_id, url)
               SELECT p.*, $11, 'bench', n, 'https://example.com/' || n
               FROM UNNEST($1::text[], $2::text[], $3::text[], $4::text[], $5::json[], $6::int[], $7::int[], $8::text[], $9::text[], $10::text[]) p,
                    LATERAL (SELECT md5(random()::text || p::text) AS n) key
               RETURNING id, source, source_id, url
             ), seen AS (
               INSERT INTO worker.sightings (source, source_id, board, job_id, url, content_hash, match_hash, facts)
               SELECT source, source_id, 'bench', id, url, '', '', '{\"language\": \"en\"}' FROM job
             )
             INSERT INTO worker.outbox (job_id) SELECT id FROM job ORDER BY id",
        )
        .bind(texts(|posting| Some(posting.title.to_owned())))
        .bind(texts(|posting| Some(posting.company.to_owned())))
        .bind(texts(|posting| posting.location.map(str::to_owned)))
        .bind(texts(|posting| posting.description.map(str::to_owned)))
        .bind(fields.iter().map(|posting| serde_json::json!(posting.tech_stack)).collect::<Vec<_>>())
        .bind(fields.iter().map(|posting| posting.salary.min).collect::<Vec<_>>())
        .bind(fields.iter().map(|posting| posting.salary.max).collect::<Vec<_>>())
        .bind(texts(|posting| posting.salary.currency.clone()))
        .bind(texts(|posting| posting.job_type.map(str::to_owned)))
        .bind(texts(|posting| posting.remote_option.map(str::to_owned)))
        .bind(PostingText::today())
        .execute(&mut *admin)
        .await
        .context("fill in postings")?;
    }
    admin.execute("VACUUM ANALYZE").await?;
    admin.execute("CHECKPOINT").await?;
    Ok(())
}

/// A matcher with all searches.
async fn loaded(store: &Store, config: &Config, size: &Size) -> Result<Arc<Matcher>> {
    let matcher = Arc::new(Matcher::new(&config.matching).with_caps(&config.notify));
    let begin = Instant::now();
    matcher.load(store).await?;
    line("load searches", begin.elapsed(), size.searches as u64, "searches");
    Ok(matcher)
}

/// The end of a day on which users heard of as much as they may.
async fn measure_caps(
    admin: &mut PgConnection,
    store: &Store,
    world: &World,
    config: &Config,
    size: &Size,
) -> Result<(BatchReport, Duration)> {
    let mut config = config.clone();
    (config.notify.daily_cap, config.notify.backlog_days) = (size.daily_cap, 1);
    let matcher = loaded(store, &config, size).await?;
    let mut last = size.postings;
    let mut took = (BatchReport::default(), Duration::ZERO);
    for _ in 0..2 {
        let first = last;
        last += MORE * size.postings;
        fill(admin, world, first..last).await?;
        let begin = Instant::now();
        let (report, _) = match_all(store, &matcher, &config).await?;
        took = (report, begin.elapsed());
        line("claim, read, match, write with caps", took.1, took.0.postings, "postings");
        println!("  {} written, {} only counted", took.0.matches, took.0.counted);
    }
    Ok(took)
}

/// What the lanes of one run do, with the time they waited for their claims.
async fn match_all(
    store: &Store,
    matcher: &Arc<Matcher>,
    config: &Config,
) -> Result<(BatchReport, Duration)> {
    let lanes = (0..config.matching.lanes).map(|_| async {
        let (mut all, mut claiming) = (BatchReport::default(), Duration::ZERO);
        loop {
            let begin = Instant::now();
            let claimed = store.claim_outbox(config.matching.batch, matcher.shard()).await?;
            claiming += begin.elapsed();
            let Some(batch) = claimed else { return anyhow::Ok((all, claiming)) };
            all.add(matcher.match_batch(batch, PostingText::today()).await?);
        }
    });
    let mut sum = (BatchReport::default(), Duration::ZERO);
    for (report, claiming) in futures::future::try_join_all(lanes).await? {
        sum.0.add(report);
        sum.1 += claiming;
    }
    Ok(sum)
}

async fn tell_all(store: &Store, config: &Config) -> Result<u64> {
    let rules = NoticeRules {
        frequency: config.notify.frequency.as_str(),
        daily_cap: config.notify.daily_cap,
        backlog_days: config.notify.backlog_days,
    };
    let (mut told, mut after) = (0, None);
    while store.count_overflow().await? {}
    loop {
        let due = store.list_due_users(after, DUE, rules).await?;
        let Some(last) = due.last() else { break };
        after = Some(*last);
        for users in due.chunks(usize::try_from(config.notify.batch)?) {
            let mut batch = store.claim_notices(users, rules).await?;
            let notices = compose_all(&mut batch, &config.matching, PostingText::today()).await?;
            told += batch.finish(&notices).await?;
        }
    }
    Ok(told)
}

/// Copies the pairs that were written into an empty table like theirs, in one COPY.
async fn bare_copy(admin: &mut PgConnection, indexes: &str) -> Result<Duration> {
    const COLUMNS: &str = "(job_id, user_id, score, profile_score, search_ids)";
    admin.execute("DROP TABLE IF EXISTS bare").await?;
    admin
        .execute("CREATE TABLE bare (LIKE worker.matches INCLUDING DEFAULTS, PRIMARY KEY (job_id, user_id))")
        .await?;
    admin.execute(AssertSqlSafe(indexes.to_owned())).await?;
    admin.execute("CHECKPOINT").await?;
    let rows: Vec<_> = {
        let all = "COPY (SELECT job_id, user_id, score, profile_score, search_ids FROM worker.matches ORDER BY 1, 2) TO STDOUT (FORMAT binary)";
        admin.copy_out_raw(all).await?.boxed().try_collect().await?
    };
    let begin = Instant::now();
    let mut copy = admin.copy_in_raw(&format!("COPY bare {COLUMNS} FROM STDIN (FORMAT binary)")).await?;
    let mut sent = Vec::with_capacity(2 << 20);
    for row in rows {
        sent.extend_from_slice(&row);
        if sent.len() > 1 << 20 {
            copy.send(sent.as_slice()).await?;
            sent.clear();
        }
    }
    copy.send(sent.as_slice()).await?;
    copy.finish().await?;
    Ok(begin.elapsed())
}

fn line(what: &str, took: Duration, count: u64, unit: &str) -> f64 {
    let seconds = took.as_secs_f64();
    let rate = count as f64 / seconds.max(1e-9);
    println!("{what:<44} {seconds:>9.3} s {rate:>12.0} {unit}/s");
    rate
}

async fn measure(url: &str, size: &Size) -> Result<()> {
    let mut config = Config::load(None, &[("database.url", url.to_owned())])?;
    config.notify.daily_cap = ENDLESS;
    let store = Store::open(&config.database)?;
    store.migrate().await?;
    let mut admin = PgConnection::connect(url).await?;
    let world = World::new(size.preset);
    fill::searches(&mut admin, &world, size.searches).await?;
    fill(&mut admin, &world, 0..size.postings).await?;
    println!(
        "{} searches ({:?}), {} postings, daily cap {}",
        size.searches, size.preset, size.postings, size.daily_cap
    );
    let matcher = loaded(&store, &config, size).await?;

    let begin = Instant::now();
    let (report, claiming) = match_all(&store, &matcher, &config).await?;
    let took = begin.elapsed();
    let pairs = report.matches + report.counted;
    let postings_a_second = line("claim, read, match, write", took, report.postings, "postings");
    let pairs_a_second = line("  the same in pairs", took, pairs, "pairs");
    line("  claim (all lanes)", claiming, report.postings, "postings");
    line("  follow and read (all lanes)", report.took.read, report.postings, "postings");
    line("  find (all lanes)", report.took.find, report.postings, "postings");
    line("  write (all lanes)", report.took.write, pairs, "pairs");
    let pairs_a_posting = pairs as f64 / report.postings.max(1) as f64;
    println!(
        "  {pairs_a_posting:.1} pairs a posting; {} written, {} only counted",
        report.matches, report.counted
    );
    anyhow::ensure!(
        report.postings == size.postings as u64 && pairs > report.postings,
        "the data proves nothing"
    );

    let begin = Instant::now();
    while store.sort_in().await? {}
    line("sort pairs in for their users", begin.elapsed(), report.matches, "pairs");
    let key_alone = bare_copy(&mut admin, "SELECT").await?;
    let all = "CREATE INDEX ON bare (user_id) WHERE notified_at IS NULL; CREATE INDEX ON bare (user_id) WHERE suppressed";
    let same = bare_copy(&mut admin, all).await?;
    line("bare COPY of the same rows, key alone", key_alone, report.matches, "pairs");
    line("bare COPY of the same rows, same indexes", same, report.matches, "pairs");
    let ratio = |bare: Duration, of: Duration| of.as_secs_f64() / bare.as_secs_f64();
    println!(
        "ratio of the write of one lane to the bare COPY: {:.2} (key alone), {:.2} (same indexes); of all steps: {:.2}, {:.2}",
        ratio(key_alone, report.took.write),
        ratio(same, report.took.write),
        ratio(key_alone, took),
        ratio(same, took)
    );
    let begin = Instant::now();
    let told = tell_all(&store, &config).await?;
    let notices_a_second = line("notifications", begin.elapsed(), told, "notices");
    drop(matcher);
    let (capped, capped_took) = measure_caps(&mut admin, &store, &world, &config, size).await?;
    store.close().await;

    let mut measures = Measures::of("pipeline");
    measures.note("searches", size.searches as f64, "");
    measures.note("pairs of a posting", pairs_a_posting, "");
    measures.note("claimed, read, matched and written", postings_a_second, "postings/s");
    measures.note("the same in pairs", pairs_a_second, "pairs/s");
    measures.note(
        "written by one lane, against the bare COPY",
        ratio(same, report.took.write),
        "times as fast",
    );
    measures.note("all of it, against the bare COPY", ratio(same, took), "times as fast");
    measures.note("notifications", notices_a_second, "notices/s");
    let counted = capped.counted as f64 / (capped.matches + capped.counted).max(1) as f64;
    measures.note("where caps act: pairs only counted", 100.0 * counted, "%");
    measures.against(
        "where caps act: claimed, read, matched and written",
        capped.postings as f64 / capped_took.as_secs_f64(),
        "postings/s",
        Goal::AtLeast(10_000.0),
    );
    measures.save()
}

#[tokio::main]
async fn main() -> Result<()> {
    let size = Size::read();
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
    let measured = measure(url.as_str(), &size).await;
    admin.execute(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"))).await?;
    measured
}
