use super::*;
use crate::domain::{Period, Text};

const LIST: &str = "https://api.smartrecruiters.com/v1/companies/BoatWorks/postings";

fn parse(url: &str, body: &str) -> Result<Parsed, SourceError> {
    let board = Board { board: "BoatWorks".to_owned(), ..Board::default() };
    SmartRecruiters.parse(&board, &Page { url, content_type: None, body: body.as_bytes() })
}

fn row(id: u32, fields: &str) -> String {
    format!(
        r#"{{"id": "{id}", "name": "Rigger", "company": {{"identifier": "BoatWorks", "name": "Boat Works"}}, {fields}}}"#
    )
}

fn listing(query: &str, total: u32, rows: &[String]) -> Parsed {
    let body = format!(r#"{{"totalFound": {total}, "content": [{}]}}"#, rows.join(","));
    parse(&format!("{LIST}?{query}"), &body).unwrap()
}

#[test]
fn a_listing_goes_on_until_its_total_is_read() {
    let board = Board { board: "BoatWorks".to_owned(), ..Board::default() };
    assert_eq!(SmartRecruiters.first(&board).unwrap().url, format!("{LIST}?limit=100&offset=0"));
    let rows: Vec<_> = (0..3).map(|id| row(id, r#""x": 1"#)).collect();
    let next = |query, total, rows: &[String]| {
        let parsed = listing(query, total, rows);
        assert_eq!(parsed.expected_total, Some(u64::from(total)));
        (parsed.next.into_iter().map(|request| request.url).collect::<Vec<_>>(), parsed.complete)
    };
    assert_eq!(next("limit=3&offset=0", 5, &rows), (vec![format!("{LIST}?limit=3&offset=3")], true));
    assert_eq!(next("limit=3&offset=3", 6, &rows), (vec![], true));
    assert_eq!(next("limit=3&offset=3", 9, &[]), (vec![], false));
    assert_eq!(next("", 0, &[]), (vec![], true));
}

#[test]
fn a_listing_without_a_total_is_not_known_to_be_whole() {
    let parsed = parse(LIST, r#"{"content": []}"#).unwrap();
    assert_eq!((parsed.complete, parsed.expected_total), (false, None));
}

#[test]
fn a_record_leads_to_its_page() {
    let parsed = listing(
        "",
        1,
        &[row(77, r#""releasedDate": "2026-11-02T08:00:00.000Z", "language": {"code": "en"}"#)],
    );
    let draft = &parsed.drafts[0];
    assert_eq!(draft.request.url, format!("{LIST}/77"));
    assert_eq!(draft.posting.url, "https://jobs.smartrecruiters.com/BoatWorks/77");
    assert_eq!(draft.posting.company.as_deref(), Some("Boat Works"));
    assert_eq!(draft.posting.language.as_deref(), Some("en"));
    assert_eq!(draft.changed.as_deref(), Some("2026-11-02T08:00:00.000Z"));
}

#[test]
fn only_true_says_something_of_the_place_of_work() {
    let of = |flags: &str| {
        let parsed = listing("", 1, &[row(1, &format!(r#""location": {{{flags}}}"#))]);
        parsed.drafts[0].posting.workplace.clone()
    };
    assert_eq!(of(r#""remote": true, "hybrid": true"#), Some(Workplace::Stated(RemoteOption::Hybrid)));
    assert_eq!(of(r#""remote": true, "hybrid": false"#), Some(Workplace::Stated(RemoteOption::Remote)));
    assert_eq!(of(r#""remote": false, "hybrid": false"#), None);
}

#[test]
fn a_page_has_its_qualifications_apart_and_its_pay() {
    let page = row(
        77,
        r#""active": true, "jobAd": {"sections": {
            "companyDescription": {"title": "Who we are", "text": "<p>Boats.</p>"},
            "jobDescription": {"title": "", "text": "<p>Rig them.</p>"},
            "qualifications": {"title": "Qualifications", "text": "<p>Knots.</p>"},
            "additionalInformation": {"title": "More", "text": ""}}},
            "compensation": {"salary": {"min": 2500, "max": "3100.50", "currency": "EUR", "period": "MONTHLY"}}"#,
    );
    let parsed = parse(&format!("{LIST}/77"), &page).unwrap();
    assert_eq!((parsed.postings.len(), parsed.complete), (1, false));
    let posting = &parsed.postings[0];
    let text = "<h3>Who we are</h3><p>Boats.</p><p>Rig them.</p>";
    assert_eq!(posting.description, Some(Text::Html(text.to_owned())));
    assert_eq!(posting.requirements, Some(Text::Html("<p>Knots.</p>".to_owned())));
    let pay = posting.pay.clone().unwrap();
    assert_eq!((pay.max.unwrap().to_string().as_str(), pay.period), ("3100.5", Some(Period::Month)));
    let flat = row(77, r#""jobAd": {}, "compensation": {"min": 40, "currency": "EUR", "period": "HOURLY"}"#);
    let pay = parse(&format!("{LIST}/77"), &flat).unwrap().postings[0].pay.clone().unwrap();
    assert_eq!((pay.min.unwrap().to_string().as_str(), pay.period), ("40", Some(Period::Hour)));
}

#[test]
fn a_page_with_texts_only_completes_its_draft() {
    let draft = listing("", 1, &[row(77, r#""x": 1"#)]).drafts.remove(0);
    let board = Board::default();
    let body = br#"{"jobAd": {"sections": {"jobDescription": {"text": "<p>Rig.</p>"}}}}"#;
    let page = Page { url: &draft.request.url, content_type: None, body };
    let posting = SmartRecruiters.complete(&board, &page, &draft).unwrap();
    assert_eq!((posting.title.as_str(), posting.source_id.as_str()), ("Rigger", "77"));
    assert_eq!(posting.description, Some(Text::Html("<p>Rig.</p>".to_owned())));
}

#[test]
fn what_is_not_for_everyone_is_rejected() {
    let parsed = listing("", 1, &[row(1, r#""visibility": "INTERNAL""#)]);
    assert_eq!(parsed.rejected[0].reason, "visibility: expected PUBLIC, got INTERNAL");
    let closed = parse(&format!("{LIST}/77"), &row(77, r#""active": false, "jobAd": {}"#)).unwrap();
    assert_eq!(closed.rejected[0].reason, "active: no longer open");
    let error = parse(LIST, r#"{"message": "?"}"#).unwrap_err().to_string();
    assert_eq!(error, "unexpected layout: content: expected a list, got nothing");
}
