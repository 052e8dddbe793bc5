//! `career-worker doctor`: everything an installation can lack, and what to do about it.
//!
//! It changes nothing. Each finding is ok, a warning (work goes on, something is worse than it could be) or bad, with a remedy. What
//! depends on something that is bad is not looked at. To add a check: a [`Finding`] in the file of its subject.

mod backups;
mod beside;
mod database;
mod host;
mod mail;
mod redis;
mod work;

use std::process::ExitCode;

use serde::Serialize;

use super::{Globals, failure, failure::BadSchedules, read_schedules};
use crate::{
    clock::Clock, config::Config, schedule::Schedule, sources, tasks::scrape::Credentials, telemetry,
};

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    Warning,
    Bad,
}

impl State {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Bad => "BAD",
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    state: State,
    says: String,
    /// What to do.
    remedy: Option<String>,
}

impl Finding {
    fn ok(what: &'static str, says: impl Into<String>) -> Self {
        Self { what, state: State::Ok, says: says.into(), remedy: None }
    }

    fn warning(what: &'static str, says: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what, state: State::Warning, says: says.into(), remedy: Some(remedy.into()) }
    }

    fn bad(what: &'static str, says: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { what, state: State::Bad, says: says.into(), remedy: Some(remedy.into()) }
    }
}

/// Looks at everything the daemon needs and says what is missing and what to do.
pub(super) async fn run(globals: &Globals) -> anyhow::Result<ExitCode> {
    let mut findings = Vec::new();
    match globals.read_settings(&[]) {
        Ok(config) => {
            findings.extend(settings(&config));
            let schedules = read_schedules(&config);
            findings.extend(self::schedules(&config, schedules.as_ref()));
            findings.extend(host::look(&config).await);
            findings.extend(database::look(&config, &Clock::system()).await);
            findings.extend(backups::look(&config, &Clock::system()).await);
            findings.extend(redis::look(&config).await);
            findings.extend(mail::look(&config).await);
        }
        Err(error) => findings.push(Finding::bad(
            "settings",
            format!("{error:#}"),
            "mend the key that is named; career-worker config defaults shows all of them",
        )),
    }
    globals.output().rows(&["what", "state", "says", "remedy"], &findings, |finding| {
        vec![
            finding.what.to_owned(),
            finding.state.as_str().to_owned(),
            finding.says.clone(),
            finding.remedy.clone().unwrap_or_default(),
        ]
    })?;
    Ok(ExitCode::from(code(&findings)))
}

/// As for other commands: what cannot be reached is unavailable, what has to be changed is a matter of settings. Warnings are no failure.
fn code(findings: &[Finding]) -> u8 {
    let bad: Vec<_> = findings.iter().filter(|finding| finding.state == State::Bad).collect();
    match bad.as_slice() {
        [] => 0,
        bad if bad.iter().any(|finding| ["database", "redis"].contains(&finding.what)) => {
            failure::UNAVAILABLE
        }
        _ => failure::CONFIG,
    }
}

fn settings(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    match telemetry::start_logs(&config.log) {
        Ok(()) => findings.push(Finding::ok("settings", "can be read")),
        Err(error) => findings.push(Finding::bad("settings", error, "mend log.filter or RUST_LOG")),
    }
    if config.fetch.contact.contains("example.org") {
        findings.push(Finding::warning(
            "settings",
            "fetch.contact is the default",
            "set it to an address at which publishers can reach you: it is sent with every request",
        ));
    }
    let slowest = config.runs.renew * 2;
    if config.runs.lease < slowest {
        findings.push(Finding::warning(
            "settings",
            format!("runs.lease = {:?} is less than twice runs.renew", config.runs.lease),
            format!("set runs.lease to {slowest:?} or more, so that one slow renewal costs no run"),
        ));
    }
    findings
}

fn schedules(config: &Config, schedules: Result<&Vec<Schedule>, &anyhow::Error>) -> Vec<Finding> {
    let dir = config.jobs.dir.display();
    let schedules = match schedules {
        Ok(schedules) => schedules,
        Err(error) => {
            let Some(BadSchedules(wrong)) = error.downcast_ref() else {
                return vec![Finding::bad("schedules", format!("{error:#}"), format!("look at {dir}"))];
            };
            let mend = "mend the file; career-worker schedules check reads them all again";
            return wrong.iter().map(|error| Finding::bad("schedules", error.to_string(), mend)).collect();
        }
    };
    let on = schedules.iter().filter(|schedule| schedule.enabled).count();
    if on == 0 {
        let remedy = "set jobs.dir, or put schedules there: without them nothing starts by itself";
        return vec![Finding::warning("schedules", format!("none is enabled in {dir}"), remedy)];
    }
    let mut findings =
        vec![Finding::ok("schedules", format!("{on} of {} enabled in {dir}", schedules.len()))];
    for task in ["match", "notify"] {
        if !schedules.iter().any(|schedule| schedule.enabled && schedule.task == task) {
            findings.push(Finding::warning(
                "schedules",
                format!("no sweep of the task {task}"),
                format!("keep jobs/{task}-sweep.toml: it finds work whose wake was lost"),
            ));
        }
    }
    for schedule in schedules.iter().filter(|schedule| schedule.enabled) {
        let source = schedule.args.get("source").and_then(serde_json::Value::as_str);
        let Some(Ok(source)) = source.map(sources::find) else { continue };
        if let Err(missing) = Credentials::find(source, &config.sources) {
            findings.push(Finding::warning(
                "schedules",
                format!("{}: {} is not configured and is not asked", schedule.name, source.name()),
                format!("set {}, or enabled = false in the schedule", missing.join(", ")),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_finding_decides_the_exit_code() {
        let ok = || Finding::ok("settings", "can be read");
        let warning = || Finding::warning("work", "old", "look");
        let bad = |what| Finding::bad(what, "broken", "mend");
        assert_eq!(code(&[ok(), warning()]), 0);
        assert_eq!(code(&[ok(), bad("migrations")]), failure::CONFIG);
        assert_eq!(code(&[bad("migrations"), bad("database")]), failure::UNAVAILABLE);
        assert_eq!(code(&[warning(), bad("redis")]), failure::UNAVAILABLE);
    }
}
