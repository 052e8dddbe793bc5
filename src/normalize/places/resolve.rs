//! Finds out what the parts of a place are.

use super::countries::by_country;
use super::draft::{Draft, set_country, without_city};
use super::gazetteer::{self, City, Region};
use super::key;
use super::parts::{self, Part};
use crate::domain::Place;

/// A town this large is named without its region, and lists of towns are of such.
pub(super) const LARGE: u32 = 50;
/// A city this large is meant where a region has the same name.
pub(super) const LARGER_THAN_REGION: u32 = 300;
/// A town this large is meant rather than the region that is named after it.
const TOWN: u32 = 15;

/// The places of one entry, most often one.
pub(super) fn entry(text: &str) -> Vec<Place> {
    let parts = meant(parts::of(text));
    if parts.is_empty() {
        return Vec::new();
    }
    by_country(&parts).into_iter().flat_map(|(country, rest)| walk(&rest, country)).collect()
}

/// A place from a source's own parts.
pub(super) fn fields(city: Option<&str>, region: Option<&str>, country: Option<&'static str>) -> Place {
    let region_key = region.map(key::of);
    let regions = region_key.as_deref().map_or(&[][..], gazetteer::regions);
    let known = |region: &&Region| country.is_none_or(|country| region.country == country);
    let stated = regions
        .iter()
        .filter(known)
        .find(|region| country.is_some() || region.country == "US" || regions.len() == 1);
    let name = city.filter(|city| !city.contains('/')).map(|city| {
        let mut parts = parts::of(city);
        let first = parts.drain(..).find(|part| part.country().is_none() || parts::is_name(city));
        first.map_or_else(String::new, |part| part.text)
    });
    let draft = Draft { city: name.filter(|name| !name.is_empty()), region: stated.copied(), country: None };
    let country = country.or(draft.region.map(|region| region.country));
    let mut place = draft.place(country, true).unwrap_or_default();
    if stated.is_none() && region.is_some() {
        place.region = region.map(str::to_owned);
    }
    if place.country_code.is_none() {
        set_country(&mut place, country);
    }
    place
}

/// Drops the name of an office, a branch or a company before a place ("Elm Branch - Worth, IL").
fn meant(parts: Vec<Part>) -> Vec<Part> {
    let Some(last) = parts.last().map(|part| part.chunk).filter(|last| *last > 0) else { return parts };
    let first = parts.first().map_or(0, |part| part.chunk);
    let in_chunk = |chunk: usize| parts.iter().filter(move |part| part.chunk == chunk);
    let area = |part: &Part| is_area(part);
    let full =
        (first + 1..=last).any(|chunk| in_chunk(chunk).count() > 1 && in_chunk(chunk).skip(1).any(area));
    let named = in_chunk(first).any(|part| {
        is_area(part) || !gazetteer::regions(&part.key).is_empty() || people(&part.key, None) >= TOWN
    });
    let later = parts.iter().any(|part| part.chunk > first && parts::is_name(&part.text));
    let only_areas =
        parts.iter().filter(|part| part.chunk > first).all(|part| is_area(part) || parts::is_state(part));
    let named = named || (only_areas && in_chunk(first).any(|part| parts::is_name(&part.text)));
    let office = !in_chunk(first).any(area) && (full || (!named && later));
    if office { parts.into_iter().filter(|part| part.chunk > first).collect() } else { parts }
}

/// A country, or an abbreviation of a country or state.
fn is_area(part: &Part) -> bool {
    let code = part.code();
    part.country().is_some()
        || code.is_some_and(|code| gazetteer::country_by_code(&code).is_some() || parts::is_state(part))
}

pub(super) fn cities_in(key: &str, country: Option<&str>, region: Option<Region>) -> Vec<City> {
    let mut found = gazetteer::cities(key);
    found.retain(|city| {
        country.is_none_or(|country| city.country == country)
            && region.is_none_or(|region| city.country == region.country && city.region == region.code)
    });
    found
}

pub(super) fn largest(cities: Vec<City>) -> Option<City> {
    cities.into_iter().max_by_key(City::weight)
}

pub(super) fn people(key: &str, country: Option<&str>) -> u32 {
    cities_in(key, country, None).iter().map(|city| city.people).max().unwrap_or(0)
}

/// Reads the parts from left to right: a region belongs to the city before it, a new large city starts a new place.
fn walk(parts: &[Part], country: Option<&'static str>) -> Vec<Place> {
    let mut drafts: Vec<Draft> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        let regions = regions_of(part, country);
        let repeated = seen.contains(&part.key.as_str());
        seen.push(&part.key);
        let large = people(&part.key, country) >= LARGE;
        if let Some(current) = drafts.last_mut() {
            if current.city.is_some() && current.region.is_none() && !regions.is_empty() {
                let region = region_for(current, &regions);
                let known = current.city.as_deref().map(key::of).is_some_and(|key| gazetteer::has_city(&key));
                let rival = large && !repeated && part.code().is_none() && known;
                if region.is_some() || !(rival || lists(current, &regions)) {
                    match (region, regions.as_slice()) {
                        (None, [first, _, ..]) if is_county(&part.key) => {
                            current.country = Some(first.country);
                        }
                        (region, regions) => current.region = region.or_else(|| regions.first().copied()),
                    }
                    continue;
                }
            }
            if current.city.is_none()
                && current.region.is_none()
                && current.country.is_some()
                && !regions.is_empty()
            {
                current.region =
                    regions.iter().find(|region| current.country == Some(region.country)).copied();
                continue;
            }
            if repeated {
                continue;
            }
            let abbreviation = part.code().is_some() && !gazetteer::has_city(&part.key);
            if current.city.is_none() && regions.is_empty() && !abbreviation {
                current.city = Some(part.text.clone());
                continue;
            }
            if current.city.is_none()
                && current.region.is_some_and(|r| !cities_in(&part.key, None, Some(r)).is_empty())
            {
                current.city = Some(part.text.clone());
                continue;
            }
            if regions.is_empty() && !large {
                continue;
            }
        }
        let followed = parts.get(index + 1).is_some_and(|next| {
            let within = |region: &Region| !cities_in(&part.key, None, Some(*region)).is_empty();
            let abbreviation = part.code().is_none() && next.code().is_some();
            next.key == part.key
                || regions_of(next, country).iter().any(within)
                || (abbreviation && has_namesake(part, country))
        });
        let region = regions.first().copied().filter(|_| !(followed || is_rather_city(part, country)));
        drafts.push(match region {
            Some(region) if regions.len() > 1 && is_county(&part.key) => {
                Draft { country: Some(region.country), ..Draft::default() }
            }
            Some(region) => Draft { region: Some(region), ..Draft::default() },
            None => Draft { city: Some(part.text.clone()), ..Draft::default() },
        });
    }
    without_districts(&mut drafts, country);
    if drafts.is_empty() {
        drafts.push(Draft::default());
    }
    drafts.iter().filter_map(|draft| draft.place(country, false)).collect()
}

fn is_county(key: &str) -> bool {
    key.ends_with(" county") || key.ends_with(" parish")
}

/// "New York, New Jersey" are two, and so are "SF, NY": what stands first cannot lie in what follows.
fn lists(draft: &Draft, regions: &[Region]) -> bool {
    let Some(name) = draft.city.as_deref() else { return false };
    let key = key::of(name);
    let state = |regions: &[Region]| regions.iter().any(|region| region.country == "US");
    let shouted = name.len() <= 3 && name.bytes().all(|byte| byte.is_ascii_uppercase());
    state(regions) && (state(gazetteer::regions(&key)) || shouted)
}

/// "Mission District, San Francisco": a small place before a large city without a word of where is a part of it.
fn without_districts(drafts: &mut Vec<Draft>, country: Option<&str>) {
    if let [first, second] = drafts.as_slice() {
        let people = |draft: &Draft| draft.city.as_deref().map_or(0, |city| people(&key::of(city), country));
        let bare = |draft: &Draft| draft.region.is_none() && draft.country.is_none();
        if bare(first) && bare(second) && people(first) < LARGE && people(second) >= LARGER_THAN_REGION {
            drafts.remove(0);
        }
    }
}

/// "New York" alone is the city, "Ontario" the province; "Washington" alone is the state, "Quebec" the province.
fn is_rather_city(part: &Part, country: Option<&str>) -> bool {
    // "Freiburg" is a canton too, but not in English.
    let english =
        |region: &Region| gazetteer::region_name(*region).is_some_and(|name| key::of(name) == part.key);
    let regions = regions_of(part, country);
    let needed = if regions.iter().any(english) { LARGER_THAN_REGION } else { LARGE };
    let large = || people(&part.key, country) >= needed;
    part.code().is_none()
        && !matches!(part.key.as_str(), "washington" | "quebec")
        && (large() || has_namesake(part, country))
}

/// A town in the region of the same name.
fn has_namesake(part: &Part, country: Option<&str>) -> bool {
    let town =
        |region: &Region| cities_in(&part.key, None, Some(*region)).iter().any(|city| city.people >= TOWN);
    regions_of(part, country).first().is_some_and(town)
}

/// The region of the candidates that has the city.
fn region_for(draft: &Draft, regions: &[Region]) -> Option<Region> {
    let key = key::of(draft.city.as_deref()?);
    let has = |region: &&Region| {
        let city = |key: &str| !cities_in(key, None, Some(**region)).is_empty();
        city(&key) || without_city(&key).is_some_and(|key| city(&key))
    };
    regions
        .iter()
        .filter(has)
        .max_by_key(|region| cities_in(&key, None, Some(**region)).iter().map(|city| city.people).max())
        .copied()
}

/// Countries whose regions are commonly written without the country, the likeliest first.
const STATED_ALONE: [&str; 8] = ["US", "CA", "AU", "GB", "DE", "IN", "CH", "AT"];

/// The regions a part can mean; abbreviations without a country only those that are written so.
pub(super) fn regions_of(part: &Part, country: Option<&str>) -> Vec<Region> {
    let short = part.key.len() <= 3;
    let rank = |region: &Region| STATED_ALONE.iter().position(|country| *country == region.country);
    let mut regions: Vec<Region> = gazetteer::regions(&part.key)
        .iter()
        .filter(|region| country.is_none_or(|country| region.country == country))
        .filter(|_| !short || part.code().is_some())
        .filter(|region| country.is_some() || !short || matches!(region.country, "US" | "CA" | "AU"))
        .copied()
        .collect();
    regions.sort_by_key(|region| rank(region).unwrap_or(STATED_ALONE.len()));
    regions
}
