//! The page of one posting: texts in four sections, pay where the employer shows it.

use super::super::{
    Board,
    reading::{Object, period, push_section, range},
};
use crate::domain::{Pay, RawPosting, Text};

/// Sections that make up the text, in the order of the public page; what is asked for stands between the last two.
const TEXT: [&str; 3] = ["companyDescription", "jobDescription", "additionalInformation"];

pub(super) fn posting(board: &Board, record: &Object<'_>, url: &str) -> Result<RawPosting, String> {
    if record.flag("active") == Some(false) {
        return Err("active: no longer open".to_owned());
    }
    // A page cut down to its texts still completes the draft that led to it.
    let posting = if record.get("id").is_none() && record.get("name").is_none() {
        RawPosting {
            source_id: id_in(url).ok_or("id: expected an id, got nothing")?,
            ..RawPosting::default()
        }
    } else {
        super::posting(board, record)?
    };
    let sections = record.object("jobAd").and_then(|ad| ad.object("sections"));
    Ok(RawPosting {
        url: record.required_url("postingUrl").unwrap_or(posting.url),
        description: sections.as_ref().and_then(description),
        requirements: sections
            .and_then(|sections| sections.object("qualifications")?.text("text"))
            .map(Text::Html),
        pay: record.object("compensation").and_then(|compensation| pay(&compensation)),
        ..posting
    })
}

/// The last segment of the page's path.
fn id_in(url: &str) -> Option<String> {
    let url = url::Url::parse(url).ok()?;
    let id = url.path_segments()?.next_back()?;
    (!id.is_empty()).then(|| id.to_owned())
}

fn description(sections: &Object<'_>) -> Option<Text> {
    let mut html = String::new();
    for section in TEXT.iter().filter_map(|key| sections.object(key)) {
        if let Some(text) = section.text("text") {
            push_section(&mut html, &section.text("title").unwrap_or_default(), &text);
        }
    }
    (!html.is_empty()).then_some(Text::Html(html))
}

/// The amounts, in some answers one level down.
fn pay(compensation: &Object<'_>) -> Option<Pay> {
    let inner = compensation.object("salary");
    let salary = inner.as_ref().unwrap_or(compensation);
    let period = salary.text("period").and_then(|word| period(&word));
    range(salary.decimal("min"), salary.decimal("max"), salary.text("currency").as_deref(), period)
}
