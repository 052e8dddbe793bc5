use super::*;

const JOB: &str = r#"{"id": 31, "name": "Diver", "company": {"name": "Tern"}, "refs": {"landing_page": "https://x.test/31"},
    "locations": [{"name": "Flexible / Remote"}, {"name": "Oslo, Norway"}, {}], "contents": "<p>Dive</p>",
    "publication_date": "2026-11-02T00:12:35Z"}"#;

fn parse(url: &str, page: u64, pages: u64) -> Parsed {
    let body = format!(r#"{{"page": {page}, "page_count": {pages}, "total": 40, "results": [{JOB}]}}"#);
    TheMuse.parse(&Board::default(), &Page { url, content_type: None, body: body.as_bytes() }).unwrap()
}

#[test]
fn a_board_is_a_category_in_its_own_words() {
    let mut board = Board { board: "Computer and IT".to_owned(), ..Board::default() };
    board.options.insert("level".to_owned(), "Senior Level".into());
    assert_eq!(
        TheMuse.first(&board).unwrap().url,
        "https://www.themuse.com/api/public/jobs?page=1&category=Computer+and+IT&level=Senior+Level"
    );
}

#[test]
fn pages_end_at_the_last_that_is_answered() {
    let next = |page: u64, pages: u64| {
        let parsed =
            parse(&format!("https://www.themuse.com/api/public/jobs?page={page}&category=Law"), page, pages);
        (parsed.next.into_iter().map(|request| request.url).next(), parsed.complete)
    };
    let second = Some("https://www.themuse.com/api/public/jobs?page=2&category=Law".to_owned());
    assert_eq!(next(1, 2), (second, true));
    assert_eq!(next(2, 2), (None, true));
    assert!(next(98, 24_958).0.is_some());
    assert_eq!(next(99, 24_958), (None, false));
}

#[test]
fn fields_of_a_record() {
    let posting = parse("", 1, 1).postings.remove(0);
    assert_eq!(posting.locations, ["Flexible / Remote", "Oslo, Norway"]);
    assert_eq!((posting.source_id.as_str(), posting.company.as_deref()), ("31", Some("Tern")));
    assert_eq!(posting.posted, Some(RawDate::Text("2026-11-02T00:12:35Z".to_owned())));
}
