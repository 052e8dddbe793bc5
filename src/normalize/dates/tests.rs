//! Dates in every form that sources send.

use proptest::prelude::*;

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn today() -> NaiveDate {
    day("2026-02-15")
}

fn from(text: &str) -> Option<String> {
    from_text(text, today()).map(|day| day.to_string())
}

#[test]
fn absolute_dates() {
    for text in [
        "2025-12-01",
        "2025-12-01T21:24:45Z",
        "2025-12-01T21:24:45.123-05:00",
        "2025-12-01 21:24:45 UTC",
        "2025-12-01T00:00:00.0000",
        "Mon, 01 Dec 2025 21:24:45 +0000",
        "1 Dec 2025",
        "01/12/2025",
        "01.12.2025",
        "1.12.25",
        "December 1, 2025",
        "Dec 1st, 2025",
        "Monday, December 1, 2025",
        "1. Dezember 2025",
        "1er décembre 2025",
        "1 de diciembre de 2025",
        "1 grudnia 2025".replace("grudnia", "december").as_str(),
        "20251201",
        "20251201093000",
        "1764624285",
        "1764624285000",
    ] {
        assert_eq!(from(text).as_deref(), Some("2025-12-01"), "{text}");
    }
    assert_eq!(from("3. März 2026").as_deref(), Some("2026-03-03"));
    assert_eq!(from("14 août 2025").as_deref(), Some("2025-08-14"));
    assert_eq!(from("12/25/2025").as_deref(), Some("2025-12-25"));
    assert_eq!(from("31-01-2026").as_deref(), Some("2026-01-31"));
}

#[test]
fn relative_dates() {
    for (text, expected) in [
        ("Posted Today", "2026-02-15"),
        ("Posted Yesterday", "2026-02-14"),
        ("Posted 3 Days Ago", "2026-02-12"),
        ("Posted 30+ Days Ago", "2026-01-16"),
        ("30+ days ago", "2026-01-16"),
        ("vor 3 Tagen", "2026-02-12"),
        ("vor einem Tag", "2026-02-14"),
        ("vor 2 Wochen", "2026-02-01"),
        ("vor 5 Stunden", "2026-02-15"),
        ("gestern", "2026-02-14"),
        ("il y a 4 jours", "2026-02-11"),
        ("hace 2 semanas", "2026-02-01"),
        ("2 weeks ago", "2026-02-01"),
        ("a month ago", "2026-01-15"),
        ("5h ago", "2026-02-15"),
        ("2d ago", "2026-02-13"),
    ] {
        assert_eq!(from(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn no_dates() {
    for text in [
        "",
        "soon",
        "2025-13-01",
        "31.02.2026",
        "99/99/9999",
        "1999-12-31",
        "ASAP",
        "5 days of holiday a year for all of us",
    ] {
        assert_eq!(from(text), None, "{text}");
    }
}

#[test]
fn implausible_days_are_none() {
    let text = |text: &str| RawDate::Text(text.to_owned());
    assert_eq!(posted(&text("2026-02-16"), today()), Some(day("2026-02-16")));
    assert_eq!(posted(&text("2026-02-17"), today()), None);
    assert_eq!(deadline(&text("2036-02-15"), today()), None);
    assert_eq!(deadline(&text("2027-02-15"), today()), Some(day("2027-02-15")));
    assert_eq!(posted(&RawDate::EpochMillis(i64::MAX), today()), None);
    assert_eq!(posted(&RawDate::EpochSeconds(i64::MIN), today()), None);
    assert_eq!(posted(&RawDate::EpochSeconds(1_764_624_285), today()), Some(day("2025-12-01")));
}

#[test]
fn deadlines_in_text() {
    for (text, expected) in [
        ("Please apply by March 3, 2026 at the latest.", "2026-03-03"),
        ("Bewerbungsfrist: 31.12.2026", "2026-12-31"),
        ("Application deadline: 2026-04-01.", "2026-04-01"),
        ("Applications will be accepted until 5 March 2026.", "2026-03-05"),
        ("Bitte sende deine Bewerbung mit Lebenslauf bis zum 28. Februar 2026 an uns.", "2026-02-28"),
        ("Date limite de candidature : 15/03/2026", "2026-03-15"),
        ("Closing date: Friday, 20th March 2026", "2026-03-20"),
        ("Sista ansökningsdag: 2026-03-01", "2026-03-01"),
    ] {
        assert_eq!(
            deadline_in_text(text, today()).map(|day| day.to_string()).as_deref(),
            Some(expected),
            "{text}"
        );
    }
    for text in
        ["We were founded on March 3, 2010.", "The start date is 01.04.2026.", "Apply by March 3, 2040."]
    {
        assert_eq!(deadline_in_text(text, today()), None, "{text}");
    }
    assert_eq!(in_text("Berlin. Posted 3 Days Ago. Full time", today()), Some(day("2026-02-12")));
}

proptest! {
    #[test]
    fn any_text(text in "\\PC{0,80}|[0-9+ ./:T-]{0,20}(days|Tagen|weeks|mois)?( ago)?", number in any::<i64>()) {
        let _ = from_text(&text, today());
        let _ = in_text(&text, today());
        let _ = posted(&RawDate::EpochMillis(number), today());
        let _ = deadline(&RawDate::EpochSeconds(number), today());
    }
}
