//! USAJOBS search API: postings of the federal government of the United States, five hundred a page.
//!
//! A board is `all` or a job series (`2210`). A search ends after ten thousand postings, so a longer list is never seen whole. Numbers
//! are texts; pay for two weeks becomes yearly pay, piece work and work without pay have none. Telework is some days at home, remote
//! work is all of them.

mod text;

use rust_decimal::Decimal;
use url::Url;

use super::{
    Board, Key, KeyPlace, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, Records, Value, number_in, range, with_number},
};
use crate::domain::{
    Page, Pay, Period, Place, Politeness, RawDate, RawPosting, RemoteOption, Request, Workplace,
};

/// The source.
#[derive(Debug)]
pub struct UsaJobs;

/// Postings on a page.
const SIZE: u64 = 500;
/// Postings that one search shows.
const MOST: u64 = 10_000;
/// Options with the parameters they stand for.
const OPTIONS: [(&str, &str); 4] = [
    ("days", "DatePosted"),
    ("keyword", "Keyword"),
    ("location", "LocationName"),
    ("organization", "Organization"),
];

impl Source for UsaJobs {
    fn name(&self) -> &'static str {
        "usajobs"
    }

    fn title(&self) -> &'static str {
        "USAJOBS"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["data.usajobs.gov"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://developer.usajobs.gov/guides/rate-limiting",
            "public domain; a free key, and the e-mail address it was given to as the user agent",
        )
    }

    fn politeness(&self) -> Politeness {
        Politeness { per_second: 0.5, burst: 1, concurrency: 1, ..Politeness::API }
    }

    fn keys(&self) -> &'static [Key] {
        &[
            Key { setting: "usajobs_email", place: KeyPlace::Header("user-agent") },
            Key { setting: "usajobs_key", place: KeyPlace::Header("authorization-key") },
        ]
    }

    /// `options.keyword`, `options.location`, `options.organization` (an agency's code) and `options.days` narrow the search.
    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        board.only_options(&OPTIONS.map(|(key, _)| key))?;
        let name = board.board.trim();
        let series = name.len() == 4 && name.bytes().all(|byte| byte.is_ascii_digit());
        if !series && name != "all" {
            return Err(board.not_a_board("all or the four digits of a job series"));
        }
        let mut url = Url::parse("https://data.usajobs.gov/api/Search")
            .map_err(|error| SourceError::Args(error.to_string()))?;
        url.query_pairs_mut().append_pair("Page", "1").append_pair("ResultsPerPage", &SIZE.to_string());
        if series {
            url.query_pairs_mut().append_pair("JobCategoryCode", name);
        }
        for (key, parameter) in OPTIONS {
            if let Some(value) = board.text_option(key)? {
                url.query_pairs_mut().append_pair(parameter, value);
            }
        }
        Ok(Request::json(url))
    }

    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let document = Document::new(page.body);
        let answer = document.root()?.object().map_err(SourceError::Layout)?;
        let missing = |key, answer: &Object<'_>, what| {
            SourceError::Layout(format!("{key}: expected {what}, got {}", answer.found(key)))
        };
        let result =
            answer.object("SearchResult").ok_or_else(|| missing("SearchResult", &answer, "an object"))?;
        let items = result
            .get("SearchResultItems")
            .ok_or_else(|| missing("SearchResultItems", &result, "a list"))?
            .items()
            .map_err(|why| SourceError::Layout(format!("SearchResultItems: {why}")))?;
        let mut records = Records::default();
        for item in items {
            match item.object() {
                Ok(item) => records.push(posting(&item), || item.get("MatchedObjectId").and_then(Value::id)),
                Err(why) => records.reject(None, format!("record: {why}")),
            }
        }
        let total = result.get("SearchResultCountAll").and_then(Value::decimal);
        let total = total.and_then(|total| u64::try_from(total).ok());
        let here = number_in(page.url, "Page").unwrap_or(1);
        let asked = here.saturating_mul(SIZE);
        let more = records.len() > 0 && asked < total.unwrap_or(0).min(MOST);
        // A search of the last days leaves out what is still open.
        let whole = total.is_some_and(|total| total <= MOST) && !board.options.contains_key("days");
        let mut parsed = records.into_parsed(total, whole);
        let next = more.then(|| with_number(page.url, "Page", here + 1)).flatten();
        parsed.next.extend(next.map(Request::json));
        Ok(parsed)
    }
}

fn posting(item: &Object<'_>) -> Result<RawPosting, String> {
    let key = "MatchedObjectDescriptor";
    let Some(record) = item.object(key) else {
        return Err(format!("{key}: expected an object, got {}", item.found(key)));
    };
    let details = record.object("UserArea").and_then(|area| area.object("Details"));
    let department = || record.text("DepartmentName");
    let places: Vec<Place> = record.objects("PositionLocation").filter_map(|at| place(&at)).collect();
    let display = record.text("PositionLocationDisplay");
    Ok(RawPosting {
        source_id: item.required_id("MatchedObjectId")?,
        url: record.required_url("PositionURI")?,
        title: record.required_text("PositionTitle")?,
        company: match record.text("OrganizationName").or_else(department) {
            Some(name) => Some(name),
            None => Some(record.required_text("OrganizationName")?),
        },
        locations: display.filter(|_| places.is_empty()).into_iter().collect(),
        places,
        description: text::description(&record, details.as_ref()),
        requirements: text::requirements(&record, details.as_ref()),
        pay: pay(&record),
        employment: ["PositionSchedule", "PositionOfferingType"]
            .into_iter()
            .flat_map(|key| record.objects(key).filter_map(|item| item.text("Name")))
            .collect(),
        workplace: details.as_ref().and_then(workplace),
        posted: record.text("PublicationStartDate").map(RawDate::Text),
        deadline: record.text("ApplicationCloseDate").map(RawDate::Text),
        language: Some("en".to_owned()),
        ..RawPosting::default()
    })
}

/// The city is sent together with its state, `Denver, Colorado`.
fn place(at: &Object<'_>) -> Option<Place> {
    let city = at.text("CityName");
    let place = Place {
        city: city.and_then(|city| Some(city.split(',').next()?.trim().to_owned())),
        region: at.text("CountrySubDivisionCode"),
        country: at.text("CountryCode"),
        country_code: None,
    };
    (place != Place::default()).then_some(place)
}

fn workplace(details: &Object<'_>) -> Option<Workplace> {
    let flag = |key| details.get(key).and_then(|value| value.flag().or_else(|| said(value)));
    let option = match (flag("RemoteIndicator"), flag("TeleworkEligible")) {
        (Some(true), _) => RemoteOption::Remote,
        (_, Some(true)) => RemoteOption::Hybrid,
        (Some(false), Some(false)) => RemoteOption::Onsite,
        _ => return None,
    };
    Some(Workplace::Stated(option))
}

/// Older answers send the words `True` and `False`.
fn said(value: Value<'_>) -> Option<bool> {
    value.text()?.trim().to_ascii_lowercase().parse().ok()
}

/// The span of all rates that are paid for the same time as the first.
fn pay(record: &Object<'_>) -> Option<Pay> {
    let rates: Vec<Pay> =
        record.objects("PositionRemuneration").filter_map(|rate| read_rate(&rate)).collect();
    let first = rates.first()?;
    let like = || rates.iter().filter(|rate| rate.period == first.period);
    let (min, max) = (like().filter_map(|rate| rate.min).min(), like().filter_map(|rate| rate.max).max());
    range(min, max, Some("USD"), first.period)
}

fn read_rate(rate: &Object<'_>) -> Option<Pay> {
    let (times, period) = match rate.text("RateIntervalCode").as_deref().map(str::trim) {
        Some("PA" | "Per Year") => (1, Some(Period::Year)),
        Some("PH" | "Per Hour") => (1, Some(Period::Hour)),
        Some("PD" | "Per Day") => (1, Some(Period::Day)),
        Some("PM" | "Per Month") => (1, Some(Period::Month)),
        Some("BW" | "Bi-weekly") => (26, Some(Period::Year)),
        // Piece work, and work without pay.
        Some("PW" | "WC") => return None,
        _ => (1, None),
    };
    let amount = |key| rate.decimal(key)?.checked_mul(Decimal::from(times));
    range(amount("MinimumRange"), amount("MaximumRange"), Some("USD"), period)
}

#[cfg(test)]
mod tests;
