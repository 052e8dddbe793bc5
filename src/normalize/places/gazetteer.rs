//! Towns, regions and countries: tables in the binary, searched where they lie.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::key;

const CITIES: &str = include_str!("cities.tsv");
const REGIONS: &str = include_str!("regions.tsv");
const COUNTRIES: &str = include_str!("countries.tsv");

/// A town of the tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct City {
    pub name: Cow<'static, str>,
    /// ISO 3166-1 alpha-2.
    pub country: &'static str,
    /// GeoNames code within the country.
    pub region: &'static str,
    /// Inhabitants in thousands.
    pub people: u32,
}

/// Countries whose towns postings name without a country far more often than others.
const MEANT_MORE: [&str; 22] = [
    "AT", "AU", "BE", "CA", "CH", "CZ", "DE", "DK", "ES", "FI", "FR", "GB", "IE", "IT", "LU", "NL", "NO",
    "NZ", "PL", "PT", "SE", "US",
];

impl City {
    /// How likely it is meant where only the name is given: by people, and by where postings come from.
    pub fn weight(&self) -> u32 {
        self.people.saturating_mul(if MEANT_MORE.contains(&self.country) { 3 } else { 1 })
    }
}

/// A first-level region: country and GeoNames code within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Region {
    pub country: &'static str,
    pub code: &'static str,
}

/// Starts of the lines of the towns; the lines are sorted by key, so this is all the index there is.
static LINES: LazyLock<Vec<u32>> = LazyLock::new(|| {
    let breaks = CITIES.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
    let starts = std::iter::once(0).chain(breaks.filter_map(|(at, _)| u32::try_from(at + 1).ok()));
    starts.filter(|start| usize::try_from(*start).is_ok_and(|start| start < CITIES.len())).collect()
});

fn line(start: u32) -> &'static str {
    let rest = usize::try_from(start).ok().and_then(|start| CITIES.get(start..)).unwrap_or_default();
    rest.split('\n').next().unwrap_or_default()
}

/// How the key of the line at `start` stands to another. A tab ends it, which comes before all that is in a key, so that only as many
/// bytes as the other has need be read.
fn compare(start: u32, key: &[u8]) -> Ordering {
    let rest =
        usize::try_from(start).ok().and_then(|start| CITIES.as_bytes().get(start..)).unwrap_or_default();
    let (front, behind) = rest.split_at(key.len().min(rest.len()));
    front
        .cmp(key)
        .then_with(|| if behind.first() == Some(&b'\t') { Ordering::Equal } else { Ordering::Greater })
}

/// The towns of this name, in no particular order.
pub(super) fn cities(key: &str) -> Vec<City> {
    let found: Vec<City> = spelt(key).filter_map(city).collect();
    if found.is_empty() && key.contains(' ') {
        in_full(key).map(|key| spelt(&key).filter_map(city).collect()).unwrap_or_default()
    } else {
        found
    }
}

/// Whether there is a town of this name.
pub(super) fn has_city(key: &str) -> bool {
    let is_spelt = |key: &str| spelt(key).next().is_some();
    is_spelt(key) || (key.contains(' ') && in_full(key).is_some_and(|key| is_spelt(&key)))
}

/// "St Ives" as "Saint Ives" and the other way round, whichever the table has.
fn in_full(key: &str) -> Option<String> {
    const SHORT: [(&str, &str); 5] =
        [("st", "saint"), ("saint", "st"), ("ft", "fort"), ("mt", "mount"), ("ste", "sainte")];
    let words: Vec<&str> = key.split(' ').collect();
    let long = |word: &&str| SHORT.iter().find(|(short, _)| short == word).map(|(_, long)| *long);
    let other: Vec<&str> = words.iter().map(|word| long(word).unwrap_or(word)).collect();
    (other != words).then(|| other.join(" "))
}

/// The lines of the towns of exactly this name.
fn spelt(key: &str) -> impl Iterator<Item = &'static str> {
    let first = LINES.partition_point(|start| compare(*start, key.as_bytes()).is_lt());
    let lines = LINES.iter().skip(first).copied();
    lines.take_while(|start| compare(*start, key.as_bytes()).is_eq()).map(line)
}

fn city(line: &'static str) -> Option<City> {
    let mut columns = line.split('\t');
    let (key, shown) = (columns.next()?, columns.next()?);
    let (country, region) = (columns.next()?, columns.next()?);
    let people = columns.next()?.parse().ok()?;
    let name = if shown.is_empty() { Cow::Owned(capitals(key)) } else { Cow::Borrowed(shown) };
    Some(City { name, country, region, people })
}

/// Each word with a capital.
pub(super) fn capitals(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    let mut fresh = true;
    for letter in words.chars() {
        if fresh {
            text.extend(letter.to_uppercase());
        } else {
            text.extend(letter.to_lowercase());
        }
        fresh = !letter.is_alphanumeric() && letter != '\'' && letter != '’';
    }
    text
}

struct Regions {
    names: FxHashMap<Region, &'static str>,
    by_key: FxHashMap<String, Vec<Region>>,
}

static ALL_REGIONS: LazyLock<Regions> = LazyLock::new(|| {
    let mut regions = Regions { names: FxHashMap::default(), by_key: FxHashMap::default() };
    for line in REGIONS.lines() {
        let mut columns = line.split('\t');
        let (Some(country), Some(code), Some(name)) = (columns.next(), columns.next(), columns.next()) else {
            continue;
        };
        let region = Region { country, code };
        regions.names.insert(region, name);
        let abbreviation = (country == "US").then_some(code);
        let others = columns.next().unwrap_or_default().split('|').filter(|other| !other.is_empty());
        for name in std::iter::once(name).chain(abbreviation).chain(others) {
            let known = regions.by_key.entry(key::of(name)).or_default();
            if !known.contains(&region) {
                known.push(region);
            }
        }
    }
    regions
});

/// The regions of this name or abbreviation.
pub(super) fn regions(key: &str) -> &'static [Region] {
    ALL_REGIONS.by_key.get(key).map_or(&[], Vec::as_slice)
}

/// English name of a region.
pub(super) fn region_name(region: Region) -> Option<&'static str> {
    ALL_REGIONS.names.get(&region).copied()
}

struct Countries {
    names: FxHashMap<&'static str, &'static str>,
    three: FxHashMap<&'static str, &'static str>,
    by_key: FxHashMap<String, &'static str>,
}

/// Names that neither table has.
const COUNTRY_NAMES: &str = include_str!("names/countries.txt");

static ALL_COUNTRIES: LazyLock<Countries> = LazyLock::new(|| {
    let mut countries =
        Countries { names: FxHashMap::default(), three: FxHashMap::default(), by_key: FxHashMap::default() };
    for line in COUNTRIES.lines() {
        let mut columns = line.split('\t');
        let (Some(code), Some(three), Some(name)) = (columns.next(), columns.next(), columns.next()) else {
            continue;
        };
        countries.names.insert(code, name);
        countries.three.insert(three, code);
        countries.by_key.insert(key::of(name), code);
        for other in columns.next().unwrap_or_default().split('|').filter(|other| !other.is_empty()) {
            // "Columbia" is Romanian for a country and English for a town, "Brasilia" Finnish for Brazil.
            let another = |city: &City| city.country != code || key::of(&city.name) == other;
            let town = cities(other).iter().any(|city| city.people >= 100 && another(city));
            if !town {
                countries.by_key.entry(other.to_owned()).or_insert(code);
            }
        }
    }
    let lines = COUNTRY_NAMES.lines().filter(|line| !line.starts_with('#'));
    for (name, code) in lines.filter_map(|line| line.split_once('\t')) {
        countries.by_key.insert(key::of(name), code);
    }
    countries
});

/// The country of this name, in one of some twenty languages.
pub(super) fn country(key: &str) -> Option<&'static str> {
    ALL_COUNTRIES.by_key.get(key).copied()
}

/// ISO 3166-1 alpha-2 or alpha-3, in any case.
pub(super) fn country_by_code(code: &str) -> Option<&'static str> {
    let code = code.trim().to_ascii_uppercase();
    let two = ALL_COUNTRIES.names.get_key_value(code.as_str()).map(|(code, _)| *code);
    let spoken = if code == "UK" { Some("GB") } else { None };
    spoken.or(two).or_else(|| ALL_COUNTRIES.three.get(code.as_str()).copied())
}

/// What a source's country field holds: a code or a name.
pub(super) fn country_in_field(text: &str) -> Option<&'static str> {
    country_by_code(text).or_else(|| country(&key::of(text)))
}

/// English name of a country.
pub(super) fn country_name(code: &str) -> Option<&'static str> {
    ALL_COUNTRIES.names.get(code).copied()
}

/// Countries that are one city.
pub(super) fn is_city_state(code: &str) -> bool {
    matches!(code, "SG" | "HK" | "MO" | "LU" | "MC" | "SM" | "VA" | "GI" | "DJ")
}
