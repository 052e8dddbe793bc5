//! When something is due, any text: times rise, in every zone, and the text that is shown means the same.

#![no_main]

use career_worker::schedule::Cron;
use chrono::{DateTime, TimeDelta};
use libfuzzer_sys::fuzz_target;

const ZONES: [&str; 6] =
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Africa/Casablanca"];

fuzz_target!(|data: &[u8]| {
    let Some((choice, text)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(text);
    let Ok(cron) = text.parse::<Cron>() else { return };
    let zone = ZONES[usize::from(*choice) % ZONES.len()].parse().expect("a zone");
    let again: Cron = cron.to_string().parse().expect("what is shown can be read");
    let mut time = DateTime::UNIX_EPOCH + TimeDelta::days(20_000 + i64::from(*choice) * 3);
    for _ in 0..6 {
        let next = cron.next_after(time, zone);
        assert_eq!(next, again.next_after(time, zone));
        let Some(next) = next else { return };
        assert!(next > time, "{text}: {next} is not after {time}");
        time = next;
    }
});
