//! Greenhouse Job Board API: a whole board in one answer.
//!
//! Reads the list (with or without `content`), the departments of a board and a single posting. `content` is HTML escaped once more;
//! pay stands in the detail's `pay_input_ranges`, in tenant fields of the type `currency_range`, or in a block inside `content`.
//! Employment and place of work come only from tenant fields whose names are known here: the other fields are the tenant's own
//! business, internal ones among them.

mod fields;

use serde_json::Value as Json;

use super::{
    Board, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, Records, unescape_once},
};
use crate::domain::{Page, Politeness, RawDate, RawPosting, Request, Text};

/// The source.
#[derive(Debug)]
pub struct Greenhouse;

const BOARDS: &str = "https://boards-api.greenhouse.io/v1/boards";

impl Source for Greenhouse {
    fn name(&self) -> &'static str {
        "greenhouse"
    }

    fn title(&self) -> &'static str {
        "Greenhouse"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["boards-api.greenhouse.io"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://developers.greenhouse.io/job-board.html",
            "public board API without a key; answers are cached, conditional requests are honoured",
        )
    }

    fn politeness(&self) -> Politeness {
        Politeness::API
    }

    /// `options.content = false` asks for the short list, without texts.
    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        let mut url = board.address(BOARDS, &["jobs"], &["content"])?;
        match board.options.get("content") {
            None | Some(Json::Bool(true)) => url.set_query(Some("content=true")),
            Some(Json::Bool(false)) => {}
            Some(other) => {
                return Err(SourceError::Args(format!(
                    "options.content: expected true or false, got {other}"
                )));
            }
        }
        Ok(Request::json(url))
    }

    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let document = Document::new(page.body);
        let root = document.root()?;
        let answer = root.object().map_err(SourceError::Layout)?;
        let mut records = Records::default();
        let mut read = |record| records.add(record, |record| posting(board, record));
        if let Some(jobs) = answer.get("jobs") {
            let jobs = jobs.items().map_err(|why| SourceError::Layout(format!("jobs: {why}")))?;
            jobs.into_iter().for_each(read);
            let total = answer.object("meta").and_then(|meta| meta.get("total")?.integer());
            let total = total.and_then(|total| u64::try_from(total).ok());
            let complete = total == u64::try_from(records.len()).ok();
            Ok(records.into_parsed(total, complete))
        } else if let Some(departments) = answer.get("departments").filter(|_| answer.get("id").is_none()) {
            let departments =
                departments.items().map_err(|why| SourceError::Layout(format!("departments: {why}")))?;
            let departments = departments.into_iter().filter_map(|department| department.object().ok());
            departments.flat_map(|department| department.items("jobs")).for_each(read);
            Ok(records.into_parsed(None, false))
        } else if answer.get("id").is_some() && answer.get("title").is_some() {
            read(root);
            Ok(records.into_parsed(None, false))
        } else {
            let found = answer.found("jobs");
            Err(SourceError::Layout(format!("jobs: expected a list, got {found}")))
        }
    }
}

fn posting(board: &Board, record: &Object<'_>) -> Result<RawPosting, String> {
    let content = record.text("content");
    let html = content.as_deref().map(unescape_once);
    let metadata = fields::Metadata::read(record);
    let (pay, pay_text) = fields::pay(record, &metadata, html.as_deref());
    Ok(RawPosting {
        source_id: record.required_id("id")?,
        url: record.required_url("absolute_url")?,
        title: record.required_text("title")?,
        company: record.text("company_name").or_else(|| board.employer("")),
        locations: locations(record, &metadata),
        description: html.map(|html| Text::Html(html.into_owned())),
        pay,
        pay_text,
        employment: metadata.employment(),
        workplace: metadata.workplace(),
        posted: record.text("first_published").map(RawDate::Text),
        deadline: record.text("application_deadline").map(RawDate::Text),
        language: record.text("language"),
        ..RawPosting::default()
    })
}

/// The free-text location; where it is blank, the offices, which are units of the employer and often name no place at all.
fn locations(record: &Object<'_>, metadata: &fields::Metadata) -> Vec<String> {
    let mut locations: Vec<_> =
        record.object("location").and_then(|location| location.text("name")).into_iter().collect();
    if locations.is_empty() {
        let offices = record.objects("offices");
        locations
            .extend(offices.filter_map(|office| office.text("location").or_else(|| office.text("name"))));
    }
    for place in metadata.additional_locations() {
        if !locations.contains(&place) {
            locations.push(place);
        }
    }
    locations
}

#[cfg(test)]
mod tests;
