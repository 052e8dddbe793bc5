use serde_json::Value as Json;

use super::*;
use crate::domain::{RawDate, Text};

const SITE: &str = "https://moorland.wd3.myworkdayjobs.com/wday/cxs/moorland/Jobs";

fn board(wd: &str, site: &str) -> Board {
    let mut board = Board { board: "Moorland".to_owned(), ..Board::default() };
    board.options.insert("wd".to_owned(), Json::from(wd));
    board.options.insert("site".to_owned(), Json::from(site));
    board
}

fn parse(url: &str, body: &str) -> Result<Parsed, SourceError> {
    Workday.parse(&Board::default(), &Page { url, content_type: None, body: body.as_bytes() })
}

fn list(total: u64, rows: &str, facets: &str) -> Parsed {
    let body = format!(r#"{{"total": {total}, "jobPostings": [{rows}], "facets": [{facets}]}}"#);
    parse(&format!("{SITE}/jobs"), &body).unwrap()
}

fn row(fields: &str) -> RawPosting {
    let rows = format!(r#"{{"title": "Keeper", "externalPath": "/job/Alston/Keeper_R-7", {fields}}}"#);
    let mut parsed = list(1, &rows, "");
    assert_eq!(parsed.rejected, []);
    parsed.drafts.remove(0).posting
}

fn offsets_of(parsed: &Parsed) -> Vec<u64> {
    parsed.next.iter().map(|request| request.body.as_ref().unwrap()["offset"].as_u64().unwrap()).collect()
}

#[test]
fn asks_the_site_of_a_tenant() {
    let request = Workday.first(&board("wd3", "Jobs")).unwrap();
    assert_eq!(request.url, format!("{SITE}/jobs"));
    let body = json!({"appliedFacets": {}, "limit": 20, "offset": 0, "searchText": ""});
    assert_eq!(request.body, Some(body));
    let error = |board: &Board| Workday.first(board).unwrap_err().to_string();
    assert_eq!(
        error(&board("wd3.evil.test/", "Jobs")),
        "options.wd: expected a name such as wd5, got \"wd3.evil.test/\""
    );
    let bare = Board { board: "moorland".to_owned(), ..Board::default() };
    assert_eq!(error(&bare), "options.wd: expected text, got nothing");
}

#[test]
fn a_page_that_knows_the_total_names_all_pages() {
    let rows = r#"{"title": "Keeper", "externalPath": "/job/Alston/Keeper_R-7"}"#;
    let first = list(44, rows, "");
    assert_eq!((offsets_of(&first), first.expected_total), (vec![20, 40], Some(44)));
    let later = list(0, rows, "");
    assert_eq!((later.next.len(), later.expected_total, later.complete), (0, None, true));
    let empty = list(0, "", "");
    assert_eq!((empty.next.len(), empty.expected_total, empty.complete), (0, Some(0), true));
}

#[test]
fn a_list_that_is_too_long_is_asked_for_by_a_facet() {
    let facets = r#"{"facetParameter": "timeType", "values": [{"id": "t", "count": 2400}]},
        {"facetParameter": "group", "values": [{"facetParameter": "country", "values": [
            {"id": "c1", "count": 1999}, {"id": "c2", "count": 21}, {"id": "c3"}]}]},
        {"facetParameter": "family", "values": [{"id": "f", "count": 12}]}"#;
    let rows = r#"{"title": "Keeper", "externalPath": "/job/Alston/Keeper_R-7"}"#;
    let parsed = list(2_000, rows, facets);
    assert_eq!((parsed.expected_total, parsed.complete, parsed.next.len()), (None, false, 102));
    let last = parsed.next.last().unwrap();
    let body = json!({"appliedFacets": {"country": ["c2"]}, "limit": 20, "offset": 20, "searchText": ""});
    assert_eq!((&last.url, &last.body), (&format!("{SITE}/jobs?split=facet"), &Some(body)));

    let part =
        parse(&last.url, &format!(r#"{{"total": 21, "jobPostings": [{rows}], "facets": [{facets}]}}"#));
    let part = part.unwrap();
    assert_eq!((part.next.len(), part.expected_total, part.drafts.len()), (0, None, 1));

    let without = list(2_000, rows, "");
    assert_eq!((without.next.len(), without.complete), (99, false));
}

#[test]
fn a_copy_for_another_site_is_the_same_requisition() {
    let id = |path: &str, known: &[&str]| site::requisition(path, known.iter().copied());
    assert_eq!(id("/job/Alston/Keeper_R-7-2", &["Moorland Ltd", " R-7 "]).as_deref(), Some("R-7"));
    assert_eq!(id("/job/Alston/Keeper_R-7", &["R-7"]).as_deref(), Some("R-7"));
    assert_eq!(id("/job/Alston/Keeper_2026-7", &["2026-7"]).as_deref(), Some("2026-7"));
    assert_eq!(id("/job/Alston/Keeper_R-7-2", &[]).as_deref(), Some("R-7-2"));
    assert_eq!(id("/job/Keeper", &[]).as_deref(), Some("Keeper"));
    assert_eq!(id("/", &[]), None);
    assert_eq!(id("/job/Keeper_", &[]), None);
}

#[test]
fn a_record_leads_to_its_page() {
    let rows = r#"{"title": "Keeper", "externalPath": "/job/Alston/Keeper_R-7-1", "bulletFields": ["R-7"]}"#;
    let draft = list(1, rows, "").drafts.remove(0);
    assert_eq!(draft.posting.source_id, "moorland:R-7");
    assert_eq!(draft.posting.url, "https://moorland.wd3.myworkdayjobs.com/Jobs/job/Alston/Keeper_R-7-1");
    assert_eq!(draft.request.url, format!("{SITE}/job/Alston/Keeper_R-7-1"));
    assert_eq!(draft.posting.company.as_deref(), Some("Moorland"));
}

#[test]
fn counted_places_are_named_by_the_path() {
    assert_eq!(row(r#""locationsText": "Alston, Cumbria""#).locations, ["Alston, Cumbria"]);
    assert_eq!(row(r#""locationsText": "3 Locations""#).locations, ["Alston"]);
    assert_eq!(row(r#""locationsText": "29 Palms""#).locations, ["29 Palms"]);
    let rows = r#"{"title": "Keeper", "externalPath": "/job/Ohio---New-Albany/Keeper_R-7", "locationsText": "2 Locations"}"#;
    assert_eq!(list(1, rows, "").drafts[0].posting.locations, ["Ohio, New Albany"]);
}

#[test]
fn more_than_thirty_days_is_no_day() {
    let posted = |text: &str| row(&format!(r#""postedOn": "{text}""#)).posted;
    assert_eq!(posted("Posted Yesterday"), Some(RawDate::Text("Posted Yesterday".to_owned())));
    assert_eq!(posted("Posted 30+ Days Ago"), None);
}

#[test]
fn a_page_says_all() {
    let page = r#"{"jobPostingInfo": {"title": "Keeper", "jobDescription": "<p>Sheep.</p>", "location": "Alston",
        "additionalLocations": ["Hexham", "Alston"], "startDate": "2026-11-17", "endDate": "2026-12-01",
        "postedOn": "Posted 3 Days Ago", "timeType": "Part time", "remoteType": "Remote", "jobReqId": "R-7", "posted": true,
        "externalUrl": "https://moorland.wd3.myworkdayjobs.com/Jobs/job/Alston/Keeper_R-7-1",
        "country": {"descriptor": "United Kingdom"}}, "hiringOrganization": {"name": "Moorland Estates Ltd"}}"#;
    let url = format!("{SITE}/job/Alston/Keeper_R-7-1");
    let parsed = parse(&url, page).unwrap();
    let posting = &parsed.postings[0];
    assert_eq!((posting.source_id.as_str(), parsed.complete), ("moorland:R-7", false));
    assert_eq!(posting.locations, ["Alston", "Hexham"]);
    assert_eq!(posting.places[0].country.as_deref(), Some("United Kingdom"));
    assert_eq!(posting.description, Some(Text::Html("<p>Sheep.</p>".to_owned())));
    assert_eq!(posting.posted, Some(RawDate::Text("2026-11-17".to_owned())));
    assert_eq!(posting.deadline, Some(RawDate::Text("2026-12-01".to_owned())));
    assert_eq!(posting.workplace, Some(Workplace::Text("Remote".to_owned())));
    assert_eq!(posting.company.as_deref(), Some("Moorland Estates Ltd"));

    let named = Board { company: Some("Moorland".to_owned()), ..Board::default() };
    let page = Page { url: &url, content_type: None, body: page.as_bytes() };
    let posting = Workday.parse(&named, &page).unwrap().postings.remove(0);
    assert_eq!(posting.company.as_deref(), Some("Moorland"));
}

#[test]
fn rejections_carry_the_identity_of_a_posting() {
    let parsed = list(2, r#"{"title": "", "externalPath": "/job/Alston/Keeper_R-7"}, []"#, "");
    assert_eq!(parsed.rejected[0].source_id.as_deref(), Some("moorland:R-7"));
    assert_eq!(parsed.rejected[1].reason, "record: expected an object, got a list");
    let closed = r#"{"jobPostingInfo": {"jobReqId": "R-7", "posted": false}}"#;
    let closed = parse(&format!("{SITE}/job/Alston/Keeper_R-7"), closed).unwrap();
    assert_eq!(closed.rejected[0].source_id.as_deref(), Some("moorland:R-7"));
    assert_eq!(closed.rejected[0].reason, "posted: no longer shown");
}

#[test]
fn another_layout_says_what_is_missing() {
    let error = parse(&format!("{SITE}/jobs"), r#"{"errorCode": "S22"}"#).unwrap_err().to_string();
    assert_eq!(error, "unexpected layout: jobPostings: expected a list, got nothing");
}
