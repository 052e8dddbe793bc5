use super::*;

fn read(line: &str) -> Head {
    Head::read(line).unwrap_or_default()
}

fn texts(list: &[&str]) -> Vec<String> {
    list.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn a_line_in_order() {
    let head = read(
        "Tern (YC X26) | Diving Engineer | Oslo, Norway | ONSITE | Full-time | €50k-70k | https://tern.test",
    );
    assert_eq!(
        head,
        Head {
            company: Some("Tern".to_owned()),
            roles: texts(&["Diving Engineer"]),
            areas: vec![],
            places: texts(&["Oslo, Norway"]),
            workplace: texts(&["ONSITE"]),
            terms: texts(&["Full-time"]),
            pay: Some("€50k-70k".to_owned()),
        }
    );
}

#[test]
fn a_line_in_another_order() {
    let head = read("Tern|https://tern.test|REMOTE (EU)|Contract|Kelp Scientists, Deep Sea Designer");
    assert_eq!(head.company.as_deref(), Some("Tern"));
    assert_eq!(head.roles, ["Kelp Scientists, Deep Sea Designer"]);
    assert_eq!((head.places, head.terms), (texts(&["REMOTE (EU)"]), texts(&["Contract"])));
}

#[test]
fn the_company_has_no_remark() {
    for (line, company) in [
        ("Tern - diving for all | Diver Manager | Oslo", "Tern"),
        ("*Tern (https://tern.test)* | Diver Manager", "Tern"),
        ("Tern https://tern.test | Diver Manager", "Tern"),
        ("Tern.io | Diver Manager", "Tern.io"),
        ("# We The Divers | Diver Manager", "We The Divers"),
        ("Oslo, Norway | Tern | Diver Manager", "Tern"),
        ("SEEKING FREELANCER | Tern | Diver Manager", "Tern"),
        ("Diver Manager at Tern | Oslo", "Tern"),
        ("Tern Multiple roles | Oslo", "Tern"),
        ("Tern Engineering | Diver Manager", "Tern Engineering"),
        ("Tern; Full-time; Oslo, Norway", "Tern"),
        ("Tern – Diving Engineer – Remote (EU)", "Tern"),
        ("Tern is hiring a Diving Engineer.", "Tern"),
        ("Hi HN! At Tern, we're hiring!", "Tern"),
        ("Tern Deep Sea is a company that dives. We are hiring.", "Tern Deep Sea"),
    ] {
        assert_eq!(read(line).company.as_deref(), Some(company), "{line}");
    }
}

#[test]
fn no_company_is_made_up() {
    for line in [
        "Senior Diving Engineer | Oslo | Remote",
        "Remote | Full-time | $50k",
        "We are hiring divers",
        "Thank you all for this thread",
        "This is a great thread - thanks",
        "I'm looking for work as a diver",
        "",
    ] {
        assert_eq!(read(line).company, None, "{line}");
    }
}

#[test]
fn a_name_below_tells_the_company_from_a_place() {
    let below = |text: &str| {
        let head = read("Diving Engineer | Tern Deep | Oslo | Remote");
        head.named_below(&[vec!["x".to_owned()], vec![text.to_owned()]])
    };
    let head = below("Tern Deep is a company that dives.");
    assert_eq!((head.company.as_deref(), head.places), (Some("Tern Deep"), texts(&["Oslo"])));
    assert_eq!(below("Something else.").company, None);
}

#[test]
fn segments_say_one_thing_each() {
    let head = read(
        "Tern | Diver Lead (Oslo | Bergen) | Visa sponsorship | Full-time, interns | VoiceAI | Pay $20k, Staff $30k | Multiple Locations",
    );
    assert_eq!(head.roles, ["Diver Lead (Oslo | Bergen)"]);
    assert_eq!(head.terms, ["Full-time, interns"]);
    assert_eq!(head.pay.as_deref(), Some("Pay $20k, Staff $30k"));
    assert!(head.places.is_empty(), "{:?}", head.places);
    assert_eq!(read("Tern | Engineering & Sales | Oslo").areas, ["Engineering & Sales"]);
    assert_eq!(read("Tern | Diver Manager | Location: Oslo").places, ["Oslo"]);
    assert_eq!(read("Tern | Hiring Diver Manager | Oslo").roles, ["Diver Manager"]);
}

#[test]
fn long_lines_cost_little() {
    let line = "a | (b [c – ".repeat(20_000);
    assert!(Head::read(&line).is_some());
    assert!(Head::read(&"é".repeat(5_000)).is_none());
}
