//! From a response to postings that can be stored. This is the only CPU work of a scrape and runs beside the async threads.

use bytes::Bytes;
use chrono::NaiveDate;

use super::Fault;
use crate::{
    domain::{Page, Place, Posting, RawPosting, Rejected, Request},
    fetch::Response,
    normalize::{self, fingerprint},
    sources::{Board, Source},
    store::postings::{Fingerprint, SightedPosting},
};

/// What one response held, ready to store.
#[derive(Debug)]
pub(super) struct ReadPage {
    pub postings: Vec<SightedPosting>,
    pub rejected: Vec<Rejected>,
    pub next: Vec<Request>,
    pub expected: Option<u64>,
    pub complete: bool,
}

/// Parses and normalizes a response.
pub(super) async fn read(
    source: &'static dyn Source,
    board: &Board,
    response: &Response,
    today: NaiveDate,
) -> Result<ReadPage, Fault> {
    let board = board.clone();
    let (url, content_type, body) =
        (response.url.clone(), response.content_type.clone(), response.body.clone());
    tokio::task::spawn_blocking(move || read_now(source, &board, &url, content_type.as_deref(), &body, today))
        .await
        .unwrap_or_else(|error| Err(Fault::lasting("panic", format!("reading the response: {error}"))))
}

fn read_now(
    source: &dyn Source,
    board: &Board,
    url: &str,
    content_type: Option<&str>,
    body: &Bytes,
    today: NaiveDate,
) -> Result<ReadPage, Fault> {
    let parsed = source.parse(board, &Page { url, content_type, body })?;
    let mut page = ReadPage {
        postings: Vec::with_capacity(parsed.postings.len()),
        rejected: parsed.rejected,
        next: parsed.next,
        expected: parsed.expected_total,
        complete: parsed.complete,
    };
    for raw in parsed.postings {
        match sight(source.name(), raw, today) {
            Ok(sighted) => page.postings.push(sighted),
            Err(rejected) => page.rejected.push(rejected),
        }
    }
    Ok(page)
}

/// A posting as the store takes it.
fn sight(source: &'static str, raw: RawPosting, today: NaiveDate) -> Result<SightedPosting, Rejected> {
    let posting = normalize::normalize(source, raw, today)?;
    let fingerprint = fingerprint(&posting);
    Ok(SightedPosting { posting, fingerprint })
}

/// A posting without text has nothing to compare.
fn fingerprint(posting: &Posting) -> Option<Fingerprint> {
    let text = posting.description.as_deref()?;
    let simhash = fingerprint::simhash(text);
    (simhash != 0).then(|| Fingerprint {
        company_key: fingerprint::company_key(&posting.company),
        title_key: fingerprint::title_key(&posting.title),
        place_keys: posting.places.iter().filter_map(place_key).collect(),
        simhash,
    })
}

/// The most exact part of a place that is known.
fn place_key(place: &Place) -> Option<String> {
    let Place { city, region, country, country_code } = place;
    let part = city.as_ref().or(region.as_ref()).or(country_code.as_ref()).or(country.as_ref())?;
    Some(part.to_lowercase())
}
