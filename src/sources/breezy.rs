//! Breezy: a bare list of all positions, and the public page of each with its text.
//!
//! Pay is a free text of the list (`$1.40k - $1.80k`). The page has the text as JSON-LD or, on older themes, only as the element with
//! the id `description`. Ids are short hex numbers, so the tenant stands in front of them.

mod position;

use url::Url;

use super::{
    Board, Draft, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, Records, Value, country_code, tenant},
};
use crate::domain::{Page, Place, Politeness, RawDate, RawPosting, RemoteOption, Request, Text, Workplace};

/// The source.
#[derive(Debug)]
pub struct Breezy;

const DOMAIN: &str = "breezy.hr";

impl Source for Breezy {
    fn name(&self) -> &'static str {
        "breezy"
    }

    fn title(&self) -> &'static str {
        "Breezy"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["*.breezy.hr"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://breezy.hr/terms-of-service",
            "public list and pages of a company's careers site, without a key; robots.txt is asked",
        )
    }

    fn politeness(&self) -> Politeness {
        Politeness::PAGES
    }

    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        board.only_options(&[])?;
        Ok(Request::json(format!("https://{}.{DOMAIN}/json", board.label()?)))
    }

    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let is_page =
            page.body.iter().find(|byte| !byte.is_ascii_whitespace() && byte.is_ascii()) == Some(&b'<');
        if is_page {
            return position::parse(board, page);
        }
        let document = Document::new(page.body);
        let positions = document.root()?.items().map_err(SourceError::Layout)?;
        let mut records = Records::default();
        let tenant = tenant(board, page.url, DOMAIN)?;
        for position in positions {
            let record = position.object().map_err(|reason| format!("record: {reason}"));
            let id = || {
                let record = position.object().ok()?;
                record.get("id").and_then(Value::id).map(|id| format!("{tenant}:{id}"))
            };
            records.push_draft(record.and_then(|record| draft(board, &tenant, &record)), id);
        }
        Ok(records.into_parsed(None, true))
    }

    fn complete(&self, _: &Board, page: &Page<'_>, draft: &Draft) -> Result<RawPosting, SourceError> {
        let mut posting = position::read(page)?;
        // The list has the places with their whole names.
        if !draft.posting.places.is_empty() {
            posting.places.clear();
            posting.locations.clear();
        }
        Ok(posting.or(&draft.posting))
    }
}

fn draft(board: &Board, tenant: &str, record: &Object<'_>) -> Result<Draft, String> {
    let id = record.required_id("id")?;
    let url = record.required_url("url")?;
    let company = record.object("company").and_then(|company| company.text("name"));
    let kind = record.object("type");
    let kind = kind.and_then(|kind| kind.text("name").or_else(|| kind.text("id")));
    let mut locations: Vec<Object<'_>> = record.object("location").into_iter().collect();
    locations.extend(record.objects("locations"));
    let posting = RawPosting {
        source_id: format!("{tenant}:{id}"),
        title: record.required_text("name")?,
        company: company.or_else(|| Board { board: tenant.to_owned(), ..board.clone() }.employer("")),
        locations: names(&locations),
        places: places(&locations),
        description: record.text("description").map(Text::Html),
        pay_text: record.text("salary"),
        employment: kind.into_iter().collect(),
        workplace: workplace(&locations).map(Workplace::Stated),
        posted: record.text("published_date").map(RawDate::Text),
        url,
        ..RawPosting::default()
    };
    let request = Request::html(page_of(tenant, record, &posting.url, &id)?);
    Ok(Draft { posting, request, changed: record.text("updated_date") })
}

/// The page on Breezy's own host: a company may show its positions under a domain of its own as well.
fn page_of(tenant: &str, record: &Object<'_>, url: &str, id: &str) -> Result<Url, String> {
    let public = Url::parse(url).map_err(|error| format!("url: {error}"))?;
    let host = public.host_str().unwrap_or_default();
    if host.strip_suffix(DOMAIN).is_some_and(|label| label.ends_with('.')) {
        return Ok(public);
    }
    let slug = record.text("friendly_id").unwrap_or_else(|| id.to_owned());
    let mut url =
        Url::parse(&format!("https://{tenant}.{DOMAIN}/p")).map_err(|error| format!("board: {error}"))?;
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.push(slug.trim());
    }
    Ok(url)
}

/// Places in words where there is no city: `Recife, PE` is read better from its parts.
fn names(locations: &[Object<'_>]) -> Vec<String> {
    let nowhere = locations.iter().filter(|location| location.text("city").is_none());
    nowhere.filter_map(|location| location.text("name")).collect()
}

fn places(locations: &[Object<'_>]) -> Vec<Place> {
    let mut places = Vec::new();
    for location in locations {
        let named = |key| location.get(key).and_then(name_of);
        let code = location.object("country").and_then(|country| country_code(&country.text("id")?));
        let place = Place {
            city: named("city"),
            region: named("state"),
            country: named("country"),
            country_code: code,
        };
        if place != Place::default() && !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// A part of a place: an object with id and name, or only its name.
fn name_of(part: Value<'_>) -> Option<String> {
    let name = part.text().or_else(|| part.object().ok()?.text("name"))?;
    Some(name.trim().to_owned())
}

/// Remote where every place says so; a place that is not remote is not said to be on site.
fn workplace(locations: &[Object<'_>]) -> Option<RemoteOption> {
    let mut flags = locations.iter().filter_map(|location| location.flag("is_remote")).peekable();
    (flags.peek().is_some() && flags.all(|remote| remote)).then_some(RemoteOption::Remote)
}

#[cfg(test)]
mod tests;
