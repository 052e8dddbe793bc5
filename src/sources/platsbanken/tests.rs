use super::*;

fn parse(url: &str, body: &str) -> Parsed {
    Platsbanken.parse(&Board::default(), &Page { url, content_type: None, body: body.as_bytes() }).unwrap()
}

fn record(fields: &str) -> String {
    format!(r#"{{"id": "30", "headline": "Dykare", "employer": {{"name": "Tärna AB"}}, {fields}}}"#)
}

#[test]
fn a_board_is_all_or_words() {
    let mut board = Board { board: "dykare".to_owned(), ..Board::default() };
    board.options.insert("occupation_field".to_owned(), "aaa_bbb".into());
    let url = Platsbanken.first(&board).unwrap().url;
    let query = "q=dykare&occupation-field=aaa_bbb&sort=pubdate-desc&offset=0&limit=100";
    assert_eq!(url, format!("https://jobsearch.api.jobtechdev.se/search?{query}"));
}

#[test]
fn both_forms_of_an_answer_are_read() {
    let record = record(r#""webpage_url": null"#);
    let public = parse("", &format!(r#"{{"total": {{"value": 1}}, "hits": [{record}]}}"#));
    let index =
        parse("", &format!(r#"{{"hits": {{"total": {{"value": 1}}, "hits": [{{"_source": {record}}}]}}}}"#));
    assert_eq!(public, index);
    assert_eq!((public.expected_total, public.complete), (Some(1), true));
    assert_eq!(public.postings[0].url, "https://arbetsformedlingen.se/platsbanken/annonser/30");
}

#[test]
fn offsets_end() {
    let next = |offset: u64, total: u64| {
        let url = format!("https://jobsearch.api.jobtechdev.se/search?offset={offset}&limit=100");
        let body = format!(r#"{{"total": {{"value": {total}}}, "hits": [{}]}}"#, record(r#""a": 1"#));
        let parsed = parse(&url, &body);
        (parsed.next.into_iter().map(|request| request.url).next(), parsed.complete)
    };
    let second = "https://jobsearch.api.jobtechdev.se/search?offset=100&limit=100".to_owned();
    assert_eq!(next(0, 101), (Some(second), true));
    assert_eq!(next(100, 101), (None, true));
    assert_eq!(next(2000, 46_000), (None, false));
}

#[test]
fn parts_of_the_text_and_wishes_are_kept() {
    let record = record(
        r#""description": {"text": "Du dyker.", "requirements": "Simma", "needs": null},
        "working_hours_type": {"label": "Heltid"}, "duration": {"label": "Visstid"},
        "must_have": {"skills": [{"label": "SQL"}]}, "nice_to_have": {"skills": [{"label": "Go"}]},
        "workplace_address": {"municipality": "Lerum", "country": "Sverige"}"#,
    );
    let posting = parse("", &format!(r#"{{"hits": [{record}]}}"#)).postings.remove(0);
    assert_eq!(posting.description, Some(Text::Plain("Du dyker.\n\nSimma".to_owned())));
    assert_eq!(posting.requirements, Some(Text::Plain("Simma".to_owned())));
    assert_eq!(posting.employment, ["Heltid", "Visstid"]);
    assert_eq!(posting.skills, ["SQL", "Go"]);
    assert_eq!(posting.places[0].city.as_deref(), Some("Lerum"));
}
