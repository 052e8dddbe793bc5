//! Lever Postings API: a whole site in one answer, a bare list.
//!
//! The employer is not in it and comes from the board. A posting's sections are headings with bare `<li>` items: those under a
//! heading of requirements are the requirements, and all are part of the text. `createdAt` is the day of creation, years ago on
//! postings that never close.

use serde_json::Value as Json;

use super::{
    Board, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, Records, Value, asks_for_requirements, escape, lines_to_html, range},
};
use crate::domain::{
    Page, Pay, Period, Place, Politeness, RawDate, RawPosting, RemoteOption, Request, Text, Workplace,
};

/// The source.
#[derive(Debug)]
pub struct Lever;

impl Source for Lever {
    fn name(&self) -> &'static str {
        "lever"
    }

    fn title(&self) -> &'static str {
        "Lever"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["api.lever.co", "api.eu.lever.co"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://github.com/lever/postings-api",
            "public postings API without a key; the documentation says that postings may be read by third parties",
        )
    }

    fn politeness(&self) -> Politeness {
        Politeness::API
    }

    /// `options.region = "eu"` asks the European service.
    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        let host = match board.options.get("region") {
            None => "api.lever.co",
            Some(Json::String(region)) if region == "global" => "api.lever.co",
            Some(Json::String(region)) if region == "eu" => "api.eu.lever.co",
            Some(other) => {
                return Err(SourceError::Args(format!(
                    "options.region: expected \"eu\" or \"global\", got {other}"
                )));
            }
        };
        let mut url = board.address(&format!("https://{host}/v0/postings"), &[], &["region"])?;
        url.set_query(Some("mode=json"));
        Ok(Request::json(url))
    }

    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let document = Document::new(page.body);
        let items = document.root()?.items().map_err(SourceError::Layout)?;
        let mut records = Records::default();
        for item in items {
            records.add(item, |record| posting(board, record));
        }
        Ok(records.into_parsed(None, true))
    }
}

fn posting(board: &Board, record: &Object<'_>) -> Result<RawPosting, String> {
    let categories = record.object("categories");
    let commitment = categories.as_ref().and_then(|categories| categories.text("commitment"));
    let sections = Sections::read(record);
    let source_id = record.required_id("id")?;
    let url = record.required_url("hostedUrl")?;
    Ok(RawPosting {
        source_id,
        company: board.employer(&url),
        url,
        title: record.required_text("text")?,
        locations: categories.map(|categories| locations(&categories)).unwrap_or_default(),
        places: country(record).into_iter().collect(),
        description: sections.text(record),
        requirements: sections.requirements(),
        pay: record.object("salaryRange").and_then(|salary| pay(&salary)),
        pay_text: record.text("salaryDescriptionPlain"),
        workplace: workplace(record, commitment.as_deref()),
        employment: commitment.into_iter().collect(),
        posted: record.get("createdAt").and_then(Value::integer).map(RawDate::EpochMillis),
        ..RawPosting::default()
    })
}

fn locations(categories: &Object<'_>) -> Vec<String> {
    let all = categories.items("allLocations").into_iter().filter_map(Value::text);
    let mut locations: Vec<String> = Vec::new();
    for location in categories.text("location").into_iter().chain(all) {
        if !locations.contains(&location) {
            locations.push(location);
        }
    }
    locations
}

fn country(record: &Object<'_>) -> Option<Place> {
    let code = record.text("country")?.trim().to_ascii_uppercase();
    let known = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase());
    known.then(|| Place { country_code: Some(code), ..Place::default() })
}

/// `onsite` is what is sent, `on-site` what is documented. A posting that leaves it open may say it in its commitment
/// (`Full-time: Remote`).
fn workplace(record: &Object<'_>, commitment: Option<&str>) -> Option<Workplace> {
    let sent = record.text("workplaceType").map(|sent| sent.trim().to_lowercase());
    match sent.as_deref() {
        Some("remote") => Some(Workplace::Stated(RemoteOption::Remote)),
        Some("hybrid") => Some(Workplace::Stated(RemoteOption::Hybrid)),
        Some("onsite" | "on-site") => Some(Workplace::Stated(RemoteOption::Onsite)),
        None | Some("unspecified") => {
            let words = commitment?.to_lowercase();
            let says = ["remote", "hybrid", "onsite", "on-site"].iter().any(|word| words.contains(word));
            says.then_some(Workplace::Text(words))
        }
        Some(other) => Some(Workplace::Text(other.to_owned())),
    }
}

fn pay(salary: &Object<'_>) -> Option<Pay> {
    let interval = salary.text("interval").unwrap_or_default().to_lowercase();
    let period = match interval.trim().trim_start_matches("per-").split('-').next() {
        Some("hour") => Some(Period::Hour),
        Some("day") => Some(Period::Day),
        Some("week") => Some(Period::Week),
        Some("month") => Some(Period::Month),
        Some("year") => Some(Period::Year),
        _ => None,
    };
    // A single payment for the whole engagement is no rate of pay.
    if interval.trim() == "one-time" {
        return None;
    }
    let currency = salary.text("currency");
    range(salary.decimal("min"), salary.decimal("max"), currency.as_deref(), period)
}

/// The headed lists between body and closing.
struct Sections(Vec<(String, String)>);

impl Sections {
    fn read(record: &Object<'_>) -> Self {
        let lists = record.objects("lists").filter_map(|list| {
            let content = list.text("content")?;
            let start = content.trim_start();
            let bare = start.get(..3).is_some_and(|tag| tag.eq_ignore_ascii_case("<li"));
            let content = if bare { format!("<ul>{content}</ul>") } else { content };
            Some((list.text("text").unwrap_or_default().trim().to_owned(), content))
        });
        Self(lists.collect())
    }

    /// Opening and body, then each list under its heading, then the closing.
    fn text(&self, record: &Object<'_>) -> Option<Text> {
        let mut html = body(record);
        for (heading, content) in &self.0 {
            push_section(&mut html, heading, content);
        }
        html += &either(record, "additional", "additionalPlain");
        (!html.trim().is_empty()).then_some(Text::Html(html))
    }

    /// The lists under headings of requirements; with their headings where there are several.
    fn requirements(&self) -> Option<Text> {
        let asked: Vec<_> = self.0.iter().filter(|(heading, _)| asks_for_requirements(heading)).collect();
        match asked.as_slice() {
            [] => None,
            [(_, content)] => Some(Text::Html(content.clone())),
            several => {
                let mut html = String::new();
                for (heading, content) in several {
                    push_section(&mut html, heading, content);
                }
                Some(Text::Html(html))
            }
        }
    }
}

/// `description` is `opening` and `descriptionBody` in one; either form may be cut away.
fn body(record: &Object<'_>) -> String {
    let whole = either(record, "description", "descriptionPlain");
    if whole.is_empty() {
        either(record, "opening", "openingPlain") + &either(record, "descriptionBody", "descriptionBodyPlain")
    } else {
        whole
    }
}

fn either(record: &Object<'_>, html: &str, plain: &str) -> String {
    let plain = || record.text(plain).map(|text| format!("<p>{}</p>", lines_to_html(&text)));
    record.text(html).or_else(plain).unwrap_or_default()
}

fn push_section(html: &mut String, heading: &str, content: &str) {
    if !heading.is_empty() {
        html.push_str("<h3>");
        html.push_str(&escape(heading));
        html.push_str("</h3>");
    }
    html.push_str(content);
}

#[cfg(test)]
mod tests;
