//! Careers pages on `bamboohr.com`: a list without texts or days, and an address for each posting that has both.
//!
//! Ids are small numbers that every tenant has, so the tenant stands in front of them. The place is in one of two objects. Pay is a
//! free text of the page. Neither says who the employer is: the board does.

use url::Url;

use super::{
    Board, Draft, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, PlaceKeys, Records, Value, tenant},
};
use crate::domain::{Page, Place, Politeness, RawDate, RawPosting, RemoteOption, Request, Text, Workplace};

/// The source.
#[derive(Debug)]
pub struct BambooHr;

const DOMAIN: &str = "bamboohr.com";

impl Source for BambooHr {
    fn name(&self) -> &'static str {
        "bamboohr"
    }

    fn title(&self) -> &'static str {
        "BambooHR"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["*.bamboohr.com"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://www.bamboohr.com/legal/terms-of-service",
            "the public list behind a company's careers page, without a key; not a documented API, so robots.txt is asked",
        )
    }

    fn politeness(&self) -> Politeness {
        Politeness::PAGES
    }

    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        board.only_options(&[])?;
        Ok(Request::json(format!("https://{}.{DOMAIN}/careers/list", board.label()?)))
    }

    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let document = Document::new(page.body);
        let answer = document.root()?.object().map_err(SourceError::Layout)?;
        let tenant = tenant(board, page.url, DOMAIN)?;
        let board = Board { board: tenant, ..board.clone() };
        let mut records = Records::default();
        let Some(result) = answer.get("result") else {
            let found = answer.found("result");
            return Err(SourceError::Layout(format!("result: expected a list, got {found}")));
        };
        if let Some(opening) = result.object().ok().and_then(|result| result.get("jobOpening")) {
            let read = object(opening).and_then(|record| opened(&board, &record, page.url));
            let id = || Some(identity(&board, &id_of(opening).or_else(|| id_in(page.url))?));
            records.push(read, id);
            return Ok(records.into_parsed(None, false));
        }
        let openings = result.items().map_err(|why| SourceError::Layout(format!("result: {why}")))?;
        for opening in openings {
            let read = object(opening).and_then(|record| draft(&board, &record));
            records.push_draft(read, || Some(identity(&board, &id_of(opening)?)));
        }
        let total = answer.object("meta").and_then(|meta| meta.get("totalCount")?.integer());
        let total = total.and_then(|total| u64::try_from(total).ok());
        let complete = total.is_none() || total == u64::try_from(records.len()).ok();
        Ok(records.into_parsed(total, complete))
    }
}

fn object(record: Value<'_>) -> Result<Object<'_>, String> {
    record.object().map_err(|reason| format!("record: {reason}"))
}

fn id_of(record: Value<'_>) -> Option<String> {
    record.object().ok()?.get("id").and_then(Value::id)
}

fn identity(board: &Board, id: &str) -> String {
    format!("{}:{id}", board.board)
}

fn draft(board: &Board, record: &Object<'_>) -> Result<Draft, String> {
    let id = record.required_id("id")?;
    let posting = posting(board, record, &id)?;
    let request = Request::json(format!("{}/detail", posting.url));
    Ok(Draft { posting, request, changed: None })
}

/// The page of one posting; its id is in the address only.
fn opened(board: &Board, record: &Object<'_>, url: &str) -> Result<RawPosting, String> {
    let id = record.get("id").and_then(Value::id).or_else(|| id_in(url));
    let id = id.ok_or_else(|| format!("id: expected an id, got {}", record.found("id")))?;
    let status = record.text("jobOpeningStatus");
    if let Some(status) = status.filter(|status| !status.trim().eq_ignore_ascii_case("open")) {
        return Err(format!("jobOpeningStatus: expected Open, got {}", status.trim().escape_debug()));
    }
    posting(board, record, &id)
}

/// `39` in `/careers/39/detail`.
fn id_in(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let mut segments = url.path_segments()?.skip_while(|segment| *segment != "careers");
    segments.nth(1).filter(|id| !id.is_empty() && *id != "list").map(str::to_owned)
}

fn posting(board: &Board, record: &Object<'_>, id: &str) -> Result<RawPosting, String> {
    let tenant = &board.board;
    let mut url = Url::parse(&format!("https://{tenant}.{DOMAIN}/careers"))
        .map_err(|error| format!("board: {error}"))?;
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push(id);
    }
    Ok(RawPosting {
        source_id: identity(board, id),
        url: url.into(),
        title: record.required_text("jobOpeningName")?,
        company: board.employer(""),
        places: place(record).into_iter().collect(),
        description: record.text("description").map(Text::Html),
        pay_text: record.text("compensation"),
        employment: record.text("employmentStatusLabel").into_iter().collect(),
        workplace: workplace(record).map(Workplace::Stated),
        posted: record.text("datePosted").map(RawDate::Text),
        ..RawPosting::default()
    })
}

/// `location` is the office; where there is none, `atsLocation` has the place. In a list only the latter has a country.
fn place(record: &Object<'_>) -> Option<Place> {
    let keys = PlaceKeys { city: "city", region: "state", country: "addressCountry", code: "" };
    let office = record.object("location").and_then(|place| keys.read(&place));
    let other = record.object("atsLocation").and_then(|place| {
        let region = if place.text("state").is_some() { "state" } else { "province" };
        PlaceKeys { region, country: "country", ..keys }.read(&place)
    });
    match (office, other) {
        (Some(office), Some(other)) => Some(Place { country: office.country.or(other.country), ..office }),
        (office, other) => office.or(other),
    }
}

/// `locationType` is the newer field and knows more than two answers.
fn workplace(record: &Object<'_>) -> Option<RemoteOption> {
    let kind = record.get("locationType").and_then(Value::id);
    match (kind.as_deref(), record.flag("isRemote")) {
        (Some("2"), _) => Some(RemoteOption::Hybrid),
        (Some("1"), _) | (_, Some(true)) => Some(RemoteOption::Remote),
        (Some("0"), _) => Some(RemoteOption::Onsite),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
