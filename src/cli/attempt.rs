//! `career-worker attempt`: one attempt of one run, for a worker that asks for it over standard input. Not for people, so it is hidden.

use std::process::ExitCode;

use super::{
    Globals,
    daemon::{Daemon, Stopping},
};
use crate::{
    tasks::TASKS,
    worker::{Program, make_attempt},
};

/// How this program is started to make an attempt with the same settings; `None` where its own file is not known.
pub(super) fn program(globals: &Globals) -> Option<Program> {
    let path = std::env::current_exe().ok()?;
    let mut args = vec!["attempt".into()];
    for (flag, given) in [("--config", &globals.config), ("--jobs", &globals.jobs)] {
        if let Some(given) = given {
            args.extend([flag.into(), given.into()]);
        }
    }
    Some(Program { path, args })
}

pub(super) async fn run(globals: &Globals) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    // Signals to the whole group are for the worker, which says when to stop.
    let _heard = Stopping::on_signals()?;
    let memory = config.runs.process_memory << 20;
    let daemon = Daemon::open(config)?;
    let made = make_attempt(&daemon.parts, TASKS, memory).await;
    daemon.close().await;
    Ok(if made { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
