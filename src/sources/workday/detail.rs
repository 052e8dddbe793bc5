//! The page of one posting.

use super::{
    super::{
        Board,
        reading::{Object, Value, country_code},
    },
    site::{Site, requisition},
};
use crate::domain::{Place, RawDate, RawPosting, Text, Workplace};

pub(super) fn posting(
    board: &Board,
    record: &Object<'_>,
    employer: Option<String>,
    site: &Site,
    url: &str,
) -> Result<RawPosting, String> {
    if record.flag("posted") == Some(false) {
        return Err("posted: no longer shown".to_owned());
    }
    let number = record.text("jobReqId");
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let id = requisition(path, number.as_deref().into_iter());
    let id =
        number.map(|number| number.trim().to_owned()).or(id).ok_or("jobReqId: expected text, got nothing")?;
    let configured = board.company.as_deref().is_some_and(|name| !name.trim().is_empty());
    Ok(RawPosting {
        source_id: site.identity(&id),
        url: record.required_url("externalUrl")?,
        title: record.required_text("title")?,
        company: employer.filter(|_| !configured).or_else(|| site.employer(board)),
        locations: locations(record),
        places: country(record).into_iter().collect(),
        description: record.text("jobDescription").map(Text::Html),
        employment: record.text("timeType").into_iter().collect(),
        workplace: record.text("remoteType").map(Workplace::Text),
        posted: record.text("startDate").or_else(|| posted_on(record)).map(RawDate::Text),
        deadline: record.text("endDate").map(RawDate::Text),
        ..RawPosting::default()
    })
}

/// An age of `30+` days is no day.
fn posted_on(record: &Object<'_>) -> Option<String> {
    record.text("postedOn").filter(|text| !text.contains('+'))
}

fn locations(record: &Object<'_>) -> Vec<String> {
    let mut locations: Vec<String> = record.text("location").into_iter().collect();
    for place in record.items("additionalLocations").into_iter().filter_map(Value::text) {
        if !locations.contains(&place) {
            locations.push(place);
        }
    }
    if locations.is_empty() {
        let office = record.object("jobRequisitionLocation");
        locations.extend(office.and_then(|office| office.text("descriptor")));
    }
    locations
}

/// The country of the main place.
fn country(record: &Object<'_>) -> Option<Place> {
    let office = record.object("jobRequisitionLocation").and_then(|office| office.object("country"));
    let country = office.or_else(|| record.object("country"))?;
    let code = country.text("alpha2Code").and_then(|code| country_code(&code));
    let name = country.text("descriptor").map(|name| name.trim().to_owned());
    (code.is_some() || name.is_some()).then_some(Place {
        country: name,
        country_code: code,
        ..Place::default()
    })
}
