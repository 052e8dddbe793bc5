//! `career-worker sources`: one file a subcommand.

mod check;
mod import;
mod list;
mod new;
mod parse;
mod record;

use std::{io::Write as _, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{Globals, daemon::Stopping, failure::Failure, wait};
use crate::{
    clock::Clock,
    config::Config,
    fetch::{Fetch, LocalGate},
    random::Random,
    sources::{self, Board, Source},
    store::{PauseKind, Store},
    tasks::scrape::{Credentials, Prober},
};

/// Look at sources, try them, add boards and sources, read recorded responses, pause a source.
#[derive(Debug, Subcommand)]
pub(super) enum SourcesCommand {
    /// List the sources this program knows; needs no database.
    List {
        /// How each board fares; needs the database.
        #[arg(long)]
        health: bool,
    },
    /// Ask one board of each source once and say how it went; needs no database.
    Check(check::CheckArgs),
    /// Ask a board and save what it answers as recorded exchanges; needs no database.
    Record(record::RecordArgs),
    /// Check a list of boards and make a schedule of those that answer; needs no database. Goes on where it stopped.
    Import(import::ImportArgs),
    /// Make what a new source needs: schedule and recorded case for a feed or page, and the source file where code is needed.
    New(new::NewArgs),
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
    match command {
        SourcesCommand::Parse(args) => {
            if let Some(source) = &args.source {
                known(source)?;
            }
            return parse::run(&args, globals.json, &Clock::system(), &mut std::io::stdout().lock());
        }
        SourcesCommand::List { health: false } => list::sources(globals)?,
        SourcesCommand::List { health: true } => wait(list::health(globals))?,
        SourcesCommand::Check(args) => return wait(check::run(globals, args)),
        SourcesCommand::Record(args) => wait(record::run(globals, args))?,
        SourcesCommand::Import(args) => return wait(import::run(globals, args)),
        SourcesCommand::New(args) => wait(new::run(globals, args))?,
        SourcesCommand::Pause { name } => {
            known(&name)?;
            wait(async {
                let store = Store::open(&globals.settings(&[])?.database)?;
                store.insert_pause(PauseKind::Source, &name, Some("cli")).await.context("pause source")
            })?;
            let words = format!("source {name} is paused");
            globals.output().done(&json!({ "source": name, "paused": true }), words)?;
        }
        SourcesCommand::Resume { name } => {
            known(&name)?;
            wait(async {
                let store = Store::open(&globals.settings(&[])?.database)?;
                store.delete_pause(PauseKind::Source, &name).await.context("resume source")
            })?;
            let words = format!("source {name} is asked again");
            globals.output().done(&json!({ "source": name, "paused": false }), words)?;
        }
    }
    std::io::stdout().flush()?;
    Ok(ExitCode::SUCCESS)
}

fn known(name: &str) -> anyhow::Result<&'static dyn Source> {
    Ok(sources::find(name).map_err(|message| Failure::new(2, message))?)
}

/// What asks boards for a person, without a database: the rates of domains hold in this process only.
struct Outside {
    config: Arc<Config>,
    fetch: Fetch,
    clock: Clock,
    cancelled: CancellationToken,
}

impl Outside {
    fn open(globals: &Globals) -> anyhow::Result<Self> {
        let config = globals.settings(&[])?;
        let (clock, random) = (Clock::system(), Random::system());
        let fetch = Fetch::new(&config.fetch, clock.clone(), random, Arc::new(LocalGate))?;
        Ok(Self { config, fetch, clock, cancelled: Stopping::on_signals()?.drain })
    }

    fn prober<'a>(&'a self, credentials: &'a Credentials) -> Prober<'a> {
        Prober {
            fetch: &self.fetch,
            credentials,
            today: self.clock.now().date_naive(),
            cancelled: self.cancelled.clone(),
        }
    }

    fn credentials(&self, source: &dyn Source) -> anyhow::Result<Credentials> {
        let found = Credentials::find(source, &self.config.sources);
        found.map_err(|missing| Failure::new(2, not_configured(source, &missing)).into())
    }
}

fn not_configured(source: &dyn Source, missing: &[String]) -> String {
    format!("{} is not configured: {} empty", source.name(), missing.join(", "))
}

/// The board as flags name it.
#[derive(Clone, Debug, clap::Args)]
struct BoardArgs {
    /// Name of the source.
    source: String,
    /// Short name of the board; `all` where the source has one list.
    board: String,
    /// Employer, where the source does not name one.
    #[arg(long)]
    company: Option<String>,
    /// An option of the board, NAME=VALUE; a value that is JSON is taken as such. Can be repeated.
    #[arg(long = "option", value_name = "NAME=VALUE", value_parser = option)]
    options: Vec<(String, serde_json::Value)>,
}

impl BoardArgs {
    fn board(&self) -> Board {
        Board {
            board: self.board.clone(),
            company: self.company.clone(),
            options: self.options.iter().cloned().collect(),
        }
    }
}

fn option(text: &str) -> Result<(String, serde_json::Value), String> {
    let (name, value) = text.split_once('=').ok_or_else(|| format!("\"{text}\": expected NAME=VALUE"))?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| value.into());
    Ok((name.to_owned(), value))
}
