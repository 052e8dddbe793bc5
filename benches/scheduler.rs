//! What it costs to play many schedules: reading their files, memory, a look at which nothing is due, and a moment at which all of them are.
//!
//! Four of five schedules are hourly, most others daily and some every five minutes, each at a minute of its own. `cargo bench --bench
//! scheduler [-- SCHEDULES...]` (1,000, 10,000 and 100,000). Starts private servers, with fsync.
#![expect(clippy::print_stdout, reason = "this is what it is for")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

#[expect(dead_code, reason = "shared by benchmarks")]
mod measures;
#[expect(dead_code, reason = "shared by benchmarks")]
mod server;

use std::time::{Duration, Instant};

use anyhow::ensure;
use career_worker::{
    random::Random,
    schedule::{self, Schedule},
    scheduler::Scheduler,
    tasks::TASKS,
};
use sqlx::PgPool;

use self::{
    measures::{Goal, Measures, median, memory},
    server::Server,
};

/// The time between two looks, as in the default configuration.
const POLL: Duration = Duration::from_secs(1);
const LOOKS: usize = 20;

/// One of many files in `jobs/`.
fn file(number: usize) -> String {
    let minute = number % 60;
    let times = match number % 20 {
        0 => format!("{}-59/5 * * * *", number % 5),
        1..=3 => format!("{minute} {} * * *", number / 60 % 24),
        _ => format!("{minute} * * * *"),
    };
    format!(
        "task = \"scrape\"\nschedule = \"{times}\"\ntimezone = \"Europe/Berlin\"\ncatch_up = \"latest\"\njitter = \"5m\"\n\n\
         [args]\nsource = \"greenhouse\"\nboards = [\"company-{number}\"]\n"
    )
}

fn read(count: usize) -> anyhow::Result<(Vec<Schedule>, Duration)> {
    let texts: Vec<String> = (0..count).map(file).collect();
    let begin = Instant::now();
    let schedules: Result<Vec<_>, _> = texts
        .iter()
        .enumerate()
        .map(|(number, text)| schedule::parse(format!("board-{number}.toml").as_ref(), text))
        .collect();
    let schedules = schedules.map_err(|error| anyhow::anyhow!("{error:?}"))?;
    Ok((schedules, begin.elapsed()))
}

async fn size(measures: &mut Measures, server: &Server, pool: &PgPool, count: usize) -> anyhow::Result<()> {
    sqlx::query("TRUNCATE worker.schedules, worker.ticks, worker.runs CASCADE").execute(pool).await?;
    let store = server.store().await?;
    let number = count as f64;
    let mut at = |what: &str, value: f64, unit: &str| measures.at(what, value, unit, "schedules", number);
    let now = || memory(std::process::id()) * f64::from(1 << 20);
    let before = now();
    let (schedules, reading) = read(count)?;
    at("read a schedule's file", reading.as_secs_f64() * 1e6 / number, "us");
    let mut scheduler = Scheduler::new(store.clone(), Random::seeded(1), &schedules, TASKS, POLL);
    at("memory of a schedule", (now() - before) / 2.0 / number, "B");
    let begin = Instant::now();
    scheduler.fire_due().await?;
    at("first look, all of them new", begin.elapsed().as_secs_f64(), "s");
    let mut looks = Vec::new();
    for _ in 0..LOOKS {
        let begin = Instant::now();
        scheduler.fire_due().await?;
        looks.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    let look = median(looks);
    at("a look a second, next to nothing due", look, "ms");
    sqlx::query("UPDATE worker.schedules SET watermark = now() - interval '61 minutes'")
        .execute(pool)
        .await?;
    let mut scheduler = Scheduler::new(store, Random::seeded(1), &schedules, TASKS, POLL);
    let begin = Instant::now();
    let fired = scheduler.fire_due().await?;
    let seconds = begin.elapsed().as_secs_f64();
    ensure!(fired as f64 > 0.8 * number, "only {fired} of {count} were due");
    at("ticks fired where all are due at once", fired as f64 / seconds, "ticks/s");
    let ticks: i64 = sqlx::query_scalar("SELECT count(*) FROM worker.runs").fetch_one(pool).await?;
    println!("  {ticks} runs of {count} schedules");
    measures.against(
        &format!("share of a second that a look takes, {count} schedules"),
        look / 1e3,
        "",
        Goal::AtMost(0.1),
    );
    Ok(())
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut sizes: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    if sizes.is_empty() {
        sizes = vec![1_000, 10_000, 100_000];
    }
    let mut measures = Measures::of("scheduler");
    let server = Server::durable().await?;
    server.store().await?;
    let pool = server.pool().await?;
    for count in sizes {
        size(&mut measures, &server, &pool, count).await?;
    }
    measures.save()
}
