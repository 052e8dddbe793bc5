//! `sources new`: the files that a new source needs, ready to be filled.
//!
//! A feed and a page need no code: a schedule and a recorded case are all. Where code is needed, a source file that reads a plain JSON list
//! is written with its fixtures and its lines in the list of sources; it compiles and passes the tests as it is.

mod rust;

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    Globals, Outside,
    record::{folder_name, save, to_toml},
};
use crate::{
    cli::failure::Failure,
    sources::{self, Board, SOURCES, Source},
    tasks::scrape::Credentials,
};

/// Make what a new source needs.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct NewArgs {
    /// Name of the source or, for a feed or page, of the board: lower-case letters, digits and underscores.
    name: String,
    /// Address of the feed, page or endpoint.
    url: Url,
    /// What is there; found out by asking where not given.
    #[arg(long)]
    kind: Option<Kind>,
    /// Employer, where the address shows one employer's postings.
    #[arg(long)]
    company: Option<String>,
    /// Folder of the project.
    #[arg(long, value_name = "DIR", default_value = ".")]
    project: PathBuf,
}

/// What an address shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    /// RSS, Atom or JSON Feed.
    Feed,
    /// Pages with schema.org postings, found by links or a sitemap.
    JsonLd,
    /// A page read by CSS selectors.
    Html,
    /// Anything else: a source file in Rust.
    Rust,
}

impl Kind {
    /// The source that reads it without code.
    fn source(self) -> Option<&'static str> {
        match self {
            Self::Feed => Some("feed"),
            Self::JsonLd => Some("json_ld"),
            Self::Html => Some("html"),
            Self::Rust => None,
        }
    }
}

pub(super) async fn run(globals: &Globals, args: NewArgs) -> anyhow::Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if args.name.is_empty()
        || !args.name.chars().all(plain)
        || !args.name.starts_with(|c: char| c.is_ascii_lowercase())
    {
        let message =
            format!("\"{}\": expected lower-case letters, digits and underscores, a letter first", args.name);
        return Err(Failure::new(2, message).into());
    }
    if let Some(known) = of_known_source(&args.url) {
        let message = format!(
            "{} is a host of the source {1}, which needs no new code: add the board to jobs/{1}.toml",
            args.url.host_str().unwrap_or_default(),
            known.name()
        );
        return Err(Failure::new(2, message).into());
    }
    let outside = Outside::open(globals)?;
    let written = match args.kind {
        Some(Kind::Rust) => rust::write_source(&args.project, &args.name, &args.url)?,
        Some(kind) => without_code(&outside, &args, kind).await?,
        None => find_out(&outside, &args).await?,
    };
    for path in written {
        globals.output().done(&json!({ "wrote": path }), format!("wrote {}", path.display()))?;
    }
    Ok(())
}

/// The source that already reads boards on this host.
fn of_known_source(url: &Url) -> Option<&'static dyn Source> {
    let host = url.host_str()?;
    SOURCES.iter().copied().find(|source| {
        source.hosts().iter().any(|pattern| match pattern.strip_prefix('*') {
            Some("") => false,
            Some(end) => host.ends_with(end),
            None => host == *pattern,
        })
    })
}

/// Tries what needs no code, from the most exact to the most general.
async fn find_out(outside: &Outside, args: &NewArgs) -> anyhow::Result<Vec<PathBuf>> {
    let mut reasons = Vec::new();
    for kind in [Kind::Feed, Kind::JsonLd] {
        match without_code(outside, args, kind).await {
            Ok(written) => return Ok(written),
            Err(error) => reasons.push(format!("{}: {error:#}", kind.source().unwrap_or_default())),
        }
    }
    bail!(
        "{} is no feed and shows no schema.org postings; say --kind html to describe the page by selectors, or --kind rust\n{}",
        args.url,
        reasons.join("\n")
    )
}

/// A schedule over one board of a generic source, and what the board answers as a recorded case.
async fn without_code(outside: &Outside, args: &NewArgs, kind: Kind) -> anyhow::Result<Vec<PathBuf>> {
    let name = kind.source().context("a source that needs no code")?;
    let source = sources::find(name).map_err(anyhow::Error::msg)?;
    let board =
        Board { board: args.name.clone(), company: args.company.clone(), options: options(kind, &args.url) };
    let schedule = args.project.join("jobs").join(format!("{}.toml", args.name));
    ensure!(!schedule.exists(), "{} is there", schedule.display());
    source.first(&board)?;
    let mut written = Vec::new();
    // Selectors have to be found by a person first: there is nothing to record before.
    if kind != Kind::Html {
        let probe = outside.prober(&Credentials::default()).ask(source, &board, 1).await;
        let probe = probe.map_err(|fault| anyhow::anyhow!("{fault}"))?;
        ensure!(!probe.postings.is_empty() || probe.drafts > 0, "it shows no posting");
        let folder = args.project.join("fixtures").join(name);
        let recorded_at = outside.clock.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        written = save(&folder, &folder_name(&args.name), source, &board, &probe, &recorded_at, false)?;
    }
    write(&schedule, &schedule_text(source, &board, &args.url)?)?;
    written.push(schedule);
    Ok(written)
}

fn options(kind: Kind, url: &Url) -> Map<String, Value> {
    let options = match kind {
        // The commonest forms; a person looks at the page and corrects them.
        Kind::Html => json!({
            "url": url.as_str(),
            "item": ".job",
            "title": "a",
            "link": "a@href",
            "location": ".location",
        }),
        _ => json!({ "url": url.as_str() }),
    };
    options.as_object().cloned().unwrap_or_default()
}

fn schedule_text(source: &dyn Source, board: &Board, url: &Url) -> anyhow::Result<String> {
    let mut table = toml::Table::new();
    table.insert("board".to_owned(), board.board.clone().into());
    if let Some(company) = &board.company {
        table.insert("company".to_owned(), company.clone().into());
    }
    if let Some(options) = to_toml(&board.options) {
        table.insert("options".to_owned(), options.into());
    }
    let mut args = toml::Table::new();
    args.insert("boards".to_owned(), toml::Value::Array(vec![table.into()]));
    args.insert("source".to_owned(), source.name().into());
    let mut file = toml::Table::new();
    file.insert("args".to_owned(), args.into());
    let args = toml::to_string(&file)?;
    Ok(format!(
        "# Postings at {url}.\n\
         # Not enabled yet: read the publisher's terms, then career-worker sources check {} and enabled = true.\n\
         task = \"scrape\"\n\
         schedule = \"37 */6 * * *\"\n\
         jitter = \"20m\"\n\
         enabled = false\n\
         overlap = \"skip\"\n\
         catch_up = \"latest\"\n\
         \n{args}",
        source.name()
    ))
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    }
    std::fs::write(path, text).with_context(|| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_on_a_known_system_is_recognized() {
        let known = |url: &str| of_known_source(&Url::parse(url).unwrap()).map(Source::name);
        assert_eq!(known("https://api.lever.co/v0/postings/acme"), Some("lever"));
        assert_eq!(known("https://acme.example/jobs"), None);
    }
}
