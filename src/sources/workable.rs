//! Workable widget API: all postings of an account in one answer, with their texts.
//!
//! A posting with several places is in the list once for each of them, under one shortcode: the places are brought together and
//! each further item counts as a record of its own. Empty texts stand for what is not said. There is no field for pay.

use std::collections::HashMap;

use super::{
    Board, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, PlaceKeys, Records},
};
use crate::domain::{Page, Place, Politeness, RawDate, RawPosting, RemoteOption, Request, Text, Workplace};

/// The source.
#[derive(Debug)]
pub struct Workable;

const ACCOUNTS: &str = "https://apply.workable.com/api/v1/widget/accounts";

impl Source for Workable {
    fn name(&self) -> &'static str {
        "workable"
    }

    fn title(&self) -> &'static str {
        "Workable"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["apply.workable.com"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://help.workable.com/hc/en-us/articles/115012771647",
            "public list behind the widget that shows an account's postings on other sites, without a key",
        )
    }

    /// All accounts are on one host, which answers 429 early.
    fn politeness(&self) -> Politeness {
        Politeness { per_second: 1.0, burst: 1, ..Politeness::API }
    }

    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        let mut url = board.address(ACCOUNTS, &[], &[])?;
        url.set_query(Some("details=true"));
        Ok(Request::json(url))
    }

    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let document = Document::new(page.body);
        let answer = document.root()?.object().map_err(SourceError::Layout)?;
        let Some(jobs) = answer.get("jobs") else {
            return Err(SourceError::Layout(format!("jobs: expected a list, got {}", answer.found("jobs"))));
        };
        let jobs = jobs.items().map_err(|why| SourceError::Layout(format!("jobs: {why}")))?;
        let company = answer.text("name").or_else(|| board.employer(""));
        let mut records = Records::default();
        let mut postings: Vec<RawPosting> = Vec::new();
        let mut known = HashMap::new();
        for job in jobs {
            let record = match job.object() {
                Ok(record) => record,
                Err(reason) => {
                    records.reject(None, format!("record: {reason}"));
                    continue;
                }
            };
            let at = record.text("shortcode").and_then(|code| known.get(code.trim()).copied());
            if let Some(posting) = at.and_then(|at: usize| postings.get_mut(at)) {
                add_places(posting, &record);
                let reason = "shortcode: one more place of a posting that is listed already".to_owned();
                records.reject(Some(posting.source_id.clone()), reason);
                continue;
            }
            match posting(company.as_deref(), &record) {
                Ok(posting) => {
                    known.insert(posting.source_id.clone(), postings.len());
                    postings.push(posting);
                }
                Err(reason) => records.reject(record.text("shortcode"), reason),
            }
        }
        for posting in postings {
            records.push(Ok(posting), || None);
        }
        Ok(records.into_parsed(None, true))
    }
}

fn posting(company: Option<&str>, record: &Object<'_>) -> Result<RawPosting, String> {
    let remote = record.flag("telecommuting") == Some(true);
    let mut posting = RawPosting {
        source_id: record.required_text("shortcode")?.trim().to_owned(),
        url: record.required_url("url").or_else(|why| record.required_url("shortlink").map_err(|_| why))?,
        title: record.required_text("title")?,
        company: company.map(str::to_owned),
        description: record.text("description").map(Text::Html),
        employment: record.text("employment_type").into_iter().collect(),
        workplace: remote.then_some(Workplace::Stated(RemoteOption::Remote)),
        posted: record.text("published_on").or_else(|| record.text("created_at")).map(RawDate::Text),
        ..RawPosting::default()
    };
    add_places(&mut posting, record);
    Ok(posting)
}

/// The list of places, or the one at the top.
fn add_places(posting: &mut RawPosting, record: &Object<'_>) {
    let keys = PlaceKeys { city: "city", region: "region", country: "country", code: "countryCode" };
    let mut places: Vec<Place> = record.objects("locations").filter_map(|place| keys.read(&place)).collect();
    if places.is_empty() {
        places.extend(PlaceKeys { region: "state", ..keys }.read(record));
    }
    for place in places {
        if !posting.places.contains(&place) {
            posting.places.push(place);
        }
    }
}

#[cfg(test)]
mod tests;
