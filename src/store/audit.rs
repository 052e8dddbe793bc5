//! Deeds of people through the admin endpoint: `worker.audit`, `worker.idempotency`. A deed and its record are one transaction.

use serde_json::Value;
use sqlx::PgConnection;

use super::{Changed, PauseKind, Store, StoreError};
use crate::domain::{NewRun, RunId};

/// Who does something.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    /// Id of the token, or `cli`.
    pub id: &'a str,
    /// Address it comes from.
    pub address: Option<&'a str>,
}

/// A wish with an Idempotency-Key.
#[derive(Clone, Copy, Debug)]
pub struct Idempotency<'a> {
    /// The key.
    pub key: &'a str,
    /// Hex SHA-256 of the request's body.
    pub body_hash: &'a str,
}

/// What became of an enqueue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enqueued {
    /// A new run.
    New(RunId),
    /// The run of an earlier wish with the same key.
    Known(RunId),
    /// The Idempotency-Key was used for another body.
    KeyReused,
}

impl Store {
    /// Records a run, its audit entry and its Idempotency-Key in one transaction.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn enqueue_for(
        &self,
        actor: Actor<'_>,
        run: &NewRun,
        idempotency: Option<Idempotency<'_>>,
    ) -> Result<Enqueued, StoreError> {
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            if let Some(wish) = idempotency {
                // The lock makes a second request with the same key wait for the first.
                sqlx::query!("SELECT pg_advisory_xact_lock(hashtextextended($1 || ' ' || $2, 0))", actor.id, wish.key)
                    .execute(&mut *transaction)
                    .await?;
                let known = sqlx::query!(
                    "SELECT body_hash, run_id FROM worker.idempotency
                     WHERE token_id = $1 AND key = $2 AND created_at > now() - interval '1 day'",
                    actor.id,
                    wish.key
                )
                .fetch_optional(&mut *transaction)
                .await?;
                if let Some(known) = known {
                    let same = known.body_hash == wish.body_hash;
                    return Ok(if same { Enqueued::Known(RunId(known.run_id)) } else { Enqueued::KeyReused });
                }
            }
            let (id, new) = super::runs::insert_run(&mut transaction, run).await?;
            if let Some(wish) = idempotency {
                sqlx::query!(
                    "INSERT INTO worker.idempotency (token_id, key, body_hash, run_id) VALUES ($1, $2, $3, $4)
                     ON CONFLICT (token_id, key) DO UPDATE SET body_hash = $3, run_id = $4, created_at = now()",
                    actor.id,
                    wish.key,
                    wish.body_hash,
                    id.0
                )
                .execute(&mut *transaction)
                .await?;
            }
            let detail = serde_json::json!({ "run": id, "new": new, "args": run.args, "key": idempotency.map(|wish| wish.key) });
            insert_audit(&mut transaction, actor, "enqueue", &run.task, &detail).await?;
            transaction.commit().await?;
            Ok::<_, sqlx::Error>(if new { Enqueued::New(id) } else { Enqueued::Known(id) })
        })
        .await
    }

    /// Cancels a run and records who did it, in one transaction.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn cancel_run_for(&self, actor: Actor<'_>, id: RunId) -> Result<Changed, StoreError> {
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            let changed = super::runs::cancel_run(&mut transaction, id).await?;
            commit_change(transaction, actor, "cancel", id, changed).await
        })
        .await
    }

    /// Puts a run back into its queue and records who did it, in one transaction.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn retry_run_for(&self, actor: Actor<'_>, id: RunId) -> Result<Changed, StoreError> {
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            let changed = super::runs::retry_run(&mut transaction, id).await?;
            commit_change(transaction, actor, "retry", id, changed).await
        })
        .await
    }

    /// Pauses something and records who did it, in one transaction.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn pause_for(&self, actor: Actor<'_>, kind: PauseKind, name: &str) -> Result<(), StoreError> {
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            super::pauses::insert_pause(&mut transaction, kind, name, Some(actor.id)).await?;
            let subject = format!("{}s/{name}", kind.as_str());
            insert_audit(&mut transaction, actor, "pause", &subject, &serde_json::json!({})).await?;
            transaction.commit().await
        })
        .await
    }

    /// Resumes something and records who did it, in one transaction.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn resume_for(&self, actor: Actor<'_>, kind: PauseKind, name: &str) -> Result<(), StoreError> {
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            super::pauses::delete_pause(&mut transaction, kind, name).await?;
            let subject = format!("{}s/{name}", kind.as_str());
            insert_audit(&mut transaction, actor, "resume", &subject, &serde_json::json!({})).await?;
            transaction.commit().await
        })
        .await
    }

    /// Records a deed.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn insert_audit(
        &self,
        actor: Actor<'_>,
        action: &str,
        subject: &str,
        detail: &Value,
    ) -> Result<(), StoreError> {
        self.within(async {
            let mut connection = self.pool.acquire().await?;
            insert_audit(&mut connection, actor, action, subject, detail).await
        })
        .await
    }

    /// Forgets Idempotency-Keys older than a day, at most `batch`.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn delete_idempotency_keys(&self, batch: i64) -> Result<u64, StoreError> {
        let done = self
            .within(
                sqlx::query!(
                    "DELETE FROM worker.idempotency WHERE ctid = ANY(ARRAY(
                         SELECT ctid FROM worker.idempotency WHERE created_at < now() - interval '1 day' LIMIT $1))",
                    batch
                )
                .execute(&self.pool),
            )
            .await?;
        Ok(done.rows_affected())
    }
}

/// What changed nothing is no deed.
async fn commit_change(
    mut transaction: sqlx::Transaction<'_, sqlx::Postgres>,
    actor: Actor<'_>,
    action: &str,
    id: RunId,
    changed: Changed,
) -> Result<Changed, sqlx::Error> {
    if matches!(changed, Changed::Now | Changed::Soon) {
        insert_audit(&mut transaction, actor, action, &id.to_string(), &serde_json::json!({})).await?;
    }
    transaction.commit().await?;
    Ok(changed)
}

async fn insert_audit(
    connection: &mut PgConnection,
    actor: Actor<'_>,
    action: &str,
    subject: &str,
    detail: &Value,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO worker.audit (actor, address, action, subject, detail) VALUES ($1, $2, $3, $4, $5)",
        actor.id,
        actor.address,
        action,
        subject,
        detail
    )
    .execute(connection)
    .await?;
    Ok(())
}
