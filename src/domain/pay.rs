//! What a posting pays: as published, and as a yearly amount.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The time one amount pays for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// One hour of work.
    Hour,
    /// One working day.
    Day,
    /// One week.
    Week,
    /// One month.
    Month,
    /// One year.
    Year,
}

impl Period {
    /// How many of this period make one year of full-time work (hour 2080, day 260, week 52, month 12).
    pub fn per_year(self) -> Decimal {
        Decimal::from(match self {
            Self::Hour => 2080,
            Self::Day => 260,
            Self::Week => 52,
            Self::Month => 12,
            Self::Year => 1,
        })
    }

    /// The lower-case word: `hour`, `day`, `week`, `month`, `year`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

/// Pay as the source publishes it. At least one end is present and positive; `min <= max` where both are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pay {
    /// Lower end; `None` in "up to 60,000".
    pub min: Option<Decimal>,
    /// Upper end; `None` in "from 60,000".
    pub max: Option<Decimal>,
    /// ISO 4217 code in capitals; `None` where the text names no currency.
    pub currency: Option<String>,
    /// `None` where neither source nor text says what the amount is for; then there is no yearly amount.
    pub period: Option<Period>,
}

/// The yearly amount for `jobs.salary_min`, `salary_max` and `salary_currency`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Salary {
    /// Whole units of the currency a year.
    pub min: Option<i32>,
    /// Whole units of the currency a year.
    pub max: Option<i32>,
    /// ISO 4217 code in capitals.
    pub currency: Option<String>,
}
