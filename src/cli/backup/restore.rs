//! `career-worker backup restore`

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::{Globals, failed, pitr, progress, site};
use crate::{
    backup::{self, RestoreWish, keys},
    cli::failure::Failure,
};

/// Restore a backup into a database, or everything as it was at a moment into a new data directory.
#[derive(Debug, clap::Args)]
pub(crate) struct RestoreArgs {
    /// Name of the backup, or the beginning of it.
    #[arg(required_unless_present = "to", conflicts_with = "to")]
    id: Option<String>,
    /// Address of the database that it goes into; a password is better in the environment (`CAREER_RESTORE_INTO`, or PGPASSWORD).
    #[arg(
        long,
        env = "CAREER_RESTORE_INTO",
        value_name = "URL",
        hide_env_values = true,
        required_unless_present = "to"
    )]
    into: Option<String>,
    /// Remove everything that is in that database.
    #[arg(long)]
    force: bool,
    /// Give the rights in the backup to the roles they name, which must be there.
    #[arg(long)]
    privileges: bool,
    /// File with the private key; backup.identity where not given.
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// Instead of a backup: everything as it was at this moment (2026-11-26T09:30:00Z), from continuous archiving.
    #[arg(long, value_name = "TIME", requires = "data")]
    to: Option<DateTime<Utc>>,
    /// New or empty folder that becomes the data directory of a server, with --to.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

pub(super) async fn run(globals: &Globals, args: RestoreArgs) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    if let (Some(to), Some(data)) = (args.to, &args.data) {
        return pitr::restore(globals, &config, to, data).await;
    }
    let (Some(id), Some(into)) = (args.id, args.into) else {
        return Err(Failure::new(2, "expected the name of a backup and --into, or --to and --data").into());
    };
    let site = site(&Arc::clone(&config))?;
    let identity = match &args.identity {
        None => keys::identity(&config.backup),
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
            keys::read_identity(&SecretString::from(text), &path.display().to_string())
        }
    };
    let wish = RestoreWish { id, into, force: args.force, privileges: args.privileges };
    let bar = progress::Bar::start(globals, "restored")?;
    let restored = backup::restore(&site, &wish, identity.map_err(failed)?, &bar.watch()).await;
    bar.end();
    let restored = restored.map_err(failed)?;
    globals.output().value(&restored, |restored| {
        format!(
            "{} of {}: {} rows restored in {:.1} s{}",
            restored.id,
            restored.made_at.format("%F %T UTC"),
            restored.rows,
            restored.seconds,
            if restored.differences.is_empty() { ", all as backed up" } else { "" }
        )
    })?;
    for difference in &restored.differences {
        globals.output().say(format!("NOT AS BACKED UP: {difference}"));
    }
    globals.output().say(
        "the database is in quarantine: a daemon on it catches up no ticks and tells nobody anything until career-worker backup acknowledge",
    );
    Ok(if restored.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
