//! Scraping: asks the boards of one source, reads what they send, and stores it.
//!
//! One board that fails hurts no other. What is stored of a board stays stored when a later page fails; only the end of a complete listing
//! takes postings for missing. Nothing here knows a source's format (`sources`), reads a field (`normalize`) or holds SQL (`store`).

mod args;
mod board;
mod boards_file;
mod credentials;
mod due;
mod fault;
mod listing;
mod pages;
mod probe;
mod report;

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use anyhow::{Context as _, anyhow};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

pub use args::{BoardSpec, ScrapeArgs};
pub use board::{Limits, scrape_board};
pub use boards_file::{read as read_boards, write as write_boards};
pub use credentials::Credentials;
pub use fault::Fault;
pub use probe::{Probe, Prober};
pub use report::BoardReport;

use tokio::time::Instant;

use super::{Context, Task, TaskError};
use crate::{
    domain::Queue,
    sources::{self, Board, Source},
};

/// Puts a run off for this long where nothing says how long to wait.
const PUT_OFF: Duration = Duration::from_mins(1);

/// The task `scrape`.
#[derive(Debug)]
pub struct Scrape;

impl Task for Scrape {
    const NAME: &'static str = "scrape";
    const QUEUE: Queue = Queue::Scrape;
    const ABOUT: &'static str = "Asks the boards of one source and stores their postings";
    const TIMEOUT: Duration = Duration::from_hours(1);
    type Args = ScrapeArgs;

    async fn run(args: ScrapeArgs, ctx: Context) -> Result<Value, TaskError> {
        let source = sources::find(&args.source).map_err(|error| TaskError::fail(anyhow!(error)))?;
        if !args.dry_run && ctx.store.is_source_paused(source.name()).await? {
            return Ok(json!({ "source": source.name(), "paused": true, "boards": [] }));
        }
        let credentials = match Credentials::find(source, &ctx.config.sources) {
            Ok(credentials) => credentials,
            Err(missing) => {
                tracing::info!(source = source.name(), ?missing, "not configured");
                return Ok(json!({ "source": source.name(), "not_configured": missing, "boards": [] }));
            }
        };
        let boards =
            args.all_boards(&ctx.config.jobs.dir).map_err(|error| TaskError::fail(anyhow!(error)))?;
        let limits = args.limits();
        let (boards, until) = match args.every {
            None => (boards, None),
            Some(every) => {
                let boards = due_boards(source, boards, every, &ctx).await?;
                (boards, Some(Instant::now() + args.slice))
            }
        };
        scrape_source(source, boards, limits, &credentials, until, &ctx).await
    }

    fn check(args: &ScrapeArgs) -> Result<(), String> {
        args.check()
    }
}

/// The boards whose moment has come, those that were asked longest ago first.
async fn due_boards(
    source: &dyn Source,
    boards: Vec<Board>,
    every: Duration,
    ctx: &Context,
) -> Result<Vec<Board>, TaskError> {
    let names: Vec<String> = boards.iter().map(|board| board.board.clone()).collect();
    let (now, asked) = ctx.store.list_attempts(source.name(), &names).await.context("looking at attempts")?;
    let asked = |board: &Board| asked.get(&board.board).copied();
    let mut due: Vec<Board> =
        boards.into_iter().filter(|board| due::is_due(&board.board, every, now, asked(board))).collect();
    due.sort_by_key(|board| (asked(board), board.board.clone()));
    Ok(due)
}

/// Asks these boards and reports on them; begins with no further one after `until`.
///
/// # Errors
/// Where no board could be read, where the server asks to wait, or where the database cannot be used.
pub async fn scrape_source(
    source: &'static dyn Source,
    boards: Vec<Board>,
    limits: Limits,
    credentials: &Credentials,
    until: Option<Instant>,
    ctx: &Context,
) -> Result<Value, TaskError> {
    let asked = boards.len();
    let reports = scrape_boards(source, boards, limits, credentials, until, ctx).await?;
    let left = asked - reports.len();
    conclude(source, &reports, left, ctx)
}

/// All boards, a few at a time; once one is put off, those that have not begun are put off too.
async fn scrape_boards(
    source: &'static dyn Source,
    boards: Vec<Board>,
    limits: Limits,
    credentials: &Credentials,
    until: Option<Instant>,
    ctx: &Context,
) -> Result<Vec<BoardReport>, TaskError> {
    let total = boards.len() as u64;
    let done = AtomicU64::new(0);
    let put_off = AtomicBool::new(false);
    ctx.progress.set(0, total);
    let at_once = source.politeness().concurrency.clamp(1, 16) as usize;
    let reports: Vec<Option<BoardReport>> = stream::iter(boards)
        .map(async |board| {
            let report = if until.is_some_and(|until| Instant::now() >= until) {
                return Ok(None);
            } else if put_off.load(Ordering::Relaxed) {
                BoardReport::failed(&board, Fault::put_off("another board of the source was put off"))
            } else {
                scrape_board(source, &board, limits, credentials, ctx).await?
            };
            if report.fault.as_ref().is_some_and(|fault| fault.put_off) {
                put_off.store(true, Ordering::Relaxed);
            }
            if !limits.dry_run {
                report.count(source.name());
            }
            ctx.progress.set(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            Ok::<_, TaskError>(Some(report))
        })
        .buffered(at_once)
        .try_collect()
        .await?;
    Ok(reports.into_iter().flatten().collect())
}

/// What the boards' reports mean for the run.
fn conclude(
    source: &dyn Source,
    reports: &[BoardReport],
    left: usize,
    ctx: &Context,
) -> Result<Value, TaskError> {
    if ctx.cancelled.is_cancelled() {
        return Err(TaskError::cancelled());
    }
    let faults: Vec<&Fault> = reports.iter().filter_map(|report| report.fault.as_ref()).collect();
    let after = faults.iter().filter_map(|fault| fault.retry_after).max();
    let why = || {
        let lines: Vec<String> = reports
            .iter()
            .filter_map(|report| Some(format!("{}: {}", report.board, report.fault.as_ref()?)))
            .take(5)
            .collect();
        anyhow!("{} of {} boards of {}: {}", faults.len(), reports.len(), source.name(), lines.join("; "))
    };
    if faults.iter().any(|fault| fault.put_off) {
        return Err(TaskError::snooze(after.unwrap_or(PUT_OFF), why()));
    }
    if !reports.is_empty() && faults.len() == reports.len() {
        return Err(match (faults.iter().any(|fault| fault.passing), after) {
            (true, Some(after)) => TaskError::retry_after(after, why()),
            (true, None) => TaskError::retry(why()),
            (false, _) => TaskError::fail(why()),
        });
    }
    let sum = |part: fn(&BoardReport) -> u64| reports.iter().map(part).sum::<u64>();
    Ok(json!({
        "source": source.name(),
        "seen": sum(|report| report.counts.seen),
        "new": sum(|report| report.counts.new),
        "changed": sum(|report| report.counts.changed),
        "unchanged": sum(|report| report.counts.unchanged),
        "returned": sum(|report| report.counts.returned),
        "missing": sum(|report| report.missing),
        "gone": sum(|report| report.gone),
        "rejected": sum(|report| report.rejected),
        "failed": faults.len(),
        "boards_left": left,
        "boards": reports.iter().map(BoardReport::to_json).collect::<Vec<_>>(),
    }))
}
