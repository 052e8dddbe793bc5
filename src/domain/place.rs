//! Where a posting's work is done.

use serde::{Deserialize, Serialize};

/// One place, in English names; every part that the source does not state is `None`. Where a city has two names in English use
/// (Bangalore and Bengaluru), a longer and a shorter one, or an official one that is as well known, it keeps the one the source writes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// City or town.
    pub city: Option<String>,
    /// State, province, canton or land.
    pub region: Option<String>,
    /// Country.
    pub country: Option<String>,
    /// ISO 3166-1 alpha-2 in capitals.
    pub country_code: Option<String>,
}
