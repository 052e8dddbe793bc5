//! `worker.runs`: want a run, look at runs, cancel, try again, delete. Claims and what ends them are in [`super::claims`].

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::PgConnection;
use utoipa::ToSchema;

use super::{
    Store, StoreError,
    duration::{interval, millis},
};
use crate::{
    domain::{NewRun, Queue, RunId, RunState},
    telemetry::trace,
};

/// A row of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Run {
    /// Row.
    pub id: i64,
    /// Task.
    pub task: String,
    /// Arguments.
    pub args: Value,
    /// Lane.
    pub queue: String,
    /// Higher first.
    pub priority: i16,
    /// Idempotency key.
    pub key: Option<String>,
    /// [`RunState`], as stored.
    pub state: String,
    /// Not before.
    pub run_at: DateTime<Utc>,
    /// Attempts begun and counted.
    pub attempt: i16,
    /// Attempts in all.
    pub max_attempts: i16,
    /// Longest an attempt may take, in milliseconds.
    pub timeout_ms: i64,
    /// Who wanted it.
    pub trigger: String,
    /// Its schedule.
    pub schedule: Option<String>,
    /// The tick it stands for.
    pub scheduled_for: Option<DateTime<Utc>>,
    /// Worker that holds it.
    pub owner: Option<String>,
    /// Until when, unless renewed.
    pub lease_until: Option<DateTime<Utc>>,
    /// Somebody wants it cancelled.
    pub cancel_wanted: bool,
    /// Steps done in this attempt.
    pub progress_done: i64,
    /// Steps in all; 0 is unknown.
    pub progress_total: i64,
    /// What it reports of itself.
    pub report: Option<Value>,
    /// Last error or reason.
    pub error: Option<String>,
    /// When it was wanted.
    pub created_at: DateTime<Utc>,
    /// When the last attempt began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it was over for good.
    pub finished_at: Option<DateTime<Utc>>,
}

/// Which runs to list; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Only in this state.
    pub state: Option<RunState>,
    /// Only of this task.
    pub task: Option<String>,
    /// Only on this lane.
    pub queue: Option<Queue>,
    /// Only of this schedule.
    pub schedule: Option<String>,
    /// Only older than this one: the next page.
    pub before: Option<RunId>,
}

/// What became of a wish to cancel or to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is in its new state.
    Now,
    /// A worker holds it and will hear of it at its next renewal.
    Soon,
    /// Its state does not allow it.
    No,
    /// There is no such run.
    Unknown,
}

impl Changed {
    /// Whether something was done.
    pub fn is_deed(self) -> bool {
        matches!(self, Self::Now | Self::Soon)
    }
}

/// How full a queue is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct QueueStats {
    /// Lane.
    pub queue: String,
    /// Nothing is claimed from it.
    pub paused: bool,
    /// Waiting, due or not yet.
    pub queued: i64,
    /// Waiting for another attempt.
    pub failed: i64,
    /// Held by workers.
    pub running: i64,
    /// Finished well and still kept.
    pub done: i64,
    /// Failed for good and still kept.
    pub dead: i64,
    /// Taken back and still kept.
    pub cancelled: i64,
    /// Waiting and due.
    pub due: i64,
    /// How long the oldest due one has waited, in milliseconds.
    pub oldest_due_ms: i64,
}

impl Store {
    /// Records a run and says whether it is new; a key that was used before returns the first run.
    ///
    /// # Errors
    /// The database does not answer or refuses the arguments.
    pub async fn insert_run(&self, run: &NewRun) -> Result<(RunId, bool), StoreError> {
        self.within(async {
            let mut connection = self.acquire().await?;
            insert_run(&mut connection, run).await
        })
        .await
    }

    /// Records a run unless one of the same task and arguments waits or runs already.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn insert_run_if_idle(&self, run: &NewRun) -> Result<Option<RunId>, StoreError> {
        let query = sqlx::query_scalar!(
            "SELECT id FROM worker.runs
             WHERE task = $1 AND args = $2 AND state IN ('queued', 'failed', 'running') LIMIT 1",
            run.task,
            run.args
        );
        if self.within(query.fetch_optional(&self.pool)).await?.is_some() {
            return Ok(None);
        }
        let (id, new) = self.insert_run(run).await?;
        Ok(new.then_some(id))
    }

    /// One run.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn get_run(&self, id: RunId) -> Result<Option<Run>, StoreError> {
        let query = sqlx::query_as!(
            Run,
            "SELECT id, task, args, queue, priority, key, state, run_at, attempt, max_attempts, timeout_ms, trigger, schedule,
                    scheduled_for, owner, lease_until, cancel_wanted, progress_done, progress_total, report, error, created_at,
                    started_at, finished_at
             FROM worker.runs WHERE id = $1",
            id.0
        );
        self.within(query.fetch_optional(&self.pool)).await
    }

    /// The newest runs that fit.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn list_runs(&self, filter: &RunFilter, most: i64) -> Result<Vec<Run>, StoreError> {
        let query = sqlx::query_as!(
            Run,
            "SELECT id, task, args, queue, priority, key, state, run_at, attempt, max_attempts, timeout_ms, trigger, schedule,
                    scheduled_for, owner, lease_until, cancel_wanted, progress_done, progress_total, report, error, created_at,
                    started_at, finished_at
             FROM worker.runs
             WHERE ($1::text IS NULL OR state = $1) AND ($2::text IS NULL OR task = $2) AND ($3::text IS NULL OR queue = $3)
               AND ($4::text IS NULL OR schedule = $4) AND ($5::bigint IS NULL OR id < $5)
             ORDER BY id DESC LIMIT $6",
            filter.state.map(RunState::as_str),
            filter.task,
            filter.queue.map(Queue::as_str),
            filter.schedule,
            filter.before.map(|id| id.0),
            most
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// The runs after id `after` and those in `also`, oldest first.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn list_runs_after(&self, after: i64, also: &[i64], most: i64) -> Result<Vec<Run>, StoreError> {
        let query = sqlx::query_as!(
            Run,
            "SELECT id, task, args, queue, priority, key, state, run_at, attempt, max_attempts, timeout_ms, trigger, schedule,
                    scheduled_for, owner, lease_until, cancel_wanted, progress_done, progress_total, report, error, created_at,
                    started_at, finished_at
             FROM worker.runs WHERE id > $1 OR id = ANY($2) ORDER BY id LIMIT $3",
            after,
            also,
            most.saturating_add(i64::try_from(also.len()).unwrap_or(0))
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// Runs that are not over, in no order.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn list_open_runs(&self, most: i64) -> Result<Vec<Run>, StoreError> {
        let query = sqlx::query_as!(
            Run,
            "SELECT id, task, args, queue, priority, key, state, run_at, attempt, max_attempts, timeout_ms, trigger, schedule,
                    scheduled_for, owner, lease_until, cancel_wanted, progress_done, progress_total, report, error, created_at,
                    started_at, finished_at
             FROM worker.runs WHERE state IN ('queued', 'failed', 'running') LIMIT $1",
            most
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// Writes the progress of a run at once; a worker also does it with every renewal.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn set_progress(
        &self,
        id: RunId,
        owner: &str,
        done: u64,
        total: u64,
    ) -> Result<bool, StoreError> {
        let query = sqlx::query!(
            "UPDATE worker.runs SET progress_done = $3, progress_total = $4 WHERE id = $1 AND owner = $2",
            id.0,
            owner,
            i64::try_from(done).unwrap_or(i64::MAX),
            i64::try_from(total).unwrap_or(i64::MAX)
        );
        Ok(self.within(query.execute(&self.pool)).await?.rows_affected() == 1)
    }

    /// How full each queue is; a queue without runs is listed too.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn queue_stats(&self) -> Result<Vec<QueueStats>, StoreError> {
        let all: Vec<String> = Queue::ALL.iter().map(|queue| queue.as_str().to_owned()).collect();
        let query = sqlx::query_as!(
            QueueStats,
            r#"SELECT q.queue AS "queue!",
                      EXISTS (SELECT FROM worker.pauses p WHERE p.kind = 'queue' AND p.name = q.queue) AS "paused!",
                      count(*) FILTER (WHERE r.state = 'queued') AS "queued!",
                      count(*) FILTER (WHERE r.state = 'failed') AS "failed!",
                      count(*) FILTER (WHERE r.state = 'running') AS "running!",
                      count(*) FILTER (WHERE r.state = 'done') AS "done!",
                      count(*) FILTER (WHERE r.state = 'dead') AS "dead!",
                      count(*) FILTER (WHERE r.state = 'cancelled') AS "cancelled!",
                      count(*) FILTER (WHERE r.state IN ('queued', 'failed') AND r.run_at <= now()) AS "due!",
                      coalesce((extract(epoch FROM now() - min(r.run_at)
                          FILTER (WHERE r.state IN ('queued', 'failed') AND r.run_at <= now())) * 1000)::bigint, 0) AS "oldest_due_ms!"
               FROM unnest($1::text[]) WITH ORDINALITY AS q (queue, place) LEFT JOIN worker.runs r ON r.queue = q.queue
               GROUP BY q.queue, q.place ORDER BY q.place"#,
            &all
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// Those of these queues that have due runs and are not paused.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn list_due_queues(&self, queues: &[Queue]) -> Result<Vec<Queue>, StoreError> {
        let names: Vec<String> = queues.iter().map(|queue| queue.as_str().to_owned()).collect();
        let query = sqlx::query_scalar!(
            r#"SELECT q.queue AS "queue!" FROM unnest($1::text[]) AS q (queue)
               WHERE EXISTS (SELECT FROM worker.runs r
                             WHERE r.queue = q.queue AND r.state IN ('queued', 'failed') AND r.run_at <= now())
                 AND NOT EXISTS (SELECT FROM worker.pauses p WHERE p.kind = 'queue' AND p.name = q.queue)"#,
            &names
        );
        let names = self.within(query.fetch_all(&self.pool)).await?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// Deletes up to `batch` runs that were over longer ago than `older_than`. Their keys can be used again.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn delete_finished_runs(&self, older_than: Duration, batch: i64) -> Result<u64, StoreError> {
        let query = sqlx::query!(
            r#"WITH old AS MATERIALIZED (
                   SELECT id FROM worker.runs
                   WHERE state IN ('done', 'dead', 'cancelled') AND finished_at < now() - $1::interval
                   ORDER BY finished_at LIMIT $2 FOR UPDATE SKIP LOCKED
               ), gone AS (DELETE FROM worker.runs r USING old WHERE r.id = old.id RETURNING r.id),
               attempts AS (DELETE FROM worker.attempts a USING old WHERE a.run_id = old.id),
               lines AS (DELETE FROM worker.run_lines l USING old WHERE l.run_id = old.id)
               SELECT count(*) AS "gone!" FROM gone"#,
            interval(older_than),
            batch
        );
        let gone = self.within(query.fetch_one(&self.pool)).await?.gone;
        Ok(u64::try_from(gone).unwrap_or_default())
    }
}

/// As [`Store::insert_run`], in somebody's transaction. The run follows from the span that is entered.
pub(super) async fn insert_run(
    connection: &mut PgConnection,
    run: &NewRun,
) -> Result<(RunId, bool), sqlx::Error> {
    let trace = trace::current();
    loop {
        let query = sqlx::query!(
            r#"WITH new AS (
                   INSERT INTO worker.runs (task, args, queue, priority, key, run_at, max_attempts, timeout_ms, trigger, schedule,
                                            traceparent)
                   VALUES ($1, $2, $3, $4, $5, coalesce($6, now()), $7, $8, $9, $10, $11)
                   ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING
                   RETURNING id
               )
               SELECT id AS "id!", true AS "new!" FROM new
               UNION ALL
               SELECT id, false FROM worker.runs WHERE key = $5 AND NOT EXISTS (SELECT FROM new)"#,
            run.task,
            run.args,
            run.queue.as_str(),
            run.priority,
            run.key,
            run.run_at,
            run.max_attempts,
            millis(run.timeout),
            run.trigger.as_str(),
            run.schedule,
            trace
        );
        // No row: the first one was committed after this statement's snapshot, or deleted since. The next statement sees it.
        if let Some(row) = query.fetch_optional(&mut *connection).await? {
            return Ok((RunId(row.id), row.new));
        }
    }
}

/// Cancels: a waiting run at once, a running one when its worker hears of it.
pub(super) async fn cancel_run(connection: &mut PgConnection, id: RunId) -> Result<Changed, sqlx::Error> {
    let query = sqlx::query_scalar!(
        "UPDATE worker.runs
         SET cancel_wanted = true,
             state = CASE WHEN state = 'running' THEN state ELSE 'cancelled' END,
             finished_at = CASE WHEN state = 'running' THEN NULL ELSE now() END,
             error = CASE WHEN state = 'running' THEN error ELSE 'cancelled' END
         WHERE id = $1 AND state IN ('queued', 'failed', 'running')
         RETURNING state",
        id.0
    );
    match query.fetch_optional(&mut *connection).await?.as_deref() {
        Some("running") => Ok(Changed::Soon),
        Some(_) => Ok(Changed::Now),
        None => refused(connection, id).await,
    }
}

/// Puts a dead or cancelled run back into its queue with all its attempts.
pub(super) async fn retry_run(connection: &mut PgConnection, id: RunId) -> Result<Changed, sqlx::Error> {
    let query = sqlx::query!(
        "UPDATE worker.runs
         SET state = 'queued', attempt = 0, run_at = now(), cancel_wanted = false, finished_at = NULL, error = NULL,
             report = NULL, progress_done = 0, progress_total = 0
         WHERE id = $1 AND state IN ('dead', 'cancelled')",
        id.0
    );
    match query.execute(&mut *connection).await?.rows_affected() {
        1 => Ok(Changed::Now),
        _ => refused(connection, id).await,
    }
}

async fn refused(connection: &mut PgConnection, id: RunId) -> Result<Changed, sqlx::Error> {
    let known = sqlx::query_scalar!(r#"SELECT true AS "known!" FROM worker.runs WHERE id = $1"#, id.0);
    Ok(if known.fetch_optional(connection).await?.is_some() { Changed::No } else { Changed::Unknown })
}
