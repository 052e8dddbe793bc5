//! What matching gives: one hit for each user.

use serde::Serialize;

use crate::domain::{SearchIds, UserId};

/// One user and one posting that fit. Why they fit is said by [`reasons`](super::reasons()).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Hit {
    /// Who.
    pub user_id: UserId,
    /// 0 to 1: the profile score where the user has a profile that the posting is not out for, else the best score of the searches
    /// ([`Evidence::score`](super::Evidence::score)).
    pub score: f64,
    /// Searches that match, by id.
    pub search_ids: SearchIds,
    /// Also where only a search matched and the profile score is below the threshold.
    pub profile_score: Option<f64>,
}

impl Hit {
    /// A user whose profile alone fits.
    pub(super) fn of_profile(user_id: UserId, score: f64) -> Self {
        Self { user_id, score, search_ids: SearchIds::new(), profile_score: Some(score) }
    }
}
