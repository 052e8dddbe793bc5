//! Which amounts can be pay at all, and which period an amount without one has.

use rust_decimal::Decimal;

use super::{Hints, currency};
use crate::domain::Period;

/// Whether a person can earn this amount in this period.
pub(super) fn fits(amount: Decimal, period: Period, currency: Option<&str>) -> bool {
    let (low, high) = match period {
        Period::Hour => (2, 1_000),
        Period::Day => (15, 6_000),
        Period::Week => (60, 30_000),
        Period::Month => (100, 60_000),
        Period::Year => (5_000, 3_000_000),
    };
    let scale = Decimal::from(currency::scale(currency));
    amount >= Decimal::from(low) && amount <= Decimal::from(high) * scale
}

/// Whether a person can earn this in any period: tells "$40M" and "$0.50" from pay before a word is read.
pub(super) fn is_possible(min: Decimal, max: Decimal, currency: Option<&str>) -> bool {
    max >= Decimal::TWO && min <= Decimal::from(3_000_000) * Decimal::from(currency::scale(currency))
}

/// The period of an amount that stands by a word for pay and names none; `None` where it could be several.
pub(super) fn infer(amount: Decimal, currency: Option<&str>, hints: Hints<'_>) -> Option<Period> {
    let scale = Decimal::from(currency::scale(currency));
    let within =
        |low: u32, high: u32| amount >= Decimal::from(low) * scale && amount <= Decimal::from(high) * scale;
    if within(12_000, 2_000_000) {
        Some(Period::Year)
    } else if within(7, 150) {
        Some(Period::Hour)
    } else if within(700, 9_000) && states_months(currency, hints) {
        Some(Period::Month)
    } else {
        None
    }
}

/// Where people are used to pay by the hour, and say an amount of this size without naming it.
pub(super) fn is_paid_hourly(currency: Option<&str>) -> bool {
    matches!(currency, Some("USD" | "CAD" | "AUD" | "NZD" | "GBP"))
}

/// On the continent of Europe pay without a period and of this size is a month's; elsewhere it may be a week's.
fn states_months(currency: Option<&str>, hints: Hints<'_>) -> bool {
    let monthly = ["EUR", "CHF", "SEK", "NOK", "DKK", "PLN", "CZK", "HUF", "RON", "INR", "BRL", "AED"];
    currency.is_some_and(|code| monthly.contains(&code)) && !hints.is_in("US") && !hints.is_in("GB")
}
