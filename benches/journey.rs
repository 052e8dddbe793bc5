//! From a source's answer to the notification: a listing over HTTP is read, normalized, stored, matched against many searches, and users
//! are told, by the tasks of a worker as it runs in production.
//!
//! First boards with one new posting each, one after the other: the time from the last byte of the answer until each notification is
//! visible. Then one board with a thousand, with the time of each stage; then such boards for some minutes, one after the other.
//! `cargo bench --bench journey [-- SEARCHES SINGLE POSTINGS MINUTES]` (1,000,000, 40, 1,000 and 0). Starts private servers, with fsync.
#![expect(clippy::print_stdout, reason = "this is what it is for")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

mod fill;
#[expect(dead_code, reason = "shared by benchmarks")]
mod measures;
#[expect(dead_code, reason = "shared by benchmarks")]
mod server;
#[path = "matching/workload/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "shared with the benchmark of matching"
)]
mod workload;

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use career_worker::{
    clock::Clock,
    domain::{Queue, RunId, Trigger},
    fetch::{Fetch, LocalGate},
    queue::Transport,
    random::Random,
    tasks::{self, Matcher},
    worker::{Parts, Worker},
};
use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection, PgPool, Row as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_util::sync::CancellationToken;

use self::{
    measures::{Goal, Measures, memory, quantile},
    server::Server,
    workload::{Preset, World},
};

/// Between two looks at the notifications, at least.
const LOOK: Duration = Duration::from_millis(2);
/// The first and the last of a soak, between which nothing may get slower.
const SPAN: Duration = Duration::from_mins(1);
/// Nothing takes longer.
const PATIENCE: Duration = Duration::from_mins(10);

/// A source that answers everything with the listing it was given last.
#[derive(Clone, Default)]
struct Source {
    listing: Arc<Mutex<Vec<u8>>>,
    answered: Arc<Mutex<Option<Instant>>>,
}

impl Source {
    async fn start(&self) -> anyhow::Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = format!("http://{}", listener.local_addr()?);
        let source = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(source.clone().answer(stream));
            }
        });
        Ok(address)
    }

    async fn answer(self, mut stream: tokio::net::TcpStream) -> anyhow::Result<()> {
        let mut head = vec![0; 16 << 10];
        while stream.read(&mut head).await? > 0 {
            let body = self.listing.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(&body).await?;
            stream.flush().await?;
            *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        Ok(())
    }

    fn give(&self, postings: &[Value]) -> anyhow::Result<()> {
        let listing = json!({ "jobs": postings, "meta": { "total": postings.len() } });
        *self.listing.lock().unwrap_or_else(PoisonError::into_inner) = serde_json::to_vec(&listing)?;
        Ok(())
    }

    fn answered(&self) -> Option<Instant> {
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Posting number `id` of the workload as Greenhouse gives it, with its text in markup.
fn posting(world: &World, id: usize) -> Value {
    let text = world.posting_text(id);
    let fields = text.fields();
    let mut content = String::from("<div><h2>About the role</h2>");
    for line in fields.description.unwrap_or_default().split(". ") {
        _ = writeln!(content, "<p>{line}.</p>");
    }
    let technologies = fields.tech_stack.join("</li><li>");
    _ = write!(content, "<h3>Technologies</h3><ul><li>{technologies}</li></ul></div>");
    json!({
        "id": 7_000_000_000_u64 + id as u64,
        "title": fields.title,
        "absolute_url": format!("https://boards.greenhouse.io/bench/jobs/{id}"),
        "company_name": fields.company,
        "location": { "name": fields.location },
        "content": content.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
        "updated_at": "2026-11-20T10:00:00Z",
        "first_published": "2026-11-20T10:00:00Z",
    })
}

struct Journey {
    source: Source,
    worker: Worker,
    pool: PgPool,
    world: World,
}

impl Journey {
    /// Scrapes a board of these postings; gives the run, and when the answer was there.
    async fn scrape(&self, board: &str, ids: std::ops::Range<usize>) -> anyhow::Result<(RunId, Instant)> {
        self.source.give(&ids.map(|id| posting(&self.world, id)).collect::<Vec<_>>())?;
        let before = self.source.answered();
        let task = tasks::find("scrape").map_err(anyhow::Error::msg)?;
        let args = json!({ "source": "greenhouse", "boards": [board] });
        let (run, _) = self.worker.enqueue(&tasks::new_run(task, args, Trigger::Admin)).await?;
        let end = Instant::now() + PATIENCE;
        while self.source.answered() == before {
            ensure!(Instant::now() < end, "the source was not asked");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok((run, self.source.answered().context("no answer")?))
    }

    /// The last notification there is.
    async fn last(&self) -> anyhow::Result<i64> {
        Ok(sqlx::query_scalar("SELECT coalesce(max(id), 0)::int8 FROM notifications")
            .fetch_one(&self.pool)
            .await?)
    }

    /// Milliseconds from `since` until each notification after number `last` was visible. Looks at those only, and rests as long as it
    /// looked: the servers share the processor with what is measured.
    async fn told(&self, since: Instant, last: i64) -> anyhow::Result<Vec<f64>> {
        let end = Instant::now() + PATIENCE;
        let (mut times, mut seen) = (Vec::new(), 0);
        loop {
            let begin = Instant::now();
            let row = sqlx::query(
                "SELECT (SELECT count(*) FROM notifications WHERE id > $1),
                        EXISTS (SELECT FROM worker.outbox) OR EXISTS (SELECT FROM worker.matches WHERE notified_at IS NULL AND NOT suppressed)
                        OR EXISTS (SELECT FROM worker.runs WHERE state IN ('queued', 'running', 'failed'))",
            )
            .bind(last)
            .fetch_one(&self.pool)
            .await?;
            let (count, busy): (i64, bool) = (row.get(0), row.get(1));
            let now = since.elapsed().as_secs_f64() * 1e3;
            times.extend((seen..count).map(|_| now));
            seen = count.max(seen);
            if !busy {
                return Ok(times);
            }
            ensure!(Instant::now() < end, "{seen} were told, and it goes on");
            tokio::time::sleep(LOOK.max(begin.elapsed())).await;
        }
    }

    /// Boards of `many` new postings one after the other, for as long as `length`: does it keep its pace, and its memory?
    async fn soak(
        &self,
        measures: &mut Measures,
        mut first: usize,
        many: usize,
        length: Duration,
    ) -> anyhow::Result<()> {
        let (begin, process) = (Instant::now(), std::process::id());
        let (mut ends, mut early, mut notices) = (Vec::new(), f64::NAN, 0);
        while begin.elapsed() < length {
            let last = self.last().await?;
            let (_, answered) = self.scrape(&format!("soak-{first}"), first..first + many).await?;
            notices += self.told(answered, last).await?.len();
            first += many;
            ends.push(begin.elapsed());
            println!("soak: {} postings after {:.1} s", ends.len() * many, begin.elapsed().as_secs_f64());
            if begin.elapsed() <= SPAN {
                early = memory(process);
            }
        }
        let took = begin.elapsed();
        let within = |from: Duration, until: Duration| {
            let boards = ends.iter().filter(|end| (from..=until).contains(end)).count();
            (boards * many) as f64 / until.saturating_sub(from).as_secs_f64()
        };
        measures.note("soak", took.as_secs_f64() / 60.0, "min");
        measures.note("soak: postings through all stages", (ends.len() * many) as f64, "");
        measures.note("soak: notifications", notices as f64, "");
        measures.note("soak: postings", (ends.len() * many) as f64 / took.as_secs_f64(), "postings/s");
        let kept = within(took.saturating_sub(SPAN), took) / within(Duration::ZERO, SPAN.min(took));
        measures.note("soak: the last minute, against the first", kept, "times as fast");
        measures.note("soak: memory gained after the first minute", memory(process) - early, "MB");
        Ok(())
    }

    async fn count(&self, sql: &'static str) -> anyhow::Result<i64> {
        Ok(sqlx::query_scalar(sql).fetch_one(&self.pool).await?)
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut numbers = std::env::args().skip(1).filter_map(|word| word.parse::<usize>().ok());
    let searches = numbers.next().unwrap_or(1_000_000);
    let (single, many) = (numbers.next().unwrap_or(40), numbers.next().unwrap_or(1_000));
    let soak = Duration::from_mins(numbers.next().unwrap_or(0) as u64);
    let mut measures = Measures::of("journey");
    let server = Server::durable().await?;
    let store = server.store().await?;
    let pool = server.pool().await?;
    let world = World::new(Preset::Sel);
    let mut admin = PgConnection::connect(server.database_url()).await?;
    fill::searches(&mut admin, &world, searches).await?;
    sqlx::query("VACUUM ANALYZE").execute(&mut admin).await?;
    let source = Source::default();
    let mut config = server.config()?;
    config.fetch.gateway = Some(source.start().await?.parse()?);
    config.fetch.gateway_per_second = Some(1e6);
    config.notify.daily_cap = 1_000_000;
    let config = Arc::new(config);
    let before = memory(std::process::id());
    let parts = Parts {
        store,
        fetch: Fetch::new(&config.fetch, Clock::system(), Random::system(), Arc::new(LocalGate))?,
        matcher: Arc::new(Matcher::new(&config.matching).with_caps(&config.notify)),
        transport: Transport::open(&config.redis)?,
        config,
        clock: Clock::system(),
        random: Random::system(),
    };
    let journey = Journey { source, worker: Worker::new("bench", parts), pool, world };
    let stop = CancellationToken::new();
    let (hands, stopped) = (journey.worker.clone(), stop.clone());
    let working = tokio::spawn(async move {
        hands.run(&Queue::ALL, stopped, CancellationToken::new()).await;
    });

    let (_, answered) = journey.scrape("first", 0..1).await?;
    journey.told(answered, 0).await?;
    measures.note("first match, the searches loaded for it", answered.elapsed().as_secs_f64(), "s");
    let gained = memory(std::process::id()) - before;
    measures.at("memory of the worker", gained, "MB", "searches", searches as f64);

    let mut times = Vec::new();
    for number in 1..=single {
        let last = journey.last().await?;
        let (_, answered) = journey.scrape(&format!("single-{number}"), number..number + 1).await?;
        times.append(&mut journey.told(answered, last).await?);
    }
    ensure!(times.len() > single, "the data proves nothing: {} notifications", times.len());
    measures.note("notifications of a new posting", times.len() as f64 / single as f64, "");
    measures.note("from the answer to a notification, p50", quantile(&mut times, 0.5), "ms");
    let p99 = quantile(&mut times, 0.99);
    measures.against("from the answer to a notification, p99", p99, "ms", Goal::AtMost(500.0));

    let last = journey.last().await?;
    let jobs = journey.count("SELECT count(*) FROM jobs").await?;
    let (run, answered) = journey.scrape("many", 10_000..10_000 + many).await?;
    let mut times = journey.told(answered, last).await?;
    let took = answered.elapsed().as_secs_f64();
    let stored = journey.count("SELECT count(*) FROM jobs").await? - jobs;
    ensure!(stored >= i64::try_from(many)?, "postings are missing");
    let stored: f64 = sqlx::query_scalar(
        "SELECT extract(epoch FROM finished_at - started_at)::float8 FROM worker.runs WHERE id = $1",
    )
    .bind(run.0)
    .fetch_one(&journey.pool)
    .await?;
    measures.note("a listing of many: postings", many as f64, "");
    measures.note("a listing of many: notifications", times.len() as f64, "");
    measures.note("a listing of many: fetched, read and stored", stored, "s");
    measures.note("a listing of many: first notification", quantile(&mut times, 0.0) / 1e3, "s");
    measures.note("a listing of many: half of the notifications", quantile(&mut times, 0.5) / 1e3, "s");
    measures.note("a listing of many: all of them", took, "s");
    measures.note("a listing of many: postings through all stages", many as f64 / took, "postings/s");
    measures.note("a day's feed of a million postings at that rate", 1e6 * took / many as f64 / 3600.0, "h");
    if !soak.is_zero() {
        journey.soak(&mut measures, 10_000 + many, many, soak).await?;
    }
    stop.cancel();
    working.await?;
    measures.save()
}
