//! What matching gives: one hit for each user.

use serde::Serialize;

use crate::domain::{SearchId, SearchIds, UserId};

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
    /// A user one of whose searches fits.
    pub(super) fn of_search(user_id: UserId, search: SearchId, score: f64) -> Self {
        Self { user_id, score, search_ids: SearchIds::from_slice(&[search]), profile_score: None }
    }

    /// Notes another search of the user that fits.
    pub(super) fn add_search(&mut self, search: SearchId, score: f64) {
        let at = self.search_ids.partition_point(|other| *other < search);
        self.search_ids.insert(at, search);
        self.score = self.score.max(score);
    }

    /// Notes what the profile of the user scores, which counts more than any search.
    pub(super) fn set_profile_score(&mut self, score: Option<f64>) {
        self.score = score.unwrap_or(self.score);
        self.profile_score = score;
    }

    /// A user whose profile alone fits.
    pub(super) fn of_profile(user_id: UserId, score: f64) -> Self {
        Self { user_id, score, search_ids: SearchIds::new(), profile_score: Some(score) }
    }
}
