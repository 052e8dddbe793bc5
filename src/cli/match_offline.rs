//! `career-worker match`: searches and profiles against postings, all from files, without a database.

use std::{
    collections::HashMap,
    fs::File,
    io::{BufRead as _, BufReader, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use chrono::{DateTime, NaiveDate, NaiveDateTime};
use clap::Args;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    clock::Clock,
    config::Config,
    domain::{JobId, Place, Profile, Salary, SavedSearch, SearchId, Seniority, UserId, Years},
    matching::{
        CompiledProfile, CompiledSearch, Hit, MatchIndex, MatchPosting, MatchSettings, PostingFields,
        Reasons, reasons,
    },
    normalize,
};

/// Matches postings with searches and profiles, all read from files of JSON lines with the columns of their tables.
#[derive(Args, Clone, Debug, Default)]
pub struct MatchArgs {
    /// Rows of the table of saved searches
    #[arg(long, value_name = "FILE")]
    pub searches: Option<PathBuf>,
    /// Rows of the table of user profiles
    #[arg(long, value_name = "FILE")]
    pub profiles: Option<PathBuf>,
    /// Rows of jobs; a row without an id gets the number of its line
    #[arg(long, value_name = "FILE")]
    pub postings: PathBuf,
    /// The day it is, for freshness [default: today]
    #[arg(long, value_name = "DATE")]
    pub today: Option<NaiveDate>,
}

/// One row of `jobs`; columns that hold something else than they should are taken as empty.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Row {
    #[serde(deserialize_with = "lenient")]
    id: Option<i32>,
    #[serde(deserialize_with = "lenient")]
    title: Option<String>,
    #[serde(deserialize_with = "lenient")]
    company: Option<String>,
    #[serde(deserialize_with = "lenient")]
    location: Option<String>,
    #[serde(deserialize_with = "lenient")]
    places: Option<Vec<Place>>,
    #[serde(deserialize_with = "lenient")]
    description: Option<String>,
    #[serde(deserialize_with = "lenient")]
    requirements: Option<String>,
    #[serde(deserialize_with = "lenient")]
    tech_stack: Option<Value>,
    #[serde(deserialize_with = "lenient")]
    salary_min: Option<f64>,
    #[serde(deserialize_with = "lenient")]
    salary_max: Option<f64>,
    #[serde(deserialize_with = "lenient")]
    salary_currency: Option<String>,
    #[serde(deserialize_with = "lenient")]
    job_type: Option<String>,
    #[serde(deserialize_with = "lenient")]
    remote_option: Option<String>,
    #[serde(deserialize_with = "lenient")]
    source: Option<String>,
    #[serde(deserialize_with = "lenient")]
    posted_date: Option<String>,
    #[serde(deserialize_with = "lenient")]
    created_at: Option<String>,
    #[serde(deserialize_with = "lenient")]
    language: Option<String>,
    #[serde(deserialize_with = "lenient")]
    seniority: Option<Seniority>,
    #[serde(deserialize_with = "lenient")]
    years: Option<Years>,
}

fn lenient<'de, D: serde::Deserializer<'de>, T: DeserializeOwned>(input: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(input)?).ok())
}

/// Reads the files, prints one line a match to `out` and problems to `err`. The code is 1 where a line could not be read.
///
/// # Errors
/// A file cannot be opened or read, the settings are wrong, or `out` is closed.
pub fn run(
    args: &MatchArgs,
    as_json: bool,
    clock: &Clock,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let config = Config::load(None, &[])?;
    let settings = MatchSettings::from(&config.matching);
    let index = MatchIndex::new(settings.clone());
    let mut wishes = Wishes::default();
    let today = args.today.unwrap_or_else(|| clock.now().date_naive());
    let mut unreadable = 0;
    if let Some(path) = &args.searches {
        unreadable += each_line(path, err, |line, search: SavedSearch, err| {
            for problem in index.upsert_search(&search) {
                writeln!(err, "{}:{line}: {}: {}", path.display(), problem.key, problem.message)?;
            }
            wishes.searches.insert(search.id, CompiledSearch::new(&search, &settings).0);
            Ok(())
        })?;
    }
    if let Some(path) = &args.profiles {
        unreadable += each_line(path, err, |_, profile: Profile, _| {
            index.upsert_profile(&profile);
            wishes.profiles.insert(profile.user_id, CompiledProfile::new(&profile));
            Ok(())
        })?;
    }
    let path = &args.postings;
    let (mut finder, mut hits) = (index.finder(), Vec::new());
    unreadable += each_line(path, err, |line, row: Row, err| {
        if row.title.as_deref().is_none_or(|title| title.trim().is_empty()) {
            writeln!(err, "{}:{line}: title: expected a text; taken as empty", path.display())?;
        }
        let id = JobId(row.id.unwrap_or_else(|| i32::try_from(line).unwrap_or(i32::MAX)));
        with_fields(&row, |fields| {
            finder.matches(id, fields, today, &mut hits);
            let posting = MatchPosting::new(id, fields, today);
            for hit in &hits {
                let why = wishes.reasons(&posting, hit, &settings);
                print(out, as_json, id, &row, hit, &why)?;
            }
            Ok(())
        })
    })?;
    out.flush()?;
    Ok(if unreadable == 0 { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// What was read, to say why a posting fits.
#[derive(Default)]
struct Wishes {
    searches: HashMap<SearchId, CompiledSearch>,
    profiles: HashMap<UserId, CompiledProfile>,
}

impl Wishes {
    fn reasons(&self, posting: &MatchPosting, hit: &Hit, settings: &MatchSettings) -> Reasons {
        let searches = hit.search_ids.iter().filter_map(|id| self.searches.get(id));
        reasons(posting, searches, self.profiles.get(&hit.user_id), settings)
    }
}

/// Reads a row for `take`; what only the normalizer knows and the row does not hold is read from its texts.
fn with_fields<T>(row: &Row, take: impl FnOnce(&PostingFields<'_>) -> T) -> T {
    let title = row.title.as_deref().unwrap_or_default();
    let text =
        [row.description.as_deref(), row.requirements.as_deref()].map(Option::unwrap_or_default).join("\n");
    let read_places = || row.location.as_deref().map(normalize::places::from_text).unwrap_or_default();
    let places = row.places.clone().unwrap_or_else(read_places);
    let tech_stack = row.tech_stack.as_ref().map(names).unwrap_or_default();
    take(&PostingFields {
        title,
        company: row.company.as_deref().unwrap_or_default(),
        location: row.location.as_deref(),
        places: &places,
        description: row.description.as_deref(),
        requirements: row.requirements.as_deref(),
        tech_stack: &tech_stack,
        salary: Salary {
            min: row.salary_min.map(whole),
            max: row.salary_max.map(whole),
            currency: row.salary_currency.clone(),
        },
        job_type: row.job_type.as_deref(),
        remote_option: row.remote_option.as_deref(),
        source: row.source.as_deref().unwrap_or_default(),
        posted_date: row.posted_date.as_deref().and_then(day),
        created_at: row.created_at.as_deref().and_then(instant),
        language: row.language.as_deref(),
        seniority: row.seniority.or_else(|| normalize::seniority::from_title(title)),
        years: row.years.or_else(|| normalize::years::from_text(&text)),
    })
}

/// The texts of an array; a single text is cut at commas, as in older rows.
fn names(tech_stack: &Value) -> Vec<String> {
    match tech_stack {
        Value::Array(values) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Value::String(text) => {
            text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

/// Whole units of a currency.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates")]
fn whole(amount: f64) -> i32 {
    amount.round() as i32
}

/// A date, also at the start of a date with time.
fn day(text: &str) -> Option<NaiveDate> {
    text.get(..10)?.parse().ok()
}

/// A time with or without offset, in UTC; a date alone is its midnight.
fn instant(text: &str) -> Option<NaiveDateTime> {
    let with_offset = DateTime::parse_from_rfc3339(text).map(|at| at.naive_utc());
    let spaced = text.replacen(' ', "T", 1);
    with_offset.or_else(|_| spaced.parse()).ok().or_else(|| day(text)?.and_hms_opt(0, 0, 0))
}

fn print(
    out: &mut dyn Write,
    as_json: bool,
    id: JobId,
    row: &Row,
    hit: &Hit,
    why: &Reasons,
) -> anyhow::Result<()> {
    if as_json {
        let line = json!({
            "user_id": hit.user_id,
            "job_id": id,
            "score": hit.score,
            "search_ids": hit.search_ids,
            "profile_score": hit.profile_score,
            "matching_skills": why.matching_skills,
            "reasons": why.reasons,
        });
        writeln!(out, "{line}")?;
        return Ok(());
    }
    let title = row.title.as_deref().unwrap_or_default();
    let reasons: Vec<_> =
        why.reasons.iter().map(|reason| format!("{}: {}", reason.kind, reason.text)).collect();
    writeln!(
        out,
        "user {} posting {} {:.2} {title} [{}]",
        hit.user_id.0,
        id.0,
        hit.score,
        reasons.join("; ")
    )?;
    Ok(())
}

/// Calls `take` for each line that is not blank; gives the number of lines that could not be read.
fn each_line<T: DeserializeOwned>(
    path: &Path,
    err: &mut dyn Write,
    mut take: impl FnMut(usize, T, &mut dyn Write) -> anyhow::Result<()>,
) -> anyhow::Result<usize> {
    let file = File::open(path).with_context(|| format!("{}: cannot be opened", path.display()))?;
    let mut reader = BufReader::new(file);
    let mut unreadable = 0;
    let mut bytes = Vec::new();
    for line in 1.. {
        bytes.clear();
        let count = reader
            .read_until(b'\n', &mut bytes)
            .with_context(|| format!("{}:{line}: cannot be read", path.display()))?;
        if count == 0 {
            break;
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        match read(&bytes) {
            Ok(value) => take(line, value, err)?,
            Err(error) => {
                unreadable += 1;
                writeln!(
                    err,
                    "{}:{line}: expected one JSON object with the columns of its table: {error}",
                    path.display()
                )?;
            }
        }
    }
    Ok(unreadable)
}

/// One object; a key with null counts as absent.
fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    let mut value: Value = serde_json::from_slice(bytes)?;
    if let Value::Object(object) = &mut value {
        object.retain(|_, value| !value.is_null());
    }
    serde_json::from_value(value)
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone as _, Utc};

    use super::*;

    const SEARCHES: &str = r#"{"id": 11, "user_id": 1, "name": "rust here", "query": "rust -intern", "filters": {"location": "Kassel", "colour": "red"}}
{"id": 12, "user_id": 1, "name": "off", "query": "rust", "filters": {}, "is_active": false}

{"id": 13, "user_id": 2, "name": "pay", "filters": {"min_salary": "many"}, "query": "gardener", "is_active": null}
"#;
    const PROFILES: &str = r#"{"user_id": 3, "desired_title": "Rust Developer", "tech_stack": ["Rust"], "desired_locations": ["Kassel"]}"#;
    const POSTINGS: &str = r#"{"title": "Rust Developer", "company": "Fuchs & Co", "location": "Kassel, Germany", "tech_stack": ["Rust"], "posted_date": "2026-03-01T07:00:00Z", "salary_min": 60000.0, "salary_currency": null}
{"id": 77, "title": "Gardener", "company": "Green", "tech_stack": "none, nothing", "salary_min": "?"}
not json
"#;

    fn lines(files: [(&str, &str); 3], json: bool) -> (ExitCode, Vec<String>, String) {
        let dir = tempfile::tempdir().expect("a folder");
        let path = |name: &str| dir.path().join(name);
        for (name, text) in files {
            std::fs::write(path(name), text).expect("written");
        }
        let args = MatchArgs {
            searches: Some(path("s")),
            profiles: Some(path("p")),
            postings: path("j"),
            today: None,
        };
        let clock = Clock::fixed(Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).single().expect("a time"));
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(&args, json, &clock, &mut out, &mut err).expect("files are readable");
        let out = String::from_utf8(out).expect("text").lines().map(str::to_owned).collect();
        (code, out, String::from_utf8(err).expect("text"))
    }

    #[test]
    fn pairs_come_out_in_order_and_problems_name_file_and_line() {
        let (code, out, err) = lines([("s", SEARCHES), ("p", PROFILES), ("j", POSTINGS)], true);
        assert_eq!(code, ExitCode::from(1));
        let pairs: Vec<Value> = out.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let ids: Vec<_> =
            pairs.iter().map(|pair| (pair["user_id"].as_i64(), pair["job_id"].as_i64())).collect();
        assert_eq!(ids, [(Some(1), Some(1)), (Some(3), Some(1)), (Some(2), Some(77))]);
        assert_eq!(pairs[0]["search_ids"], json!([11]));
        assert_eq!(pairs[0]["profile_score"], Value::Null);
        assert_eq!(pairs[1]["matching_skills"], json!(["Rust"]));
        assert_eq!(pairs[1]["score"], pairs[1]["profile_score"]);
        assert!(
            pairs.iter().all(|pair| pair["reasons"].as_array().is_some_and(|reasons| !reasons.is_empty()))
        );
        let problems: Vec<_> = err.lines().collect();
        assert_eq!(problems.len(), 3, "{err}");
        assert!(
            problems[0].contains("s:1: filters.colour:")
                && problems[1].contains("s:4: filters.min_salary:")
                && problems[2].contains("j:3:"),
            "{err}"
        );
    }

    #[test]
    fn people_get_one_line_a_pair_and_filter_problems_are_no_failure() {
        let postings = POSTINGS.replace("not json\n", "");
        let (code, out, _) = lines([("s", SEARCHES), ("p", ""), ("j", &postings)], false);
        assert_eq!(code, ExitCode::SUCCESS);
        assert_eq!(out.len(), 2);
        assert!(
            out[0].starts_with(
                "user 1 posting 1 1.00 Rust Developer [search: matches your search \"rust here\""
            ),
            "{}",
            out[0]
        );
    }
}
