//! A place in the making: a city, its region, and what the tables know of both.

use std::sync::LazyLock;

use rustc_hash::FxHashSet;

use super::gazetteer::{self, City, Region};
use super::key;
use super::resolve::{LARGE, LARGER_THAN_REGION, cities_in, largest};
use crate::domain::Place;

/// A place in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub city: Option<String>,
    pub region: Option<Region>,
    /// Where only the country of the region is sure.
    pub country: Option<&'static str>,
}

impl Draft {
    /// The place; a city that no table knows stands only beside a region or country, or where a field states it.
    pub(super) fn place(&self, country: Option<&'static str>, stated: bool) -> Option<Place> {
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
                    let kept = stays(&key, &city.name);
                    place.city = Some(if kept { tidy(name) } else { city.name.into_owned() });
                    region = Some(Region { country: city.country, code: city.region });
                    home = Some(city.country);
                }
                // The district is one city.
                None if region.is_some_and(|region| region.country == "US" && region.code == "DC") => {
                    place.city = Some("Washington".to_owned());
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

/// Names that are shown as the source writes them.
static AS_WRITTEN: LazyLock<FxHashSet<&'static str>> = LazyLock::new(|| {
    include_str!("names/as_written.txt").lines().filter(|line| !line.starts_with('#')).collect()
});

/// "Bangalore" stays where the table has "Bengaluru", "St. Ives" where it has "Saint Ives", and a short name where it has a longer one
/// ("Klagenfurt", "Bronx"), which "Quebec" for "Quebec City" is not.
fn stays(key: &str, name: &str) -> bool {
    const SHORT: [&str; 4] = ["st", "mt", "ft", "ste"];
    // Scholars transcribe "Petah Tikva" so.
    let scholarly = |letter: char| matches!(letter, '\u{1e00}'..='\u{1e9f}' | '‘' | 'ʿ' | 'ʾ');
    let shown = key::of(name);
    let scholarly = key.is_ascii() && name.chars().any(scholarly);
    let longer = shown.strip_prefix(key).is_some_and(|rest| rest.starts_with(' ') && rest != " city")
        || shown.strip_prefix("the ") == Some(key);
    key != shown
        && (longer
            || scholarly
            || AS_WRITTEN.contains(key)
            || key.split(' ').any(|word| SHORT.contains(&word)))
}

pub(super) fn set_country(place: &mut Place, country: Option<&'static str>) {
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

pub(super) fn without_city(key: &str) -> Option<String> {
    key.strip_suffix(" city").map(str::to_owned)
}

/// Looks like the name of a town rather than a phrase.
fn is_plausible(name: &str) -> bool {
    let words = name.split_whitespace().count();
    let code = name.len() <= 3 && name.bytes().all(|byte| byte.is_ascii_uppercase());
    (1..=4).contains(&words)
        && !code
        && name.chars().count() >= 3
        && name.chars().next().is_some_and(|first| !first.is_lowercase())
        && name.chars().all(|letter| letter.is_alphabetic() || matches!(letter, ' ' | '-' | '\'' | '’' | '.'))
}

fn tidy(name: &str) -> String {
    let plain = !name.chars().any(char::is_lowercase) || !name.chars().any(char::is_uppercase);
    if plain { gazetteer::capitals(name) } else { name.to_owned() }
}
