//! Adzuna search API: the newest postings of a country, fifty a page.
//!
//! A board is a country (`gb`) or a country and a category of Adzuna (`gb-it-jobs`). The text is cut after 500 characters. Most
//! amounts are Adzuna's own estimates, marked by `salary_is_predicted`, and no pay; amounts are yearly in the currency of the country.
//! `redirect_url` carries the caller's account and a fresh signature each time: the address kept is the posting's page on that site,
//! which stays the same.

use url::Url;

use super::{
    Board, Key, KeyPlace, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, Records, Value, range},
};
use crate::domain::{Page, Pay, Period, Place, Politeness, RawDate, RawPosting, Request, Text};

/// The source.
#[derive(Debug)]
pub struct Adzuna;

/// Countries that Adzuna has, with their currencies.
const COUNTRIES: [(&str, &str); 19] = [
    ("at", "EUR"),
    ("au", "AUD"),
    ("be", "EUR"),
    ("br", "BRL"),
    ("ca", "CAD"),
    ("ch", "CHF"),
    ("de", "EUR"),
    ("es", "EUR"),
    ("fr", "EUR"),
    ("gb", "GBP"),
    ("in", "INR"),
    ("it", "EUR"),
    ("mx", "MXN"),
    ("nl", "EUR"),
    ("nz", "NZD"),
    ("pl", "PLN"),
    ("sg", "SGD"),
    ("us", "USD"),
    ("za", "ZAR"),
];
const OPTIONS: [&str; 4] = ["company", "max_days_old", "what", "where"];
/// Postings on a page.
const SIZE: u64 = 50;
/// Pages of one board: with a listing every eight hours five boards stay under 2500 requests a month.
const PAGES: u64 = 5;

impl Source for Adzuna {
    fn name(&self) -> &'static str {
        "adzuna"
    }

    fn title(&self) -> &'static str {
        "Adzuna"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["api.adzuna.com"]
    }

    fn terms(&self) -> Terms {
        Terms {
            url: "https://developer.adzuna.com/docs/terms_of_service",
            note: "25 requests a minute, 250 a day, 1000 a week, 2500 a month; name Adzuna and link to the posting",
            every_minutes: 360,
            credit: Some("Jobs by Adzuna"),
        }
    }

    /// Under 25 requests a minute.
    fn politeness(&self) -> Politeness {
        Politeness { per_second: 0.3, burst: 1, concurrency: 1, ..Politeness::API }
    }

    fn keys(&self) -> &'static [Key] {
        &[
            Key { setting: "adzuna_app_id", place: KeyPlace::Query("app_id") },
            Key { setting: "adzuna_app_key", place: KeyPlace::Query("app_key") },
        ]
    }

    /// `options.what`, `options.where`, `options.company` and `options.max_days_old` narrow the search, as Adzuna's documentation says.
    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        address(board, 1).map(Request::json)
    }

    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let document = Document::new(page.body);
        let answer = document.root()?.object().map_err(SourceError::Layout)?;
        let Some(results) = answer.get("results") else {
            return Err(SourceError::Layout(format!(
                "results: expected a list, got {}",
                answer.found("results")
            )));
        };
        let results = results.items().map_err(|why| SourceError::Layout(format!("results: {why}")))?;
        let asked = Asked::read(page.url);
        let mut records = Records::default();
        for result in results {
            records.add(result, |record| posting(record, asked.as_ref()));
        }
        let total = answer.get("count").and_then(Value::integer).and_then(|n| u64::try_from(n).ok());
        let here = asked.map_or(1, |asked| asked.page);
        let read = u64::try_from(records.len()).unwrap_or(u64::MAX);
        let more = read > 0 && here.saturating_mul(SIZE) < total.unwrap_or(0);
        // A search of the last days leaves out what is still open.
        let within =
            total.is_some_and(|total| total <= PAGES * SIZE) && !board.options.contains_key("max_days_old");
        let mut parsed = records.into_parsed(total, within);
        if more && here < PAGES {
            parsed.next.extend(address(board, here + 1).ok().map(Request::json));
        }
        Ok(parsed)
    }
}

/// One page of a board.
fn address(board: &Board, page: u64) -> Result<String, SourceError> {
    board.only_options(&OPTIONS)?;
    let expected = format!(
        "a country ({}) or a country and a category, as in gb-it-jobs",
        COUNTRIES.map(|(code, _)| code).join(", ")
    );
    let label = board.label().map_err(|_| board.not_a_board(&expected))?;
    let (country, category) = label.split_once('-').map_or((label.as_str(), None), |(a, b)| (a, Some(b)));
    if !COUNTRIES.iter().any(|(code, _)| *code == country) {
        return Err(board.not_a_board(&expected));
    }
    let base = format!("https://api.adzuna.com/v1/api/jobs/{country}/search/{page}");
    let mut url = Url::parse(&base).map_err(|error| SourceError::Args(error.to_string()))?;
    let options = OPTIONS.map(|key| board.text_option(key).map(|value| (key, value)));
    let mut query = url.query_pairs_mut();
    query.append_pair("results_per_page", &SIZE.to_string());
    query.append_pair("sort_by", "date");
    query.append_pair("content-type", "application/json");
    if let Some(category) = category {
        query.append_pair("category", category);
    }
    for option in options {
        if let (key, Some(value)) = option? {
            query.append_pair(key, value);
        }
    }
    drop(query);
    Ok(url.into())
}

/// What the address of a page says of it.
#[derive(Clone, Copy)]
struct Asked {
    country: &'static str,
    currency: &'static str,
    page: u64,
}

impl Asked {
    fn read(address: &str) -> Option<Self> {
        let url = Url::parse(address).ok()?;
        let mut segments = url.path_segments()?.skip_while(|segment| *segment != "jobs").skip(1);
        let name = segments.next()?;
        let (country, currency) = COUNTRIES.into_iter().find(|(code, _)| *code == name)?;
        Some(Self { country, currency, page: segments.nth(1)?.parse().ok()? })
    }
}

fn posting(record: &Object<'_>, asked: Option<&Asked>) -> Result<RawPosting, String> {
    let Some(company) = record.object("company") else {
        return Err(format!("company: expected an object, got {}", record.found("company")));
    };
    let source_id = record.required_id("id")?;
    let location = record.object("location");
    let place = location.as_ref().and_then(|location| place(location, asked));
    // The display form names the district and the county; it stands alone where there are no parts.
    let display = location.and_then(|location| location.text("display_name"));
    let known = place.as_ref().is_some_and(|place| place.city.is_some());
    Ok(RawPosting {
        url: details(&record.required_url("redirect_url")?, &source_id)?,
        source_id,
        title: record.required_text("title")?,
        company: Some(company.required_text("display_name").map_err(|why| format!("company.{why}"))?),
        locations: display.filter(|_| !known).into_iter().collect(),
        places: place.into_iter().collect(),
        description: record.text("description").map(Text::Html),
        pay: pay(record, asked),
        employment: ["contract_time", "contract_type"]
            .into_iter()
            .filter_map(|key| record.text(key))
            .collect(),
        posted: record.text("created").map(RawDate::Text),
        ..RawPosting::default()
    })
}

/// The page of a posting on the site that `redirect_url` leads to.
fn details(redirect: &str, id: &str) -> Result<String, String> {
    let mut url = Url::parse(redirect).map_err(|_| "redirect_url: expected an http(s) address".to_owned())?;
    url.set_query(None);
    url.set_fragment(None);
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.clear().extend(["details", id]);
    }
    Ok(url.into())
}

/// `area` goes from the country down to the town.
fn place(location: &Object<'_>, asked: Option<&Asked>) -> Option<Place> {
    let area: Vec<String> = location.items("area").into_iter().filter_map(Value::text).collect();
    let place = Place {
        city: area.get(3).cloned(),
        region: area.get(1).cloned(),
        country: area.first().filter(|_| asked.is_none()).cloned(),
        country_code: asked.filter(|_| !area.is_empty()).map(|asked| asked.country.to_ascii_uppercase()),
    };
    (place != Place::default()).then_some(place)
}

fn pay(record: &Object<'_>, asked: Option<&Asked>) -> Option<Pay> {
    let predicted = record.get("salary_is_predicted").and_then(Value::id);
    if predicted.is_none_or(|predicted| predicted != "0") {
        return None;
    }
    let (min, max) = (record.decimal("salary_min"), record.decimal("salary_max"));
    range(min, max, asked.map(|asked| asked.currency), Some(Period::Year))
}

#[cfg(test)]
mod tests;
