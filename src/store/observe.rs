//! What the gauges show: how much waits, how long, and how the sources do.
//!
//! It is read whenever somebody scrapes, on a database that has other things to do: in one read-only transaction, each statement within
//! [`PATIENCE`], no statement looking at more than [`MOST`] rows of anything that can grow, and no more often than every [`FRESH`],
//! however many ask. To show one more number: a field and a statement here, a gauge in [`crate::observe`].

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use tokio::sync::Mutex;

use super::{DigestsSeen, Store, StoreError, digest_deeds::count_digests};
use crate::domain::Queue;

/// Rows that are counted; what is more is as much as this.
const MOST: i64 = 10_000;
/// What was seen is good for this long.
const FRESH: Duration = Duration::from_secs(5);
/// Longest statement, and half of the longest wait for the whole.
const PATIENCE: Duration = Duration::from_secs(1);

/// What was seen last, and when.
pub(super) type Seen = Mutex<Option<(Instant, Observed)>>;

/// One look at the database.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// By task, of those asked for.
    pub tasks: Vec<TaskSeen>,
    /// By queue, all of them.
    pub queues: Vec<QueueSeen>,
    /// By schedule, of those asked for that had a good run lately.
    pub schedules: Vec<ScheduleSeen>,
    /// By source.
    pub boards: Vec<BoardsSeen>,
    /// Postings that wait for the matcher.
    pub outbox_rows: i64,
    /// How long the oldest of them has waited, seconds.
    pub outbox_oldest: f64,
    /// Postings that were set aside.
    pub outbox_dead: i64,
    /// Digests that wait for something, by channel and state.
    pub digests: Vec<DigestsSeen>,
}

/// Runs of one task.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskSeen {
    /// Name.
    pub task: String,
    /// Waiting, due or not, for a first or another attempt.
    pub waiting: i64,
    /// Held by workers.
    pub running: i64,
    /// Failed for good.
    pub dead: i64,
    /// How long the oldest due one has waited, seconds.
    pub oldest_due: f64,
}

/// Runs on one queue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueSeen {
    /// Name.
    pub queue: String,
    /// Waiting for a first attempt.
    pub queued: i64,
    /// Waiting for another attempt.
    pub failed: i64,
    /// Of both, those that are due.
    pub due: i64,
    /// How long the oldest due one has waited, seconds.
    pub oldest_due: f64,
    /// A person paused it.
    pub paused: bool,
}

/// The last good run of a schedule.
#[derive(Clone, Debug, PartialEq)]
pub struct ScheduleSeen {
    /// Name.
    pub schedule: String,
    /// When it ended.
    pub succeeded_at: DateTime<Utc>,
}

/// Boards of one source.
#[derive(Clone, Debug, PartialEq)]
pub struct BoardsSeen {
    /// Name.
    pub source: String,
    /// Read well lately.
    pub healthy: i64,
    /// Not.
    pub unhealthy: i64,
}

impl Store {
    /// A look at the database that is not older than a few seconds.
    ///
    /// # Errors
    /// The database does not answer in two seconds.
    pub async fn observe(&self, tasks: &[String], schedules: &[String]) -> Result<Observed, StoreError> {
        let limit = PATIENCE * 2;
        let look = async {
            let mut seen = self.seen.lock().await;
            if let Some((at, observed)) = &*seen
                && at.elapsed() < FRESH
            {
                return Ok(observed.clone());
            }
            let observed = self.look(tasks, schedules).await?;
            *seen = Some((Instant::now(), observed.clone()));
            Ok(observed)
        };
        tokio::time::timeout(limit, look).await.unwrap_or(Err(StoreError::Timeout(limit)))
    }

    /// Connections to the database: idle, used, most.
    pub fn connections(&self) -> (u32, u32, u32) {
        let (all, most) = (self.pool.size(), self.pool.options().get_max_connections());
        let idle = u32::try_from(self.pool.num_idle()).unwrap_or(all).min(all);
        (idle, all - idle, most)
    }

    async fn look(&self, tasks: &[String], schedules: &[String]) -> Result<Observed, sqlx::Error> {
        let mut transaction = self.pool.begin().await?;
        sqlx::query("SET TRANSACTION READ ONLY").execute(&mut *transaction).await?;
        sqlx::query("SELECT set_config('statement_timeout', $1, true)")
            .bind(PATIENCE.as_millis().to_string())
            .execute(&mut *transaction)
            .await?;
        let mut observed = Observed {
            tasks: look_at_tasks(&mut transaction, tasks).await?,
            queues: look_at_queues(&mut transaction).await?,
            schedules: look_at_schedules(&mut transaction, schedules).await?,
            boards: look_at_boards(&mut transaction).await?,
            ..Observed::default()
        };
        look_at_outbox(&mut transaction, &mut observed).await?;
        observed.digests = count_digests(&mut transaction, MOST).await?;
        transaction.rollback().await?;
        Ok(observed)
    }
}

async fn look_at_tasks(
    connection: &mut PgConnection,
    tasks: &[String],
) -> Result<Vec<TaskSeen>, sqlx::Error> {
    sqlx::query_as!(
        TaskSeen,
        r#"SELECT t.task AS "task!",
                  (SELECT count(*) FROM (SELECT FROM worker.runs r WHERE r.task = t.task AND r.state IN ('queued', 'failed')
                                         LIMIT $2) x) AS "waiting!",
                  (SELECT count(*) FROM (SELECT r.task FROM worker.runs r WHERE r.state = 'running' LIMIT $2) x
                   WHERE x.task = t.task) AS "running!",
                  (SELECT count(*) FROM (SELECT FROM worker.runs r WHERE r.task = t.task AND r.state = 'dead' LIMIT $2) x) AS "dead!",
                  coalesce((SELECT extract(epoch FROM now() - r.run_at)::float8 FROM worker.runs r
                            WHERE r.task = t.task AND r.state IN ('queued', 'failed') AND r.run_at <= now()
                            ORDER BY r.run_at LIMIT 1), 0) AS "oldest_due!"
           FROM unnest($1::text[]) AS t (task)"#,
        tasks,
        MOST
    )
    .fetch_all(connection)
    .await
}

async fn look_at_queues(connection: &mut PgConnection) -> Result<Vec<QueueSeen>, sqlx::Error> {
    let all: Vec<String> = Queue::ALL.iter().map(|queue| queue.as_str().to_owned()).collect();
    sqlx::query_as!(
        QueueSeen,
        r#"SELECT q.queue AS "queue!", w.queued AS "queued!", w.failed AS "failed!", w.due AS "due!", w.oldest_due AS "oldest_due!",
                  EXISTS (SELECT FROM worker.pauses p WHERE p.kind = 'queue' AND p.name = q.queue) AS "paused!"
           FROM unnest($1::text[]) WITH ORDINALITY AS q (queue, place), LATERAL (
             SELECT count(*) FILTER (WHERE x.state = 'queued') AS queued, count(*) FILTER (WHERE x.state = 'failed') AS failed,
                    count(*) FILTER (WHERE x.run_at <= now()) AS due,
                    greatest(coalesce(extract(epoch FROM now() - min(x.run_at))::float8, 0), 0) AS oldest_due
             FROM (SELECT r.state, r.run_at FROM worker.runs r
                   WHERE r.queue = q.queue AND r.state IN ('queued', 'failed')
                   ORDER BY r.priority DESC, r.run_at, r.id LIMIT $2) x) w
           ORDER BY q.place"#,
        &all,
        MOST
    )
    .fetch_all(connection)
    .await
}

async fn look_at_schedules(
    connection: &mut PgConnection,
    schedules: &[String],
) -> Result<Vec<ScheduleSeen>, sqlx::Error> {
    sqlx::query_as!(
        ScheduleSeen,
        r#"SELECT s.schedule AS "schedule!", good.finished_at AS "succeeded_at!"
           FROM unnest($1::text[]) AS s (schedule), LATERAL (
             SELECT r.finished_at FROM worker.runs r WHERE r.schedule = s.schedule AND r.state = 'done'
             ORDER BY r.finished_at DESC LIMIT 1) good"#,
        schedules
    )
    .fetch_all(connection)
    .await
}

async fn look_at_boards(connection: &mut PgConnection) -> Result<Vec<BoardsSeen>, sqlx::Error> {
    sqlx::query_as!(
        BoardsSeen,
        r#"SELECT source, count(*) FILTER (WHERE healthy) AS "healthy!", count(*) FILTER (WHERE NOT healthy) AS "unhealthy!"
           FROM worker.source_health GROUP BY source"#
    )
    .fetch_all(connection)
    .await
}

async fn look_at_outbox(connection: &mut PgConnection, observed: &mut Observed) -> Result<(), sqlx::Error> {
    let outbox = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM (SELECT FROM worker.outbox LIMIT $1) x) AS "rows!",
                  (SELECT count(*) FROM (SELECT FROM worker.outbox_dead LIMIT $1) x) AS "dead!",
                  greatest(coalesce((SELECT extract(epoch FROM now() - created_at)::float8 FROM worker.outbox ORDER BY id LIMIT 1), 0), 0)
                      AS "oldest!""#,
        MOST
    )
    .fetch_one(connection)
    .await?;
    observed.outbox_rows = outbox.rows;
    observed.outbox_dead = outbox.dead;
    observed.outbox_oldest = outbox.oldest;
    Ok(())
}
