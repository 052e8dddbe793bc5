//! Personio XML feed: a whole career page in one answer.
//!
//! Ids count per tenant. The text comes in blocks with names of the tenant's choice; those under a name of requirements are the
//! requirements, and all are the text. `employmentType` and `schedule` are two axes: a permanent position says its hours in the other.

use super::{
    Board, Parsed, Source, SourceError, Terms,
    reading::{Element, Records, Xml, asks_for_requirements, escape, range, unescape_once},
};
use crate::domain::{Page, Pay, Period, Politeness, RawDate, RawPosting, Request, Text};

/// The source.
#[derive(Debug)]
pub struct Personio;

impl Source for Personio {
    fn name(&self) -> &'static str {
        "personio"
    }

    fn title(&self) -> &'static str {
        "Personio"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["*.jobs.personio.de", "*.jobs.personio.com"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://developer.personio.de/docs/retrieving-open-job-positions",
            "public XML feed without a key, meant for showing a career page elsewhere",
        )
    }

    fn politeness(&self) -> Politeness {
        Politeness::API
    }

    /// `options.language` asks for another language of the same positions than English, `options.domain` is `de` or `com`.
    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        let site = site(board)?;
        let language = board.text_option("language")?.unwrap_or("en");
        let code = language.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'-');
        if !code || !(2..=8).contains(&language.len()) {
            let message =
                format!("options.language: expected a code like \"de\", got \"{}\"", language.escape_debug());
            return Err(SourceError::Args(message));
        }
        Ok(Request::xml(format!("{site}/xml?language={language}")))
    }

    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let site = site(board)?;
        let feed = Xml::read(page)?;
        let mut records = Records::default();
        for position in feed.root_named(&["workzag-jobs"])?.children("position") {
            records.push(posting(board, &site, position), || position.field("id"));
        }
        Ok(records.into_parsed(None, feed.whole))
    }
}

/// Where the tenant's career page is.
fn site(board: &Board) -> Result<String, SourceError> {
    board.only_options(&["language", "domain"])?;
    let domain = match board.text_option("domain")? {
        None | Some("de") => "de",
        Some("com") => "com",
        Some(other) => {
            let message =
                format!("options.domain: expected \"de\" or \"com\", got \"{}\"", other.escape_debug());
            return Err(SourceError::Args(message));
        }
    };
    Ok(format!("https://{}.jobs.personio.{domain}", board.label()?))
}

fn posting(board: &Board, site: &str, position: &Element) -> Result<RawPosting, String> {
    let id = position.required("id")?;
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err("id: expected a number".to_owned());
    }
    let url = format!("{site}/job/{id}");
    let blocks = blocks(position);
    let asked: Vec<_> = blocks.iter().filter(|(name, _)| asks_for_requirements(name)).collect();
    let requirements = match asked.as_slice() {
        [(_, value)] => Some(Text::Html(value.clone())),
        several => html(several.iter().copied()),
    };
    let keywords = position.field("keywords").unwrap_or_default();
    let keywords = keywords.split(',').map(str::trim).filter(|keyword| !keyword.is_empty());
    Ok(RawPosting {
        source_id: format!("{}:{id}", board.board.trim()),
        company: position.field("subcompany").or_else(|| board.employer(&url)),
        url,
        title: position.required("name")?,
        locations: offices(position),
        description: html(blocks.iter()),
        requirements,
        pay: position.child("salaryInformation").and_then(pay),
        employment: employment(position),
        skills: keywords.map(str::to_owned).collect(),
        posted: position.field("createdAt").map(RawDate::Text),
        ..RawPosting::default()
    })
}

fn offices(position: &Element) -> Vec<String> {
    let others = position.child("additionalOffices");
    let others = others.into_iter().flat_map(|offices| offices.children("office"));
    let mut offices: Vec<String> = Vec::new();
    for office in position.children("office").chain(others).filter_map(Element::text) {
        if !offices.contains(&office) {
            offices.push(office);
        }
    }
    offices
}

/// The named blocks of the text that are not empty.
fn blocks(position: &Element) -> Vec<(String, String)> {
    let blocks = position.children("jobDescriptions").flat_map(|all| all.children("jobDescription"));
    let read = blocks.filter_map(|block| {
        let value = block.child("value")?.markup()?;
        Some((block.field("name").unwrap_or_default(), unescape_once(&value).into_owned()))
    });
    read.collect()
}

/// Each block under its name.
fn html<'a>(blocks: impl Iterator<Item = &'a (String, String)>) -> Option<Text> {
    let mut html = String::new();
    for (name, value) in blocks {
        if !name.is_empty() {
            html.push_str("<h3>");
            html.push_str(&escape(name));
            html.push_str("</h3>");
        }
        html.push_str("<div>");
        html.push_str(value);
        html.push_str("</div>");
    }
    (!html.is_empty()).then_some(Text::Html(html))
}

/// What is special about the employment says more than its hours; `permanent` says less.
fn employment(position: &Element) -> Vec<String> {
    let kind = position.field("employmentType");
    let schedule = position.field("schedule");
    match kind {
        Some(kind) if kind.eq_ignore_ascii_case("permanent") => schedule.into_iter().chain([kind]).collect(),
        kind => kind.into_iter().chain(schedule).collect(),
    }
}

fn pay(salary: &Element) -> Option<Pay> {
    let period = match salary.field("type").unwrap_or_default().to_ascii_lowercase().as_str() {
        "hourly" | "hour" => Some(Period::Hour),
        "daily" | "day" => Some(Period::Day),
        "weekly" | "week" => Some(Period::Week),
        "monthly" | "month" => Some(Period::Month),
        "yearly" | "year" | "annual" => Some(Period::Year),
        _ => None,
    };
    let amount = |name: &str| salary.field(name)?.parse().ok();
    range(amount("min"), amount("max"), salary.field("currencyCode").as_deref(), period)
}

#[cfg(test)]
mod tests;
