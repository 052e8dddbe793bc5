use rust_decimal::Decimal;
use serde_json::Value;

use super::*;

fn board(options: &[(&str, &str)]) -> Board {
    let options = options.iter().map(|(key, value)| ((*key).to_owned(), Value::from(*value)));
    Board { board: "papaya".to_owned(), options: options.collect(), ..Board::default() }
}

fn parse(positions: &str) -> Parsed {
    let body = format!("<?xml version=\"1.0\"?>\n\n<workzag-jobs>{positions}</workzag-jobs>");
    let page = Page { url: "", content_type: None, body: body.as_bytes() };
    Personio.parse(&board(&[]), &page).unwrap()
}

#[test]
fn the_address_is_the_tenants() {
    let url = |options: &[(&str, &str)]| Personio.first(&board(options)).map(|request| request.url);
    assert_eq!(url(&[]).as_deref(), Ok("https://papaya.jobs.personio.de/xml?language=en"));
    assert_eq!(
        url(&[("language", "de"), ("domain", "com")]).as_deref(),
        Ok("https://papaya.jobs.personio.com/xml?language=de")
    );
    for (options, message) in [
        (("domain", "fr"), "options.domain: expected \"de\" or \"com\", got \"fr\""),
        (("language", "e&x"), "options.language: expected a code like \"de\", got \"e&x\""),
    ] {
        assert_eq!(url(&[options]).unwrap_err().to_string(), message);
    }
}

#[test]
fn every_field_is_read() {
    let parsed = parse(
        "<position><id>71</id><subcompany>Papaya &amp; Söhne GmbH</subcompany><office>Ulm</office>\
         <additionalOffices><office>Jena</office><office>Ulm</office></additionalOffices><name>Koch</name>\
         <jobDescriptions><jobDescription><name>Deine Aufgaben</name><value><![CDATA[<p>Kochen</p>]]></value>\
         </jobDescription><jobDescription><name>Dein Profil</name><value>&lt;ul&gt;&lt;li&gt;Herd&lt;/li&gt;&lt;/ul&gt;</value>\
         </jobDescription><jobDescription><name>Leer</name><value> </value></jobDescription></jobDescriptions>\
         <employmentType>permanent</employmentType><schedule>part-time</schedule><keywords>Herd , ,Topf</keywords>\
         <createdAt>2026-03-04T05:06:07+00:00</createdAt><salaryInformation><min>3100.50</min><max></max>\
         <currencyCode>EUR</currencyCode><type>monthly</type></salaryInformation></position>",
    );
    assert!(parsed.complete && parsed.rejected.is_empty());
    let posting = &parsed.postings[0];
    assert_eq!(posting.source_id, "papaya:71");
    assert_eq!(posting.url, "https://papaya.jobs.personio.de/job/71");
    assert_eq!(posting.company.as_deref(), Some("Papaya & Söhne GmbH"));
    assert_eq!(posting.locations, ["Ulm", "Jena"]);
    assert_eq!(posting.employment, ["part-time", "permanent"]);
    assert_eq!(posting.skills, ["Herd", "Topf"]);
    assert_eq!(posting.requirements, Some(Text::Html("<ul><li>Herd</li></ul>".to_owned())));
    let html = "<h3>Deine Aufgaben</h3><div><p>Kochen</p></div><h3>Dein Profil</h3><div><ul><li>Herd</li></ul></div>";
    assert_eq!(posting.description, Some(Text::Html(html.to_owned())));
    let pay = posting.pay.as_ref().unwrap();
    assert_eq!((pay.min, pay.max, pay.period), (Some(Decimal::new(31005, 1)), None, Some(Period::Month)));
}

#[test]
fn a_position_may_be_bare_or_broken() {
    let parsed = parse(
        "<position><id>1</id><name>Baker</name><jobDescriptions></jobDescriptions><employmentType>intern</employmentType>\
         <schedule>full-time</schedule></position><position><name>No id</name></position>\
         <position><id>3</id><name> </name></position><position><id>1</id><name>Baker</name></position>",
    );
    let [posting] = parsed.postings.as_slice() else { panic!("{parsed:?}") };
    assert_eq!(posting.company.as_deref(), Some("Papaya"));
    assert_eq!((&posting.description, &posting.requirements), (&None, &None));
    assert_eq!(posting.employment, ["intern", "full-time"]);
    let reasons: Vec<_> = parsed.rejected.iter().map(|rejected| rejected.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            "id: expected text, got nothing",
            "name: expected text, got blank text",
            "id: expected once, listed a second time"
        ]
    );
}

#[test]
fn another_page_is_a_change_of_layout() {
    let page = Page { url: "", content_type: None, body: b"<!DOCTYPE html><html><body>Jobs</body></html>" };
    let error = Personio.parse(&board(&[]), &page).unwrap_err().to_string();
    assert_eq!(error, "unexpected layout: expected <workzag-jobs>, got <html>");
}
