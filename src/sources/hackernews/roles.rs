//! Roles that a posting names below its first line: as lines of a list, or in the sentence that says who is looked for.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{
    head::{BRACKETS, PAY, title},
    text::without_addresses,
    words::{Kind, has, is, words},
};

/// Lines that are looked at.
const LINES: usize = 200;
/// Roles that a title is made of.
const MOST: usize = 5;
/// Longest line that is a role, in words.
const WORDS: usize = 12;

regex!(
    SENTENCE,
    r"(?i)\b(?:hiring|looking (?:for|to (?:hire|add|bring on))|seeking|searching for|recruiting|need(?:ing)?|role(?:s are)?:|position(?:s are)?:|(?:role|position) for|open(?:ing)?s?:|join(?:ing)? us as|bring on|to hire|role is|adding|want|with an?)(?: for)?:?\s+([^.;!?\n]{3,160})"
);
regex!(AS, r"\b[Aa]s an? ([^.,;!?\n]{3,80}), you\b");
regex!(
    ARTICLE,
    r"(?i)^(?:(?:an?|the|our|more|several|multiple|some|great|talented|exceptional|experienced|our (?:first|next)|additional|strong|up to \d+|\d+|two|three|first|next|another|currently|for|and|both|skilled|ambitious|extremely|highly|very|passionate|motivated|curious|smart|excellent|amazing|driven)(?:\s*[/,&]\s*|\s+))+"
);

regex!(FIELDS, r"(?i)^\s*(?:across|in|for)\s+([\w/&, -]{3,80})");
regex!(FIELDS_BELOW, r"(?i)\bhiring\s+(?:across|in|for)\s+([\w/&, -]{3,80})");

/// Fields of work in what follows the word hiring: `across design and sales`.
pub(super) fn fields(rest: &str) -> Option<String> {
    named_fields(FIELDS.captures(rest)?.get(1)?.as_str())
}

fn named_fields(text: &str) -> Option<String> {
    let fields = title(text);
    has(&fields, Kind::Area).then_some(fields)
}

/// Roles in the lines below the first, as one title.
pub(super) fn below(paragraphs: &[Vec<String>]) -> Option<String> {
    let lines = || paragraphs.iter().flatten().take(LINES);
    let mut roles: Vec<String> = Vec::new();
    for role in lines().filter_map(|line| listed(line)) {
        if !roles.contains(&role) && roles.len() < MOST {
            roles.push(role);
        }
    }
    if !roles.is_empty() {
        return Some(roles.join("; "));
    }
    let start = |line: &'_ String| line.get(..line.floor_char_boundary(2000)).map(str::to_owned);
    let in_sentence = |pattern: &Regex, read: fn(&str) -> Option<String>| {
        let lines = lines().filter_map(start);
        lines
            .into_iter()
            .find_map(|line| pattern.captures_iter(&line).find_map(|found| read(found.get(1)?.as_str())))
    };
    in_sentence(&SENTENCE, role_at_start)
        .or_else(|| in_sentence(&AS, role_at_start))
        .or_else(|| in_sentence(&FIELDS_BELOW, named_fields))
}

/// The role in what follows the word hiring.
pub(super) fn after_hiring(rest: &str) -> Option<String> {
    let sentence = rest.split(['.', '!', '?']).next()?;
    role_at_start(sentence.trim())
}

/// A line of a list that is a role and nothing else. What the list says of it follows a bar, a colon or a dash.
fn listed(line: &str) -> Option<String> {
    let marks = ['-', '*', '•', '–', '—', '·', '→', '>'];
    let line = line.get(..line.floor_char_boundary(1000))?;
    let bullet = line.starts_with(marks) || line.starts_with(|c: char| c.is_ascii_digit());
    let line = line.trim_start_matches(|c: char| c.is_whitespace() || marks.contains(&c));
    let line = line.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ')' | ' '));
    let line = without_addresses(line);
    let line = BRACKETS.replace_all(&line, |found: &Captures<'_>| {
        let said = found.get(0).map_or("", |found| found.as_str());
        if PAY.is_match(said) { String::new() } else { said.to_owned() }
    });
    // Pay right behind the name of a role is not part of it.
    let line = PAY.find(&line).map_or(&*line, |pay| line.get(..pay.start()).unwrap_or_default());
    let ends = ["). ", "|", ": ", " - ", " -- ", " – ", " — ", " → "];
    let name = ends.iter().fold(line, |name, end| name.split(end).next().unwrap_or(name));
    let mut name = title(name.trim_end_matches(['-', '–', '—', ':', '*', '→', ' ', '(', '[']));
    if name.matches('(').count() > name.matches(')').count() {
        name.push(')');
    }
    if name.len() > 100 {
        return None;
    }
    let count = name.split(' ').count();
    let capital = name.starts_with(|c: char| c.is_uppercase() || c.is_ascii_digit());
    let lower = name.to_lowercase();
    let sentence = name.ends_with(['.', '!', '?']) || SENTENCES.iter().any(|start| lower.starts_with(start));
    let said = words(&name);
    let occupation = said.iter().any(|word| is_occupation(word));
    let small = name.split(' ').filter(|word| word.starts_with(char::is_lowercase) && word.len() > 3).count();
    let titled = bullet && small <= 3 || small <= 1;
    (capital && !sentence && occupation && titled && count <= WORDS && said.len() > 1).then_some(name)
}

fn is_occupation(word: &str) -> bool {
    is(word, Kind::Role) && !GENERAL.contains(&word)
}

/// Words that stand for any occupation.
pub(super) const GENERAL: [&str; 4] = ["role", "position", "opening", "job"];

/// Words that no name of a role begins with.
const NOT_FIRST: [&str; 14] = [
    "is ", "are ", "be ", "in ", "on ", "of ", "as ", "at ", "that ", "this ", "across ", "from ", "by ",
    "us ",
];

/// Beginnings of lines that speak of roles and are none.
const SENTENCES: [&str; 24] = [
    "we ",
    "we'",
    "we’",
    "you ",
    "our ",
    "i ",
    "i'",
    "if ",
    "the ",
    "apply",
    "about",
    "as ",
    "join",
    "see ",
    "all ",
    "open ",
    "please",
    "work",
    "for ",
    "currently",
    "email",
    "contact",
    "check",
    "more ",
];

/// Up to the last occupation in the first words of a phrase.
fn role_at_start(phrase: &str) -> Option<String> {
    let phrase = without_addresses(phrase);
    let phrase = ARTICLE.replace(&phrase, "");
    let phrase =
        phrase.split(" who ").next()?.split(" to ").next()?.split(" with ").next()?.split(" at ").next()?;
    let mut end = None;
    let mut at = 0;
    for word in phrase.split_inclusive(' ').take(WORDS) {
        at += word.len();
        if words(word).iter().any(|word| is_occupation(word)) {
            end = Some(at);
        }
    }
    let role = phrase.get(..end?)?;
    let closed = role.matches('(').count() == role.matches(')').count();
    let role = title(if closed { role } else { role.split('(').next().unwrap_or(role) });
    let verb = NOT_FIRST.iter().any(|start| role.starts_with(start));
    let several = words(&role).len() > 1 || role.ends_with('s');
    (!verb && several && has(&role, Kind::Role)).then(|| capital(&role))
}

/// A role out of the middle of a sentence, as a title begins; capitals inside the first word are its own (`iOS`).
fn capital(role: &str) -> String {
    if role.split(' ').next().is_some_and(|word| word.contains(char::is_uppercase)) {
        return role.to_owned();
    }
    let mut letters = role.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(lines: &[&str]) -> Option<String> {
        below(&[lines.iter().map(|line| (*line).to_owned()).collect()])
    }

    #[test]
    fn roles_of_a_list() {
        let lines = [
            "We dive deep.",
            "- Diving Engineer: https://tern.test/1",
            "* Senior Welder Manager (m/f)",
            "- Diving Engineer",
        ];
        assert_eq!(find(&lines).as_deref(), Some("Diving Engineer; Senior Welder Manager (m/f)"));
        assert_eq!(find(&["Our engineers are divers", "Engineer"]), None);
    }

    #[test]
    fn the_role_of_a_sentence() {
        let role = |line| find(&[line]);
        assert_eq!(
            role("We are looking for a diving engineer who swims."),
            Some("Diving engineer".to_owned())
        );
        assert_eq!(
            role("Now hiring two senior deep sea scientists to dive"),
            Some("Senior deep sea scientists".to_owned())
        );
        assert_eq!(
            role("We want skilled / passionate divers and engineers"),
            Some("Divers and engineers".to_owned())
        );
        assert_eq!(role("Looking for: iOS developers"), Some("iOS developers".to_owned()));
        assert_eq!(role("We are looking for people"), None);
        assert_eq!(
            after_hiring(" a Deep Sea Architect in Oslo. More."),
            Some("Deep Sea Architect".to_owned())
        );
    }
}
