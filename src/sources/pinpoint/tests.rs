use super::*;
use crate::domain::Period;

fn parse(body: &str) -> Result<Parsed, SourceError> {
    let board = Board { board: "salt-barn".to_owned(), ..Board::default() };
    Pinpoint.parse(&board, &Page { url: "https://x.test/", content_type: None, body: body.as_bytes() })
}

fn one(fields: &str) -> RawPosting {
    let body =
        format!(r#"{{"data": [{{"id": "7", "title": "Cook", "url": "https://x.test/7", {fields}}}]}}"#);
    let parsed = parse(&body).unwrap();
    assert_eq!(parsed.rejected, []);
    parsed.postings.into_iter().next().unwrap()
}

#[test]
fn asks_the_host_of_the_tenant() {
    let board = Board { board: "salt-barn".to_owned(), ..Board::default() };
    assert_eq!(Pinpoint.first(&board).unwrap().url, "https://salt-barn.pinpointhq.com/postings.json");
}

#[test]
fn pay_that_is_not_shown_is_not_read() {
    let amounts = r#""compensation": "$17 - $18 / hour", "compensation_minimum": 17.0,
        "compensation_maximum": 18.5, "compensation_currency": "USD", "compensation_frequency": "hour""#;
    let shown = one(&format!(r#"{amounts}, "compensation_visible": true"#));
    let pay = shown.pay.unwrap();
    assert_eq!((pay.max.unwrap().to_string().as_str(), pay.period), ("18.5", Some(Period::Hour)));
    assert_eq!(shown.pay_text.as_deref(), Some("$17 - $18 / hour"));
    let hidden = one(&format!(r#"{amounts}, "compensation_visible": false"#));
    assert_eq!((hidden.pay, hidden.pay_text), (None, None));
}

#[test]
fn texts_stand_under_the_companys_headings() {
    let posting = one(r#""description": "<p>A barn.</p>", "key_responsibilities": "<ul><li>Cook</li></ul>",
            "key_responsibilities_header": "Your day & night", "benefits": "<p>Soup</p>", "benefits_header": "",
            "skills_knowledge_expertise": "<p>Knives</p>", "skills_knowledge_expertise_header": "You""#);
    let text = "<p>A barn.</p><h3>Your day &amp; night</h3><ul><li>Cook</li></ul><p>Soup</p>";
    assert_eq!(posting.description, Some(Text::Html(text.to_owned())));
    assert_eq!(posting.requirements, Some(Text::Html("<p>Knives</p>".to_owned())));
    assert_eq!(one(r#""description": """#).description, None);
}

#[test]
fn a_site_of_the_company_counts_where_no_town_is_named() {
    let town = one(r#""location": {"name": "Unit 4", "city": "Truro", "province": "Cornwall"}"#);
    assert_eq!(town.locations, [""; 0]);
    assert_eq!(town.places[0].city.as_deref(), Some("Truro"));
    let site = one(r#""location": {"name": "Truro, Cornwall", "city": ""}"#);
    assert_eq!((site.locations.len(), site.places.len()), (1, 0));
}

#[test]
fn the_place_of_work_is_one_of_three_or_a_text() {
    let of = |kind: &str| one(&format!(r#""workplace_type": "{kind}""#)).workplace;
    assert_eq!(of("fully_remote"), Some(Workplace::Stated(RemoteOption::Remote)));
    assert_eq!(of("On-site"), Some(Workplace::Stated(RemoteOption::Onsite)));
    assert_eq!(of("hybrid"), Some(Workplace::Stated(RemoteOption::Hybrid)));
    assert_eq!(of("on tour"), Some(Workplace::Text("on tour".to_owned())));
    assert_eq!(one(r#""workplace_type": null"#).workplace, None);
}

#[test]
fn another_layout_says_what_is_missing() {
    let error = parse(r#"{"postings": []}"#).unwrap_err().to_string();
    assert_eq!(error, "unexpected layout: data: expected a list, got nothing");
}
