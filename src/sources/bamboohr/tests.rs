use super::*;

fn parse(url: &str, body: &str) -> Result<Parsed, SourceError> {
    let board = Board { board: "frostline".to_owned(), ..Board::default() };
    BambooHr.parse(&board, &Page { url, content_type: None, body: body.as_bytes() })
}

fn draft_of(fields: &str) -> Draft {
    let body = format!(
        r#"{{"meta": {{"totalCount": 1}}, "result": [{{"id": "39", "jobOpeningName": "Guide", {fields}}}]}}"#
    );
    let mut parsed = parse("https://x.test/", &body).unwrap();
    assert_eq!((parsed.rejected.len(), parsed.complete), (0, true));
    parsed.drafts.remove(0)
}

#[test]
fn ids_stand_behind_their_tenant() {
    let board = Board { board: "FrostLine".to_owned(), ..Board::default() };
    assert_eq!(BambooHr.first(&board).unwrap().url, "https://frostline.bamboohr.com/careers/list");
    let draft = draft_of(r#""x": 1"#);
    assert_eq!(draft.posting.source_id, "frostline:39");
    assert_eq!(draft.posting.url, "https://frostline.bamboohr.com/careers/39");
    assert_eq!(draft.request.url, "https://frostline.bamboohr.com/careers/39/detail");
    assert_eq!(draft.posting.company.as_deref(), Some("Frostline"));
}

#[test]
fn a_listing_is_complete_only_if_its_count_agrees() {
    let complete = |meta: &str| parse("", &format!(r#"{{{meta} "result": []}}"#)).unwrap().complete;
    assert!(complete(r#""meta": {"totalCount": 0},"#));
    assert!(!complete(r#""meta": {"totalCount": 4},"#));
    assert!(complete(""));
}

#[test]
fn the_place_is_in_either_object() {
    let place = |fields: &str| draft_of(fields).posting.places;
    let office = place(
        r#""location": {"city": "Banff", "state": "Alberta"}, "atsLocation": {"country": "Canada", "city": "Jasper"}"#,
    );
    assert_eq!(office[0].city.as_deref(), Some("Banff"));
    assert_eq!(office[0].country.as_deref(), Some("Canada"));
    let other = place(
        r#""location": {"city": null}, "atsLocation": {"country": "Canada", "state": null, "province": "Yukon", "city": null}"#,
    );
    assert_eq!((other[0].region.as_deref(), &other[0].city), (Some("Yukon"), &None));
    assert_eq!(place(r#""location": null, "atsLocation": {"country": null}"#), []);
}

#[test]
fn the_type_of_place_wins_over_the_remote_flag() {
    let of = |fields: &str| draft_of(fields).posting.workplace;
    let stated = |option| Some(Workplace::Stated(option));
    assert_eq!(of(r#""locationType": "2", "isRemote": true"#), stated(RemoteOption::Hybrid));
    assert_eq!(of(r#""locationType": "1", "isRemote": null"#), stated(RemoteOption::Remote));
    assert_eq!(of(r#""locationType": 0, "isRemote": null"#), stated(RemoteOption::Onsite));
    assert_eq!(of(r#""locationType": null, "isRemote": true"#), stated(RemoteOption::Remote));
    assert_eq!(of(r#""locationType": "7", "isRemote": false"#), None);
}

#[test]
fn a_page_has_text_day_and_pay() {
    let page = r#"{"result": {"jobOpening": {"jobOpeningName": "Guide", "jobOpeningStatus": "Open",
        "description": "<p>Ice.</p>", "compensation": "$30 an hour", "datePosted": "2026-11-03"}, "formFields": {}}}"#;
    let parsed = parse("https://frostline.bamboohr.com/careers/39/detail", page).unwrap();
    let posting = &parsed.postings[0];
    assert_eq!((posting.source_id.as_str(), parsed.complete), ("frostline:39", false));
    assert_eq!(posting.description, Some(Text::Html("<p>Ice.</p>".to_owned())));
    assert_eq!(posting.pay_text.as_deref(), Some("$30 an hour"));
    assert_eq!(posting.posted, Some(RawDate::Text("2026-11-03".to_owned())));
}

#[test]
fn rejections_carry_the_identity_of_a_posting() {
    let parsed = parse("", r#"{"result": [{"id": 39, "jobOpeningName": ""}, 7]}"#).unwrap();
    assert_eq!(parsed.rejected[0].source_id.as_deref(), Some("frostline:39"));
    assert_eq!(parsed.rejected[1].reason, "record: expected an object, got a number");
    let page = r#"{"result": {"jobOpening": {"jobOpeningName": "Guide", "jobOpeningStatus": "Filled"}}}"#;
    let closed = parse("https://frostline.bamboohr.com/careers/39/detail", page).unwrap();
    assert_eq!(closed.rejected[0].source_id.as_deref(), Some("frostline:39"));
    assert_eq!(closed.rejected[0].reason, "jobOpeningStatus: expected Open, got Filled");
}

#[test]
fn another_layout_says_what_is_missing() {
    let error = |body| parse("", body).unwrap_err().to_string();
    assert_eq!(error("{}"), "unexpected layout: result: expected a list, got nothing");
    assert_eq!(error(r#"{"result": {}}"#), "unexpected layout: result: expected a list, got an object");
}
