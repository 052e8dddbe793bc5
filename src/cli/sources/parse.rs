//! `sources parse`: a recorded response in, normalized postings out. Needs neither network nor database.

use std::{
    fmt::Write as _,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    clock::Clock,
    domain::{JobType, Page, Pay, Period, Posting, Rejected, RemoteOption},
    normalize::normalize,
    sources::{self, Board, Source},
};

/// Reads recorded responses of a source as the scraper would.
#[derive(Debug, clap::Args)]
pub struct ParseArgs {
    /// Name of the source; taken from exchange.toml where there is one.
    #[arg(long, value_name = "NAME")]
    pub(super) source: Option<String>,
    /// Short name of the board; taken from exchange.toml where there is one.
    #[arg(long)]
    board: Option<String>,
    /// Employer, where the source does not name one.
    #[arg(long)]
    company: Option<String>,
    /// Responses, or folders with an exchange.toml and a response.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Parses and normalizes every file in turn; one that cannot be read does not stop the others.
///
/// # Errors
/// Says for each file that could not be read what was expected.
pub fn run(args: &ParseArgs, json: bool, clock: &Clock, out: &mut impl Write) -> anyhow::Result<ExitCode> {
    let mut failures = Vec::new();
    for file in &args.files {
        match read(args, clock, file) {
            Ok(records) if json => write_lines(&records, out)?,
            Ok(records) => write_table(file, &records, out)?,
            Err(error) => failures.push(format!("{}: {error:#}", file.display())),
        }
    }
    if failures.is_empty() { Ok(ExitCode::SUCCESS) } else { bail!(failures.join("\n")) }
}

/// The part of an `exchange.toml` that matters here.
#[derive(Deserialize)]
struct Exchange {
    source: String,
    url: String,
    status: Option<u16>,
    content_type: Option<String>,
    recorded_at: Option<String>,
    board: Option<String>,
    company: Option<String>,
    #[serde(default)]
    options: serde_json::Map<String, serde_json::Value>,
}

type Record = Result<Posting, Rejected>;

fn read(args: &ParseArgs, clock: &Clock, path: &Path) -> anyhow::Result<Vec<Record>> {
    let (body, exchange) =
        if path.is_dir() { (response_in(path)?, Some(path)) } else { (path.into(), path.parent()) };
    let exchange = exchange.map(|dir| dir.join("exchange.toml")).filter(|toml| toml.is_file());
    ensure!(!path.is_dir() || exchange.is_some(), "no exchange.toml in this folder");
    let exchange = exchange.map(|toml| read_exchange(&toml)).transpose()?;
    let source = find_source(args, exchange.as_ref())?;
    if let Some(status) = exchange.as_ref().and_then(|exchange| exchange.status) {
        ensure!(status == 200, "status {status}: expected a response with status 200");
    }
    let board = Board {
        board: args.board.clone().or_else(|| exchange.as_ref()?.board.clone()).unwrap_or_default(),
        company: args.company.clone().or_else(|| exchange.as_ref()?.company.clone()),
        options: exchange.as_ref().map(|exchange| exchange.options.clone()).unwrap_or_default(),
    };
    let body = fs::read(&body).with_context(|| format!("cannot read {}", body.display()))?;
    let page = Page {
        url: exchange.as_ref().map_or("", |exchange| &exchange.url),
        content_type: exchange.as_ref().and_then(|exchange| exchange.content_type.as_deref()),
        body: &body,
    };
    let parsed = source.parse(&board, &page)?;
    let recorded = exchange.as_ref().and_then(|exchange| exchange.recorded_at.as_deref());
    let recorded =
        recorded.and_then(|at| DateTime::parse_from_rfc3339(at).ok()).map(|at| at.with_timezone(&Utc));
    let today = recorded.unwrap_or_else(|| clock.now()).date_naive();
    // A draft shows what its listing says.
    let drafts = parsed.drafts.into_iter().map(|draft| draft.posting);
    let postings = parsed.postings.into_iter().chain(drafts).map(|raw| normalize(source.name(), raw, today));
    Ok(postings.chain(parsed.rejected.into_iter().map(Err)).collect())
}

fn response_in(dir: &Path) -> anyhow::Result<PathBuf> {
    let names = ["response.json", "response.xml", "response.html"];
    let found = names.iter().map(|name| dir.join(name)).find(|file| file.is_file());
    found.with_context(|| format!("expected one of {} in this folder", names.join(", ")))
}

fn read_exchange(path: &Path) -> anyhow::Result<Exchange> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| path.display().to_string())
}

fn find_source(args: &ParseArgs, exchange: Option<&Exchange>) -> anyhow::Result<&'static dyn Source> {
    let recorded = exchange.map(|exchange| exchange.source.as_str());
    match (args.source.as_deref(), recorded) {
        (Some(asked), Some(recorded)) if asked != recorded => {
            bail!("source \"{recorded}\" in exchange.toml, expected \"{asked}\"")
        }
        (Some(name), _) | (None, Some(name)) => sources::find(name).map_err(anyhow::Error::msg),
        (None, None) => bail!("no exchange.toml beside this file, expected --source NAME"),
    }
}

/// A posting under the column names of `jobs`.
#[derive(Serialize)]
struct Row<'a> {
    title: &'a str,
    company: &'a str,
    location: Option<&'a str>,
    description: Option<&'a str>,
    requirements: Option<&'a str>,
    tech_stack: &'a [String],
    salary_min: Option<i32>,
    salary_max: Option<i32>,
    salary_currency: Option<&'a str>,
    salary_period: Option<&'static str>,
    raw_salary: Option<&'a Pay>,
    job_type: Option<&'static str>,
    remote_option: Option<&'static str>,
    source: &'a str,
    source_id: &'a str,
    url: &'a str,
    posted_date: Option<NaiveDate>,
    application_deadline: Option<NaiveDate>,
}

impl<'a> From<&'a Posting> for Row<'a> {
    fn from(posting: &'a Posting) -> Self {
        Self {
            title: &posting.title,
            company: &posting.company,
            location: posting.location.as_deref(),
            description: posting.description.as_deref(),
            requirements: posting.requirements.as_deref(),
            tech_stack: &posting.tech_stack,
            salary_min: posting.salary.min,
            salary_max: posting.salary.max,
            salary_currency: posting.salary.currency.as_deref(),
            salary_period: posting.pay.as_ref().and_then(|pay| pay.period).map(Period::as_str),
            raw_salary: posting.pay.as_ref(),
            job_type: posting.job_type.map(JobType::as_str),
            remote_option: posting.remote_option.map(RemoteOption::as_str),
            source: &posting.source,
            source_id: &posting.source_id,
            url: &posting.url,
            posted_date: posting.posted_date,
            application_deadline: posting.application_deadline,
        }
    }
}

fn write_lines(records: &[Record], out: &mut impl Write) -> anyhow::Result<()> {
    for record in records {
        let line = match record {
            Ok(posting) => serde_json::to_string(&Row::from(posting))?,
            Err(rejected) => serde_json::to_string(&serde_json::json!({
                "rejected": rejected.reason,
                "source_id": rejected.source_id,
            }))?,
        };
        writeln!(out, "{line}")?;
    }
    Ok(())
}

const HEADINGS: [(&str, usize); 7] = [
    ("TITLE", 44),
    ("COMPANY", 20),
    ("LOCATION", 28),
    ("WORK", 8),
    ("TYPE", 11),
    ("SALARY A YEAR", 22),
    ("POSTED", 10),
];

fn write_table(file: &Path, records: &[Record], out: &mut impl Write) -> anyhow::Result<()> {
    let postings: Vec<_> = records.iter().filter_map(|record| record.as_ref().ok()).collect();
    let rejected: Vec<_> = records.iter().filter_map(|record| record.as_ref().err()).collect();
    writeln!(out, "{}: {} postings, {} rejected", file.display(), postings.len(), rejected.len())?;
    if !postings.is_empty() {
        write_cells(&HEADINGS.map(|(name, _)| name.to_owned()), out)?;
    }
    for posting in postings {
        let cells = [
            posting.title.clone(),
            posting.company.clone(),
            posting.location.clone().unwrap_or_default(),
            posting.remote_option.map_or("", RemoteOption::as_str).to_owned(),
            posting.job_type.map_or("", JobType::as_str).to_owned(),
            salary(posting),
            posting.posted_date.map(|date| date.to_string()).unwrap_or_default(),
        ];
        write_cells(&cells, out)?;
    }
    for rejected in rejected {
        writeln!(
            out,
            "rejected {}: {}",
            rejected.source_id.as_deref().unwrap_or("without id"),
            rejected.reason
        )?;
    }
    Ok(())
}

fn write_cells(cells: &[String; HEADINGS.len()], out: &mut impl Write) -> anyhow::Result<()> {
    let mut line = String::new();
    for (cell, (_, width)) in cells.iter().zip(HEADINGS) {
        let shown: String = match cell.chars().count() {
            count if count > width => cell.chars().take(width - 1).chain(['…']).collect(),
            _ => cell.clone(),
        };
        let _ = write!(line, "{shown:width$}  ");
    }
    writeln!(out, "{}", line.trim_end())?;
    Ok(())
}

fn salary(posting: &Posting) -> String {
    let amount = |end: Option<i32>| end.map(|end| end.to_string()).unwrap_or_default();
    let (min, max) = (amount(posting.salary.min), amount(posting.salary.max));
    let ends = if min == max { min } else { format!("{min}–{max}") };
    format!("{ends} {}", posting.salary.currency.as_deref().unwrap_or_default()).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Cli {
        #[command(flatten)]
        args: ParseArgs,
        #[arg(long)]
        json: bool,
    }

    fn run_with(args: &[&str]) -> anyhow::Result<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
        let words = args.iter().map(|word| match word.strip_prefix('@') {
            Some(fixture) => root.join(fixture).display().to_string(),
            None => (*word).to_owned(),
        });
        let cli = Cli::try_parse_from(std::iter::once("parse".to_owned()).chain(words))?;
        let json = cli.json;
        let mut out = Vec::new();
        run(&cli.args, json, &Clock::fixed(DateTime::UNIX_EPOCH), &mut out)?;
        Ok(String::from_utf8(out)?)
    }

    #[test]
    fn lines_have_the_columns_of_the_table() {
        let text = run_with(&["--json", "--source", "lever", "@lever/ordinary/response.json"]).unwrap();
        let rows: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(rows.len(), 3);
        let keys: Vec<_> = rows[0].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            keys,
            [
                "application_deadline",
                "company",
                "description",
                "job_type",
                "location",
                "posted_date",
                "raw_salary",
                "remote_option",
                "requirements",
                "salary_currency",
                "salary_max",
                "salary_min",
                "salary_period",
                "source",
                "source_id",
                "tech_stack",
                "title",
                "url",
            ]
        );
        assert_eq!(rows[0]["company"], "Kestrel Mobility");
        assert_eq!(rows[0]["raw_salary"]["max"], 128_000.0);
        assert_eq!((&rows[0]["salary_period"], &rows[2]["salary_period"]), (&"year".into(), &"month".into()));
    }

    #[test]
    fn rejected_records_are_lines_too() {
        let text = run_with(&["--json", "@ashby/messy"]).unwrap();
        let rejected: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let reasons: Vec<_> = rejected.iter().filter_map(|row| row["rejected"].as_str()).collect();
        assert_eq!(rejected.len(), 7);
        assert!(reasons.contains(&"isListed: not listed on the public board"), "{reasons:?}");
        let table = run_with(&["--board", "x", "@ashby/messy"]).unwrap();
        assert!(table.contains(": 4 postings, 3 rejected\n") && table.contains("\nrejected 7: "), "{table}");
    }

    #[test]
    fn a_file_that_cannot_be_read_says_what_was_expected() {
        let error = |args: &[&str]| run_with(args).unwrap_err().to_string();
        assert!(error(&["@lever/layout"]).ends_with("expected JSON, got a page of HTML or XML"));
        assert!(error(&["@lever/gone"]).ends_with("status 404: expected a response with status 200"));
        assert!(error(&["--source", "ashby", "@lever/ordinary"]).ends_with("expected \"ashby\""));
        assert!(
            error(&["@README.md"]).ends_with("no exchange.toml beside this file, expected --source NAME")
        );
        assert!(error(&["--source", "leever", "@README.md"]).contains("expected one of adzuna, arbeitnow, "));
        assert!(
            error(&["@lever"])
                .ends_with("expected one of response.json, response.xml, response.html in this folder")
        );
        let both = error(&["@lever/gone", "@lever/ordinary", "@lever/throttled"]);
        assert_eq!(both.lines().count(), 2, "{both}");
    }
}
