//! From what a source sends to what the table `jobs` keeps: pure functions, no I/O, no panic on any bytes.
//!
//! [`normalize`] is the whole way; each field has a file of its own. What cannot be read is `None`, and only a record without a
//! title, a company, an id or a web address is rejected. To add a field: a file here, a line in [`normalize`].

/// A pattern that is compiled once, at its first use.
macro_rules! regex {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($pattern).unwrap());
    };
}

/// A pattern for long texts that is compiled once, at its first use.
macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Pattern> = LazyLock::new(|| Pattern::new($pattern).unwrap());
    };
}

pub mod company;
pub mod cut;
pub mod dates;
pub mod fingerprint;
pub mod html;
pub mod job_type;
pub mod language;
pub mod pay;
pub mod places;
pub mod remote;
pub mod repair;
pub mod requirements;
pub mod seniority;
pub mod skills;
pub mod title;
pub mod url;
pub mod years;

mod cues;
mod entities;
#[cfg(test)]
pub(crate) mod growth;
mod pattern;

use std::borrow::Cow;

use chrono::NaiveDate;

use crate::domain::{Pay, Place, Posting, RawPosting, Rejected, Text};
use html::Block;
use skills::{Part, Skills};

/// Characters a title may have.
const TITLE: usize = 500;
/// Characters a company, a location and a source's id may have.
const SHORT: usize = 255;
/// Characters an address may have.
const URL: usize = 1000;
/// Bytes of a body that are read. PostgreSQL's full-text index takes about a megabyte.
const BODY: usize = 512 * 1024;
/// Characters of text that are stored.
const TEXT: usize = 100_000;
/// Technologies, places and field values that are kept.
const MANY: usize = 100;

/// Reads one posting as its source sends it; `today` is for relative dates and for telling implausible ones.
///
/// # Errors
/// [`Rejected`] names the field without which nothing can be a posting, and what was expected in it.
#[expect(clippy::needless_pass_by_value, reason = "a raw posting has no use after this")]
pub fn normalize(source: &'static str, raw: RawPosting, today: NaiveDate) -> Result<Posting, Rejected> {
    let mut cut = Vec::new();
    let source_id = identifier(&raw, &mut cut)?;
    let reject = |reason: &str| Rejected { source_id: Some(source_id.clone()), reason: reason.to_owned() };

    let mut title = title::clean(bounded(&raw.title, BODY));
    if title.is_empty() {
        return Err(reject("title: is empty, expected text"));
    }
    shorten(&mut title, TITLE, "title", &mut cut);
    let company = raw.company.as_deref().and_then(|name| company::clean(bounded(name, BODY)));
    let Some(mut company) = company else { return Err(reject("company: is empty, expected a name")) };
    shorten(&mut company, SHORT, "company", &mut cut);
    let Some(url) = url::canonical(bounded(&raw.url, BODY)) else {
        return Err(reject("url: expected an http or https address"));
    };
    if url.chars().count() > URL {
        return Err(reject("url: is longer than 1000 characters"));
    }

    let body = blocks(raw.description.as_ref(), "description", &mut cut);
    let wanted = blocks(raw.requirements.as_ref(), "requirements", &mut cut);
    let text = html::to_text(&body);
    let requirements =
        Some(html::to_text(&wanted)).filter(|text| !text.is_empty()).or_else(|| requirements::split(&body));
    let all_text: Cow<'_, str> = if wanted.is_empty() {
        Cow::Borrowed(&text)
    } else {
        Cow::Owned(format!("{text}\n\n{}", html::to_text(&wanted)))
    };

    let locations: Vec<String> = raw
        .locations
        .iter()
        .take(MANY)
        .map(|place| repair::line(bounded(place, 1024)))
        .filter(|place| !place.is_empty())
        .collect();
    let places = places(&raw.places, &locations);
    let mut location =
        places::display(&places).or_else(|| (!locations.is_empty()).then(|| locations.join("; ")));
    if let Some(location) = &mut location {
        shorten(location, SHORT, "location", &mut cut);
    }

    let language = language::detect(raw.language.as_deref(), &all_text);
    let pay = pay(&raw, &title, &all_text, language.as_deref(), country_of(&places));
    let job_type = job_type::from_employment(&raw.employment)
        .or_else(|| job_type::from_title(&title))
        .or_else(|| job_type::from_text(&all_text));
    let remote_option = remote::resolve(raw.workplace.as_ref(), &locations, &title, &all_text);
    let tech_stack = tech_stack(&title, &raw.skills, &all_text);

    let years = requirements.as_deref().and_then(years::from_text).or_else(|| years::from_text(&all_text));
    let deadline_in_text = || dates::deadline_in_text(&all_text, today);
    let application_deadline =
        raw.deadline.as_ref().and_then(|date| dates::deadline(date, today)).or_else(deadline_in_text);

    let mut description = Some(text).filter(|text| !text.is_empty());
    if let Some(description) = &mut description {
        shorten(description, TEXT, "description", &mut cut);
    }
    let mut requirements = requirements;
    if let Some(requirements) = &mut requirements {
        shorten(requirements, TEXT, "requirements", &mut cut);
    }
    cut.dedup();
    Ok(Posting {
        seniority: seniority::from_title(&title),
        years,
        posted_date: raw.posted.as_ref().and_then(|date| dates::posted(date, today)),
        application_deadline,
        description_html: Some(html::to_html(&body)).filter(|html| !html.is_empty()),
        salary: pay.as_ref().map(pay::yearly).unwrap_or_default(),
        title,
        company,
        location,
        description,
        requirements,
        tech_stack,
        job_type,
        remote_option,
        source: source.to_owned(),
        source_id,
        url,
        pay,
        places,
        language,
        cut,
    })
}

fn identifier(raw: &RawPosting, cut: &mut Vec<String>) -> Result<String, Rejected> {
    let mut id = repair::line(bounded(&raw.source_id, BODY));
    if id.is_empty() {
        return Err(Rejected {
            source_id: None,
            reason: "source_id: is empty, expected the source's own id".to_owned(),
        });
    }
    if cut::identifier(&mut id, SHORT) {
        cut.push("source_id".to_owned());
    }
    Ok(id)
}

fn blocks(body: Option<&Text>, name: &str, cut: &mut Vec<String>) -> Vec<Block> {
    let Some(Text::Html(text) | Text::Plain(text)) = body else { return Vec::new() };
    let read = bounded(text, BODY);
    if read.len() < text.len() {
        cut.push(name.to_owned());
    }
    match body {
        Some(Text::Html(_)) => html::read(read),
        _ => html::plain(read),
    }
}

/// The beginning of a text, at most `most` bytes.
fn bounded(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

fn shorten(text: &mut String, most: usize, name: &str, cut: &mut Vec<String>) {
    if cut::on_word(text, most) && cut.iter().all(|known| known != name) {
        cut.push(name.to_owned());
    }
}

/// Places in parts first; those in free text follow where they say something new.
fn places(given: &[Place], locations: &[String]) -> Vec<Place> {
    let mut all: Vec<Place> = Vec::new();
    let given = given.iter().take(MANY).map(|place| places::complete(&repaired(place)));
    for place in given.chain(locations.iter().flat_map(|text| places::from_text(text))) {
        if place == Place::default() || all.len() >= MANY || all.iter().any(|known| covers(known, &place)) {
            continue;
        }
        all.retain(|known| !covers(&place, known));
        all.push(place);
    }
    all
}

fn repaired(place: &Place) -> Place {
    let line = |part: &Option<String>| {
        part.as_deref().map(|part| repair::line(bounded(part, 512))).filter(|part| !part.is_empty())
    };
    Place {
        city: line(&place.city),
        region: line(&place.region),
        country: line(&place.country),
        country_code: line(&place.country_code),
    }
}

/// True where `a` says all that `b` says.
fn covers(a: &Place, b: &Place) -> bool {
    let part = |a: &Option<String>, b: &Option<String>| match (a, b) {
        (_, None) => true,
        (Some(a), Some(b)) => a.to_lowercase() == b.to_lowercase(),
        (None, Some(_)) => false,
    };
    part(&a.city, &b.city)
        && part(&a.region, &b.region)
        && part(&a.country, &b.country)
        && part(&a.country_code, &b.country_code)
}

/// The country that all places share.
fn country_of(places: &[Place]) -> Option<&str> {
    let first = places.first()?.country_code.as_deref()?;
    places.iter().all(|place| place.country_code.as_deref() == Some(first)).then_some(first)
}

fn pay(
    raw: &RawPosting,
    title: &str,
    text: &str,
    language: Option<&str>,
    country_code: Option<&str>,
) -> Option<Pay> {
    let hints = pay::Hints { language, country_code };
    let field = raw.pay_text.as_deref().map(|field| repair::text(bounded(field, 4096)));
    raw.pay
        .as_ref()
        .and_then(pay::tidy)
        .or_else(|| field.and_then(|field| pay::from_field(&field, hints)))
        .or_else(|| pay::from_text(title, hints))
        .or_else(|| pay::from_text(text, hints))
}

fn tech_stack(title: &str, tags: &[String], text: &str) -> Vec<String> {
    let mut skills = Skills::default();
    skills.read(title, Part::Title);
    for tag in tags.iter().take(MANY) {
        skills.tag(&repair::line(bounded(tag, 4096)));
    }
    skills.read(text, Part::Text);
    let mut names = skills.names();
    names.truncate(MANY);
    names
}

#[cfg(test)]
mod tests;
