//! The rule that marks postings of different sources as one vacancy, on labelled pairs and on cross-posts made up here.
//!
//! The rule itself is a query of the store; this says the same in a few lines: equal company and title keys, a common place or none
//! known, near-equal text, and never two postings of one source.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "figures are what these tests are for")]

use std::collections::BTreeSet;

use career_worker::{
    domain::{Place, Posting, RawPosting, Text},
    normalize::{self, fingerprint, places, url},
};
use chrono::NaiveDate;
use serde_json::Value;

use super::labelled::{HALVES, document, rows, within};

/// Most bits in which the texts of one vacancy differ, as the store has it.
const NEAR: u32 = 6;

/// What the rule compares.
struct Print {
    source: &'static str,
    company: String,
    title: String,
    places: BTreeSet<String>,
    text: u64,
}

impl Print {
    fn of(posting: &Posting, source: &'static str) -> Self {
        Self {
            source,
            company: fingerprint::company_key(&posting.company),
            title: fingerprint::title_key(&posting.title),
            places: posting.places.iter().filter_map(place_key).collect(),
            text: fingerprint::simhash(posting.description.as_deref().unwrap_or_default()),
        }
    }

    fn is_marked_with(&self, other: &Self) -> bool {
        let places =
            self.places.is_empty() || other.places.is_empty() || !self.places.is_disjoint(&other.places);
        self.source != other.source
            && self.company == other.company
            && self.title == other.title
            && places
            && self.text != 0
            && other.text != 0
            && fingerprint::distance(self.text, other.text) <= NEAR
    }
}

fn place_key(place: &Place) -> Option<String> {
    let Place { city, region, country, country_code } = place;
    let part = city.as_ref().or(region.as_ref()).or(country_code.as_ref()).or(country.as_ref())?;
    Some(part.to_lowercase())
}

/// One side of a labelled pair. The set has no texts: all count as equal, so that only keys and places tell postings apart.
fn side(post: &Value, source: &'static str) -> Print {
    let text = |key: &str| post[key].as_str().unwrap_or_default();
    Print {
        source,
        company: "one employer".to_owned(),
        title: fingerprint::title_key(text("title")),
        places: places::from_text(text("location")).iter().filter_map(place_key).collect(),
        text: 1,
    }
}

#[test]
fn posts_of_one_employer() {
    let Some(rows) = rows("greenhouse_same_job_pairs.jsonl") else { return };
    let parts =
        HALVES.iter().map(|(name, half)| (*name, *half, None)).chain([("every fourth", None, Some(3))]);
    for (name, half, fourth) in parts {
        let mut marked = [[0_usize; 2]; 2];
        for (_, row) in rows
            .iter()
            .enumerate()
            .filter(|(at, _)| within(half, *at) && fourth.is_none_or(|rest| at % 4 == rest))
        {
            let different = usize::from(row["label"] == "different_requisition");
            let [one, two] = [side(&row["a"], "one"), side(&row["b"], "two")];
            marked[different][0] += usize::from(one.is_marked_with(&two));
            marked[different][1] += 1;

            // Inside one source nothing is ever marked, and the two have addresses of their own.
            assert!(!side(&row["a"], "one").is_marked_with(&side(&row["b"], "one")));
            let address = |side: &str| url::canonical(row[side]["absolute_url"].as_str().unwrap_or_default());
            assert!(different == 0 || address("a") != address("b"), "{row}");
        }
        let [[same, all_same], [different, all_different]] = marked;
        eprintln!(
            "greenhouse_same_job_pairs.jsonl {name}: with equal texts and two sources, {same} of {all_same} same_job and {different} of \
             {all_different} different_requisition pairs are marked; with one source none"
        );
    }
}

#[test]
fn company_keys() {
    if let Some(golden) = document("jobhq_company_name_key_golden.json") {
        let rows: Vec<(String, &Value)> = golden
            .as_array()
            .into_iter()
            .flatten()
            .map(|row| (fingerprint::company_key(row["name"].as_str().unwrap_or_default()), &row["key"]))
            .collect();
        let mut together = 0;
        for (at, (key, label)) in rows.iter().enumerate() {
            for (other, second) in &rows[at + 1..] {
                // Legal forms are part of that project's keys and not of ours: keys may be equal where its are not.
                assert!(label != second || key == other, "{key} and {other}");
                together += usize::from(label != second && key == other);
            }
        }
        eprintln!(
            "jobhq_company_name_key_golden.json: all equal pairs equal, {together} different ones equal but for a legal form"
        );
    }
    let Some(corpus) = document("careerops_company_key_corpus.json") else { return };
    let names: Vec<&str> =
        corpus["cases"].as_array().into_iter().flatten().filter_map(|case| case["input"].as_str()).collect();
    for (at, name) in names.iter().enumerate() {
        for other in &names[at + 1..] {
            assert_ne!(fingerprint::company_key(name), fingerprint::company_key(other), "{name} and {other}");
        }
    }
}

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
    Print::of(&posting(source, title, company, place, text), source)
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
