//! Lengths of time as PostgreSQL takes them.

use std::time::Duration;

use sqlx::postgres::types::PgInterval;

/// Whole milliseconds, at least one.
pub(super) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).max(1)
}

/// An `interval` of microseconds.
pub(super) fn interval(duration: Duration) -> PgInterval {
    let microseconds = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
    PgInterval { months: 0, days: 0, microseconds }
}
