//! The period of pay in a field made for it.

use crate::domain::Period;

/// `YEARLY`, `per hour`, `month`, `annual`: what one amount pays for; `None` for any other word.
pub(in crate::sources) fn period(word: &str) -> Option<Period> {
    let word = word.trim().to_lowercase();
    let word =
        word.strip_prefix("per").map_or(word.as_str(), |rest| rest.trim_start_matches([' ', '_', '-']));
    Some(match word {
        "hour" | "hourly" | "hours" => Period::Hour,
        "day" | "daily" | "days" => Period::Day,
        "week" | "weekly" | "weeks" => Period::Week,
        "month" | "monthly" | "months" => Period::Month,
        "year" | "yearly" | "years" | "annual" | "annually" | "annum" => Period::Year,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_in_the_words_of_fields() {
        assert_eq!(period(" YEARLY "), Some(Period::Year));
        assert_eq!(period("per-hour"), Some(Period::Hour));
        assert_eq!(period("PER_MONTH"), Some(Period::Month));
        assert_eq!(period("per annum"), Some(Period::Year));
        assert_eq!(period("weekly"), Some(Period::Week));
        assert_eq!(period("day"), Some(Period::Day));
        for other in ["", "one-time", "per", "project", "fortnight"] {
            assert_eq!(period(other), None, "{other}");
        }
    }
}
