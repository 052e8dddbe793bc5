//! The rule that marks postings of different sources as one vacancy, on cross-posts made up here.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use career_worker::{
    domain::{Posting, RawPosting, Text},
    normalize::{self, fingerprint},
};
use chrono::NaiveDate;

use super::labelled::duplicates::{Print, place_key};

/// A notice of a shipyard that does not exist, of some three hundred words.
fn notice(team: &str) -> String {
    let duties: Vec<String> = (1..=30)
        .map(|day| {
            format!(
                "<li>On day {day} you {} the {} of hull {}, and note what you found in the {team} book.</li>",
                ["sand", "paint", "measure", "seal", "lift"][day % 5],
                ["keel", "deck", "mast", "rudder"][day % 4],
                day * 7
            )
        })
        .collect();
    format!(
        "<p>Our shipyard on the northern bank mends wooden boats for fishers and schools. The {team} crew has nine people, two \
         slipways and one very old crane.</p><h3>What you will do</h3><ul>{}</ul><h3>What you bring</h3><p>Steady hands and a head \
         for heights.</p>",
        duties.concat()
    )
}

fn posting(source: &'static str, title: &str, company: &str, place: &str, text: Text) -> Posting {
    let raw = RawPosting {
        source_id: format!("{source}-1"),
        url: format!("https://{source}.example/1"),
        title: title.to_owned(),
        company: Some(company.to_owned()),
        locations: vec![place.to_owned()],
        description: Some(text),
        ..RawPosting::default()
    };
    normalize::normalize(source, raw, NaiveDate::from_ymd_opt(2026, 3, 1).unwrap_or_default()).unwrap()
}

fn print(source: &'static str, title: &str, company: &str, place: &str, text: Text) -> Print {
    let posting = posting(source, title, company, place, text);
    Print {
        source,
        company: fingerprint::company_key(&posting.company),
        title: fingerprint::title_key(&posting.title),
        places: posting.places.iter().filter_map(place_key).collect(),
        text: fingerprint::simhash(posting.description.as_deref().unwrap_or_default()),
    }
}

#[test]
fn a_posting_that_another_site_shows_is_marked() {
    let own = print("own", "Boatbuilder", "Nordkai Werft", "Hamburg, Germany", Text::Html(notice("harbour")));
    let whole = posting("own", "Boatbuilder", "Nordkai Werft", "Hamburg", Text::Html(notice("harbour")));
    let plain = whole.description.unwrap_or_default();
    let shown = |text: String| {
        print("board", "Boatbuilder (m/w/d)", "Nordkai Werft GmbH & Co. KG", "Hamburg", Text::Plain(text))
    };
    let cut = |words: usize| {
        let kept: Vec<&str> = plain.split_whitespace().take(words).collect();
        format!("{} …", kept.join(" "))
    };
    for (name, text) in [
        ("as plain text", plain.clone()),
        ("with a line behind it", format!("{plain}\n\nSeen on Board Nine, the friendly board.")),
        ("with its first lines again at the end", format!("{plain}\n\n{}", cut(20))),
        ("half of it", cut(plain.split_whitespace().count() / 2)),
        ("a hundred words of it", cut(100)),
        ("in capitals", plain.to_uppercase()),
    ] {
        let other = shown(text);
        assert!(own.is_marked_with(&other), "{name}: {} bits", fingerprint::distance(own.text, other.text));
        assert!(!own.is_marked_with(&Print { source: "own", ..other }), "{name}, on one source");
    }
}

#[test]
fn what_differs_is_not_marked() {
    let html = |team: &str| Text::Html(notice(team));
    let own = print("own", "Boatbuilder", "Nordkai Werft", "Hamburg", html("harbour"));
    for (name, other) in [
        ("another title", print("board", "Senior Boatbuilder", "Nordkai Werft", "Hamburg", html("harbour"))),
        ("another employer", print("board", "Boatbuilder", "Südkai Werft", "Hamburg", html("harbour"))),
        ("another place", print("board", "Boatbuilder", "Nordkai Werft", "Bremen", html("harbour"))),
        (
            "another text",
            print("board", "Boatbuilder", "Nordkai Werft", "Hamburg", Text::Plain(
                "We run a school for sail makers. You teach evening classes, order canvas from two mills and keep the looms in good \
                 order. The school is closed in August, and every second Friday the pupils sell what they made."
                    .to_owned(),
            )),
        ),
    ] {
        assert!(!own.is_marked_with(&other), "{name}");
    }
}
