//! The named parts of one place, without what is no name.

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
}

impl Part {
    fn new(text: &str, chunk: usize) -> Self {
        Self { text: text.to_owned(), key: key::of(text), chunk }
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

const NO_NAMES: &str = "remote; remotely; remoto; remota; remotework; telework; telecommute; virtual; hybrid; hybrids; hibrido; \
    hibrida; hybride; ibrido; onsite; site; office; offices; hq; headquarters; headquarter; campus; branch; \
    area; areas; greater; metro; metropolitan; metroplex; based; anywhere; in; the; only; preferred; \
    preferably; flexible; field; home; homeoffice; wfh; global; globally; or; and; within; from; near; \
    fully; first; work; working; worker; locations; location; multiple; various; several; all; any; city; \
    select; na; none; unknown; tbd; other; others; nationwide; worldwide; international; emea; apac; latam; \
    amer; americas; europe; europa; asia; africa; dach; nordics; benelux; eu; mena; north america; latin \
    america; south america; midwest; southeast; northeast; southwest; northwest; east coast; west coast; \
    coast; region; regional; territory; country; deutschlandweit; bundesweit; weltweit; teletravail; \
    télétravail; full; time; part; is; of; on; de; en; bei; raum; grossraum; standort; eastern; western; \
    more; wide; us based; uk based; possible; optional; must; be; live; to; with; travel; east; west; open; \
    usa only; and surrounding; surrounding; surroundings; shi; cbd; downtown; local; position; positions; \
    role; roles; job; employee; employees; candidates";

fn is_no_name(word: &str) -> bool {
    NO_NAMES.split("; ").any(|name| name == word)
}

/// Whether the whole text is one name of the tables.
pub(super) fn is_name(text: &str) -> bool {
    is_known(&key::of(text))
}

fn is_known(key: &str) -> bool {
    !key.is_empty()
        && (gazetteer::country(key).is_some()
            || !gazetteer::regions(key).is_empty()
            || !gazetteer::cities(key).is_empty())
}

const MOST_PARTS: usize = 32;
/// A part of more words is a sentence.
const MOST_WORDS: usize = 12;

/// The parts of an entry.
pub(super) fn of(entry: &str) -> Vec<Part> {
    let entry = entry.split(['~', '+']).next().unwrap_or_default();
    let flat =
        entry.replace(['(', '[', '{'], ", ").replace([')', ']', '}'], ", ").replace([':', '–', '—'], " - ");
    let mut found = Vec::new();
    for (chunk, text) in dashed(&flat).into_iter().enumerate() {
        for piece in text.split(',') {
            for name in hyphenated(piece.trim()) {
                if found.len() < MOST_PARTS {
                    clean(&name, chunk, &mut found);
                }
            }
        }
    }
    found
}

/// Cut at dashes with a blank on at least one side.
fn dashed(text: &str) -> Vec<String> {
    text.replace("- ", " - ").replace(" -", " - ").split(" - ").map(str::to_owned).collect()
}

/// `US-AR-SPRINGDALE`, `DEU-Wiesbaden---Airfield`, `São Paulo-Brazil`: cut where an end is a country.
fn hyphenated(piece: &str) -> Vec<String> {
    let whole = || vec![piece.to_owned()];
    if !piece.contains('-') || is_name(piece) {
        return whole();
    }
    let segments: Vec<&str> = piece.split('-').map(str::trim).filter(|segment| !segment.is_empty()).collect();
    let named: Vec<&&str> = segments.iter().filter(|segment| !is_no_name(&key::of(segment))).collect();
    let is_country = |segment: &str| {
        let part = Part::new(segment, 0);
        part.country().is_some()
            || part.code().is_some_and(|code| gazetteer::country_by_code(&code).is_some())
    };
    let ends = [named.first(), named.last()];
    let cut = named.len() < segments.len() || ends.into_iter().flatten().any(|segment| is_country(segment));
    if cut { segments.into_iter().map(str::to_owned).collect() } else { whole() }
}

fn clean(text: &str, chunk: usize, found: &mut Vec<Part>) {
    if is_name(text) {
        found.push(Part::new(text, chunk));
        return;
    }
    let words: Vec<&str> = text.split_whitespace().take(MOST_WORDS + 1).collect();
    if words.len() > MOST_WORDS {
        return;
    }
    let has_digit = |word: &str| word.bytes().any(|byte| byte.is_ascii_digit());
    let address = words.len() > 2 && words.first().is_some_and(|word| has_digit(word));
    let mut words: Vec<&str> = words.into_iter().filter(|word| !has_digit(word)).collect();
    let stripped = |word: &&str| {
        let key = key::of(word);
        key.is_empty() || is_no_name(&key)
    };
    loop {
        let joined = key::of(&words.join(" "));
        if is_known(&joined) && !is_no_name(&joined) {
            break;
        }
        if is_no_name(&joined) || words.is_empty() {
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
    for words in unglued(&words, address) {
        let text = words.join(" ");
        let text = text.trim_matches(|letter: char| !letter.is_alphanumeric() && letter != '.').to_owned();
        let part = Part::new(&text, chunk);
        if !part.key.is_empty() && !is_no_name(&part.key) {
            found.push(part);
        }
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
        part.country().is_some()
            || part.code().is_some_and(|code| !gazetteer::regions(&code.to_lowercase()).is_empty())
    };
    let is_state = |words: &[&str]| {
        gazetteer::regions(&key::of(&words.join(" "))).iter().any(|region| region.country == "US")
    };
    for cut in 1..words.len() {
        let (head, tail) = words.split_at(cut);
        if is_area(tail) || (is_state(tail) && is_known(&key::of(&head.join(" ")))) {
            let mut parts = unglued(head, address);
            parts.push(tail.to_vec());
            return parts;
        }
    }
    for cut in (1..words.len()).rev() {
        let (head, tail) = words.split_at(cut);
        if is_area(head) && head.len() <= 3 {
            return vec![head.to_vec(), tail.to_vec()];
        }
    }
    if address {
        let known = (1..words.len())
            .filter_map(|cut| words.get(cut..))
            .find(|tail| is_known(&key::of(&tail.join(" "))));
        return known.map(|tail| vec![tail.to_vec()]).unwrap_or_default();
    }
    vec![words.to_vec()]
}
