//! Days of publication and deadlines.

#![no_main]

use career_worker::{domain::RawDate, normalize::dates};
use chrono::NaiveDate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap_or_default();
    let text = String::from_utf8_lossy(data).into_owned();
    let number = data.iter().take(8).fold(0_i64, |number, byte| number << 8 | i64::from(*byte));
    let _ = dates::deadline_in_text(&text, today);
    for date in [RawDate::Text(text), RawDate::EpochSeconds(number), RawDate::EpochMillis(number)] {
        let _ = dates::deadline(&date, today);
        if let Some(posted) = dates::posted(&date, today) {
            assert!(posted <= today.succ_opt().unwrap_or(today), "{date:?} gave {posted}");
        }
    }
});
