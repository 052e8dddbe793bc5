//! Teamtailor career sites: the same postings in two feeds.
//!
//! The JSON Feed has a schema.org block with addresses and, on some sites, pay; the RSS feed has the place of work and the names of
//! offices. Both know a posting by the same id. The JSON Feed comes in one answer, the RSS feed in pages of a hundred.

use url::Url;

use super::{
    Board, Parsed, Source, SourceError, Terms,
    reading::{Document, Element, Records, Xml, from_json_feed, markup},
};
use crate::domain::{Page, Place, Politeness, RawDate, RawPosting, RemoteOption, Request, Workplace};

/// Items of a page of the RSS feed.
const PAGE: usize = 100;

/// The source.
#[derive(Debug)]
pub struct Teamtailor;

impl Source for Teamtailor {
    fn name(&self) -> &'static str {
        "teamtailor"
    }

    fn title(&self) -> &'static str {
        "Teamtailor"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["*.teamtailor.com"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://support.teamtailor.com/en/articles/11171756-rss-feed-how-to-guide",
            "public feeds of a career site without a key, meant for showing its postings elsewhere",
        )
    }

    fn politeness(&self) -> Politeness {
        Politeness::API
    }

    /// `options.format = "rss"` reads the RSS feed.
    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        let rss = is_rss(board)?;
        let site = format!("https://{}.teamtailor.com", board.label()?);
        Ok(if rss {
            Request::xml(format!("{site}/jobs.rss?per_page={PAGE}&offset=0"))
        } else {
            Request::json(format!("{site}/jobs.json"))
        })
    }

    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        if is_rss(board)? { parse_rss(board, page) } else { parse_json(board, page) }
    }
}

fn is_rss(board: &Board) -> Result<bool, SourceError> {
    board.only_options(&["format"])?;
    match board.text_option("format")? {
        None | Some("json") => Ok(false),
        Some("rss") => Ok(true),
        Some(other) => {
            let message =
                format!("options.format: expected \"json\" or \"rss\", got \"{}\"", other.escape_debug());
            Err(SourceError::Args(message))
        }
    }
}

fn parse_json(board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
    let document = Document::new(page.body);
    let feed = document.root()?.object().map_err(SourceError::Layout)?;
    let Some(items) = feed.get("items") else {
        return Err(SourceError::Layout(format!("items: expected a list, got {}", feed.found("items"))));
    };
    let items = items.items().map_err(|why| SourceError::Layout(format!("items: {why}")))?;
    let mut records = Records::default();
    for item in items {
        records.add(item, |item| {
            let posting = from_json_feed(item)?;
            let company = posting.company.clone().or_else(|| board.employer(&posting.url));
            Ok(RawPosting { company, ..posting })
        });
    }
    // A full page without a word of a next one may be the first of several.
    let full = records.len() == PAGE && feed.get("next_url").is_none();
    let mut parsed = records.into_parsed(None, !full);
    parsed.next = feed.required_url("next_url").ok().map(Request::json).into_iter().collect();
    Ok(parsed)
}

fn parse_rss(board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
    let feed = Xml::read(page)?;
    let channel = feed.root_named(&["rss"])?.child("channel");
    let Some(channel) = channel else {
        return Err(SourceError::Layout("channel: expected an element, got nothing".to_owned()));
    };
    let mut records = Records::default();
    for item in channel.children("item") {
        records.push(posting(board, channel, item), || item.field("guid"));
    }
    let full = records.len() >= PAGE;
    let mut parsed = records.into_parsed(None, feed.whole);
    parsed.next = next_page(page.url).filter(|_| full).map(Request::xml).into_iter().collect();
    Ok(parsed)
}

/// The address of the page after this one.
fn next_page(url: &str) -> Option<Url> {
    let mut url = Url::parse(url).ok()?;
    let offset = url.query_pairs().find(|(key, _)| key == "offset")?.1.parse::<usize>().ok()?;
    url.set_query(Some(&format!("per_page={PAGE}&offset={}", offset.checked_add(PAGE)?)));
    Some(url)
}

fn posting(board: &Board, channel: &Element, item: &Element) -> Result<RawPosting, String> {
    let url = item.required("link")?;
    if !Url::parse(&url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
        return Err("link: expected an http(s) address".to_owned());
    }
    let offices: Vec<_> = item.children("locations").flat_map(|all| all.children("location")).collect();
    let places: Vec<Place> = offices.iter().filter_map(|office| place(office)).collect();
    // An office without town and country has only its name, which may be that of a place.
    let named =
        offices.iter().filter(|office| place(office).is_none()).filter_map(|office| office.field("name"));
    let company =
        item.field("company_name").or_else(|| board.company.clone()).or_else(|| channel.field("title"));
    Ok(RawPosting {
        source_id: item.required("guid")?,
        company: company.or_else(|| board.employer(&url)),
        url,
        title: item.required("title")?,
        locations: named.collect(),
        places,
        description: item.child("description").and_then(Element::markup).and_then(|html| markup(&html)),
        workplace: item.field("remoteStatus").and_then(|status| workplace(&status)),
        posted: item.field("pubDate").map(RawDate::Text),
        ..RawPosting::default()
    })
}

fn place(office: &Element) -> Option<Place> {
    let place = Place { city: office.field("city"), country: office.field("country"), ..Place::default() };
    (place != Place::default()).then_some(place)
}

/// `none` and `temporary` say that the place is an office; for the time being, in the second case.
fn workplace(status: &str) -> Option<Workplace> {
    Some(match status.trim().to_ascii_lowercase().as_str() {
        "fully" => Workplace::Stated(RemoteOption::Remote),
        "hybrid" => Workplace::Stated(RemoteOption::Hybrid),
        "none" => Workplace::Stated(RemoteOption::Onsite),
        "temporary" => return None,
        other => Workplace::Text(other.to_owned()),
    })
}

#[cfg(test)]
mod tests;
