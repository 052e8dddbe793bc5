//! Place of work: remote, hybrid or onsite.
//!
//! What the source states wins over the place, the place over the title, the title over the text; within one of them hybrid wins
//! over remote, and a denied remote is onsite. Remote as an attribute of things ("remote sensing") says nothing. All words are in
//! `remote/words.tsv`: to add a language, add a block there, and what its text patterns hang on to the cues in `words.rs`.

mod words;

use std::borrow::Cow;
use std::sync::LazyLock;

use super::{cues, pattern::Pattern};
use crate::domain::{RemoteOption, Workplace};
use words::{
    CUES, DENIED, FULL_WEEK, FULLY, HIDDEN, HYBRID, HYBRID_TEXT, HYBRID_THING, ONSITE, ONSITE_TEXT, REMOTE,
    REMOTE_TEXT, TITLED,
};

pattern!(TOWN, r"(?i)^\s*remote, (?:or|oregon)(?:,? (?:us|usa|united states))?\s*$");

/// The place of work that the parts of a posting together say.
pub fn resolve(
    workplace: Option<&Workplace>,
    locations: &[String],
    title: &str,
    text: &str,
) -> Option<RemoteOption> {
    let stated = match workplace {
        Some(Workplace::Stated(option)) => return Some(*option),
        Some(Workplace::Text(words)) => from_field(words),
        None => None,
    };
    stated.or_else(|| from_locations(locations)).or_else(|| from_title(title)).or_else(|| from_text(text))
}

/// From a field meant for it; `yes` and `true` say remote there.
pub fn from_field(words: &str) -> Option<RemoteOption> {
    match words.trim().to_lowercase().as_str() {
        "yes" | "true" | "1" | "ja" | "oui" | "flexible" => {
            Some(RemoteOption::Remote).filter(|_| words.trim() != "flexible")
        }
        _ => from_short(words),
    }
}

/// From all places of a posting: one of them hybrid is hybrid, one of them remote is remote.
pub fn from_locations(locations: &[String]) -> Option<RemoteOption> {
    let found: Vec<RemoteOption> = locations.iter().filter_map(|place| from_location(place)).collect();
    [RemoteOption::Hybrid, RemoteOption::Remote, RemoteOption::Onsite]
        .into_iter()
        .find(|option| found.contains(option))
}

/// From one free-text place.
pub fn from_location(place: &str) -> Option<RemoteOption> {
    // A town in Oregon.
    if TOWN.is_match(place) { None } else { from_short(place) }
}

/// From a title.
pub fn from_title(title: &str) -> Option<RemoteOption> {
    let lower = title.to_lowercase();
    let title = plain(&lower);
    if DENIED.is_match(&title) {
        return Some(RemoteOption::Onsite);
    }
    if FULLY.is_match(&title) {
        return Some(RemoteOption::Remote);
    }
    if HYBRID.is_match(&title) {
        return Some(RemoteOption::Hybrid);
    }
    if TITLED.is_match(&title) {
        return Some(RemoteOption::Remote);
    }
    ONSITE.is_match(&title).then_some(RemoteOption::Onsite)
}

/// Bytes of statements that are read; where more is said of it, it is not about the place of work.
const MOST: usize = 1500;

/// From running text, where it says so plainly.
pub fn from_text(text: &str) -> Option<RemoteOption> {
    let mut near = cues::around(text, CUES.find_iter(text).map(|(found, _)| found), 90, 90);
    if near.is_empty() {
        return None;
    }
    near.truncate(near.floor_char_boundary(MOST));
    let lower = near.to_lowercase();
    let near = plain(&lower);
    let denied = DENIED.is_match(&near);
    let near = DENIED.replace_all(&near, ". ");
    let full_week = FULL_WEEK.is_match(&near);
    let near = FULL_WEEK.replace_all(&near, " ");
    let near = FULLY.replace_all(&near, "fully remote");
    if HYBRID_TEXT.is_match(&near) {
        return Some(RemoteOption::Hybrid);
    }
    if !denied && !full_week && REMOTE_TEXT.is_match(&near) {
        return Some(RemoteOption::Remote);
    }
    (denied || full_week || ONSITE_TEXT.is_match(&near)).then_some(RemoteOption::Onsite)
}

/// The text without what only looks like a place of work.
fn plain(text: &str) -> Cow<'_, str> {
    let text = HIDDEN.replace_all(text, " ");
    match HYBRID_THING.replace_all(&text, " ") {
        Cow::Borrowed(_) => text,
        Cow::Owned(text) => Cow::Owned(text),
    }
}

fn from_short(text: &str) -> Option<RemoteOption> {
    let lower = text.to_lowercase();
    let text = plain(&lower);
    let denied = DENIED.is_match(&text);
    let text = DENIED.replace_all(&text, " ");
    if FULLY.is_match(&text) {
        return Some(RemoteOption::Remote);
    }
    if HYBRID.is_match(&text) {
        return Some(RemoteOption::Hybrid);
    }
    if !denied && REMOTE.is_match(&text) {
        return Some(RemoteOption::Remote);
    }
    (denied || ONSITE.is_match(&text)).then_some(RemoteOption::Onsite)
}

#[cfg(test)]
mod tests;
