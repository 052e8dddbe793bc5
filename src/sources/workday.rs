//! Workday career sites: a paged list asked for by POST, and an address for each posting with its text.
//!
//! A board is a tenant; `options.wd` is the data centre and `options.site` the career site, as in
//! `https://TENANT.WD.myworkdayjobs.com/SITE`. A list shows 20 postings at a time and not more than 2,000 in all, so a longer one is
//! asked for by the values of a facet. Its days are ages, its places are often only counted; the page has both in full.

mod detail;
mod facets;
mod site;

use serde_json::json;

use super::{
    Board, Draft, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, Records, Value},
};
use crate::domain::{Page, Politeness, RawDate, RawPosting, Request, Workplace};
use site::Site;

/// The source.
#[derive(Debug)]
pub struct Workday;

/// Postings on a page; a request for more is refused.
const LIMIT: u64 = 20;
/// The most postings that a list shows, and the most that it says it has.
const CAP: u64 = 2_000;

impl Source for Workday {
    fn name(&self) -> &'static str {
        "workday"
    }

    fn title(&self) -> &'static str {
        "Workday"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["*.myworkdayjobs.com"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://www.workday.com/en-us/legal/site-terms.html",
            "the public list behind an employer's career site, without a key; no promised API, so slowly and after robots.txt",
        )
    }

    /// Each tenant has a host of its own.
    fn politeness(&self) -> Politeness {
        Politeness::PAGES
    }

    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        Ok(asked(&Site::of_board(board)?, &json!({}), 0))
    }

    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let document = Document::new(page.body);
        let answer = document.root()?.object().map_err(SourceError::Layout)?;
        if let Some(info) = answer.get("jobPostingInfo") {
            let site = Site::of_page(board, page.url)?;
            let employer = answer.object("hiringOrganization").and_then(|employer| employer.text("name"));
            let mut records = Records::default();
            let record = info.object().map_err(|reason| format!("jobPostingInfo: {reason}"));
            let read = record.and_then(|record| detail::posting(board, &record, employer, &site, page.url));
            let id = || Some(site.identity(info.object().ok()?.text("jobReqId")?.trim()));
            records.push(read, id);
            return Ok(records.into_parsed(None, false));
        }
        let Some(postings) = answer.get("jobPostings") else {
            let found = answer.found("jobPostings");
            return Err(SourceError::Layout(format!("jobPostings: expected a list, got {found}")));
        };
        let postings = postings.items().map_err(|why| SourceError::Layout(format!("jobPostings: {why}")))?;
        let site = Site::of_page(board, page.url)?;
        let mut records = Records::default();
        for posting in postings {
            let record = posting.object().map_err(|reason| format!("record: {reason}"));
            let id = || Some(site.identity(&requisition(&posting.object().ok()?)?));
            records.push_draft(record.and_then(|record| draft(board, &record, &site)), id);
        }
        Ok(listing(&answer, records, &site))
    }
}

/// The page with what follows from its total. Later pages may say that there are 0 in all; each page that knows better names all
/// others, since its own place among them is not in it.
fn listing(answer: &Object<'_>, records: Records, site: &Site) -> Parsed {
    let total = answer.get("total").and_then(Value::integer).and_then(|total| u64::try_from(total).ok());
    let total = total.filter(|total| *total > 0 || records.len() == 0);
    // A full list of as many as are ever said to exist has more that it does not show.
    let capped = total.is_some_and(|total| total >= CAP) && !site.is_split();
    let mut parsed = records.into_parsed(if site.is_split() || capped { None } else { total }, !capped);
    if site.is_split() {
        return parsed;
    }
    if capped {
        parsed.next = facets::split(answer, &site.split());
    }
    if parsed.next.is_empty() {
        let end = total.unwrap_or(0).min(CAP);
        parsed.next = offsets(LIMIT, end).map(|offset| asked(site, &json!({}), offset)).collect();
    }
    parsed
}

/// Where the pages of a list begin, from one of them on.
fn offsets(first: u64, end: u64) -> impl Iterator<Item = u64> {
    (first..end).step_by(usize::try_from(LIMIT).unwrap_or(usize::MAX))
}

/// The request for a page; `facets` are ids by the name of a facet.
fn asked(site: &Site, facets: &serde_json::Value, offset: u64) -> Request {
    let body = json!({ "appliedFacets": facets, "limit": LIMIT, "offset": offset, "searchText": "" });
    Request::post(site.list(), body)
}

fn draft(board: &Board, record: &Object<'_>, site: &Site) -> Result<Draft, String> {
    let path = record.required_text("externalPath")?;
    let path = path.trim();
    let id = requisition(record).ok_or("externalPath: expected the path of a posting")?;
    let posting = RawPosting {
        source_id: site.identity(&id),
        url: site.public(path),
        title: record.required_text("title")?,
        company: site.employer(board),
        locations: place(record, path).into_iter().collect(),
        employment: record.text("timeType").into_iter().collect(),
        workplace: record.text("remoteType").map(Workplace::Text),
        // `Posted 30+ Days Ago` is no day.
        posted: record.text("postedOn").filter(|text| !text.contains('+')).map(RawDate::Text),
        ..RawPosting::default()
    };
    Ok(Draft { posting, request: Request::json(site.detail(path)), changed: None })
}

/// The requisition's number is among the short texts under the title.
fn requisition(record: &Object<'_>) -> Option<String> {
    let known: Vec<String> = record.items("bulletFields").into_iter().filter_map(Value::text).collect();
    site::requisition(record.text("externalPath")?.trim(), known.iter().map(String::as_str))
}

/// Where several places are only counted, the path has the name of the first: `/job/Illinois---Chicago/…`.
fn place(record: &Object<'_>, path: &str) -> Option<String> {
    let text = record.text("locationsText")?;
    if !is_count(&text) {
        return Some(text);
    }
    let mut segments = path.split('/').skip_while(|segment| *segment != "job").skip(1);
    let (name, _) = (segments.next()?, segments.next()?);
    let name = name.replace("---", ", ").replace('-', " ");
    (!name.trim().is_empty()).then_some(name)
}

/// `3 Locations` stands where there is more than one.
fn is_count(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let number = words.next().is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    number
        && words.next().is_some_and(|word| word.eq_ignore_ascii_case("locations"))
        && words.next().is_none()
}

#[cfg(test)]
mod tests;
