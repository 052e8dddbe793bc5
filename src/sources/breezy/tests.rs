use super::*;
use crate::domain::Period;

fn parse(url: &str, body: &str) -> Result<Parsed, SourceError> {
    let board = Board { board: "reed-bed".to_owned(), ..Board::default() };
    Breezy.parse(&board, &Page { url, content_type: None, body: body.as_bytes() })
}

fn draft_of(fields: &str) -> Draft {
    let body = format!(r#"[{{"id": "0a1b", "name": "Warden", {fields}}}]"#);
    let mut parsed = parse("https://reed-bed.breezy.hr/json", &body).unwrap();
    assert_eq!((parsed.rejected.len(), parsed.complete), (0, true));
    parsed.drafts.remove(0)
}

const OWN: &str = r#""url": "https://reed-bed.breezy.hr/p/0a1b-warden""#;

#[test]
fn a_position_leads_to_its_page_on_breezys_own_host() {
    let board = Board { board: "reed-bed".to_owned(), ..Board::default() };
    assert_eq!(Breezy.first(&board).unwrap().url, "https://reed-bed.breezy.hr/json");
    let own = draft_of(OWN);
    assert_eq!(own.posting.source_id, "reed-bed:0a1b");
    assert_eq!(own.request.url, "https://reed-bed.breezy.hr/p/0a1b-warden");
    let other = draft_of(r#""friendly_id": "0a1b-warden", "url": "https://jobs.example/p/0a1b-warden""#);
    assert_eq!(other.request.url, own.request.url);
    assert_eq!(other.posting.url, "https://jobs.example/p/0a1b-warden");
    let evil = draft_of(r#""url": "https://evilbreezy.hr/p/0a1b""#);
    assert_eq!(evil.request.url, "https://reed-bed.breezy.hr/p/0a1b");
}

#[test]
fn a_list_says_all_but_the_text() {
    let posting = draft_of(&format!(
        r#"{OWN}, "type": {{"id": "fullTime", "name": "Full-Time"}}, "salary": "$1.40k - $1.80k",
            "published_date": "2026-11-05T14:37:22.684Z", "company": {{"name": "Reed Bed Trust"}},
            "location": {{"country": {{"id": "GB", "name": "United Kingdom"}}, "state": {{"id": "NFK", "name": "Norfolk"}},
            "city": "Cley", "name": "Cley, NFK", "is_remote": false}}"#
    ))
    .posting;
    assert_eq!(posting.employment, ["Full-Time"]);
    assert_eq!(posting.pay_text.as_deref(), Some("$1.40k - $1.80k"));
    assert_eq!(posting.company.as_deref(), Some("Reed Bed Trust"));
    assert_eq!((posting.locations.len(), posting.workplace), (0, None));
    assert_eq!(posting.places[0].region.as_deref(), Some("Norfolk"));
    assert_eq!(posting.places[0].country_code.as_deref(), Some("GB"));
}

#[test]
fn remote_is_what_every_place_says() {
    let of = |places: &str| draft_of(&format!(r#"{OWN}, "locations": [{places}]"#)).posting.workplace;
    let remote = Some(Workplace::Stated(RemoteOption::Remote));
    assert_eq!(of(r#"{"is_remote": true}, {"name": "Anywhere"}"#), remote);
    assert_eq!(of(r#"{"is_remote": true}, {"is_remote": false}"#), None);
    assert_eq!(of(""), None);
}

fn page(head: &str, body: &str) -> String {
    format!(
        "\u{feff}<!DOCTYPE html><html><head>{head}</head><body><h1> Reed\n Warden</h1>{body}</body></html>"
    )
}

#[test]
fn the_page_is_read_from_its_json_ld() {
    let ld = r#"<script type="application/ld+json">{"@type": "JobPosting", "title": "Warden",
        "description": "&lt;p&gt;Count &amp;amp; cut reeds.&lt;/p&gt;", "datePosted": "2026-11-05", "validThrough": "2026-12-05",
        "employmentType": ["PART_TIME"], "hiringOrganization": {"name": "Reed Bed Trust"},
        "baseSalary": {"currency": "GBP", "value": {"value": 13.5, "unitText": "HOUR"}}}</script>"#;
    let url = "https://reed-bed.breezy.hr/p/0a1b-warden";
    let parsed = parse(url, &page(ld, "")).unwrap();
    let posting = &parsed.postings[0];
    assert_eq!((posting.source_id.as_str(), posting.url.as_str()), ("reed-bed:0a1b", url));
    assert_eq!(posting.description, Some(Text::Html("<p>Count &amp; cut reeds.</p>".to_owned())));
    assert_eq!(posting.employment, ["PART_TIME"]);
    assert_eq!(posting.deadline, Some(RawDate::Text("2026-12-05".to_owned())));
    let pay = posting.pay.clone().unwrap();
    assert_eq!((pay.min == pay.max, pay.period), (true, Some(Period::Hour)));
    assert!(!parsed.complete);
}

#[test]
fn without_json_ld_the_text_is_the_element_of_that_name() {
    let url = "https://reed-bed.breezy.hr/p/0a1b-warden";
    let body = page("", r#"<div id="description"><p>Cut reeds.</p></div>"#);
    let posting = parse(url, &body).unwrap().postings.remove(0);
    assert_eq!(posting.title, "Reed Warden");
    assert_eq!(posting.description, Some(Text::Html("<p>Cut reeds.</p>".to_owned())));
    assert_eq!(posting.company.as_deref(), Some("Reed Bed"));
    let draft = draft_of(&format!(r#"{OWN}, "company": {{"name": "Reed Bed Trust"}}"#));
    let page = Page { url, content_type: None, body: body.as_bytes() };
    let completed = Breezy.complete(&Board::default(), &page, &draft).unwrap();
    assert_eq!(completed.company.as_deref(), Some("Reed Bed Trust"));
    assert_eq!(completed.source_id, "reed-bed:0a1b");
}

#[test]
fn another_page_is_another_layout() {
    let url = "https://reed-bed.breezy.hr/p/0a1b-warden";
    let error = parse(url, "<html><body>Maintenance</body></html>").unwrap_err().to_string();
    assert_eq!(
        error,
        "unexpected layout: expected JSON-LD of a posting or an element #description, got neither"
    );
    let rejected =
        parse("https://reed-bed.breezy.hr/", &page("", "<p id=description>x</p>")).unwrap().rejected;
    assert_eq!(rejected[0].reason, "url: expected the address of a position");
}
