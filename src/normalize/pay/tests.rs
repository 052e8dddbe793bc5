use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{Hints, from_field, from_text, tidy, yearly};
use crate::domain::{Pay, Period, Salary};

mod languages;
mod printed;

fn hints(language: &'static str, country: &'static str) -> Hints<'static> {
    Hints { language: Some(language), country_code: Some(country) }
}

/// `min-max CUR period`, `-` where a part is missing.
fn show(pay: Option<&Pay>) -> String {
    let Some(pay) = pay else { return "none".to_owned() };
    let end = |value: Option<Decimal>| value.map_or("?".to_owned(), |value| value.normalize().to_string());
    let currency = pay.currency.as_deref().unwrap_or("-");
    format!("{}..{} {currency} {}", end(pay.min), end(pay.max), pay.period.map_or("-", Period::as_str))
}

fn text(text: &str, hints: Hints<'_>) -> String {
    show(from_text(text, hints).as_ref())
}

fn field(text: &str) -> String {
    show(from_field(text, Hints::default()).as_ref())
}

#[test]
fn english() {
    for (input, expected) in [
        ("Salary: $50,000 - $70,000", "50000..70000 USD year"),
        ("The base salary is $120,000 per year.", "120000..120000 USD year"),
        ("Salary: £40,000 - £50,000 plus bonus", "40000..50000 GBP year"),
        ("Pay range: $100k-$150k", "100000..150000 USD year"),
        ("We pay $25.50 an hour.", "25.5..25.5 USD hour"),
        ("Compensation: $90-120k + equity", "90000..120000 USD year"),
        ("The pay is between $18 and $22 per hour, 40 hours per week.", "18..22 USD hour"),
        ("Base pay starts at $21 an hour.", "21..? USD hour"),
        ("Salary up to £65,000", "?..65000 GBP year"),
        ("Starting salary of $80k+", "80000..? USD year"),
        ("Annual salary: 95,000", "95000..95000 - year"),
        ("Salary range: 65,000 - 85,000 USD annually", "65000..85000 USD year"),
        ("US$3,000 - US$4,500 per month", "3000..4500 USD month"),
        ("Day rate £450 - £550 outside IR35", "450..550 GBP day"),
        ("CTC: 12,00,000 - 15,00,000 INR per annum", "1200000..1500000 INR year"),
        ("Compensation: 5-8 LPA", "500000..800000 INR year"),
        ("Salary ₹12 lakh to ₹18 lakh per annum", "1200000..1800000 INR year"),
        ("Salary range\n$87,500-145,000", "87500..145000 USD year"),
        (
            "Zone A: $160,400 - $200,500 per year. Zone B: $144,300 - $180,400 per year.",
            "144300..200500 USD year",
        ),
        ("Base salary: $100k-$120k. OTE: $200k-$240k", "100000..120000 USD year"),
        ("$20/hr - $24/hr", "20..24 USD hour"),
        ("Salary: CHF 100'000 - 120'000", "100000..120000 CHF year"),
        ("Salary: 45000-60000 EUR gross per year", "45000..60000 EUR year"),
        ("Acme | Engineer | Remote | $120k - $150k | https://acme.example", "120000..150000 USD year"),
        ("The salary is $1.5k - $2k per month", "1500..2000 USD month"),
    ] {
        assert_eq!(text(input, hints("en", "US")), expected, "{input}");
    }
}

#[test]
fn german() {
    for (input, expected) in [
        ("Gehalt: €45.000 - €55.000", "45000..55000 EUR year"),
        ("45.000 – 55.000 € brutto/Jahr + Trinkgeld", "45000..55000 EUR year"),
        ("Wir zahlen mindestens 60.000€ brutto im Jahr.", "60000..? EUR year"),
        ("Jahresgehalt ab 52.000 Euro", "52000..? EUR year"),
        ("Vergütung bis zu 4.200 € monatlich", "?..4200 EUR month"),
        ("Stundenlohn von 16,50 €", "16.5..? EUR hour"),
        ("Jahresbruttogehalt zwischen 60 und 75 TEUR", "60000..75000 EUR year"),
        ("Gehalt 60.000 bis 75.000 EUR p.a.", "60000..75000 EUR year"),
        ("Lohn: CHF 80'000.- bis 95'000.- pro Jahr", "80000..95000 CHF year"),
        ("1. Ausbildungsjahr: 1.100,00 € 2. Ausbildungsjahr: 1.250,00 €", "1100..1250 EUR month"),
        ("VERGÜTUNG: 55–65 Tsd. € jährlich", "55000..65000 EUR year"),
        ("Gehalt: 3.000 € bis 3.500 € brutto pro Monat bei 38 Stunden pro Woche", "3000..3500 EUR month"),
    ] {
        assert_eq!(text(input, hints("de", "DE")), expected, "{input}");
    }
}

#[test]
fn other_languages() {
    for (language, country, input, expected) in [
        ("fr", "FR", "Salaire : 35-45k€ / an + avantages", "35000..45000 EUR year"),
        ("fr", "FR", "Rémunération : de 38 000 € à 45 000 € brut annuel", "38000..45000 EUR year"),
        ("fr", "FR", "Salaire : 2 100 € bruts mensuels", "2100..2100 EUR month"),
        ("fr", "CA", "Salaire : 60 000 $ à 75 000 $ par année", "60000..75000 CAD year"),
        ("fr", "FR", "Salaire à partir de 2 300 € par mois", "2300..? EUR month"),
        ("es", "ES", "Salario: entre 30.000 y 36.000 € brutos anuales", "30000..36000 EUR year"),
        ("es", "ES", "Sueldo de 1.500 € al mes", "1500..1500 EUR month"),
        ("it", "IT", "RAL 35.000 - 42.000 €", "35000..42000 EUR year"),
        ("nl", "NL", "Salaris: € 3.200 tot € 4.100 bruto per maand", "3200..4100 EUR month"),
        ("sv", "SE", "Lön 38 000 - 45 000 kr/mån", "38000..45000 SEK month"),
        ("pl", "PL", "Wynagrodzenie: 15 000 – 20 000 zł miesięcznie", "15000..20000 PLN month"),
        ("pt", "BR", "Salário: R$ 8.000 a R$ 10.000 por mês", "8000..10000 BRL month"),
        ("cs", "CZ", "Mzda 60 000 - 80 000 Kč měsíčně", "60000..80000 CZK month"),
    ] {
        assert_eq!(text(input, hints(language, country)), expected, "{input}");
    }
}

#[test]
fn what_is_no_pay() {
    for input in [
        "In 2025 we raised a $100M Series B and crossed $40M in ARR.",
        "401(k) match of up to $5,000 a year",
        "$1,000 WFH stipend",
        "Tuition reimbursement up to $5,250 per year",
        "Sign-on bonus of $10,000",
        "We serve 60,000+ customers and process $2.5bn in payments.",
        "Referral bonus: $2,000",
        "Relocation allowance of $7,500",
        "Save up to $20,000 a year",
        "$3.7B+ assets under management",
        "Competitive salary. Founded in 2012, 500 employees, 30 days of holiday.",
        "40 hours per week, 3-5 years of experience, 24/7",
        "Compensation is $0.034 per word",
        "life insurance of $100,000",
        "Call +1 (555) 123-4567 or write to room 40-60",
        "Sachbezugskarte: 50 € / Monat",
        "Umsatz von 120.000 € pro Jahr",
        "Weiterbildungsbudget 2.000 € im Jahr",
        "Jusqu'à 300 euros par an de forfait mobilité",
        "",
        "$",
        "€€€ 5",
    ] {
        assert_eq!(text(input, Hints::default()), "none", "{input}");
    }
}

#[test]
fn the_country_decides_a_bare_sign() {
    let input = "Salary: $80,000 - $95,000";
    for (country, currency) in [("CA", "CAD"), ("AU", "AUD"), ("US", "USD"), ("DE", "USD")] {
        assert_eq!(text(input, hints("en", country)), format!("80000..95000 {currency} year"));
    }
    assert_eq!(text("Salary: $80,000 - $95,000 CAD", hints("en", "US")), "80000..95000 CAD year");
    assert_eq!(text("Lønn 600 000 - 700 000 kr per år", hints("no", "NO")), "600000..700000 NOK year");
}

#[test]
fn the_currency_of_the_place_is_taken_where_several_are_stated() {
    let input = "Salary, US: $120,000 - $150,000 USD\nSalary, Canada: $100,000 - $130,000 CAD";
    assert_eq!(text(input, hints("en", "CA")), "100000..130000 CAD year");
    assert_eq!(text(input, hints("en", "US")), "120000..150000 USD year");
}

#[test]
fn fields_are_trusted() {
    for (input, expected) in [
        ("$31,2k- $52k", "31200..52000 USD year"),
        ("OTE $25k - $35k", "25000..35000 USD year"),
        ("$60k–$72k", "60000..72000 USD year"),
        ("$60k-$130k (depending on experience)", "60000..130000 USD year"),
        ("$50-$75 /hour", "50..75 USD hour"),
        ("$18 - $22/hr", "18..22 USD hour"),
        ("Pay per task", "none"),
        ("-", "none"),
        ("$85K - 135K Base per year DOE", "85000..135000 USD year"),
        ("$1.40k - $1.80k", "1400..1800 USD -"),
        ("45000-60000", "45000..60000 - year"),
        ("80.000 €", "80000..80000 EUR year"),
        ("$5 per task", "none"),
        ("", "none"),
        ("Competitive", "none"),
        ("$0 - $0", "none"),
        ("up to $90k", "?..90000 USD year"),
        ("$90k+", "90000..? USD year"),
        ("₹12,00,000 LPA", "1200000..1200000 INR year"),
        ("12-15 LPA", "1200000..1500000 INR year"),
        ("CAD $70,000 - $82,000", "70000..82000 CAD year"),
        ("A$95k", "95000..95000 AUD year"),
        ("60k-75k EUR", "60000..75000 EUR year"),
        ("USD 5,000 - 6,500 monthly", "5000..6500 USD month"),
        ("$3,000 - $4,000", "3000..4000 USD -"),
        ("kr 41 000 - 46 000", "41000..46000 - month"),
    ] {
        assert_eq!(field(input), expected, "{input}");
    }
}

fn pay(min: Option<i64>, max: Option<i64>, period: Option<Period>) -> Pay {
    Pay { min: min.map(Decimal::from), max: max.map(Decimal::from), currency: Some("eur".to_owned()), period }
}

#[test]
fn tidying_drops_zeros_and_swaps() {
    assert_eq!(tidy(&pay(Some(0), Some(0), None)), None);
    assert_eq!(tidy(&pay(Some(-5), None, None)), None);
    assert_eq!(show(tidy(&pay(Some(70), Some(50), None)).as_ref()), "50..70 EUR -");
    assert_eq!(show(tidy(&pay(Some(0), Some(50), None)).as_ref()), "?..50 EUR -");
    let odd = Pay { currency: Some("coins".to_owned()), ..pay(Some(1), None, None) };
    assert_eq!(tidy(&odd).and_then(|pay| pay.currency), None);
}

#[test]
fn a_year_has_so_many_hours() {
    let hourly = Pay { min: Some(Decimal::new(2550, 2)), max: None, ..pay(None, None, Some(Period::Hour)) };
    assert_eq!(yearly(&hourly).min, Some(53_040));
    assert_eq!(yearly(&pay(Some(4_000), Some(5_000), Some(Period::Month))).max, Some(60_000));
    assert_eq!(yearly(&pay(Some(4_000), None, None)), Salary::default());
    assert_eq!(yearly(&pay(Some(i64::MAX), None, Some(Period::Hour))), Salary::default());
}

proptest! {
    #[test]
    fn any_text_is_read(input in "\\PC{0,200}") {
        let _ = from_text(&input, Hints::default());
        let _ = from_field(&input, Hints::default());
    }

    #[test]
    fn any_soup_of_money_words_is_read(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "$", "€", "12", "60.000", "60,000.00", "k", "K", " - ", " bis ", "salary", " per hour", "\u{202f}",
                "000", "’", "'", "Gehalt", "\n", ".", "-", ",", "+", "CHF ", " zł", "bonus", "between ", " and ", "ß",
                "9999999999999999", "LPA", "million", " ",
            ]),
            0..60,
        )
    ) {
        let input = parts.concat();
        for found in [from_text(&input, hints("de", "DE")), from_field(&input, Hints::default())].into_iter().flatten() {
            prop_assert!(found.min.is_some() || found.max.is_some());
            if let (Some(min), Some(max)) = (found.min, found.max) {
                prop_assert!(min <= max);
            }
            let _ = yearly(&found);
            prop_assert!(tidy(&found).is_some());
        }
    }

    #[test]
    fn a_stated_range_is_found_again(low in 20_000_u32..90_000, more in 1_000_u32..60_000) {
        let grouped = |value: u32, separator: char| format!("{}{separator}{:03}", value / 1000, value % 1000);
        let high = low + more;
        let expected = format!("{low}..{high}");
        let english = format!("The salary is ${} - ${} per year.", grouped(low, ','), grouped(high, ','));
        prop_assert_eq!(text(&english, hints("en", "US")), format!("{expected} USD year"));
        let german = format!("Gehalt: {} bis {} € pro Jahr", grouped(low, '.'), grouped(high, '.'));
        prop_assert_eq!(text(&german, hints("de", "DE")), format!("{expected} EUR year"));
    }

    #[test]
    fn yearly_never_overflows(mantissa in any::<i64>(), scale in 0_u32..28) {
        for period in [Period::Hour, Period::Day, Period::Week, Period::Month, Period::Year] {
            let value = Some(Decimal::new(mantissa, scale));
            let _ = yearly(&Pay { min: value, max: value, currency: None, period: Some(period) });
        }
    }
}
