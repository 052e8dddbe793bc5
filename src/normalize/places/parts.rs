//! The named parts of one place, without what is no name.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::gazetteer;
use super::key;

/// One name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// As written, tidied.
    pub text: String,
    pub key: String,
    /// The dash-separated chunk of the entry it stands in.
    pub chunk: usize,
    /// Stands behind an abbreviation or number of a region: "Reus, T, ES".
    pub behind_code: bool,
}

impl Part {
    fn new(text: &str, chunk: usize) -> Self {
        Self { text: text.to_owned(), key: key::of(text), chunk, behind_code: false }
    }

    /// An abbreviation in capitals: `TX`, `D.C.`, `DEU`.
    pub(super) fn code(&self) -> Option<String> {
        let bare: String = self.text.chars().filter(|letter| *letter != '.').collect();
        let capitals = matches!(bare.len(), 2 | 3) && bare.bytes().all(|byte| byte.is_ascii_uppercase());
        capitals.then_some(bare)
    }

    /// The country it names beyond doubt; two capitals are doubtful.
    pub(super) fn country(&self) -> Option<&'static str> {
        gazetteer::country(&self.key).or_else(|| {
            self.code().filter(|code| code.len() == 3).and_then(|code| gazetteer::country_by_code(&code))
        })
    }
}

/// Words that are no names, and whether they are so only by themselves.
static NO_NAMES: LazyLock<FxHashMap<String, bool>> = LazyLock::new(|| {
    let lines = include_str!("names/no_names.txt").lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| line.split_once('\t').map_or((key::of(line), false), |(word, _)| (key::of(word), true)))
        .collect()
});

fn is_no_name(word: &str) -> bool {
    NO_NAMES.contains_key(word)
}

/// Only words that are no names.
fn says_nothing(key: &str) -> bool {
    is_no_name(key)
        || (key.split(' ').all(is_no_name) && gazetteer::country(key).is_none() && !gazetteer::has_city(key))
}

/// Can be left out at the end of a name.
fn is_beside_name(word: &str) -> bool {
    NO_NAMES.get(word).is_some_and(|alone| !alone)
}

/// Whether the whole text is one name of the tables.
pub(super) fn is_name(text: &str) -> bool {
    is_known(&key::of(text))
}

fn is_known(key: &str) -> bool {
    !key.is_empty()
        && (gazetteer::country(key).is_some()
            || !gazetteer::regions(key).is_empty()
            || gazetteer::has_city(key))
}

const MOST_PARTS: usize = 32;
/// A part of more words is a sentence.
const MOST_WORDS: usize = 12;

/// The parts of an entry.
pub(super) fn of(entry: &str) -> Vec<Part> {
    let entry = entry.split(['~', '+']).next().unwrap_or_default();
    let entry = in_one_piece(&named_in_brackets(entry));
    let flat = entry.replace(['(', '[', '{', ')', ']', '}'], ", ").replace([':', '–', '—'], " - ");
    let mut found = Vec::new();
    for (chunk, text) in dashed(&flat).into_iter().enumerate() {
        let mut code = false;
        let pieces: Vec<&str> = text.split(',').map(str::trim).filter(|piece| !piece.is_empty()).collect();
        for (place, piece) in pieces.iter().copied().enumerate() {
            let town = |piece: &&str| !is_region_code(piece) && gazetteer::has_city(&key::of(piece));
            if is_address(piece) && pieces.iter().skip(place + 1).any(town) {
                continue;
            }
            let known = found.len();
            for name in hyphenated(piece) {
                if found.len() < MOST_PARTS {
                    clean(&name, chunk, &mut found);
                }
            }
            if let Some(part) = found.get_mut(known) {
                part.behind_code = code;
            }
            code = place > 0 && is_region_code(piece);
        }
    }
    found
}

/// "Frankfurt (Oder)": the brackets belong to the name.
fn named_in_brackets(entry: &str) -> String {
    let name =
        entry.find(')').and_then(|end| entry.get(..end)).filter(|name| name.contains('(') && is_name(name));
    name.map_or_else(
        || entry.to_owned(),
        |name| {
            let rest = entry.get(name.len() + 1..).unwrap_or_default();
            format!("{}{rest}", name.replace('(', " "))
        },
    )
}

/// "Korea, Republic of": the comma belongs to the name.
fn in_one_piece(entry: &str) -> String {
    let official = entry.contains(',') && gazetteer::country(&key::of(entry)).is_some();
    if official { entry.replace(',', " ") } else { entry.to_owned() }
}

/// A house number and a street.
fn is_address(piece: &str) -> bool {
    piece.starts_with(|letter: char| letter.is_ascii_digit()) && piece.split_whitespace().count() > 2
}

/// `BW`, `B`, `04`: one to three capitals or two figures.
fn is_region_code(piece: &str) -> bool {
    let capitals = (1..=3).contains(&piece.len()) && piece.bytes().all(|byte| byte.is_ascii_uppercase());
    capitals || (piece.len() == 2 && piece.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Cut at dashes with a blank on at least one side.
fn dashed(text: &str) -> Vec<String> {
    text.replace("- ", " - ").replace(" -", " - ").split(" - ").map(str::to_owned).collect()
}

/// `US-AR-SPRINGDALE`, `DEU-Wiesbaden---Airfield`, `São Paulo-Brazil`, `Kansas-Topeka`, `Basel-Bern`: cut where an end is a country or
/// a state, or where all segments are towns.
pub(super) fn hyphenated(piece: &str) -> Vec<String> {
    let whole = || vec![piece.to_owned()];
    if !piece.contains('-') || is_name(piece) {
        return whole();
    }
    let segments: Vec<&str> = piece.split('-').map(str::trim).filter(|segment| !segment.is_empty()).collect();
    let named: Vec<&str> =
        segments.iter().filter(|segment| !is_no_name(&key::of(segment))).copied().collect();
    let is_area = |segment: &str| {
        let part = Part::new(segment, 0);
        part.country().is_some()
            || part.code().is_some_and(|code| gazetteer::country_by_code(&code).is_some())
            || is_state(&part)
    };
    let ends = [named.first(), named.last()];
    let cut = named.len() < segments.len()
        || ends.into_iter().flatten().any(|segment| is_area(segment))
        || segments.iter().all(|segment| is_town(segment));
    if cut { segments.into_iter().map(str::to_owned).collect() } else { whole() }
}

/// A state or province of a country that writes it beside towns; its abbreviation only in capitals.
pub(super) fn is_state(part: &Part) -> bool {
    let state =
        gazetteer::regions(&part.key).iter().any(|region| matches!(region.country, "US" | "CA" | "AU"));
    state && (part.key.len() > 3 || part.code().is_some())
}

/// People in thousands of a town that lists name without its region.
const TOWN: u32 = 15;

fn is_town(name: &str) -> bool {
    gazetteer::cities(&key::of(name)).iter().any(|city| city.people >= TOWN)
}

fn clean(text: &str, chunk: usize, found: &mut Vec<Part>) {
    let whole = Part::new(text, chunk);
    if is_known(&whole.key) && (!says_nothing(&whole.key) || (whole.code().is_some() && is_state(&whole))) {
        found.push(whole);
        return;
    }
    let words: Vec<&str> = text.split_whitespace().take(MOST_WORDS + 1).collect();
    if words.len() > MOST_WORDS {
        return;
    }
    let has_digit = |word: &str| word.bytes().any(|byte| byte.is_ascii_digit());
    let address = words.len() > 2 && words.first().is_some_and(|word| has_digit(word));
    // Dutch postcodes end in two letters.
    let postcode = matches!(words.as_slice(), [figures, letters, _, ..]
        if figures.len() == 4 && figures.bytes().all(|byte| byte.is_ascii_digit())
            && letters.len() == 2 && letters.bytes().all(|byte| byte.is_ascii_uppercase()));
    let skipped = if postcode { 2 } else { 0 };
    let mut words: Vec<&str> = words.into_iter().skip(skipped).filter(|word| !has_digit(word)).collect();
    let stripped = |word: &&str| {
        let key = key::of(word);
        key.is_empty() || is_beside_name(&key)
    };
    loop {
        let joined = key::of(&words.join(" "));
        if is_known(&joined) && !says_nothing(&joined) {
            break;
        }
        if says_nothing(&joined) || words.is_empty() {
            return;
        }
        if words.first().is_some_and(stripped) {
            words.remove(0);
        } else if words.last().is_some_and(|word| stripped(word) && key::of(word) != "city") {
            words.pop();
        } else {
            break;
        }
    }
    without_directions(&mut words);
    for words in unglued(&words, address) {
        let text = words.join(" ");
        let text = text.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '.').to_owned();
        let part = Part::new(&text, chunk);
        if !part.key.is_empty() && !is_no_name(&part.key) {
            found.push(part);
        }
    }
}

/// "East Germany", "Texas West": a direction beside an area says nothing.
fn without_directions(words: &mut Vec<&str>) {
    if is_known(&key::of(&words.join(" "))) {
        return;
    }
    let names: Vec<&str> = words.iter().filter(|word| !is_no_name(&key::of(word))).copied().collect();
    let part = Part::new(&names.join(" "), 0);
    if part.country().is_some() || is_state(&part) {
        *words = names;
    }
}

/// `Mountain View CA USA`, `Remote US Boston`, `12 Main St North Springfield`: names without commas between.
fn unglued<'a>(words: &[&'a str], address: bool) -> Vec<Vec<&'a str>> {
    let whole = key::of(&words.join(" "));
    if words.len() < 2 || is_known(&whole) {
        return vec![words.to_vec()];
    }
    let is_area = |words: &[&str]| {
        let part = Part::new(&words.join(" "), 0);
        part.country().is_some() || (part.code().is_some() && is_state(&part))
    };
    let is_state = |words: &[&str]| is_state(&Part::new(&words.join(" "), 0));
    for cut in 1..words.len() {
        let (head, tail) = words.split_at(cut);
        let island = tail.len() == 1 && tail.first().is_some_and(|word| key::of(word) == "island");
        if (is_area(tail) && !island) || (is_state(tail) && is_known(&key::of(&head.join(" ")))) {
            let mut parts = unglued(head, address);
            parts.push(tail.to_vec());
            return parts;
        }
    }
    for cut in (1..words.len()).rev() {
        let (head, tail) = words.split_at(cut);
        let city = tail.first().is_some_and(|word| key::of(word) == "city");
        if is_area(head) && head.len() <= 3 && !city {
            let mut parts = vec![head.to_vec()];
            parts.extend(unglued(tail, address));
            return parts;
        }
    }
    if address {
        let known = (1..words.len())
            .filter_map(|cut| words.get(cut..))
            .find(|tail| is_known(&key::of(&tail.join(" "))) && !is_no_name(&key::of(&tail.join(" "))));
        return known.map(|tail| vec![tail.to_vec()]).unwrap_or_default();
    }
    vec![words.to_vec()]
}
