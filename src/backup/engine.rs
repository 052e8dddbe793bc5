//! A way of making backups, behind which another can take its place.

use std::{future::Future, pin::Pin};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{BackupError, Made, Watch};

/// Work of an engine.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = Result<T, BackupError>> + Send + 'a>>;

/// An engine. Every method can be called at any time and as often as one likes; killed in the middle, the next call puts things right.
pub trait BackupEngine: Send + Sync {
    /// `logical` or `pitr`, as in `worker.backups.engine`.
    fn name(&self) -> &'static str;

    /// Looks at everything that a backup needs, and changes nothing.
    fn preflight(&self) -> Work<'_, Vec<Preflight>>;

    /// Makes a backup. `full` asks for one that needs no other, where the engine knows others.
    fn make<'a>(&'a self, full: bool, watch: &'a Watch) -> Work<'a, Made>;

    /// The backups there are, oldest first.
    fn list(&self) -> Work<'_, Vec<Found>>;

    /// Restores one into a place that is thrown away, and looks whether it is what was backed up.
    fn test<'a>(&'a self, which: Which<'a>, watch: &'a Watch) -> Work<'a, Tested>;
}

/// One thing a backup needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Preflight {
    /// What.
    pub what: &'static str,
    /// It is there.
    pub ok: bool,
    /// For people.
    pub says: String,
}

/// A backup that is there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    /// Its name.
    pub id: String,
    /// `unverified`, `verified`, `failed` or `unreadable`.
    pub state: String,
    /// The moment it holds.
    pub made_at: Option<DateTime<Utc>>,
    /// As stored.
    pub bytes: Option<u64>,
}

/// Which backup is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which<'a> {
    /// The newest.
    Newest,
    /// This one.
    Id(&'a str),
    /// As it was at this moment; only for engines that keep every moment.
    Moment(DateTime<Utc>),
}

/// How a restore test ended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tested {
    /// The backup.
    pub id: String,
    /// What was wrong with it; `None` where it is what was backed up.
    pub defect: Option<String>,
    /// Time from the first byte fetched to the last question answered.
    pub seconds: f64,
    /// Rows that were compared.
    pub rows: i64,
    /// What was done, with its seconds.
    pub steps: Vec<(String, f64)>,
}

impl Tested {
    /// Nothing was wrong.
    pub fn passed(&self) -> bool {
        self.defect.is_none()
    }
}
