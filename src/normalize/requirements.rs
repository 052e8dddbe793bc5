//! The requirements of a posting: its source's own field, or the sections of the text under a heading that announces them.
//!
//! A heading is an `<h1>`–`<h6>`, a line that is bold from end to end, a bold beginning that ends in a colon, or a plain line that
//! is nothing but a known heading. To add a language, add its words to
//! `requirements.tsv`.

use std::{cmp::Ordering, sync::LazyLock};

use aho_corasick::AhoCorasick;
use rustc_hash::FxHashMap;

use super::cues;
use super::html::{Block, Kind, Line, lines_to_text};

/// Longest heading, in characters.
const LONGEST: usize = 90;

static WANTED_SORTED: LazyLock<Sorted> = LazyLock::new(|| sorted("wanted"));
static OTHER_SORTED: LazyLock<Sorted> = LazyLock::new(|| sorted("other"));

static INSIDE: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let words = cues::table(include_str!("requirements.tsv")).filter(|(tag, _)| *tag == "inside");
    cues::automaton(&words.map(|(_, word)| word).collect::<Vec<_>>())
});

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

/// What a heading is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// What is asked of a person, must or may.
    Wanted,
    /// Work, offer, employer, place, way to apply.
    Other,
    /// The lists do not know it.
    Unknown,
}

/// A heading: its level (1–6 for `<h1>`–`<h6>`, 7 for bold, 8 for plain lines), what it is about, and the text behind it on its line.
struct Heading<'a> {
    level: u8,
    topic: Topic,
    /// One of the lists has it as it stands.
    exact: bool,
    behind: &'a str,
}

impl Heading<'_> {
    /// True where this heading, which announces no requirements, ends a section under a heading of level `open`.
    fn ends(&self, open: u8, filled: bool, block: &Block) -> bool {
        match self.topic {
            // A label with its text on one line is no heading of its own unless the lists know it.
            Topic::Other => self.behind.is_empty() || self.exact || self.level <= open,
            // An unknown one may be a label inside the section, and is one where nothing stands under the section's heading yet.
            _ => self.level <= open && filled && !(self.level >= 7 && block.text.ends_with(':')),
        }
    }
}

/// The text of the sections under headings that announce requirements; `None` where there is none.
pub fn split(blocks: &[Block]) -> Option<String> {
    let mut kept: Vec<(Line<'_>, bool)> = Vec::new();
    // The level of the heading that opened the section, and whether something stands under it yet.
    let mut inside: Option<(u8, bool)> = None;
    for block in blocks {
        let found = heading(block);
        let is_label = found.as_ref().is_some_and(|heading| heading.behind.is_empty());
        match (found, inside) {
            (Some(Heading { level, topic: Topic::Wanted, behind, .. }), _) => {
                if behind.is_empty() {
                    if !kept.is_empty() {
                        kept.push((Line { kind: Kind::Line, gap: true, text: &block.text }, true));
                    }
                } else if inside.is_some() {
                    kept.push((Line::from(block), false));
                } else {
                    kept.push((Line { kind: Kind::Line, gap: true, text: behind }, false));
                }
                inside = Some((inside.map_or(level, |(outer, _)| outer.min(level)), !behind.is_empty()));
            }
            (Some(heading), Some((open, filled))) if heading.ends(open, filled, block) => inside = None,
            (_, Some((open, filled))) => {
                kept.push((Line::from(block), is_label));
                inside = Some((open, filled || !is_label));
            }
            (_, None) => {}
        }
    }
    while kept.pop_if(|(_, heading)| *heading).is_some() {}
    let lines: Vec<Line<'_>> = kept.into_iter().map(|(line, _)| line).collect();
    Some(lines_to_text(&lines)).filter(|text| !text.is_empty())
}

/// What a heading is about, as far as the lists know.
pub fn topic_of(heading: &str) -> Topic {
    Found::of(heading).topic
}

/// True for a heading that announces requirements, as sources with named sections send it.
pub fn is_heading(text: &str) -> bool {
    topic_of(text) == Topic::Wanted
}

fn heading(block: &Block) -> Option<Heading<'_>> {
    let text = block.text.as_str();
    if let Kind::Heading(level) = block.kind {
        return Some(Found::of(text).heading(level, ""));
    }
    if matches!(block.kind, Kind::Item { .. }) {
        return None;
    }
    let short = |text: &str| text.len() <= LONGEST || text.chars().nth(LONGEST).is_none();
    let is_short = short(text);
    if block.bold == text.len() && is_short {
        return Some(Found::of(text).heading(7, ""));
    }
    if let Some((lead, behind)) = text.split_once(':')
        && short(lead)
    {
        let found = Found::of(lead);
        let known = found.topic != Topic::Unknown;
        let words = lead.split_whitespace().count();
        let behind = behind.trim();
        let bold = block.bold > lead.len().saturating_sub(1);
        if behind.is_empty() && words <= 9 && (known || bold) {
            return Some(found.heading(if bold { 7 } else { 8 }, behind));
        }
        if bold && known {
            return Some(found.heading(7, behind));
        }
        if found.topic == Topic::Wanted && words <= 3 && block.gap && starts_capital(lead) {
            return Some(found.heading(8, behind));
        }
    }
    if !is_short || text.ends_with(['.', ';', ',']) {
        return None;
    }
    let words = text.split_whitespace().count();
    if words > 6 {
        return None;
    }
    let found = Found::of(text);
    let shouted = text.chars().any(char::is_alphabetic) && !text.chars().any(char::is_lowercase);
    let known =
        found.topic != Topic::Unknown && (shouted || found.exact || (starts_capital(text) && found.most));
    (known || (shouted && words >= 2)).then(|| found.heading(8, ""))
}

/// What the lists say about a heading.
#[derive(Clone, Copy)]
struct Found {
    topic: Topic,
    /// A list has it as it stands.
    exact: bool,
    /// What a list has is a good part of it.
    most: bool,
}

impl Found {
    fn of(heading: &str) -> Self {
        let folded = fold(heading);
        let lower = folded.as_str();
        let first = lower.chars().next().unwrap_or_default();
        let longest = |words: &Sorted| {
            let words = words.get(&first);
            words.and_then(|words| words.iter().find(|word| begins(lower, word))).map_or(0, |word| word.len())
        };
        let (wanted, other) = (longest(&WANTED_SORTED), longest(&OTHER_SORTED));
        let length = wanted.max(other);
        let topic = match wanted.cmp(&other) {
            Ordering::Greater => Topic::Wanted,
            Ordering::Less => Topic::Other,
            // Words that mark a heading wherever they stand in it.
            Ordering::Equal if wanted == 0 && INSIDE.is_match(lower) => Topic::Wanted,
            Ordering::Equal => Topic::Unknown,
        };
        Self { topic, exact: length == lower.len(), most: length == 0 || length * 5 >= lower.len() * 2 }
    }

    fn heading(self, level: u8, behind: &str) -> Heading<'_> {
        Heading { level, topic: self.topic, exact: self.exact, behind }
    }
}

fn starts_capital(text: &str) -> bool {
    text.chars().find(|char| char.is_alphabetic()).is_some_and(char::is_uppercase)
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

/// Lower case, apostrophes straight; decoration, a number in front ("2. Your profile") and a closing colon removed.
fn fold(text: &str) -> String {
    let is_sign = |char: char| !char.is_alphanumeric();
    let mut folded = String::with_capacity(text.len());
    for word in unnumbered(text.trim_matches(is_sign)).split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        for char in word.chars() {
            match char {
                '’' | '‘' | '`' | '´' => folded.push('\''),
                '\u{2010}' | '\u{2011}' | '–' => folded.push('-'),
                '\u{fe0f}' => {}
                _ => folded.extend(char.to_lowercase()),
            }
        }
    }
    match folded.strip_prefix("and ").or_else(|| folded.strip_prefix("und ")) {
        Some(rest) => rest.to_owned(),
        None => folded,
    }
}

/// A heading without the number or letter that counts it.
fn unnumbered(text: &str) -> &str {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let length = match digits {
        0 => text.bytes().take_while(u8::is_ascii_alphabetic).count(),
        digits => digits,
    };
    let rest = &text[length..];
    let counts = match digits {
        0 => length == 1 && rest.starts_with(')'),
        1 | 2 => {
            rest.starts_with(['.', ')', ':', '\u{fe0f}', '\u{20e3}'])
                || rest.starts_with(" - ")
                || rest.starts_with(" – ")
        }
        _ => false,
    };
    if counts { rest.trim_start_matches(|char: char| !char.is_alphanumeric()) } else { text }
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
    fn headings_of_nine_languages() {
        let wanted = "Your profile | Nice to have | Who you are | Must-haves | Hard skills | Ihr Profil | Das bringst du mit | Von Vorteil | \
            Kenntnisse | Profil recherché | Ce qu’on attend de toi | Votre parcours | Qualités requises | Tu perfil | \
            Lo que aportas | Se valorará | Requisitos mínimos | Idiomas | Requisiti richiesti | Cosa cerchiamo | \
            Titolo di studio | Profilo ideale | Wat vragen wij? | Jouw profiel | Wie ben jij? | Functie-eisen | Krav | Meriterande | \
            Vem är du? | Personliga egenskaper | Wymagania | Mile widziane | Nasze oczekiwania | Kogo szukamy? | \
            Requisitos obrigatórios | Diferenciais | O que procuramos | Habilidades";
        for heading in wanted.split('|').map(str::trim) {
            for spelled in [
                heading.to_owned(),
                heading.to_uppercase(),
                format!("🚀 {heading}:"),
                format!("2. {heading}"),
            ] {
                assert_eq!(topic_of(&spelled), Topic::Wanted, "{spelled}");
            }
        }
        let other = "What you’ll do | Benefits | About the team | How to apply | Hiring process | Deine Aufgaben | Das bieten wir | \
            Über uns | Bewerbungsprozess | Vos missions | Avantages | À propos de nous | Le processus de recrutement | Tus funciones | \
            Qué ofrecemos | Sobre nosotros | Proceso de selección | Di cosa ti occuperai | Cosa offriamo | Chi siamo | \
            Iter di selezione | Wat ga je doen? | Wat bieden wij? | Over ons | Sollicitatieprocedure | Arbetsuppgifter | Vi erbjuder | \
            Om oss | Ansökan | Twoje obowiązki | Co oferujemy? | O nas | Proces rekrutacji | Responsabilidades | O que oferecemos | \
            Sobre a empresa | Processo seletivo";
        for heading in other.split('|').map(str::trim) {
            for spelled in
                [heading.to_owned(), heading.to_uppercase(), format!("✨ {heading}"), format!("3) {heading}")]
            {
                assert_eq!(topic_of(&spelled), Topic::Other, "{spelled}");
            }
        }
        for heading in ["Marine biology", "Segelschule", "Les bateaux", "24", "", "5 boats", "..."] {
            assert_eq!(topic_of(heading), Topic::Unknown, "{heading}");
        }
    }

    #[test]
    fn labels_right_under_the_heading_belong_to_it() {
        let html = "<p><b>Profil recherché</b></p><p><b>Caractère</b></p><ul><li>Calme</li></ul><p><b>Soft skills</b></p><ul>\
            <li>Écoute</li></ul><p><b>Le bateau</b></p><p>Rouge</p>";
        assert_eq!(of_html(html).as_deref(), Some("Caractère\n\n- Calme\n\nSoft skills\n\n- Écoute"));
        let html = "<h3>Requirements</h3><p><b>Languages:</b> Dutch</p><p><b>Performance:</b> calm under sail</p><h3>Pay</h3><p>x</p>";
        assert_eq!(of_html(html).as_deref(), Some("Languages: Dutch\n\nPerformance: calm under sail"));
    }

    #[test]
    fn short_sentences_are_no_headings() {
        let text =
            "Requirements:\nAbout ten years at sea\nWhy not two boats at once\n- Calm\n\nBenefits:\n- Tea";
        assert_eq!(
            of_text(text).as_deref(),
            Some("About ten years at sea\nWhy not two boats at once\n- Calm")
        );
    }

    #[test]
    fn the_way_to_apply_ends_them() {
        let text = "Ton profil :\n- Marin\n\nLe processus de recrutement :\n- Un appel";
        assert_eq!(of_text(text).as_deref(), Some("- Marin"));
        let text = "YOUR PROFILE\n- Sailor\n\nHIRING PROCESS\n- A call\n\nNICE TO HAVE\n- A boat";
        assert_eq!(of_text(text).as_deref(), Some("- Sailor\n\nNICE TO HAVE\n- A boat"));
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
            let _ = (of_html(&text), of_text(&text), topic_of(&text));
        }
    }
}
