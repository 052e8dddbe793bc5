//! `baseSalary`: a `MonetaryAmount` in many clothes.

use super::super::{Object, Value, period, range};
use crate::domain::Pay;

/// Pay in numbers, and what is said of it in words where it is not numbers.
pub(super) fn read(posting: &Object<'_>) -> (Option<Pay>, Option<String>) {
    let outer = posting.text("salaryCurrency");
    let Some(salary) = super::objects(posting, "baseSalary").next() else {
        return bare(posting.get("baseSalary"), outer.as_deref(), None);
    };
    let currency = salary.text("currency").or(outer);
    let unit = salary.text("unitText");
    let Some(value) = super::objects(&salary, "value").next() else {
        let ends = (salary.decimal("minValue"), salary.decimal("maxValue"));
        if ends != (None, None) {
            return (range(ends.0, ends.1, currency.as_deref(), unit.as_deref().and_then(period)), None);
        }
        return bare(salary.get("value"), currency.as_deref(), unit.as_deref());
    };
    let currency = currency.or_else(|| value.text("currency"));
    let unit = value.text("unitText").or_else(|| value.text("unitCode")).or(unit);
    let ends = (value.decimal("minValue"), value.decimal("maxValue"));
    if ends == (None, None) {
        return bare(value.get("value"), currency.as_deref(), unit.as_deref());
    }
    (range(ends.0, ends.1, currency.as_deref(), unit.as_deref().and_then(period)), None)
}

/// One number, or text.
fn bare(
    value: Option<Value<'_>>,
    currency: Option<&str>,
    unit: Option<&str>,
) -> (Option<Pay>, Option<String>) {
    let Some(value) = value else { return (None, None) };
    if let Some(amount) = value.decimal() {
        return (range(Some(amount), Some(amount), currency, unit.and_then(period)), None);
    }
    let text = value.text().map(|text| {
        let unit = unit.and_then(period).map(|period| format!("per {}", period.as_str()));
        let currency = currency.filter(|currency| !text.contains(*currency)).map(str::to_owned);
        let words = [Some(text), currency, unit];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    });
    (None, text)
}
