//! From new postings to pairs: `worker.outbox`, `worker.matches`.
//!
//! A batch of the outbox is claimed, matched and deleted in one transaction together with its matches: killed anywhere, either all of it
//! happened or none.

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::Value;
use sqlx::{PgConnection, Postgres, Transaction};

use super::{
    Store, StoreError,
    searches::{ChangeCursor, Changes, read_changes},
};
use crate::domain::{JobId, SearchId, UserId};

/// A posting as the matcher reads it: columns of `jobs` and the facts of its owning sighting.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are those of the columns")]
pub struct StoredPosting {
    pub id: JobId,
    pub title: String,
    pub company: String,
    pub location: Option<String>,
    pub description: Option<String>,
    pub requirements: Option<String>,
    pub tech_stack: Value,
    pub salary_min: Option<i32>,
    pub salary_max: Option<i32>,
    pub salary_currency: Option<String>,
    pub job_type: Option<String>,
    pub remote_option: Option<String>,
    pub source: Option<String>,
    pub url: Option<String>,
    pub posted_date: Option<NaiveDate>,
    pub created_at: Option<NaiveDateTime>,
    pub facts: Value,
}

/// One user and one posting that fit.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMatch {
    /// Posting.
    pub job_id: JobId,
    /// User.
    pub user_id: UserId,
    /// 0 to 1.
    pub score: f64,
    /// 0 to 1, where the user has a profile that fits.
    pub profile_score: Option<f64>,
    /// The searches that fit.
    pub search_ids: Vec<SearchId>,
    /// Technologies that user and posting share.
    pub skills: Vec<String>,
    /// Why, for people.
    pub reasons: Value,
}

/// Outbox rows that this transaction holds.
#[derive(Debug)]
pub struct OutboxBatch<'a> {
    store: &'a Store,
    transaction: Transaction<'a, Postgres>,
    rows: Vec<(i64, JobId)>,
}

impl Store {
    /// Takes up to `limit` rows of the outbox that nobody else holds; `None` where there are none.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn claim_outbox(&self, limit: i64) -> Result<Option<OutboxBatch<'_>>, StoreError> {
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            let rows = sqlx::query!(
                "SELECT id, job_id FROM worker.outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED",
                limit
            )
            .fetch_all(&mut *transaction)
            .await?;
            let rows: Vec<_> = rows.into_iter().map(|row| (row.id, JobId(row.job_id))).collect();
            Ok::<_, sqlx::Error>((!rows.is_empty()).then_some(OutboxBatch { store: self, transaction, rows }))
        })
        .await
    }

    /// The postings of these ids that may be shown to everyone, for explanations.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_postings(&self, ids: &[JobId]) -> Result<Vec<StoredPosting>, StoreError> {
        self.within(async {
            let mut connection = self.pool.acquire().await?;
            read_postings(&mut connection, ids).await
        })
        .await
    }
}

impl OutboxBatch<'_> {
    /// Rows in the batch.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Never: an empty batch is not given out.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Changes of searches and profiles since `cursor`. Read after the claim, so that a search that was committed before a posting
    /// of this batch is seen.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn read_changes(
        &mut self,
        cursor: ChangeCursor,
    ) -> Result<(Changes, ChangeCursor), StoreError> {
        self.store.within(read_changes(&mut self.transaction, cursor)).await
    }

    /// The claimed postings as they are now; those that are gone, inactive or a user's own are left out.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn read_postings(&mut self) -> Result<Vec<StoredPosting>, StoreError> {
        let mut ids: Vec<_> = self.rows.iter().map(|(_, job)| *job).collect();
        ids.sort_unstable();
        ids.dedup();
        self.store.within(read_postings(&mut self.transaction, &ids)).await
    }

    /// Stores the matches, sets the poisonous postings aside, removes the batch from the outbox and commits. Gives the number of
    /// pairs that are new.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn finish(
        self,
        mut matches: Vec<NewMatch>,
        poison: &[(JobId, String)],
    ) -> Result<u64, StoreError> {
        let Self { store, mut transaction, rows } = self;
        matches.sort_by_key(|pair| (pair.job_id, pair.user_id));
        store
            .within(async {
                let new = insert_matches(&mut transaction, &matches).await?;
                let (jobs, errors): (Vec<i32>, Vec<String>) =
                    poison.iter().map(|(job, error)| (job.0, error.clone())).unzip();
                let ids: Vec<i64> = rows.iter().map(|(id, _)| *id).collect();
                sqlx::query!(
                    "INSERT INTO worker.outbox_dead (id, job_id, error)
                     SELECT o.id, o.job_id, p.error FROM worker.outbox o
                     JOIN UNNEST($2::int[], $3::text[]) AS p (job_id, error) ON p.job_id = o.job_id
                     WHERE o.id = ANY($1) ON CONFLICT DO NOTHING",
                    &ids,
                    &jobs,
                    &errors
                )
                .execute(&mut *transaction)
                .await?;
                sqlx::query!("DELETE FROM worker.outbox WHERE id = ANY($1)", &ids)
                    .execute(&mut *transaction)
                    .await?;
                transaction.commit().await?;
                Ok::<_, sqlx::Error>(new)
            })
            .await
    }
}

async fn read_postings(
    connection: &mut PgConnection,
    ids: &[JobId],
) -> Result<Vec<StoredPosting>, sqlx::Error> {
    let ids: Vec<i32> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT j.id, j.title, j.company, j.location, j.description, j.requirements, j.tech_stack, j.salary_min, j.salary_max,
                  j.salary_currency, j.job_type, j.remote_option, j.source, j.url, j.posted_date, j.created_at, s.facts AS "facts?"
           FROM jobs j LEFT JOIN worker.sightings s ON s.source = j.source AND s.source_id = j.source_id
           WHERE j.id = ANY($1) AND j.user_id IS NULL AND j.is_active IS NOT FALSE ORDER BY j.id"#,
        &ids
    )
    .fetch_all(connection)
    .await?;
    let postings = rows.into_iter().map(|row| StoredPosting {
        id: JobId(row.id),
        title: row.title,
        company: row.company,
        location: row.location,
        description: row.description,
        requirements: row.requirements,
        tech_stack: row.tech_stack.unwrap_or_default(),
        salary_min: row.salary_min,
        salary_max: row.salary_max,
        salary_currency: row.salary_currency,
        job_type: row.job_type,
        remote_option: row.remote_option,
        source: row.source,
        url: row.url,
        posted_date: row.posted_date,
        created_at: row.created_at,
        facts: row.facts.unwrap_or_default(),
    });
    Ok(postings.collect())
}

/// A pair that waits for its notice takes the newer score and reasons; one that was announced stays as it is. Somebody who applied is
/// not told again.
async fn insert_matches(connection: &mut PgConnection, matches: &[NewMatch]) -> Result<u64, sqlx::Error> {
    if matches.is_empty() {
        return Ok(0);
    }
    let rows = Value::Array(
        matches
            .iter()
            .map(|pair| {
                serde_json::json!({
                    "job_id": pair.job_id, "user_id": pair.user_id, "score": pair.score, "profile_score": pair.profile_score,
                    "search_ids": pair.search_ids, "skills": pair.skills, "reasons": pair.reasons,
                })
            })
            .collect(),
    );
    let new = sqlx::query_scalar!(
        r#"WITH stored AS (
             INSERT INTO worker.matches (job_id, user_id, score, profile_score, search_ids, skills, reasons)
             SELECT m.job_id, m.user_id, m.score, m.profile_score, m.search_ids, m.skills, m.reasons
             FROM jsonb_to_recordset($1) AS m (job_id int, user_id int, score real, profile_score real, search_ids int[],
                                               skills text[], reasons jsonb)
             JOIN users u ON u.id = m.user_id AND u.is_active IS NOT FALSE
             WHERE NOT EXISTS (SELECT FROM applications a WHERE a.job_id = m.job_id AND a.user_id = m.user_id)
             ORDER BY m.job_id, m.user_id
             ON CONFLICT (job_id, user_id) DO UPDATE
             SET score = excluded.score, profile_score = excluded.profile_score, search_ids = excluded.search_ids,
                 skills = excluded.skills, reasons = excluded.reasons
             WHERE matches.notified_at IS NULL
             RETURNING (xmax = 0) AS inserted
           )
           SELECT count(*) FILTER (WHERE inserted) AS "new!" FROM stored"#,
        rows
    )
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(new).unwrap_or(0))
}
