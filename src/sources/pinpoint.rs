//! Pinpoint careers site: all postings of a company in one answer.
//!
//! Texts are in parts, each with a heading of the company's own; what is asked of the applicant is one of them. Pay is in numbers and
//! in words, and hidden where `compensation_visible` is false. There is no day of publication, and seldom a country.

use super::{
    Board, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, PlaceKeys, Records, period, push_section, range},
};
use crate::domain::{Page, Pay, Politeness, RawDate, RawPosting, RemoteOption, Request, Text, Workplace};

/// The source.
#[derive(Debug)]
pub struct Pinpoint;

impl Source for Pinpoint {
    fn name(&self) -> &'static str {
        "pinpoint"
    }

    fn title(&self) -> &'static str {
        "Pinpoint"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["*.pinpointhq.com"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://developers.pinpointhq.com/docs",
            "public list of a company's careers site, without a key",
        )
    }

    fn politeness(&self) -> Politeness {
        Politeness { per_second: 1.0, burst: 1, ..Politeness::API }
    }

    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        board.only_options(&[])?;
        Ok(Request::json(format!("https://{}.pinpointhq.com/postings.json", board.label()?)))
    }

    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let document = Document::new(page.body);
        let answer = document.root()?.object().map_err(SourceError::Layout)?;
        let Some(data) = answer.get("data") else {
            return Err(SourceError::Layout(format!("data: expected a list, got {}", answer.found("data"))));
        };
        let postings = data.items().map_err(|why| SourceError::Layout(format!("data: {why}")))?;
        let mut records = Records::default();
        for item in postings {
            records.add(item, |record| posting(board, record));
        }
        Ok(records.into_parsed(None, true))
    }
}

fn posting(board: &Board, record: &Object<'_>) -> Result<RawPosting, String> {
    let shown = record.flag("compensation_visible") != Some(false);
    let location = record.object("location");
    let keys = PlaceKeys { city: "city", region: "province", country: "country", code: "" };
    let words = |text, code| record.text(text).or_else(|| record.text(code));
    Ok(RawPosting {
        source_id: record.required_id("id")?,
        company: board.employer(""),
        url: record.required_url("url")?,
        title: record.required_text("title")?,
        locations: location.as_ref().and_then(site).into_iter().collect(),
        places: location.and_then(|location| keys.read(&location)).into_iter().collect(),
        description: description(record),
        requirements: record.text("skills_knowledge_expertise").map(Text::Html),
        pay: pay(record).filter(|_| shown),
        pay_text: record.text("compensation").filter(|_| shown),
        employment: words("employment_type_text", "employment_type").into_iter().collect(),
        workplace: workplace(record),
        posted: words("first_published_at", "published_at").map(RawDate::Text),
        deadline: record.text("deadline_at").map(RawDate::Text),
        ..RawPosting::default()
    })
}

/// The company's own name of a place, which may be no town at all; it counts where no town is named.
fn site(location: &Object<'_>) -> Option<String> {
    location.text("name").filter(|_| location.text("city").is_none())
}

/// Opening, tasks and benefits; the last two under the company's headings.
fn description(record: &Object<'_>) -> Option<Text> {
    let mut html = record.text("description").unwrap_or_default();
    for (content, heading) in
        [("key_responsibilities", "key_responsibilities_header"), ("benefits", "benefits_header")]
    {
        if let Some(content) = record.text(content) {
            push_section(&mut html, &record.text(heading).unwrap_or_default(), &content);
        }
    }
    (!html.is_empty()).then_some(Text::Html(html))
}

fn pay(record: &Object<'_>) -> Option<Pay> {
    range(
        record.decimal("compensation_minimum"),
        record.decimal("compensation_maximum"),
        record.text("compensation_currency").as_deref(),
        record.text("compensation_frequency").and_then(|word| period(&word)),
    )
}

fn workplace(record: &Object<'_>) -> Option<Workplace> {
    let sent = record.text("workplace_type").or_else(|| record.text("workplace_type_text"))?;
    Some(match sent.trim().to_lowercase().replace(['-', '_', ' '], "").as_str() {
        "remote" | "fullyremote" => Workplace::Stated(RemoteOption::Remote),
        "hybrid" => Workplace::Stated(RemoteOption::Hybrid),
        "onsite" => Workplace::Stated(RemoteOption::Onsite),
        _ => Workplace::Text(sent),
    })
}

#[cfg(test)]
mod tests;
