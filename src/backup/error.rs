//! Why a backup, a restore or a look at one did not happen, and what follows from it.

use std::time::Duration;

use crate::{storage::StorageError, store::StoreError, telemetry::Causes};

/// What becomes of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackupDecision {
    /// Another attempt may help.
    Retry,
    /// Not now.
    Later(Duration),
    /// A person has to do something first.
    Fail,
    /// It was cancelled.
    Cancelled,
}

/// Why it did not happen. What is wrong with a backup that was looked at is no error but a [`super::Defect`].
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A setting is missing or cannot be used: names the key and what was expected.
    #[error("{0}")]
    Settings(String),
    /// Something on this machine or in the database is in the way: says what, and what to do.
    #[error("{0}")]
    Refused(String),
    /// Another backup of this database is under way.
    #[error("another backup of this database is under way")]
    Busy,
    /// There is no such backup.
    #[error("there is no backup {id} in {place}")]
    Unknown {
        /// As given.
        id: String,
        /// Where it was looked for.
        place: String,
    },
    /// The dump is far smaller than those before it: nothing was kept.
    #[error(
        "the backup has {bytes} bytes, expected at least {floor}: half or more of the data is gone, or the dump is; \
         look at the database, and if this is right: career-worker backup run --any-size"
    )]
    TooSmall {
        /// Its size.
        bytes: u64,
        /// What was expected.
        floor: u64,
    },
    /// A program failed.
    #[error("{program}: {said}")]
    Program {
        /// Its name.
        program: String,
        /// The end of what it wrote, or how it ended.
        said: String,
    },
    /// It took longer than it may.
    #[error("{what} did not end within {limit:?}")]
    TooLong {
        /// What.
        what: String,
        /// How long it may take.
        limit: Duration,
    },
    /// The database.
    #[error("{}", Causes(.0))]
    Database(#[from] StoreError),
    /// The place of the backups.
    #[error("{}", Causes(.0))]
    Storage(#[from] StorageError),
    /// A pipe, a file or a thread.
    #[error("{what}: {source}")]
    System {
        /// What was done.
        what: String,
        /// Why it failed.
        source: std::io::Error,
    },
    /// A server for a restore test could not be started.
    #[error("{0:#}")]
    Server(anyhow::Error),
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
}

impl BackupError {
    /// What follows.
    pub fn decision(&self) -> BackupDecision {
        match self {
            Self::Settings(_) | Self::Refused(_) | Self::Unknown { .. } | Self::TooSmall { .. } => {
                BackupDecision::Fail
            }
            Self::Busy => BackupDecision::Later(Duration::from_mins(5)),
            Self::Cancelled => BackupDecision::Cancelled,
            Self::Storage(error) if !error.is_passing() => BackupDecision::Fail,
            Self::Program { .. }
            | Self::TooLong { .. }
            | Self::Database(_)
            | Self::Storage(_)
            | Self::System { .. }
            | Self::Server(_) => BackupDecision::Retry,
        }
    }

    pub(crate) fn system(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::System { what, source }
    }
}
