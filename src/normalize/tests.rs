use proptest::prelude::*;

use super::*;
use crate::domain::{JobType, RawDate, RemoteOption, Workplace};

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 2, 15).unwrap()
}

fn raw() -> RawPosting {
    RawPosting {
        source_id: "4711".into(),
        url: "https://Boards.Example.com/acme/4711/?gh_src=abc&gh_jid=4711#app".into(),
        title: "  Senior  Rust Developer (m/w/d) \u{200b}".into(),
        company: Some("ACME GmbH &amp; Co. KG ".into()),
        locations: vec!["Berlin".into()],
        description: Some(Text::Html(
            "<p>Weâ€™re building boats.</p><h3>What you’ll bring</h3><ul><li>Rust &amp; PostgreSQL</li></ul>\
             <h3>What we offer</h3><p>We work in a hybrid model. Please apply by March 3, 2026.</p>"
                .into(),
        )),
        employment: vec!["Festanstellung".into(), "Vollzeit".into()],
        posted: Some(RawDate::Text("Posted 3 Days Ago".into())),
        language: Some("en-GB".into()),
        ..RawPosting::default()
    }
}

#[test]
fn a_whole_posting() {
    let posting = normalize("example", raw(), today()).unwrap();
    assert_eq!(posting.title, "Senior Rust Developer (m/w/d)");
    assert_eq!(posting.company, "ACME GmbH & Co. KG");
    assert_eq!(posting.url, "https://boards.example.com/acme/4711?gh_jid=4711");
    assert_eq!(posting.requirements.as_deref(), Some("- Rust & PostgreSQL"));
    assert!(posting.description.as_deref().unwrap().starts_with("We’re building boats."));
    assert!(posting.description_html.as_deref().unwrap().contains("<ul><li>Rust &amp; PostgreSQL</li></ul>"));
    assert_eq!(posting.tech_stack, ["Rust", "PostgreSQL"]);
    assert_eq!(posting.job_type, Some(JobType::FullTime));
    assert_eq!(posting.remote_option, Some(RemoteOption::Hybrid));
    assert_eq!(posting.posted_date.map(|day| day.to_string()).as_deref(), Some("2026-02-12"));
    assert_eq!(posting.application_deadline.map(|day| day.to_string()).as_deref(), Some("2026-03-03"));
    assert_eq!(posting.language.as_deref(), Some("en"));
    assert!(posting.cut.is_empty());
    assert_eq!(normalize("example", raw(), today()).unwrap().content_hash(), posting.content_hash());
}

#[test]
fn what_cannot_be_a_posting_is_rejected_by_name() {
    let reason = |change: fn(&mut RawPosting)| {
        let mut raw = raw();
        change(&mut raw);
        normalize("example", raw, today()).unwrap_err().reason
    };
    assert!(reason(|raw| raw.title = " <p> </p>\0".into()).starts_with("title:"));
    assert!(reason(|raw| raw.company = None).starts_with("company:"));
    assert!(reason(|raw| raw.company = Some(" - ".into())).starts_with("company:"));
    assert!(reason(|raw| raw.url = "ftp://x.example".into()).starts_with("url:"));
    assert!(reason(|raw| raw.url = format!("https://x.example/{}", "a".repeat(1000))).starts_with("url:"));
    assert!(reason(|raw| raw.source_id = "\u{200b}".into()).starts_with("source_id:"));
}

#[test]
fn unknown_stays_none() {
    let raw = RawPosting {
        title: "Person".into(),
        description: None,
        employment: vec![],
        posted: None,
        locations: vec![],
        ..raw()
    };
    let posting = normalize("example", RawPosting { language: None, ..raw }, today()).unwrap();
    assert_eq!(posting.job_type, None);
    assert_eq!(posting.remote_option, None);
    assert_eq!(posting.location, None);
    assert_eq!(posting.description, None);
    assert_eq!(posting.requirements, None);
    assert_eq!(posting.language, None);
    assert!(posting.tech_stack.is_empty());
}

#[test]
fn long_values_are_cut_and_named() {
    let raw = RawPosting {
        title: "word ".repeat(200),
        company: Some("name ".repeat(100)),
        locations: vec!["Some Town ".repeat(60)],
        source_id: "9".repeat(400),
        description: Some(Text::Plain("text ".repeat(200_000))),
        ..raw()
    };
    let posting = normalize("example", raw, today()).unwrap();
    assert!(posting.title.chars().count() <= 500 && posting.title.ends_with("word"));
    assert!(posting.company.chars().count() <= 255);
    assert!(posting.source_id.chars().count() <= 255);
    assert!(posting.location.as_deref().unwrap().chars().count() <= 255);
    assert!(posting.description.as_deref().unwrap().chars().count() <= 100_000);
    assert_eq!(posting.cut, ["source_id", "title", "company", "description", "location"]);
}

#[test]
fn the_source_field_for_requirements_wins() {
    let raw =
        RawPosting { requirements: Some(Text::Html("<ul><li>Go experience</li></ul>".into())), ..raw() };
    let posting = normalize("example", raw, today()).unwrap();
    assert_eq!(posting.requirements.as_deref(), Some("- Go experience"));
    assert!(posting.tech_stack.contains(&"Go".to_owned()));
}

#[test]
fn a_stated_workplace_wins() {
    let raw = RawPosting {
        workplace: Some(Workplace::Stated(RemoteOption::Onsite)),
        locations: vec!["Remote".into()],
        ..raw()
    };
    assert_eq!(normalize("example", raw, today()).unwrap().remote_option, Some(RemoteOption::Onsite));
}

#[test]
fn hostile_bodies_take_no_longer_than_their_length() {
    for piece in [
        "<div><b><p>",
        "remote hybrid office ",
        "apply by ",
        "Go, C, R, ",
        "employment type: ",
        "a",
        "Requirements:\n",
        "<h2>Requirements</h2>",
        "not remote no remote ",
        "&amp;",
        "\u{301}",
    ] {
        growth::assert_linear(piece, 75_000, |length| {
            let body = piece.repeat(length / piece.len());
            for body in [Text::Html(body.clone()), Text::Plain(body)] {
                let raw = RawPosting { description: Some(body), ..raw() };
                assert!(normalize("example", raw, today()).is_ok());
            }
        });
    }
}

fn anything() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "\\PC{0,60}",
        proptest::collection::vec(any::<u8>(), 0..120)
            .prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
        "(<p>|</p>|<li>|&amp;|remote|Go|, |apply by |Requirements:|\\n|full|-|time|\u{0}|é|👩‍💻|https://a.b/){0,20}",
    ]
}

proptest! {
    #[test]
    fn total(a in anything(), b in anything(), c in anything(), d in anything(), number in any::<i64>(), html in any::<bool>(), keep in any::<bool>()) {
        let place = Place { city: Some(c.clone()), region: None, country: Some(d.clone()), country_code: Some(a.clone()) };
        let body = if html { Text::Html(format!("{a}{b}{c}")) } else { Text::Plain(format!("{a}{b}{c}")) };
        let raw = RawPosting {
            source_id: if keep { "1".into() } else { a.clone() },
            url: if keep { format!("https://x.example/{b}") } else { b.clone() },
            title: c.clone(),
            company: Some(d.clone()),
            locations: vec![a.clone(), b.clone()],
            places: vec![place],
            description: Some(body),
            requirements: keep.then(|| Text::Html(d.clone())),
            pay_text: Some(b.clone()),
            employment: vec![a.clone(), d.clone()],
            workplace: Some(Workplace::Text(c.clone())),
            skills: vec![a.clone(), b.clone()],
            posted: Some(RawDate::EpochMillis(number)),
            deadline: Some(RawDate::Text(a)),
            language: Some(b),
            ..RawPosting::default()
        };
        if let Ok(posting) = normalize("example", raw, today()) {
            prop_assert!(!posting.title.is_empty() && posting.title.chars().count() <= TITLE);
            prop_assert!(!posting.company.is_empty() && posting.company.chars().count() <= SHORT);
            prop_assert!(!posting.source_id.is_empty() && posting.source_id.chars().count() <= SHORT);
            prop_assert!(posting.url.chars().count() <= URL);
            let stored = serde_json::to_string(&posting).unwrap();
            prop_assert!(!stored.contains("\\u0000"));
        }
    }
}
