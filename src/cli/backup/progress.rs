//! How far a backup or a restore is, on a terminal; silent elsewhere.

use std::{
    io::{IsTerminal as _, Write as _, stderr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{Globals, list::size};
use crate::{backup::Watch, cli::daemon::Stopping};

/// A line that is written over.
pub(super) struct Bar {
    watch: Watch,
    shown: bool,
}

impl Bar {
    /// Starts one; Ctrl-C cancels what it watches.
    pub(super) fn start(globals: &Globals, word: &'static str) -> anyhow::Result<Self> {
        let stopping = Stopping::on_signals()?;
        let shown = stderr().is_terminal() && !globals.quiet;
        let last = AtomicU64::new(u64::MAX);
        let progress = move |done: u64, total: u64| {
            let percent = done * 100 / total.max(1);
            if shown && last.swap(percent, Ordering::Relaxed) != percent {
                let full = usize::try_from(percent / 4).unwrap_or(25).min(25);
                let bar = format!("{}{}", "█".repeat(full), "░".repeat(25 - full));
                let _ = write!(stderr(), "\r{bar} {percent:3} % {} of {} {word} ", size(done), size(total));
                let _ = stderr().flush();
            }
        };
        let watch = Watch { progress: Arc::new(progress), cancelled: stopping.drain };
        Ok(Self { watch, shown })
    }

    pub(super) fn watch(&self) -> Watch {
        self.watch.clone()
    }

    /// Takes the line away.
    pub(super) fn end(self) {
        if self.shown {
            let _ = write!(stderr(), "\r\u{1b}[K");
        }
    }
}
