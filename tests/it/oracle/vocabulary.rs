//! The words of the postings as people wrote them, in bands of how many postings have them.

use std::collections::{BTreeMap, BTreeSet};

use rand::{Rng as _, rngs::StdRng, seq::IndexedRandom as _};

use super::corpus::Case;

/// Words in at most this many postings are rare.
const RARE: usize = 3;
/// Words in more than one of this many postings are frequent.
const FREQUENT: usize = 20;
/// Longest word taken, in characters.
const LONGEST: usize = 40;

/// Words by frequency, words of titles, and texts to take rows of words from.
pub struct Vocabulary {
    bands: [Vec<String>; 3],
    titles: Vec<String>,
    companies: Vec<String>,
    places: Vec<String>,
    skills: Vec<String>,
    texts: Vec<Vec<String>>,
}

/// The words of a text without the punctuation around them.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    let kept = |c: char| !c.is_alphanumeric() && !"+#.".contains(c);
    text.split_whitespace()
        .map(move |word| word.trim_matches(kept).trim_end_matches('.'))
        .filter(|word| !word.is_empty() && word.chars().count() <= LONGEST)
}

impl Vocabulary {
    pub fn new(cases: &[&Case]) -> Self {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let mut texts = Vec::new();
        let [mut titles, mut companies, mut places, mut skills] = [const { BTreeSet::new() }; 4];
        for case in cases {
            let posting = &case.posting;
            let body = [&posting.description, &posting.requirements].into_iter().flatten();
            let all: Vec<&str> = body.flat_map(|text| words(text)).chain(words(&posting.title)).collect();
            for word in all.iter().copied().collect::<BTreeSet<_>>() {
                *counts.entry(word).or_default() += 1;
            }
            titles.extend(words(&posting.title));
            companies.extend(words(&posting.company));
            places.extend(posting.location.iter().flat_map(|place| words(place)));
            skills.extend(posting.tech_stack.iter().map(String::as_str));
            for text in [Some(&posting.title), posting.description.as_ref(), posting.requirements.as_ref()] {
                texts.extend(text.map(|text| words(text).map(str::to_owned).collect()));
            }
        }
        let mut bands = [const { Vec::new() }; 3];
        for (word, count) in counts {
            let band = usize::from(count > RARE) + usize::from(count * FREQUENT > cases.len());
            bands[band].push(word.to_owned());
        }
        let owned = |words: BTreeSet<&str>| words.into_iter().map(str::to_owned).collect();
        Self {
            bands,
            titles: owned(titles),
            companies: owned(companies),
            places: owned(places),
            skills: owned(skills),
            texts,
        }
    }

    /// A word: of a title half of the time, else of any band.
    pub fn word<'a>(&'a self, rng: &mut StdRng) -> &'a str {
        let list = match rng.random_range(0..12) {
            0..6 => &self.titles,
            6 | 7 => &self.bands[0],
            8 | 9 => &self.bands[1],
            10 => &self.bands[2],
            _ => &self.skills,
        };
        one_of(list, rng)
    }

    /// A word that stands in `field` of some posting.
    pub fn word_of<'a>(&'a self, field: &str, rng: &mut StdRng) -> &'a str {
        match field {
            "company" => one_of(&self.companies, rng),
            "location" => one_of(&self.places, rng),
            "tech" => one_of(&self.skills, rng),
            _ => one_of(&self.titles, rng),
        }
    }

    /// `count` words in a row, as a posting has them.
    pub fn row(&self, count: usize, rng: &mut StdRng) -> String {
        let Some(text) = self.texts.choose(rng).filter(|text| text.len() >= count) else {
            return self.word(rng).to_owned();
        };
        let begin = rng.random_range(0..=text.len() - count);
        text[begin..begin + count].join(" ")
    }
}

fn one_of<'a>(list: &'a [String], rng: &mut StdRng) -> &'a str {
    list.choose(rng).map_or("engineer", String::as_str)
}
