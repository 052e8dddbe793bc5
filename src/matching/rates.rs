//! Amounts in one currency compared with amounts in another.

use std::collections::BTreeMap;

use crate::domain::Salary;

/// Units of each currency for one euro.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rates(BTreeMap<String, f64>);

impl Rates {
    /// Leaves out rates that are no positive number.
    pub fn new(rates: &BTreeMap<String, f64>) -> Self {
        let usable = rates.iter().filter(|(_, rate)| rate.is_finite() && **rate > 0.0);
        Self(usable.map(|(code, rate)| (code.to_uppercase(), *rate)).collect())
    }

    /// `amount` of `from` in units of `to`; `None` where a rate is missing. An unknown currency is taken to be the other one.
    pub fn convert(&self, amount: f64, from: Option<&str>, to: Option<&str>) -> Option<f64> {
        match (from, to) {
            (Some(from), Some(to)) if !from.eq_ignore_ascii_case(to) => {
                let from = self.0.get(&from.to_uppercase())?;
                let to = self.0.get(&to.to_uppercase())?;
                Some(amount / from * to)
            }
            _ => Some(amount),
        }
    }

    /// Both ends of a salary in units of `to`.
    pub fn salary_in(&self, salary: &Salary, to: Option<&str>) -> (Option<f64>, Option<f64>) {
        let end = |amount: Option<i32>| self.convert(f64::from(amount?), salary.currency.as_deref(), to);
        (end(salary.min), end(salary.max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn currencies_convert_over_the_euro() {
        let rates =
            Rates::new(&[("USD".to_owned(), 1.25), ("GBP".to_owned(), 0.5), ("BAD".to_owned(), 0.0)].into());
        assert_eq!(rates.convert(100.0, Some("USD"), Some("gbp")), Some(40.0));
        assert_eq!(rates.convert(100.0, Some("QQQ"), Some("QQQ")), Some(100.0));
        assert_eq!(rates.convert(100.0, Some("BAD"), Some("USD")), None);
        assert_eq!(rates.convert(100.0, None, Some("USD")), Some(100.0));
    }
}
