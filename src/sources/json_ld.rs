//! Any site whose pages of postings hold schema.org `JobPosting`, in JSON-LD or microdata: most career sites do, for search engines.
//!
//! The pages are found through a listing page or through sitemaps; each is then asked for on its own, and again only when the sitemap
//! says that it changed. A page is known by its address. What a `JobPosting` says is read in `reading/ld.rs`; how links are chosen is
//! in `options.rs`, sitemaps are read in `sitemap.rs`.

mod options;
mod sitemap;

use std::collections::HashSet;

use url::Url;

use super::{
    Board, Draft, Parsed, Source, SourceError, Terms,
    reading::{Document, HtmlPage, Records, decode, from_json_ld, identity, job_postings, microdata},
};
use crate::domain::{Page, Politeness, RawPosting, Request};
use options::{Options, Sitemaps};

/// The source.
#[derive(Debug)]
pub struct JsonLd;

impl Source for JsonLd {
    fn name(&self) -> &'static str {
        "json_ld"
    }

    fn title(&self) -> &'static str {
        "schema.org JobPosting"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["*"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://schema.org/JobPosting",
            "pages say their postings to programs in this form; robots.txt is asked for each, what else a site asks for is for the \
             operator to look up",
        )
    }

    fn politeness(&self) -> Politeness {
        Politeness::PAGES
    }

    /// See [`Options`] for what a board says.
    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        let options = Options::read(board)?;
        Ok(match (&options.sitemap, &options.url) {
            (Some(Sitemaps::At(url)), _) => Request::xml(url.clone()),
            (Some(Sitemaps::Robots(url)), _) => {
                Request { url: url.clone().into(), headers: Vec::new(), body: None }
            }
            (None, url) => Request::html(url.as_ref().map(Url::to_string).unwrap_or_default()),
        })
    }

    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let options = Options::read(board)?;
        if let Some(Sitemaps::Robots(robots)) = &options.sitemap
            && robots.as_str() == page.url
        {
            return sitemap::from_robots(&options, page);
        }
        if let Some(found) = sitemap::read(board, &options, page) {
            return found;
        }
        let text = decode(page.body, page.content_type);
        let html = HtmlPage::from_text(&text, page.url)?;
        let found = found(&text, &html);
        let own = Url::parse(page.url).ok();
        let known = |url: &Url| own.as_ref().is_some_and(|own| identity(own) == identity(url));
        let first = options.sitemap.is_none() && options.url.as_ref().is_some_and(known);
        let links = if first || options.next.is_some() && found.len() != 1 {
            options.links(&html)
        } else {
            Vec::new()
        };
        if first || !links.is_empty() {
            return listing(board, &options, &html, own.as_ref(), &found, links);
        }
        posting_page(board, &html, own.as_ref(), &found)
    }

    /// A page that holds several postings is asked for that of the draft.
    fn complete(&self, board: &Board, page: &Page<'_>, draft: &Draft) -> Result<RawPosting, SourceError> {
        let text = decode(page.body, page.content_type);
        let html = HtmlPage::from_text(&text, page.url)?;
        let found = found(&text, &html);
        let mut parsed = posting_page(board, &html, Url::parse(page.url).ok().as_ref(), &found)?;
        if let Some(at) =
            parsed.postings.iter().position(|posting| posting.source_id == draft.posting.source_id)
        {
            parsed.postings.swap(0, at);
        } else if parsed.postings.len() > 1 {
            return Err(SourceError::Layout("expected one JobPosting, got several others".to_owned()));
        }
        draft.completed_by(parsed)
    }
}

/// The `JobPosting`s of a page; microdata counts where there is no JSON-LD and the page is whole, for it has no end of its own.
fn found(text: &str, html: &HtmlPage) -> Vec<String> {
    let found = job_postings(text);
    if found.is_empty() && html.whole { microdata(html) } else { found }
}

/// A page for which a listing has a link, or that is listed in a sitemap.
fn draft(board: &Board, url: &Url, changed: Option<String>) -> Draft {
    let posting =
        RawPosting { source_id: source_id(board, url), url: url.to_string(), ..RawPosting::default() };
    Draft { posting, request: Request::html(url.clone()), changed }
}

fn source_id(board: &Board, url: &Url) -> String {
    format!("{}:{}", board.board.trim().to_ascii_lowercase(), identity(url))
}

/// Links to pages of postings, and postings that the listing itself holds.
fn listing(
    board: &Board,
    options: &Options,
    html: &HtmlPage,
    own: Option<&Url>,
    found: &[String],
    links: Vec<Url>,
) -> Result<Parsed, SourceError> {
    let mut records = Records::default();
    let mut seen: HashSet<String> = own.map(identity).into_iter().collect();
    for json in found {
        records.push(
            posting(board, html, own, json, None).inspect(|posting| {
                seen.extend(Url::parse(&posting.url).ok().map(|url| identity(&url)));
            }),
            || None,
        );
    }
    for url in links {
        if seen.insert(identity(&url)) {
            records.push_draft(Ok(draft(board, &url, None)), || None);
        }
    }
    if records.len() == 0 && !options.is_empty(html) {
        let message = "links: expected a link to a posting, got none (options.empty names the notice of a page without)";
        return Err(SourceError::Layout(message.to_owned()));
    }
    let mut parsed = records.into_parsed(None, html.whole);
    let next = options
        .next
        .as_ref()
        .and_then(|next| html.select(next).find_map(|link| html.resolve(link.attr("href")?)));
    parsed.next = next.filter(|next| Some(next) != own).map(Request::html).into_iter().collect();
    Ok(parsed)
}

/// The page of one posting, or of a few.
fn posting_page(
    board: &Board,
    html: &HtmlPage,
    own: Option<&Url>,
    found: &[String],
) -> Result<Parsed, SourceError> {
    if found.is_empty() {
        return Err(SourceError::Layout(
            "expected a JobPosting in JSON-LD or microdata, got none".to_owned(),
        ));
    }
    let mut records = Records::default();
    for (at, json) in found.iter().enumerate() {
        let among = (found.len() > 1).then_some(at);
        records.push(posting(board, html, own, json, among), || None);
    }
    Ok(records.into_parsed(None, false))
}

/// One `JobPosting`. The only one of a page has the page's address; one `among` several has its own, or the page's with its
/// identifier or position.
fn posting(
    board: &Board,
    html: &HtmlPage,
    own: Option<&Url>,
    json: &str,
    among: Option<usize>,
) -> Result<RawPosting, String> {
    let document = Document::new(json.as_bytes());
    let object = document.root().map_err(|error| error.to_string())?.object()?;
    let mut posting = from_json_ld(&object);
    if posting.title.trim().is_empty() {
        return Err("title: expected text, got nothing".to_owned());
    }
    let linked =
        html.resolve(&posting.url).filter(|url| own.is_none_or(|own| identity(url) != identity(own)));
    let url = match (own, linked, among) {
        (Some(own), _, None) if !html_is_listing(board, own) => own.clone(),
        (_, Some(linked), _) => linked,
        (Some(own), None, Some(at)) => {
            let mut url = own.clone();
            let name =
                if posting.source_id.is_empty() { (at + 1).to_string() } else { posting.source_id.clone() };
            url.set_fragment(Some(&format!("/{name}")));
            url
        }
        _ => return Err("url: expected an http(s) address of the posting, got nothing".to_owned()),
    };
    posting.source_id = source_id(board, &url);
    posting.company = posting.company.or_else(|| board.employer(url.as_str()));
    posting.url = url.into();
    Ok(posting)
}

/// True for the address of the board's listing, which is that of no posting.
fn html_is_listing(board: &Board, url: &Url) -> bool {
    let listing = board.url_option("url").ok().flatten();
    listing.is_some_and(|listing| identity(&listing) == identity(url))
}

#[cfg(test)]
mod tests;
