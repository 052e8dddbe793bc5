//! Recruitee careers site API: all offers of a company in one answer.
//!
//! Requirements are a field of their own. A pay object is on every offer and mostly empty; its amounts are texts. Several of the
//! three place-of-work flags may be true at once. Texts come in the company's main language at the top and in each language under
//! `translations`.

use rust_decimal::Decimal;

use super::{
    Board, Parsed, Source, SourceError, Terms,
    reading::{Document, Object, PlaceKeys, Records, Value, period, range},
};
use crate::domain::{
    Page, Pay, Period, Place, Politeness, RawDate, RawPosting, RemoteOption, Request, Text, Workplace,
};

/// The source.
#[derive(Debug)]
pub struct Recruitee;

impl Source for Recruitee {
    fn name(&self) -> &'static str {
        "recruitee"
    }

    fn title(&self) -> &'static str {
        "Recruitee"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["*.recruitee.com"]
    }

    fn terms(&self) -> Terms {
        Terms::open(
            "https://docs.recruitee.com/reference/intro-to-careers-site-api",
            "public careers site API without a key, meant for showing the offers of a company elsewhere",
        )
    }

    fn politeness(&self) -> Politeness {
        Politeness::API
    }

    fn first(&self, board: &Board) -> Result<Request, SourceError> {
        board.only_options(&[])?;
        Ok(Request::json(format!("https://{}.recruitee.com/api/offers/", board.label()?)))
    }

    /// A single offer comes as `offer`.
    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError> {
        let document = Document::new(page.body);
        let answer = document.root()?.object().map_err(SourceError::Layout)?;
        let mut records = Records::default();
        if let (None, Some(offer)) = (answer.get("offers"), answer.get("offer")) {
            records.add(offer, |record| posting(board, record));
            return Ok(records.into_parsed(None, false));
        }
        let Some(offers) = answer.get("offers") else {
            let found = answer.found("offers");
            return Err(SourceError::Layout(format!("offers: expected a list, got {found}")));
        };
        let offers = offers.items().map_err(|why| SourceError::Layout(format!("offers: {why}")))?;
        for offer in offers {
            records.add(offer, |record| posting(board, record));
        }
        Ok(records.into_parsed(None, true))
    }
}

fn posting(board: &Board, record: &Object<'_>) -> Result<RawPosting, String> {
    let source_id = record.required_id("id")?;
    if let Some(status) = record.text("status").filter(|status| status.trim() != "published") {
        return Err(format!("status: expected published, got {}", status.trim().escape_debug()));
    }
    let url = record.required_url("careers_url")?;
    let texts = Texts::read(record);
    let title = texts.of("title").map_or_else(|| record.required_text("title"), Ok)?;
    Ok(RawPosting {
        source_id,
        company: record.text("company_name").or_else(|| board.employer("")),
        url,
        title,
        locations: locations(record),
        places: places(record),
        description: texts.of("description").map(Text::Html),
        requirements: texts.of("requirements").map(Text::Html),
        pay: record.object("salary").and_then(|salary| pay(&salary)),
        employment: record.text("employment_type_code").into_iter().collect(),
        workplace: workplace(record).map(Workplace::Stated),
        skills: tags(record),
        posted: record.text("published_at").or_else(|| record.text("created_at")).map(RawDate::Text),
        deadline: record.text("close_at").map(RawDate::Text),
        language: texts.language.clone(),
        ..RawPosting::default()
    })
}

/// An offer's texts and the language they are in.
struct Texts<'r, 'a> {
    record: &'r Object<'a>,
    translation: Option<Object<'a>>,
    language: Option<String>,
}

impl<'r, 'a> Texts<'r, 'a> {
    /// The translation whose text is that of the offer tells its language, as does the only one there is. An offer without a title
    /// of its own is taken whole from its first translation.
    fn read(record: &'r Object<'a>) -> Self {
        let all = record.object("translations");
        let mut all: Vec<_> = all
            .iter()
            .flat_map(Object::entries)
            .filter_map(|(language, texts)| Some((language.to_owned(), texts.object().ok()?)))
            .collect();
        let own = |key| record.text(key);
        let at = if own("title").is_none() {
            all.iter().position(|(_, texts)| texts.text("title").is_some())
        } else if all.len() == 1 {
            Some(0)
        } else {
            let same = |texts: &Object<'_>, key| own(key).is_some() && texts.text(key) == own(key);
            all.iter().position(|(_, texts)| same(texts, "title") && same(texts, "description"))
        };
        let (language, translation) = at.map(|at| all.swap_remove(at)).unzip();
        Self { record, translation: translation.filter(|_| own("title").is_none()), language }
    }

    fn of(&self, key: &str) -> Option<String> {
        self.translation.as_ref().unwrap_or(self.record).text(key)
    }
}

/// `location` is the place in words, or `Remote job`; a place may have a name of its own that says more than its city.
fn locations(record: &Object<'_>) -> Vec<String> {
    let mut locations: Vec<String> = record.text("location").into_iter().collect();
    for place in record.objects("locations") {
        let Some(name) = place.text("name") else { continue };
        let known = locations.iter().any(|known| known.contains(name.trim()));
        if !known && place.text("city").is_none_or(|city| city.trim() != name.trim()) {
            locations.push(name);
        }
    }
    locations
}

fn places(record: &Object<'_>) -> Vec<Place> {
    let keys = PlaceKeys { city: "city", region: "state", country: "country", code: "country_code" };
    let places: Vec<_> = record.objects("locations").filter_map(|place| keys.read(&place)).collect();
    if places.is_empty() {
        PlaceKeys { region: "state_name", ..keys }.read(record).into_iter().collect()
    } else {
        places
    }
}

/// Both at home and on site, as the applicant likes, is hybrid.
fn workplace(record: &Object<'_>) -> Option<RemoteOption> {
    let says = |key| record.flag(key) == Some(true);
    match (says("hybrid"), says("remote"), says("on_site")) {
        (true, _, _) | (_, true, true) => Some(RemoteOption::Hybrid),
        (_, true, false) => Some(RemoteOption::Remote),
        (_, false, true) => Some(RemoteOption::Onsite),
        (_, false, false) => None,
    }
}

fn pay(salary: &Object<'_>) -> Option<Pay> {
    let period = salary.text("period").and_then(|word| period(&word));
    let pay =
        range(salary.decimal("min"), salary.decimal("max"), salary.text("currency").as_deref(), period)?;
    // Some companies enter thousands (`75.00` to `95.00` a year), which the field does not say.
    let most = pay.max.or(pay.min)?;
    (period != Some(Period::Year) || most >= Decimal::from(1_000)).then_some(pay)
}

/// Texts, or objects with a name.
fn tags(record: &Object<'_>) -> Vec<String> {
    let name = |tag: Value<'_>| tag.text().or_else(|| tag.object().ok()?.text("name"));
    record.items("tags").into_iter().filter_map(name).collect()
}

#[cfg(test)]
mod tests;
