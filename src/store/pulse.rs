//! How the whole is doing, for the first page a person sees: what was done in the last day, what needs attention, how full things are.
//!
//! Everything here is a bounded read; nothing here decides anything.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Store, StoreError, duration::interval};

/// Runs that ended in one span of time.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Span {
    /// Its begin.
    pub at: DateTime<Utc>,
    /// Ended well.
    pub done: i64,
    /// Failed for good.
    pub dead: i64,
    /// Half of them began at most this long after they were due, in seconds.
    pub wait_p50: Option<f64>,
    /// 95 of 100 began at most this long after they were due, in seconds.
    pub wait_p95: Option<f64>,
    /// 95 of 100 took at most this long, in seconds.
    pub took_p95: Option<f64>,
}

/// What stands still, and how much waits.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Pulse {
    /// Postings, about.
    pub postings: i64,
    /// Saved searches, about.
    pub searches: i64,
    /// Postings that wait for the matcher.
    pub outbox: i64,
    /// How long the oldest of them has waited, in seconds.
    pub outbox_oldest: Option<f64>,
    /// Postings set aside because they could not be matched.
    pub outbox_dead: i64,
    /// Messages from Redis that could not become a run.
    pub rejected_messages: i64,
    /// Searches with something that cannot be used.
    pub searches_with_problems: i64,
    /// Digests that nobody knows to have arrived; a person decides.
    pub digests_held: i64,
    /// Digests that failed for good in the last day.
    pub digests_failed: i64,
    /// Workers that hold a run now.
    pub workers: i64,
    /// When anything last ended well.
    pub last_done: Option<DateTime<Utc>>,
}

/// Runs of one task that failed for good lately.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct DeadRuns {
    /// Task.
    pub task: String,
    /// How many.
    pub runs: i64,
    /// The error of the last one.
    pub last_error: Option<String>,
    /// When that was.
    pub last_at: Option<DateTime<Utc>>,
}

/// One of the last runs of a schedule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ScheduleRun {
    /// Schedule.
    pub schedule: String,
    /// The run.
    pub id: i64,
    /// Its state.
    pub state: String,
    /// The tick it stands for.
    pub scheduled_for: Option<DateTime<Utc>>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// Its last error.
    pub error: Option<String>,
}

impl Store {
    /// What ended in the last `over`, in spans of `each`, oldest first; spans in which nothing ended are left out.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_spans(&self, over: Duration, each: Duration) -> Result<Vec<Span>, StoreError> {
        let query = sqlx::query_as!(
            Span,
            r#"SELECT date_bin($2, finished_at, 'epoch') AS "at!",
                      count(*) FILTER (WHERE state = 'done') AS "done!", count(*) FILTER (WHERE state = 'dead') AS "dead!",
                      percentile_cont(0.5) WITHIN GROUP (ORDER BY waited) AS wait_p50,
                      percentile_cont(0.95) WITHIN GROUP (ORDER BY waited) AS wait_p95,
                      percentile_cont(0.95) WITHIN GROUP (ORDER BY took) AS took_p95
               FROM (SELECT finished_at, state,
                            greatest(extract(epoch FROM started_at - greatest(run_at, created_at)), 0)::float8 AS waited,
                            extract(epoch FROM finished_at - started_at)::float8 AS took
                     FROM worker.runs
                     WHERE state IN ('done', 'dead', 'cancelled') AND finished_at > now() - $1::interval
                     ORDER BY finished_at DESC LIMIT 200000) ended
               GROUP BY 1 ORDER BY 1"#,
            interval(over),
            interval(each)
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// How the whole is doing.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn pulse(&self) -> Result<Pulse, StoreError> {
        let query = sqlx::query_as!(
            Pulse,
            r#"SELECT
                 (SELECT CASE WHEN reltuples < 10000 THEN (SELECT count(*) FROM jobs) ELSE reltuples::bigint END
                  FROM pg_class WHERE oid = 'public.jobs'::regclass) AS "postings!",
                 (SELECT CASE WHEN reltuples < 10000 THEN (SELECT count(*) FROM saved_searches) ELSE reltuples::bigint END
                  FROM pg_class WHERE oid = 'public.saved_searches'::regclass) AS "searches!",
                 (SELECT count(*) FROM (SELECT FROM worker.outbox LIMIT 100000) o) AS "outbox!",
                 (SELECT extract(epoch FROM now() - min(created_at))::float8
                  FROM (SELECT created_at FROM worker.outbox ORDER BY id LIMIT 100) o) AS outbox_oldest,
                 (SELECT count(*) FROM worker.outbox_dead) AS "outbox_dead!",
                 (SELECT count(*) FROM worker.rejected_messages) AS "rejected_messages!",
                 (SELECT count(DISTINCT search_id) FROM worker.search_problems) AS "searches_with_problems!",
                 (SELECT count(*) FROM worker.digests WHERE state = 'held') AS "digests_held!",
                 (SELECT count(*) FROM worker.digests WHERE state = 'failed' AND created_at > now() - interval '1 day') AS "digests_failed!",
                 (SELECT count(DISTINCT owner) FROM worker.runs WHERE state = 'running') AS "workers!",
                 (SELECT max(finished_at) FROM worker.runs WHERE state IN ('done', 'dead', 'cancelled')) AS last_done"#
        );
        self.within(query.fetch_one(&self.pool)).await
    }

    /// Runs that failed for good in the last `over`, by task.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_dead_runs(&self, over: Duration) -> Result<Vec<DeadRuns>, StoreError> {
        let query = sqlx::query_as!(
            DeadRuns,
            r#"SELECT task, count(*) AS "runs!", (array_agg(error ORDER BY finished_at DESC))[1] AS last_error,
                      max(finished_at) AS last_at
               FROM worker.runs WHERE state = 'dead' AND finished_at > now() - $1::interval
               GROUP BY task ORDER BY max(finished_at) DESC"#,
            interval(over)
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// The last `each` runs of each of these schedules, newest first.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_schedule_runs(
        &self,
        schedules: &[String],
        each: i64,
    ) -> Result<Vec<ScheduleRun>, StoreError> {
        let query = sqlx::query_as!(
            ScheduleRun,
            r#"SELECT s.name AS "schedule!", r.id, r.state, r.scheduled_for, r.started_at, r.finished_at, r.error
               FROM unnest($1::text[]) AS s (name)
               CROSS JOIN LATERAL (SELECT * FROM worker.runs WHERE schedule = s.name ORDER BY id DESC LIMIT $2) r
               ORDER BY s.name, r.id DESC"#,
            schedules,
            each
        );
        self.within(query.fetch_all(&self.pool)).await
    }
}
