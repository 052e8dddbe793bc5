use super::*;

fn parse(jobs: &str) -> Parsed {
    let board = Board { board: "low-tide".to_owned(), ..Board::default() };
    let body = format!(r#"{{"name": "", "jobs": [{jobs}]}}"#);
    let page = Page { url: "https://x.test/", content_type: None, body: body.as_bytes() };
    Workable.parse(&board, &page).unwrap()
}

fn job(code: &str, fields: &str) -> String {
    format!(r#"{{"shortcode": "{code}", "title": "Cook", "url": "https://x.test/j/{code}", {fields}}}"#)
}

#[test]
fn asks_for_the_texts_as_well() {
    let board = Board { board: "low-tide".to_owned(), ..Board::default() };
    assert_eq!(
        Workable.first(&board).unwrap().url,
        "https://apply.workable.com/api/v1/widget/accounts/low-tide?details=true"
    );
}

#[test]
fn items_of_one_shortcode_are_one_posting() {
    let at = |city: &str| format!(r#""locations": [{{"city": "{city}", "countryCode": "GR"}}]"#);
    let parsed = parse(
        &[
            job("AA11", &at("Chania")),
            job("BB22", &at("Volos")),
            job("AA11 ", &at("Patras")),
            job("AA11", &at("Chania")),
        ]
        .join(","),
    );
    let cities: Vec<_> = parsed.postings[0].places.iter().filter_map(|place| place.city.as_deref()).collect();
    assert_eq!(cities, ["Chania", "Patras"]);
    assert_eq!(parsed.postings.len(), 2);
    assert_eq!(parsed.rejected.len(), 2);
    assert_eq!(parsed.rejected[0].source_id.as_deref(), Some("AA11"));
    assert_eq!(parsed.rejected[0].reason, "shortcode: one more place of a posting that is listed already");
}

#[test]
fn a_second_item_may_save_a_posting_whose_first_is_broken() {
    let broken = r#"{"shortcode": "AA11", "title": "", "url": "https://x.test/j/AA11"}"#;
    let parsed = parse(&format!("{broken}, {}", job("AA11", r#""city": "Chania""#)));
    assert_eq!((parsed.postings.len(), parsed.rejected.len()), (1, 1));
    assert_eq!(parsed.rejected[0].reason, "title: expected text, got blank text");
}

#[test]
fn blank_texts_say_nothing() {
    let parsed = parse(&job(
        "AA11",
        r#""employment_type": "", "telecommuting": false, "description": "", "published_on": "",
            "created_at": "2026-03-06", "country": "Malta", "city": "", "state": "", "locations": []"#,
    ));
    let posting = &parsed.postings[0];
    assert_eq!((posting.employment.len(), &posting.workplace, &posting.description), (0, &None, &None));
    assert_eq!(posting.posted, Some(RawDate::Text("2026-03-06".to_owned())));
    assert_eq!(posting.company.as_deref(), Some("Low Tide"));
    let malta = Place { country: Some("Malta".to_owned()), ..Place::default() };
    assert_eq!(posting.places, [malta]);
}

#[test]
fn remote_is_said_by_a_flag_and_an_address_by_either_key() {
    let short = r#"{"shortcode": "CC33", "title": "Cook", "shortlink": "https://x.test/j/CC33", "telecommuting": true}"#;
    let posting = &parse(short).postings[0];
    assert_eq!(posting.workplace, Some(Workplace::Stated(RemoteOption::Remote)));
    assert_eq!(posting.url, "https://x.test/j/CC33");
}
