//! A search that a user keeps, as the table `saved_searches` holds it.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::UserId;

/// `saved_searches.id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SearchId(pub i32);

/// The searches of one user that a posting fits: few, so they are kept in place.
pub type SearchIds = SmallVec<[SearchId; 4]>;

/// One row of `saved_searches`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SavedSearch {
    /// Row id.
    pub id: SearchId,
    /// Owner.
    pub user_id: UserId,
    /// Name the user gave it.
    #[serde(default)]
    pub name: String,
    /// Free text in the query language of `matching`.
    #[serde(default)]
    pub query: Option<String>,
    /// Any of the documented shapes; unknown keys are reported, never fatal.
    #[serde(default)]
    pub filters: serde_json::Value,
    /// Inactive searches never match.
    #[serde(default = "active")]
    pub is_active: bool,
}

fn active() -> bool {
    true
}
