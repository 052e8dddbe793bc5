//! Cuts a location text into entries of one place each.

use super::parts;
use super::resolve;

const MOST_ENTRIES: usize = 64;
/// What stands between places of which one may be chosen.
const SEPARATORS: [&str; 17] = [
    " or ", " Or ", " OR ", " oder ", " ou ", " and ", " und ", " et ", " & ", " y ", " o ", " e ", " och ",
    " eller ", " en ", " lub ", "/",
];

/// The entries of a text, in order.
pub(super) fn split(text: &str) -> Vec<String> {
    let text = text.replace(['\u{a0}', '\t', '\r'], " ").replace('，', ",").replace(", or ", ", ");
    text.split([';', '\n', '•', '·', '；', '、'])
        .flat_map(bars)
        .flat_map(|entry| entry.split(" / ").map(str::to_owned).collect::<Vec<_>>())
        .flat_map(|entry| alternatives(&entry))
        .flat_map(|entry| chains(&entry))
        .map(|entry| entry.trim().to_owned())
        .filter(|entry| !entry.is_empty())
        .take(MOST_ENTRIES)
        .collect()
}

/// `Berlin | Hamburg` is a list, `KS | Depot | 1ABC, United States` one place in levels.
fn bars(entry: &str) -> Vec<String> {
    let pieces: Vec<&str> = entry.split('|').map(str::trim).filter(|piece| !piece.is_empty()).collect();
    let code =
        |piece: &&str| matches!(piece.len(), 2 | 3) && piece.bytes().all(|byte| byte.is_ascii_uppercase());
    let levels = pieces.first().is_some_and(code)
        && pieces.last().is_some_and(|piece| piece.split(',').skip(1).any(parts::is_name));
    if levels { vec![pieces.join(", ")] } else { pieces.into_iter().map(str::to_owned).collect() }
}

/// `Kansas-Wichita, Texas-Dallas`: each piece says where it is.
fn chains(entry: &str) -> Vec<String> {
    let pieces: Vec<&str> = entry.split(',').map(str::trim).collect();
    let chain = |piece: &&str| !piece.contains(" - ") && parts::hyphenated(piece).len() > 1;
    if pieces.len() > 1 && pieces.iter().all(chain) {
        pieces.into_iter().map(str::to_owned).collect()
    } else {
        vec![entry.to_owned()]
    }
}

/// `Paris or Lyon`, `Dubai/Doha`: cut only where each side is a place or no name at all.
fn alternatives(entry: &str) -> Vec<String> {
    for separator in SEPARATORS {
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
