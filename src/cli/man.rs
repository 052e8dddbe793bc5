//! `career-worker man`

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context as _;
use clap::CommandFactory as _;
use serde_json::json;

use super::{Cli, Globals};

/// Write the manual, one page a command, for a package to install.
#[derive(Debug, clap::Args)]
pub(super) struct ManArgs {
    /// Folder for the pages; made where it is not there.
    dir: PathBuf,
}

pub(super) fn run(globals: &Globals, args: &ManArgs) -> anyhow::Result<ExitCode> {
    let dir = &args.dir;
    std::fs::create_dir_all(dir).with_context(|| format!("make {}", dir.display()))?;
    clap_mangen::generate_to(Cli::command(), dir).with_context(|| format!("write to {}", dir.display()))?;
    let pages = std::fs::read_dir(dir).with_context(|| format!("read {}", dir.display()))?.count();
    globals
        .output()
        .done(&json!({ "dir": dir, "pages": pages }), format!("{pages} pages in {}", dir.display()))?;
    Ok(ExitCode::SUCCESS)
}
