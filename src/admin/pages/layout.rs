//! What all pages share: frame, navigation, and how times, states and amounts are written.

use chrono::{DateTime, TimeDelta, Utc};
use maud::{DOCTYPE, Markup, html};

use crate::admin::{access::Caller, token::Role};

/// A part of the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Overview,
    Runs,
    Schedules,
    Sources,
    Postings,
    Matches,
    Searches,
    Digests,
    Queues,
    Backups,
    Audit,
    Tokens,
    Api,
}

impl Section {
    const ALL: [Self; 13] = [
        Self::Overview,
        Self::Runs,
        Self::Schedules,
        Self::Sources,
        Self::Postings,
        Self::Matches,
        Self::Searches,
        Self::Digests,
        Self::Queues,
        Self::Backups,
        Self::Audit,
        Self::Tokens,
        Self::Api,
    ];

    /// Name, path, and the role one needs to see it.
    fn entry(self) -> (&'static str, &'static str, Role) {
        match self {
            Self::Overview => ("Overview", "/", Role::Viewer),
            Self::Runs => ("Runs", "/runs", Role::Viewer),
            Self::Schedules => ("Schedules", "/schedules", Role::Viewer),
            Self::Sources => ("Sources", "/sources", Role::Viewer),
            Self::Postings => ("Postings", "/postings", Role::Viewer),
            Self::Matches => ("Matches", "/matches", Role::Viewer),
            Self::Searches => ("Searches", "/searches", Role::Viewer),
            Self::Digests => ("Digests", "/digests", Role::Viewer),
            Self::Queues => ("Queues", "/queues", Role::Viewer),
            Self::Backups => ("Backups", "/backups", Role::Viewer),
            Self::Audit => ("Audit", "/audit", Role::Operator),
            Self::Tokens => ("Tokens", "/tokens", Role::Admin),
            Self::Api => ("API", "/api", Role::Viewer),
        }
    }
}

/// A whole page of somebody who is signed in; `said` is what a form has just done.
pub(super) fn page(
    section: Section,
    title: &str,
    caller: &Caller,
    said: Option<&str>,
    body: &Markup,
) -> Markup {
    let said = said.and_then(told);
    frame(
        title,
        &html! {
            header {
                a.name href="/" { "career-worker" }
                nav aria-label="Pages" {
                    ul {
                        @for (at, (name, path, _)) in Section::ALL.into_iter().map(|at| (at, at.entry())).filter(|(_, entry)| caller.may(entry.2)) {
                            li { a href=(path) aria-current=[(at == section).then_some("page")] { (name) } }
                        }
                    }
                }
                form.leave method="post" action="/logout" {
                    span.quiet title=(format!("token {}", caller.id())) { (caller.role().as_str()) }
                    button.plain { "Sign out" }
                }
            }
            main id="main" tabindex="-1" {
                @if let Some(said) = said { p.said role="status" { (said) } }
                h1 { (title) }
                (body)
            }
        },
    )
}

/// A page without navigation.
pub(super) fn bare(title: &str, body: &Markup) -> Markup {
    frame(title, &html! { main.bare id="main" { h1 { (title) } (body) } })
}

fn frame(title: &str, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                // Markup means nothing in a title; these two characters isolate what somebody wrote.
                title { "\u{2068}" (title) "\u{2069} · career-worker" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                link rel="icon" type="image/svg+xml" href="/icon.svg";
                link rel="stylesheet" href="/style.css";
            }
            body {
                a.skip href="#main" { "Skip to the content" }
                (body)
            }
        }
    }
}

/// What the address of a page says was done, as fixed words: nothing of an address is shown.
fn told(said: &str) -> Option<&'static str> {
    Some(match said {
        "cancel" => "Cancelled; what runs stops at its next step.",
        "retry" => "Queued again.",
        "release" => "Released: it is sent with the next run.",
        "drop" => "Dropped: it is never sent.",
        "pause" => "Paused.",
        "resume" => "Resumed.",
        "run" => "Started.",
        "revoke" => "The token is revoked, and its sessions are ended.",
        "acknowledge" => "The quarantine is over; what was missed stays missed.",
        "none" => "Nothing was changed: the state of the chosen runs does not allow it.",
        _ => return None,
    })
}

/// A moment as a distance from now; the exact time in a tooltip and for programs.
pub(super) fn ago(now: DateTime<Utc>, at: Option<DateTime<Utc>>) -> Markup {
    let Some(at) = at else { return html! { span.quiet { "never" } } };
    let distance = now - at;
    let words = if distance >= TimeDelta::zero() {
        format!("{} ago", span(distance))
    } else {
        format!("in {}", span(-distance))
    };
    html! { time datetime=(at.to_rfc3339()) title=(at.format("%Y-%m-%d %H:%M:%S UTC").to_string()) { (words) } }
}

/// A length of time in one unit.
pub(super) fn span(length: TimeDelta) -> String {
    let seconds = length.num_seconds().abs();
    match seconds {
        0..100 => format!("{seconds} s"),
        100..6_000 => format!("{} min", (seconds + 30) / 60),
        6_000..172_800 => format!("{} h", (seconds + 1_800) / 3_600),
        _ => format!("{} d", (seconds + 43_200) / 86_400),
    }
}

/// Seconds with as many digits as matter.
pub(super) fn seconds(seconds: f64) -> String {
    if seconds < 0.995 {
        format!("{:.0} ms", seconds * 1e3)
    } else if seconds < 100.0 {
        format!("{seconds:.1} s")
    } else {
        format!("{:.0} min", seconds / 60.0)
    }
}

/// A count with spaces between thousands.
pub(super) fn amount(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = String::from(if count < 0 { "−" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// The state of a run.
pub(super) fn state(state: &str) -> Markup {
    html! { span class=(format!("state {state}")) { (state) } }
}

/// A form of one button; `back` is where it leads.
pub(super) fn act(action: &str, back: &str, words: &str, about: &str) -> Markup {
    html! {
        form.act method="post" action=(action) {
            input type="hidden" name="back" value=(back);
            button aria-label=(format!("{words} {about}")) { (words) }
        }
    }
}

/// A table that scrolls by itself where it is wider than the page.
pub(super) fn table(caption: &str, columns: &[&str], rows: &[Markup]) -> Markup {
    html! {
        div.scroll role="region" aria-label=(caption) tabindex="0" {
            table {
                caption.unseen { (caption) }
                thead { tr { @for column in columns { th scope="col" { (column) } } } }
                tbody { @for row in rows { tr { (row) } } }
            }
        }
        @if rows.is_empty() { p.quiet { "Nothing here." } }
    }
}

/// The link to the next page of a list, with what is restricted kept.
pub(super) fn next(path: &str, kept: &[(&str, &str)], next: Option<&str>) -> Markup {
    let Some(next) = next else { return html! {} };
    html! { p { a.next rel="next" href=(with(path, kept, &[("cursor", next)])) { "Next page" } } }
}

/// A path with those parameters that are not empty.
pub(super) fn with(path: &str, kept: &[(&str, &str)], more: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(kept.iter().chain(more).filter(|(_, value)| !value.is_empty()));
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_and_times_are_short() {
        assert_eq!(amount(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(
            (amount(0), amount(-999), amount(-1000)),
            ("0".into(), "−999".into(), "−1\u{202f}000".into())
        );
        assert_eq!(span(TimeDelta::seconds(99)), "99 s");
        assert_eq!(span(TimeDelta::minutes(90)), "90 min");
        assert_eq!(span(TimeDelta::days(3)), "3 d");
        assert_eq!(
            (seconds(0.0123), seconds(2.0), seconds(600.0)),
            ("12 ms".into(), "2.0 s".into(), "10 min".into())
        );
    }

    #[test]
    fn what_is_empty_stands_in_no_address() {
        assert_eq!(
            with("/runs", &[("state", ""), ("task", "a b&c")], &[("cursor", "7")]),
            "/runs?task=a+b%26c&cursor=7"
        );
        assert_eq!(with("/runs", &[("state", "")], &[]), "/runs");
    }
}
