use super::*;

const JOB: &str = r#"{"guid": "https://himalayas.app/companies/tern/jobs/N", "applicationLink": "https://himalayas.app/x",
    "title": "Diver", "companyName": "Tern", "minSalary": 14, "maxSalary": 20, "currency": "GBP",
    "categories": ["Deep-Sea-Diving", "C++ and C"], "pubDate": 1795140000, "expiryDate": 1797732000}"#;

fn parse(url: &str, body: &str) -> Parsed {
    Himalayas.parse(&Board::default(), &Page { url, content_type: None, body: body.as_bytes() }).unwrap()
}

fn page(count: usize, more: &str) -> String {
    let jobs: Vec<_> = (0..count).map(|n| JOB.replace("jobs/N", &format!("jobs/{n}"))).collect();
    format!(r#"{{"totalCount": 100000, {more} "jobs": [{}]}}"#, jobs.join(","))
}

#[test]
fn a_full_page_leads_to_the_next_until_the_newest_are_read() {
    let next = |offset: u64, count: usize| {
        let parsed =
            parse(&format!("https://himalayas.app/jobs/api?limit=20&offset={offset}"), &page(count, ""));
        assert!(!parsed.complete);
        parsed.next.into_iter().map(|request| request.url).next()
    };
    assert_eq!(next(0, 20).as_deref(), Some("https://himalayas.app/jobs/api?limit=20&offset=20"));
    assert_eq!(next(0, 19), None);
    assert_eq!(next(180, 20), None);
}

#[test]
fn a_cursor_wins_over_the_offset() {
    let parsed =
        parse("https://himalayas.app/jobs/api?limit=20&offset=0", &page(1, r#""nextCursor": "a+b","#));
    assert_eq!(parsed.next[0].url, "https://himalayas.app/jobs/api?limit=20&cursor=a%2Bb");
    let none =
        parse("https://himalayas.app/jobs/api?limit=20&offset=0", r#"{"jobs": [], "nextCursor": "a"}"#);
    assert!(none.next.is_empty());
}

#[test]
fn pay_without_its_period_has_none() {
    let period = |period: &str| {
        let job = JOB.replace(r#""currency""#, &format!(r#""salaryPeriod": "{period}", "currency""#));
        let pay = parse("", &format!(r#"{{"jobs": [{job}]}}"#)).postings.remove(0).pay.unwrap();
        (pay.currency, pay.period)
    };
    assert_eq!(period("hourly"), (Some("GBP".to_owned()), Some(Period::Hour)));
    assert_eq!(period("annual").1, Some(Period::Year));
    assert_eq!(parse("", &page(1, "")).postings[0].pay.as_ref().unwrap().period, None);
}

#[test]
fn fields_of_a_record() {
    let job = JOB.replace(
        r#""currency""#,
        r#""locationRestrictions": ["Peru", {"alpha2": "GB", "name": "United Kingdom"}, 5], "currency""#,
    );
    let posting = parse("", &format!(r#"{{"jobs": [{job}]}}"#)).postings.remove(0);
    assert_eq!(posting.locations, ["Peru"]);
    assert_eq!(posting.places[0].country_code.as_deref(), Some("GB"));
    assert_eq!(posting.skills, ["Deep Sea Diving", "C++ and C"]);
    assert_eq!(posting.deadline, Some(RawDate::EpochSeconds(1_797_732_000)));
    let form = parse("", &format!(r#"{{"jobs": [{}]}}"#, JOB.replace("\"Tern\"", "\"name\"")));
    assert_eq!(form.rejected[0].reason, "companyName: expected a name, got \"name\"");
}
