use super::*;

fn parse(body: &str) -> Result<Parsed, SourceError> {
    let page = Page {
        url: "https://www.arbeitnow.com/api/job-board-api?page=1",
        content_type: None,
        body: body.as_bytes(),
    };
    Arbeitnow.parse(&Board::default(), &page)
}

fn one(fields: &str) -> RawPosting {
    let record = format!(
        r#"{{"slug": "welder-1", "url": "https://x.test/1", "title": "Welder", "company_name": "Tern", {fields}}}"#
    );
    let parsed = parse(&format!(r#"{{"data": [{record}], "links": {{}}}}"#)).unwrap();
    assert_eq!(parsed.rejected, []);
    parsed.postings.into_iter().next().unwrap()
}

#[test]
fn the_next_page_is_followed_on_the_same_host_only() {
    let next = |next: &str| {
        let parsed = parse(&format!(r#"{{"data": [], "links": {{"next": {next}}}}}"#)).unwrap();
        (parsed.next.into_iter().map(|request| request.url).collect::<Vec<_>>(), parsed.complete)
    };
    let second = "https://www.arbeitnow.com/api/job-board-api?page=2";
    assert_eq!(next(&format!("\"{second}\"")), (vec![second.to_owned()], true));
    assert_eq!(next("null"), (vec![], true));
    assert_eq!(next("\"https://x.test/?page=2\""), (vec![], false));
    assert!(!parse(r#"{"data": []}"#).unwrap().complete);
}

#[test]
fn only_a_ticked_box_says_remote() {
    let remote = Some(Workplace::Stated(RemoteOption::Remote));
    assert_eq!(one(r#""remote": true"#).workplace, remote);
    assert_eq!(one(r#""remote": false"#).workplace, None);
}

#[test]
fn fields_of_a_record() {
    let posting = one(
        r#""location": "Ulm", "tags": ["Metal", 3], "job_types": ["full time"], "created_at": 1795100400, "description": "<p>x</p>""#,
    );
    assert_eq!(posting.source_id, "welder-1");
    assert_eq!(
        (posting.skills, posting.employment),
        (vec!["Metal".to_owned()], vec!["full time".to_owned()])
    );
    assert_eq!(posting.posted, Some(RawDate::EpochSeconds(1_795_100_400)));
    assert_eq!(posting.locations, ["Ulm"]);
    assert_eq!(posting.description, Some(Text::Html("<p>x</p>".to_owned())));
}
