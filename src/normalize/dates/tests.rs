//! Dates in every form that sources send.

use proptest::prelude::*;

use super::*;
use crate::normalize::growth;

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
        "1 grudnia 2025",
        "1 dicembre 2025",
        "1 december 2025",
        "1 de dezembro de 2025",
        "lunes, 1 de diciembre de 2025",
        "Montag, den 1. Dezember 2025",
        "segunda-feira, 1 de dezembro de 2025",
        "den 1 december 2025",
        "Monday, 01-Dec-25 21:24:45 GMT",
        "Mon Dec  1 21:24:45 2025",
        "01-Dec-2025",
        "December 1st, 2025",
        "2025-12-01T21:24:45.123456789+00:00",
        "2025/12/01",
        "2025-12-01Z",
        "2025-12-01+01:00",
        "1. 12. 2025",
        "Posted on December 1, 2025",
        "Veröffentlicht am 01.12.2025",
        "1764624285000000",
        "1764624285.25",
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
        ("Posted 30 Days Ago", "2026-01-16"),
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
        ("3d", "2026-02-12"),
        ("30h ago", "2026-02-14"),
        ("Reposted 2 days ago", "2026-02-13"),
        ("vor einer Woche", "2026-02-08"),
        ("vor 2 Monaten", "2025-12-15"),
        ("Veröffentlicht vor 3 Tagen", "2026-02-12"),
        ("il y a 2 jours", "2026-02-13"),
        ("il y a une semaine", "2026-02-08"),
        ("Publié il y a 3 heures", "2026-02-15"),
        ("avant-hier", "2026-02-13"),
        ("hace 3 días", "2026-02-12"),
        ("hace un mes", "2026-01-15"),
        ("anteayer", "2026-02-13"),
        ("3 giorni fa", "2026-02-12"),
        ("una settimana fa", "2026-02-08"),
        ("Pubblicato 2 mesi fa", "2025-12-15"),
        ("3 dagen geleden", "2026-02-12"),
        ("een maand geleden", "2026-01-15"),
        ("eergisteren", "2026-02-13"),
        ("för 3 dagar sedan", "2026-02-12"),
        ("för en vecka sedan", "2026-02-08"),
        ("i går", "2026-02-14"),
        ("3 dni temu", "2026-02-12"),
        ("tydzień temu", "2026-02-08"),
        ("Dodano 2 tygodnie temu", "2026-02-01"),
        ("há 3 dias", "2026-02-12"),
        ("há um mês", "2026-01-15"),
        ("2 semanas atrás", "2026-02-01"),
        ("ontem", "2026-02-14"),
        ("Just posted", "2026-02-15"),
        ("il y a environ 3 jours", "2026-02-12"),
        ("vor etwa 2 Wochen", "2026-02-01"),
        ("Gestern veröffentlicht", "2026-02-14"),
        ("about 2 days ago", "2026-02-13"),
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
        "Posted 30+ Days Ago",
        "30+ days ago",
        "vor mehr als 30 Tagen",
        "more than 30 days ago",
        "il y a plus de 30 jours",
        "hace más de 30 días",
        "più di 30 giorni fa",
        "meer dan 30 dagen geleden",
        "för mer än 30 dagar sedan",
        "ponad 30 dni temu",
        "há mais de 30 dias",
        "3 decades 2025",
        "999999999999999999999",
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
        ("Ansök senast den 15 mars 2026.", "2026-03-15"),
        ("Skicka din ansökan och ditt cv senast 2026-03-10", "2026-03-10"),
        ("DEADLINE FOR APPLICATIONS: 1st April 2026", "2026-04-01"),
        ("Closing date: 12 noon on Monday 2 March 2026", "2026-03-02"),
        ("Apply before 23:59 on 4 March 2026", "2026-03-04"),
        ("Application deadline\n12 March 2026", "2026-03-12"),
        (
            "Please send your application with two references no later than Friday, 6 March 2026.",
            "2026-03-06",
        ),
        ("BEWERBUNGSSCHLUSS: 15.3.2026", "2026-03-15"),
        ("Wir freuen uns auf Ihre Unterlagen bis spätestens 1. April 2026.", "2026-04-01"),
        ("Candidatures jusqu’au 3 avril 2026", "2026-04-03"),
        ("Merci de postuler avant le 1er mars 2026.", "2026-03-01"),
        ("Fecha límite de solicitud: 30 de abril de 2026", "2026-04-30"),
        ("Las solicitudes se aceptan hasta el 15/04/2026", "2026-04-15"),
        ("Scadenza: 31 marzo 2026", "2026-03-31"),
        ("Inviare la candidatura entro il 10 aprile 2026", "2026-04-10"),
        ("Sluitingsdatum: 20 maart 2026", "2026-03-20"),
        ("Solliciteer uiterlijk vrijdag 13 maart 2026", "2026-03-13"),
        ("Termin składania dokumentów: 5 kwietnia 2026", "2026-04-05"),
        ("Prosimy przesyłać aplikacje do dnia 31.03.2026", "2026-03-31"),
        ("Prazo para candidaturas: 12 de abril de 2026", "2026-04-12"),
        ("Inscrições até 20/03/2026", "2026-03-20"),
    ] {
        assert_eq!(
            deadline_in_text(text, today()).map(|day| day.to_string()).as_deref(),
            Some(expected),
            "{text}"
        );
    }
    for text in [
        "We were founded on March 3, 2010.",
        "The start date is 01.04.2026.",
        "Apply by March 3, 2040.",
        "You love a deadline. Founded on March 3, 2025.",
        "Apply today! The work starts on 3 March 2026.",
        "Applications open on 3 March 2026.",
        "Contrato a prazo até 31/12/2026",
        "Contratto con scadenza 31/12/2026",
        "Die Stelle ist befristet bis 31.12.2026.",
        "You deliver before the deadline for 2026 budgets.",
        "Apply with reference 4711 by March 3, 2026",
    ] {
        assert_eq!(deadline_in_text(text, today()), None, "{text}");
    }
    assert_eq!(in_text("Berlin. Posted 3 Days Ago. Full time", today()), Some(day("2026-02-12")));
}

#[test]
fn hostile_text_takes_no_longer_than_its_length() {
    for piece in [
        "apply by ",
        "deadline 1.",
        "1.1.2026 ",
        "posted ",
        "0",
        "deadline\n",
        "Bewerbung bis 3 ",
        "é",
        "apply until 3 Monday ",
    ] {
        growth::assert_linear(piece, 100_000, |length| {
            let input = piece.repeat(length / piece.len());
            (in_text(&input, today()), from_text(&input, today()))
        });
    }
}

/// The same day in the forms that sources send.
fn forms(day: NaiveDate) -> Vec<String> {
    [
        "%Y-%m-%d",
        "%Y-%m-%dT%H:%M:%S%.6fZ",
        "%Y-%m-%dT%H:%M:%S.0000",
        "%Y-%m-%d %H:%M:%S UTC",
        "%a, %d %b %Y %H:%M:%S +0000",
        "%A, %d-%b-%y %H:%M:%S GMT",
        "%a %b %e %H:%M:%S %Y",
        "%d/%m/%Y",
        "%-d.%-m.%Y",
        "%Y%m%d",
        "%Y%m%d%H%M%S",
        "%B %-d, %Y",
        "%-d %B %Y",
        "%s",
        "%s000",
        "%s000000",
    ]
    .iter()
    .map(|form| day.and_time(chrono::NaiveTime::MIN).and_utc().format(form).to_string())
    .collect()
}

proptest! {
    #[test]
    fn printed_days_are_read_back(days in 1_000_u64..9_400) {
        let printed = day("2000-01-01").checked_add_days(Days::new(days)).unwrap();
        for form in forms(printed) {
            prop_assert_eq!(from(&form), Some(printed.to_string()), "{}", form);
        }
    }

    #[test]
    fn any_text(text in "\\PC{0,80}|[0-9+ ./:T-]{0,20}(days|Tagen|weeks|mois)?( ago)?", number in any::<i64>()) {
        let _ = from_text(&text, today());
        let _ = in_text(&text, today());
        let _ = posted(&RawDate::EpochMillis(number), today());
        let _ = deadline(&RawDate::EpochSeconds(number), today());
    }
}
