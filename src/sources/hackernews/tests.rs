use super::*;

fn parse(url: &str, hits: &str, found: u64) -> Result<Parsed, SourceError> {
    let body = format!(r#"{{"hits": [{hits}], "nbHits": {found}}}"#);
    HackerNews.parse(&Board::default(), &Page { url, content_type: None, body: body.as_bytes() })
}

fn comment(id: u64, parent: u64, text: &str) -> String {
    let text = serde_json::to_string(text).unwrap();
    format!(
        r#"{{"objectID": "{id}", "parent_id": {parent}, "story_id": 5, "created_at_i": {id}, "comment_text": {text}}}"#
    )
}

#[test]
fn a_board_is_the_latest_thread_or_one_by_number() {
    let first = |name: &str| {
        let board = Board { board: name.to_owned(), ..Board::default() };
        HackerNews.first(&board).map(|request| request.url)
    };
    let latest = "https://hn.algolia.com/api/v1/search_by_date?query=hiring&tags=story%2Cauthor_whoishiring&hitsPerPage=12";
    assert_eq!(first("latest").as_deref(), Ok(latest));
    let one = "https://hn.algolia.com/api/v1/search_by_date?tags=comment%2Cstory_5&hitsPerPage=1000";
    assert_eq!(first("5").as_deref(), Ok(one));
    assert!(first("all").is_err() && first("5x").is_err());
}

#[test]
fn the_newest_thread_of_employers_is_followed() {
    let url = HackerNews.first(&Board { board: "latest".to_owned(), ..Board::default() }).unwrap().url;
    let hits = r#"{"objectID": "9", "title": "Ask HN: Who wants to be hired?", "created_at_i": 30},
        {"objectID": "7", "title": "Ask HN: Who is hiring? (May)", "created_at_i": 10},
        {"objectID": "8", "title": "Ask HN: Who is Hiring? (June)", "created_at_i": 20}"#;
    let parsed = parse(&url, hits, 3).unwrap();
    assert!(parsed.next[0].url.contains("story_8&"), "{:?}", parsed.next);
    assert!(parse(&url, "", 0).is_err());
}

#[test]
fn answers_are_no_postings_and_a_full_page_leads_on() {
    let hits = [comment(300, 5, "Tern | Diving Engineer | Oslo"), comment(200, 300, "Why?")].join(",");
    let parsed = parse("", &hits, 2).unwrap();
    assert_eq!((parsed.postings.len(), parsed.rejected.len(), parsed.next.len()), (1, 0, 0));
    assert!(parsed.complete);
    let more = parse("", &hits, 1200).unwrap();
    assert!(more.next[0].url.ends_with("numericFilters=created_at_i%3C%3D200"), "{:?}", more.next);
}

#[test]
fn a_comment_becomes_a_posting() {
    let text = "Tern | Diving Engineer | Oslo | Full-time<p>a<p>b";
    let posting = parse("", &comment(300, 5, text), 1).unwrap().postings.remove(0);
    assert_eq!(posting.url, "https://news.ycombinator.com/item?id=300");
    assert_eq!((posting.source_id.as_str(), posting.title.as_str()), ("300", "Diving Engineer"));
    assert_eq!(posting.posted, Some(RawDate::EpochSeconds(300)));
    assert_eq!(
        (posting.locations, posting.employment),
        (vec!["Oslo".to_owned()], vec!["Full-time".to_owned()])
    );
}

#[test]
fn roles_below_stand_in_for_a_line_that_names_none() {
    let title = |text: &str| {
        parse("", &comment(300, 5, text), 1).unwrap().postings.pop().map(|posting| posting.title)
    };
    assert_eq!(
        title("Tern | Multiple roles | Oslo<p>- Diving Engineer<p>- Kelp Scientist: swims").as_deref(),
        Some("Diving Engineer; Kelp Scientist")
    );
    assert_eq!(title("Tern | Multiple roles | Oslo").as_deref(), Some("Multiple roles"));
    assert_eq!(title("Tern | Oslo | ONSITE<p>We swim."), None);
}

#[test]
fn what_is_no_posting_says_why() {
    let reason = |text: &str| parse("", &comment(300, 5, text), 1).unwrap().rejected.remove(0).reason;
    assert_eq!(reason("Tern | Oslo | ONSITE"), "comment_text: expected a role, got none");
    assert_eq!(reason("Thanks!"), "comment_text: expected a company in the first line, got none");
    assert_eq!(
        reason("SEEKING WORK | Diver"),
        "comment_text: expected an employer, got someone who looks for work"
    );
    assert_eq!(reason(" "), "comment_text: expected text, got blank text");
}
