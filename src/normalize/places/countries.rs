//! Which parts are countries, and which other parts belong to each.

use super::gazetteer;
use super::parts::{self, Part};
use super::resolve::{cities_in, people, regions_of};

/// People in thousands of a town that a country is named with; the towns of the states are all in the table, so where it has none of
/// that name in the state, the abbreviation is the country's.
const KNOWN: u32 = 10;

/// A country and the other parts of its places.
pub(super) type Group = (Option<&'static str>, Vec<Part>);

/// Cuts the parts at their countries: "Paris, France, Oslo, Norway" are two places.
pub(super) fn by_country(parts: &[Part]) -> Vec<Group> {
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
    let in_country = people(&name.key, Some(country)) >= if state { KNOWN } else { 1 }
        || (index == 0
            && in_country(name)
            && !regions.iter().any(|region| region.country == "US" && name.code().is_some()));
    (!in_region && in_country).then_some(country)
}
