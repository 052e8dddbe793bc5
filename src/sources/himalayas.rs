//! Himalayas remote jobs API: the newest postings, twenty a page of some hundred thousand.
//!
//! A page leads to the next by `nextCursor`, an older answer by its offset. Only the newest pages are read: the whole list would take
//! thousands of requests. Without `salaryPeriod` the same fields hold hourly and yearly amounts, and nothing says which.

use super::{
    Board, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, Records, Value, number_in, range, with_number},
};
use crate::domain::{
    Page, Pay, Period, Place, Politeness, RawDate, RawPosting, RemoteOption, Request, Text, Workplace,
};

/// The source.
#[derive(Debug)]
pub struct Himalayas;

const LIST: &str = "https://himalayas.app/jobs/api?limit=20";
/// Postings on a page, whatever is asked for.
const SIZE: u64 = 20;
/// Offsets below this are asked for. Cursors do not tell where they are, so there the limit of the schedule counts.
const NEWEST: u64 = 200;

impl Source for Himalayas {
    fn name(&self) -> &'static str {
        "himalayas"
    }

    fn title(&self) -> &'static str {
        "Himalayas"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["himalayas.app"]
    }

    fn terms(&self) -> Terms {
        Terms {
            url: "https://himalayas.app/api",
            note: "once an hour at most; name Himalayas and link to the posting; never hand postings on to other boards",
            every_minutes: 60,
            credit: Some("Found on Himalayas"),
        }
    }

    fn politeness(&self) -> Politeness {
        Politeness { per_second: 0.5, burst: 1, concurrency: 1, ..Politeness::API }
    }

    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        board.only_options(&[])?;
        board.one_of(&["all"])?;
        Ok(Request::json(format!("{LIST}&offset=0")))
    }

    fn parse(&self, _: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let document = Document::new(page.body);
        let answer = document.root()?.object().map_err(SourceError::Layout)?;
        let Some(jobs) = answer.get("jobs") else {
            return Err(SourceError::Layout(format!("jobs: expected a list, got {}", answer.found("jobs"))));
        };
        let jobs = jobs.items().map_err(|why| SourceError::Layout(format!("jobs: {why}")))?;
        let mut records = Records::default();
        for job in jobs {
            match job.object() {
                Ok(object) => records.push(posting(&object), || object.get("guid").and_then(Value::id)),
                Err(why) => records.reject(None, format!("record: {why}")),
            }
        }
        let total = answer.get("totalCount").and_then(Value::integer);
        let read = u64::try_from(records.len()).unwrap_or(u64::MAX);
        let next = next(&answer, page.url, read);
        let total = total.and_then(|total| u64::try_from(total).ok());
        let mut parsed = records.into_parsed(total, false);
        parsed.next.extend(next.map(Request::json));
        Ok(parsed)
    }
}

fn next(answer: &Object<'_>, address: &str, read: u64) -> Option<String> {
    if read == 0 {
        return None;
    }
    if let Some(cursor) = answer.text("nextCursor") {
        let mut url = url::Url::parse(LIST).ok()?;
        url.query_pairs_mut().append_pair("cursor", cursor.trim());
        return Some(url.into());
    }
    let offset = number_in(address, "offset")?.checked_add(SIZE)?;
    (read >= SIZE && offset < NEWEST).then(|| with_number(address, "offset", offset)).flatten()
}

fn posting(record: &Object<'_>) -> Result<RawPosting, String> {
    let excerpt = || record.text("excerpt").map(Text::Html);
    let seconds = |key| record.get(key).and_then(Value::integer).map(RawDate::EpochSeconds);
    let company = record.required_text("companyName")?;
    // A record of the publisher's own form that was never filled in.
    if company.trim() == "name" {
        return Err("companyName: expected a name, got \"name\"".to_owned());
    }
    let (locations, places) = restrictions(record);
    Ok(RawPosting {
        source_id: record.required_id("guid")?,
        url: record.required_url("applicationLink")?,
        title: record.required_text("title")?,
        company: Some(company),
        locations,
        places,
        description: record.text("description").map(Text::Html).or_else(excerpt),
        pay: pay(record),
        employment: record.text("employmentType").into_iter().collect(),
        workplace: Some(Workplace::Stated(RemoteOption::Remote)),
        skills: record.items("categories").into_iter().filter_map(Value::text).map(spaced).collect(),
        posted: seconds("pubDate"),
        deadline: seconds("expiryDate"),
        ..RawPosting::default()
    })
}

/// Categories are words with hyphens in between.
fn spaced(category: String) -> String {
    if category.contains(' ') { category } else { category.replace('-', " ") }
}

/// Countries, as names or as objects with name and code.
fn restrictions(record: &Object<'_>) -> (Vec<String>, Vec<Place>) {
    let (mut names, mut places) = (Vec::new(), Vec::new());
    for item in record.items("locationRestrictions") {
        if let Some(name) = item.text() {
            names.push(name);
        } else if let Ok(country) = item.object() {
            let place = Place {
                country: country.text("name"),
                country_code: country.text("alpha2"),
                ..Place::default()
            };
            if place != Place::default() {
                places.push(place);
            }
        }
    }
    (names, places)
}

fn pay(record: &Object<'_>) -> Option<Pay> {
    let period = match record.text("salaryPeriod").as_deref().map(str::trim) {
        Some("annual" | "yearly") => Some(Period::Year),
        Some("monthly") => Some(Period::Month),
        Some("weekly") => Some(Period::Week),
        Some("daily") => Some(Period::Day),
        Some("hourly") => Some(Period::Hour),
        _ => None,
    };
    let currency = record.text("currency");
    range(record.decimal("minSalary"), record.decimal("maxSalary"), currency.as_deref(), period)
}

#[cfg(test)]
mod tests;
