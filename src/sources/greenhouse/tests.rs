use rust_decimal::Decimal;

use super::*;
use crate::domain::{Pay, Period, RemoteOption, Workplace};

fn dec(number: &str) -> Decimal {
    number.parse().unwrap()
}

fn parse(body: &str) -> Result<Parsed, SourceError> {
    let board = Board { board: "halden-optics".to_owned(), ..Board::default() };
    Greenhouse.parse(&board, &Page { url: "https://x.test/", content_type: None, body: body.as_bytes() })
}

fn one(fields: &str) -> RawPosting {
    let body = format!(
        r#"{{"jobs": [{{"id": 8636903002, "title": "Lens Grinder", "absolute_url": "https://x.test/1", {fields}}}],
            "meta": {{"total": 1}}}}"#
    );
    let parsed = parse(&body).unwrap();
    assert_eq!(parsed.rejected, []);
    parsed.postings.into_iter().next().unwrap()
}

#[test]
fn asks_for_the_board_with_or_without_texts() {
    let mut board = Board { board: "halden-optics".to_owned(), ..Board::default() };
    let url = |board: &Board| Greenhouse.first(board).map(|request| request.url);
    assert_eq!(
        url(&board).as_deref(),
        Ok("https://boards-api.greenhouse.io/v1/boards/halden-optics/jobs?content=true")
    );
    board.options.insert("content".to_owned(), Json::Bool(false));
    assert_eq!(url(&board).as_deref(), Ok("https://boards-api.greenhouse.io/v1/boards/halden-optics/jobs"));
    board.options.insert("content".to_owned(), Json::from("no"));
    assert_eq!(
        url(&board),
        Err(SourceError::Args("options.content: expected true or false, got \"no\"".to_owned()))
    );
}

#[test]
fn a_listing_is_complete_only_if_its_count_agrees() {
    let record = r#"{"id": 1, "title": "A", "absolute_url": "https://x.test/1"}"#;
    let complete = |meta: &str| {
        let parsed = parse(&format!(r#"{{"jobs": [{record}, 7]{meta}}}"#)).unwrap();
        assert_eq!((parsed.postings.len(), parsed.rejected.len()), (1, 1));
        (parsed.expected_total, parsed.complete)
    };
    assert_eq!(complete(r#", "meta": {"total": 2}"#), (Some(2), true));
    assert_eq!(complete(r#", "meta": {"total": 9}"#), (Some(9), false));
    assert_eq!(complete(r#", "meta": {"total": -1}"#), (None, false));
    assert_eq!(complete(""), (None, false));
}

#[test]
fn pay_comes_from_tenant_fields_with_what_they_are_for() {
    let pay = |name: &str| {
        one(&format!(
            r#""metadata": [{{"name": "Stock Range", "value": {{"unit": "USD", "min_value": "1.0", "max_value": "2.0"}}}},
                {{"name": "{name}", "value": {{"unit": "USD", "min_value": "44.953", "max_value": "32.69"}}}}]"#
        ))
        .pay
    };
    let expected = Pay {
        min: Some(dec("32.69")),
        max: Some(dec("44.953")),
        currency: Some("USD".to_owned()),
        period: Some(Period::Hour),
    };
    assert_eq!(pay("Hourly Range"), Some(expected.clone()));
    assert_eq!(pay("Range (per hour)"), Some(expected.clone()));
    assert_eq!(pay("Job Compensation Range"), Some(Pay { period: None, ..expected }));
    assert_eq!(pay("Signing Bonus"), None);
}

#[test]
fn pay_of_a_single_posting_is_in_cents() {
    let posting = one(r#""pay_input_ranges": [
            {"title": "Annual pay, Basel", "min_cents": 9000000, "max_cents": 11000000, "currency_type": "CHF"},
            {"title": "Annual pay, Chur", "min_cents": 8500000, "max_cents": 10000000, "currency_type": "CHF"},
            {"title": "Annual pay, Graz", "min_cents": 5000000, "max_cents": 6000000, "currency_type": "EUR"},
            "odd", {"title": "none", "min_cents": null}]"#);
    let pay = posting.pay.unwrap();
    assert_eq!((pay.min, pay.max), (Some(dec("85000")), Some(dec("110000"))));
    assert_eq!((pay.currency.as_deref(), pay.period), (Some("CHF"), Some(Period::Year)));
    let untimed = one(
        r#""pay_input_ranges": [{"title": "Oslo", "min_cents": 60000000, "max_cents": 70000000, "currency_type": "NOK"}]"#,
    );
    assert_eq!((untimed.pay, untimed.pay_text.as_deref()), (None, Some("Oslo 600000 - 700000 NOK")));
}

#[test]
fn the_pay_block_is_read_with_its_titles() {
    let posting = one(
        r#""content": "&lt;div class=&quot;content-intro&quot;&gt;&lt;div class=&quot;title&quot;&gt;No&lt;/div&gt;&lt;/div&gt;&lt;div class=&quot;content-pay-transparency&quot;&gt;&lt;div class=&quot;pay-input&quot;&gt;&lt;div class=&quot;title&quot;&gt;Annual Salary:&lt;/div&gt;&lt;div class=&quot;pay-range&quot;&gt;&lt;span&gt;$90,000&lt;/span&gt;&lt;span class=&quot;divider&quot;&gt;&amp;mdash;&lt;/span&gt;&lt;span&gt;$120,500 USD&lt;/span&gt;&lt;/div&gt;&lt;/div&gt;&lt;div class=&quot;pay-input&quot;&gt;&lt;div class=&quot;pay-range&quot;&gt;&lt;span&gt;€1&lt;/span&gt;&lt;/div&gt;&lt;/div&gt;&lt;/div&gt;&lt;div class=&quot;content-conclusion&quot;&gt;&lt;div class=&quot;pay-range&quot;&gt;no&lt;/div&gt;&lt;/div&gt;""#,
    );
    assert_eq!(posting.pay_text.as_deref(), Some("Annual Salary: $90,000 — $120,500 USD\n€1"));
    let Some(Text::Html(html)) = posting.description else { panic!("html") };
    assert!(html.starts_with("<div class=\"content-intro\">") && html.contains("&mdash;"), "{html}");
}

#[test]
fn words_that_name_a_period_win_over_numbers_without_one() {
    let posting = one(
        r#""metadata": [{"name": "Range", "value": {"unit": "EUR", "min_value": "1.0", "max_value": "2.0"}}],
            "content": "&lt;div class=&quot;pay-range&quot;&gt;€20 an hour&lt;/div&gt;""#,
    );
    assert_eq!((posting.pay, posting.pay_text.as_deref()), (None, Some("€20 an hour")));
}

#[test]
fn employment_and_workplace_come_from_known_fields_only() {
    let fields =
        |name: &str, value: &str| one(&format!(r#""metadata": [{{"name": "{name}", "value": {value}}}]"#));
    assert_eq!(fields("Employment Type (N/A)", r#""Full Time""#).employment, ["Full Time"]);
    assert_eq!(
        fields("Job Type:", r#"["FTE-S (Full-Time Salary)"]"#).employment,
        ["FTE-S (Full-Time Salary)"]
    );
    assert!(fields("Quota Coverage Type", r#""Account""#).employment.is_empty());
    let text = |words: &str| Some(Workplace::Text(words.to_owned()));
    assert_eq!(fields("RAPP/All - Workplace Type", r#""On-site""#).workplace, text("On-site"));
    assert_eq!(fields("Work Type", r#"["Remote", "Hybrid"]"#).workplace, text("Remote, Hybrid"));
    assert_eq!(fields("Remote Worker", "true").workplace, Some(Workplace::Stated(RemoteOption::Remote)));
    assert_eq!(fields("Remote Worker", "false").workplace, None);
    assert_eq!(fields("Careers Page - Open to Remote", "true").workplace, None);
    assert_eq!(fields("Remote Eligibility", "true").workplace, None);
}

#[test]
fn offices_stand_in_for_a_blank_location() {
    let offices = r#""offices": [{"name": "Bern Hub", "location": "Bern, Switzerland"}, {"name": "Chur", "location": null}]"#;
    assert_eq!(one(&format!(r#""location": {{"name": "Thun"}}, {offices}"#)).locations, ["Thun"]);
    assert_eq!(
        one(&format!(r#""location": {{"name": " "}}, {offices}"#)).locations,
        ["Bern, Switzerland", "Chur"]
    );
    let more = r#""metadata": [{"name": "Additional Location", "value": ["Thun", "Biel"]}]"#;
    assert_eq!(one(&format!(r#""location": {{"name": "Thun"}}, {more}"#)).locations, ["Thun", "Biel"]);
}

#[test]
fn departments_and_single_postings_are_read_as_parts() {
    let job = r#"{"id": 1, "title": "A", "absolute_url": "https://x.test/1"}"#;
    let parsed =
        parse(&format!(r#"{{"departments": [{{"id": 5, "jobs": [{job}]}}, {{"id": 6, "jobs": [{job}]}}]}}"#))
            .unwrap();
    assert_eq!((parsed.postings.len(), parsed.rejected.len(), parsed.complete), (1, 1, false));
    let parsed =
        parse(r#"{"id": 1, "title": "A", "absolute_url": "https://x.test/1", "departments": []}"#).unwrap();
    assert_eq!((parsed.postings.len(), parsed.complete), (1, false));
    assert_eq!(parsed.postings[0].company.as_deref(), Some("Halden Optics"));
}

#[test]
fn another_layout_says_what_is_missing() {
    let layout = |body: &str| match parse(body) {
        Err(SourceError::Layout(why)) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(layout(r#"{"status": 404}"#), "jobs: expected a list, got nothing");
    assert_eq!(layout(r#"{"jobs": {"1": {}}}"#), "jobs: expected a list, got an object");
    assert_eq!(layout("[]"), "expected an object, got a list");
    assert!(layout(r#"{"jobs": [{"id": 1"#).starts_with("expected JSON: EOF while parsing"));
}
