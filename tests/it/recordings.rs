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

use crate::exchanges::{Exchange, postings, read_all};

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

/// Reasons for which a record of a recording is not stored: source, and how the reason begins.
const REJECTIONS: [(&str, &str); 6] = [
    // Departments were recorded without addresses.
    ("greenhouse", "absolute_url: expected text, got nothing"),
    // A page of a posting that has only its texts; its listing has the rest, and was not recorded.
    ("smartrecruiters", "743999706414750: title: is empty"),
    ("workable", "shortcode: one more place of a posting that is listed already"),
    // Thanks, offers of advice, and notices that name no employer.
    ("hackernews", "comment_text: expected a company in the first line"),
    ("hackernews", "comment_text: expected a role"),
    ("hackernews", "comment_text: expected an employer, got someone who looks for work"),
];

#[test]
fn every_record_becomes_a_posting_or_a_rejection() {
    let Some(exchanges) = recordings() else { return };
    let today = NaiveDate::from_ymd_opt(2026, 8, 22).unwrap_or_default();
    let (mut stored, mut rejected) = (0, 0);
    let mut wrong = Vec::new();
    for exchange in exchanges.iter().filter(|exchange| exchange.meta.shape != "legacy") {
        let mut parsed = match exchange.parse() {
            Ok(parsed) => parsed,
            Err(error) => {
                wrong.push(format!("{}: {error}", exchange.name()));
                continue;
            }
        };
        let total = parsed.expected_total;
        let complete = parsed.complete && parsed.next.is_empty() && exchange.meta.complete;
        let raw = postings(&mut parsed, &exchanges);
        let mut reasons: Vec<String> = parsed.rejected.into_iter().map(|rejected| rejected.reason).collect();
        let (before, listed_rejections) = (raw.len(), reasons.len());
        for raw in raw {
            let id = raw.source_id.clone();
            if let Err(rejected) = normalize(exchange.source().name(), raw, today) {
                reasons.push(format!("{id}: {}", rejected.reason));
            }
        }
        let records = before + listed_rejections;
        if records != exchange.meta.records {
            wrong.push(format!("{}: {records} of {} records", exchange.name(), exchange.meta.records));
        }
        if complete && total.is_some_and(|total| usize::try_from(total) != Ok(records)) {
            wrong.push(format!("{}: {records} records are taken for all of {total:?}", exchange.name()));
        }
        let known = |reason: &str| {
            REJECTIONS
                .iter()
                .any(|(source, start)| *source == exchange.meta.source && reason.starts_with(start))
        };
        wrong.extend(
            reasons
                .iter()
                .filter(|reason| !known(reason))
                .map(|reason| format!("{}: {reason}", exchange.name())),
        );
        rejected += reasons.len();
        stored += exchange.meta.records - reasons.len().min(exchange.meta.records);
    }
    eprintln!("{} exchanges: {stored} records stored, {rejected} rejected", exchanges.len());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
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
