//! Places of work, all invented.

use RemoteOption::{Hybrid, Onsite, Remote};
use proptest::prelude::*;

use super::*;

#[test]
fn fields() {
    for (text, expected) in [
        ("Remote", Some(Remote)),
        ("remote", Some(Remote)),
        ("yes", Some(Remote)),
        ("on-site", Some(Onsite)),
        ("remote sensing", None),
        ("onsite", Some(Onsite)),
        ("OnSite", Some(Onsite)),
        ("In Office", Some(Onsite)),
        ("Hybrid", Some(Hybrid)),
        ("Hybrid - 3 days in office", Some(Hybrid)),
        ("2-3 days in office", Some(Hybrid)),
        ("Remote or Hybrid", Some(Hybrid)),
        ("TELECOMMUTE", Some(Remote)),
        ("Not remote", Some(Onsite)),
        ("no", None),
        ("flexible", None),
        ("", None),
    ] {
        assert_eq!(from_field(text), expected, "{text}");
    }
}

#[test]
fn the_patterns_compile() {
    for pattern in [
        &HIDDEN,
        &HYBRID_THING,
        &DENIED,
        &FULLY,
        &FULL_WEEK,
        &HYBRID,
        &REMOTE,
        &ONSITE,
        &TITLED,
        &HYBRID_TEXT,
        &REMOTE_TEXT,
        &ONSITE_TEXT,
    ] {
        assert!(!pattern.is_match(""));
    }
}

#[test]
fn places() {
    for (text, expected) in [
        ("Remote - USA", Some(Remote)),
        ("Remote, OR", None),
        ("Remote, US", Some(Remote)),
        ("Berlin (Hybrid)", Some(Hybrid)),
        ("Flexible / Remote", Some(Remote)),
        ("Anywhere", Some(Remote)),
        ("Home Office, Deutschland", Some(Remote)),
        ("Berlin, Germany", None),
        ("Paris (télétravail partiel 2 jours)", Some(Hybrid)),
        ("London, on-site", Some(Onsite)),
        ("Kraków (hybrydowo)", Some(Hybrid)),
        ("Lisboa, híbrido", Some(Hybrid)),
        ("Stockholm / distans", Some(Remote)),
        ("リモート(大阪)", Some(Remote)),
        ("Utrecht, hybride", Some(Hybrid)),
        ("100% remote", Some(Remote)),
    ] {
        assert_eq!(from_location(text), expected, "{text}");
    }
    assert_eq!(from_locations(&["Berlin".into(), "Remote".into()]), Some(Remote));
}

#[test]
fn titles() {
    for (title, expected) in [
        ("Engineer (Remote)", Some(Remote)),
        ("Remote Sensing Scientist", None),
        ("Hybrid Cloud Architect", None),
        ("Buchhalter (Home-Office möglich)", Some(Hybrid)),
        ("Virtual Reality Developer", None),
        ("Distributed Systems Engineer", None),
        ("In-House Counsel", None),
        ("Nurse - Onsite", Some(Onsite)),
        ("Engineer (no remote)", Some(Onsite)),
    ] {
        assert_eq!(from_title(title), expected, "{title}");
    }
}

#[test]
fn texts() {
    for (text, expected) in [
        ("This is a fully remote position within Europe.", Some(Remote)),
        ("You can work remotely from anywhere.", Some(Remote)),
        ("This is not a remote position.", Some(Onsite)),
        ("Remote work is not possible.", Some(Onsite)),
        ("Leider kein Homeoffice möglich.", Some(Onsite)),
        ("We work in a hybrid model.", Some(Hybrid)),
        ("You join us 3 days a week in our London office.", Some(Hybrid)),
        ("You join us five days a week in the office.", Some(Onsite)),
        ("Homeoffice möglich", Some(Hybrid)),
        ("2 Tage pro Woche Homeoffice", Some(Hybrid)),
        ("Télétravail partiel, deux jours", Some(Hybrid)),
        ("This role can be remote, or hybrid work from Berlin.", Some(Hybrid)),
        ("This is an on-site role in Lyon.", Some(Onsite)),
        ("We offer flexible hours in our office.", None),
        ("You know remote sensing and hybrid cloud systems.", None),
        ("Join a company of builders.", None),
        ("Our perks:\n- Remote\n- Bike", Some(Remote)),
        ("#LI-Remote", Some(Remote)),
        ("You may work from anywhere up to four weeks a year.", None),
        ("We pay a home office stipend.", None),
        ("You will keep remote sites running and visit remote areas.", None),
        ("Candidates are eligible for remote work within Canada.", Some(Remote)),
        ("We are a remote-first company.", Some(Remote)),
        ("This role cannot be performed remotely.", Some(Onsite)),
        ("Be in the office 3 days, the rest from home.", Some(Hybrid)),
        ("Du arbeitest zu 100 % remote.", Some(Remote)),
        ("Mobiles Arbeiten nach Absprache", Some(Hybrid)),
        ("2 Tage pro Woche im Büro", Some(Hybrid)),
        ("Kein Homeoffice, du bist bei den Kunden.", Some(Onsite)),
        ("Poste ouvert au télétravail.", Some(Hybrid)),
        ("Poste en full remote", Some(Remote)),
        ("Un rôle hybride, entre vente et conseil", None),
        ("Vous assurez la vente à distance.", None),
        ("Pas de télétravail pour ce poste.", Some(Onsite)),
        ("Modalidad híbrida con buen ambiente", Some(Hybrid)),
        ("Trabajo 100 % remoto", Some(Remote)),
        ("Dos días de teletrabajo", Some(Hybrid)),
        ("Offriamo smart working due giorni", Some(Hybrid)),
        ("Full smart working", Some(Remote)),
        ("Si può lavorare da remoto.", Some(Remote)),
        ("Thuiswerken is mogelijk", Some(Hybrid)),
        ("Je werkt volledig op afstand.", Some(Remote)),
        ("2 dagen per week thuis", Some(Hybrid)),
        ("Möjlighet att arbeta hemifrån", Some(Hybrid)),
        ("Du kan jobba på distans.", Some(Remote)),
        ("Distansarbete är inte möjligt", Some(Onsite)),
        ("Praca zdalna", Some(Remote)),
        ("Praca hybrydowa w Krakowie", Some(Hybrid)),
        ("2 dni w tygodniu zdalnie", Some(Hybrid)),
        ("Brak możliwości pracy zdalnej", Some(Onsite)),
        ("Modelo híbrido no Porto", Some(Hybrid)),
        ("Trabalho remoto", Some(Remote)),
        ("Regime presencial", Some(Onsite)),
    ] {
        assert_eq!(from_text(text), expected, "{text}");
    }
}

#[test]
fn precedence() {
    let none: &[String] = &[];
    let stated = Workplace::Stated(Hybrid);
    assert_eq!(resolve(Some(&stated), &["Remote".into()], "Remote Dev", "fully remote"), Some(Hybrid));
    assert_eq!(resolve(None, &["Berlin (Hybrid)".into()], "Remote Dev", ""), Some(Hybrid));
    assert_eq!(resolve(None, none, "Dev (Remote)", "hybrid model"), Some(Remote));
    assert_eq!(resolve(None, none, "Dev", ""), None);
}

proptest! {
    #[test]
    fn any_text(text in "\\PC{0,80}|(not|no|remote|hybrid|office|3 days|home|[ /-]){0,12}") {
        let _ = (from_field(&text), from_location(&text), from_title(&text), from_text(&text));
    }
}
