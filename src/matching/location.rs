//! Whether a posting is where somebody looks.
//!
//! A wish such as `Berlin, Germany; Remote` is a list of alternatives, each a list of parts that must all fit. A part fits where its words
//! stand in a row in the posting's places, or where it names the posting's country. Words are compared whole: `Essen` is not in
//! `Hessen`. A part of one or two letters must be a whole part of the posting's location (`CA`), as it is a word in too many.

use std::{cell::RefCell, sync::Arc};

use rustc_hash::FxHashMap;

use super::{
    countries,
    posting::MatchPosting,
    query::Fields,
    text::{Term, fold, scan, spelled_out},
};
use crate::domain::{Place, RemoteOption};

/// Names of one city in several languages, folded.
const CITIES: &[&[&str]] = &[
    &["munich", "munchen"],
    &["cologne", "koln"],
    &["vienna", "wien"],
    &["zurich", "zuerich"],
    &["geneva", "geneve", "genf"],
    &["nuremberg", "nurnberg"],
    &["hanover", "hannover"],
    &["frankfurt", "francfort"],
    &["prague", "praha", "prag"],
    &["warsaw", "warszawa", "warschau"],
    &["copenhagen", "kobenhavn", "kopenhagen"],
    &["gothenburg", "goteborg"],
    &["brussels", "bruxelles", "brussel"],
    &["antwerp", "antwerpen"],
    &["ghent", "gent"],
    &["the hague", "den haag"],
    &["milan", "milano", "mailand"],
    &["rome", "roma"],
    &["turin", "torino"],
    &["florence", "firenze"],
    &["naples", "napoli"],
    &["lisbon", "lisboa", "lissabon"],
    &["seville", "sevilla"],
    &["bucharest", "bucuresti"],
    &["athens", "athen"],
    &["krakow", "cracow", "krakau"],
    &["wroclaw", "breslau"],
    &["basel", "basle"],
    &["bern", "berne"],
    &["lucerne", "luzern"],
    &["strasbourg", "strassburg"],
    &["moscow", "moskau", "moskva"],
    &["kyiv", "kiev"],
    &["odesa", "odessa"],
    &["bangalore", "bengaluru"],
    &["calicut", "kozhikode"],
    &["cochin", "kochi"],
    &["gurgaon", "gurugram"],
    &["kolkata", "calcutta"],
    &["mangalore", "mangaluru"],
    &["mumbai", "bombay"],
    &["mysore", "mysuru"],
    &["thiruvananthapuram", "trivandrum"],
    &["ho chi minh city", "saigon"],
    &["mexico city", "ciudad de mexico", "cdmx"],
    &["new york", "new york city", "nyc"],
    &["san francisco", "sf"],
    &["montreal", "montreal quebec"],
];

/// Whether a character stands between the parts of a location.
pub fn separates(c: char) -> bool {
    matches!(c, ',' | ';' | '|' | '/' | '(' | ')' | '\n')
}

/// The parts of places as one text, one part a line.
pub fn text_of_places(places: &[Place]) -> String {
    let mut text = String::new();
    for place in places {
        for part in [&place.city, &place.region, &place.country].into_iter().flatten() {
            text.push_str(part);
            text.push('\n');
        }
    }
    text
}

/// Where a posting is.
#[derive(Clone, Debug, Default)]
pub struct Whereabouts {
    /// Codes of its countries.
    pub countries: Vec<&'static str>,
    /// Its location column, cut at separators, each part folded.
    pub segments: Vec<String>,
    /// Whether anything is known.
    pub known: bool,
}

impl Whereabouts {
    /// Reads the location column and the places. A bare code in the column counts as a country only where no state of the US has it.
    pub fn new(location: Option<&str>, places: &[Place]) -> Self {
        let mut segments = Vec::new();
        let mut countries: Vec<&'static str> = Vec::new();
        let codes =
            places.iter().filter_map(|place| place.country_code.as_deref().and_then(countries::by_code));
        countries.extend(codes);
        for place in places {
            countries
                .extend(place.country.as_deref().and_then(|name| countries::by_name(&folded_words(name))));
        }
        for part in location.unwrap_or_default().split(separates).flat_map(|part| part.split(" - ")) {
            let words = folded_words(part);
            if words.is_empty() {
                continue;
            }
            countries.extend(countries::by_name(&words));
            if places.is_empty() && part.trim().len() == 2 && !countries::is_us_state(&words) {
                countries.extend(countries::by_code(part.trim()));
            }
            segments.push(words);
        }
        countries.sort_unstable();
        countries.dedup();
        let known = !countries.is_empty()
            || places.iter().any(|place| place.city.is_some() || place.region.is_some())
            || segments.iter().any(|segment| !is_remote_word(segment));
        Self { countries, segments, known }
    }
}

fn is_remote_word(words: &str) -> bool {
    matches!(
        words,
        "remote"
            | "anywhere"
            | "worldwide"
            | "home office"
            | "homeoffice"
            | "fully remote"
            | "work from home"
            | "remote only"
    )
}

/// One wish for a place.
#[derive(Clone, Debug, PartialEq)]
pub struct Wish {
    label: Box<str>,
    alternatives: Arc<[Alternative]>,
}

/// Wishes remembered by one thread before it starts anew.
const MEMO_WISHES: usize = 50_000;

thread_local! {
    static MEMO: RefCell<FxHashMap<Box<str>, Option<Wish>>> = RefCell::default();
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Alternative {
    remote: bool,
    parts: Box<[Part]>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Part {
    country: Option<&'static str>,
    /// Spellings, each the words in a row.
    spellings: Box<[Box<[Term]>]>,
    /// Index, in each spelling, of the word that is rarest by its looks.
    rarest: Box<[u8]>,
    /// Only as a whole part of the location.
    whole: Option<Box<str>>,
}

impl Wish {
    /// Reads a wish; `None` where it names no place.
    pub fn parse(text: &str) -> Option<Self> {
        MEMO.with_borrow_mut(|memo| {
            if let Some(known) = memo.get(text) {
                return known.clone();
            }
            if memo.len() >= MEMO_WISHES {
                memo.clear();
            }
            let wish = Self::read(text);
            memo.insert(text.into(), wish.clone());
            wish
        })
    }

    fn read(text: &str) -> Option<Self> {
        let lower = text.replace(" OR ", ";").replace(" or ", ";").replace(" oder ", ";");
        let alternatives: Vec<_> =
            lower.split([';', '|', '/', '\n']).filter_map(Alternative::parse).collect();
        let wish = Self { label: text.trim().into(), alternatives: alternatives.into() };
        (!wish.alternatives.is_empty()).then_some(wish)
    }

    /// Whether `posting` is there.
    pub fn holds(&self, posting: &MatchPosting) -> bool {
        self.alternatives.iter().any(|alternative| alternative.holds(posting))
    }

    /// As written.
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Country codes that the wish names.
    pub fn countries(&self) -> impl Iterator<Item = &'static str> {
        self.alternatives
            .iter()
            .flat_map(|alternative| alternative.parts.iter().filter_map(|part| part.country))
    }

    /// Whether a remote posting anywhere is what is wished for.
    pub fn is_remote(&self) -> bool {
        self.alternatives.iter().any(|alternative| alternative.remote && alternative.parts.is_empty())
    }
}

/// What a list of wishes comes to: the places in any of which a posting fits. Equal areas are one, however their wishes are written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Area(Arc<[Alternative]>);

impl Area {
    /// The area of wishes any of which is enough.
    pub fn of(wishes: &[Wish]) -> Self {
        if let [only] = wishes {
            return Self(Arc::clone(&only.alternatives));
        }
        let mut all: Vec<_> = wishes.iter().flat_map(|wish| &*wish.alternatives).cloned().collect();
        all.dedup();
        Self(all.into())
    }

    /// The areas that the area of `wishes` is made of: one for each place.
    pub fn each(wishes: &[Wish]) -> impl Iterator<Item = Self> {
        wishes.iter().flat_map(|wish| match &*wish.alternatives {
            [_] => vec![Self(Arc::clone(&wish.alternatives))],
            several => several.iter().map(|one| Self([one.clone()].into())).collect(),
        })
    }

    /// Whether `posting` is there.
    pub fn holds(&self, posting: &MatchPosting) -> bool {
        self.0.iter().any(|alternative| alternative.holds(posting))
    }

    /// Place keys one of which every posting in the area has ([`keys_of`]).
    pub fn keys(&self) -> Vec<Term> {
        let mut keys = Vec::new();
        for alternative in &*self.0 {
            match alternative.parts.first() {
                None => keys.push(remote_key()),
                Some(part) => part.keys(&mut keys),
            }
        }
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

impl Alternative {
    fn parse(text: &str) -> Option<Self> {
        let mut remote = false;
        let mut parts = Vec::new();
        for piece in text.split([',', '(', ')']).flat_map(|piece| piece.split(" - ")) {
            let words = folded_words(piece);
            if words.is_empty() {
                continue;
            }
            if is_remote_word(&words) {
                remote = true;
            } else if let Some(rest) = words.strip_prefix("remote ") {
                remote = true;
                parts.push(Part::new(rest, rest));
            } else {
                parts.push(Part::new(piece, &words));
            }
        }
        (remote || !parts.is_empty()).then(|| Self { remote, parts: parts.into_boxed_slice() })
    }

    fn holds(&self, posting: &MatchPosting) -> bool {
        (!self.remote || posting.remote == Some(RemoteOption::Remote))
            && self.parts.iter().all(|part| part.holds(posting))
    }
}

impl Part {
    fn new(raw: &str, words: &str) -> Self {
        let mut names = vec![words.to_owned()];
        names.extend(spelled_out(raw).iter().map(|name| folded_words(name)).filter(|name| name != words));
        let country = countries::by_name(words).or_else(|| countries::by_code(words));
        if let Some(group) = CITIES.iter().find(|group| group.contains(&words)) {
            names.extend(group.iter().map(|name| (*name).to_owned()));
        }
        names.sort_unstable();
        names.dedup();
        let (mut spellings, mut rarest) = (Vec::new(), Vec::new());
        for name in &names {
            let words: Vec<&str> = name.split(' ').collect();
            let longest = words.iter().enumerate().max_by_key(|(_, word)| word.len()).map_or(0, |(at, _)| at);
            rarest.push(u8::try_from(longest).unwrap_or(0));
            spellings.push(words.iter().map(|word| Term::exact(word)).collect());
        }
        let whole = (words.chars().count() <= 2).then(|| words.into());
        Self { country, spellings: spellings.into_boxed_slice(), rarest: rarest.into_boxed_slice(), whole }
    }

    fn holds(&self, posting: &MatchPosting) -> bool {
        if self.country.is_some_and(|code| posting.whereabouts.countries.contains(&code)) {
            return true;
        }
        match &self.whole {
            Some(whole) => posting.whereabouts.segments.iter().any(|segment| **segment == **whole),
            None => self
                .spellings
                .iter()
                .any(|words| posting.phrase(words, Fields::LOCATION).meets(Fields::LOCATION)),
        }
    }

    fn keys(&self, keys: &mut Vec<Term>) {
        keys.extend(self.country.map(Term::country));
        let rarest = self.spellings.iter().zip(&self.rarest);
        keys.extend(rarest.filter_map(|(words, at)| words.get(usize::from(*at)).copied()));
    }
}

/// The key of every remote posting.
pub fn remote_key() -> Term {
    Term::country("remote")
}

/// The place keys of a posting.
pub fn keys_of(posting: &MatchPosting) -> Vec<Term> {
    let mut keys: Vec<Term> = posting
        .surfaces()
        .filter(|(_, term)| posting.fields_of(*term).meets(Fields::LOCATION))
        .map(|(_, term)| term)
        .collect();
    keys.extend(posting.whereabouts.countries.iter().map(|code| Term::country(code)));
    if posting.remote == Some(RemoteOption::Remote) {
        keys.push(remote_key());
    }
    keys.sort_unstable();
    keys.dedup();
    keys
}

/// Folded words with one space between them.
pub fn folded_words(text: &str) -> String {
    let mut folded = String::new();
    fold(text, &mut folded);
    let mut tokens = Vec::new();
    scan(&folded, &mut tokens);
    let words: Vec<_> = tokens.iter().map(|token| token.word).collect();
    words.join(" ")
}
