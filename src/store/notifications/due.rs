//! Who is to be told what: users with something due, and which of their pairs.
//!
//! Pairs are looked at in the transaction that holds their users; nothing here tells anybody. A further reason to keep quiet is a statement
//! of its own before [`due_pairs`].

use sqlx::{Postgres, Transaction};

use super::{NoticeRules, WaitingMatch};
use crate::{
    domain::{JobId, SearchId, UserId},
    store::{Store, StoreError},
};

impl Store {
    /// Users who are to be told something now, ascending: up to `limit` after user `after`. Costs by all pairs that wait, so that it is asked
    /// for many users at once.
    ///
    /// A user is told of matches as they come (`instant`), of those of past hours (`hourly`) or past days (`daily`, UTC), and of no
    /// more than the cap a day.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_due_users(
        &self,
        after: Option<UserId>,
        limit: i64,
        rules: NoticeRules<'_>,
    ) -> Result<Vec<UserId>, StoreError> {
        let due = sqlx::query_scalar!(
            "SELECT waiting.user_id FROM (
               SELECT DISTINCT m.user_id FROM worker.matches m LEFT JOIN worker.user_settings s USING (user_id)
               WHERE m.sorted AND m.notified_at IS NULL AND m.user_id > $2
                 AND m.matched_at < CASE coalesce(s.frequency, $3) WHEN 'instant' THEN 'infinity'
                         WHEN 'hourly' THEN date_trunc('hour', now(), 'UTC') WHEN 'daily' THEN date_trunc('day', now(), 'UTC')
                         ELSE '-infinity' END
             ) waiting
             JOIN users u ON u.id = waiting.user_id AND u.is_active IS NOT FALSE
             LEFT JOIN worker.user_settings s ON s.user_id = waiting.user_id
             WHERE (SELECT count(*) FROM worker.announcements a
                    WHERE a.user_id = waiting.user_id AND a.announced_at >= date_trunc('day', now(), 'UTC'))
                   < coalesce(s.daily_cap, $4)
             ORDER BY waiting.user_id LIMIT $1",
            limit,
            after.map_or(i32::MIN, |user| user.0),
            rules.frequency,
            rules.daily_cap
        );
        let due = self.within(due.fetch_all(&self.pool)).await?;
        Ok(due.into_iter().map(UserId).collect())
    }
}

/// Pairs whose vacancy was announced already, from another source, are marked.
pub(super) async fn suppress_twins(
    transaction: &mut Transaction<'_, Postgres>,
    held: &[i32],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "UPDATE worker.matches m SET notified_at = now(), suppressed = true
         WHERE m.user_id = ANY($1) AND m.sorted AND m.notified_at IS NULL AND EXISTS (
           SELECT FROM worker.duplicates mine
           JOIN worker.duplicates twin ON twin.group_id = mine.group_id AND twin.job_id <> mine.job_id
           JOIN worker.announcements a ON a.job_id = twin.job_id AND a.user_id = m.user_id
           WHERE mine.job_id = m.job_id)",
        held
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// What comes after the best pairs that fit in the backlog is counted and removed.
pub(super) async fn trim_backlog(
    transaction: &mut Transaction<'_, Postgres>,
    held: &[i32],
    rules: NoticeRules<'_>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "WITH beyond AS (
           SELECT r.job_id, r.user_id FROM (
             SELECT job_id, user_id, row_number() OVER (PARTITION BY user_id ORDER BY score DESC, job_id) AS place
             FROM worker.matches WHERE user_id = ANY($1) AND sorted AND notified_at IS NULL
           ) r LEFT JOIN worker.user_settings s ON s.user_id = r.user_id
           WHERE r.place > coalesce(s.daily_cap, $2)::bigint * $3
         ), gone AS (
           DELETE FROM worker.matches m USING beyond b
           WHERE m.job_id = b.job_id AND m.user_id = b.user_id
           RETURNING m.user_id, (m.matched_at AT TIME ZONE 'UTC')::date AS day
         )
         INSERT INTO worker.match_more AS more (user_id, day, postings)
         SELECT user_id, day, count(*) FROM gone GROUP BY 1, 2 ORDER BY 1, 2
         ON CONFLICT (user_id, day) DO UPDATE SET postings = more.postings + excluded.postings",
        held,
        rules.daily_cap,
        i64::from(rules.backlog_days)
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

/// The pairs these users are told of, best first for each, within their caps.
pub(super) async fn due_pairs(
    transaction: &mut Transaction<'_, Postgres>,
    held: &[i32],
    rules: NoticeRules<'_>,
) -> Result<Vec<WaitingMatch>, sqlx::Error> {
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
             WHERE m.user_id = ANY($1) AND m.sorted AND m.notified_at IS NULL
               AND m.matched_at < CASE coalesce(s.frequency, $2) WHEN 'instant' THEN 'infinity'
                       WHEN 'hourly' THEN date_trunc('hour', now(), 'UTC') WHEN 'daily' THEN date_trunc('day', now(), 'UTC')
                       ELSE '-infinity' END
           ), ranked AS (
             SELECT job_id, user_id, allowed, count(*) OVER (PARTITION BY user_id) AS all_due,
                    row_number() OVER (PARTITION BY user_id ORDER BY score DESC, job_id) AS place
             FROM due WHERE twin = 1
           )
           SELECT m.job_id, m.user_id, m.score, m.profile_score, m.search_ids, j.title, j.company, j.location, j.url,
                  CASE WHEN r.place = r.allowed THEN r.all_due - r.allowed + coalesce(
                    (SELECT more.postings FROM worker.match_more more
                     WHERE more.user_id = m.user_id AND more.day = (now() AT TIME ZONE 'UTC')::date), 0) END AS more
           FROM ranked r JOIN worker.matches m USING (job_id, user_id) JOIN jobs j ON j.id = m.job_id
           WHERE r.place <= r.allowed
           ORDER BY m.user_id, r.place"#,
        held,
        rules.frequency,
        rules.daily_cap
    )
    .fetch_all(&mut **transaction)
    .await?;
    let waiting = rows.into_iter().map(|row| WaitingMatch {
        job_id: JobId(row.job_id),
        user_id: UserId(row.user_id),
        score: f64::from(row.score),
        profile_score: row.profile_score.map(f64::from),
        search_ids: row.search_ids.into_iter().map(SearchId).collect(),
        title: row.title,
        company: row.company,
        location: row.location,
        url: row.url,
        more: row.more.filter(|more| *more > 0),
    });
    Ok(waiting.collect())
}
