//! The patterns of `words.tsv`, put together by tag.

use std::sync::LazyLock;

use regex::{Regex, RegexBuilder};

use crate::normalize::cues::{Finder, table};

/// A fragment with a word boundary before it, where it begins with a letter that can have one.
fn bounded(fragment: &str) -> String {
    let spaced = fragment.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '(');
    if spaced { format!(r"\b{fragment}") } else { fragment.to_owned() }
}

/// Word boundaries and letters as plainly as will do: those of Unicode send a text through the slowest engine of regex.
fn simple(fragment: &str) -> String {
    let word = "[^ \\t\\n.,;:!?()/]";
    fragment
        .replace(r"[\w-]", word)
        .replace(r"\w", word)
        .replace(r"\s", r"[ \t\n]")
        .replace(r"\b", r"(?-u:\b)")
}

fn tagged(tag: &str) -> impl Iterator<Item = &'static str> {
    table(include_str!("words.tsv")).filter(move |(found, _)| *found == tag).map(|(_, fragment)| fragment)
}

fn any(tags: &[&str]) -> Vec<String> {
    tags.iter().flat_map(|tag| tagged(tag)).map(bounded).collect()
}

fn list(tag: &str) -> String {
    tagged(tag).collect::<Vec<_>>().join("|")
}

#[expect(clippy::unwrap_used, reason = "the patterns are fixed, and a test compiles them")]
fn pattern(fragments: &[String]) -> Regex {
    let whole = simple(&format!("(?:{})", fragments.join("|")));
    RegexBuilder::new(&whole).dfa_size_limit(STATES).build().unwrap()
}

/// Bytes that the states of one pattern may take while it runs.
const STATES: usize = 8 << 20;

/// What says nothing of the place of work.
pub(super) static HIDDEN: LazyLock<Regex> = LazyLock::new(|| {
    let mut fragments = any(&["hidden"]);
    fragments.push(format!(r"\bremote[ -](?:{})\b", list("thing")));
    pattern(&fragments)
});
pub(super) static HYBRID_THING: LazyLock<Regex> =
    LazyLock::new(|| pattern(&[format!(r"\bhybride?[nrs]?[ -](?:{})\b", list("hybrid_thing"))]));
pub(super) static DENIED: LazyLock<Regex> = LazyLock::new(|| {
    let work = "(?: (?:work|position|role|job|opportunity|option)s?)?";
    let mut fragments =
        vec![format!(r"\b(?:{})[ -](?:(?:{}) )*(?:{})\b{work}", list("not"), list("filler"), list("object"))];
    fragments.extend(any(&["denied"]));
    pattern(&fragments)
});
pub(super) static FULLY: LazyLock<Regex> = LazyLock::new(|| pattern(&any(&["fully"])));
pub(super) static FULL_WEEK: LazyLock<Regex> = LazyLock::new(|| pattern(&any(&["full_week"])));
pub(super) static HYBRID: LazyLock<Regex> = LazyLock::new(|| pattern(&any(&["hybrid"])));
pub(super) static REMOTE: LazyLock<Regex> = LazyLock::new(|| pattern(&any(&["remote"])));
pub(super) static ONSITE: LazyLock<Regex> = LazyLock::new(|| pattern(&any(&["onsite"])));
pub(super) static TITLED: LazyLock<Regex> = LazyLock::new(|| pattern(&any(&["titled"])));
pub(super) static HYBRID_TEXT: LazyLock<Regex> = LazyLock::new(|| pattern(&any(&["hybrid_text"])));
pub(super) static REMOTE_TEXT: LazyLock<Regex> = LazyLock::new(|| {
    let mut fragments = any(&["remote_text"]);
    // A line or item of its own.
    fragments.push(r"(?:^|\n|  )[ \t]*[-•*–]?[ \t]*remote[ \t.]*(?:$|\n|  )".to_owned());
    pattern(&fragments)
});
pub(super) static ONSITE_TEXT: LazyLock<Regex> = LazyLock::new(|| pattern(&any(&["onsite_text"])));

/// What stands in every plain statement; a text without any of these is not read.
pub(super) static CUES: LazyLock<Finder> = LazyLock::new(|| {
    Finder::new([
        "remot",
        "hybrid",
        "híbrid",
        "HÍBRID",
        "ibrid",
        "hybryd",
        "home office",
        "homeoffice",
        "home-office",
        "on-site",
        "onsite",
        "on site",
        "in-office",
        "in office",
        "the office",
        "our office",
        "in-person",
        "in person",
        "télétravail",
        "TÉLÉTRAVAIL",
        "teletrabajo",
        "teletrabalho",
        "vor ort",
        "from home",
        "from anywhere",
        "home-based",
        "home based",
        "smart working",
        "smartworking",
        "lavoro agile",
        "zdaln",
        "mobiles arbeiten",
        "mobilen arbeiten",
        "mobile arbeiten",
        "présentiel",
        "presencial",
        "distans",
        "distributed",
        "im büro",
        "thuiswerk",
        "thuis",
        "op afstand",
        "vanuit huis",
        "in presenza",
        "in sede",
        "stacjonarn",
        "days a week",
        "days per week",
        "days in ",
        "hemifrån",
        "på plats",
        "à distance",
        "w biurze",
        "z domu",
        "da casa",
        "en casa",
    ])
});
