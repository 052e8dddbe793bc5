//! A board that is only a page: its schedule says by CSS selectors where things are.
//!
//! The listing gives an item for each posting; where a posting has a page of its own with more on it, `detail` says what is where on
//! that. Nothing is known of any site here. What a board may say is in `options.rs`, how a selector becomes a value in `field.rs`.

mod field;
mod options;

use scraper::ElementRef;
use url::Url;

use super::{
    Board, Draft, Parsed, Source, SourceError, Terms,
    reading::{HtmlPage, Records, identity},
};
use crate::domain::{Page, Politeness, RawDate, RawPosting, Request, Workplace};
use options::{Fields, Options};

/// The source.
#[derive(Debug)]
pub struct HtmlBoard;

impl Source for HtmlBoard {
    fn name(&self) -> &'static str {
        "html"
    }

    fn title(&self) -> &'static str {
        "HTML page"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["*"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://www.rfc-editor.org/rfc/rfc9309",
            "robots.txt is asked for each page; what else a site asks for is for the operator to look up",
        )
    }

    fn politeness(&self) -> Politeness {
        Politeness::PAGES
    }

    /// See [`Options`] for what a board says.
    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        Ok(Request::html(Options::read(board)?.url))
    }

    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let options = Options::read(board)?;
        let html = HtmlPage::read(page)?;
        let own = Url::parse(page.url).ok();
        let mut records = Records::default();
        for item in html.select(&options.item) {
            let read = posting(board, &options.fields, &html, item, None);
            match &options.detail {
                None => records.push(read, || None),
                Some(_) => records.push_draft(read.map(draft), || None),
            }
        }
        let found = records.len() > 0;
        if !found
            && let Some(detail) = &options.detail
            && let Some(mut posting) = own.as_ref().and_then(|own| posting_page(board, detail, &html, own))
        {
            posting.company = posting.company.or_else(|| board.employer(&posting.url));
            return Ok(Parsed { postings: vec![posting], ..Parsed::default() });
        }
        let first = own.as_ref().is_none_or(|own| identity(own) == identity(&options.url));
        let says_so = options.empty.as_ref().is_some_and(|empty| html.select(empty).next().is_some());
        if !found && first && !says_so {
            let message = "item: expected an element that matches, got none (options.empty names the notice of a page without)";
            return Err(SourceError::Layout(message.to_owned()));
        }
        let mut parsed = records.into_parsed(None, html.whole);
        if found && let Some(own) = &own {
            let (next, cut) = options.next(&html, own);
            parsed.next = next.map(Request::html).into_iter().collect();
            parsed.complete &= !cut;
        }
        Ok(parsed)
    }

    /// The page of a draft is read by the selectors for it, whatever else is on it.
    fn complete(&self, board: &Board, page: &Page<'_>, draft: &Draft) -> Result<RawPosting, SourceError> {
        let options = Options::read(board)?;
        let html = HtmlPage::read(page)?;
        let own = Url::parse(page.url).ok();
        let detail = options.detail.as_ref();
        let found =
            detail.zip(own.as_ref()).and_then(|(detail, own)| posting_page(board, detail, &html, own));
        match found {
            Some(_) if !html.whole => {
                Err(SourceError::Layout("expected a whole page, got a part".to_owned()))
            }
            Some(posting) => Ok(posting.or(&draft.posting)),
            None => Err(SourceError::Layout("detail: expected a posting, got none".to_owned())),
        }
    }
}

fn draft(posting: RawPosting) -> Draft {
    let request = Request::html(posting.url.clone());
    Draft { posting, request, changed: None }
}

/// The posting on a page of its own; none where neither its title nor its text is there.
fn posting_page(board: &Board, fields: &Fields, html: &HtmlPage, own: &Url) -> Option<RawPosting> {
    let posting = posting(board, fields, html, html.root(), Some(own)).ok()?;
    (!posting.title.is_empty() || posting.description.is_some()).then_some(posting)
}

/// What the fields say within an element: an item of the listing, or the page at `own`.
fn posting(
    board: &Board,
    fields: &Fields,
    html: &HtmlPage,
    scope: ElementRef<'_>,
    own: Option<&Url>,
) -> Result<RawPosting, String> {
    let one = |name: &str| fields.get(name).and_then(|field| field.value(scope));
    let many = |name: &str| fields.get(name).map(|field| field.values(scope)).unwrap_or_default();
    let text = |name: &str| fields.get(name).and_then(|field| field.markup(scope));
    let url = if let Some(own) = own {
        own.clone()
    } else {
        let link = one("link").ok_or("link: expected an address, got nothing")?;
        html.resolve(&link).ok_or("link: expected an http(s) address")?
    };
    let title = match one("title") {
        Some(title) => title,
        None if own.is_some() => String::new(),
        None => return Err("title: expected text, got nothing".to_owned()),
    };
    let id = one("id").unwrap_or_else(|| identity(&url));
    let company = one("company");
    Ok(RawPosting {
        source_id: format!("{}:{id}", board.board.trim().to_ascii_lowercase()),
        // What a page does not say may stand in the listing.
        company: company.or_else(|| board.employer(url.as_str()).filter(|_| own.is_none())),
        url: url.into(),
        title,
        locations: many("location"),
        description: text("description"),
        requirements: text("requirements"),
        pay_text: one("pay"),
        employment: many("type"),
        workplace: one("remote").map(Workplace::Text),
        skills: many("tags"),
        posted: one("date").map(RawDate::Text),
        deadline: one("deadline").map(RawDate::Text),
        language: one("language"),
        ..RawPosting::default()
    })
}

#[cfg(test)]
mod tests;
