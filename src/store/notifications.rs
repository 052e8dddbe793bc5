//! Telling users: `worker.announcements`, `notifications`.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{Postgres, Transaction};

use super::{Store, StoreError};
use crate::domain::{JobId, SearchId, UserId};

/// First key of the advisory locks that keep one user's notices in one transaction at a time.
const LOCK_CLASS: i32 = 0x6e6f;

/// A pair whose notice is due, with what the notice says.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are those of the columns")]
pub struct WaitingMatch {
    pub job_id: JobId,
    pub user_id: UserId,
    pub score: f64,
    pub profile_score: Option<f64>,
    pub search_ids: Vec<SearchId>,
    pub skills: Vec<String>,
    pub reasons: Value,
    pub title: String,
    pub company: String,
    pub location: Option<String>,
    pub url: Option<String>,
    pub matched_at: DateTime<Utc>,
}

/// A row for `notifications` of type `job_match`.
#[derive(Clone, Debug, PartialEq)]
pub struct NewNotification {
    /// Reader.
    pub user_id: UserId,
    /// Posting it speaks of.
    pub job_id: JobId,
    /// At most 255 characters.
    pub title: String,
    /// Text.
    pub message: String,
    /// For programs.
    pub data: Value,
}

/// Due pairs of some users that this transaction holds.
#[derive(Debug)]
pub struct NoticeBatch<'a> {
    store: &'a Store,
    transaction: Transaction<'a, Postgres>,
    /// The last user looked at; the next batch starts after it.
    pub last_user: UserId,
    /// The pairs, best first for each user, within the users' daily caps.
    pub waiting: Vec<WaitingMatch>,
}

impl Store {
    /// Takes the due pairs of up to `users` users after user `after` that nobody else is telling now; `None` where there are none.
    ///
    /// A user is told of matches as they come (`instant`), of those of past hours (`hourly`) or past days (`daily`, UTC), and of no
    /// more than the cap a day, best first; the rest waits for the next day. Of several sources' postings of one vacancy a user is
    /// told of the best one.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn claim_notices(
        &self,
        users: i64,
        after: Option<UserId>,
        frequency: &str,
        daily_cap: i32,
    ) -> Result<Option<NoticeBatch<'_>>, StoreError> {
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            let due = sqlx::query!(
                r#"WITH due AS MATERIALIZED (
                     SELECT DISTINCT m.user_id FROM worker.matches m LEFT JOIN worker.user_settings s USING (user_id)
                     WHERE m.notified_at IS NULL AND m.user_id > $2
                       AND m.matched_at < CASE coalesce(s.frequency, $3) WHEN 'instant' THEN 'infinity'
                               WHEN 'hourly' THEN date_trunc('hour', now(), 'UTC') WHEN 'daily' THEN date_trunc('day', now(), 'UTC')
                               ELSE '-infinity' END
                     ORDER BY m.user_id LIMIT $1
                   )
                   SELECT user_id, pg_try_advisory_xact_lock($4, user_id) AS "held!" FROM due"#,
                users,
                after.map_or(i32::MIN, |user| user.0),
                frequency,
                LOCK_CLASS
            )
            .fetch_all(&mut *transaction)
            .await?;
            let Some(last_user) = due.iter().map(|row| UserId(row.user_id)).max() else { return Ok(None) };
            let held: Vec<i32> = due.iter().filter(|row| row.held).map(|row| row.user_id).collect();
            // Statements of their own: their snapshots are younger than the locks.
            sqlx::query!(
                "UPDATE worker.matches m SET notified_at = now(), suppressed = true
                 WHERE m.user_id = ANY($1) AND m.notified_at IS NULL AND EXISTS (
                   SELECT FROM worker.duplicates mine
                   JOIN worker.duplicates twin ON twin.group_id = mine.group_id AND twin.job_id <> mine.job_id
                   JOIN worker.announcements a ON a.job_id = twin.job_id AND a.user_id = m.user_id
                   WHERE mine.job_id = m.job_id)",
                &held
            )
            .execute(&mut *transaction)
            .await?;
            let rows = sqlx::query!(
                r#"WITH spent AS (
                     SELECT user_id, count(*) AS told FROM worker.announcements
                     WHERE user_id = ANY($1) AND announced_at >= date_trunc('day', now(), 'UTC') GROUP BY user_id
                   ), due AS (
                     SELECT m.job_id, m.user_id, m.score, coalesce(s.daily_cap, $3) - coalesce(spent.told, 0) AS allowed,
                            row_number() OVER (PARTITION BY m.user_id, coalesce(d.group_id, -m.job_id)
                                               ORDER BY m.score DESC, m.job_id) AS twin
                     FROM worker.matches m
                     LEFT JOIN worker.duplicates d ON d.job_id = m.job_id
                     JOIN jobs j ON j.id = m.job_id AND j.is_active IS NOT FALSE
                     LEFT JOIN worker.user_settings s ON s.user_id = m.user_id
                     LEFT JOIN spent ON spent.user_id = m.user_id
                     WHERE m.user_id = ANY($1) AND m.notified_at IS NULL
                       AND m.matched_at < CASE coalesce(s.frequency, $2) WHEN 'instant' THEN 'infinity'
                               WHEN 'hourly' THEN date_trunc('hour', now(), 'UTC') WHEN 'daily' THEN date_trunc('day', now(), 'UTC')
                               ELSE '-infinity' END
                   ), ranked AS (
                     SELECT job_id, user_id, allowed,
                            row_number() OVER (PARTITION BY user_id ORDER BY score DESC, job_id) AS place
                     FROM due WHERE twin = 1
                   )
                   SELECT m.job_id, m.user_id, m.score, m.profile_score, m.search_ids, m.skills, m.reasons, m.matched_at,
                          j.title, j.company, j.location, j.url
                   FROM ranked r JOIN worker.matches m USING (job_id, user_id) JOIN jobs j ON j.id = m.job_id
                   WHERE r.place <= r.allowed
                   ORDER BY m.user_id, r.place"#,
                &held,
                frequency,
                daily_cap
            )
            .fetch_all(&mut *transaction)
            .await?;
            let waiting = rows
                .into_iter()
                .map(|row| WaitingMatch {
                    job_id: JobId(row.job_id),
                    user_id: UserId(row.user_id),
                    score: f64::from(row.score),
                    profile_score: row.profile_score.map(f64::from),
                    search_ids: row.search_ids.into_iter().map(SearchId).collect(),
                    skills: row.skills,
                    reasons: row.reasons,
                    title: row.title,
                    company: row.company,
                    location: row.location,
                    url: row.url,
                    matched_at: row.matched_at,
                })
                .collect();
            Ok::<_, sqlx::Error>(Some(NoticeBatch { store: self, transaction, last_user, waiting }))
        })
        .await
    }
}

/// Stages that have work waiting and no run to do it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitingStages {
    /// The outbox holds postings.
    pub r#match: bool,
    /// Notices are due.
    pub notify: bool,
}

impl Store {
    /// Which stages wait without a queued run that would see what waits. A running one may have looked already.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn waiting_stages(&self, frequency: &str, daily_cap: i32) -> Result<WaitingStages, StoreError> {
        self.within(
            sqlx::query_as!(
                WaitingStages,
                r#"SELECT
                     EXISTS (SELECT FROM worker.outbox)
                       AND NOT EXISTS (SELECT FROM worker.runs WHERE task = 'match' AND state IN ('queued', 'failed')) AS "match!",
                     EXISTS (
                       SELECT FROM worker.matches m LEFT JOIN worker.user_settings s USING (user_id)
                       WHERE m.notified_at IS NULL
                         AND m.matched_at < CASE coalesce(s.frequency, $1) WHEN 'instant' THEN 'infinity'
                                 WHEN 'hourly' THEN date_trunc('hour', now(), 'UTC') WHEN 'daily' THEN date_trunc('day', now(), 'UTC')
                                 ELSE '-infinity' END
                         AND (SELECT count(*) FROM worker.announcements a
                              WHERE a.user_id = m.user_id AND a.announced_at >= date_trunc('day', now(), 'UTC'))
                             < coalesce(s.daily_cap, $2)
                         AND EXISTS (SELECT FROM jobs j WHERE j.id = m.job_id AND j.is_active IS NOT FALSE)
                     ) AND NOT EXISTS (SELECT FROM worker.runs WHERE task = 'notify' AND state IN ('queued', 'failed')) AS "notify!""#,
                frequency,
                daily_cap
            )
            .fetch_one(&self.pool),
        )
        .await
    }
}

impl NoticeBatch<'_> {
    /// Inserts the notices of pairs that were never announced, marks the pairs and commits. Gives the number of notices.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn finish(self, notices: &[NewNotification]) -> Result<u64, StoreError> {
        let Self { store, mut transaction, .. } = self;
        let users: Vec<i32> = notices.iter().map(|notice| notice.user_id.0).collect();
        let jobs: Vec<i32> = notices.iter().map(|notice| notice.job_id.0).collect();
        let titles: Vec<String> = notices.iter().map(|notice| notice.title.clone()).collect();
        let messages: Vec<String> = notices.iter().map(|notice| notice.message.clone()).collect();
        let data: Vec<Value> = notices.iter().map(|notice| notice.data.clone()).collect();
        store
            .within(async {
                let told = sqlx::query_scalar!(
                    r#"WITH given AS (
                         SELECT g.*, nextval(pg_get_serial_sequence('public.notifications', 'id'))::int AS id
                         FROM UNNEST($1::int[], $2::int[], $3::text[], $4::text[], $5::jsonb[]) AS g (user_id, job_id, title, message, data)
                       ), fresh AS (
                         INSERT INTO worker.announcements (user_id, job_id, notification_id)
                         SELECT user_id, job_id, id FROM given ORDER BY user_id, job_id
                         ON CONFLICT DO NOTHING RETURNING notification_id
                       ), told AS (
                         INSERT INTO public.notifications (id, user_id, type, title, message, data)
                         SELECT id, user_id, 'job_match', title, message, data FROM given
                         WHERE id IN (SELECT notification_id FROM fresh) ORDER BY id
                         RETURNING id
                       ), marked AS (
                         UPDATE worker.matches m SET notified_at = now() FROM given g
                         WHERE m.job_id = g.job_id AND m.user_id = g.user_id AND m.notified_at IS NULL
                       )
                       SELECT count(*) AS "told!" FROM told"#,
                    &users,
                    &jobs,
                    &titles,
                    &messages,
                    &data
                )
                .fetch_one(&mut *transaction)
                .await?;
                transaction.commit().await?;
                Ok::<_, sqlx::Error>(u64::try_from(told).unwrap_or(0))
            })
            .await
    }
}
