//! Platsbanken, the Swedish employment service's list, by its public search API.
//!
//! A board is `all` or the words of a search. `hits` is a list of postings, or, as the search index behind the service sends them, an
//! object whose own `hits` wrap each posting in `_source`. Offsets end at two thousand, so a longer list is never seen whole.

use super::{
    Board, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, Records, asked_for, lines_to_html, number_in, with_number},
};
use crate::domain::{Page, Place, Politeness, RawDate, RawPosting, Request, Text};

/// The source.
#[derive(Debug)]
pub struct Platsbanken;

/// Postings on a page.
const SIZE: u64 = 100;
/// The last offset that is answered.
const LAST: u64 = 2000;
/// Options with the parameters they stand for.
const OPTIONS: [(&str, &str); 3] =
    [("municipality", "municipality"), ("occupation_field", "occupation-field"), ("region", "region")];

impl Source for Platsbanken {
    fn name(&self) -> &'static str {
        "platsbanken"
    }

    fn title(&self) -> &'static str {
        "Platsbanken"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["jobsearch.api.jobtechdev.se"]
    }

    fn terms(&self) -> Terms {
        Terms::open("https://jobtechdev.se/en/components/jobsearch", "open data without a key")
    }

    fn politeness(&self) -> Politeness {
        Politeness { per_second: 1.0, burst: 1, concurrency: 1, ..Politeness::API }
    }

    /// `options.occupation_field`, `options.region` and `options.municipality` are ids of the service's taxonomy.
    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        board.only_options(&OPTIONS.map(|(key, _)| key))?;
        let words = asked_for(board, "all or the words of a search")?;
        let mut url = url::Url::parse("https://jobsearch.api.jobtechdev.se/search")
            .map_err(|error| SourceError::Args(error.to_string()))?;
        if let Some(words) = words {
            url.query_pairs_mut().append_pair("q", words);
        }
        for (key, parameter) in OPTIONS {
            if let Some(value) = board.text_option(key)? {
                url.query_pairs_mut().append_pair(parameter, value);
            }
        }
        url.query_pairs_mut()
            .append_pair("sort", "pubdate-desc")
            .append_pair("offset", "0")
            .append_pair("limit", &SIZE.to_string());
        Ok(Request::json(url))
    }

    fn parse(&self, _: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let document = Document::new(page.body);
        let answer = document.root()?.object().map_err(SourceError::Layout)?;
        let index = answer.object("hits");
        let outer = index.as_ref().unwrap_or(&answer);
        let Some(hits) = outer.get("hits") else {
            return Err(SourceError::Layout(format!("hits: expected a list, got {}", outer.found("hits"))));
        };
        let hits = hits.items().map_err(|why| SourceError::Layout(format!("hits: {why}")))?;
        let mut records = Records::default();
        for hit in hits {
            records.add(hit, |hit| match hit.object("_source") {
                Some(record) => posting(&record),
                None => posting(hit),
            });
        }
        let total = outer.object("total").and_then(|total| total.get("value")?.integer());
        let total = total.and_then(|total| u64::try_from(total).ok());
        let here = number_in(page.url, "offset").unwrap_or(0);
        let next = here.saturating_add(SIZE);
        let more = records.len() > 0 && next < total.unwrap_or(0) && next <= LAST;
        let complete = total.is_some_and(|total| total <= LAST + SIZE);
        let mut parsed = records.into_parsed(total, complete);
        let next = more.then(|| with_number(page.url, "offset", next)).flatten();
        parsed.next.extend(next.map(Request::json));
        Ok(parsed)
    }
}

fn posting(record: &Object<'_>) -> Result<RawPosting, String> {
    let source_id = record.required_id("id")?;
    if record.flag("removed") == Some(true) {
        return Err("removed: taken off the list".to_owned());
    }
    let employer = record.object("employer");
    let name =
        employer.as_ref().and_then(|employer| employer.text("name").or_else(|| employer.text("workplace")));
    let Some(company) = name else {
        return Err(format!("employer.name: expected text, got {}", record.found("employer")));
    };
    let label = |key| record.object(key).and_then(|concept| concept.text("label"));
    let description = record.object("description");
    let asked = description.as_ref().and_then(|description| description.text("requirements"));
    Ok(RawPosting {
        url: match record.get("webpage_url") {
            Some(_) => record.required_url("webpage_url")?,
            None => format!("https://arbetsformedlingen.se/platsbanken/annonser/{source_id}"),
        },
        source_id,
        title: record.required_text("headline")?,
        company: Some(company),
        places: record.object("workplace_address").and_then(|address| place(&address)).into_iter().collect(),
        description: description.as_ref().and_then(text),
        requirements: asked.map(Text::Plain),
        pay_text: record.text("salary_description"),
        employment: ["working_hours_type", "employment_type", "duration"]
            .into_iter()
            .filter_map(label)
            .collect(),
        skills: ["must_have", "nice_to_have"]
            .into_iter()
            .filter_map(|key| record.object(key))
            .flat_map(|wish| {
                wish.objects("skills").filter_map(|skill| skill.text("label")).collect::<Vec<_>>()
            })
            .collect(),
        posted: record.text("publication_date").map(RawDate::Text),
        deadline: record.text("application_deadline").map(RawDate::Text),
        ..RawPosting::default()
    })
}

/// The text, then those of its parts that stand in fields of their own.
fn text(description: &Object<'_>) -> Option<Text> {
    let parts = ["company_information", "needs", "requirements", "conditions"];
    let mut parts: Vec<String> = parts.into_iter().filter_map(|key| description.text(key)).collect();
    if let Some(mut html) = description.text("text_formatted") {
        html.extend(parts.iter().map(|part| format!("<p>{}</p>", lines_to_html(part))));
        return Some(Text::Html(html));
    }
    parts.splice(..0, description.text("text"));
    (!parts.is_empty()).then(|| Text::Plain(parts.join("\n\n")))
}

fn place(address: &Object<'_>) -> Option<Place> {
    let city = address.text("city").or_else(|| address.text("municipality"));
    let place =
        Place { city, region: address.text("region"), country: address.text("country"), country_code: None };
    (place != Place::default()).then_some(place)
}

#[cfg(test)]
mod tests;
