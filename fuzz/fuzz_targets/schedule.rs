//! A file in `jobs/`, any text: a schedule, or one error that names the file; due times rise and stay within what was asked.

#![no_main]

use std::path::Path;

use career_worker::{
    schedule::{due, parse},
    scheduler,
    tasks::TASKS,
};
use chrono::{DateTime, TimeDelta};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let schedule = match parse(Path::new("jobs/x.toml"), &text) {
        Ok(schedule) => schedule,
        Err(error) => {
            assert!(error.to_string().contains("jobs/x.toml"), "{error}");
            return;
        }
    };
    let now = DateTime::UNIX_EPOCH + TimeDelta::days(20_778);
    let watermark = now - TimeDelta::hours(30);
    let due = due(&schedule, watermark, now);
    assert!(due.fire.windows(2).all(|pair| pair[0] < pair[1]), "{due:?}");
    assert!(due.fire.iter().all(|time| *time > watermark && *time <= now), "{due:?}");
    let _ = scheduler::check(&[schedule], TASKS);
});
