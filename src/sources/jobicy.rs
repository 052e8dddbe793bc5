//! Jobicy remote jobs API: the newest hundred, of one industry or of all.
//!
//! A board is `all` or an industry as in Jobicy's own addresses (`dev`, `data-science`). Titles and lists are escaped for HTML, places
//! stand in one text between commas and several blanks. Older answers call pay `annualSalaryMin` and `annualSalaryMax`.

use super::{
    Board, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, Records, Value, range},
};
use crate::domain::{
    Page, Pay, Period, Politeness, RawDate, RawPosting, RemoteOption, Request, Text, Workplace,
};

/// The source.
#[derive(Debug)]
pub struct Jobicy;

const OPTIONS: [&str; 2] = ["geo", "tag"];

impl Source for Jobicy {
    fn name(&self) -> &'static str {
        "jobicy"
    }

    fn title(&self) -> &'static str {
        "Jobicy"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["jobicy.com"]
    }

    fn terms(&self) -> Terms {
        Terms {
            url: "https://jobicy.com/jobs-rss-feed",
            note: "once an hour at most; name Jobicy and send applicants to the posting's own address there",
            every_minutes: 60,
            credit: Some("Found on Jobicy"),
        }
    }

    fn politeness(&self) -> Politeness {
        Politeness { per_second: 0.2, burst: 1, concurrency: 1, ..Politeness::API }
    }

    /// `options.geo` and `options.tag` narrow the list, in the words of Jobicy's documentation.
    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        board.only_options(&OPTIONS)?;
        let expected = "all or an industry as in Jobicy's addresses";
        let industry = board.label().map_err(|_| board.not_a_board(expected))?;
        let mut url = url::Url::parse("https://jobicy.com/api/v2/remote-jobs?count=100")
            .map_err(|error| SourceError::Args(error.to_string()))?;
        if industry != "all" {
            url.query_pairs_mut().append_pair("industry", &industry);
        }
        for key in OPTIONS {
            if let Some(value) = board.text_option(key)? {
                url.query_pairs_mut().append_pair(key, value);
            }
        }
        Ok(Request::json(url))
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
            records.add(job, posting);
        }
        Ok(records.into_parsed(None, false))
    }
}

fn posting(record: &Object<'_>) -> Result<RawPosting, String> {
    let excerpt = || record.text("jobExcerpt").map(Text::Html);
    let places = record.text("jobGeo").unwrap_or_default();
    let places = places.split(',').map(str::trim).filter(|place| !place.is_empty());
    Ok(RawPosting {
        source_id: record.required_id("id")?,
        url: record.required_url("url")?,
        title: record.required_text("jobTitle")?,
        company: Some(record.required_text("companyName")?),
        locations: places.map(str::to_owned).collect(),
        description: record.text("jobDescription").map(Text::Html).or_else(excerpt),
        pay: pay(record),
        employment: texts(record, "jobType"),
        workplace: Some(Workplace::Stated(RemoteOption::Remote)),
        skills: texts(record, "jobTags"),
        posted: record.text("pubDate").map(RawDate::Text),
        ..RawPosting::default()
    })
}

/// The texts of a list, or the one text that stands in its place.
fn texts(record: &Object<'_>, key: &str) -> Vec<String> {
    match record.get(key) {
        None => Vec::new(),
        Some(value) => match value.items() {
            Ok(items) => items.into_iter().filter_map(Value::text).collect(),
            Err(_) => value.text().into_iter().collect(),
        },
    }
}

fn pay(record: &Object<'_>) -> Option<Pay> {
    let currency = record.text("salaryCurrency");
    let period = match record.text("salaryPeriod").as_deref().map(str::trim) {
        Some("yearly" | "annual" | "annually" | "year") => Some(Period::Year),
        Some("monthly" | "month") => Some(Period::Month),
        Some("weekly" | "week") => Some(Period::Week),
        Some("daily" | "day") => Some(Period::Day),
        Some("hourly" | "hour") => Some(Period::Hour),
        _ => None,
    };
    let of = |min, max, period| range(record.decimal(min), record.decimal(max), currency.as_deref(), period);
    of("salaryMin", "salaryMax", period)
        .or_else(|| of("annualSalaryMin", "annualSalaryMax", Some(Period::Year)))
}

#[cfg(test)]
mod tests;
