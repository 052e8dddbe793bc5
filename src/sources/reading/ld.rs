//! schema.org `JobPosting` in JSON-LD: where it stands in a page, and what it says.
//!
//! Publishers embed it for search engines, by hand and by template: empty blocks, trailing commas, line breaks within strings,
//! comments around the JSON, escaped HTML within. All that is read. To read one more property, add it to [`from_json_ld`].

mod blocks;
mod microdata;
mod pay;

use super::{Object, Value, escape, markup};
use crate::domain::{Place, RawDate, RawPosting, RemoteOption, Text, Workplace};

pub(in crate::sources) use blocks::job_postings;
pub(in crate::sources) use microdata::microdata;

/// Properties that say what is asked for, with the headings to show them under.
const ASKED: [(&str, &str); 4] = [
    ("qualifications", "Qualifications"),
    ("skills", "Skills"),
    ("experienceRequirements", "Experience"),
    ("educationRequirements", "Education"),
];
/// Longest item of a list of skills that is a name; others are sentences.
const SKILL: usize = 50;

/// What a `JobPosting` says. Its `source_id` is the publisher's identifier, where there is one; it may be without title, company and
/// address.
pub(in crate::sources) fn from_json_ld(posting: &Object<'_>) -> RawPosting {
    let (pay, pay_text) = pay::read(posting);
    let (skills, asked) = asked(posting);
    let places: Vec<Object<'_>> = objects(posting, "jobLocation").collect();
    let (addresses, mut locations) = locations(&places);
    locations.extend(texts(posting, "jobLocation"));
    let telecommute =
        texts(posting, "jobLocationType").iter().any(|kind| kind.eq_ignore_ascii_case("telecommute"));
    if telecommute && addresses.is_empty() && locations.is_empty() {
        locations
            .extend(objects(posting, "applicantLocationRequirements").filter_map(|area| area.text("name")));
        locations.extend(texts(posting, "applicantLocationRequirements"));
    }
    RawPosting {
        source_id: identifier(posting).unwrap_or_default(),
        url: texts(posting, "url").into_iter().next().unwrap_or_default(),
        title: posting.text("title").or_else(|| posting.text("name")).unwrap_or_default(),
        company: company(posting),
        locations,
        places: addresses,
        description: description(posting, &asked),
        requirements: requirements(&asked),
        pay,
        pay_text,
        employment: texts(posting, "employmentType"),
        workplace: telecommute.then_some(Workplace::Stated(RemoteOption::Remote)),
        skills,
        posted: posting.text("datePosted").map(RawDate::Text),
        deadline: posting.text("validThrough").map(RawDate::Text),
        language: posting.text("inLanguage").filter(|code| code.len() <= 5),
    }
}

/// The object under a key, or the objects of a list.
fn objects<'a>(record: &Object<'a>, key: &str) -> impl Iterator<Item = Object<'a>> + use<'a> {
    record.object(key).into_iter().chain(record.objects(key))
}

/// The text under a key, or the texts of a list.
fn texts(record: &Object<'_>, key: &str) -> Vec<String> {
    let items = record.items(key).into_iter().filter_map(Value::text);
    record.text(key).into_iter().chain(items).collect()
}

fn identifier(posting: &Object<'_>) -> Option<String> {
    let own = |value: Value<'_>| value.id().filter(|id| !id.is_empty());
    let named = objects(posting, "identifier").find_map(|id| own(id.get("value")?));
    named.or_else(|| own(posting.get("identifier")?))
}

fn company(posting: &Object<'_>) -> Option<String> {
    let named =
        |organization: Object<'_>| organization.text("name").or_else(|| organization.text("legalName"));
    let organization = objects(posting, "hiringOrganization").find_map(named);
    organization.or_else(|| texts(posting, "hiringOrganization").into_iter().next())
}

/// Addresses in parts, and places that have only a name.
fn locations(places: &[Object<'_>]) -> (Vec<Place>, Vec<String>) {
    let (mut addresses, mut names) = (Vec::new(), Vec::new());
    for place in places {
        let parts: Vec<Place> = objects(place, "address").map(|address| parts(&address)).collect();
        // A name in several parts is a place; any other may be that of a building.
        let name = place.text("name").filter(|name| {
            let known = |part: &Place| part.city.as_ref().is_some_and(|city| name.contains(city.as_str()));
            parts.iter().all(|part| *part == Place::default())
                || name.contains(", ") && !parts.iter().any(known)
        });
        names.extend(texts(place, "address").into_iter().chain(name));
        for part in parts {
            if part != Place::default() && !addresses.contains(&part) {
                addresses.push(part);
            }
        }
    }
    names.dedup();
    (addresses, names)
}

fn parts(address: &Object<'_>) -> Place {
    let part = |key: &str| {
        let named = objects(address, key).flat_map(|named| texts(&named, "name"));
        let mut all = texts(address, key).into_iter().chain(named);
        all.find_map(|text| Some(text.trim().to_owned()).filter(|text| !text.is_empty()))
    };
    Place {
        city: part("addressLocality"),
        region: part("addressRegion"),
        country: part("addressCountry"),
        country_code: None,
    }
}

/// Names of skills, and what is asked for in sentences under its heading.
fn asked(posting: &Object<'_>) -> (Vec<String>, Vec<(&'static str, Text)>) {
    let mut skills = Vec::new();
    let mut asked = Vec::new();
    for (key, heading) in ASKED {
        let mut said = texts(posting, key);
        said.extend(objects(posting, key).filter_map(|term| {
            let named = ["name", "credentialCategory", "description"].iter().find_map(|key| term.text(key));
            named.or_else(|| experience(&term))
        }));
        if key == "skills" {
            let names: Vec<_> =
                said.iter().flat_map(|text| text.split([',', ';', '\n'])).map(str::trim).collect();
            let short = |name: &&str| name.chars().count() <= SKILL && !name.contains('<');
            if names.iter().all(short) {
                skills.extend(names.into_iter().filter(|name| !name.is_empty()).map(str::to_owned));
                continue;
            }
        }
        asked.extend(markup(&said.join("\n")).map(|text| (heading, text)));
    }
    (skills, asked)
}

fn experience(term: &Object<'_>) -> Option<String> {
    let months = term.get("monthsOfExperience")?.decimal()?;
    let twelve = rust_decimal::Decimal::from(12);
    let (count, unit) =
        if months >= twelve { ((months / twelve).floor(), "years") } else { (months, "months") };
    Some(format!("{count} {unit} of experience"))
}

fn requirements(asked: &[(&str, Text)]) -> Option<Text> {
    match asked {
        [] => None,
        [(_, text)] => Some(text.clone()),
        several => {
            let mut html = String::new();
            for (heading, text) in several {
                push_section(&mut html, heading, text);
            }
            Some(Text::Html(html))
        }
    }
}

/// The body, with duties and requirements where it does not hold them already.
fn description(posting: &Object<'_>, asked: &[(&str, Text)]) -> Option<Text> {
    let body = texts(posting, "description").join("\n");
    let duties = markup(&texts(posting, "responsibilities").join("\n"));
    let further: Vec<_> =
        duties.map(|text| ("Responsibilities", text)).into_iter().chain(asked.iter().cloned()).collect();
    let known = gist(&body);
    let further: Vec<_> = further
        .into_iter()
        .filter(|(_, Text::Html(text) | Text::Plain(text))| !known.contains(&gist(text)))
        .collect();
    if further.is_empty() {
        return markup(&body);
    }
    let mut html = markup(&body).map(|text| as_html(&text)).unwrap_or_default();
    for (heading, text) in &further {
        push_section(&mut html, heading, text);
    }
    Some(Text::Html(html))
}

/// The first letters of a text, to find it in another.
fn gist(text: &str) -> String {
    let mut letters = String::new();
    let mut tag = false;
    for c in text.chars() {
        match c {
            '<' => tag = true,
            '>' => tag = false,
            c if !tag && c.is_alphanumeric() => letters.push(c),
            _ => {}
        }
    }
    letters
}

fn as_html(text: &Text) -> String {
    match text {
        Text::Html(html) => html.clone(),
        Text::Plain(plain) => {
            let lines = plain.lines().map(|line| format!("<p>{}</p>", plain_line(line)));
            lines.collect()
        }
    }
}

/// A line that may hold entities but no tags.
fn plain_line(line: &str) -> String {
    if line.contains('&') { line.replace('<', "&lt;") } else { escape(line) }
}

fn push_section(html: &mut String, heading: &str, text: &Text) {
    html.push_str("<h3>");
    html.push_str(heading);
    html.push_str("</h3>");
    html.push_str(&as_html(text));
}

#[cfg(test)]
mod tests;
