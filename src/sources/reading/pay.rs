//! Pay from a source's own numbers.

use rust_decimal::Decimal;

use crate::domain::{Pay, Period};

/// Pay from two ends; zero, negative and absent ends say nothing, a currency is three letters or none.
pub(in crate::sources) fn range(
    min: Option<Decimal>,
    max: Option<Decimal>,
    currency: Option<&str>,
    period: Option<Period>,
) -> Option<Pay> {
    let positive = |amount: &Decimal| amount.is_sign_positive() && !amount.is_zero();
    let (min, max) = (min.filter(positive), max.filter(positive));
    let (min, max) = match (min, max) {
        (None, None) => return None,
        (Some(low), Some(high)) if low > high => (Some(high), Some(low)),
        ends => ends,
    };
    let currency = currency
        .map(|code| code.trim().to_ascii_uppercase())
        .filter(|code| code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_uppercase()));
    Some(Pay { min, max, currency, period })
}

/// The period that a word for one names: `HOUR`, `Hourly`, `per hour`, `HUR` (UN/CEFACT).
pub(in crate::sources) fn period(unit: &str) -> Option<Period> {
    let unit = unit.trim().to_ascii_lowercase();
    let unit = unit.trim_start_matches("per ").trim_start_matches("p.");
    let periods = [
        (Period::Hour, ["hour", "hur"]),
        (Period::Day, ["dai", "day"]),
        (Period::Week, ["week", "wee"]),
        (Period::Month, ["month", "mon"]),
        (Period::Year, ["year", "ann"]),
    ];
    periods
        .iter()
        .find(|(_, words)| words.iter().any(|word| unit.starts_with(word)))
        .map(|(period, _)| *period)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(number: &str) -> Decimal {
        number.parse().unwrap()
    }

    #[test]
    fn a_period_has_many_words() {
        for (word, expected) in [
            ("HOUR", Some(Period::Hour)),
            ("HUR", Some(Period::Hour)),
            ("Daily", Some(Period::Day)),
            ("per week", Some(Period::Week)),
            ("monthly", Some(Period::Month)),
            ("Annually", Some(Period::Year)),
            ("once", None),
        ] {
            assert_eq!(period(word), expected, "{word}");
        }
    }

    #[test]
    fn only_what_is_said_is_kept() {
        assert_eq!(range(Some(dec("0")), None, Some("EUR"), None), None);
        assert_eq!(
            range(Some(dec("44.95")), Some(dec("32.69")), Some("usd "), Some(Period::Hour)),
            Some(Pay {
                min: Some(dec("32.69")),
                max: Some(dec("44.95")),
                currency: Some("USD".to_owned()),
                period: Some(Period::Hour),
            })
        );
        let pay = range(None, Some(dec("9")), Some("US Dollars"), None).unwrap();
        assert_eq!((pay.min, pay.currency), (None, None));
    }
}
