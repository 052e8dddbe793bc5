//! Real answers, where they are present: no record of any is lost.
//!
//! They are not part of the project. `CAREER_RECORDINGS` names their folder; `../shared/recordings` is looked at otherwise.

#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::{
    env,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use career_worker::normalize::normalize;
use chrono::NaiveDate;

use crate::exchanges::{Exchange, read_all};

/// The folder of recordings; without one says that the test is skipped.
pub fn folder() -> Option<PathBuf> {
    let named = env::var_os("CAREER_RECORDINGS").map(PathBuf::from);
    let root = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/recordings"));
    if root.is_dir() {
        return Some(root);
    }
    eprintln!("skipped: no recordings (set CAREER_RECORDINGS)");
    None
}

/// What each recorded page is to be read by is in `recorded_pages.rs`.
fn recordings() -> Option<Vec<Exchange>> {
    let mut all = read_all(&folder()?);
    all.retain(|exchange| exchange.meta.source != "html");
    Some(all)
}

#[test]
fn every_record_becomes_a_posting_or_a_rejection() {
    let Some(exchanges) = recordings() else { return };
    let today = NaiveDate::from_ymd_opt(2026, 8, 22).unwrap_or_default();
    let mut seen = 0;
    for exchange in &exchanges {
        let parsed = exchange.parse().unwrap_or_else(|error| panic!("{}: {error}", exchange.name()));
        let records = parsed.postings.len() + parsed.rejected.len();
        assert_eq!(records, exchange.meta.records, "records of {}", exchange.name());
        // Departments were recorded without addresses: each of their records is rejected for that.
        let short = exchange.meta.url.ends_with("/departments");
        for rejected in &parsed.rejected {
            let known = short && rejected.reason == "absolute_url: expected text, got nothing";
            assert!(known, "{}: {rejected:?}", exchange.name());
        }
        let counted = parsed.expected_total.is_none_or(|total| usize::try_from(total) == Ok(records));
        assert!(counted || !parsed.complete, "{} is not complete", exchange.name());
        for raw in parsed.postings {
            let id = raw.source_id.clone();
            let posting = normalize(exchange.source().name(), raw, today);
            assert!(posting.is_ok(), "{} {id}: {posting:?}", exchange.name());
        }
        seen += records;
    }
    eprintln!("{seen} records of {} exchanges", exchanges.len());
}

#[test]
fn a_page_is_read_in_milliseconds() {
    let Some(exchanges) = recordings() else { return };
    for name in ["ashby", "greenhouse", "lever"] {
        let mut bytes = 0;
        let mut spent = Duration::ZERO;
        for exchange in exchanges.iter().filter(|exchange| exchange.meta.source == name) {
            // The fastest of three: the machine does other things too.
            let rounds = std::iter::repeat_with(|| {
                let start = Instant::now();
                assert!(exchange.parse().is_ok());
                start.elapsed()
            });
            spent += rounds.take(3).min().unwrap_or_default();
            bytes += exchange.body.len();
        }
        let megabytes = f64::from(u32::try_from(bytes).unwrap()) / 1e6;
        let rate = spent.as_secs_f64() * 1e3 / megabytes;
        eprintln!("{name}: {megabytes:.1} MB, {rate:.2} ms a MB");
        assert!(rate < 1000.0, "{name} takes {rate:.0} ms a MB");
    }
}
