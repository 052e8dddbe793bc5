//! Asking for a list in parts, where it is longer than what can be shown: by the values of one facet.

use serde_json::{Map, Value as Json};

use super::{
    super::reading::{Object, Value},
    CAP, asked, offsets,
    site::Site,
};
use crate::domain::Request;

/// The most values of a facet that are asked for.
const MOST: usize = 200;
/// How deep facets may stand in groups.
const DEEPEST: usize = 4;

/// A facet's values with how many postings each has.
struct Facet {
    name: String,
    values: Vec<(String, u64)>,
}

impl Facet {
    fn postings(&self) -> u64 {
        self.values.iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }

    fn largest(&self) -> u64 {
        self.values.iter().map(|(_, count)| *count).max().unwrap_or(0)
    }
}

/// The requests for all pages of all values of the facet whose values are short enough and hold the most postings together.
pub(super) fn split(answer: &Object<'_>, site: &Site) -> Vec<Request> {
    let mut facets = Vec::new();
    read(&answer.items("facets"), 0, &mut facets);
    let whole = facets.iter().filter(|facet| facet.values.len() <= MOST && facet.largest() < CAP);
    let Some(facet) = whole.max_by_key(|facet| (facet.postings(), usize::MAX - facet.values.len())) else {
        return Vec::new();
    };
    let mut requests = Vec::new();
    for (id, count) in &facet.values {
        let ids = Json::from(vec![id.clone()]);
        let applied = Json::Object(Map::from_iter([(facet.name.clone(), ids)]));
        requests.extend(offsets(0, *count).map(|offset| asked(site, &applied, offset)));
    }
    requests
}

/// Facets may stand in groups, which are facets whose values are facets.
fn read(items: &[Value<'_>], depth: usize, facets: &mut Vec<Facet>) {
    if depth > DEEPEST {
        return;
    }
    for item in items.iter().filter_map(|item| item.object().ok()) {
        let values = item.items("values");
        let counted = values.iter().filter_map(|value| {
            let value = value.object().ok()?;
            let count = value.get("count")?.integer()?;
            Some((value.text("id")?, u64::try_from(count).ok()?))
        });
        let counted: Vec<_> = counted.collect();
        match item.text("facetParameter") {
            Some(name) if !counted.is_empty() => facets.push(Facet { name, values: counted }),
            _ => read(&values, depth + 1, facets),
        }
    }
}
