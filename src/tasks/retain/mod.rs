//! The task `retain`: what is over leaves, by one policy a schedule: `close` makes postings inactive, `archive` moves those long inactive
//! into sealed archives, `notices` deletes notices that were read.
//!
//! It goes over a table in windows, a few hundred rows at a time, and rests twice as long as it worked, so that it is never more than a
//! third of anybody's trouble. Killed anywhere it begins again and finds what is left. It never touches a row of a user, nor one that
//! anybody refers to; what it deletes of postings is in an archive first. To add a policy: a file here and a variant of [`RetainArgs`].

mod archive;
mod close;
mod notices;
mod pace;

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Context, Task, TaskError};
use crate::domain::Queue;

pub use self::{archive::ArchiveArgs, close::CloseArgs, notices::NoticeArgs};

/// Rows of a window.
const WINDOW: i64 = 5_000;
/// Rows written in one transaction.
const BATCH: usize = 200;
/// Examples in the report of a dry run.
const SAMPLES: usize = 5;

/// The task.
#[derive(Debug)]
pub struct Retain;

/// What leaves, and when.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(tag = "policy", rename_all = "snake_case")]
pub enum RetainArgs {
    /// Postings that are over become inactive.
    Close(CloseArgs),
    /// Postings long inactive, to which nobody refers, go into archives.
    Archive(ArchiveArgs),
    /// Notices that were read are deleted.
    Notices(NoticeArgs),
}

impl Task for Retain {
    const NAME: &'static str = "retain";
    const QUEUE: Queue = Queue::Maintenance;
    const ABOUT: &'static str = "Closes postings that are over, archives old ones, deletes read notices";
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_hours(6);
    type Args = RetainArgs;

    fn check(args: &RetainArgs) -> Result<(), String> {
        let days = match args {
            RetainArgs::Close(args) => args.days(),
            RetainArgs::Archive(args) => args.days(),
            RetainArgs::Notices(args) => args.days(),
        };
        days.into_iter()
            .flatten()
            .find(|(_, days, least)| days < least)
            .map_or(Ok(()), |(key, days, least)| Err(format!("{key} = {days}, expected at least {least}")))
    }

    async fn run(args: RetainArgs, ctx: Context) -> Result<Value, TaskError> {
        match args {
            RetainArgs::Close(args) => close::run(args, &ctx).await,
            RetainArgs::Archive(args) => archive::run(args, &ctx).await,
            RetainArgs::Notices(args) => notices::run(args, &ctx).await,
        }
    }
}

/// A key with its value in days and the least it may be.
type Days = Option<(&'static str, i32, i32)>;

fn count(policy: &'static str, rows: u64) {
    metrics::counter!("career_retained_rows_total", "policy" => policy).increment(rows);
}
