use super::*;

fn parse(body: &str) -> Result<Parsed, SourceError> {
    let board = Board { board: "brackwater".to_owned(), ..Board::default() };
    Recruitee.parse(&board, &Page { url: "https://x.test/", content_type: None, body: body.as_bytes() })
}

fn one(fields: &str) -> RawPosting {
    let body = format!(
        r#"{{"offers": [{{"id": 7, "title": "Clerk", "careers_url": "https://x.test/o/clerk", {fields}}}]}}"#
    );
    let parsed = parse(&body).unwrap();
    assert_eq!(parsed.rejected, []);
    assert!(parsed.complete);
    parsed.postings.into_iter().next().unwrap()
}

#[test]
fn asks_the_host_of_the_tenant() {
    let board = Board { board: " BrackWater ".to_owned(), ..Board::default() };
    assert_eq!(Recruitee.first(&board).unwrap().url, "https://brackwater.recruitee.com/api/offers/");
}

#[test]
fn amounts_come_as_text_and_a_year_has_more_than_hundreds() {
    let pay = |fields: &str| one(&format!(r#""salary": {{{fields}}}"#)).pay;
    let monthly = pay(r#""min": "5253.50", "max": "6152", "period": "month", "currency": "EUR""#).unwrap();
    assert_eq!((monthly.min.unwrap().to_string().as_str(), monthly.period), ("5253.5", Some(Period::Month)));
    assert_eq!(pay(r#""min": null, "max": null, "period": null, "currency": null"#), None);
    assert_eq!(pay(r#""min": "75.00", "max": "95.00", "period": "year", "currency": "USD""#), None);
    assert!(pay(r#""min": "75.00", "max": "95.00", "period": "hour", "currency": "USD""#).is_some());
    assert!(pay(r#""min": "31000", "period": "year", "currency": "USD""#).is_some());
}

#[test]
fn flags_together_say_the_place_of_work() {
    let stated = |fields: &str| one(fields).workplace;
    let is = |option| Some(Workplace::Stated(option));
    assert_eq!(stated(r#""hybrid": true, "remote": true, "on_site": false"#), is(RemoteOption::Hybrid));
    assert_eq!(stated(r#""hybrid": false, "remote": true, "on_site": true"#), is(RemoteOption::Hybrid));
    assert_eq!(stated(r#""remote": true, "on_site": false"#), is(RemoteOption::Remote));
    assert_eq!(stated(r#""on_site": true"#), is(RemoteOption::Onsite));
    assert_eq!(stated(r#""remote": false, "on_site": "yes""#), None);
}

#[test]
fn the_translation_with_the_same_text_names_the_language() {
    let texts = r#""description": "<p>Du zählst Fische.</p>""#;
    let posting = one(&format!(
        r#"{texts}, "translations": {{"en": {{"title": "Clerk", "description": "<p>You count fish.</p>"}},
            "de": {{"title": "Clerk", {texts}}}}}"#
    ));
    assert_eq!(posting.language.as_deref(), Some("de"));
    let only = one(r#""translations": {"nl": {"title": "Klerk"}}"#);
    assert_eq!((only.language.as_deref(), only.title.as_str()), (Some("nl"), "Clerk"));
    let unlike = one(r#""translations": {"nl": {"title": "Klerk"}, "fr": {"title": "Commis"}}"#);
    assert_eq!(unlike.language, None);
}

#[test]
fn an_offer_without_a_title_is_taken_from_its_translation() {
    let posting = one(
        r#""title": " ", "description": "<p>x</p>", "translations": {"en": {}, "sv": {"title": "Skeppare",
            "description": "<p>Du seglar.</p>", "requirements": "<p>Sjövana.</p>"}}"#,
    );
    assert_eq!((posting.title.as_str(), posting.language.as_deref()), ("Skeppare", Some("sv")));
    assert_eq!(posting.description, Some(Text::Html("<p>Du seglar.</p>".to_owned())));
    assert_eq!(posting.requirements, Some(Text::Html("<p>Sjövana.</p>".to_owned())));
}

#[test]
fn places_come_from_the_list_or_from_the_top() {
    let posting = one(r#""location": "Remote job", "city": "Ghent", "country_code": "BE", "locations": [
            {"name": "Ghent", "city": "Ghent", "state": "Flanders", "country": "Belgium", "country_code": "BE"},
            {"name": "Anywhere in Benelux", "city": null, "country": "Belgium"}]"#);
    assert_eq!(posting.locations, ["Remote job", "Anywhere in Benelux"]);
    assert_eq!(posting.places.len(), 2);
    let top = one(r#""city": "Ghent", "state_name": "Flanders", "country_code": "be", "locations": []"#);
    assert_eq!(top.places[0].region.as_deref(), Some("Flanders"));
    assert_eq!(top.places[0].country_code.as_deref(), Some("BE"));
    assert_eq!(top.company.as_deref(), Some("Brackwater"));
}

#[test]
fn a_single_offer_is_no_listing() {
    let parsed =
        parse(r#"{"offer": {"id": 7, "title": "Clerk", "careers_url": "https://x.test/o/clerk"}}"#).unwrap();
    assert_eq!((parsed.postings.len(), parsed.complete), (1, false));
}

#[test]
fn only_what_is_published_is_kept() {
    let parsed = parse(
        r#"{"offers": [{"id": 8, "title": "A", "careers_url": "https://x.test/o/a", "status": "internal"}]}"#,
    )
    .unwrap();
    assert_eq!(parsed.rejected[0].reason, "status: expected published, got internal");
    let error = parse(r#"{"offers": null}"#).unwrap_err().to_string();
    assert_eq!(error, "unexpected layout: offers: expected a list, got null");
}
