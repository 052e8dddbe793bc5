//! From a response to postings that can be stored. This is the only CPU work of a scrape and runs beside the async threads.

use bytes::Bytes;
use chrono::NaiveDate;

use super::{Fault, board::Visit};
use crate::{
    domain::{Page, Place, Posting, RawPosting, Rejected, Request},
    fetch::Response,
    normalize::{self, fingerprint},
    sources::{Board, Draft, Source},
    store::postings::{Fingerprint, SightedPosting},
};

/// What one response held, ready to store.
#[derive(Debug)]
pub(super) struct ReadPage {
    pub postings: Vec<SightedPosting>,
    pub drafts: Vec<Draft>,
    pub rejected: Vec<Rejected>,
    pub next: Vec<Request>,
    pub expected: Option<u64>,
    pub complete: bool,
}

/// Parses and normalizes a response to a request for a listing.
pub(super) async fn read(
    visit: &Visit<'_>,
    response: &Response,
    today: NaiveDate,
) -> Result<ReadPage, Fault> {
    let reading = Answered::new(visit, response);
    tokio::task::spawn_blocking(move || reading.listing(today))
        .await
        .unwrap_or_else(|error| Err(Fault::lasting("panic", format!("reading the response: {error}"))))
}

/// Parses and normalizes the page of one posting, or says why there is none on it.
pub(super) async fn complete(
    visit: &Visit<'_>,
    response: &Response,
    draft: &Draft,
    today: NaiveDate,
) -> Result<SightedPosting, String> {
    let (reading, draft) = (Answered::new(visit, response), draft.clone());
    tokio::task::spawn_blocking(move || {
        let raw = reading.source.complete(&reading.board, &reading.page(), &draft);
        let raw = raw.map_err(|error| format!("page: {error}"))?;
        sight(reading.source, raw, today).map_err(|rejected| rejected.reason)
    })
    .await
    .unwrap_or_else(|error| Err(format!("page: reading it: {error}")))
}

/// A response with what it is read by.
struct Answered {
    source: &'static dyn Source,
    board: Board,
    url: String,
    content_type: Option<String>,
    body: Bytes,
}

impl Answered {
    fn new(visit: &Visit<'_>, response: &Response) -> Self {
        Self {
            source: visit.source,
            board: visit.board.clone(),
            url: response.url.clone(),
            content_type: response.content_type.clone(),
            body: response.body.clone(),
        }
    }

    fn page(&self) -> Page<'_> {
        Page { url: &self.url, content_type: self.content_type.as_deref(), body: &self.body }
    }

    fn listing(&self, today: NaiveDate) -> Result<ReadPage, Fault> {
        let parsed = self.source.parse(&self.board, &self.page())?;
        let mut page = ReadPage {
            postings: Vec::with_capacity(parsed.postings.len()),
            drafts: parsed.drafts,
            rejected: parsed.rejected,
            next: parsed.next,
            expected: parsed.expected_total,
            complete: parsed.complete,
        };
        for raw in parsed.postings {
            match sight(self.source, raw, today) {
                Ok(sighted) => page.postings.push(sighted),
                Err(rejected) => page.rejected.push(rejected),
            }
        }
        Ok(page)
    }
}

/// A posting as the store takes it.
pub(super) fn sight(
    source: &'static dyn Source,
    raw: RawPosting,
    today: NaiveDate,
) -> Result<SightedPosting, Rejected> {
    let mut posting = normalize::normalize(source.name(), raw, today)?;
    let fingerprint = fingerprint(&posting);
    if let Some(credit) = source.terms().credit {
        give_credit(&mut posting, credit);
    }
    Ok(SightedPosting { posting, fingerprint })
}

/// Ends the text with the words that the publisher asks for, which link to the posting's address there.
fn give_credit(posting: &mut Posting, credit: &str) {
    let line = format!("{credit}: {}", posting.url);
    let address = posting.url.replace('&', "&amp;").replace('"', "%22").replace('<', "%3C");
    let html = format!("<p>{credit}: <a href=\"{address}\">{address}</a></p>");
    posting.description =
        Some(posting.description.take().map_or(line.clone(), |text| format!("{text}\n\n{line}")));
    posting.description_html = Some(posting.description_html.take().unwrap_or_default() + &html);
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
