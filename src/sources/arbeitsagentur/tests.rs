use super::*;

fn parse(url: &str, body: &str) -> Result<Parsed, SourceError> {
    Arbeitsagentur.parse(&Board::default(), &Page { url, content_type: None, body: body.as_bytes() })
}

fn one(fields: &str) -> RawPosting {
    let body = format!(r#"{{"referenznummer": "1-2-S", "stellenangebotsTitel": "Taucher", {fields}}}"#);
    let parsed = parse("", &body).unwrap();
    assert!(!parsed.complete);
    parsed.postings.into_iter().next().unwrap()
}

#[test]
fn a_search_carries_the_header_of_the_protocol() {
    let mut board = Board { board: "Taucher".to_owned(), ..Board::default() };
    board.options.insert("wo".to_owned(), "Bad Ems".into());
    let request = Arbeitsagentur.first(&board).unwrap();
    assert_eq!(
        request.url,
        format!("{SERVICE}/v6/jobs?angebotsart=1&was=Taucher&wo=Bad+Ems&page=1&size=100")
    );
    assert!(request.headers.contains(&("x-api-key", "jobboerse-jobsuche".to_owned())));
    assert_eq!(Arbeitsagentur.keys(), []);
}

#[test]
fn a_listing_leads_to_the_page_of_each_posting() {
    let body = r#"{"maxErgebnisse": 101, "ergebnisliste": [{"referenznummer": "1-2-S", "stellenangebotsTitel": "Taucher"}]}"#;
    let parsed = parse(&format!("{SERVICE}/v6/jobs?page=1&size=100"), body).unwrap();
    let draft = &parsed.drafts[0];
    assert_eq!(draft.request.url, format!("{SERVICE}/v4/jobdetails/MS0yLVM="));
    assert!(draft.request.headers.iter().any(|(name, _)| *name == "x-api-key"));
    assert_eq!(parsed.next[0].url, format!("{SERVICE}/v6/jobs?page=2&size=100"));
    assert!(parsed.complete);
}

#[test]
fn no_result_is_no_list_and_no_failure() {
    let empty = parse("", r#"{"maxErgebnisse": 0}"#).unwrap();
    assert_eq!((empty.expected_total, empty.complete), (Some(0), true));
    assert!(parse("", r#"{"maxErgebnisse": 3}"#).is_err());
    assert!(!parse("", r#"{"maxErgebnisse": 20000, "ergebnisliste": []}"#).unwrap().complete);
}

#[test]
fn a_search_of_some_days_is_never_whole() {
    let mut board = Board::default();
    board.options.insert("days".to_owned(), "7".into());
    let page = Page { url: "", content_type: None, body: br#"{"maxErgebnisse": 0}"# };
    assert!(!Arbeitsagentur.parse(&board, &page).unwrap().complete);
}

#[test]
fn pay_is_fixed_or_a_span() {
    let pay = |fields: &str| {
        one(fields).pay.map(|pay| (pay.min.unwrap().to_string(), pay.max.unwrap().to_string(), pay.period))
    };
    let both = |min: &str, max: &str, period| Some((min.to_owned(), max.to_owned(), period));
    assert_eq!(
        pay(r#""verguetungsangabe": "STUNDENLOHN", "gehaltsspanneVon": 21.4, "gehaltsspanneBis": 25"#),
        both("21.4", "25", Some(Period::Hour))
    );
    assert_eq!(
        pay(r#""verguetungsangabe": "JAHRESGEHALT", "festgehalt": 62000"#),
        both("62000", "62000", Some(Period::Year))
    );
    assert_eq!(pay(r#""verguetungsangabe": "KEINE_ANGABEN", "festgehalt": 0"#), None);
}

#[test]
fn hours_and_place_of_work_are_flags() {
    let posting = one(
        r#""firma": "Tern", "arbeitszeitVollzeit": true, "arbeitszeitTeilzeitAbend": true, "vertragsdauer": "BEFRISTET",
        "homeofficemoeglich": true, "stellenlokationen": [{"adresse": {"ort": "Ulm", "region": "BADEN_WUERTTEMBERG",
        "land": "DEUTSCHLAND"}}, {"adresse": null}]"#,
    );
    assert_eq!(posting.employment, ["Vollzeit", "Teilzeit", "befristet"]);
    assert_eq!(posting.workplace, Some(Workplace::Stated(RemoteOption::Hybrid)));
    assert_eq!(posting.places[0].region.as_deref(), Some("Baden-Wuerttemberg"));
    let home = one(r#""homeofficemoeglich": true, "homeofficeprozent": 100"#);
    assert_eq!(home.workplace, Some(Workplace::Stated(RemoteOption::Remote)));
}
