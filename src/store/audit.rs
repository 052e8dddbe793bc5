//! Deeds of people through the admin endpoint: `worker.audit`, `worker.idempotency`. A deed and its record are one transaction.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;
use utoipa::ToSchema;

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

/// What a person does to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunDeed {
    /// Take it back.
    Cancel,
    /// Put it back into its queue with all its attempts.
    Retry,
}

impl RunDeed {
    /// The word of the audit.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancel",
            Self::Retry => "retry",
        }
    }
}

/// A record of the audit.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct AuditRecord {
    /// Row.
    pub id: i64,
    /// When.
    pub at: DateTime<Utc>,
    /// Id of a token, or `cli`.
    pub actor: String,
    /// Address it came from.
    pub address: Option<String>,
    /// One word or two.
    pub action: String,
    /// What it was done to.
    pub subject: String,
    /// Details.
    pub detail: Value,
}

/// Which records to list; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only of this actor.
    pub actor: Option<String>,
    /// Only this action.
    pub action: Option<String>,
    /// Only older than this one: the next page.
    pub before: Option<i64>,
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

    /// Cancels a run or puts it back into its queue, and records who did it, in one transaction.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn change_run_for(
        &self,
        actor: Actor<'_>,
        deed: RunDeed,
        id: RunId,
    ) -> Result<Changed, StoreError> {
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            let changed = change(&mut transaction, deed, id).await?;
            if changed.is_deed() {
                insert_audit(&mut transaction, actor, deed.as_str(), &id.to_string(), &serde_json::json!({}))
                    .await?;
            }
            transaction.commit().await?;
            Ok::<_, sqlx::Error>(changed)
        })
        .await
    }

    /// As [`Store::change_run_for`] for several runs at once; those whose state does not allow it are left alone. Answers which were
    /// changed.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn change_runs_for(
        &self,
        actor: Actor<'_>,
        deed: RunDeed,
        ids: &[RunId],
    ) -> Result<Vec<RunId>, StoreError> {
        // In the order of the rows, so that two of these at once do not wait for each other.
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            let mut changed = Vec::new();
            for id in ids {
                if change(&mut transaction, deed, id).await?.is_deed() {
                    changed.push(id);
                }
            }
            if !changed.is_empty() {
                let detail = serde_json::json!({ "runs": changed });
                let subject = format!("{} runs", changed.len());
                insert_audit(&mut transaction, actor, deed.as_str(), &subject, &detail).await?;
            }
            transaction.commit().await?;
            Ok::<_, sqlx::Error>(changed)
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

    /// The newest records that fit.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_audit(&self, filter: &AuditFilter, limit: i64) -> Result<Vec<AuditRecord>, StoreError> {
        let query = sqlx::query_as!(
            AuditRecord,
            "SELECT id, at, actor, address, action, subject, detail FROM worker.audit
             WHERE ($1::text IS NULL OR actor = $1) AND ($2::text IS NULL OR action = $2) AND ($3::bigint IS NULL OR id < $3)
             ORDER BY id DESC LIMIT $4",
            filter.actor,
            filter.action,
            filter.before,
            limit
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// Forgets deeds of more than `days` ago.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn delete_old_audit(&self, days: i32, limit: i64) -> Result<u64, StoreError> {
        let query = sqlx::query!(
            "DELETE FROM worker.audit WHERE ctid = ANY(ARRAY(
                 SELECT ctid FROM worker.audit WHERE at < now() - make_interval(days => $1) ORDER BY at LIMIT $2))",
            days,
            limit,
        );
        Ok(self.within(query.execute(&self.pool)).await?.rows_affected())
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

async fn change(connection: &mut PgConnection, deed: RunDeed, id: RunId) -> Result<Changed, sqlx::Error> {
    match deed {
        RunDeed::Cancel => super::runs::cancel_run(connection, id).await,
        RunDeed::Retry => super::runs::retry_run(connection, id).await,
    }
}

pub(super) async fn insert_audit(
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
