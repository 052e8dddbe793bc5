use rust_decimal::Decimal;

use super::*;

fn dec(number: &str) -> Decimal {
    number.parse().unwrap()
}

fn parse(body: &str) -> Result<Parsed, SourceError> {
    let board = Board { board: "tidewater".to_owned(), ..Board::default() };
    Lever.parse(&board, &Page { url: "https://x.test/", content_type: None, body: body.as_bytes() })
}

fn one(fields: &str) -> RawPosting {
    let parsed =
        parse(&format!(r#"[{{"id": "a-1", "text": "Pilot", "hostedUrl": "https://x.test/a-1", {fields}}}]"#));
    let parsed = parsed.unwrap();
    assert_eq!(parsed.rejected, []);
    parsed.postings.into_iter().next().unwrap()
}

#[test]
fn asks_the_region_of_the_board() {
    let mut board = Board { board: "tidewater".to_owned(), ..Board::default() };
    let url = |board: &Board| Lever.first(board).map(|request| request.url);
    assert_eq!(url(&board).as_deref(), Ok("https://api.lever.co/v0/postings/tidewater?mode=json"));
    board.options.insert("region".to_owned(), Json::from("eu"));
    assert_eq!(url(&board).as_deref(), Ok("https://api.eu.lever.co/v0/postings/tidewater?mode=json"));
    board.options.insert("region".to_owned(), Json::from("mars"));
    let expected = "options.region: expected \"eu\" or \"global\", got \"mars\"";
    assert_eq!(url(&board), Err(SourceError::Args(expected.to_owned())));
}

#[test]
fn lists_are_wrapped_and_requirements_found_by_heading() {
    let posting = one(r#""description": "<div>Intro</div>", "additional": "<p>End</p>", "lists": [
            {"text": "What you do", "content": "\n<li>Fly</li>"},
            {"text": "Was du mitbringst & mehr:", "content": "<li>Licence</li>"},
            {"text": "", "content": "<p>Loose</p>"}, {"text": "Empty", "content": ""}, 5]"#);
    assert_eq!(
        posting.description,
        Some(Text::Html(
            "<div>Intro</div><h3>What you do</h3><ul>\n<li>Fly</li></ul>\
             <h3>Was du mitbringst &amp; mehr:</h3><ul><li>Licence</li></ul><p>Loose</p><p>End</p>"
                .to_owned()
        ))
    );
    assert_eq!(posting.requirements, Some(Text::Html("<ul><li>Licence</li></ul>".to_owned())));
    let several = one(
        r#""lists": [{"text": "Requirements", "content": "<li>A</li>"}, {"text": "Skills", "content": "<li>B</li>"}]"#,
    );
    assert_eq!(
        several.requirements,
        Some(Text::Html(
            "<h3>Requirements</h3><ul><li>A</li></ul><h3>Skills</h3><ul><li>B</li></ul>".to_owned()
        ))
    );
}

#[test]
fn plain_text_and_parts_stand_in_for_the_description() {
    let html = |fields: &str| one(fields).description;
    let text = |html: &str| Some(Text::Html(html.to_owned()));
    assert_eq!(html(r#""descriptionPlain": "a < b\nc""#), text("<p>a &lt; b<br>c</p>"));
    assert_eq!(html(r#""opening": "<p>a</p>", "descriptionBody": "<p>b</p>""#), text("<p>a</p><p>b</p>"));
    assert_eq!(html(r#""description": "  ", "lists": []"#), None);
}

#[test]
fn pay_has_the_interval_it_states() {
    let pay = |interval: &str| {
        one(&format!(
            r#""salaryRange": {{"min": 1500, "max": "2000", "currency": "eur", "interval": "{interval}"}}"#
        ))
        .pay
    };
    for (interval, period) in [
        ("per-year-salary", Some(Period::Year)),
        ("per-month-salary", Some(Period::Month)),
        ("per-hour-wage", Some(Period::Hour)),
        ("per-day-wage", Some(Period::Day)),
        ("fortnight", None),
    ] {
        let pay = pay(interval).unwrap();
        assert_eq!((pay.min, pay.max), (Some(dec("1500")), Some(dec("2000"))));
        assert_eq!((pay.currency.as_deref(), pay.period), (Some("EUR"), period), "{interval}");
    }
    assert_eq!(pay("one-time"), None);
}

#[test]
fn the_place_of_work_is_stated_or_in_the_commitment() {
    let workplace = |sent: &str, commitment: &str| {
        one(&format!(r#""workplaceType": {sent}, "categories": {{"commitment": {commitment}}}"#)).workplace
    };
    let stated = |option| Some(Workplace::Stated(option));
    assert_eq!(workplace(r#""onsite""#, r#""Full-time: Remote""#), stated(RemoteOption::Onsite));
    assert_eq!(workplace(r#""on-site""#, "null"), stated(RemoteOption::Onsite));
    assert_eq!(workplace(r#""Hybrid""#, "null"), stated(RemoteOption::Hybrid));
    assert_eq!(workplace(r#""remote""#, "null"), stated(RemoteOption::Remote));
    assert_eq!(
        workplace(r#""unspecified""#, r#""Full-time: Remote""#),
        Some(Workplace::Text("full-time: remote".to_owned()))
    );
    assert_eq!(workplace("null", r#""CDI""#), None);
    assert_eq!(workplace(r#""field""#, "null"), Some(Workplace::Text("field".to_owned())));
}

#[test]
fn locations_are_named_once_and_the_country_apart() {
    let posting = one(r#""country": "za", "createdAt": 1748511424400,
            "categories": {"location": "Cape Town, ZA", "allLocations": ["Durban, ZA", "Cape Town, ZA", 3]}"#);
    assert_eq!(posting.locations, ["Cape Town, ZA", "Durban, ZA"]);
    assert_eq!(posting.places[0].country_code.as_deref(), Some("ZA"));
    assert_eq!(posting.posted, Some(RawDate::EpochMillis(1_748_511_424_400)));
    assert_eq!(posting.company.as_deref(), Some("Tidewater"));
    assert!(one(r#""country": "South Africa""#).places.is_empty());
}

#[test]
fn broken_records_leave_the_others_alone() {
    let parsed = parse(
        r#"[{"id": "1", "text": "A", "hostedUrl": "https://x.test/1"}, {"id": "2", "text": null, "hostedUrl": "https://x.test/2"},
            {"id": "1", "text": "A", "hostedUrl": "https://x.test/1"}, {"id": "3", "text": "C", "hostedUrl": "mailto:x"}, [], {}]"#,
    )
    .unwrap();
    assert_eq!(parsed.postings.len(), 1);
    let reasons: Vec<_> =
        parsed.rejected.iter().map(|r| (r.source_id.as_deref(), r.reason.as_str())).collect();
    assert_eq!(
        reasons,
        [
            (Some("2"), "text: expected text, got null"),
            (Some("1"), "id: expected once, listed a second time"),
            (Some("3"), "hostedUrl: expected an http(s) address"),
            (None, "record: expected an object, got a list"),
            (None, "id: expected an id, got nothing"),
        ]
    );
}

#[test]
fn another_layout_says_what_is_missing() {
    assert_eq!(
        parse(r#"{"ok": false, "error": "Document not found"}"#),
        Err(SourceError::Layout("expected a list, got an object".to_owned()))
    );
}
