//! `sources list`: what there is, and how each board fares.

use std::collections::HashMap;

use anyhow::Context as _;
use serde::Serialize;
use url::Url;

use super::{Globals, not_configured};
use crate::{
    cli::output::minute,
    fetch::rate_domain,
    sources::{self, SOURCES, Source},
    store::{DomainState, PauseKind, Store, health::BoardHealth},
    tasks::scrape::Credentials,
};

#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    title: &'static str,
    hosts: &'static [&'static str],
    requests_per_second: f32,
    /// Least minutes between two listings of a board.
    every_minutes: u32,
    /// Settings that must be filled.
    keys: Vec<String>,
    terms: &'static str,
    terms_url: &'static str,
}

/// Prints the sources.
pub(super) fn sources(globals: &Globals) -> anyhow::Result<()> {
    let row = |source: &&dyn Source| Row {
        name: source.name(),
        title: source.title(),
        hosts: source.hosts(),
        requests_per_second: source.politeness().per_second,
        every_minutes: source.terms().every_minutes,
        keys: source.keys().iter().map(|key| format!("sources.{}", key.setting)).collect(),
        terms: source.terms().note,
        terms_url: source.terms().url,
    };
    let rows: Vec<_> = SOURCES.iter().map(row).collect();
    let columns = ["source", "title", "hosts", "a second", "every", "keys", "terms"];
    globals.output().rows(&columns, &rows, |row| {
        vec![
            row.name.to_owned(),
            row.title.to_owned(),
            row.hosts.join(", "),
            row.requests_per_second.to_string(),
            if row.every_minutes == 0 { String::new() } else { format!("{} min", row.every_minutes) },
            row.keys.join(", "),
            format!("{} ({})", row.terms, row.terms_url),
        ]
    })?;
    Ok(())
}

#[derive(Debug, Serialize)]
struct HealthRow {
    #[serde(flatten)]
    board: BoardHealth,
    /// `ok`, `unhealthy`, `paused`, `not configured`.
    state: &'static str,
    /// `free`, or for how long the domain is held or blocked; nothing where the board alone knows its hosts.
    rate: Option<String>,
}

/// Prints how each board fares.
pub(super) async fn health(globals: &Globals) -> anyhow::Result<()> {
    let config = globals.settings(&[])?;
    let store = Store::open(&config.database)?;
    let boards = store.list_health().await.context("list health")?;
    let domains = store.list_domains().await.context("list domains")?;
    let pauses = store.list_pauses().await.context("list pauses")?;
    let paused = |source: &str| {
        pauses.iter().any(|pause| pause.kind == PauseKind::Source.as_str() && pause.name == source)
    };
    let missing: HashMap<&str, Vec<String>> = SOURCES
        .iter()
        .filter_map(|source| Some((source.name(), Credentials::find(*source, &config.sources).err()?)))
        .collect();
    let rows: Vec<HealthRow> = boards
        .into_iter()
        .map(|board| HealthRow {
            state: match () {
                () if paused(&board.source) => "paused",
                () if missing.contains_key(board.source.as_str()) => "not configured",
                () if board.healthy => "ok",
                () => "unhealthy",
            },
            rate: sources::find(&board.source).ok().and_then(|source| rate(source, &domains)),
            board,
        })
        .collect();
    let columns = [
        "source",
        "board",
        "state",
        "expected",
        "usual",
        "seen",
        "new",
        "changed",
        "gone",
        "rejected",
        "last success",
        "rate",
        "kind",
        "says",
    ];
    globals.output().rows(&columns, &rows, |row| {
        let board = &row.board;
        let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
        let mut cells = vec![board.source.clone(), board.board.clone(), row.state.to_owned()];
        cells.push(or_dash(board.expected.map(|expected| expected.to_string())));
        cells.push(or_dash(board.usual.map(|usual| format!("{usual:.0}"))));
        cells.extend(
            [board.seen, board.new, board.changed, board.gone, board.rejected].map(|count| count.to_string()),
        );
        cells.push(minute(board.last_success_at));
        cells.push(or_dash(row.rate.clone()));
        cells.push(board.error_kind.clone().unwrap_or_default());
        cells.push(board.error.clone().unwrap_or_default());
        cells
    })?;
    for (name, keys) in missing {
        if let Ok(source) = sources::find(name) {
            globals.output().say(not_configured(source, &keys));
        }
    }
    Ok(())
}

/// Where the domains of a source stand: the one that has to wait longest speaks for all.
fn rate(source: &dyn Source, domains: &[DomainState]) -> Option<String> {
    let hosts = source.hosts().iter().filter(|host| **host != "*");
    let ours: Vec<String> = hosts
        .filter_map(|host| Url::parse(&format!("https://{}/", host.trim_start_matches("*."))).ok())
        .map(|url| rate_domain(&url))
        .collect();
    if ours.is_empty() {
        return None;
    }
    // Tenants with servers of their own are counted by host, below the domain of the source.
    let of_source =
        |domain: &str| ours.iter().any(|own| domain == own || domain.ends_with(&format!(".{own}")));
    let states = || domains.iter().filter(|state| of_source(&state.domain));
    let seconds = |wait: std::time::Duration| {
        humantime::format_duration(std::time::Duration::from_secs(wait.as_secs().max(1))).to_string()
    };
    let blocked = states().filter_map(|state| state.blocked).max();
    let held = states().filter_map(|state| state.held).max();
    Some(match (blocked, held) {
        (Some(wait), _) => format!("blocked for {}", seconds(wait)),
        (None, Some(_)) => "in use".to_owned(),
        (None, None) => "free".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_longest_wait_speaks_for_the_source() {
        let state = |domain: &str, held, blocked| DomainState {
            domain: domain.to_owned(),
            held: Some(held).filter(|wait| *wait > 0).map(Duration::from_secs),
            blocked: Some(blocked).filter(|wait| *wait > 0).map(Duration::from_secs),
        };
        let lever = sources::find("lever").unwrap();
        assert_eq!(rate(lever, &[]).as_deref(), Some("free"));
        assert_eq!(rate(lever, &[state("greenhouse.io", 9, 90)]).as_deref(), Some("free"));
        assert_eq!(rate(lever, &[state("lever.co", 9, 0)]).as_deref(), Some("in use"));
        let both = [state("lever.co", 9, 0), state("x.lever.co", 0, 90)];
        assert_eq!(rate(lever, &both).as_deref(), Some("blocked for 1m 30s"));
    }
}
