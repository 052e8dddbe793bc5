//! Searches and profiles put to postings that are already there: `worker.rematches`, and pairs into `worker.matches`.
//!
//! The postings are read in [`super::spans`]. A page's pairs and the step of its run are one transaction, fenced by where the step begins.

use chrono::NaiveDateTime;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{
    Store, StoreError,
    matches::NewMatch,
    runs,
    searches::{ChangeCursor, Changes, profiles_by_user, read_changes, searches_by_id},
    spans::{PostingPage, PostingSpan},
};
use crate::domain::{NewRun, Profile, RunId, SavedSearch, SearchId, UserId};

/// How far a run of the task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RematchProgress {
    /// Which run.
    pub run: RunId,
    /// What is left to read.
    pub span: PostingSpan,
    /// Postings looked at.
    pub postings: i64,
    /// Postings put to the exact check.
    pub compared: i64,
    /// Postings that broke the matcher.
    pub set_aside: i64,
    /// Pairs that were not known before.
    pub matches: i64,
}

/// What one page came to.
#[derive(Clone, Debug, Default)]
pub struct RematchStep {
    /// The page.
    pub page: PostingPage,
    /// Postings that broke the matcher.
    pub set_aside: i64,
    /// The pairs that fit.
    pub pairs: Vec<NewMatch>,
    /// Nobody is told of the pairs.
    pub silent: bool,
    /// Pairs that the run may store in all, newest postings first.
    pub limit: Option<i64>,
}

impl Store {
    /// Where a run goes on, or begins.
    ///
    /// # Errors
    /// Where the database does not answer or there is no such run.
    pub async fn begin_rematch(
        &self,
        run: RunId,
        since: NaiveDateTime,
    ) -> Result<RematchProgress, StoreError> {
        if let Some(known) = self.find_rematch(run).await? {
            return Ok(known);
        }
        let span = self.find_posting_span(since).await?;
        let query = sqlx::query!(
            "INSERT INTO worker.rematches (run_id, since, first_id, next_id, total) VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (run_id) DO NOTHING",
            run.0,
            span.since,
            span.first_id,
            span.next_id,
            span.total
        );
        self.within(query.execute(&self.pool)).await?;
        let begun = RematchProgress { run, span, postings: 0, compared: 0, set_aside: 0, matches: 0 };
        Ok(self.find_rematch(run).await?.unwrap_or(begun))
    }

    /// How far a run is.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find_rematch(&self, run: RunId) -> Result<Option<RematchProgress>, StoreError> {
        let query = sqlx::query!(
            "SELECT since, first_id, next_id, total, postings, compared, set_aside, matches FROM worker.rematches WHERE run_id = $1",
            run.0
        );
        let row = self.within(query.fetch_optional(&self.pool)).await?;
        Ok(row.map(|row| RematchProgress {
            run,
            span: PostingSpan {
                since: row.since,
                first_id: row.first_id,
                next_id: row.next_id,
                total: row.total,
            },
            postings: row.postings,
            compared: row.compared,
            set_aside: row.set_aside,
            matches: row.matches,
        }))
    }

    /// Stores a page's pairs with the step of the run, and gives how far it is; `None` where another holder of the run made the step.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn finish_rematch_page(
        &self,
        at: &RematchProgress,
        step: &RematchStep,
    ) -> Result<Option<RematchProgress>, StoreError> {
        let next_id = step.page.next_id.unwrap_or(at.span.first_id);
        let compared = i64::try_from(step.page.ids.len()).unwrap_or(i64::MAX);
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            let stepped = sqlx::query!(
                "UPDATE worker.rematches SET next_id = $3, postings = postings + $4, compared = compared + $5, set_aside = set_aside + $6
                 WHERE run_id = $1 AND next_id = $2 RETURNING postings, compared, set_aside, matches",
                at.run.0,
                at.span.next_id,
                next_id,
                step.page.seen,
                compared,
                step.set_aside
            )
            .fetch_optional(&mut *transaction)
            .await?;
            let Some(stepped) = stepped else { return Ok(None) };
            let limit = step.limit.map(|limit| (limit - stepped.matches).max(0));
            let new = insert_older_matches(&mut transaction, &step.pairs, step.silent, limit).await?;
            sqlx::query!("UPDATE worker.rematches SET matches = matches + $2 WHERE run_id = $1", at.run.0, new)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok::<_, sqlx::Error>(Some(RematchProgress {
                run: at.run,
                span: PostingSpan { next_id, ..at.span },
                postings: stepped.postings,
                compared: stepped.compared,
                set_aside: stepped.set_aside,
                matches: stepped.matches + new,
            }))
        })
        .await
    }

    /// All active searches and the profiles of the active users among `users` and of those who own one of `searches`.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_wishes(
        &self,
        searches: &[SearchId],
        users: &[UserId],
    ) -> Result<(Vec<SavedSearch>, Vec<Profile>), StoreError> {
        let searches: Vec<i32> = searches.iter().map(|search| search.0).collect();
        let users: Vec<i32> = users.iter().map(|user| user.0).collect();
        self.within(async {
            let mut connection = self.pool.acquire().await?;
            let rows = sqlx::query!(
                r#"WITH meant AS (
                     SELECT user_id FROM saved_searches WHERE id = ANY($1) UNION SELECT unnest($2::int[])
                   )
                   SELECT user_id AS "user_id!", array(SELECT id FROM saved_searches s WHERE s.user_id = meant.user_id) AS "searches!"
                   FROM meant WHERE user_id IS NOT NULL"#,
                &searches,
                &users
            )
            .fetch_all(&mut *connection)
            .await?;
            let users: Vec<i32> = rows.iter().map(|row| row.user_id).collect();
            let searches: Vec<i32> = rows.into_iter().flat_map(|row| row.searches).collect();
            let searches = searches_by_id(&mut connection, &searches).await?;
            let profiles = profiles_by_user(&mut connection, &users).await?;
            Ok::<_, sqlx::Error>((searches, profiles))
        })
        .await
    }

    /// One search, active or not; it is inactive where its user is.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find_search(&self, id: SearchId) -> Result<Option<SavedSearch>, StoreError> {
        let query = sqlx::query!(
            r#"SELECT s.id, s.user_id AS "user_id!", s.name, s.query, s.filters,
                      s.is_active IS NOT FALSE AND u.is_active IS NOT FALSE AS "is_active!"
               FROM saved_searches s JOIN users u ON u.id = s.user_id WHERE s.id = $1"#,
            id.0
        );
        let row = self.within(query.fetch_optional(&self.pool)).await?;
        Ok(row.map(|row| SavedSearch {
            id: SearchId(row.id),
            user_id: UserId(row.user_id),
            name: row.name,
            query: row.query,
            filters: row.filters.unwrap_or_default(),
            is_active: row.is_active,
        }))
    }

    /// Changes of searches and profiles since `cursor`, outside of any batch.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_changes(&self, cursor: ChangeCursor) -> Result<(Changes, ChangeCursor), StoreError> {
        self.within(async {
            let mut connection = self.pool.acquire().await?;
            read_changes(&mut connection, cursor).await
        })
        .await
    }

    /// Records a run for up to `most` searches and users that changed within the last day and were not given to one yet, unless one that
    /// the program wanted still waits. `run.args` gets their ids as `search_ids` and `user_ids`. A change and its run are one transaction.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn enqueue_changed(&self, run: &NewRun, most: i64) -> Result<Option<RunId>, StoreError> {
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            let changed = sqlx::query!(
                r#"WITH changed AS (
                     SELECT kind, id, xid FROM worker.search_changes
                     WHERE rematched IS DISTINCT FROM xid AND changed_at > now() - interval '1 day' AND NOT EXISTS (
                         SELECT FROM worker.runs WHERE task = $1 AND trigger = $2 AND state IN ('queued', 'failed'))
                     ORDER BY changed_at LIMIT $3 FOR UPDATE SKIP LOCKED
                   ), taken AS (
                     UPDATE worker.search_changes c SET rematched = changed.xid FROM changed
                     WHERE c.kind = changed.kind AND c.id = changed.id
                   )
                   SELECT kind, id FROM changed
                   WHERE CASE kind WHEN 'search' THEN EXISTS (SELECT FROM saved_searches s WHERE s.id = changed.id AND s.is_active IS NOT FALSE)
                                   ELSE EXISTS (SELECT FROM users u WHERE u.id = changed.id AND u.is_active IS NOT FALSE) END
                   ORDER BY kind, id"#,
                run.task,
                run.trigger.as_str(),
                most
            )
            .fetch_all(&mut *transaction)
            .await?;
            let mut wanted = None;
            if !changed.is_empty() {
                let ids = |search: bool| -> Value {
                    changed.iter().filter(|row| (row.kind == "search") == search).map(|row| row.id).collect()
                };
                let mut run = run.clone();
                if let Some(args) = run.args.as_object_mut() {
                    args.insert("search_ids".to_owned(), ids(true));
                    args.insert("user_ids".to_owned(), ids(false));
                }
                wanted = Some(runs::insert_run(&mut transaction, &run).await?.0);
            }
            transaction.commit().await?;
            Ok::<_, sqlx::Error>(wanted)
        })
        .await
    }
}

/// Adds up to `limit` pairs that are not known yet, those of the newest postings first, and gives how many. A known pair stays as it is.
/// Silent pairs are stored as already seen; but of a posting that still waits in the outbox the user would be told anyway, so its
/// pairs are not silent. Somebody who applied is not told.
async fn insert_older_matches(
    connection: &mut PgConnection,
    pairs: &[NewMatch],
    silent: bool,
    limit: Option<i64>,
) -> Result<i64, sqlx::Error> {
    if pairs.is_empty() {
        return Ok(0);
    }
    let pair = |pair: &NewMatch| {
        json!({
            "job_id": pair.job_id, "user_id": pair.user_id, "score": pair.score, "profile_score": pair.profile_score,
            "search_ids": pair.search_ids,
        })
    };
    let rows: Value = pairs.iter().map(pair).collect();
    sqlx::query_scalar!(
        r#"WITH fresh AS (
             SELECT m.* FROM jsonb_to_recordset($1) AS m (job_id int, user_id int, score real, profile_score real, search_ids int[])
             JOIN users u ON u.id = m.user_id AND u.is_active IS NOT FALSE
             WHERE NOT EXISTS (SELECT FROM applications a WHERE a.job_id = m.job_id AND a.user_id = m.user_id)
               AND NOT EXISTS (SELECT FROM worker.matches k WHERE k.job_id = m.job_id AND k.user_id = m.user_id)
             ORDER BY m.job_id DESC, m.user_id LIMIT $3
           ), stored AS (
             INSERT INTO worker.matches (job_id, user_id, score, profile_score, search_ids, notified_at, silent)
             SELECT f.job_id, f.user_id, f.score, f.profile_score, f.search_ids,
                    CASE WHEN $2 AND w.job_id IS NULL THEN now() END, $2 AND w.job_id IS NULL
             FROM fresh f LEFT JOIN (SELECT DISTINCT job_id FROM worker.outbox) w ON w.job_id = f.job_id
             ORDER BY f.job_id, f.user_id
             ON CONFLICT (job_id, user_id) DO NOTHING RETURNING job_id
           )
           SELECT count(*) AS "new!" FROM stored"#,
        rows,
        silent,
        limit
    )
    .fetch_one(connection)
    .await
}
