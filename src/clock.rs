//! The one place that reads the wall clock.
//!
//! Everything that needs the time takes a [`Clock`]; tests give it a fixed one and move it. Due times of schedules and leases are
//! not decided here: they come from the database's own clock.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};

/// A source of the current time in UTC; cheap to clone, clones share the same time.
#[derive(Clone, Debug, Default)]
pub struct Clock(Kind);

#[derive(Clone, Debug, Default)]
enum Kind {
    #[default]
    System,
    Fixed(Arc<AtomicI64>),
}

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// A clock that stands at `at` until [`Clock::advance`] moves it. Keeps microseconds.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self(Kind::Fixed(Arc::new(AtomicI64::new(at.timestamp_micros()))))
    }

    /// The current time.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "this is the one place that may")]
            Kind::System => Utc::now(),
            Kind::Fixed(micros) => {
                DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap_or_default()
            }
        }
    }

    /// Moves a fixed clock forward (or back, with a negative delta); the system clock stays as it is.
    pub fn advance(&self, by: TimeDelta) {
        if let Kind::Fixed(micros) = &self.0 {
            micros.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
        }
    }
}
