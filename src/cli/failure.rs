//! How a command ends badly: one message on stderr, and an exit code that says what kind of failure it was.

use std::{io::Write as _, process::ExitCode};

use crate::{config::ConfigError, schedule::ScheduleError, store::StoreError};

/// PostgreSQL or Redis cannot be reached.
pub(super) const UNAVAILABLE: u8 = 69;
/// Not now: a lock is held or a server asks to wait.
pub(super) const TEMPORARY: u8 = 75;
/// Settings or schedules cannot be used.
pub(super) const CONFIG: u8 = 78;
/// Interrupted by a person.
pub(super) const INTERRUPTED: u8 = 130;

/// Schedules that cannot be used, one line each.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub(super) struct BadSchedules(pub(super) Vec<ScheduleError>);

/// A failure whose exit code is known where it happens.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Failure {
    pub(super) code: u8,
    pub(super) message: String,
}

impl Failure {
    pub(super) fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Prints the failure with its causes and gives the exit code of its kind.
pub(super) fn report(error: &anyhow::Error) -> ExitCode {
    if output_is_closed(error) {
        return ExitCode::SUCCESS;
    }
    let _ = writeln!(std::io::stderr().lock(), "error: {error:#}");
    ExitCode::from(code(error))
}

fn code(error: &anyhow::Error) -> u8 {
    for cause in error.chain() {
        if let Some(failure) = cause.downcast_ref::<Failure>() {
            return failure.code;
        }
        if cause.is::<ConfigError>() || cause.is::<BadSchedules>() {
            return CONFIG;
        }
        match cause.downcast_ref::<StoreError>() {
            Some(StoreError::Address(..)) => return CONFIG,
            Some(error) if error.is_unavailable() => return UNAVAILABLE,
            _ => {}
        }
    }
    1
}

/// The reader of our output has enough (`| head`). A pipe to a server that broke is inside an error of the server, where this does not look.
fn output_is_closed(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the server hung up")]
    struct Server(#[source] std::io::Error);

    #[test]
    fn the_kind_of_failure_decides_the_exit_code() {
        let unavailable = StoreError::Timeout(std::time::Duration::from_secs(1));
        let error = Err::<(), _>(unavailable).context("count runs").unwrap_err();
        assert_eq!(code(&error), UNAVAILABLE);
        assert_eq!(code(&Failure::new(TEMPORARY, "locked").into()), TEMPORARY);
        assert_eq!(code(&BadSchedules(Vec::new()).into()), CONFIG);
        assert_eq!(code(&anyhow::anyhow!("anything")), 1);
    }

    #[test]
    fn only_our_own_output_ends_well_when_it_is_closed() {
        let broken = || std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        let output = Err::<(), _>(broken()).context("print runs").unwrap_err();
        assert!(output_is_closed(&output));
        let server = Err::<(), _>(Server(broken())).context("look at the database").unwrap_err();
        assert!(!output_is_closed(&server));
    }
}
