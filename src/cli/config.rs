//! `career-worker config`

use std::{io::Write as _, process::ExitCode};

use clap::Subcommand;

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
    let mut out = std::io::stdout().lock();
    let overrides: Vec<_> = globals.jobs.iter().map(|dir| ("jobs.dir", dir.display().to_string())).collect();
    match command {
        ConfigCommand::Show => write!(out, "{}", Config::show(globals.config.as_deref(), &overrides)?)?,
        ConfigCommand::Defaults => write!(out, "{DEFAULTS}")?,
        ConfigCommand::Check => {
            Config::load(globals.config.as_deref(), &overrides)?;
            globals.output().say("settings are fine");
        }
    }
    Ok(ExitCode::SUCCESS)
}
