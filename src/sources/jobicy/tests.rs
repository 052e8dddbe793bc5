use super::*;

fn one(fields: &str) -> RawPosting {
    let body = format!(
        r#"{{"jobs": [{{"id": 4, "url": "https://jobicy.com/jobs/4", "jobTitle": "Diver", "companyName": "Tern", {fields}}}]}}"#
    );
    let page = Page {
        url: "https://jobicy.com/api/v2/remote-jobs?count=100",
        content_type: None,
        body: body.as_bytes(),
    };
    let parsed = Jobicy.parse(&Board::default(), &page).unwrap();
    assert_eq!(parsed.rejected, []);
    parsed.postings.into_iter().next().unwrap()
}

#[test]
fn a_board_is_all_or_an_industry() {
    let mut board = Board { board: "all".to_owned(), ..Board::default() };
    let url = |board: &Board| Jobicy.first(board).map(|request| request.url);
    assert_eq!(url(&board).as_deref(), Ok("https://jobicy.com/api/v2/remote-jobs?count=100"));
    board.board = "data-science".to_owned();
    board.options.insert("geo".to_owned(), "latin america".into());
    assert_eq!(
        url(&board).as_deref(),
        Ok("https://jobicy.com/api/v2/remote-jobs?count=100&industry=data-science&geo=latin+america")
    );
}

#[test]
fn places_stand_between_commas_and_blanks() {
    assert_eq!(one(r#""jobGeo": "LATAM,  Hong Kong,  Mexico""#).locations, ["LATAM", "Hong Kong", "Mexico"]);
    assert!(one(r#""jobGeo": " ,  ""#).locations.is_empty());
}

#[test]
fn pay_has_two_generations_of_names() {
    let period = |fields: &str| one(fields).pay.and_then(|pay| pay.period);
    assert_eq!(
        period(r#""salaryMin": 20, "salaryCurrency": "USD", "salaryPeriod": "hourly""#),
        Some(Period::Hour)
    );
    assert_eq!(period(r#""annualSalaryMin": "50000", "annualSalaryMax": "70000""#), Some(Period::Year));
    assert_eq!(period(r#""salaryMin": 20, "salaryPeriod": "a piece""#), None);
    assert_eq!(one(r#""salaryMin": 0, "salaryMax": 0, "salaryPeriod": "yearly""#).pay, None);
}

#[test]
fn a_list_may_be_one_text() {
    assert_eq!(one(r#""jobType": "Full-Time""#).employment, ["Full-Time"]);
    assert_eq!(one(r#""jobType": ["Full-Time", "Contract"]"#).employment, ["Full-Time", "Contract"]);
    assert_eq!(one(r#""jobExcerpt": "Short""#).description, Some(Text::Html("Short".to_owned())));
}
