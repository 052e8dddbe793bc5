use super::*;
use crate::domain::Text;

fn one(fields: &str) -> RawPosting {
    let body = format!(
        r#"{{"SearchResult": {{"SearchResultCountAll": 1, "SearchResultItems": [{{"MatchedObjectId": "9",
        "MatchedObjectDescriptor": {{"PositionURI": "https://www.usajobs.gov:443/job/9", "PositionTitle": "Diver",
        "OrganizationName": "Pier Bureau", {fields}}}}}]}}}}"#
    );
    let page = Page { url: "", content_type: None, body: body.as_bytes() };
    let parsed = UsaJobs.parse(&Board::default(), &page).unwrap();
    assert_eq!(parsed.rejected, []);
    parsed.postings.into_iter().next().unwrap()
}

fn dec(number: &str) -> Decimal {
    number.parse().unwrap()
}

#[test]
fn a_board_is_all_or_a_series() {
    let mut board = Board { board: "2210".to_owned(), ..Board::default() };
    board.options.insert("keyword".to_owned(), "deep sea".into());
    let url = UsaJobs.first(&board).unwrap().url;
    let expected =
        "https://data.usajobs.gov/api/Search?Page=1&ResultsPerPage=500&JobCategoryCode=2210&Keyword=deep+sea";
    assert_eq!(url, expected);
    board.board = "divers".to_owned();
    assert!(UsaJobs.first(&board).is_err());
}

#[test]
fn pages_follow_until_the_search_ends() {
    let parse = |page: u64, total: u64, options: &[&str]| {
        let body = format!(
            r#"{{"SearchResult": {{"SearchResultCountAll": {total}, "SearchResultItems": [{{}}]}}}}"#
        );
        let url = format!("https://data.usajobs.gov/api/Search?Page={page}&ResultsPerPage=500");
        let mut board = Board::default();
        board.options.extend(options.iter().map(|key| ((*key).to_owned(), "7".into())));
        let parsed =
            UsaJobs.parse(&board, &Page { url: &url, content_type: None, body: body.as_bytes() }).unwrap();
        (parsed.next.len(), parsed.complete)
    };
    assert_eq!(parse(1, 501, &[]), (1, true));
    assert_eq!(parse(2, 501, &[]), (0, true));
    assert_eq!(parse(20, 12_000, &[]), (0, false));
    assert_eq!(parse(2, 501, &["days"]), (0, false));
}

#[test]
fn rates_of_two_weeks_are_yearly_and_pieces_are_no_rate() {
    let pay = |rates: &str| one(&format!(r#""PositionRemuneration": [{rates}]"#)).pay;
    let rate = |min: &str, max: &str, code: &str| {
        format!(r#"{{"MinimumRange": "{min}", "MaximumRange": "{max}", "RateIntervalCode": "{code}"}}"#)
    };
    let weeks = pay(&format!("{}, {}", rate("3000", "3500", "BW"), rate("2900", "3900.5", "BW"))).unwrap();
    assert_eq!(
        (weeks.min, weeks.max, weeks.period),
        (Some(dec("75400")), Some(dec("101413")), Some(Period::Year))
    );
    assert_eq!(pay(&rate("19.5", "24", "PH")).unwrap().period, Some(Period::Hour));
    assert_eq!(pay(&rate("9", "12", "PW")), None);
    assert_eq!(pay(&rate("9", "12", "SY")).unwrap().period, None);
}

#[test]
fn telework_is_some_days_and_remote_work_all() {
    let workplace = |details: &str| one(&format!(r#""UserArea": {{"Details": {{{details}}}}}"#)).workplace;
    let stated = |option| Some(Workplace::Stated(option));
    assert_eq!(
        workplace(r#""RemoteIndicator": true, "TeleworkEligible": true"#),
        stated(RemoteOption::Remote)
    );
    assert_eq!(
        workplace(r#""RemoteIndicator": "False", "TeleworkEligible": "True""#),
        stated(RemoteOption::Hybrid)
    );
    assert_eq!(
        workplace(r#""RemoteIndicator": false, "TeleworkEligible": false"#),
        stated(RemoteOption::Onsite)
    );
    assert_eq!(workplace(r#""RemoteIndicator": false"#), None);
}

#[test]
fn sections_become_one_text() {
    let posting = one(
        r#""QualificationSummary": "Swim & dive", "UserArea": {"Details": {"JobSummary": "Look.", "MajorDuties": ["A<B", "C"],
        "Education": "<p>None</p>", "KeyRequirements": [3]}}"#,
    );
    let html = "<p>Look.</p><h3>Duties</h3><ul><li>A&lt;B</li><li>C</li></ul><h3>Qualifications</h3><p>Swim &amp; dive</p>\
                <h3>Education</h3><p>None</p>";
    assert_eq!(posting.description, Some(Text::Html(html.to_owned())));
    let asked = "<p>Swim &amp; dive</p><h3>Education</h3><p>None</p>";
    assert_eq!(posting.requirements, Some(Text::Html(asked.to_owned())));
}

#[test]
fn a_city_stands_without_its_state() {
    let place = one(
        r#""PositionLocation": [{"CityName": "Wick, Ohio", "CountrySubDivisionCode": "Ohio", "CountryCode": "United States"}]"#,
    );
    assert_eq!(
        (place.places[0].city.as_deref(), place.places[0].region.as_deref()),
        (Some("Wick"), Some("Ohio"))
    );
}
