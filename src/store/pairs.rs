//! Matches as people look at them: of a posting, of a user, or the newest. Pairs are written in [`super::outbox`].

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Store, StoreError};
use crate::domain::{JobId, UserId};

/// One user and one posting that fit.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Pair {
    /// Posting.
    pub job_id: i32,
    /// User.
    pub user_id: i32,
    /// Title of the posting; unknown where it is gone.
    pub title: Option<String>,
    /// Employer.
    pub company: Option<String>,
    /// 0 to 1: the better of searches and profile.
    pub score: f32,
    /// 0 to 1: how well the profile fits, where it does.
    pub profile_score: Option<f32>,
    /// Saved searches that match.
    pub search_ids: Vec<i32>,
    /// When it was found.
    pub matched_at: DateTime<Utc>,
    /// When the user was told.
    pub notified_at: Option<DateTime<Utc>>,
    /// Another source's posting of the same vacancy was announced instead.
    pub suppressed: bool,
}

/// The place of a pair in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PairKey {
    /// Posting.
    pub job: JobId,
    /// User.
    pub user: UserId,
}

impl Store {
    /// Pairs of one posting, by user; those after `after`.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_matches_of_posting(
        &self,
        job: JobId,
        after: Option<UserId>,
        limit: i64,
    ) -> Result<Vec<Pair>, StoreError> {
        let query = sqlx::query_as!(
            Pair,
            r#"SELECT m.job_id, m.user_id, j.title AS "title?", j.company AS "company?", m.score, m.profile_score, m.search_ids,
                      m.matched_at, m.notified_at, m.suppressed
               FROM worker.matches m LEFT JOIN jobs j ON j.id = m.job_id
               WHERE m.job_id = $1 AND m.user_id > coalesce($2, -2147483648)
               ORDER BY m.user_id LIMIT $3"#,
            job.0,
            after.map(|user| user.0),
            limit
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// Pairs of one user, newest posting first: those that wait, were announced or suppressed; each is found without an index on all pairs.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_matches_of_user(
        &self,
        user: UserId,
        before: Option<JobId>,
        limit: i64,
    ) -> Result<Vec<Pair>, StoreError> {
        let query = sqlx::query_as!(
            Pair,
            r#"WITH known AS (
                   SELECT job_id FROM worker.matches WHERE user_id = $1 AND sorted AND notified_at IS NULL
                   UNION SELECT job_id FROM worker.announcements WHERE user_id = $1
                   UNION SELECT job_id FROM worker.matches WHERE user_id = $1 AND suppressed
               )
               SELECT m.job_id, m.user_id, j.title AS "title?", j.company AS "company?", m.score, m.profile_score, m.search_ids,
                      m.matched_at, m.notified_at, m.suppressed
               FROM known k JOIN worker.matches m ON m.job_id = k.job_id AND m.user_id = $1 LEFT JOIN jobs j ON j.id = m.job_id
               WHERE k.job_id < coalesce($2, 2147483647)
               ORDER BY m.job_id DESC LIMIT $3"#,
            user.0,
            before.map(|job| job.0),
            limit
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// All pairs, newest posting first.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_matches(&self, before: Option<PairKey>, limit: i64) -> Result<Vec<Pair>, StoreError> {
        let query = sqlx::query_as!(
            Pair,
            r#"SELECT m.job_id, m.user_id, j.title AS "title?", j.company AS "company?", m.score, m.profile_score, m.search_ids,
                      m.matched_at, m.notified_at, m.suppressed
               FROM worker.matches m LEFT JOIN jobs j ON j.id = m.job_id
               WHERE (m.job_id, m.user_id) < (coalesce($1, 2147483647), coalesce($2, 2147483647))
               ORDER BY m.job_id DESC, m.user_id DESC LIMIT $3"#,
            before.map(|pair| pair.job.0),
            before.map(|pair| pair.user.0),
            limit
        );
        self.within(query.fetch_all(&self.pool)).await
    }
}
