//! The requirements of a posting: its source's own field, or the sections of the text under a heading that announces them.
//!
//! A heading is an `<h1>`–`<h6>`, a line that is bold from end to end, a bold beginning that ends in a colon, or a plain line that
//! is nothing but a known heading. To add a language, add its words to
//! `requirements.tsv`.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::cues;
use super::html::{Block, Kind, Line, lines_to_text};

/// Longest heading, in characters.
const LONGEST: usize = 90;

static WANTED_SORTED: LazyLock<Sorted> = LazyLock::new(|| sorted("wanted"));
static OTHER_SORTED: LazyLock<Sorted> = LazyLock::new(|| sorted("other"));

/// Beginnings by their first character, longest first.
type Sorted = FxHashMap<char, Vec<&'static str>>;

fn sorted(tag: &str) -> Sorted {
    let mut sorted = Sorted::default();
    for (_, word) in cues::table(include_str!("requirements.tsv")).filter(|(known, _)| *known == tag) {
        sorted.entry(word.chars().next().unwrap_or_default()).or_default().push(word);
    }
    for words in sorted.values_mut() {
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    }
    sorted
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Topic {
    Wanted,
    Other,
    Unknown,
}

/// A heading: its level (1–6 for `<h1>`–`<h6>`, 7 for bold, 8 for plain lines), what it is about, and the text behind it on its line.
struct Heading<'a> {
    level: u8,
    topic: Topic,
    behind: &'a str,
}

/// The text of the sections under headings that announce requirements; `None` where there is none.
pub fn split(blocks: &[Block]) -> Option<String> {
    let mut kept: Vec<(Line<'_>, bool)> = Vec::new();
    let mut inside: Option<u8> = None;
    for block in blocks {
        match heading(block) {
            Some(Heading { level, topic: Topic::Wanted, behind }) => {
                if !kept.is_empty() && behind.is_empty() {
                    kept.push((Line { kind: Kind::Line, gap: true, text: &block.text }, true));
                }
                if !behind.is_empty() {
                    kept.push((Line { kind: Kind::Line, gap: true, text: behind }, false));
                }
                inside = Some(inside.map_or(level, |outer| outer.min(level)));
            }
            Some(Heading { level, topic, .. })
                if inside.is_some_and(|open| topic == Topic::Other || level <= open) =>
            {
                // A bold line that no list knows may be a label inside the section.
                let label = topic == Topic::Unknown && level >= 7 && block.text.ends_with(':');
                if label {
                    kept.push((Line::from(block), true));
                } else {
                    inside = None;
                }
            }
            found if inside.is_some() => {
                kept.push((Line::from(block), found.is_some_and(|heading| heading.behind.is_empty())));
            }
            _ => {}
        }
    }
    while kept.pop_if(|(_, heading)| *heading).is_some() {}
    let lines: Vec<Line<'_>> = kept.into_iter().map(|(line, _)| line).collect();
    Some(lines_to_text(&lines)).filter(|text| !text.is_empty())
}

/// True for a heading that announces requirements, as sources with named sections send it.
pub fn is_heading(text: &str) -> bool {
    topic(&fold(text)) == Topic::Wanted
}

fn heading(block: &Block) -> Option<Heading<'_>> {
    let text = block.text.as_str();
    let folded = |text: &str| fold(text);
    if let Kind::Heading(level) = block.kind {
        return Some(Heading { level, topic: topic(&folded(text)), behind: "" });
    }
    if matches!(block.kind, Kind::Item { .. }) {
        return None;
    }
    if block.bold == text.len() && text.chars().count() <= LONGEST {
        return Some(Heading { level: 7, topic: topic(&folded(text)), behind: "" });
    }
    if let Some((lead, behind)) = text.split_once(':')
        && lead.chars().count() <= LONGEST
    {
        let topic = topic(&folded(lead));
        let words = lead.split_whitespace().count();
        let behind = behind.trim();
        let bold = block.bold > lead.len().saturating_sub(1);
        if behind.is_empty() && words <= 9 && (topic != Topic::Unknown || bold) {
            return Some(Heading { level: if bold { 7 } else { 8 }, topic, behind });
        }
        if bold && topic != Topic::Unknown {
            return Some(Heading { level: 7, topic, behind });
        }
        if topic == Topic::Wanted
            && words <= 3
            && block.gap
            && lead.chars().next().is_some_and(char::is_uppercase)
        {
            return Some(Heading { level: 8, topic, behind });
        }
    }
    let words = text.split_whitespace().count();
    if words <= 6 && !text.ends_with(['.', ';', ',']) && text.chars().count() <= LONGEST {
        let lower = folded(text);
        let topic = topic(&lower);
        let shouted = text.chars().any(char::is_alphabetic) && !text.chars().any(char::is_lowercase);
        if (topic != Topic::Unknown && (shouted || exact(&lower) || starts_capital(text)))
            || (shouted && words >= 2)
        {
            return Some(Heading { level: 8, topic, behind: "" });
        }
    }
    None
}

fn starts_capital(text: &str) -> bool {
    text.chars().find(|char| char.is_alphabetic()).is_some_and(char::is_uppercase)
}

fn exact(lower: &str) -> bool {
    let first = lower.chars().next().unwrap_or_default();
    [&WANTED_SORTED, &OTHER_SORTED]
        .iter()
        .any(|words| words.get(&first).is_some_and(|words| words.contains(&lower)))
}

fn topic(lower: &str) -> Topic {
    let first = lower.chars().next().unwrap_or_default();
    let longest = |words: &Sorted| {
        words
            .get(&first)
            .and_then(|words| words.iter().find(|word| begins(lower, word)))
            .map_or(0, |word| word.len())
    };
    let (wanted, other) = (longest(&WANTED_SORTED), longest(&OTHER_SORTED));
    match wanted.cmp(&other) {
        std::cmp::Ordering::Greater => Topic::Wanted,
        std::cmp::Ordering::Less => Topic::Other,
        std::cmp::Ordering::Equal if wanted == 0 => within(lower),
        std::cmp::Ordering::Equal => Topic::Unknown,
    }
}

/// Words that mark a heading wherever they stand in it.
fn within(lower: &str) -> Topic {
    const INSIDE: [&str; 13] = [
        "qualifications",
        "requirements",
        "looking for",
        "you bring",
        "mitbring",
        "dein profil",
        "ihr profil",
        "profil recherché",
        "requisitos",
        "requisiti",
        "wymagania",
        "anforderungen",
        "prérequis",
    ];
    if INSIDE.iter().any(|word| lower.contains(word)) { Topic::Wanted } else { Topic::Unknown }
}

/// True where `lower` begins with `start`, which may go on to the end of its word but not further into a sentence of other words.
fn begins(lower: &str, start: &str) -> bool {
    lower.strip_prefix(start).is_some_and(|rest| {
        rest.is_empty()
            || !rest.starts_with(char::is_alphabetic)
            || [
                "s", "es", "en", "n", "er", "e", "t", "st", "ies", "y", "ung", "ungen", "a", "i", "n an",
                "liche",
            ]
            .iter()
            .any(|ending| {
                rest.strip_prefix(ending).is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
            })
    })
}

/// Lower case, apostrophes straight, decoration and a closing colon removed.
fn fold(text: &str) -> String {
    let lower = text.to_lowercase().replace(['’', '‘', '`', '´'], "'");
    let trimmed = lower.trim_matches(|char: char| !char.is_alphanumeric());
    let trimmed = trimmed.trim_start_matches("and ").trim_start_matches("und ");
    trimmed.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::normalize::html;

    fn of_html(text: &str) -> Option<String> {
        split(&html::read(text))
    }

    fn of_text(text: &str) -> Option<String> {
        split(&html::plain(text))
    }

    #[test]
    fn headings_of_markup() {
        let html = "<p>Hello</p><h3>What you’ll bring</h3><ul><li>Rust</li><li>SQL</li></ul><h3>What we offer</h3><p>Fruit</p>";
        assert_eq!(of_html(html).as_deref(), Some("- Rust\n- SQL"));
        let html = "<p><strong>Dein Profil:</strong></p><ul><li>Erfahrung mit Go</li></ul><p><b>Wir bieten</b></p><p>Obst</p>";
        assert_eq!(of_html(html).as_deref(), Some("- Erfahrung mit Go"));
        let html = "<strong>Requirements</strong><br>Two years of work<br><strong>Benefits</strong><br>Tea";
        assert_eq!(of_html(html).as_deref(), Some("Two years of work"));
        let html = "<p><b>Qualifications:</b> a degree</p><p><b>Location:</b> Lyon</p>";
        assert_eq!(of_html(html).as_deref(), Some("a degree"));
    }

    #[test]
    fn nested_headings_belong_to_the_section() {
        let html = "<h2>Requirements</h2><h3>Technical things</h3><ul><li>Go</li></ul><h3>Personal</h3><p>Calm</p><h2>Life here</h2><p>x</p>";
        assert_eq!(of_html(html).as_deref(), Some("Technical things\n- Go\n\nPersonal\nCalm"));
    }

    #[test]
    fn several_sections_are_joined() {
        let html = "<h3>Minimum qualifications</h3><p>A</p><h3>Responsibilities</h3><p>B</p><h3>Preferred qualifications</h3><p>C</p><h3>About us</h3><p>D</p>";
        assert_eq!(of_html(html).as_deref(), Some("A\n\nPreferred qualifications\n\nC"));
    }

    #[test]
    fn plain_lines() {
        assert_eq!(
            of_text("Intro\n\nREQUIREMENTS\n- Go\n- SQL\n\nBENEFITS\n- Tea").as_deref(),
            Some("- Go\n- SQL")
        );
        assert_eq!(
            of_text("Aufgaben\n- A\n\nDas bringst du mit\n• B\n\nWas wir bieten\n• C").as_deref(),
            Some("- B")
        );
        assert_eq!(
            of_text("You have built things before and you are curious.\nRequirements engineering is fun."),
            None
        );
    }

    #[test]
    fn languages() {
        for (wanted, other) in [
            ("Requirements", "What we offer"),
            ("The person we’re after", "Compensation"),
            ("Skills and experience", "Our values"),
            ("Ihr Profil", "Ihre Vorteile"),
            ("Anforderungen", "Ihre Aufgaben"),
            ("Voraussetzungen", "Kontakt"),
            ("Qualifikationen", "Unser Angebot"),
            ("Was du mitbringst", "Was dich erwartet"),
            ("Profil recherché", "Avantages"),
            ("Votre profil", "Vos missions"),
            ("Compétences", "Rémunération"),
            ("Requisitos", "Qué ofrecemos"),
            ("Lo que buscamos", "Funciones"),
            ("Requisiti", "Cosa offriamo"),
            ("Wymagania", "Oferujemy"),
            ("Krav", "Vi erbjuder"),
            ("Din profil", "Om oss"),
            ("Requisitos e qualificações", "Benefícios"),
        ] {
            let html = format!(
                "<p>x</p><p><strong>{wanted}</strong></p><ul><li>one</li></ul><p><strong>{other}</strong></p><p>two</p>"
            );
            assert_eq!(of_html(&html).as_deref(), Some("- one"), "{wanted} / {other}");
        }
    }

    #[test]
    fn no_heading_no_requirements() {
        assert_eq!(of_html("<p>We need a person. You have time.</p>"), None);
        assert_eq!(of_html("<h2>Requirements</h2>"), None);
        assert!(
            is_heading("Profil recherché")
                && is_heading("What you’ll bring:")
                && !is_heading("Responsibilities")
        );
    }

    proptest! {
        #[test]
        fn any_text(text in "(?s:.{0,100})|(<h2>|<b>|</b>|</h2>|Requirements|Benefits|:|<li>|x|\\n){0,30}") {
            let _ = (of_html(&text), of_text(&text));
        }
    }
}
