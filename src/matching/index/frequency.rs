//! How many postings have a term: learned from a sample of them, guessed by looks before there is one.

use rustc_hash::FxHashMap;

use crate::matching::{posting::MatchPosting, query::Node, text::Term};

/// Words in a large part of all postings.
const FREQUENT: &str = " a an and are as at be by for from have in is it of on or our that the this to we will with you your team work experience \
    skills role working knowledge ability years all including strong new company business development support customer customers \
    product management project der die das und in zu den von mit fur ist im auf eine ein wir du deine sie als bei unsere remote job ";

/// Words in many postings' titles.
const USUAL: &str = " developer engineer manager senior junior lead software data analyst designer consultant specialist sales marketing \
    assistant entwickler ingenieur it full stack frontend backend cloud security system systems python java sql javascript aws \
    front-end back-end full-stack amazon-web-services react docker german english ";

/// Postings in a sample from which on it is believed.
const ENOUGH: u32 = 50;

/// Words counted before the rare ones are dropped.
const MAX_TERMS: usize = 1_000_000;

/// The share of postings that have a term.
#[derive(Debug, Default)]
pub struct Frequencies {
    counts: FxHashMap<Term, u32>,
    postings: u32,
}

impl Frequencies {
    /// Adds a posting to the sample.
    pub fn observe(&mut self, posting: &MatchPosting) {
        self.postings = self.postings.saturating_add(1);
        for (term, _) in posting.terms() {
            *self.counts.entry(term).or_insert(0) += 1;
        }
        if self.counts.len() > MAX_TERMS {
            self.counts.retain(|_, count| *count > 1);
        }
    }

    /// The share of postings that have one of a word's terms, 0 to 1.
    pub fn of_word(&self, label: &str, terms: &[Term]) -> f32 {
        if self.postings < ENOUGH {
            return by_looks(label);
        }
        let count: u32 = terms.iter().filter_map(|term| self.counts.get(term)).sum();
        share(f64::from(count), self.postings)
    }

    /// The share of postings with a leaf of a query, 0 to 1.
    pub fn of_leaf(&self, leaf: &Node) -> f32 {
        match leaf {
            Node::Word { label, any, .. } => self.of_word(label, any),
            Node::Phrase { label, words, .. } => {
                let shares = label.split(' ').zip(words).map(|(label, word)| self.of_word(label, &[*word]));
                shares.fold(1.0, f32::min)
            }
            Node::Prefix { label, .. } => match label.chars().count() {
                0..=1 => 0.9,
                2 => 0.6,
                3 => 0.3,
                _ => 0.1,
            },
            Node::And(_) | Node::Or(_) | Node::Not(_) => 1.0,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a share")]
fn share(count: f64, of: u32) -> f32 {
    ((count + 0.5) / (f64::from(of) + 1.0)).min(1.0) as f32
}

fn by_looks(word: &str) -> f32 {
    let listed = |list: &str| list.contains(&format!(" {word} "));
    if listed(FREQUENT) {
        0.5
    } else if listed(USUAL) {
        0.1
    } else {
        match word.len() {
            0..=3 => 0.03,
            4..=6 => 0.015,
            7..=9 => 0.009,
            _ => 0.005,
        }
    }
}
