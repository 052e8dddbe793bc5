//! `worker.tasks` and `worker.rejected_messages`: what may be asked for from outside, and what was asked for in vain.

use chrono::{DateTime, Utc};

use super::{
    Store, StoreError,
    duration::{interval, millis},
};
use crate::domain::Queue;

/// A task as `worker.enqueue()` knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownTask {
    /// Name.
    pub name: String,
    /// Lane unless the caller says otherwise.
    pub queue: Queue,
    /// Attempts in all.
    pub max_attempts: i16,
    /// Longest an attempt may take.
    pub timeout: std::time::Duration,
}

/// A message that could not become a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedMessage {
    /// Row.
    pub id: i64,
    /// Lane it came on.
    pub queue: String,
    /// Its id in Redis.
    pub message_id: String,
    /// As received.
    pub payload: Vec<u8>,
    /// Why.
    pub reason: String,
    /// When.
    pub received_at: DateTime<Utc>,
}

impl Store {
    /// Tells `worker.enqueue()` which tasks there are. Tasks of other versions of the program stay.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn upsert_tasks(&self, tasks: &[KnownTask]) -> Result<(), StoreError> {
        let mut tasks = tasks.to_vec();
        tasks.sort_by(|a, b| a.name.cmp(&b.name));
        let names: Vec<_> = tasks.iter().map(|task| task.name.clone()).collect();
        let queues: Vec<_> = tasks.iter().map(|task| task.queue.as_str().to_owned()).collect();
        let attempts: Vec<_> = tasks.iter().map(|task| task.max_attempts).collect();
        let timeouts: Vec<_> = tasks.iter().map(|task| millis(task.timeout)).collect();
        let query = sqlx::query!(
            "INSERT INTO worker.tasks (name, queue, max_attempts, timeout_ms)
             SELECT * FROM unnest($1::text[], $2::text[], $3::smallint[], $4::bigint[])
             ON CONFLICT (name) DO UPDATE
             SET queue = excluded.queue, max_attempts = excluded.max_attempts, timeout_ms = excluded.timeout_ms, seen_at = now()",
            &names,
            &queues,
            &attempts,
            &timeouts
        );
        self.within(query.execute(&self.pool)).await?;
        Ok(())
    }

    /// Sets a message aside; the same message again changes nothing.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_rejected_message(
        &self,
        queue: Queue,
        message_id: &str,
        payload: &[u8],
        reason: &str,
    ) -> Result<(), StoreError> {
        let query = sqlx::query!(
            "INSERT INTO worker.rejected_messages (queue, message_id, payload, reason) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            queue.as_str(),
            message_id.replace('\0', ""),
            payload,
            reason.replace('\0', "")
        );
        self.within(query.execute(&self.pool)).await?;
        Ok(())
    }

    /// The newest messages that were set aside.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn list_rejected_messages(&self, most: i64) -> Result<Vec<RejectedMessage>, StoreError> {
        let query = sqlx::query_as!(
            RejectedMessage,
            "SELECT id, queue, message_id, payload, reason, received_at FROM worker.rejected_messages ORDER BY id DESC LIMIT $1",
            most
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// Deletes up to `batch` messages that were set aside longer ago than `older_than`.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn delete_rejected_messages(
        &self,
        older_than: std::time::Duration,
        batch: i64,
    ) -> Result<u64, StoreError> {
        let query = sqlx::query!(
            "DELETE FROM worker.rejected_messages WHERE id IN (
                 SELECT id FROM worker.rejected_messages WHERE received_at < now() - $1::interval ORDER BY id LIMIT $2)",
            interval(older_than),
            batch
        );
        Ok(self.within(query.execute(&self.pool)).await?.rows_affected())
    }
}
