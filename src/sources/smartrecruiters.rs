//! SmartRecruiters Posting API: a paged list, and an address for each posting with its texts.
//!
//! The list says everything but the texts and pay. A company that does not exist has an empty list. `remote` and `hybrid` are false
//! where the employer said nothing, so that only true means something. The identifier of a company may be in any case.

mod detail;

use url::Url;

use super::{
    Board, Draft, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, PlaceKeys, Records, Value},
};
use crate::domain::{Page, Politeness, RawDate, RawPosting, RemoteOption, Request, Workplace};

/// The source.
#[derive(Debug)]
pub struct SmartRecruiters;

const COMPANIES: &str = "https://api.smartrecruiters.com/v1/companies";
/// Records on a page; more than this is not given.
const LIMIT: u64 = 100;

impl Source for SmartRecruiters {
    fn name(&self) -> &'static str {
        "smartrecruiters"
    }

    fn title(&self) -> &'static str {
        "SmartRecruiters"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["api.smartrecruiters.com"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://developers.smartrecruiters.com/docs/posting-api",
            "public posting API; published postings are answered without a key",
        )
    }

    fn politeness(&self) -> Politeness {
        Politeness::API
    }

    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        Ok(Request::json(paged(board.address(COMPANIES, &["postings"], &[])?, 0, LIMIT)))
    }

    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let document = Document::new(page.body);
        let root = document.root()?;
        let answer = root.object().map_err(SourceError::Layout)?;
        let Some(content) = answer.get("content") else {
            if answer.get("jobAd").is_none() {
                let found = answer.found("content");
                return Err(SourceError::Layout(format!("content: expected a list, got {found}")));
            }
            let mut records = Records::default();
            records.add(root, |record| detail::posting(board, record, page.url));
            return Ok(records.into_parsed(None, false));
        };
        let content = content.items().map_err(|why| SourceError::Layout(format!("content: {why}")))?;
        let list = list(board, page)?;
        let mut records = Records::default();
        for item in content {
            records.add_draft(item, |record| draft(board, record, &list));
        }
        let read = u64::try_from(records.len()).unwrap_or(u64::MAX);
        let total = answer.get("totalFound").and_then(Value::integer);
        let total = total.and_then(|total| u64::try_from(total).ok());
        let (offset, limit) =
            (number(page.url, "offset").unwrap_or(0), number(page.url, "limit").unwrap_or(LIMIT));
        let end = offset.saturating_add(read);
        let more = total.is_some_and(|total| end < total);
        // An empty page before the end of the list would be asked for again without end.
        let complete = total.is_some() && !(more && read == 0);
        let mut parsed = records.into_parsed(total, complete);
        parsed.next.extend((more && read > 0).then(|| Request::json(paged(list, end, limit))));
        Ok(parsed)
    }
}

/// The address of the list that a page is from, without its query.
fn list(board: &Board, page: &Page<'_>) -> Result<Url, SourceError> {
    match Url::parse(page.url) {
        Ok(mut url) if url.path().ends_with("/postings") => {
            url.set_query(None);
            Ok(url)
        }
        _ => board.address(COMPANIES, &["postings"], &[]),
    }
}

fn paged(mut list: Url, offset: u64, limit: u64) -> Url {
    list.set_query(Some(&format!("limit={limit}&offset={offset}")));
    list
}

fn number(url: &str, key: &str) -> Option<u64> {
    let url = Url::parse(url).ok()?;
    let (_, value) = url.query_pairs().find(|(name, _)| name == key)?;
    value.parse().ok()
}

fn draft(board: &Board, record: &Object<'_>, list: &Url) -> Result<Draft, String> {
    let posting = posting(board, record)?;
    if let Some(shown) =
        record.text("visibility").filter(|shown| !shown.trim().eq_ignore_ascii_case("public"))
    {
        return Err(format!("visibility: expected PUBLIC, got {}", shown.trim().escape_debug()));
    }
    let mut url = list.clone();
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push(&posting.source_id);
    }
    Ok(Draft { posting, request: Request::json(url), changed: record.text("releasedDate") })
}

/// What list and page both say.
fn posting(board: &Board, record: &Object<'_>) -> Result<RawPosting, String> {
    let source_id = record.required_id("id")?;
    let company = record.object("company");
    let of_company = |key| company.as_ref().and_then(|company| company.text(key));
    let identifier = of_company("identifier").unwrap_or_else(|| board.board.clone());
    let location = record.object("location");
    let keys = PlaceKeys { city: "city", region: "region", country: "", code: "country" };
    let employment = record.object("typeOfEmployment");
    let employment = employment.and_then(|kind| kind.text("label").or_else(|| kind.text("id")));
    Ok(RawPosting {
        url: public_url(&identifier, &source_id)?,
        title: record.required_text("name")?,
        company: of_company("name").or_else(|| board.employer("")),
        locations: location.as_ref().and_then(in_words).into_iter().collect(),
        places: location.as_ref().and_then(|place| keys.read(place)).into_iter().collect(),
        employment: employment.into_iter().collect(),
        workplace: location.and_then(|place| workplace(&place)).map(Workplace::Stated),
        posted: record.text("releasedDate").map(RawDate::Text),
        language: record.object("language").and_then(|language| language.text("code")),
        source_id,
        ..RawPosting::default()
    })
}

fn public_url(company: &str, id: &str) -> Result<String, String> {
    let company = company.trim();
    if company.is_empty() {
        return Err("company: expected an identifier, got nothing".to_owned());
    }
    let mut url =
        Url::parse("https://jobs.smartrecruiters.com").map_err(|error| format!("company: {error}"))?;
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push(company).push(id);
    }
    Ok(url.into())
}

/// The whole place in words; `Chur, GR, Switzerland` is read better from its parts.
fn in_words(place: &Object<'_>) -> Option<String> {
    place.text("fullLocation").filter(|_| place.text("city").is_none())
}

fn workplace(place: &Object<'_>) -> Option<RemoteOption> {
    let says = |key| place.flag(key) == Some(true);
    if says("hybrid") { Some(RemoteOption::Hybrid) } else { says("remote").then_some(RemoteOption::Remote) }
}

#[cfg(test)]
mod tests;
