//! What reading costs, source by source: postings a second of a core and allocations of a posting, from the bytes of a response to the row.
//!
//! It reads the exchanges under `fixtures/`, each page of a posting with its listing, every extractor on; what cannot be read is left out.
//! Times are of this thread on its processor. What single extractors cost is `normalize`'s to say.
#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

#[path = "../tests/it/exchanges.rs"]
#[expect(dead_code, reason = "shared with the tests")]
mod exchanges;
#[expect(dead_code, reason = "shared by benchmarks")]
mod measures;
mod processor;

use std::{hint::black_box, path::Path};

use career_worker::{
    domain::{Posting, Rejected},
    normalize::normalize,
    sources::SOURCES,
};
use chrono::NaiveDate;

use self::{
    exchanges::{Exchange, postings, read_all},
    measures::{Goal, Measures},
};

/// What the exchanges of one source hold.
fn read(exchanges: &[Exchange]) -> Vec<Result<Posting, Rejected>> {
    let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap_or_default();
    let listings = exchanges.iter().filter(|exchange| exchange.meta.status == 200);
    let parsed = listings.filter_map(|exchange| Some((exchange.source().name(), exchange.parse().ok()?)));
    let raw = parsed.flat_map(|(name, mut parsed)| {
        postings(&mut parsed, exchanges).into_iter().map(move |posting| (name, posting))
    });
    raw.map(|(name, posting)| normalize(name, posting, today)).collect()
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn main() -> anyhow::Result<()> {
    let mut measures = Measures::of("sources");
    let mut all = read_all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"));
    let (mut micros, mut count) = (0.0, 0);
    for source in SOURCES {
        let own: Vec<_> = all.extract_if(.., |exchange| exchange.meta.source == source.name()).collect();
        let found = read(&own).len();
        if found == 0 {
            continue;
        }
        let one = processor::time(found, &|| _ = black_box(read(&own)));
        let allocations = allocation_counter::measure(|| _ = black_box(read(&own)));
        measures.note(&format!("{}: postings of a core", source.name()), 1e6 / one, "a second");
        let each = allocations.count_total as f64 / found as f64;
        measures.note(&format!("{}: allocations of a posting", source.name()), each, "");
        micros += one * found as f64;
        count += found;
    }
    measures.against(
        "all: postings of a core",
        1e6 * f64::from(u32::try_from(count)?) / micros,
        "a second",
        Goal::AtLeast(5_000.0),
    );
    measures.save()
}
