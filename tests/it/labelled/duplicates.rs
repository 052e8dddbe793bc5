//! The rule that marks postings of different sources as one vacancy, on labelled pairs of posts of one employer.
//!
//! The rule itself is a query of the store; this says the same in a few lines: equal company and title keys, a common place or none
//! known, near-equal text, and never two postings of one source.

use std::collections::BTreeSet;

use career_worker::{
    domain::Place,
    normalize::{fingerprint, places, url},
};
use serde_json::Value;

use super::{Figure, Level, rows};

/// Most bits in which the texts of one vacancy differ, as the store has it.
const NEAR: u32 = 6;

/// What the rule compares.
pub struct Print {
    /// The source that shows the posting.
    pub source: &'static str,
    /// Key of the employer's name.
    pub company: String,
    /// Key of the title.
    pub title: String,
    /// Keys of its places.
    pub places: BTreeSet<String>,
    /// Hash of the text.
    pub text: u64,
}

impl Print {
    /// Whether the rule takes two postings for one vacancy.
    pub fn is_marked_with(&self, other: &Self) -> bool {
        let places =
            self.places.is_empty() || other.places.is_empty() || !self.places.is_disjoint(&other.places);
        self.source != other.source
            && self.company == other.company
            && self.title == other.title
            && places
            && self.text != 0
            && other.text != 0
            && fingerprint::distance(self.text, other.text) <= NEAR
    }
}

/// The finest part of a place that is known.
pub fn place_key(place: &Place) -> Option<String> {
    let Place { city, region, country, country_code } = place;
    let part = city.as_ref().or(region.as_ref()).or(country_code.as_ref()).or(country.as_ref())?;
    Some(part.to_lowercase())
}

/// One side of a labelled pair. The set has no texts: all count as equal, so that only keys and places tell postings apart.
fn side(post: &Value, source: &'static str) -> Print {
    let text = |key: &str| post[key].as_str().unwrap_or_default();
    Print {
        source,
        company: "one employer".to_owned(),
        title: fingerprint::title_key(text("title")),
        places: places::from_text(text("location")).iter().filter_map(place_key).collect(),
        text: 1,
    }
}

/// Requisitions that are kept apart on one source, where only an equal address makes two posts one posting; and pairs that would be
/// marked if two sources showed them with equal texts.
pub fn figures() -> Vec<Figure> {
    let set = "greenhouse_same_job_pairs";
    let mut apart = Figure::new(set, "kept apart, one source", Level::accuracy(1.0));
    let mut marked = Figure::new(set, "marked, equal texts", Level::none());
    for (index, row) in rows(set).iter().enumerate() {
        let address = |side: &str| url::canonical(row[side]["absolute_url"].as_str().unwrap_or_default());
        let same = row["label"] == "same_job";
        if !same {
            let merged = side(&row["a"], "one").is_marked_with(&side(&row["b"], "one"))
                || address("a").is_none()
                || address("a") == address("b");
            apart.count(index, false, merged, !merged);
            if merged {
                apart.miss(index, || format!("{:?} and {:?}", address("a"), address("b")));
            }
        }
        let found = side(&row["a"], "one").is_marked_with(&side(&row["b"], "two"));
        marked.count(index, same, found, same == found);
    }
    vec![apart, marked]
}
