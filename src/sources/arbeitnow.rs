//! Arbeitnow job board API: postings in Germany, a hundred a page.
//!
//! `links.next` of an answer is the address of the next page; an answer without `links` does not show whether it is the last.
//! `remote = false` only says that the employer did not tick a box. There is no field for pay.

use url::Url;

use super::{
    Board, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, Records, Value},
};
use crate::domain::{Page, Politeness, RawDate, RawPosting, RemoteOption, Request, Text, Workplace};

/// The source.
#[derive(Debug)]
pub struct Arbeitnow;

const HOST: &str = "www.arbeitnow.com";

impl Source for Arbeitnow {
    fn name(&self) -> &'static str {
        "arbeitnow"
    }

    fn title(&self) -> &'static str {
        "Arbeitnow"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &[HOST]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://www.arbeitnow.com/api/job-board-api",
            "public job board API without a key, free to use with a link back",
        )
    }

    fn politeness(&self) -> Politeness {
        Politeness { per_second: 1.0, burst: 1, concurrency: 1, ..Politeness::API }
    }

    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        board.only_options(&[])?;
        board.one_of(&["all"])?;
        Ok(Request::json(format!("https://{HOST}/api/job-board-api?page=1")))
    }

    fn parse(&self, _: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let document = Document::new(page.body);
        let answer = document.root()?.object().map_err(SourceError::Layout)?;
        let Some(data) = answer.get("data") else {
            return Err(SourceError::Layout(format!("data: expected a list, got {}", answer.found("data"))));
        };
        let data = data.items().map_err(|why| SourceError::Layout(format!("data: {why}")))?;
        let mut records = Records::default();
        for record in data {
            match record.object() {
                Ok(object) => records.push(posting(&object), || object.get("slug").and_then(Value::id)),
                Err(why) => records.reject(None, format!("record: {why}")),
            }
        }
        let links = answer.object("links");
        let stated = links.as_ref().and_then(|links| links.text("next"));
        let next = stated.as_deref().and_then(own_address);
        let complete = links.is_some() && next.is_some() == stated.is_some();
        let mut parsed = records.into_parsed(None, complete);
        parsed.next.extend(next.map(Request::json));
        Ok(parsed)
    }
}

/// The address of a further page, which is on the same host.
fn own_address(next: &str) -> Option<String> {
    let url = Url::parse(next.trim()).ok()?;
    (url.scheme() == "https" && url.host_str() == Some(HOST)).then(|| url.into())
}

fn posting(record: &Object<'_>) -> Result<RawPosting, String> {
    let texts = |key| record.items(key).into_iter().filter_map(Value::text).collect();
    Ok(RawPosting {
        source_id: record.required_id("slug")?,
        url: record.required_url("url")?,
        title: record.required_text("title")?,
        company: Some(record.required_text("company_name")?),
        locations: record.text("location").into_iter().collect(),
        description: record.text("description").map(Text::Html),
        employment: texts("job_types"),
        workplace: (record.flag("remote") == Some(true)).then_some(Workplace::Stated(RemoteOption::Remote)),
        skills: texts("tags"),
        posted: record.get("created_at").and_then(Value::integer).map(RawDate::EpochSeconds),
        ..RawPosting::default()
    })
}

#[cfg(test)]
mod tests;
