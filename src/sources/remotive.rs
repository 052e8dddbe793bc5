//! Remotive remote jobs API: the whole list in one answer.
//!
//! Pay is free text (`$31,2k- $52k`, `-`). Everything listed is remote; `candidate_required_location` says for whom.

use super::{
    Board, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, Records, Value},
};
use crate::domain::{Page, Politeness, RawDate, RawPosting, RemoteOption, Request, Text, Workplace};

/// The source.
#[derive(Debug)]
pub struct Remotive;

impl Source for Remotive {
    fn name(&self) -> &'static str {
        "remotive"
    }

    fn title(&self) -> &'static str {
        "Remotive"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["remotive.com"]
    }

    fn terms(&self) -> Terms {
        Terms {
            url: "https://remotive.com/api-documentation",
            note: "four calls a day at most; link to the posting and name Remotive; never hand postings on to other boards",
            every_minutes: 360,
            credit: Some("Found on Remotive"),
        }
    }

    /// More than two requests a minute are blocked.
    fn politeness(&self) -> Politeness {
        Politeness { per_second: 0.03, burst: 1, concurrency: 1, ..Politeness::API }
    }

    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        board.only_options(&[])?;
        board.one_of(&["all"])?;
        Ok(Request::json("https://remotive.com/api/remote-jobs"))
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
        let total = answer.get("total-job-count").and_then(Value::integer);
        let total = total.and_then(|total| u64::try_from(total).ok());
        let complete = total.is_some() && total == u64::try_from(records.len()).ok();
        Ok(records.into_parsed(total, complete))
    }
}

fn posting(record: &Object<'_>) -> Result<RawPosting, String> {
    Ok(RawPosting {
        source_id: record.required_id("id")?,
        url: record.required_url("url")?,
        title: record.required_text("title")?,
        company: Some(record.required_text("company_name")?),
        locations: record.text("candidate_required_location").into_iter().collect(),
        description: record.text("description").map(Text::Html),
        pay_text: record.text("salary"),
        employment: record.text("job_type").into_iter().collect(),
        workplace: Some(Workplace::Stated(RemoteOption::Remote)),
        skills: record.items("tags").into_iter().filter_map(Value::text).collect(),
        // Without an offset; a day is all that is kept of it.
        posted: record.text("publication_date").map(RawDate::Text),
        ..RawPosting::default()
    })
}

#[cfg(test)]
mod tests;
