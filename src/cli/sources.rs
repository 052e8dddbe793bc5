//! `career-worker sources`

use std::{io::Write as _, process::ExitCode};

use anyhow::Context as _;
use clap::Subcommand;
use serde::Serialize;

use super::{Globals, failure::Failure, output::minute, parse, wait};
use crate::{
    clock::Clock,
    sources::{self, SOURCES},
    store::{PauseKind, Store},
};

/// Look at sources, read recorded responses, pause a source.
#[derive(Debug, Subcommand)]
pub(super) enum SourcesCommand {
    /// List the sources this program knows; needs no database.
    List {
        /// How each board fares; needs the database.
        #[arg(long)]
        health: bool,
    },
    /// Read recorded responses; needs no database.
    Parse(parse::ParseArgs),
    /// Ask a source for nothing more.
    Pause {
        /// Name of the source.
        name: String,
    },
    /// Ask a source again.
    Resume {
        /// Name of the source.
        name: String,
    },
}

pub(super) fn run(globals: &Globals, command: SourcesCommand) -> anyhow::Result<ExitCode> {
    let known = |name: &str| sources::find(name).map_err(|message| Failure::new(2, message));
    match command {
        SourcesCommand::Parse(args) => {
            if let Some(source) = &args.source {
                known(source)?;
            }
            return parse::run(&args, globals.json, &Clock::system(), &mut std::io::stdout().lock());
        }
        SourcesCommand::List { health: false } => list(globals)?,
        SourcesCommand::List { health: true } => wait(health(globals))?,
        SourcesCommand::Pause { name } => {
            known(&name)?;
            wait(async {
                let store = Store::open(&globals.settings(&[])?.database)?;
                store.insert_pause(PauseKind::Source, &name, Some("cli")).await.context("pause source")
            })?;
            globals.output().say(format!("source {name} is paused"));
        }
        SourcesCommand::Resume { name } => {
            known(&name)?;
            wait(async {
                let store = Store::open(&globals.settings(&[])?.database)?;
                store.delete_pause(PauseKind::Source, &name).await.context("resume source")
            })?;
            globals.output().say(format!("source {name} is asked again"));
        }
    }
    std::io::stdout().flush()?;
    Ok(ExitCode::SUCCESS)
}

#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    title: &'static str,
    hosts: &'static [&'static str],
    requests_per_second: f32,
    terms: &'static str,
    terms_url: &'static str,
}

fn list(globals: &Globals) -> anyhow::Result<()> {
    let row = |source: &&dyn sources::Source| Row {
        name: source.name(),
        title: source.title(),
        hosts: source.hosts(),
        requests_per_second: source.politeness().per_second,
        terms: source.terms().note,
        terms_url: source.terms().url,
    };
    let rows: Vec<_> = SOURCES.iter().map(row).collect();
    globals.output().rows(&["source", "title", "hosts", "a second", "terms"], &rows, |row| {
        vec![
            row.name.to_owned(),
            row.title.to_owned(),
            row.hosts.join(", "),
            row.requests_per_second.to_string(),
            format!("{} ({})", row.terms, row.terms_url),
        ]
    })?;
    Ok(())
}

async fn health(globals: &Globals) -> anyhow::Result<()> {
    let store = Store::open(&globals.settings(&[])?.database)?;
    let boards = store.list_health().await.context("list health")?;
    let columns = [
        "source",
        "board",
        "state",
        "usual",
        "seen",
        "new",
        "changed",
        "gone",
        "rejected",
        "last success",
        "says",
    ];
    globals.output().rows(&columns, &boards, |board| {
        let mut cells = vec![board.source.clone(), board.board.clone()];
        cells.push(if board.healthy { "ok" } else { "unhealthy" }.to_owned());
        cells.push(board.usual.map_or_else(|| "-".to_owned(), |usual| format!("{usual:.0}")));
        cells.extend(
            [board.seen, board.new, board.changed, board.gone, board.rejected].map(|count| count.to_string()),
        );
        cells.push(minute(board.last_success_at));
        cells.push(board.error.clone().unwrap_or_default());
        cells
    })?;
    Ok(())
}
