use serde_json::Value;

use super::*;
use crate::domain::Text;

fn board(format: Option<&str>) -> Board {
    let format = format.map(|format| ("format".to_owned(), Value::from(format)));
    Board { board: "fika".to_owned(), options: format.into_iter().collect(), ..Board::default() }
}

fn parse(format: Option<&str>, url: &str, body: &str) -> Parsed {
    Teamtailor.parse(&board(format), &Page { url, content_type: None, body: body.as_bytes() }).unwrap()
}

#[test]
fn a_site_has_two_feeds() {
    let url = |format| Teamtailor.first(&board(format)).map(|request| request.url);
    assert_eq!(url(None).as_deref(), Ok("https://fika.teamtailor.com/jobs.json"));
    assert_eq!(url(Some("rss")).as_deref(), Ok("https://fika.teamtailor.com/jobs.rss?per_page=100&offset=0"));
    assert_eq!(
        url(Some("xml")).unwrap_err().to_string(),
        "options.format: expected \"json\" or \"rss\", got \"xml\""
    );
}

#[test]
fn an_item_of_json_is_read_with_its_block() {
    let parsed = parse(
        None,
        "",
        r#"{"next_url": "https://fika.teamtailor.com/jobs.json?page=2", "items": [{"id": "a-1", "title": "Bagare i\u00a0Lund",
        "url": "https://fika.teamtailor.com/jobs/1-bagare", "date_published": "2026-05-26T08:33:05+02:00",
        "content_html": "<p>Baka</p>", "_jobposting": {"@type": "JobPosting", "title": "x", "description": "y",
        "identifier": {"value": 1}, "hiringOrganization": {"name": "Fika AB"}, "jobLocation": [{"address":
        {"addressLocality": "Lund", "addressCountry": "SE"}}], "baseSalary": {"currency": "SEK", "value":
        {"minValue": 30000, "maxValue": 34000, "unitText": "MONTH"}}}}, {"id": "a-2", "url": "https://fika.test/2"}]}"#,
    );
    let posting = &parsed.postings[0];
    assert_eq!((posting.source_id.as_str(), posting.title.as_str()), ("a-1", "Bagare i\u{a0}Lund"));
    assert_eq!(posting.company.as_deref(), Some("Fika AB"));
    assert_eq!(posting.places[0].city.as_deref(), Some("Lund"));
    assert_eq!(posting.description, Some(Text::Html("<p>Baka</p>".to_owned())));
    assert!(posting.pay.is_some() && posting.posted.is_some());
    assert_eq!(parsed.rejected[0].reason, "title: expected text, got nothing");
    assert_eq!(parsed.next[0].url, "https://fika.teamtailor.com/jobs.json?page=2");
}

#[test]
fn an_item_of_rss_is_read_with_its_offices() {
    let item = "<item><title>Kock &amp; servit\u{f6}r</title><description>&lt;p&gt;Laga&lt;/p&gt;</description>\
                <pubDate>Wed, 13 May 2026 17:12:26 +0200</pubDate><link>https://jobb.fika.test/jobs/2-kock</link>\
                <remoteStatus>hybrid</remoteStatus><guid>a-3</guid><tt:locations><tt:location><tt:name>HQ</tt:name>\
                <tt:city>Lund</tt:city><tt:country>Sweden</tt:country></tt:location><tt:location><tt:name>Malm\u{f6}\
                </tt:name><tt:city></tt:city></tt:location></tt:locations><tt:department>K\u{f6}k</tt:department></item>";
    let url = "https://fika.teamtailor.com/jobs.rss?per_page=100&offset=100";
    let rss =
        |items: &str| format!("<rss xmlns:tt=\"x\"><channel><title>Fika</title>{items}</channel></rss>");
    let parsed = parse(Some("rss"), url, &rss(item));
    let posting = &parsed.postings[0];
    assert!(parsed.complete && parsed.next.is_empty());
    assert_eq!((posting.source_id.as_str(), posting.company.as_deref()), ("a-3", Some("Fika")));
    assert_eq!(posting.workplace, Some(Workplace::Stated(RemoteOption::Hybrid)));
    assert_eq!((posting.places.len(), posting.locations.as_slice()), (1, ["Malmö".to_owned()].as_slice()));

    let full: String = (0..100).map(|id| item.replace("a-3", &format!("b-{id}"))).collect();
    let parsed = parse(Some("rss"), url, &rss(&full));
    assert_eq!(parsed.next[0].url, "https://fika.teamtailor.com/jobs.rss?per_page=100&offset=200");
}

#[test]
fn a_full_page_of_json_may_be_a_part() {
    let items = |count: usize| {
        let item =
            |id: usize| format!(r#"{{"id": "{id}", "title": "Kock", "url": "https://fika.test/{id}"}}"#);
        format!(r#"{{"items": [{}]}}"#, (0..count).map(item).collect::<Vec<_>>().join(","))
    };
    assert!(parse(None, "", &items(99)).complete);
    assert!(!parse(None, "", &items(100)).complete);
}

#[test]
fn another_answer_is_a_change_of_layout() {
    let page = Page { url: "", content_type: None, body: br#"{"items": {}}"# };
    let error = Teamtailor.parse(&board(None), &page).unwrap_err().to_string();
    assert_eq!(error, "unexpected layout: items: expected a list, got an object");
    let page = Page { url: "", content_type: None, body: b"<rss></rss>" };
    let error = Teamtailor.parse(&board(Some("rss")), &page).unwrap_err().to_string();
    assert_eq!(error, "unexpected layout: channel: expected an element, got nothing");
}
