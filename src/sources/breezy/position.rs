//! The page of one position.

use scraper::{ElementRef, Html, Selector};
use url::Url;

use super::{
    super::{
        Board, Parsed, SourceError,
        reading::{Document, Records, from_json_ld, job_postings, tenant},
    },
    DOMAIN,
};
use crate::domain::{Page, RawPosting, Text};

/// The page by itself; its identity is in its address.
pub(super) fn parse(board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
    let posting = read(page)?;
    let tenant = tenant(board, page.url, DOMAIN)?;
    let board = Board { board: tenant, ..board.clone() };
    let mut records = Records::default();
    let id = identity(page.url).ok_or_else(|| "url: expected the address of a position".to_owned());
    let posting = id.map(|id| RawPosting {
        source_id: format!("{}:{id}", board.board),
        url: page.url.to_owned(),
        company: posting.company.clone().or_else(|| board.employer("")),
        ..posting
    });
    records.push(posting, || None);
    Ok(records.into_parsed(None, false))
}

/// What the page says of the position.
pub(super) fn read(page: &Page<'_>) -> Result<RawPosting, SourceError> {
    let html = String::from_utf8_lossy(page.body);
    let posting = match job_postings(&html).first() {
        Some(json) => stated(&html, json),
        None => shown(&html),
    };
    posting.ok_or_else(|| {
        SourceError::Layout(
            "expected JSON-LD of a posting or an element #description, got neither".to_owned(),
        )
    })
}

/// `0a1b2c` in `/p/0a1b2c-night-baker`.
fn identity(url: &str) -> Option<String> {
    let url = Url::parse(url).ok()?;
    let mut segments = url.path_segments()?.skip_while(|segment| *segment != "p");
    let id = segments.nth(1)?.split('-').next()?;
    (!id.is_empty()).then(|| id.to_owned())
}

/// What the JSON-LD says; where it has no text, the text of the page.
fn stated(html: &str, json: &str) -> Option<RawPosting> {
    let document = Document::new(json.as_bytes());
    let posting = from_json_ld(&document.root().ok()?.object().ok()?);
    let description = posting.description.or_else(|| shown(html)?.description);
    Some(RawPosting { description, ..posting })
}

/// The heading and the element `#description` of the page.
fn shown(html: &str) -> Option<RawPosting> {
    let document = Html::parse_document(html);
    let find = |selector| document.select(&Selector::parse(selector).ok()?).next();
    let words = |element: ElementRef<'_>| {
        element.text().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
    };
    let description = find("#description").map(|element| element.inner_html())?;
    let title = find("h1").map(words).unwrap_or_default();
    Some(RawPosting { title, description: Some(Text::Html(description)), ..RawPosting::default() })
}
