use rust_decimal::Decimal;

use super::*;

fn parse(body: &str) -> Result<Parsed, SourceError> {
    RemoteOk.parse(
        &Board::default(),
        &Page { url: "https://remoteok.com/api", content_type: None, body: body.as_bytes() },
    )
}

fn one(fields: &str) -> RawPosting {
    let record = format!(
        r#"{{"id": "9", "url": "https://remoteOK.com/remote-jobs/9", "position": "Diver", "company": "Tern", {fields}}}"#
    );
    let parsed = parse(&format!(r#"[{{"legal": "terms"}}, {record}]"#)).unwrap();
    assert_eq!(parsed.rejected, []);
    assert!(!parsed.complete, "only the newest are listed");
    parsed.postings.into_iter().next().unwrap()
}

#[test]
fn a_list_begins_with_its_terms() {
    assert_eq!(parse(r#"[{"legal": "terms"}]"#), Ok(Parsed::default()));
    let expected = SourceError::Layout("legal: expected the terms as the first item".to_owned());
    assert_eq!(parse("[]"), Err(expected));
}

#[test]
fn zero_is_no_pay() {
    assert_eq!(one(r#""salary_min": 0, "salary_max": 0"#).pay, None);
    let pay = one(r#""salary_min": 90000, "salary_max": 0"#).pay.unwrap();
    assert_eq!((pay.min, pay.max, pay.period), (Some(Decimal::from(90_000)), None, Some(Period::Year)));
    assert_eq!(pay.currency.as_deref(), Some("USD"));
}

#[test]
fn a_place_has_no_comma_at_its_end() {
    assert_eq!(one(r#""location": "Cork, ""#).locations, ["Cork"]);
    assert!(one(r#""location": ", ""#).locations.is_empty());
}

#[test]
fn an_office_is_not_remote_because_of_the_boards_name() {
    assert_eq!(one(r#""location": "Cork""#).workplace, None);
    assert_eq!(one(r#""epoch": 5"#).posted, Some(RawDate::EpochSeconds(5)));
}
