//! What a user looks for, as the table `user_profiles` holds it.

use serde::{Deserialize, Serialize};

/// `users.id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(pub i32);

/// One row of `user_profiles`; the JSON columns are kept as they are, since the web application writes them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Profile {
    /// Whose profile it is.
    pub user_id: UserId,
    /// Title of today.
    #[serde(default)]
    pub current_title: Option<String>,
    /// Employer of today.
    #[serde(default)]
    pub current_company: Option<String>,
    /// Whole years.
    #[serde(default)]
    pub years_experience: Option<i32>,
    /// Title wished for.
    #[serde(default)]
    pub desired_title: Option<String>,
    /// JSON array of strings.
    #[serde(default)]
    pub desired_locations: serde_json::Value,
    /// JSON array of strings.
    #[serde(default)]
    pub tech_stack: serde_json::Value,
    /// A year, in `salary_currency`.
    #[serde(default)]
    pub salary_expectation_min: Option<i32>,
    /// A year, in `salary_currency`.
    #[serde(default)]
    pub salary_expectation_max: Option<i32>,
    /// ISO 4217.
    #[serde(default)]
    pub salary_currency: Option<String>,
    /// `remote`, `hybrid`, `onsite`; older writers also `on-site`, `yes`, `no`.
    #[serde(default)]
    pub remote_preference: Option<String>,
    /// JSON array of strings.
    #[serde(default)]
    pub job_types: serde_json::Value,
    /// Needs a visa.
    #[serde(default)]
    pub visa_sponsorship_needed: Option<bool>,
    /// JSON array of strings.
    #[serde(default)]
    pub preferred_companies: serde_json::Value,
}
