//! The body of `POST /api/v1/runs`, any bytes: a run within the limits, or a problem.

#![no_main]

use std::time::Duration;

use career_worker::{admin::read_run, tasks::TASKS};
use chrono::{DateTime, TimeDelta};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_778);
    let Ok(run) = read_run(data, now, TASKS) else { return };
    assert!(TASKS.iter().any(|task| task.name() == run.task));
    assert!((1..=100).contains(&run.max_attempts) && run.args.is_object(), "{run:?}");
    assert!(run.timeout > Duration::ZERO && run.timeout <= Duration::from_hours(24), "{run:?}");
    assert!(run.run_at.is_none_or(|at| at <= now + TimeDelta::days(30)), "{run:?}");
    assert!(run.key.is_none_or(|key| (1..=255).contains(&key.len())));
});
