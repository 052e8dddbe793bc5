//! Places in free text and in fields.
//!
//! [`entries`] cuts a text into places, [`parts`] cuts a place into named parts and drops what is no name (postcodes,
//! "Remote", "HQ"), [`countries`] says which parts are countries, [`resolve`] finds out what each other part is and [`draft`] makes
//! places of them, with the help of the [`gazetteer`]. A name that the gazetteer does not know is kept as it stands beside a known
//! region or country, and dropped alone: nothing is guessed. The tables and how to change them: `README.md` in this folder.

mod countries;
mod draft;
mod entries;
mod gazetteer;
mod key;
mod parts;
mod resolve;
#[cfg(test)]
mod tests;

use crate::domain::Place;

/// Longest text that is looked at, in bytes; locations are short, what is longer is a description.
const LONGEST_TEXT: usize = 4_000;
const MOST_PLACES: usize = 64;
const LONGEST_LINE: usize = 255;

/// The places a free-text location names, in its order, in English names; words such as "Remote" are left out.
pub fn from_text(text: &str) -> Vec<Place> {
    let mut end = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut places: Vec<Place> = Vec::new();
    for entry in entries::split(text.get(..end).unwrap_or_default()) {
        for place in resolve::entry(&entry) {
            if places.len() < MOST_PLACES && !places.contains(&place) {
                places.push(place);
            }
        }
    }
    places
}

/// Completes and translates a place that a source gives in parts (country as name or code, city in any language).
pub fn complete(place: &Place) -> Place {
    let stated = |part: &Option<String>| {
        part.as_deref().map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned)
    };
    let (city, region, country) = (stated(&place.city), stated(&place.region), stated(&place.country));
    let code = stated(&place.country_code)
        .and_then(|code| gazetteer::country_by_code(&code))
        .or_else(|| country.as_deref().and_then(gazetteer::country_in_field));
    let found = resolve::fields(city.as_deref(), region.as_deref(), code);
    let unknown_country = if found.country.is_none() { country } else { None };
    Place { country: found.country.or(unknown_country), ..found }
}

/// One line for `jobs.location`: `Berlin, Germany; Austin, Texas, United States`.
pub fn display(places: &[Place]) -> Option<String> {
    let mut line = String::new();
    let mut shown: Vec<String> = Vec::new();
    for place in places {
        let one = one_line(place);
        if one.is_empty() || shown.contains(&one) {
            continue;
        }
        let length = line.chars().count() + one.chars().count() + if line.is_empty() { 0 } else { 2 };
        if length > LONGEST_LINE {
            break;
        }
        if !line.is_empty() {
            line.push_str("; ");
        }
        line.push_str(&one);
        shown.push(one);
    }
    (!line.is_empty()).then_some(line)
}

/// The region is shown where several towns of one country share their names, and where there is no city.
fn one_line(place: &Place) -> String {
    let regional = matches!(place.country_code.as_deref(), Some("US" | "CA" | "AU")) || place.city.is_none();
    let region = place.region.as_deref().filter(|_| regional || place.country.is_none());
    let parts = [place.city.as_deref(), region, place.country.as_deref()];
    let mut line = String::new();
    let mut last = "";
    for part in parts.into_iter().flatten().filter(|part| !part.is_empty()) {
        if part == last {
            continue;
        }
        if !line.is_empty() {
            line.push_str(", ");
        }
        line.push_str(part);
        last = part;
    }
    line
}
