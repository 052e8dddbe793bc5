//! The Muse API: twenty postings a page, of one category or of all.
//!
//! A board is `all` or a category in the words of The Muse (`Software Engineering`). Pages after the hundredth fail, so a list that is
//! longer is never seen whole. A place may read `Flexible / Remote`. There are no fields for pay and employment.

use super::{
    Board, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, Records, Value, asked_for, number_in, with_number},
};
use crate::domain::{Page, Politeness, RawDate, RawPosting, Request, Text};

/// The source.
#[derive(Debug)]
pub struct TheMuse;

/// The last page that is answered; the first is 0 or 1, which are the same.
const LAST: u64 = 99;
const OPTIONS: [&str; 3] = ["company", "level", "location"];

impl Source for TheMuse {
    fn name(&self) -> &'static str {
        "themuse"
    }

    fn title(&self) -> &'static str {
        "The Muse"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["www.themuse.com"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://www.themuse.com/developers/api/v2",
            "public API, 500 requests an hour without a key; link to the posting on The Muse",
        )
    }

    /// Under 500 requests an hour.
    fn politeness(&self) -> Politeness {
        Politeness { per_second: 0.13, burst: 5, concurrency: 1, ..Politeness::API }
    }

    /// `options.level`, `options.location` and `options.company` narrow the list, in the words of The Muse.
    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        board.only_options(&OPTIONS)?;
        let category = asked_for(board, "all or a category in the words of The Muse")?;
        let mut url = url::Url::parse("https://www.themuse.com/api/public/jobs")
            .map_err(|error| SourceError::Args(error.to_string()))?;
        let options = OPTIONS.map(|key| board.text_option(key).map(|value| (key, value)));
        url.query_pairs_mut().append_pair("page", "1");
        if let Some(category) = category {
            url.query_pairs_mut().append_pair("category", category);
        }
        for option in options {
            if let (key, Some(value)) = option? {
                url.query_pairs_mut().append_pair(key, value);
            }
        }
        Ok(Request::json(url))
    }

    fn parse(&self, _: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let document = Document::new(page.body);
        let answer = document.root()?.object().map_err(SourceError::Layout)?;
        let Some(results) = answer.get("results") else {
            return Err(SourceError::Layout(format!(
                "results: expected a list, got {}",
                answer.found("results")
            )));
        };
        let results = results.items().map_err(|why| SourceError::Layout(format!("results: {why}")))?;
        let mut records = Records::default();
        for result in results {
            records.add(result, posting);
        }
        let count = |key| answer.get(key).and_then(Value::integer).and_then(|n| u64::try_from(n).ok());
        let pages = count("page_count");
        let complete = pages.is_some_and(|pages| pages <= LAST);
        let here = number_in(page.url, "page").or_else(|| count("page"));
        let further = here.and_then(|here| here.checked_add(1));
        let further = further.filter(|next| *next <= pages.unwrap_or(0).min(LAST) && records.len() > 0);
        let mut parsed = records.into_parsed(count("total"), complete);
        let next = further.and_then(|next| with_number(page.url, "page", next));
        parsed.next.extend(next.map(Request::json));
        Ok(parsed)
    }
}

fn posting(record: &Object<'_>) -> Result<RawPosting, String> {
    let Some(refs) = record.object("refs") else {
        return Err(format!("refs: expected an object, got {}", record.found("refs")));
    };
    let Some(company) = record.object("company") else {
        return Err(format!("company: expected an object, got {}", record.found("company")));
    };
    Ok(RawPosting {
        source_id: record.required_id("id")?,
        url: refs.required_url("landing_page").map_err(|why| format!("refs.{why}"))?,
        title: record.required_text("name")?,
        company: Some(company.required_text("name").map_err(|why| format!("company.{why}"))?),
        locations: record.objects("locations").filter_map(|place| place.text("name")).collect(),
        description: record.text("contents").map(Text::Html),
        posted: record.text("publication_date").map(RawDate::Text),
        ..RawPosting::default()
    })
}

#[cfg(test)]
mod tests;
