//! `sources record`: a live exchange saved in the form of the fixtures.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde_json::{Map, Value};

use super::{BoardArgs, Globals, Outside, known};
use crate::{
    domain::Request,
    fetch::Response,
    sources::{Board, Source},
    tasks::scrape::Probe,
};

/// Ask a board and save what it answers as recorded exchanges.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct RecordArgs {
    #[command(flatten)]
    board: BoardArgs,
    /// Folder of the recordings; the exchange goes to DIR/SOURCE/CASE.
    #[arg(long, value_name = "DIR", default_value = "fixtures")]
    out: PathBuf,
    /// Name of the case; the board's where not given.
    #[arg(long, value_name = "NAME")]
    case: Option<String>,
    /// Further requests to record, the page of one posting before further pages of the listing; they go to CASE-2, CASE-3, ...
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    follow: u32,
    /// Overwrite what is there.
    #[arg(long)]
    force: bool,
}

pub(super) async fn run(globals: &Globals, args: RecordArgs) -> anyhow::Result<()> {
    let source = known(&args.board.source)?;
    let board = args.board.board();
    let case = args.case.clone().unwrap_or_else(|| folder_name(&board.board));
    ensure!(!case.is_empty(), "case: expected a name for the folder");
    let outside = Outside::open(globals)?;
    let credentials = outside.credentials(source)?;
    let probe = outside.prober(&credentials).ask(source, &board, args.follow).await;
    let probe = probe.map_err(|fault| anyhow::anyhow!("{} {}: {fault}", source.name(), board.board))?;
    let recorded_at = outside.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let folder = args.out.join(source.name());
    let saved = save(&folder, &case, source, &board, &probe, &recorded_at, args.force)?;
    for path in &saved {
        let words = format!("recorded {}", path.display());
        globals.output().done(&serde_json::json!({ "recorded": path }), words)?;
    }
    globals.output().say(format!(
        "{} postings, {} rejected, {} with pages of their own\n\
         the texts belong to the employer who published them: rewrite them before a recording becomes a fixture of the project\n\
         set records and complete, then UPDATE_FIXTURES=1 cargo test --test it fixtures writes expected.json",
        probe.postings.len(),
        probe.rejected.len(),
        probe.drafts,
    ));
    Ok(())
}

/// A board's name as that of a folder.
pub(super) fn folder_name(board: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    board.chars().map(plain).collect::<String>().trim_matches('-').to_owned()
}

/// Writes each exchange of a probe into a folder of its own.
///
/// # Errors
/// Where a folder cannot be written, or holds an exchange and `force` is not given.
pub(super) fn save(
    folder: &Path,
    case: &str,
    source: &dyn Source,
    board: &Board,
    probe: &Probe,
    recorded_at: &str,
    force: bool,
) -> anyhow::Result<Vec<PathBuf>> {
    let mut saved = Vec::new();
    for (place, (request, response)) in probe.exchanges.iter().enumerate() {
        let name = if place == 0 { case.to_owned() } else { format!("{case}-{}", place + 1) };
        let folder = folder.join(name);
        let file = folder.join("exchange.toml");
        ensure!(force || !file.exists(), "{} is there: --force overwrites it", file.display());
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let body = folder.join(body_name(response));
        std::fs::write(&body, &response.body).with_context(|| body.display().to_string())?;
        let records = records(source, board, response);
        let text = exchange(source, board, request, response, records, recorded_at);
        std::fs::write(&file, text).with_context(|| file.display().to_string())?;
        saved.push(folder);
    }
    Ok(saved)
}

/// How many records the body has, and whether it is a whole listing.
fn records(source: &dyn Source, board: &Board, response: &Response) -> (usize, bool) {
    let page = crate::domain::Page {
        url: &response.url,
        content_type: response.content_type.as_deref(),
        body: &response.body,
    };
    source.parse(board, &page).map_or((0, false), |parsed| {
        (parsed.postings.len() + parsed.drafts.len() + parsed.rejected.len(), parsed.complete)
    })
}

fn body_name(response: &Response) -> &'static str {
    let kind = response.content_type.as_deref().unwrap_or_default().to_ascii_lowercase();
    let start = response.body.iter().find(|byte| !byte.is_ascii_whitespace());
    if kind.contains("json") || matches!(start, Some(b'{' | b'[')) {
        "response.json"
    } else if kind.contains("xml") || kind.contains("rss") || response.body.starts_with(b"<?xml") {
        "response.xml"
    } else {
        "response.html"
    }
}

fn exchange(
    source: &dyn Source,
    board: &Board,
    request: &Request,
    response: &Response,
    (records, complete): (usize, bool),
    recorded_at: &str,
) -> String {
    let mut table = toml::Table::new();
    table.insert("source".to_owned(), source.name().into());
    table.insert("method".to_owned(), if request.body.is_some() { "POST" } else { "GET" }.into());
    table.insert("url".to_owned(), request.url.clone().into());
    if let Some(body) = &request.body {
        table.insert("request_body".to_owned(), body.to_string().into());
    }
    table.insert("status".to_owned(), 200.into());
    let kind = response.content_type.clone().unwrap_or_default();
    table.insert("content_type".to_owned(), kind.into());
    table.insert("recorded_at".to_owned(), recorded_at.into());
    table.insert("board".to_owned(), board.board.clone().into());
    if let Some(company) = &board.company {
        table.insert("company".to_owned(), company.clone().into());
    }
    table.insert("records".to_owned(), i64::try_from(records).unwrap_or(i64::MAX).into());
    table.insert("complete".to_owned(), complete.into());
    if let Some(options) = to_toml(&board.options) {
        table.insert("options".to_owned(), options.into());
    }
    toml::to_string(&table).unwrap_or_default()
}

/// Options as TOML, which has no null.
pub(super) fn to_toml(options: &Map<String, Value>) -> Option<toml::Table> {
    if options.is_empty() { None } else { serde_json::from_value(Value::Object(options.clone())).ok() }
}
