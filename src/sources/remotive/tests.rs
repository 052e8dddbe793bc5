use super::*;

fn parse(body: &str) -> Result<Parsed, SourceError> {
    let page =
        Page { url: "https://remotive.com/api/remote-jobs", content_type: None, body: body.as_bytes() };
    Remotive.parse(&Board::default(), &page)
}

const JOB: &str = r#"{"id": 7, "url": "https://remotive.com/remote-jobs/x-7", "title": "Diver", "company_name": "Tern",
    "candidate_required_location": "Europe", "salary": "$31,2k- $52k", "job_type": "full_time", "tags": ["sql", null],
    "publication_date": "2026-11-15T14:00:51", "description": "<p>Dive</p>"}"#;

#[test]
fn a_list_is_whole_where_its_count_says_so() {
    let complete = |total: &str| {
        let body = format!(r#"{{"jobs": [{JOB}], "job-count": 1, "total-job-count": {total}}}"#);
        parse(&body).unwrap().complete
    };
    assert!(complete("1"));
    assert!(!complete("2"));
    assert!(!complete("null"));
}

#[test]
fn fields_of_a_record() {
    let posting = parse(&format!(r#"{{"jobs": [{JOB}]}}"#)).unwrap().postings.remove(0);
    assert_eq!(posting.pay_text.as_deref(), Some("$31,2k- $52k"));
    assert_eq!(posting.workplace, Some(Workplace::Stated(RemoteOption::Remote)));
    assert_eq!((posting.locations, posting.skills), (vec!["Europe".to_owned()], vec!["sql".to_owned()]));
    assert_eq!(posting.posted, Some(RawDate::Text("2026-11-15T14:00:51".to_owned())));
}

#[test]
fn four_calls_a_day_and_two_a_minute() {
    assert!(Remotive.terms().every_minutes * 4 >= 24 * 60);
    assert!(Remotive.politeness().per_second * 60.0 <= 2.0);
}
