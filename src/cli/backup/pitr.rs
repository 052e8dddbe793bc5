//! `career-worker backup pitr`

use std::{path::Path, process::ExitCode, sync::Arc};

use chrono::{DateTime, Utc};
use clap::Subcommand;
use serde_json::json;

use super::{Globals, failed, print_made, progress, report};
use crate::{
    backup::{BackupEngine as _, Which, pitr::PgBackRest},
    cli::failure::{CONFIG, Failure},
    clock::Clock,
    config::Config,
    random::Random,
    store::Store,
};

/// Continuous archiving: any moment of the last days.
#[derive(Debug, Subcommand)]
pub(crate) enum PitrCommand {
    /// Write the settings of pgBackRest, prepare the repository, and set the archiving of the server.
    Setup,
    /// Send a segment of WAL all the way and see whether it arrives.
    Check,
    /// Copy the files of the server now.
    Run {
        /// All of them, instead of those that changed.
        #[arg(long)]
        full: bool,
    },
    /// Read everything in the repository and judge it.
    Verify,
    /// Restore everything as it was at a moment into a server that is thrown away, and look for the right canary.
    Test {
        /// This moment; one of the last seven days is drawn where not given.
        #[arg(long)]
        at: Option<DateTime<Utc>>,
    },
}

fn engine(config: &Arc<Config>) -> anyhow::Result<PgBackRest> {
    let store = Store::open(&config.database)?;
    let engine = PgBackRest::open(Arc::clone(config), store, Clock::system(), Random::system());
    engine.map_err(failed)?.ok_or_else(|| {
        Failure::new(
            CONFIG,
            "settings: pitr.repository: WAL is not archived by us, expected /folder or s3://bucket/prefix",
        )
        .into()
    })
}

pub(super) async fn run(globals: &Globals, command: PitrCommand) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let engine = engine(&config)?;
    match command {
        PitrCommand::Setup => setup(globals, &engine).await,
        PitrCommand::Check => {
            engine.check().await.map_err(failed)?;
            globals.output().value(&json!({ "ok": true }), |_| {
                "a segment of WAL went all the way into the repository".to_owned()
            })?;
            Ok(ExitCode::SUCCESS)
        }
        PitrCommand::Run { full } => {
            let bar = progress::Bar::start(globals, "copied")?;
            let made = engine.make(full, &bar.watch()).await;
            bar.end();
            print_made(globals, &made.map_err(failed)?)?;
            Ok(ExitCode::SUCCESS)
        }
        PitrCommand::Verify => {
            let bar = progress::Bar::start(globals, "read")?;
            let wrong = engine.verify(&bar.watch()).await;
            bar.end();
            let wrong = wrong.map_err(failed)?;
            globals.output().value(&json!({ "ok": wrong.is_none(), "defect": wrong }), |_| {
                wrong.clone().unwrap_or_else(|| "the repository is whole".to_owned())
            })?;
            Ok(if wrong.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        PitrCommand::Test { at } => {
            let bar = progress::Bar::start(globals, "restored")?;
            let tested = async {
                let moment = match at {
                    Some(moment) => Some(moment),
                    None => engine.draw_moment().await?,
                };
                engine.test(moment.map_or(Which::Newest, Which::Moment), &bar.watch()).await
            };
            let tested = tested.await;
            bar.end();
            report(globals, &tested.map_err(failed)?)
        }
    }
}

async fn setup(globals: &Globals, engine: &PgBackRest) -> anyhow::Result<ExitCode> {
    let set = engine.set_up().await.map_err(failed)?;
    globals.output().value(&set, |set| {
        let mut lines = vec![format!("wrote {}", set.file)];
        if !set.by_hand.is_empty() {
            lines.push(
                "the role may not change the settings of the server; put these into postgresql.conf:"
                    .to_owned(),
            );
            lines.extend(set.by_hand.iter().map(|line| format!("    {line}")));
        }
        if set.restart {
            lines.push("start the server again, then: career-worker backup pitr check".to_owned());
        }
        if set.checked {
            lines.push("a segment of WAL went all the way into the repository".to_owned());
        }
        lines.push("then make the first copy: career-worker backup pitr run --full".to_owned());
        lines.join("\n")
    })?;
    Ok(ExitCode::SUCCESS)
}

/// `career-worker backup restore --to TIME --data DIR`
pub(super) async fn restore(
    globals: &Globals,
    config: &Arc<Config>,
    to: DateTime<Utc>,
    data: &Path,
) -> anyhow::Result<ExitCode> {
    let engine = engine(config)?;
    let bar = progress::Bar::start(globals, "restored")?;
    let recovery = engine.restore_to(to, data, &bar.watch()).await;
    bar.end();
    let recovery = recovery.map_err(failed)?;
    globals.output().value(&recovery, |recovery| {
        format!(
            "{} is as it was at {}, in {:.1} s; newest canary {}",
            recovery.data,
            recovery.to.format("%F %T UTC"),
            recovery.seconds,
            recovery.canary.map_or_else(|| "none".to_owned(), |at| at.format("%F %T UTC").to_string())
        )
    })?;
    globals.output().say(
        "start the server on it and make a full copy (backup pitr run --full); the database is in quarantine until career-worker backup acknowledge",
    );
    Ok(ExitCode::SUCCESS)
}
