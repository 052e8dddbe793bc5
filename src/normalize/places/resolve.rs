//! Finds out what the parts of a place are.

use super::gazetteer::{self, City, Region};
use super::key;
use super::parts::{self, Part};
use crate::domain::Place;

/// A town this large is named without its region, and lists of towns are of such.
const LARGE: u32 = 50;
/// A city this large is meant where a region has the same name.
const LARGER_THAN_REGION: u32 = 300;
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

type Group = (Option<&'static str>, Vec<Part>);

/// Cuts the parts at their countries: "Paris, France, Oslo, Norway" are two places.
fn by_country(parts: &[Part]) -> Vec<Group> {
    let countries: Vec<Option<&'static str>> =
        (0..parts.len()).map(|index| country_at(parts, index)).collect();
    let mut stated: Vec<usize> =
        (0..parts.len()).filter(|index| countries.get(*index).copied().flatten().is_some()).collect();
    stated.dedup_by_key(|index| countries.get(*index).copied().flatten());
    let named = |from: usize, to: usize| -> Vec<Part> {
        let inside = parts.iter().enumerate().skip(from).take(to.saturating_sub(from));
        inside
            .filter(|(index, _)| countries.get(*index).copied().flatten().is_none())
            .map(|(_, part)| part.clone())
            .collect()
    };
    let at = |index: usize| countries.get(index).copied().flatten();
    match stated.as_slice() {
        [] => vec![(None, named(0, parts.len()))],
        [only] => {
            // "Austin, TX, London, UK": the state belongs to another country.
            let elsewhere = |part: &Part| {
                part.code().is_some() && parts::is_state(part) && regions_of(part, at(*only)).is_empty()
            };
            let before = parts.iter().take(*only).rposition(elsewhere).map_or(0, |last| last + 1);
            if before > 0 && before < *only {
                vec![(None, named(0, before)), (at(*only), named(before, parts.len()))]
            } else {
                vec![(at(*only), named(0, parts.len()))]
            }
        }
        [0, ..] => {
            let ends = stated.iter().skip(1).copied().chain([parts.len()]);
            stated.iter().zip(ends).map(|(from, to)| (at(*from), named(*from, to))).collect()
        }
        _ => {
            let starts = std::iter::once(0).chain(stated.iter().map(|index| index + 1));
            let mut groups: Vec<Group> =
                starts.zip(stated.iter()).map(|(from, to)| (at(*to), named(from, *to))).collect();
            let after = stated.last().map_or(0, |last| last + 1);
            if after < parts.len() {
                groups.push((None, named(after, parts.len())));
            }
            groups
        }
    }
}

/// The country that a part names in its position, if it names one.
fn country_at(parts: &[Part], index: usize) -> Option<&'static str> {
    let part = parts.get(index)?;
    let others = || parts.iter().enumerate().filter(move |(other, _)| *other != index).map(|(_, part)| part);
    // "Medellín, ANT, CO": a region of three letters.
    let inside = index > 0 && index + 1 == parts.len().saturating_sub(1) && part.code().is_some();
    let last = || parts.last().and_then(Part::code).filter(|code| code.len() == 2);
    if inside && last().is_some_and(|code| gazetteer::country_by_code(&code).is_some()) {
        return None;
    }
    if let Some(country) = part.country() {
        let within = |state: &Part| {
            let us = gazetteer::regions(&state.key).iter().find(|region| region.country == "US");
            us.is_some_and(|state| !cities_in(&part.key, None, Some(*state)).is_empty())
        };
        if others().any(|other| other.code().is_some() && within(other)) {
            return None;
        }
        let state = gazetteer::regions(&part.key).iter().any(|region| region.country == "US");
        let at_home = || others().any(|other| !cities_in(&other.key, Some(country), None).is_empty());
        return (!state || at_home()).then_some(country);
    }
    let code = part.code().filter(|code| code.len() == 2)?;
    let country = gazetteer::country_by_code(&code)?;
    let regions = regions_of(part, None);
    let ends = index == 0 || index + 1 == parts.len();
    if index > 0 && ends && part.behind_code && parts.len() <= 3 {
        return Some(country);
    }
    if regions.is_empty() || others().any(|other| other.country().is_some()) {
        return (regions.is_empty() && ends).then_some(country);
    }
    if !ends || parts.len() == 1 {
        return None;
    }
    let in_country =
        |other: &Part| gazetteer::regions(&other.key).iter().any(|region| region.country == country);
    if index > 1 && others().skip(1).any(in_country) {
        return Some(country);
    }
    let name = if index == 0 { parts.get(1) } else { parts.first() }?;
    let in_region = regions.iter().any(|region| !cities_in(&name.key, None, Some(*region)).is_empty());
    let state = regions.iter().any(|region| region.country == "US");
    let in_country = people(&name.key, Some(country)) >= if state { LARGE } else { 1 }
        || (index == 0
            && in_country(name)
            && !regions.iter().any(|region| region.country == "US" && name.code().is_some()));
    (!in_region && in_country).then_some(country)
}

fn cities_in(key: &str, country: Option<&str>, region: Option<Region>) -> Vec<City> {
    let mut found = gazetteer::cities(key);
    found.retain(|city| {
        country.is_none_or(|country| city.country == country)
            && region.is_none_or(|region| city.country == region.country && city.region == region.code)
    });
    found
}

fn largest(cities: Vec<City>) -> Option<City> {
    cities.into_iter().max_by_key(City::weight)
}

fn people(key: &str, country: Option<&str>) -> u32 {
    cities_in(key, country, None).iter().map(|city| city.people).max().unwrap_or(0)
}

/// A place in the making.
#[derive(Clone, Debug, Default)]
struct Draft {
    city: Option<String>,
    region: Option<Region>,
    /// Where only the country of the region is sure.
    country: Option<&'static str>,
}

impl Draft {
    /// The place; a city that no table knows stands only beside a region or country, or where a field states it.
    fn place(&self, country: Option<&'static str>, stated: bool) -> Option<Place> {
        let mut place = Place::default();
        let (mut region, mut home) =
            (self.region, country.or(self.region.map(|region| region.country)).or(self.country));
        if let Some(name) = &self.city {
            let key = key::of(name);
            let found = district_of(&key, home)
                .or_else(|| largest(cities_in(&key, home, self.region)))
                .or_else(|| without_city(&key).and_then(|key| largest(cities_in(&key, home, self.region))))
                .or_else(|| largest(cities_in(&key, home, None)).filter(|_| self.region.is_none()))
                .or_else(|| if stated { None } else { city_in_front(&key, home, self.region) });
            match found {
                Some(city) => {
                    // "St. Ives" stays where the table has "Saint Ives".
                    let short = ["st ", "mt ", "ft ", "ste "].iter().any(|short| key.starts_with(short));
                    let shown =
                        if short && key::of(&city.name) != key { tidy(name) } else { city.name.into_owned() };
                    place.city = Some(shown);
                    region = Some(Region { country: city.country, code: city.region });
                    home = Some(city.country);
                }
                None if home.is_some_and(gazetteer::is_city_state) => {
                    place.city = home.and_then(gazetteer::country_name).map(str::to_owned);
                }
                None if stated || (home.is_some() && is_plausible(name)) => {
                    place.city = Some(tidy(name));
                }
                None => {}
            }
        } else if let Some(country) = home.filter(|code| region.is_none() && gazetteer::is_city_state(code)) {
            place.city = gazetteer::country_name(country).map(str::to_owned);
        }
        if place.city.is_none() && region.is_none() && home.is_none() {
            return None;
        }
        place.region = region.and_then(gazetteer::region_name).map(str::to_owned);
        set_country(&mut place, home);
        Some(place)
    }
}

fn set_country(place: &mut Place, country: Option<&'static str>) {
    place.country = country.and_then(gazetteer::country_name).map(str::to_owned);
    place.country_code = country.map(str::to_owned);
}

/// "Berlin-Mitte": the table knows the part of the city by its own name.
fn district_of(key: &str, home: Option<&str>) -> Option<City> {
    let (front, _) = key.split_once(' ')?;
    let part = largest(cities_in(key, home, None))
        .filter(|city| key.ends_with(&key::of(&city.name)) && key::of(&city.name) != key)?;
    largest(cities_in(front, Some(part.country), None)).filter(|city| city.people >= LARGER_THAN_REGION)
}

/// "Boston Drydock", "Tyler Depot" in Texas: a large city with a word or two about where in it; `東京都港区`.
fn city_in_front(key: &str, home: Option<&str>, region: Option<Region>) -> Option<City> {
    let large = |city: &City| city.people >= if region.is_some() { LARGE } else { LARGER_THAN_REGION };
    let found = |front: &str| largest(cities_in(front, home, region)).filter(large);
    if !key.is_ascii() && !key.contains(' ') && key.chars().any(is_unspaced) {
        let ends: Vec<usize> = key.char_indices().skip(2).map(|(at, _)| at).take(LONGEST_UNSPACED).collect();
        return ends.into_iter().rev().filter_map(|end| key.get(..end)).find_map(found);
    }
    let words: Vec<&str> = key.split(' ').collect();
    let lengths = (1..words.len()).rev().filter(|_| words.len() <= 3);
    let fronts = lengths.filter_map(|length| words.get(..length)).map(|front| front.join(" "));
    fronts.filter(|front| front != "washington").find_map(|front| found(&front))
}

const LONGEST_UNSPACED: usize = 8;

/// A letter of a script that puts no blanks between words, or ends of places behind them.
fn is_unspaced(letter: char) -> bool {
    matches!(letter, '\u{1100}'..='\u{11ff}' | '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}')
}

fn without_city(key: &str) -> Option<String> {
    key.strip_suffix(" city").map(str::to_owned)
}

/// Looks like the name of a town rather than a phrase.
fn is_plausible(name: &str) -> bool {
    let words = name.split_whitespace().count();
    (1..=4).contains(&words)
        && name.chars().count() >= 3
        && name.chars().next().is_some_and(|first| !first.is_lowercase())
        && name.chars().all(|letter| letter.is_alphabetic() || matches!(letter, ' ' | '-' | '\'' | '’' | '.'))
}

fn tidy(name: &str) -> String {
    let shouted = name.chars().all(|letter| !letter.is_lowercase());
    if shouted { gazetteer::capitals(name) } else { name.to_owned() }
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
                let known = current
                    .city
                    .as_deref()
                    .map(key::of)
                    .is_some_and(|key| !gazetteer::cities(&key).is_empty());
                let rival = large && !repeated && part.code().is_none() && known;
                if region.is_some() || !(rival || lists(current, &regions)) {
                    match (region, regions.as_slice()) {
                        (None, [first, _, ..]) if is_county(&part.key) => {
                            current.country = Some(first.country)
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
            let abbreviation = part.code().is_some() && gazetteer::cities(&part.key).is_empty();
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
    let large = || people(&part.key, country) >= LARGER_THAN_REGION;
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
fn regions_of(part: &Part, country: Option<&str>) -> Vec<Region> {
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
