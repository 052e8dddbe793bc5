//! `career-worker db`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;

use super::Globals;
use crate::store::Store;

/// Migrate the database, or say how far it is.
#[derive(Debug, Subcommand)]
pub(super) enum DbCommand {
    /// Apply the migrations that are missing.
    Migrate,
    /// List the migrations and whether they are applied; exit code 1 where one is missing.
    Status,
}

pub(super) async fn run(globals: &Globals, command: DbCommand) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let store = Store::open(&config.database)?;
    if matches!(command, DbCommand::Migrate) {
        store.migrate().await.context("migrate")?;
    }
    let migrations = store.list_migrations().await.context("list migrations")?;
    globals.output().rows(&["version", "name", "applied"], &migrations, |migration| {
        let applied = if migration.applied { "yes" } else { "no" };
        vec![migration.version.to_string(), migration.name.clone(), applied.to_owned()]
    })?;
    let missing = migrations.iter().any(|migration| !migration.applied);
    Ok(if missing { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}
