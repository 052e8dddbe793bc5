//! Amounts printed as each locale prints them are read back; hostile text takes no longer than its length.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{field, hints, show, text};
use crate::normalize::pay::{Hints, from_field, from_text};

/// How a place writes an amount: group and decimal signs, what stands before and behind, and its word for pay.
#[derive(Clone, Copy, Debug)]
struct Locale {
    language: &'static str,
    country: &'static str,
    group: &'static str,
    decimal: char,
    before: &'static str,
    behind: &'static str,
    currency: &'static str,
    pay: &'static str,
    joiner: &'static str,
    /// Words for hour, month and year.
    periods: [&'static str; 3],
}

const fn locale(
    place: (&'static str, &'static str),
    signs: (&'static str, char),
    money: (&'static str, &'static str, &'static str),
    words: (&'static str, &'static str),
    periods: [&'static str; 3],
) -> Locale {
    Locale {
        language: place.0,
        country: place.1,
        group: signs.0,
        decimal: signs.1,
        before: money.0,
        behind: money.1,
        currency: money.2,
        pay: words.0,
        joiner: words.1,
        periods,
    }
}

const LOCALES: [Locale; 13] = [
    locale(
        ("en", "US"),
        (",", '.'),
        ("$", "", "USD"),
        ("Salary: ", " - "),
        ["per hour", "per month", "per year"],
    ),
    locale(
        ("en", "GB"),
        (",", '.'),
        ("£", "", "GBP"),
        ("Salary of ", " to "),
        ["an hour", "a month", "per annum"],
    ),
    locale(("en", "US"), ("", '.'), ("", " USD", "USD"), ("Pay: ", " – "), ["/hr", "/month", "/year"]),
    locale(("en", "AU"), (",", '.'), ("A$", "", "AUD"), ("Pay: ", "-"), ["/hr", "/month", "p.a."]),
    locale(
        ("de", "DE"),
        (".", ','),
        ("", " €", "EUR"),
        ("Gehalt: ", " bis "),
        ["/Std.", "im Monat", "im Jahr"],
    ),
    locale(
        ("de", "CH"),
        ("'", '.'),
        ("CHF ", "", "CHF"),
        ("Lohn: ", " – "),
        ["pro Stunde", "pro Monat", "pro Jahr"],
    ),
    locale(
        ("fr", "FR"),
        ("\u{202f}", ','),
        ("", " €", "EUR"),
        ("Salaire : ", " à "),
        ["/heure", "par mois", "par an"],
    ),
    locale(
        ("es", "ES"),
        (".", ','),
        ("", "€", "EUR"),
        ("Salario: ", " a "),
        ["por hora", "al mes", "al año"],
    ),
    locale(
        ("it", "IT"),
        (".", ','),
        ("€ ", "", "EUR"),
        ("Stipendio: ", " - "),
        ["all'ora", "al mese", "annui"],
    ),
    locale(
        ("nl", "NL"),
        (".", ','),
        ("€ ", "", "EUR"),
        ("Salaris: ", " tot "),
        ["per uur", "per maand", "per jaar"],
    ),
    locale(
        ("sv", "SE"),
        (" ", ','),
        ("", " kr", "SEK"),
        ("Lön: ", " till "),
        ["per timme", "per månad", "per år"],
    ),
    locale(
        ("pl", "PL"),
        ("\u{a0}", ','),
        ("", " zł", "PLN"),
        ("Pensja: ", " – "),
        ["za godzinę", "miesięcznie", "rocznie"],
    ),
    locale(
        ("pt", "BR"),
        (".", ','),
        ("R$ ", "", "BRL"),
        ("Salário: ", " a "),
        ["por hora", "por mês", "por ano"],
    ),
];

impl Locale {
    fn print(&self, units: u32, cents: u32) -> String {
        let digits = units.to_string();
        let mut grouped = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                grouped.push_str(self.group);
            }
            grouped.push(digit);
        }
        let cents = if cents == 0 { String::new() } else { format!("{}{cents:02}", self.decimal) };
        format!("{}{grouped}{cents}{}", self.before, self.behind)
    }
}

/// An amount as [`show`] writes it.
fn plain(units: u32, cents: u32) -> String {
    let text = if cents == 0 { units.to_string() } else { format!("{units}.{cents:02}") };
    if cents == 0 { text } else { text.trim_end_matches('0').to_owned() }
}

proptest! {
    #[test]
    fn printed_ranges_are_read_back(
        place in 0..LOCALES.len(),
        period in 0..3_usize,
        low in 0_u32..1_000,
        more in 1_u32..1_000,
        cents in prop_oneof![Just(0_u32), 1_u32..100],
    ) {
        let locale = LOCALES[place];
        let scale = if matches!(locale.currency, "SEK" | "PLN" | "BRL") { 10 } else { 1 };
        let (base, step, name) = [(16, 1, "hour"), (1_600, 4, "month"), (24_000, 90, "year")][period];
        let (low, more) = (base * scale + low * step * scale / 10, 1 + more * step * scale / 20);
        let high = low + more;
        let printed = format!(
            "{}{}{}{} {}",
            locale.pay,
            locale.print(low, cents),
            locale.joiner,
            locale.print(high, cents),
            locale.periods[period],
        );
        let expected = format!("{}..{} {} {name}", plain(low, cents), plain(high, cents), locale.currency);
        let hints = hints(locale.language, locale.country);
        prop_assert_eq!(text(&printed, hints), expected.clone(), "{}", printed);
        let bare = printed.strip_prefix(locale.pay).unwrap_or(&printed);
        prop_assert_eq!(show(from_field(bare, hints).as_ref()), expected, "{}", bare);
    }

    #[test]
    fn short_thousands_are_read_back(low in 20_u32..200, more in 1_u32..100, comma in any::<bool>()) {
        let high = low + more;
        let (tenth, point) = if comma { (5, ',') } else { (5, '.') };
        let expected = format!("{low}500..{high}500 USD year");
        prop_assert_eq!(field(&format!("${low}{point}{tenth}k - ${high}{point}{tenth}k")), expected);
        prop_assert_eq!(field(&format!("${low}-{high}k")), format!("{low}000..{high}000 USD year"));
        prop_assert_eq!(field(&format!("${low}k–${high}K (depending on skill)")), format!("{low}000..{high}000 USD year"));
    }

    #[test]
    fn a_field_written_backwards_is_turned(low in 30_u32..100, more in 1_u32..90) {
        let high = low + more;
        prop_assert_eq!(field(&format!("${high},000 - ${low},000 a year")), format!("{low}000..{high}000 USD year"));
    }
}

#[test]
fn hostile_text_takes_no_longer_than_its_length() {
    let pieces = [
        "9",
        "$",
        "$9",
        "$1,",
        "1 ",
        "9.",
        "$9-",
        "€9k ",
        "salary ",
        "salary $9k ",
        "commission only $90,000 ",
        "$9/",
        "(",
        "$9 (",
        "\n",
        "$90k\n",
        " ",
        "$90,000 ",
        "- $90k-$95k ",
        "bonus $9 ",
        "|",
        "| $90k ",
        "k",
        "ab ",
        "ß€",
        "9\u{a0}",
        "000 000 ",
        "between $9 and ",
        "$90k-",
        "/hr",
        "401(k) ",
    ];
    for piece in pieces {
        let input = piece.repeat(100_000 / piece.len());
        let start = Instant::now();
        let _ = from_text(&input, Hints::default());
        let _ = from_field(&input, hints("de", "DE"));
        assert!(start.elapsed() < Duration::from_secs(2), "{piece:?} took {:?}", start.elapsed());
    }
}
