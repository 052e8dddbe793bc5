//! What the process says of itself: logs, metrics, traces, and whether it is alive.
//!
//! - [`logs`]: records on stderr, one line each.
//! - [`journal`]: what each attempt says, kept with its run.
//! - [`catalogue`]: every metric there is, with unit, labels and meaning. To add one: a row there, and the macro where it is counted.
//! - [`meter`]: counting, and the text that Prometheus reads; [`process`]: what the system knows of this process.
//! - [`pulse`]: which loops have lately come round.
//! - [`trace`]: spans to an OpenTelemetry collector, with the feature `otel`; without it they cost nothing.
//!
//! It decides nothing, and nothing here may fail the work it speaks of.

pub mod catalogue;
pub mod journal;
mod logs;
mod meter;
mod process;
pub mod pulse;
pub mod trace;

use std::{error::Error, fmt};

pub use self::{
    logs::start_logs,
    meter::{host_group, render, start_metrics, start_tasks},
    process::open_files,
};

/// Shows an error with its causes in one line.
#[derive(Debug)]
pub struct Causes<'a>(pub &'a dyn Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
