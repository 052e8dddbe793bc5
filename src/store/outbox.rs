//! New postings on their way to the matcher: `worker.outbox`, `worker.match_attempts`, `worker.outbox_dead`.
//!
//! A batch is claimed, matched and deleted in one transaction together with its matches: killed anywhere, either all of it happened or
//! none. Beside that transaction each batch leaves a record of its attempt, which the batch deletes when it ends. A record whose outbox rows
//! can be claimed belongs to an attempt that was cut off; those rows are tried in halves, so that a posting that kills the process, or never
//! lets it finish, is soon alone, and is set aside after [`ALONE`] tries.
//!
//! A row is for all users or for a shard of them. A process that holds fewer users than a row is for divides the row first, and one that
//! holds more takes it as it is: processes with any shards can work side by side, and each user is seen to once for each row.

use std::collections::HashMap;

use sqlx::{Postgres, Transaction};

use super::{
    Store, StoreError,
    matches::{NewMatch, Overflow, SieveMarks, StoredPosting, read_marks, read_postings, write_matches},
    searches::{ChangeCursor, Changes, read_changes},
};
use crate::domain::{JobId, Shard, UserId};

/// Tries of a single posting before it is set aside.
pub const ALONE: i32 = 3;

/// Outbox rows that this transaction holds.
#[derive(Debug)]
pub struct OutboxBatch<'a> {
    store: &'a Store,
    transaction: Transaction<'a, Postgres>,
    rows: Vec<Row>,
    /// The record of this attempt.
    attempt: i64,
    traces: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    id: i64,
    job_id: JobId,
    users: Shard,
}

/// For which users each posting of a batch is.
#[derive(Clone, Debug, Default)]
pub struct BatchUsers(Option<HashMap<JobId, Vec<Shard>>>);

impl BatchUsers {
    /// Whether a row of the batch is for this posting and user, who is one of those the batch was claimed for.
    pub fn hold(&self, job: JobId, user: UserId) -> bool {
        let Some(users) = &self.0 else { return true };
        users.get(&job).is_some_and(|shards| shards.iter().any(|shard| shard.holds(user)))
    }
}

impl Store {
    /// Takes up to `limit` rows of the outbox for users of `shard` that nobody else holds; `None` where there are none.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn claim_outbox(
        &self,
        limit: i64,
        shard: Shard,
    ) -> Result<Option<OutboxBatch<'_>>, StoreError> {
        self.within(async {
            loop {
                let mut transaction = self.pool.begin().await?;
                let (mut rows, traces) = claim_rows(&mut transaction, limit, shard).await?;
                if rows.is_empty() {
                    let divided =
                        if shard.is_whole() { 0 } else { divide(&mut transaction, limit, shard).await? };
                    if divided == 0 {
                        forget_attempts(&mut transaction).await?;
                    }
                    transaction.commit().await?;
                    if divided > 0 {
                        continue;
                    }
                    return Ok(None);
                }
                let Some(attempt) = self.begin_attempt(&mut transaction, &mut rows).await? else {
                    transaction.commit().await?;
                    continue;
                };
                return Ok::<_, sqlx::Error>(Some(OutboxBatch {
                    store: self,
                    transaction,
                    rows,
                    attempt,
                    traces,
                }));
            }
        })
        .await
    }

    /// Records an attempt on a reserved connection, so that it outlives the transaction, and never waits for one that waits for it. Where `rows` were cut off before, keeps the
    /// half of them that is to be tried; `None` where a posting was set aside instead.
    async fn begin_attempt(
        &self,
        transaction: &mut Transaction<'_, Postgres>,
        rows: &mut Vec<Row>,
    ) -> Result<Option<i64>, sqlx::Error> {
        let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let suspects = sqlx::query!(
            "SELECT id, outbox_ids, tries FROM worker.match_attempts WHERE outbox_ids && $1 ORDER BY id LIMIT 1",
            &ids
        )
        .fetch_optional(&mut **transaction)
        .await?;
        let Some(suspects) = suspects else {
            let attempt = sqlx::query_scalar!(
                "INSERT INTO worker.match_attempts (outbox_ids) VALUES ($1) RETURNING id",
                &ids
            )
            .fetch_one(&self.reserved)
            .await?;
            return Ok(Some(attempt));
        };
        rows.retain(|row| suspects.outbox_ids.contains(&row.id));
        if let [row] = rows.as_slice()
            && suspects.outbox_ids == [row.id]
        {
            if suspects.tries < ALONE {
                sqlx::query!("UPDATE worker.match_attempts SET tries = tries + 1 WHERE id = $1", suspects.id)
                    .execute(&self.reserved)
                    .await?;
                return Ok(Some(suspects.id));
            }
            tracing::error!(job.id = row.job_id.0, tries = suspects.tries, "posting set aside");
            let error = format!(
                "the matcher did not survive this posting, or could not store its matches, in {} tries with it alone",
                suspects.tries
            );
            set_aside(transaction, &[row.id], &[(row.job_id, error)]).await?;
            delete_attempt(transaction, suspects.id).await?;
            return Ok(None);
        }
        rows.truncate(rows.len().div_ceil(2));
        let half: Vec<i64> = rows.iter().map(|row| row.id).collect();
        let attempt = sqlx::query_scalar!(
            "WITH rest AS (
               UPDATE worker.match_attempts SET outbox_ids = ARRAY(SELECT i FROM unnest(outbox_ids) i WHERE i <> ALL($2)), tries = 0
               WHERE id = $1
             )
             INSERT INTO worker.match_attempts (outbox_ids) VALUES ($2) RETURNING id",
            suspects.id,
            &half
        )
        .fetch_one(&self.reserved)
        .await?;
        Ok(Some(attempt))
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

    /// The spans in which the postings were stored, each once, as traceparents.
    pub fn traces(&self) -> &[String] {
        &self.traces
    }

    /// For which users each posting is; the batch was claimed for those of `shard`.
    pub fn users(&self, shard: Shard) -> BatchUsers {
        if self.rows.iter().all(|row| row.users == shard) {
            return BatchUsers(None);
        }
        let mut users: HashMap<JobId, Vec<Shard>> = HashMap::new();
        for row in &self.rows {
            users.entry(row.job_id).or_default().push(row.users);
        }
        BatchUsers(Some(users))
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
        let ids = self.jobs();
        self.store.within(read_postings(&mut self.transaction, &ids)).await
    }

    /// What is known of the claimed postings that decides which pairs are written.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn read_marks(&mut self) -> Result<SieveMarks, StoreError> {
        let ids = self.jobs();
        self.store.within(read_marks(&mut self.transaction, &ids)).await
    }

    fn jobs(&self) -> Vec<JobId> {
        let mut ids: Vec<_> = self.rows.iter().map(|row| row.job_id).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Stores the matches and what is only counted, sets the poisonous postings aside, removes the batch from the outbox and commits.
    /// Gives the number of pairs that are new.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn finish(
        self,
        matches: Vec<NewMatch>,
        overflow: &[Overflow],
        poison: &[(JobId, String)],
    ) -> Result<u64, StoreError> {
        let Self { store, mut transaction, rows, attempt, .. } = self;
        let finished = store
            .within(async {
                let new = write_matches(&mut transaction, matches, overflow).await?;
                let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
                set_aside(&mut transaction, &ids, poison).await?;
                delete_attempt(&mut transaction, attempt).await?;
                transaction.commit().await?;
                Ok::<_, sqlx::Error>(new)
            })
            .await;
        if let Err(error) = &finished
            && (error.is_conflict() || error.is_duplicate())
        {
            // Another transaction was in the way, not a posting.
            store
                .within(
                    sqlx::query!("DELETE FROM worker.match_attempts WHERE id = $1", attempt)
                        .execute(&store.reserved),
                )
                .await?;
        }
        finished
    }

    /// Sets one posting aside and gives the others back.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn set_aside(self, job: JobId, error: String) -> Result<(), StoreError> {
        let Self { store, mut transaction, rows, attempt, .. } = self;
        let ids: Vec<i64> = rows.iter().filter(|row| row.job_id == job).map(|row| row.id).collect();
        store
            .within(async {
                set_aside(&mut transaction, &ids, &[(job, error)]).await?;
                delete_attempt(&mut transaction, attempt).await?;
                transaction.commit().await
            })
            .await
    }
}

struct Found {
    id: i64,
    job_id: i32,
    shard: i32,
    shards: i32,
    traceparent: Option<String>,
}

/// The rows, and the spans in which they were written.
async fn claim_rows(
    transaction: &mut Transaction<'_, Postgres>,
    limit: i64,
    shard: Shard,
) -> Result<(Vec<Row>, Vec<String>), sqlx::Error> {
    let mut found = if shard.is_whole() {
        sqlx::query_as!(
            Found,
            "SELECT id, job_id, shard, shards, traceparent FROM worker.outbox ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED",
            limit
        )
        .fetch_all(&mut **transaction)
        .await?
    } else {
        sqlx::query_as!(
            Found,
            "SELECT id, job_id, shard, shards, traceparent FROM worker.outbox
             WHERE shards > 1 AND shards = $2 AND shard = $3
             ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED",
            limit,
            shard.of(),
            shard.number()
        )
        .fetch_all(&mut **transaction)
        .await?
    };
    if found.is_empty() && !shard.is_whole() {
        found = sqlx::query_as!(
            Found,
            "SELECT id, job_id, shard, shards, traceparent FROM worker.outbox
             WHERE shards > $2 AND shards % $2 = 0 AND shard % $2 = $3
             ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED",
            limit,
            shard.of(),
            shard.number()
        )
        .fetch_all(&mut **transaction)
        .await?;
    }
    let mut traces: Vec<String> = found.iter_mut().filter_map(|row| row.traceparent.take()).collect();
    traces.sort_unstable();
    traces.dedup();
    let rows = found.into_iter().map(|row| Row {
        id: row.id,
        job_id: JobId(row.job_id),
        users: Shard::stored(row.shard, row.shards).unwrap_or(Shard::WHOLE),
    });
    Ok((rows.collect(), traces))
}

/// Divides rows that are for users of `shard` and for others too, so that each part is for users of it alone or for none of them.
async fn divide(
    transaction: &mut Transaction<'_, Postgres>,
    limit: i64,
    shard: Shard,
) -> Result<u64, sqlx::Error> {
    let divided = sqlx::query!(
        "WITH whole AS (
           DELETE FROM worker.outbox WHERE id IN (
             SELECT id FROM worker.outbox
             WHERE shards % $2 <> 0 AND shard % gcd(shards, $2) = $3 % gcd(shards, $2)
             ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED)
           RETURNING id, job_id, created_at, shard, shards, traceparent
         )
         INSERT INTO worker.outbox (job_id, created_at, shard, shards, traceparent)
         SELECT job_id, created_at, shard + shards * part, lcm(shards, $2), traceparent
         FROM whole, generate_series(0, $2 / gcd(shards, $2) - 1) part ORDER BY id, part",
        limit,
        shard.of(),
        shard.number()
    )
    .execute(&mut **transaction)
    .await?;
    Ok(divided.rows_affected())
}

/// Removes rows from the outbox; those of `poison` are kept with their errors.
async fn set_aside(
    transaction: &mut Transaction<'_, Postgres>,
    ids: &[i64],
    poison: &[(JobId, String)],
) -> Result<(), sqlx::Error> {
    if !poison.is_empty() {
        let (jobs, errors): (Vec<i32>, Vec<String>) =
            poison.iter().map(|(job, error)| (job.0, error.clone())).unzip();
        sqlx::query!(
            "INSERT INTO worker.outbox_dead (id, job_id, error)
             SELECT o.id, o.job_id, p.error FROM worker.outbox o
             JOIN UNNEST($2::int[], $3::text[]) AS p (job_id, error) ON p.job_id = o.job_id
             WHERE o.id = ANY($1) ON CONFLICT DO NOTHING",
            ids,
            &jobs,
            &errors
        )
        .execute(&mut **transaction)
        .await?;
    }
    sqlx::query!("DELETE FROM worker.outbox WHERE id = ANY($1)", ids).execute(&mut **transaction).await?;
    Ok(())
}

async fn delete_attempt(transaction: &mut Transaction<'_, Postgres>, id: i64) -> Result<(), sqlx::Error> {
    sqlx::query!("DELETE FROM worker.match_attempts WHERE id = $1", id).execute(&mut **transaction).await?;
    Ok(())
}

/// Forgets attempts of which nothing is left.
async fn forget_attempts(transaction: &mut Transaction<'_, Postgres>) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "DELETE FROM worker.match_attempts a WHERE NOT EXISTS (SELECT FROM worker.outbox o WHERE o.id = ANY(a.outbox_ids))"
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
