//! `career-worker config`

use std::{io::Write as _, process::ExitCode};

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;

use super::Globals;
use crate::config::{Config, DEFAULTS};

/// Look at the settings in force.
#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Print the settings in force as TOML; passwords are hidden.
    Show,
    /// Print every setting with its default and what it is for.
    Defaults,
    /// Say whether the settings can be used.
    Check,
}

pub(super) fn run(globals: &Globals, command: &ConfigCommand) -> anyhow::Result<ExitCode> {
    let overrides: Vec<_> = globals.jobs.iter().map(|dir| ("jobs.dir", dir.display().to_string())).collect();
    match command {
        ConfigCommand::Show => print(globals, &Config::show(globals.config.as_deref(), &overrides)?)?,
        ConfigCommand::Defaults => print(globals, DEFAULTS)?,
        ConfigCommand::Check => {
            Config::load(globals.config.as_deref(), &overrides)?;
            globals.output().done(&json!({ "ok": true }), "settings are fine")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// TOML for people, who want the comments too; the same as JSON for programs.
fn print(globals: &Globals, settings: &str) -> anyhow::Result<()> {
    if !globals.json {
        write!(std::io::stdout().lock(), "{settings}")?;
        return Ok(());
    }
    let table: toml::Table = toml::from_str(settings).context("read settings")?;
    Ok(globals.output().value(&table, |_| String::new())?)
}
