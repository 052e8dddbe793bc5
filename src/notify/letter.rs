//! How a digest reads as a mail: subject, plain text, HTML. The two bodies say the same.
//!
//! HTML goes through maud, which escapes every text; no picture, script, form or style from elsewhere is in it, so that reading it tells
//! nobody anything. To say more of a posting: both [`text`] and [`html`].

use std::fmt::Write as _;

use maud::{DOCTYPE, Markup, html};

use super::{Digest, DigestPosting};

/// Skills that are named of one posting.
const SKILLS: usize = 5;
/// Longest title in a subject, characters.
const SUBJECT: usize = 80;

/// A digest in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// One line.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// A whole page.
    pub html: String,
}

/// Writes a digest. `matches` is the web application's page of matches, where there is one; `unsubscribe` a page that ends these mails.
pub fn write(digest: &Digest, matches: Option<&str>, unsubscribe: &str) -> Letter {
    Letter {
        subject: subject(digest),
        text: text(digest, matches, unsubscribe),
        html: page(digest, matches, unsubscribe).into_string(),
    }
}

fn subject(digest: &Digest) -> String {
    match digest.postings.as_slice() {
        [one] if digest.more == 0 => format!("New match: {} at {}", cut(&one.title), cut(&one.company)),
        [best, ..] => format!("{} new matches: {} and more", digest.count(), cut(&best.title)),
        [] => "New matches".to_owned(),
    }
}

/// On one line, and not too long.
fn cut(text: &str) -> String {
    let line = line(text);
    if line.chars().count() <= SUBJECT {
        return line;
    }
    let head: String = line.chars().take(SUBJECT - 1).collect();
    format!("{}…", head.trim_end())
}

/// Without breaks and whatever else is no letter: they could pass for something that we say.
fn line(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .filter(|letter| !turns(*letter))
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Signs that turn the direction of what follows (UAX 9).
fn turns(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{061c}')
}

fn about(posting: &DigestPosting) -> String {
    let mut text = line(&posting.company);
    if let Some(location) = posting.location.as_deref().map(line).filter(|location| !location.is_empty()) {
        let _ = write!(text, " · {location}");
    }
    if let Some(percent) = posting.percent() {
        let _ = write!(text, " · {percent}% match");
    }
    text
}

fn skills(posting: &DigestPosting) -> Option<String> {
    let skills = posting.skills.as_deref().filter(|skills| !skills.is_empty())?;
    let named: Vec<String> = skills.iter().take(SKILLS).map(|skill| line(skill)).collect();
    let more = skills.len().saturating_sub(SKILLS);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    Some(format!("{}{more}", named.join(", ")))
}

fn more(count: u32) -> Option<String> {
    match count {
        0 => None,
        1 => Some("And 1 more match.".to_owned()),
        more => Some(format!("And {more} more matches.")),
    }
}

const WHY: &str = "You get this because you asked to hear of new matches by e-mail.";

fn text(digest: &Digest, matches: Option<&str>, unsubscribe: &str) -> String {
    let mut text = String::from("New jobs that match your searches and profile:\n\n");
    for posting in &digest.postings {
        let _ = writeln!(text, "* {}\n  {}", line(&posting.title), about(posting));
        if let Some(skills) = skills(posting) {
            let _ = writeln!(text, "  You know: {skills}");
        }
        if let Some(link) = posting.link() {
            let _ = writeln!(text, "  {link}");
        }
        text.push('\n');
    }
    if let Some(more) = more(digest.more) {
        let _ = writeln!(text, "{more}\n");
    }
    if let Some(matches) = matches {
        let _ = writeln!(text, "All your matches: {matches}\n");
    }
    let _ = write!(text, "-- \n{WHY}\nTo stop these mails: {unsubscribe}\n");
    text
}

fn page(digest: &Digest, matches: Option<&str>, unsubscribe: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (subject(digest)) }
            }
            body style="font-family: system-ui, sans-serif; line-height: 1.5; max-width: 40em; margin: 1em auto; padding: 0 1em" {
                p { "New jobs that match your searches and profile:" }
                ul style="list-style: none; padding: 0" {
                    @for posting in &digest.postings {
                        li style="margin: 0 0 1em" {
                            strong {
                                @if let Some(link) = posting.link() { a href=(link) { (line(&posting.title)) } } @else { (line(&posting.title)) }
                            }
                            br; (about(posting))
                            @if let Some(skills) = skills(posting) { br; "You know: " (skills) }
                        }
                    }
                }
                @if let Some(more) = more(digest.more) { p { (more) } }
                @if let Some(matches) = matches { p { a href=(matches) { "All your matches" } } }
                p style="font-size: smaller; opacity: 0.75" { (WHY) " " a href=(unsubscribe) { "Stop these mails" } "." }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STOP: &str = "https://jobs.example/unsubscribe/7.email.x";

    fn posting(title: &str) -> DigestPosting {
        DigestPosting {
            job_id: 7,
            title: title.to_owned(),
            company: "Acme".to_owned(),
            location: Some("Berlin".to_owned()),
            url: Some("https://acme.example/7?a=1&b=2".to_owned()),
            score: Some(0.58),
            skills: Some(["Rust", "Go", "Kafka", "Redis", "SQL", "C"].map(str::to_owned).to_vec()),
        }
    }

    #[test]
    fn one_match_and_many() {
        let one = Digest { postings: vec![posting("Engineer")], more: 0 };
        let letter = write(&one, Some("https://app.example/matches"), STOP);
        assert_eq!(letter.subject, "New match: Engineer at Acme");
        assert_eq!(
            letter.text,
            "New jobs that match your searches and profile:\n\n\
             * Engineer\n  Acme · Berlin · 58% match\n  You know: Rust, Go, Kafka, Redis, SQL and 1 more\n  https://acme.example/7?a=1&b=2\n\n\
             All your matches: https://app.example/matches\n\n\
             -- \nYou get this because you asked to hear of new matches by e-mail.\nTo stop these mails: https://jobs.example/unsubscribe/7.email.x\n"
        );
        assert!(
            letter.html.contains(r#"<a href="https://acme.example/7?a=1&amp;b=2">Engineer</a>"#),
            "{}",
            letter.html
        );
        let many = Digest { postings: vec![posting("Engineer"), posting("Nurse")], more: 3 };
        let letter = write(&many, None, STOP);
        assert_eq!(letter.subject, "5 new matches: Engineer and more");
        for body in [&letter.text, &letter.html] {
            assert!(
                body.contains("And 3 more matches.") && body.contains(STOP) && body.contains("Nurse"),
                "{body}"
            );
        }
    }

    proptest! {
        #[test]
        fn hostile_text_is_only_text(
            title in prop_oneof![any::<String>(), Just("</a><script>alert(1)</script>\r\nX: y\u{202e}".to_owned())],
            company in any::<String>(),
            url in prop_oneof![any::<String>(), Just("javascript:alert(1)".to_owned()), Just("https://a.example/\"onclick=x".to_owned())],
            skill in any::<String>(),
        ) {
            let posting = DigestPosting {
                title, company, url: Some(url), location: Some(skill.clone()), skills: Some(vec![skill]), ..posting("x")
            };
            let letter = write(&Digest { postings: vec![posting], more: 1 }, None, STOP);
            prop_assert!(!letter.subject.contains(char::is_control));
            prop_assert!(letter.subject.chars().count() <= 2 * SUBJECT + 20);
            let plain = write(&Digest { postings: vec![self::posting("x")], more: 1 }, None, STOP);
            let tags = |html: &str| html.matches('<').count() - 2 * html.matches("<a ").count();
            prop_assert_eq!(tags(&letter.html), tags(&plain.html), "{}", letter.html);
            prop_assert!(!letter.html.contains("<script") && !letter.html.contains("href=\"javascript"));
            prop_assert!(!letter.text.chars().any(|letter| turns(letter) || letter.is_control() && letter != '\n'));
            prop_assert!(letter.text.lines().count() <= plain.text.lines().count(), "no line of its own");
        }
    }
}
