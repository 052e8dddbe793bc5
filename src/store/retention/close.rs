//! Postings that are over become inactive.

use chrono::NaiveDate;

use super::hold_postings;
use crate::{
    domain::JobId,
    store::{Store, StoreError},
};

/// When a posting is over.
#[derive(Clone, Copy, Debug)]
pub struct ClosePolicy {
    /// Today (UTC).
    pub today: NaiveDate,
    /// Days after its deadline.
    pub past_deadline_days: i32,
    /// Days in which every board that showed it was read and did not.
    pub unseen_days: i32,
    /// Days without a sign of life, whoever looked.
    pub silent_days: i32,
    /// Days since it was posted, where it is over by age alone.
    pub old_days: Option<i32>,
}

/// A posting that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closing {
    /// Row.
    pub job_id: JobId,
    /// `deadline`, `unseen`, `silent` or `old`.
    pub reason: String,
    /// As it is shown.
    pub title: String,
    /// As it is shown.
    pub company: String,
}

impl Store {
    /// The postings of a window (`after` exclusive, `until` inclusive) that are shown and over.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_closing(
        &self,
        after: i32,
        until: i32,
        policy: ClosePolicy,
    ) -> Result<Vec<Closing>, StoreError> {
        let found = sqlx::query!(
            r#"SELECT id, reason AS "reason!", title, company FROM (
                 SELECT j.id, j.title, j.company, worker.why_over(j, $3, $4, $5, $6, $7) AS reason
                 FROM jobs j WHERE j.id > $1 AND j.id <= $2 AND j.user_id IS NULL AND coalesce(j.is_active, true)
               ) o WHERE reason IS NOT NULL ORDER BY id"#,
            after,
            until,
            policy.today,
            policy.past_deadline_days,
            policy.unseen_days,
            policy.silent_days,
            policy.old_days
        );
        let found = self.within(found.fetch_all(&self.pool)).await?;
        let closing = found.into_iter().map(|row| Closing {
            job_id: JobId(row.id),
            reason: row.reason,
            title: row.title,
            company: row.company,
        });
        Ok(closing.collect())
    }

    /// Makes those of `jobs` inactive that are still over, and gives them. Those that nobody shows any more come back when a board lists
    /// them again; those past their deadline or too old do not, as long as they are what they were.
    ///
    /// # Errors
    /// [`StoreError::is_busy`] where others hold what it needs; nothing happened then.
    pub async fn close_postings(
        &self,
        jobs: &[JobId],
        policy: ClosePolicy,
    ) -> Result<Vec<Closing>, StoreError> {
        let ids: Vec<i32> = jobs.iter().map(|job| job.0).collect();
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            let held = hold_postings(&mut transaction, &ids).await?;
            let closed = sqlx::query!(
                r#"WITH over AS MATERIALIZED (
                     SELECT j.id, worker.why_over(j, $2, $3, $4, $5, $6) AS reason FROM jobs j WHERE j.id = ANY($1)
                   )
                   UPDATE jobs j SET is_active = false, updated_at = now() AT TIME ZONE 'UTC'
                   FROM over WHERE j.id = over.id AND over.reason IS NOT NULL
                   RETURNING j.id, over.reason AS "reason!", j.title, j.company"#,
                &held,
                policy.today,
                policy.past_deadline_days,
                policy.unseen_days,
                policy.silent_days,
                policy.old_days
            )
            .fetch_all(&mut *transaction)
            .await?;
            let gone: Vec<i32> = closed
                .iter()
                .filter(|row| matches!(row.reason.as_str(), "unseen" | "silent"))
                .map(|row| row.id)
                .collect();
            sqlx::query!(
                "UPDATE worker.sightings SET missing_since = coalesce(missing_since, now()), gone_at = now()
                 WHERE job_id = ANY($1) AND gone_at IS NULL",
                &gone
            )
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            let closed = closed.into_iter().map(|row| Closing {
                job_id: JobId(row.id),
                reason: row.reason,
                title: row.title,
                company: row.company,
            });
            Ok::<_, StoreError>(closed.collect())
        })
        .await
    }
}
