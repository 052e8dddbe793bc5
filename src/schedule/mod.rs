//! When which task runs with which arguments: the files in `jobs/`.
//!
//! This module reads the files and computes due times; it asks no clock and no database, and it does not know which tasks exist (the
//! scheduler checks that). To add a schedule: a TOML file in `jobs/`, nothing else.

mod catch_up;
mod cron;
mod file;

pub use catch_up::{Due, due};
pub use cron::Cron;
pub use file::{CatchUp, Overlap, Retry, Schedule, ScheduleError, json_schema, load, parse};
