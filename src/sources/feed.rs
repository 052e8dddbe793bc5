//! Any feed of postings: RSS 0.9x, 1.0 and 2.0, Atom, JSON Feed, and plain lists of `<job>` as job search engines take them.
//!
//! The board is a short name of the operator's choice, its address is an option. What publishers add to an item (company, place, pay,
//! deadline) is read under any prefix; `feed/tags.tsv` says which names mean what, one more name is one more word there. A feed
//! shows the newest postings, so that nothing is concluded from what it lacks, unless an option says that it shows all.

mod item;

use serde_json::Value as Json;

use super::{
    Board, Parsed, Source, SourceError, Terms,
    reading::{Document, Element, Records, Xml, decode, from_json_feed},
};
use crate::domain::{Page, Politeness, RawPosting, Request};
use item::Reader;

const OPTIONS: [&str; 3] = ["url", "title", "whole"];
const ACCEPT: &str = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, \
                      application/json;q=0.8, */*;q=0.1";
/// Names of the records of a plain list.
const RECORDS: [&str; 7] = ["job", "jobposting", "position", "posting", "vacancy", "offer", "item"];

/// The source.
#[derive(Debug)]
pub struct Feed;

impl Source for Feed {
    fn name(&self) -> &'static str {
        "feed"
    }

    fn title(&self) -> &'static str {
        "Feed"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["*"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://www.rssboard.org/rss-specification",
            "a feed is published to be read by programs; what its publisher asks for is for the operator to look up",
        )
    }

    fn politeness(&self) -> Politeness {
        Politeness::PAGES
    }

    /// `options.url` is the address. `options.title` says how a title is made where the employer stands in it: `company: title` or
    /// `title at company`. `options.whole = true` says that the feed shows all open postings.
    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        board.only_options(&OPTIONS)?;
        board.label()?;
        Reader::new(board, "")?;
        board.flag_option("whole")?;
        match board.url_option("url")? {
            Some(url) => Ok(request(url)),
            None => Err(SourceError::Args(
                "options.url: expected the address of the feed, got nothing".to_owned(),
            )),
        }
    }

    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let reader = Reader::new(board, page.url)?;
        let text = decode(page.body, page.content_type);
        let whole = board.flag_option("whole")?;
        let mut parsed = match text.trim_start_matches('\u{feff}').trim_start().as_bytes().first() {
            Some(b'{' | b'[') => parse_json(&reader, &text),
            _ => parse_xml(&reader, &text),
        }?;
        parsed.complete &= whole;
        Ok(parsed)
    }
}

fn request(url: impl Into<String>) -> Request {
    Request { url: url.into(), headers: vec![("accept", ACCEPT.to_owned())], body: None }
}

fn parse_json(reader: &Reader<'_>, text: &str) -> Result<Parsed, SourceError> {
    let document = Document::new(text.as_bytes());
    let feed = document.root()?.object().map_err(SourceError::Layout)?;
    let Some(items) = feed.get("items") else {
        return Err(SourceError::Layout(format!("items: expected a list, got {}", feed.found("items"))));
    };
    let items = items.items().map_err(|why| SourceError::Layout(format!("items: {why}")))?;
    let mut records = Records::default();
    for item in items {
        records.add(item, |item| {
            let posting = from_json_feed(item)?;
            let id = Some(posting.source_id.clone());
            reader.finish(RawPosting { source_id: String::new(), ..posting }, id)
        });
    }
    let mut parsed = records.into_parsed(None, true);
    parsed.next = feed.required_url("next_url").ok().map(request).into_iter().collect();
    Ok(parsed)
}

fn parse_xml(reader: &Reader<'_>, text: &str) -> Result<Parsed, SourceError> {
    let feed = Xml::from_text(text)?;
    let (channel, items) = items(&feed)?;
    let mut records = Records::default();
    for item in items {
        records.push(reader.read(item), || item.field("guid").or_else(|| item.field("id")));
    }
    let next = channel.children("link").filter(|link| link.attribute("rel") == Some("next"));
    let next = next.filter_map(|link| reader.resolve(link.attribute("href")?)).map(request);
    let mut parsed = records.into_parsed(None, feed.whole);
    parsed.next = next.take(1).collect();
    Ok(parsed)
}

/// The element that speaks for the whole feed, and the items, wherever this form has them.
fn items(feed: &Xml) -> Result<(&Element, Vec<&Element>), SourceError> {
    let root = &feed.root;
    match root.local().to_ascii_lowercase().as_str() {
        "rss" | "rdf" => {
            let Some(channel) = root.child("channel") else {
                return Err(SourceError::Layout("channel: expected an element, got nothing".to_owned()));
            };
            Ok((channel, channel.children("item").chain(root.children("item")).collect()))
        }
        "feed" => Ok((root, root.children("entry").collect())),
        "source" | "jobs" | "positions" | "postings" | "vacancies" | "joblist" | "offers" => {
            let is_record = |element: &&Element| RECORDS.iter().any(|name| element.is(name));
            let direct: Vec<_> = root.elements().filter(is_record).collect();
            let below = || root.elements().flat_map(Element::elements).filter(is_record).collect();
            Ok((root, if direct.is_empty() { below() } else { direct }))
        }
        _ => Err(feed
            .root_named(&["rss", "feed", "rdf:RDF", "jobs"])
            .err()
            .unwrap_or_else(|| SourceError::Layout("expected a feed".to_owned()))),
    }
}

/// How titles are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Titles {
    Plain,
    CompanyFirst,
    CompanyLast,
}

impl Titles {
    fn of(board: &Board) -> Result<Self, SourceError> {
        match board.options.get("title") {
            None => Ok(Self::Plain),
            Some(Json::String(form)) if form == "company: title" => Ok(Self::CompanyFirst),
            Some(Json::String(form)) if form == "title at company" => Ok(Self::CompanyLast),
            Some(other) => Err(SourceError::Args(format!(
                "options.title: expected \"company: title\" or \"title at company\", got {other}"
            ))),
        }
    }

    /// Company and title of a heading.
    fn split(self, heading: &str) -> Option<(&str, &str)> {
        match self {
            Self::Plain => None,
            Self::CompanyFirst => heading.split_once(": "),
            Self::CompanyLast => heading.rsplit_once(" at ").map(|(title, company)| (company, title)),
        }
    }
}

#[cfg(test)]
mod tests;
