//! Memory for one listing of four megabytes, parsed and normalized as a scrape does: the peak above that of the idle process.

use std::{fs, hint::black_box};

use career_worker::{
    normalize::{self, fingerprint},
    sources,
};
use chrono::NaiveDate;
use serde_json::{Value, json};

use super::{Recorded, records, speed};

/// Bytes of the listing.
const LISTING: usize = 4 * 1024 * 1024;

/// Prints the peak in the process's own file, before and after. Run on its own: a peak never falls.
pub fn print(responses: &[Recorded]) {
    let path = std::env::temp_dir().join(format!("listing-{}.json", std::process::id()));
    let url = responses.first().map(|response| response.url.clone()).unwrap_or_default();
    if let Err(error) = fs::write(&path, listing(responses)) {
        println!("skipped: {}: {error}", path.display());
        return;
    }
    // What follows is a process of its own, without the recordings in its memory.
    let program = std::env::current_exe().unwrap_or_default();
    let status = std::process::Command::new(program).arg("listing").arg(&path).arg(&url).status();
    if status.is_err() {
        println!("skipped: cannot run itself");
    }
    let _ = fs::remove_file(&path);
}

/// The measured process: reads one listing.
pub fn measure(path: &str, url: &str) {
    let Ok(source) = sources::find("greenhouse") else { return };
    let today = NaiveDate::from_ymd_opt(2026, 9, 1).unwrap_or_default();
    let start = peak();
    // Tables that every process has after its first posting.
    let first = json!({ "jobs": [{ "id": 1, "title": "Cook", "absolute_url": "https://x.example/1", "content": "&lt;p&gt;Remote, 5 years, $50,000 a year, apply by May 3&lt;/p&gt;", "location": { "name": "Paris" } }] });
    let idle = {
        let body = first.to_string().into_bytes();
        for raw in speed::parse(source, &Recorded { url: url.to_owned(), body }) {
            let _ = black_box(normalize::normalize(source.name(), raw, today));
        }
        peak()
    };
    let body = fs::read(path).unwrap_or_default();
    let bytes = body.len();
    let recorded = Recorded { url: url.to_owned(), body };
    let mut postings = Vec::new();
    for raw in speed::parse(source, &recorded) {
        if let Ok(posting) = normalize::normalize(source.name(), raw, today) {
            let simhash = fingerprint::simhash(posting.description.as_deref().unwrap_or_default());
            postings.push((posting, simhash));
        }
    }
    let full = peak();
    let count = black_box(&postings).len();
    println!(
        "listing of {bytes} bytes, {count} postings: peak {:.1} MiB above idle ({:.1} MiB at the start, {:.1} MiB idle with its tables)",
        full - idle,
        start,
        idle
    );
}

/// Postings of the recordings, each under a number of its own, until the listing is long enough.
fn listing(responses: &[Recorded]) -> Vec<u8> {
    let all: Vec<Value> = responses.iter().flat_map(|response| records(&response.body)).collect();
    let (mut jobs, mut length) = (Vec::new(), 0);
    for (number, mut record) in all.iter().cycle().cloned().enumerate() {
        if length >= LISTING || all.is_empty() {
            break;
        }
        if let Some(record) = record.as_object_mut() {
            record.insert("id".to_owned(), Value::from(number));
        }
        length += record.to_string().len() + 1;
        jobs.push(record);
    }
    json!({ "jobs": jobs }).to_string().into_bytes()
}

/// Most memory this process has had, in MiB.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kilobytes: u32 = line.split_whitespace().next().and_then(|number| number.parse().ok()).unwrap_or(0);
    f64::from(kilobytes) / 1024.0
}
