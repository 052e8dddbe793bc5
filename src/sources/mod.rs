//! Where postings come from: one file a source.
//!
//! A source is pure: it says what to ask for and reads what came back. It sees no network, database, queue or clock; the scrape task
//! drives fetching, paging, limits and storing. To add one: `src/sources/x.rs`, two sorted lines here, a folder `fixtures/x/`, and a
//! schedule `jobs/x.toml`; a test says what is missing.

mod ashby;
mod greenhouse;
mod lever;
mod reading;

use serde_json::Value;
use url::Url;

use crate::domain::{Page, Politeness, RawPosting, Rejected, Request};

/// All sources, sorted by name.
pub static SOURCES: &[&dyn Source] = &[&ashby::Ashby, &greenhouse::Greenhouse, &lever::Lever];

/// A kind of place postings come from.
pub trait Source: Send + Sync {
    /// Lower-case name, as in `jobs.source`.
    fn name(&self) -> &'static str;
    /// Name for people.
    fn title(&self) -> &'static str;
    /// Hosts it asks; a subdomain wildcard is written `*.example.com`.
    fn hosts(&self) -> &'static [&'static str];
    /// What the publisher says about automated reading: a link and a note.
    fn terms(&self) -> Terms;
    /// How fast it may be asked.
    fn politeness(&self) -> Politeness;
    /// The first request for a board.
    ///
    /// # Errors
    /// [`SourceError::Args`] names the key and what was expected.
    fn first(&self, board: &Board) -> Result<Request, SourceError>;
    /// Reads one response with status 200.
    ///
    /// # Errors
    /// [`SourceError::Layout`] where the response is not what the source is known to send; never panics, whatever the bytes.
    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError>;
}

/// One company's list on a source, as a schedule names it.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Board {
    /// The source's own short name of the tenant (`stripe`).
    pub board: String,
    /// Employer to show where the source does not send one; the board name in title case otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Settings that only some sources have (Lever: `region = "eu"`).
    #[serde(default, skip_serializing_if = "serde_json::Map::is_empty")]
    pub options: serde_json::Map<String, Value>,
}

impl Board {
    /// The employer of a posting that names none: as configured, or the board's name in title case. Without a board the posting's
    /// address tells it, for sources that put the board into the path.
    pub fn employer(&self, url: &str) -> Option<String> {
        let configured = self.company.as_deref().map(str::trim).filter(|name| !name.is_empty());
        if let Some(name) = configured {
            return Some(name.to_owned());
        }
        let name = if self.board.trim().is_empty() { board_in(url)? } else { self.board.clone() };
        Some(title_case(&name)).filter(|name| !name.is_empty())
    }

    /// `base` with the board's name as one more segment of the path, then `tail`.
    ///
    /// # Errors
    /// [`SourceError::Args`] where the name cannot be one segment, or an option is not among `known`.
    pub(crate) fn address(&self, base: &str, tail: &[&str], known: &[&str]) -> Result<Url, SourceError> {
        if let Some(key) = self.options.keys().find(|key| !known.contains(&key.as_str())) {
            let expected = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(SourceError::Args(format!("options.{key}: unknown option, expected {expected}")));
        }
        let name = self.board.trim();
        let odd = |c: char| c.is_control() || matches!(c, '/' | '\\' | '?' | '#');
        if name.is_empty() || name.len() > 200 || matches!(name, "." | "..") || name.contains(odd) {
            return Err(SourceError::Args(format!(
                "board: expected the source's short name of a company, got \"{}\"",
                self.board.escape_debug()
            )));
        }
        let mut url = Url::parse(base).map_err(|error| SourceError::Args(format!("{base}: {error}")))?;
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.push(name).extend(tail);
        }
        Ok(url)
    }
}

/// The first segment of a path.
fn board_in(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let segment = url.path_segments()?.next()?;
    Some(segment.replace("%20", " "))
}

/// `acme-robotics` as `Acme Robotics`; capitals inside a word stay.
fn title_case(board: &str) -> String {
    let words = board.split(|c: char| c.is_whitespace() || matches!(c, '-' | '_' | '.'));
    let words = words.filter(|word| !word.is_empty()).map(|word| {
        let mut letters = word.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    });
    words.collect::<Vec<String>>().join(" ")
}

/// What a publisher allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Where it says so.
    pub url: &'static str,
    /// In one line.
    pub note: &'static str,
}

/// What one response held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// Postings, in the order of the response.
    pub postings: Vec<RawPosting>,
    /// Records that cannot become postings.
    pub rejected: Vec<Rejected>,
    /// Further requests for the same listing.
    pub next: Vec<Request>,
    /// How many postings the source says the whole listing has.
    pub expected_total: Option<u64>,
    /// False where the response itself shows that the listing is only a part; nothing is then taken for gone.
    pub complete: bool,
}

/// Why a response gave no postings.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SourceError {
    /// The schedule's arguments do not fit the source.
    #[error("{0}")]
    Args(String),
    /// The response is not what this source is known to send.
    #[error("unexpected layout: {0}")]
    Layout(String),
}

/// The source of that name.
///
/// # Errors
/// Names the sources there are.
pub fn find(name: &str) -> Result<&'static dyn Source, String> {
    SOURCES.iter().copied().find(|source| source.name() == name).ok_or_else(|| {
        let known: Vec<_> = SOURCES.iter().map(|source| source.name()).collect();
        format!("unknown source \"{name}\", expected one of {}", known.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::Path};

    use super::*;

    fn stems(dir: &Path) -> BTreeSet<String> {
        let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        let files = entries.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
        files.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn every_source_has_its_file_its_fixtures_and_its_schedule() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let listed: Vec<_> = SOURCES.iter().map(|source| source.name().to_owned()).collect();
        assert!(listed.is_sorted(), "SOURCES is sorted by name: {listed:?}");

        let mut files = stems(&root.join("src/sources"));
        files.remove("mod");
        for name in &files {
            assert!(listed.contains(name), "add `&{name}::…` to SOURCES in src/sources/mod.rs");
        }
        for name in &listed {
            assert!(files.contains(name), "{name} is in SOURCES and has no src/sources/{name}.rs");
            let fixtures = root.join("fixtures").join(name);
            assert!(fixtures.is_dir(), "make {} with a folder for each case", fixtures.display());
            let schedule = root.join("jobs").join(format!("{name}.toml"));
            let text = std::fs::read_to_string(&schedule).unwrap_or_default();
            let toml: toml::Table =
                text.parse().unwrap_or_else(|error| panic!("{}: {error}", schedule.display()));
            let args = toml.get("args").unwrap_or_else(|| panic!("{}: no [args]", schedule.display()));
            assert_eq!(args.get("source").and_then(toml::Value::as_str), Some(name.as_str()));
            let boards = args.get("boards").and_then(toml::Value::as_array).unwrap();
            let source = find(name).unwrap();
            for board in boards {
                let board = board.as_str().expect("a board is a short name").to_owned();
                let request = source.first(&Board { board, ..Board::default() }).unwrap();
                let host = Url::parse(&request.url).unwrap().host_str().unwrap().to_owned();
                assert!(source.hosts().contains(&host.as_str()), "{host} is not among the hosts of {name}");
            }
        }
    }

    #[test]
    fn a_board_that_cannot_be_asked_for_is_named() {
        for board in ["", " ", "a/b", "..", "a?b=c", "a\nb"] {
            for source in SOURCES {
                let board = Board { board: board.to_owned(), ..Board::default() };
                let error = source.first(&board).unwrap_err().to_string();
                assert!(
                    error.starts_with("board: expected the source's short name of a company, got "),
                    "{error}"
                );
            }
        }
        let mut board = Board { board: "acme".to_owned(), ..Board::default() };
        board.options.insert("regoin".to_owned(), Value::from("eu"));
        for source in SOURCES {
            let error = source.first(&board).unwrap_err().to_string();
            assert!(error.starts_with("options.regoin: unknown option, expected "), "{error}");
        }
    }

    #[test]
    fn a_posting_without_an_employer_has_the_boards() {
        let board = |board: &str, company: Option<&str>| Board {
            board: board.to_owned(),
            company: company.map(str::to_owned),
            ..Board::default()
        };
        let url = "https://x.test/Low%20Tide/1";
        assert_eq!(board("nordlicht-robotics", None).employer(url).as_deref(), Some("Nordlicht Robotics"));
        assert_eq!(board("HighTide", Some(" ")).employer(url).as_deref(), Some("HighTide"));
        assert_eq!(board("x", Some("Xylo AG")).employer(url).as_deref(), Some("Xylo AG"));
        assert_eq!(board("", None).employer(url).as_deref(), Some("Low Tide"));
        assert_eq!(board("", None).employer("https://x.test/"), None);
    }
}
