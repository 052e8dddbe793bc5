//! The form of a file in `jobs/`.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::Cron;
use crate::domain::Queue;

/// One schedule, read and checked.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Stem of the file name.
    pub name: String,
    /// Where it was read from.
    pub file: PathBuf,
    /// Task to run.
    pub task: String,
    /// When.
    pub cron: Cron,
    /// Zone in which `cron` is read.
    pub timezone: Tz,
    /// Disabled schedules have no ticks.
    pub enabled: bool,
    /// Lane; the task's own where not given.
    pub queue: Option<Queue>,
    /// Longest attempt; the task's own where not given.
    pub timeout: Option<Duration>,
    /// A run starts a random time up to this after its tick.
    pub jitter: Duration,
    /// What happens to a tick while the last run is unfinished.
    pub overlap: Overlap,
    /// What happens to ticks that nobody saw.
    pub catch_up: CatchUp,
    /// Attempts; the task's own where not given.
    pub retry: Option<Retry>,
    /// Arguments of the task.
    pub args: Value,
}

/// A file in `jobs/`, as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Schedule", description = "When which task of career-worker runs with which arguments")]
struct File {
    /// Name of the task, for example "scrape".
    task: String,
    /// Five fields (minute hour day month weekday, weekdays by name) or @hourly, @daily, @weekly, @monthly, @yearly.
    schedule: String,
    /// IANA name of the time zone in which the schedule is read.
    #[serde(default = "utc")]
    timezone: String,
    /// A disabled schedule has no ticks.
    #[serde(default = "yes")]
    enabled: bool,
    /// Lane; the task's own where not given.
    #[serde(default)]
    queue: Option<Queue>,
    /// Longest an attempt may take, for example "5m".
    #[serde(default, with = "humantime_serde::option")]
    #[schemars(with = "Option<String>")]
    timeout: Option<Duration>,
    /// A run starts a random time up to this after its tick, for example "90s".
    #[serde(default, with = "humantime_serde")]
    #[schemars(with = "String")]
    jitter: Duration,
    /// What happens to a tick while the last run is unfinished.
    #[serde(default)]
    overlap: Overlap,
    /// What happens to ticks that nobody saw because nothing was running.
    #[serde(default)]
    catch_up: CatchUp,
    /// Attempts of a run.
    #[serde(default)]
    retry: Option<Retry>,
    /// Arguments of the task.
    #[serde(default)]
    args: serde_json::Map<String, Value>,
}

/// What happens to a tick while the last run of its schedule is unfinished.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Overlap {
    /// The tick is left out.
    #[default]
    Skip,
    /// The tick's run waits with the others.
    Queue,
}

/// What happens to ticks that nobody saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CatchUp {
    /// They are left out.
    None,
    /// The newest of them runs.
    #[default]
    Latest,
    /// All of them run, 1000 at the most.
    All,
}

/// Attempts of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// In all, at least 1.
    #[schemars(range(min = 1))]
    pub attempts: i16,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn yes() -> bool {
    true
}

/// A schedule that cannot be used; one line that names file, line, key and what was expected.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}: {message}", file.display(), line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct ScheduleError {
    /// The file.
    pub file: PathBuf,
    /// Its line, from 1, where known.
    pub line: Option<usize>,
    /// Key and what was expected.
    pub message: String,
}

/// Reads every `*.toml` in `dir`, sorted by name.
///
/// # Errors
/// One entry for each file that cannot be used; all files are looked at.
pub fn load(dir: &Path) -> Result<Vec<Schedule>, Vec<ScheduleError>> {
    let refuse = |file: &Path, message: String| ScheduleError { file: file.to_owned(), line: None, message };
    let entries = std::fs::read_dir(dir).map_err(|error| vec![refuse(dir, error.to_string())])?;
    let mut files: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    let (mut schedules, mut errors) = (Vec::new(), Vec::new());
    for file in files {
        let read = std::fs::read_to_string(&file).map_err(|error| refuse(&file, error.to_string()));
        match read.and_then(|text| parse(&file, &text)) {
            Ok(schedule) => schedules.push(schedule),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(schedules) } else { Err(errors) }
}

/// Reads one file's text.
///
/// # Errors
/// Names line, key and what was expected.
pub fn parse(file: &Path, text: &str) -> Result<Schedule, ScheduleError> {
    let read: File = toml::from_str(text).map_err(|error| ScheduleError {
        file: file.to_owned(),
        line: error.span().map(|span| line_of(text, span.start)),
        message: error.message().trim().to_owned(),
    })?;
    let refuse = |key: &str, message: String| ScheduleError {
        file: file.to_owned(),
        line: text.lines().position(|line| line.trim_start().starts_with(key)).map(|line| line + 1),
        message: format!("{key}: {message}"),
    };
    let name = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
    if name.is_empty() || name.len() > 100 {
        return Err(refuse("file name", "expected 1 to 100 characters before .toml".to_owned()));
    }
    let timezone = read.timezone.parse().map_err(|_| {
        refuse(
            "timezone",
            format!("unknown zone \"{}\", expected an IANA name such as Europe/Berlin", read.timezone),
        )
    })?;
    if let Some(retry) = read.retry.filter(|retry| retry.attempts < 1) {
        return Err(refuse("retry", format!("attempts = {}, expected at least 1", retry.attempts)));
    }
    if read.timeout.is_some_and(|timeout| timeout.is_zero()) {
        return Err(refuse("timeout", "expected more than zero".to_owned()));
    }
    Ok(Schedule {
        name,
        file: file.to_owned(),
        task: read.task,
        cron: read.schedule.parse().map_err(|message| refuse("schedule", message))?,
        timezone,
        enabled: read.enabled,
        queue: read.queue,
        timeout: read.timeout,
        jitter: read.jitter,
        overlap: read.overlap,
        catch_up: read.catch_up,
        retry: read.retry,
        args: Value::Object(read.args),
    })
}

/// JSON Schema of a file in `jobs/`, pretty-printed, for editors.
pub fn json_schema() -> String {
    let mut text = serde_json::to_string_pretty(&schemars::schema_for!(File)).unwrap_or_default();
    text.push('\n');
    text
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        parse("jobs/x.toml".as_ref(), text).unwrap_err().to_string()
    }

    #[test]
    fn a_short_file_has_the_documented_defaults() {
        let schedule =
            parse("jobs/nightly.toml".as_ref(), "task = \"match\"\nschedule = \"@daily\"\n").unwrap();
        assert_eq!(schedule.name, "nightly");
        assert_eq!((schedule.overlap, schedule.catch_up), (Overlap::Skip, CatchUp::Latest));
        assert_eq!((schedule.timezone, schedule.enabled, schedule.jitter), (Tz::UTC, true, Duration::ZERO));
    }

    #[test]
    fn a_mistake_names_file_line_key_and_what_was_expected() {
        let head = "task = \"scrape\"\nschedule = \"@daily\"\n";
        for (text, parts) in [
            (format!("{head}tiemout = \"5m\"\n"), ["jobs/x.toml:3", "tiemout"]),
            (format!("{head}timeout = \"5 parsecs\"\n"), ["jobs/x.toml:3", "parsecs"]),
            (format!("{head}timezone = \"Mars/Base\"\n"), ["jobs/x.toml:3: timezone", "IANA"]),
            (format!("{head}overlap = \"maybe\"\n"), ["jobs/x.toml:3", "`skip` or `queue`"]),
            (
                "task = \"scrape\"\nschedule = \"0 0 * * * *\"\n".to_owned(),
                ["jobs/x.toml:2: schedule", "expected five"],
            ),
            ("schedule = \"@daily\"\n".to_owned(), ["jobs/x.toml:1", "missing field `task`"]),
            (format!("{head}retry = {{ attempts = 0 }}\n"), ["jobs/x.toml:3: retry", "at least 1"]),
        ] {
            let message = refused(&text);
            assert!(parts.iter().all(|part| message.contains(part)), "{message}");
        }
    }
}
