//! Cuts a location text into entries of one place each.

use super::parts;
use super::resolve;

const MOST_ENTRIES: usize = 64;

/// The entries of a text, in order.
pub(super) fn split(text: &str) -> Vec<String> {
    let text = text.replace(['\u{a0}', '\t', '\r'], " ").replace('，', ",").replace(", or ", ", ");
    text.split([';', '|', '\n', '•', '·', '；', '、'])
        .flat_map(|entry| entry.split(" / "))
        .flat_map(alternatives)
        .map(|entry| entry.trim().to_owned())
        .filter(|entry| !entry.is_empty())
        .take(MOST_ENTRIES)
        .collect()
}

/// `Paris or Lyon`, `Dubai/Doha`: cut only where each side is a place or no name at all.
fn alternatives(entry: &str) -> Vec<String> {
    for separator in [" or ", " Or ", " OR ", " oder ", " ou ", " and ", " und ", " et ", " & ", "/"] {
        if !entry.contains(separator) || parts::is_name(entry) {
            continue;
        }
        let sides: Vec<&str> = entry.split(separator).take(MOST_ENTRIES).collect();
        let stands_alone = |side: &&str| parts::of(side).is_empty() || !resolve::entry(side).is_empty();
        if sides.iter().all(stands_alone) {
            return sides.into_iter().map(str::to_owned).collect();
        }
    }
    vec![entry.to_owned()]
}
