//! Telling users: `worker.announcements`, `notifications`.

mod due;

use std::time::Duration;

use serde_json::Value;
use sqlx::{Postgres, Transaction};

use self::due::{due_pairs, suppress_twins, trim_backlog};
use super::{
    Store, StoreError,
    duration::interval,
    matches::{StoredPosting, read_postings},
    searches::{profiles_by_user, searches_by_id},
};
use crate::domain::{JobId, Profile, SavedSearch, SearchId, Shard, UserId};

/// First key of the advisory locks that keep one user's notices in one transaction at a time.
const LOCK_CLASS: i32 = 0x6e6f;
/// Overflowing postings counted in one transaction.
const COUNTED: i64 = 2_000;
/// Batches of the matcher sorted in in one transaction.
const SORTED: i64 = 2;

/// Who is told how much, where users have no setting of their own.
#[derive(Clone, Copy, Debug)]
pub struct NoticeRules<'a> {
    /// `instant`, `hourly`, `daily` or `off`.
    pub frequency: &'a str,
    /// Most notices a day.
    pub daily_cap: i32,
    /// Days of notices that wait at the most.
    pub backlog_days: i32,
}

/// A pair whose notice is due, with what the notice says.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are those of the columns")]
pub struct WaitingMatch {
    pub job_id: JobId,
    pub user_id: UserId,
    pub score: f64,
    pub profile_score: Option<f64>,
    pub search_ids: Vec<SearchId>,
    pub title: String,
    pub company: String,
    pub location: Option<String>,
    pub url: Option<String>,
    /// With the last notice a user gets today: how many more postings there are for the user.
    pub more: Option<i64>,
}

/// A user's own cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DailyCap {
    /// Whose.
    pub user_id: UserId,
    /// Notices a day.
    pub cap: i32,
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
    /// The pairs, best first for each user, within the users' daily caps.
    pub waiting: Vec<WaitingMatch>,
}

impl Store {
    /// Takes the due pairs of those of `users` that nobody else is telling now.
    ///
    /// A user is told of no more than the cap a day, best first; as many as the backlog takes wait for the next days, the rest is counted
    /// and forgotten. Of several sources' postings of one vacancy a user is told of the best one.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn claim_notices(
        &self,
        users: &[UserId],
        rules: NoticeRules<'_>,
    ) -> Result<NoticeBatch<'_>, StoreError> {
        let users: Vec<i32> = users.iter().map(|user| user.0).collect();
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            let active = sqlx::query!(
                r#"SELECT id, pg_try_advisory_xact_lock($2, id) AS "held!" FROM users
                   WHERE id = ANY($1) AND is_active IS NOT FALSE"#,
                &users,
                LOCK_CLASS
            )
            .fetch_all(&mut *transaction)
            .await?;
            let held: Vec<i32> = active.iter().filter(|row| row.held).map(|row| row.id).collect();
            // Statements of their own: their snapshots are younger than the locks.
            suppress_twins(&mut transaction, &held).await?;
            trim_backlog(&mut transaction, &held, rules).await?;
            let waiting = due_pairs(&mut transaction, &held, rules).await?;
            Ok::<_, sqlx::Error>(NoticeBatch { store: self, transaction, waiting })
        })
        .await
    }

    /// Gives the pairs of a few batches of the matcher their place among those that wait for their users, and removes those whose user is
    /// gone; says whether there may be more to sort in.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn sort_in(&self) -> Result<bool, StoreError> {
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            let taken = sqlx::query_scalar!(
                "DELETE FROM worker.fresh_matches WHERE id IN (
                   SELECT id FROM worker.fresh_matches ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
                 RETURNING job_ids",
                SORTED
            )
            .fetch_all(&mut *transaction)
            .await?;
            let jobs = taken.concat();
            sqlx::query!(
                "DELETE FROM worker.matches m WHERE m.job_id = ANY($1) AND NOT m.sorted
                   AND NOT EXISTS (SELECT FROM users u WHERE u.id = m.user_id)",
                &jobs
            )
            .execute(&mut *transaction)
            .await?;
            sqlx::query!(
                "UPDATE worker.matches SET sorted = true WHERE job_id = ANY($1) AND NOT sorted",
                &jobs
            )
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok::<_, sqlx::Error>(!taken.is_empty())
        })
        .await
    }

    /// Counts what users were not told of one by one; says whether there may be more to count.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn count_overflow(&self) -> Result<bool, StoreError> {
        let counted = sqlx::query_scalar!(
            r#"WITH taken AS (
                 DELETE FROM worker.match_overflow WHERE id IN (
                   SELECT id FROM worker.match_overflow ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
                 RETURNING user_ids, matched_at
               ), counted AS (
                 SELECT user_id, (matched_at AT TIME ZONE 'UTC')::date AS day, count(*)::int AS postings
                 FROM taken, unnest(user_ids) user_id GROUP BY 1, 2
               ), written AS (
                 INSERT INTO worker.match_more AS more (user_id, day, postings)
                 SELECT c.user_id, c.day, c.postings FROM counted c JOIN users u ON u.id = c.user_id ORDER BY 1, 2
                 ON CONFLICT (user_id, day) DO UPDATE SET postings = more.postings + excluded.postings
               )
               SELECT count(*) AS "taken!" FROM taken"#,
            COUNTED
        );
        Ok(self.within(counted.fetch_one(&self.pool)).await? >= COUNTED)
    }

    /// The caps that users of `shard` chose themselves and that were changed in the past `within`; all of them without.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_daily_caps(
        &self,
        shard: Shard,
        within: Option<Duration>,
    ) -> Result<Vec<DailyCap>, StoreError> {
        let rows = sqlx::query!(
            r#"SELECT user_id, daily_cap AS "daily_cap!" FROM worker.user_settings
               WHERE daily_cap IS NOT NULL AND (user_id % $1 + $1) % $1 = $2 AND ($3::interval IS NULL OR updated_at >= now() - $3)"#,
            shard.of(),
            shard.number(),
            within.map(interval) as Option<sqlx::postgres::types::PgInterval>
        );
        let rows = self.within(rows.fetch_all(&self.pool)).await?;
        Ok(rows
            .into_iter()
            .map(|row| DailyCap { user_id: UserId(row.user_id), cap: row.daily_cap })
            .collect())
    }
}

impl NoticeBatch<'_> {
    /// Postings of pairs in this batch as they are now; those that are gone or inactive are left out.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn read_postings(&mut self, ids: &[JobId]) -> Result<Vec<StoredPosting>, StoreError> {
        self.store.within(read_postings(&mut self.transaction, ids)).await
    }

    /// Active searches and profiles of pairs in this batch as they are now.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn read_wishes(
        &mut self,
        searches: &[SearchId],
        users: &[UserId],
    ) -> Result<(Vec<SavedSearch>, Vec<Profile>), StoreError> {
        let searches: Vec<i32> = searches.iter().map(|search| search.0).collect();
        let users: Vec<i32> = users.iter().map(|user| user.0).collect();
        self.store
            .within(async {
                let searches = searches_by_id(&mut self.transaction, &searches).await?;
                let profiles = profiles_by_user(&mut self.transaction, &users).await?;
                Ok::<_, sqlx::Error>((searches, profiles))
            })
            .await
    }

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
                         SELECT g.*, nextval((SELECT pg_get_serial_sequence('public.notifications', 'id')::regclass))::int AS id
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
