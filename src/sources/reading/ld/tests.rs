use rust_decimal::Decimal;

use super::*;
use crate::{domain::Period, sources::reading::Document};

fn read(json: &str) -> RawPosting {
    let document = Document::new(json.as_bytes());
    from_json_ld(&document.root().unwrap().object().unwrap())
}

fn script(json: &str) -> String {
    format!("<script type=\"application/ld+json\">{json}</script>")
}

fn titles(html: &str) -> Vec<String> {
    job_postings(html).iter().map(|json| read(json).title).collect()
}

#[test]
fn a_posting_is_found_wherever_it_stands() {
    let posting = |title: &str| format!(r#"{{"@type": "JobPosting", "title": "{title}"}}"#);
    let html = [
        script(&posting("one")),
        script(&format!("[{}, {{\"@type\": \"Thing\"}}, {}]", posting("two"), posting("two"))),
        script(&format!(r#"{{"@context": "x", "@graph": [{{"@type": "WebPage"}}, {}]}}"#, posting("three"))),
        script(&format!(r#"{{"@type": "WebPage", "mainEntity": {}}}"#, posting("four"))),
        script(r#"{"@type": ["Thing", "https://schema.org/JobPosting"], "title": "five"}"#),
        script(&format!(r#"{{"@type": "ItemList", "itemListElement": [{{"item": {}}}]}}"#, posting("six"))),
        script(r#"{"@type": "JobPostingList", "title": "no"}"#),
        format!("<!-- {} -->", script(&posting("no"))),
        format!("<script>{}</script>", posting("no")),
        format!("<SCRIPT id=a type='application/LD+JSON; charset=utf-8'>{}</SCRIPT >", posting("seven")),
        script(""),
        "<script type=\"application/ld+json\">{\"@type\": \"JobPosting\", \"title\": \"cut".to_owned(),
    ];
    assert_eq!(titles(&html.concat()), ["one", "two", "three", "four", "five", "six", "seven"]);
}

#[test]
fn broken_json_is_repaired() {
    let body =
        "{\"@type\": \"JobPosting\", \"title\": \"Tea\tmaster\nat \\'sea\\'\", \"skills\": [\"tea\", ,], \n}";
    for block in [
        body.to_owned(),
        format!("<!--\n{body}\n-->"),
        format!("//<![CDATA[\n{body}\n//]]>"),
        format!("/*<![CDATA[*/{body}/*]]>*/"),
        format!("\u{feff}{body};\n"),
    ] {
        assert_eq!(titles(&script(&block)), ["Tea\tmaster\nat \\'sea\\'"], "{block}");
    }
}

#[test]
fn every_property_is_read() {
    let posting = read(
        r#"{"@type": "JobPosting", "title": "Diver", "url": "https://sea.test/1", "identifier": {"name": "Sea", "value": 77},
        "hiringOrganization": {"@type": "Organization", "name": "Sea & Co"}, "datePosted": "2026-05-01",
        "validThrough": "2026-06-01T00:00", "employmentType": ["FULL_TIME", "CONTRACTOR"], "jobLocationType": "TELECOMMUTE",
        "jobLocation": [{"@type": "Place", "address": {"addressLocality": " Split ", "addressRegion": "Dalmatia",
        "addressCountry": {"@type": "Country", "name": ["Croatia", "Croatia"]}}}, {"name": "Pier 4"},
        {"name": "Zadar, HR", "address": {"addressLocality": "Split"}}, {"address": "Rijeka, Croatia"}],
        "description": "&lt;p&gt;Dive.&lt;/p&gt;", "responsibilities": "Look for &amp; find pearls", "qualifications": "Lungs",
        "experienceRequirements": {"monthsOfExperience": 30}, "skills": "Fins, Knife", "inLanguage": "en",
        "baseSalary": {"currency": "EUR", "value": {"minValue": "12.5", "maxValue": 20, "unitText": "HOUR"}}}"#,
    );
    assert_eq!((posting.source_id.as_str(), posting.url.as_str()), ("77", "https://sea.test/1"));
    assert_eq!(posting.company.as_deref(), Some("Sea & Co"));
    assert_eq!(posting.employment, ["FULL_TIME", "CONTRACTOR"]);
    assert_eq!(posting.workplace, Some(Workplace::Stated(RemoteOption::Remote)));
    let place = &posting.places[0];
    assert_eq!((place.city.as_deref(), place.country.as_deref()), (Some("Split"), Some("Croatia")));
    assert_eq!(posting.locations, ["Pier 4", "Zadar, HR", "Rijeka, Croatia"]);
    let html = "<p>Dive.</p><h3>Responsibilities</h3><p>Look for &amp; find pearls</p><h3>Qualifications</h3><p>Lungs</p>\
                <h3>Experience</h3><p>2 years of experience</p>";
    assert_eq!(posting.description, Some(Text::Html(html.to_owned())));
    let wanted = "<h3>Qualifications</h3><p>Lungs</p><h3>Experience</h3><p>2 years of experience</p>";
    assert_eq!(posting.requirements, Some(Text::Html(wanted.to_owned())));
    assert_eq!(posting.skills, ["Fins", "Knife"]);
    let pay = posting.pay.unwrap();
    assert_eq!(
        (pay.min, pay.max, pay.period),
        (Some(Decimal::new(125, 1)), Some(20.into()), Some(Period::Hour))
    );
    assert_eq!((posting.posted.is_some(), posting.deadline.is_some()), (true, true));
    assert_eq!(posting.language.as_deref(), Some("en"));
}

#[test]
fn pay_comes_in_many_clothes() {
    let pay = |salary: &str| {
        let posting = read(&format!(r#"{{"salaryCurrency": "CHF", "baseSalary": {salary}}}"#));
        let said = posting.pay.map(|pay| (pay.min, pay.max, pay.currency, pay.period));
        (said, posting.pay_text)
    };
    let chf = || Some("CHF".to_owned());
    let amount = |amount: i64| Some(Decimal::from(amount));
    assert_eq!(pay("90000").0, Some((amount(90000), amount(90000), chf(), None)));
    assert_eq!(pay(r#"{"value": 90000, "unitText": "YEAR"}"#).0.unwrap().3, Some(Period::Year));
    assert_eq!(
        pay(r#"[{"value": {"value": "7000", "unitText": "Monthly"}}]"#).0,
        Some((amount(7000), amount(7000), chf(), Some(Period::Month)))
    );
    assert_eq!(
        pay(r#"{"minValue": 5, "maxValue": 0, "unitText": "per day"}"#).0,
        Some((amount(5), None, chf(), Some(Period::Day)))
    );
    assert_eq!(
        pay(r#"{"value": {"value": "90 000 - 95 000", "unitText": "YEAR"}}"#),
        (None, Some("90 000 - 95 000 CHF per year".to_owned()))
    );
    assert_eq!(pay(r#"{"value": {"minValue": 0, "maxValue": 0}}"#), (None, None));
    assert_eq!(pay("null"), (None, None));
}

#[test]
fn an_area_stands_in_for_a_place_that_is_not_given() {
    let posting = read(
        r#"{"jobLocationType": "TELECOMMUTE", "applicantLocationRequirements": [{"@type": "Country", "name": "Chile"}],
        "hiringOrganization": "Sea", "skills": "You know how to hold your breath for longer than others can count to a hundred"}"#,
    );
    assert_eq!((posting.locations, posting.company.as_deref()), (vec!["Chile".to_owned()], Some("Sea")));
    assert!(posting.requirements.is_some() && posting.skills.is_empty());
}

#[test]
fn a_hostile_page_is_read_in_linear_time() {
    for part in ["<script type=ld+json>", "<!--", "<script>", ",", "{\"@graph\":[", "[", "\\", "\""] {
        let many = part.repeat(200_000);
        assert!(job_postings(&many).is_empty());
        assert!(job_postings(&script(&many)).is_empty());
    }
}
