use super::*;

fn board(name: &str) -> Board {
    Board { board: name.to_owned(), ..Board::default() }
}

fn job(fields: &str) -> String {
    format!(
        r#"{{"id": "61", "title": "Diver", "company": {{"display_name": "Tern"}}, {fields},
        "redirect_url": "https://www.adzuna.co.uk/jobs/land/ad/61?se=x&utm_source=me&v=1"}}"#
    )
}

fn parse(page: u64, count: u64, fields: &str) -> Parsed {
    let body = format!(r#"{{"count": {count}, "results": [{}]}}"#, job(fields));
    let url = format!("https://api.adzuna.com/v1/api/jobs/gb/search/{page}?app_id=APP_ID&app_key=APP_KEY");
    Adzuna.parse(&board("gb"), &Page { url: &url, content_type: None, body: body.as_bytes() }).unwrap()
}

#[test]
fn a_board_is_a_country_and_a_category() {
    let url = |name: &str| Adzuna.first(&board(name)).map(|request| request.url);
    let gb = "https://api.adzuna.com/v1/api/jobs/gb/search/1?results_per_page=50&sort_by=date&content-type=application%2Fjson";
    assert_eq!(url("gb").as_deref(), Ok(gb));
    assert_eq!(url("GB-it-jobs"), Ok(format!("{gb}&category=it-jobs")));
    assert!(url("atlantis").unwrap_err().to_string().contains("board: expected a country (at, au, "));
}

#[test]
fn pages_end_where_the_terms_would() {
    let next = |page: u64, count: u64| {
        let parsed = parse(page, count, r#""a": 1"#);
        (parsed.next.len(), parsed.complete)
    };
    assert_eq!(next(1, 51), (1, true));
    assert_eq!(next(2, 51), (0, true));
    assert_eq!(next(4, 9000), (1, false));
    assert_eq!(next(5, 9000), (0, false));
    // The most boards that the schedule speaks of, three times a day.
    assert!(31 * 3 * PAGES * 5 <= 2500 && Adzuna.terms().every_minutes >= 360);
    assert!(Adzuna.politeness().per_second * 60.0 < 25.0);
}

#[test]
fn only_pay_that_is_not_estimated_is_pay() {
    let pay = |fields: &str| parse(1, 1, fields).postings.remove(0).pay;
    let amounts = r#""salary_min": 41000.5, "salary_max": 52000"#;
    let stated = pay(&format!(r#"{amounts}, "salary_is_predicted": "0""#)).unwrap();
    assert_eq!((stated.currency.as_deref(), stated.period), (Some("GBP"), Some(Period::Year)));
    assert_eq!(pay(&format!(r#"{amounts}, "salary_is_predicted": "1""#)), None);
    assert_eq!(pay(amounts), None);
}

#[test]
fn the_address_stays_the_same() {
    assert_eq!(parse(1, 1, r#""a": 1"#).postings[0].url, "https://www.adzuna.co.uk/details/61");
}

#[test]
fn a_place_goes_from_the_country_to_the_town() {
    let posting = |area: &str| {
        let fields = format!(r#""location": {{"display_name": "Wick, Kent", "area": {area}}}"#);
        parse(1, 1, &fields).postings.remove(0)
    };
    let town = posting(r#"["UK", "South East England", "Kent", "Wick", "Harbour"]"#);
    assert_eq!(town.places[0].city.as_deref(), Some("Wick"));
    assert_eq!(town.places[0].country_code.as_deref(), Some("GB"));
    assert!(town.locations.is_empty());
    let region = posting(r#"["UK", "London"]"#);
    assert_eq!(region.places[0].region.as_deref(), Some("London"));
    assert_eq!(region.locations, ["Wick, Kent"]);
}
