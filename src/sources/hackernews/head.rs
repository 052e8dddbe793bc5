//! The first line of a posting: `Company | Role | Place | REMOTE | Full-time | Pay | Address`, in any order after the company.
//!
//! Each segment between the bars says one thing. What it says is told by its words (`words.tsv`); the company is what stands first,
//! unless that is a role or a place. Nothing is made up: a line without a company or a role has none.

use std::sync::LazyLock;

use regex::Regex;

use super::{
    text::{is_address, without_addresses},
    words::{Kind, has, is, words},
};

/// What a first line says.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Head {
    pub company: Option<String>,
    pub roles: Vec<String>,
    /// Fields of work, where no segment names a role.
    pub areas: Vec<String>,
    pub places: Vec<String>,
    pub workplace: Vec<String>,
    pub terms: Vec<String>,
    pub pay: Option<String>,
}

/// Longest segment that can name roles or a place; longer ones are the beginning of the text.
const LONGEST: usize = 120;
/// Longest name of a company, in words.
const NAME: usize = 7;

regex!(pub(super) PAY, r"(?i)[$€£¥₹]\s?\d|\b(?:usd|eur|gbp|cad|chf|aud|inr|sgd)\s?\d|\d\s?(?:k|usd|eur|gbp|cad|chf|aud|inr|sgd)\b|\d{2,3},\d{3}|₹|\d\s?€");
regex!(pub(super) BRACKETS, r"\s*[(\[][^()\[\]]*[)\]]?");
regex!(DASH, r"\s+(?:-{1,2}|–|—)\s*|\s*(?:–|—)\s+|:\s+");
regex!(
    HIRING,
    r"^(?:(?:Hey|Hi|Hello)\b[^!,.]{0,12}[!,.]\s*)?(?:At\s+)?(.{2,80}?),?\s+(?:\()?(?:is|are|we're|we are|we’re)\s+(?:\w+\s+)?(?:hiring|looking for|seeking|recruiting)\b(.*)$"
);
// `Diver at Tern`, `Tern Multiple roles`.
regex!(AT, r"^(.{3,100}) (?:at|@) (\p{Lu}[^,|]{1,60})$");
regex!(
    SEVERAL,
    r"(?i)^(.{2,60}?)\s+((?:multiple|various|several)\s+(?:open\s+)?(?:roles|positions|openings)\b.*)$"
);
// `At Tern, we dive`, `Tern is a company that dives`.
regex!(
    SENTENCE,
    r"^(?:At ((?:\p{Lu}[\w.&'’-]*\s?){1,4}),? we\b|((?:\p{Lu}[\w.&'’-]*\s){1,4})(?:\([^)]*\)\s)?is (?:an?|the|building)\b)"
);

impl Head {
    /// Reads a first line; `None` where it has none of the forms that such lines have.
    pub fn read(line: &str) -> Option<Self> {
        let line = line.get(..line.floor_char_boundary(2000))?;
        let bars = at_bars(line);
        if bars.len() > 1 {
            return Some(Self::of(&bars, true));
        }
        let parts: Vec<&str> = line.split(';').collect();
        if parts.len() > 2 {
            return Some(Self::of(&parts, true));
        }
        if let Some(found) = SENTENCE.captures(line) {
            let name = found.get(1).or_else(|| found.get(2))?.as_str();
            let company = company(name).filter(|name| is_named(name));
            return Some(Self { company, ..Self::default() });
        }
        if let Some(found) = HIRING.captures(line) {
            let company = company(found.get(1)?.as_str()).filter(|name| is_named(name));
            let rest = found.get(2)?.as_str();
            let mut head = Self { company, ..Self::default() };
            head.roles.extend(super::roles::after_hiring(rest));
            head.areas.extend(super::roles::fields(rest));
            if has(rest, Kind::PlaceOfWork) {
                head.workplace.push(rest.chars().take(LONGEST).collect());
            }
            return Some(head);
        }
        let parts: Vec<&str> = DASH.split(line).collect();
        let segments = parts.len() > 1 && parts.iter().all(|part| part.len() <= LONGEST);
        segments.then(|| Self::of(&parts, false)).filter(|head| head.company.as_deref().is_none_or(is_named))
    }

    /// The company where a role stood first: of the names that may be places, the one that the text goes on to speak of.
    pub fn named_below(mut self, paragraphs: &[Vec<String>]) -> Self {
        if self.company.is_none() && !self.roles.is_empty() {
            let speaks_of = |name: &str| {
                let mut lines = paragraphs.iter().flatten().take(100);
                lines.any(|line| {
                    line.strip_prefix(name)
                        .is_some_and(|rest| rest.starts_with(" is ") || rest.starts_with(" builds "))
                })
            };
            if let Some(at) = self.places.iter().position(|place| speaks_of(place)) {
                self.company = company(&self.places.remove(at));
            }
        }
        self
    }

    /// This line with what the labels below it say where it says nothing.
    pub fn or(mut self, labelled: Self) -> Self {
        if self.places.is_empty() && !self.workplace.iter().any(|text| has(text, Kind::PlaceOfWork)) {
            self.places = labelled.places;
            self.workplace.extend(labelled.workplace);
        }
        if self.terms.is_empty() {
            self.terms = labelled.terms;
        }
        if self.roles.is_empty() {
            self.roles = labelled.roles;
        }
        self.pay = self.pay.or(labelled.pay);
        self
    }

    fn of(segments: &[&str], cut_company: bool) -> Self {
        let mut head = Self::default();
        let mut segments =
            segments.iter().map(|segment| segment.trim()).filter(|segment| !segment.is_empty());
        let mut remarks = Vec::new();
        let rest: Vec<&str> = segments.clone().collect();
        for segment in segments.by_ref() {
            // Addresses and headings say nothing of who it is; a first segment like that is passed over.
            if only_addresses(segment) && segment.contains("://") || is_heading(segment) {
                continue;
            }
            let others = rest.iter().filter(|other| **other != segment);
            if let Some((role, name)) = AT.captures(segment).and_then(|at| Some((at.get(1)?, at.get(2)?)))
                && is_role(role.as_str())
            {
                head.roles.push(title(role.as_str()));
                head.company = company(name.as_str());
                break;
            }
            if let Some((name, roles)) =
                SEVERAL.captures(segment).and_then(|at| Some((at.get(1)?, at.get(2)?)))
            {
                head.company = company(name.as_str());
                head.take(roles.as_str());
                break;
            }
            if is_role(segment) && !others.clone().any(|other| is_role(other)) {
                head.take(segment);
                break;
            }
            if is_known_place(segment) {
                head.take(segment);
                continue;
            }
            if !has_plain_name(segment) {
                head.take(segment);
                break;
            }
            let (name, remark) = if cut_company { cut(segment) } else { (segment, None) };
            head.company = company(name);
            remarks.extend(remark);
            remarks.extend(
                BRACKETS.find(name).map(|found| found.as_str()).filter(|text| has(text, Kind::PlaceOfWork)),
            );
            break;
        }
        for segment in segments {
            head.take(segment);
        }
        for remark in remarks {
            if is_role(remark) || has(remark, Kind::PlaceOfWork) || has(remark, Kind::Term) {
                head.take(remark.trim_matches(|c: char| !c.is_alphanumeric()));
            }
        }
        head
    }

    /// Files one segment under what it says.
    fn take(&mut self, segment: &str) {
        let clean = without_addresses(segment);
        let clean = clean.trim().trim_matches(['*', '-', '–', '—', ',', ':']).trim();
        let clean = clean.strip_prefix("Location:").map_or(clean, str::trim);
        if clean.is_empty() {
            return;
        }
        let long = clean.len() > LONGEST;
        let short: String = clean.chars().take(LONGEST).collect();
        let pays = !long && PAY.is_match(clean) && !clean.to_lowercase().contains("401k");
        let role = !long && names_role(clean) && !is_pay(clean);
        if pays && self.pay.is_none() {
            self.pay = Some(short.clone());
        }
        if has(&short, Kind::PlaceOfWork) {
            self.workplace.push(short.clone());
        }
        if role {
            self.roles.push(title(clean));
        } else if !pays {
            self.file(clean, short, long);
        }
        if !role && !pays && has(clean, Kind::Term) && !long {
            self.terms.push(clean.to_owned());
        }
    }

    fn file(&mut self, clean: &str, short: String, long: bool) {
        if has(&short, Kind::PlaceOfWork) {
            let named =
                words(&short).iter().any(|word| !is(word, Kind::PlaceOfWork) && !is(word, Kind::Term));
            if named && !long {
                self.places.push(short);
            }
        } else if has(clean, Kind::Term) || long {
        } else if words(clean).iter().any(|word| is(word, Kind::Area)) {
            self.areas.push(title(clean));
        } else if !has(clean, Kind::Other) && looks_like_a_place(clean) {
            self.places.push(clean.to_owned());
        }
    }
}

/// Splits at bars; one inside brackets belongs to what it stands in.
fn at_bars(line: &str) -> Vec<&str> {
    let closed = line.matches('(').count() == line.matches(')').count();
    let mut depth = 0_i32;
    let at_bar = |c: char| {
        depth += i32::from(closed && c == '(') - i32::from(closed && c == ')');
        depth <= 0 && matches!(c, '|' | '¦' | '│')
    };
    line.split(at_bar).collect()
}

/// The company's name without what is said about it: `Tern (YC X99) - dives for all` is `Tern`.
pub(super) fn company(segment: &str) -> Option<String> {
    let plain = BRACKETS.replace_all(segment, " ");
    let kept: Vec<&str> = plain
        .split_whitespace()
        .enumerate()
        .filter(|(at, word)| *at == 0 && !word.contains("://") || !is_address(word))
        .map(|(_, word)| word)
        .collect();
    let name = kept.join(" ");
    let name = name.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '*' | '#' | '_' | '-' | '–' | '—' | ':' | ',' | '|' | '"')
    });
    let few = (1..=NAME).contains(&name.split(' ').count()) && name.len() <= 80;
    (few && name.contains(char::is_alphanumeric)).then(|| name.to_owned())
}

/// Whether the beginning of a sentence can be a name: no pronoun, no greeting, no role.
fn is_named(name: &str) -> bool {
    let first = name.split([' ', '\'', '’', ',']).next().unwrap_or_default().to_lowercase();
    let others = [
        "we", "i", "our", "you", "my", "this", "it", "there", "who", "anyone", "is", "are", "if", "hi",
        "hello", "hey",
    ];
    !others.contains(&first.as_str()) && !has(name, Kind::Role)
}

/// Cuts a remark off behind a dash.
pub(super) fn cut(segment: &str) -> (&str, Option<&str>) {
    match DASH.find(segment) {
        Some(dash) if dash.start() > 0 => {
            (segment.get(..dash.start()).unwrap_or(segment), segment.get(dash.end()..))
        }
        _ => (segment, None),
    }
}

fn only_addresses(segment: &str) -> bool {
    segment.split_whitespace().all(is_address)
}

/// Headings that some put before the company.
fn is_heading(segment: &str) -> bool {
    let lower = segment.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    lower.starts_with("seeking freelance")
        || matches!(lower.as_str(), "hiring" | "now hiring" | "we are hiring" | "we're hiring")
}

/// Whether a first segment is a role: one word alone is a name, unless it stands for several people.
fn is_role(segment: &str) -> bool {
    let several = words(segment).len() > 1 || segment.ends_with('s');
    several && names_role(segment)
}

/// Whether a segment names a role: `Full-time, interns` says how long, `Summer Intern` is one.
fn names_role(segment: &str) -> bool {
    let words = words(&without_addresses(&BRACKETS.replace_all(segment, " ")));
    let hours = words.iter().any(|word| is(word, Kind::Term) && !is(word, Kind::Role));
    words.iter().any(|word| is(word, Kind::Role) && !(hours && is(word, Kind::Term)))
}

/// Whether something is left of a segment that could be a name.
fn has_plain_name(segment: &str) -> bool {
    let plain = BRACKETS.replace_all(segment, " ");
    let words = words(&plain);
    let said = |word: &String| is(word, Kind::PlaceOfWork) || is(word, Kind::Term);
    !words.is_empty() && !words.iter().all(said) && !PAY.is_match(&plain)
}

/// `Town, Country` with a country of `countries.txt`, which companies do not have in their names behind a comma.
fn is_known_place(segment: &str) -> bool {
    let Some((_, last)) = segment.rsplit_once(", ") else { return false };
    let last = last.trim().to_lowercase();
    include_str!("countries.txt").lines().any(|name| name == last)
}

/// Whether a segment is about pay, whatever roles it says it of.
fn is_pay(text: &str) -> bool {
    let lower = text.to_lowercase();
    let headed = ["salar", "pay", "comp"].iter().any(|start| lower.starts_with(start));
    PAY.find(text).is_some_and(|pay| headed || !text.get(..pay.start()).is_some_and(names_role))
}

/// A role as a title: without a call to hire it.
pub(super) fn title(text: &str) -> String {
    let mut text = text.trim();
    for start in ["Hiring:", "Hiring", "hiring", "We're hiring", "We are hiring"] {
        // A Hiring Manager is a role.
        text = text.strip_prefix(start).filter(|rest| rest.trim().contains(' ')).map_or(text, str::trim);
    }
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, ':' | ',' | '-' | '–' | '—' | '*' | ';'))
        .to_owned()
}

/// Few words with capitals and without digits; capitals inside a word are names of products.
fn looks_like_a_place(text: &str) -> bool {
    let capital = text.starts_with(char::is_uppercase);
    let inner = text.split(|c: char| !c.is_alphanumeric()).any(|word| {
        let mut small = false;
        word.chars().any(|c| {
            let inside = small && c.is_uppercase();
            small |= c.is_lowercase();
            inside
        })
    });
    let several = ["Multiple", "Various", "Several", "Many"].iter().any(|start| text.starts_with(start));
    capital && !inner && !several && !text.contains(|c: char| c.is_ascii_digit()) && text.len() <= 80
}

#[cfg(test)]
mod tests;
