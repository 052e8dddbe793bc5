//! `sources check`: one board of each source asked once.

use std::{collections::BTreeMap, process::ExitCode};

use anyhow::Context as _;
use futures::{StreamExt as _, stream};
use serde::Serialize;

use super::{Globals, Outside, known};
use crate::{
    cli::read_schedules,
    schedule::Schedule,
    sources::{self, Board, Source},
    tasks::scrape::{Credentials, ScrapeArgs},
};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct CheckArgs {
    /// Sources; all that have a schedule where none is given.
    sources: Vec<String>,
    /// Ask every board of the schedules, not only the first of each source.
    #[arg(long)]
    all_boards: bool,
}

/// How one board answered.
#[derive(Debug, Serialize)]
struct Row {
    source: &'static str,
    board: String,
    /// `ok`, `empty`, `not configured`, or the kind of failure.
    state: String,
    postings: usize,
    rejected: usize,
    expected: Option<u64>,
    requests: usize,
    milliseconds: u64,
    says: String,
}

/// Asks, prints a table, and fails where a source did.
pub(super) async fn run(globals: &Globals, args: CheckArgs) -> anyhow::Result<ExitCode> {
    for name in &args.sources {
        known(name)?;
    }
    let outside = Outside::open(globals)?;
    let schedules = read_schedules(&outside.config)?;
    let boards = boards(&outside, &schedules, &args)?;
    // Different domains have nothing to wait for from each other.
    let rows: Vec<Vec<Row>> = stream::iter(boards)
        .map(|(source, boards)| of_source(globals, &outside, source, boards))
        .buffered(8)
        .collect()
        .await;
    let rows: Vec<Row> = rows.into_iter().flatten().collect();
    let columns = ["source", "board", "state", "postings", "rejected", "expected", "requests", "ms", "says"];
    globals.output().rows(&columns, &rows, |row| {
        vec![
            row.source.to_owned(),
            row.board.clone(),
            row.state.clone(),
            row.postings.to_string(),
            row.rejected.to_string(),
            row.expected.map_or_else(|| "-".to_owned(), |expected| expected.to_string()),
            row.requests.to_string(),
            row.milliseconds.to_string(),
            row.says.clone(),
        ]
    })?;
    let well = |row: &Row| matches!(row.state.as_str(), "ok" | "empty" | "not configured");
    Ok(if rows.iter().all(well) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The boards to ask, by source.
fn boards(
    outside: &Outside,
    schedules: &[Schedule],
    args: &CheckArgs,
) -> anyhow::Result<BTreeMap<&'static str, Vec<Board>>> {
    let mut boards: BTreeMap<&'static str, Vec<Board>> = BTreeMap::new();
    for schedule in schedules.iter().filter(|schedule| schedule.task == "scrape") {
        let read: ScrapeArgs = serde_json::from_value(schedule.args.clone())
            .with_context(|| schedule.file.display().to_string())?;
        let source = sources::find(&read.source).map_err(anyhow::Error::msg)?;
        if args.sources.is_empty() || args.sources.iter().any(|name| name == source.name()) {
            let listed = read.all_boards(&outside.config.jobs.dir).map_err(anyhow::Error::msg)?;
            boards.entry(source.name()).or_default().extend(listed);
        }
    }
    if !args.all_boards {
        for boards in boards.values_mut() {
            boards.truncate(1);
        }
    }
    Ok(boards)
}

async fn of_source(globals: &Globals, outside: &Outside, name: &'static str, boards: Vec<Board>) -> Vec<Row> {
    let Ok(source) = sources::find(name) else { return Vec::new() };
    let mut rows = Vec::with_capacity(boards.len());
    for board in boards {
        globals.output().say(format!("asking {name} {}", board.board));
        rows.push(of_board(outside, source, &board).await);
    }
    rows
}

async fn of_board(outside: &Outside, source: &'static dyn Source, board: &Board) -> Row {
    let start = tokio::time::Instant::now();
    let mut row = Row {
        source: source.name(),
        board: board.board.clone(),
        state: String::new(),
        postings: 0,
        rejected: 0,
        expected: None,
        requests: 0,
        milliseconds: 0,
        says: String::new(),
    };
    let credentials = match Credentials::find(source, &outside.config.sources) {
        Ok(credentials) => credentials,
        Err(missing) => {
            "not configured".clone_into(&mut row.state);
            row.says = format!("{} empty", missing.join(", "));
            return row;
        }
    };
    match outside.prober(&credentials).ask(source, board, 1).await {
        Ok(probe) => {
            row.postings = probe.postings.len() + probe.drafts;
            row.rejected = probe.rejected.len();
            row.expected = probe.expected;
            row.requests = probe.exchanges.len();
            if row.postings == 0 { "empty" } else { "ok" }.clone_into(&mut row.state);
            row.says = probe.rejected.into_iter().next().map(|one| one.reason).unwrap_or_default();
        }
        Err(fault) => {
            fault.kind.clone_into(&mut row.state);
            row.says = fault.message;
        }
    }
    row.milliseconds = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    row
}
