use super::*;

fn dec(number: &str) -> Decimal {
    number.parse().unwrap()
}

fn parse(body: &str) -> Result<Parsed, SourceError> {
    let board = Board { board: "Lumen Ledger".to_owned(), ..Board::default() };
    Ashby.parse(&board, &Page { url: "https://x.test/", content_type: None, body: body.as_bytes() })
}

fn one(fields: &str) -> RawPosting {
    let body = format!(
        r#"{{"apiVersion": "1", "jobs": [{{"id": "u-1", "title": " Clerk", "jobUrl": "https://x.test/u-1", {fields}}}]}}"#
    );
    let parsed = parse(&body).unwrap();
    assert_eq!(parsed.rejected, []);
    parsed.postings.into_iter().next().unwrap()
}

fn component(kind: &str, interval: &str, currency: &str, min: &str, max: &str) -> String {
    format!(
        r#"{{"components": [{{"compensationType": "{kind}", "interval": "{interval}", "currencyCode": {currency}, "minValue": {min}, "maxValue": {max}}}]}}"#
    )
}

fn pay_of(tiers: &[String]) -> Option<Pay> {
    one(&format!(r#""compensation": {{"compensationTiers": [{}]}}"#, tiers.join(","))).pay
}

#[test]
fn asks_for_pay_and_keeps_the_name_of_the_board() {
    let board = Board { board: "Lumen Ledger".to_owned(), ..Board::default() };
    assert_eq!(
        Ashby.first(&board).unwrap().url,
        "https://api.ashbyhq.com/posting-api/job-board/Lumen%20Ledger?includeCompensation=true"
    );
}

#[test]
fn pay_is_the_span_of_the_salary_tiers() {
    let pay = pay_of(&[
        component("EquityCashValue", "1 YEAR", r#""USD""#, "1", "9"),
        component("Salary", "1 YEAR", r#""USD""#, "143200", "284000"),
        component("Salary", "1 YEAR", r#""USD""#, "120000", "null"),
        component("Salary", "1 YEAR", r#""CAD""#, "90000", "400000"),
        component("Bonus", "1 YEAR", r#""USD""#, "1", "900000"),
    ])
    .unwrap();
    assert_eq!((pay.min, pay.max), (Some(dec("120000")), Some(dec("284000"))));
    assert_eq!((pay.currency.as_deref(), pay.period), (Some("USD"), Some(Period::Year)));
}

#[test]
fn intervals_are_read_with_their_count() {
    let pay = |interval| pay_of(&[component("Salary", interval, r#""EUR""#, "3000", "null")]).unwrap();
    assert_eq!((pay("1 HOUR").period, pay("1 MONTH").period), (Some(Period::Hour), Some(Period::Month)));
    assert_eq!((pay("2 WEEK").period, pay("2 WEEK").min), (Some(Period::Week), Some(dec("1500"))));
    assert_eq!((pay("NONE").period, pay("NONE").min), (None, Some(dec("3000"))));
    assert_eq!(pay_of(&[component("Salary", "1 YEAR", "null", "null", "null")]), None);
}

#[test]
fn pay_that_is_not_shown_is_not_read() {
    let tier = component("Salary", "1 YEAR", r#""EUR""#, "1", "2");
    let hidden = one(&format!(
        r#""shouldDisplayCompensationOnJobPostings": false,
            "compensation": {{"scrapeableCompensationSalarySummary": "1 - 2", "compensationTiers": [{tier}]}}"#
    ));
    assert_eq!((hidden.pay, hidden.pay_text), (None, None));
    let summary = one(
        r#""compensation": {"compensationTiers": [], "scrapeableCompensationSalarySummary": "€50K - €60K",
            "summaryComponents": [{"compensationType": "Salary", "interval": "1 YEAR", "currencyCode": "EUR", "minValue": 50000, "maxValue": 60000}]}"#,
    );
    assert_eq!(summary.pay.unwrap().max, Some(dec("60000")));
    assert_eq!(summary.pay_text.as_deref(), Some("€50K - €60K"));
}

#[test]
fn the_workplace_type_wins_over_the_remote_flag() {
    let stated = |option| Some(Workplace::Stated(option));
    assert_eq!(one(r#""isRemote": true, "workplaceType": "Hybrid""#).workplace, stated(RemoteOption::Hybrid));
    assert_eq!(one(r#""isRemote": true, "workplaceType": "OnSite""#).workplace, stated(RemoteOption::Onsite));
    assert_eq!(one(r#""isRemote": true, "workplaceType": null"#).workplace, stated(RemoteOption::Remote));
    assert_eq!(one(r#""isRemote": false"#).workplace, None);
    assert_eq!(one(r#""workplaceType": "Field""#).workplace, Some(Workplace::Text("Field".to_owned())));
}

#[test]
fn places_are_taken_in_parts_and_in_words() {
    let posting = one(
        r#""location": "Zurich", "address": {"postalAddress": {"addressLocality": "Zurich", "addressRegion": "", "addressCountry": "Switzerland "}},
            "secondaryLocations": [{"location": "Remote (US)", "address": {"postalAddress": {"addressCountry": "USA"}}},
                {"location": "Lyon", "address": null}, {"address": {"postalAddress": {}}}]"#,
    );
    assert_eq!(posting.locations, ["Zurich", "Remote (US)", "Lyon"]);
    let parts: Vec<_> = posting.places.iter().map(|p| (p.city.as_deref(), p.country.as_deref())).collect();
    assert_eq!(parts, [(Some("Zurich"), Some("Switzerland")), (None, Some("USA"))]);
    assert_eq!(posting.company.as_deref(), Some("Lumen Ledger"));
}

#[test]
fn a_posting_that_is_not_listed_is_counted_as_rejected() {
    let parsed = parse(
        r#"{"jobs": [{"id": "u-1", "title": "A", "jobUrl": "https://x.test/u-1", "isListed": false},
                     {"id": "u-2", "title": "B", "jobUrl": "https://x.test/u-2", "isListed": "odd"}]}"#,
    )
    .unwrap();
    assert_eq!(parsed.postings.len(), 1);
    assert_eq!(parsed.rejected[0].source_id.as_deref(), Some("u-1"));
    assert_eq!(parsed.rejected[0].reason, "isListed: not listed on the public board");
    assert!(parsed.complete);
}

#[test]
fn plain_text_stands_in_for_html() {
    let posting = one(r#""descriptionHtml": "", "descriptionPlain": "a\nb""#);
    assert_eq!(posting.description, Some(Text::Plain("a\nb".to_owned())));
}

#[test]
fn another_layout_says_what_is_missing() {
    assert_eq!(
        parse(r#"{"apiVersion": "2", "results": []}"#),
        Err(SourceError::Layout("jobs: expected a list, got nothing".to_owned()))
    );
    assert_eq!(
        parse(r#"{"jobs": null}"#),
        Err(SourceError::Layout("jobs: expected a list, got null".to_owned()))
    );
}
