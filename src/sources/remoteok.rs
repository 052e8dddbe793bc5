//! Remote OK API: the newest hundred or so, a bare list that begins with its terms.
//!
//! Zero stands for unknown pay; amounts are yearly US dollars throughout the site. Many texts were decoded with the wrong character
//! set before they were sent, and many places are offices: that everything is remote is not taken from the name of the board.

use super::{
    Board, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, Records, Value, range},
};
use crate::domain::{Page, Period, Politeness, RawDate, RawPosting, Request, Text};

/// The source.
#[derive(Debug)]
pub struct RemoteOk;

impl Source for RemoteOk {
    fn name(&self) -> &'static str {
        "remoteok"
    }

    fn title(&self) -> &'static str {
        "Remote OK"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["remoteok.com"]
    }

    fn terms(&self) -> Terms {
        Terms {
            url: "https://remoteok.com/api",
            note: "link to the posting, followed by search engines, and name Remote OK; do not use the logo",
            every_minutes: 60,
            credit: Some("Found on Remote OK"),
        }
    }

    fn politeness(&self) -> Politeness {
        Politeness { per_second: 0.2, burst: 1, concurrency: 1, ..Politeness::API }
    }

    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        board.only_options(&[])?;
        board.one_of(&["all"])?;
        Ok(Request::json("https://remoteok.com/api"))
    }

    fn parse(&self, _: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let document = Document::new(page.body);
        let items = document.root()?.items().map_err(SourceError::Layout)?;
        let terms = items.first().and_then(|first| first.object().ok());
        if terms.is_none_or(|terms| terms.get("legal").is_none()) {
            return Err(SourceError::Layout("legal: expected the terms as the first item".to_owned()));
        }
        let mut records = Records::default();
        for item in items.into_iter().skip(1) {
            records.add(item, posting);
        }
        Ok(records.into_parsed(None, false))
    }
}

fn posting(record: &Object<'_>) -> Result<RawPosting, String> {
    let (min, max) = (record.decimal("salary_min"), record.decimal("salary_max"));
    let epoch = || record.get("epoch").and_then(Value::integer).map(RawDate::EpochSeconds);
    Ok(RawPosting {
        source_id: record.required_id("id")?,
        url: record.required_url("url")?,
        title: record.required_text("position")?,
        company: Some(record.required_text("company")?),
        locations: location(record).into_iter().collect(),
        description: record.text("description").map(Text::Html),
        pay: range(min, max, Some("USD"), Some(Period::Year)),
        skills: record.items("tags").into_iter().filter_map(Value::text).collect(),
        posted: record.text("date").map(RawDate::Text).or_else(epoch),
        ..RawPosting::default()
    })
}

/// A town, a comma and the country, of which either may be missing.
fn location(record: &Object<'_>) -> Option<String> {
    let location = record.text("location")?;
    let named = location.trim_matches(|c: char| c.is_whitespace() || c == ',');
    (!named.is_empty()).then(|| named.to_owned())
}

#[cfg(test)]
mod tests;
