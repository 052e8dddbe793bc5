//! Schedules and their ticks: `worker.schedules`, `worker.ticks`.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Store, StoreError};
use crate::{domain::RunId, telemetry::trace};

/// How far one schedule has been seen to, by the database's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watermark {
    /// Name.
    pub schedule: String,
    /// Ticks up to here are dealt with.
    pub until: DateTime<Utc>,
    /// A person paused it.
    pub paused: bool,
}

/// A tick to fire, with its run.
#[derive(Clone, Debug)]
pub struct Tick<'a> {
    /// Name of the schedule.
    pub schedule: &'a str,
    /// When it was due.
    pub scheduled_for: DateTime<Utc>,
    /// Start not before this.
    pub run_at: DateTime<Utc>,
    /// Leave the tick out while an earlier run of the schedule is unfinished.
    pub skip_overlap: bool,
    /// Task.
    pub task: &'a str,
    /// Arguments.
    pub args: &'a Value,
    /// Lane.
    pub queue: &'a str,
    /// Attempts in all.
    pub max_attempts: i16,
    /// Longest attempt, milliseconds.
    pub timeout_ms: i64,
}

/// What became of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fired {
    /// This call made the run.
    Run(RunId),
    /// The last run is unfinished; the tick is recorded as skipped.
    Overlaps,
    /// Another replica fired it before.
    Known,
}

impl Store {
    /// Makes every schedule in `specs` (name, what decides its times) known; a new or changed one starts now. Gives the database's
    /// time and all watermarks.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn upsert_schedules(
        &self,
        specs: &[(String, String)],
    ) -> Result<(DateTime<Utc>, Vec<Watermark>), StoreError> {
        let (names, texts): (Vec<String>, Vec<String>) = specs.iter().cloned().unzip();
        self.within(async {
            sqlx::query!(
                "INSERT INTO worker.schedules (name, spec) SELECT * FROM UNNEST($1::text[], $2::text[]) AS given (name, spec) ORDER BY name
                 ON CONFLICT (name) DO UPDATE SET spec = excluded.spec, watermark = now() WHERE schedules.spec <> excluded.spec",
                &names,
                &texts
            )
            .execute(&self.pool)
            .await?;
            let rows = sqlx::query!(
                r#"SELECT name, watermark, now() AS "now!",
                          EXISTS (SELECT FROM worker.pauses WHERE kind = 'schedule' AND pauses.name = schedules.name) AS "paused!"
                   FROM worker.schedules WHERE name = ANY($1)"#,
                &names
            )
            .fetch_all(&self.pool)
            .await?;
            let now = rows.first().map(|row| row.now).unwrap_or_default();
            let marks = rows
                .into_iter()
                .map(|row| Watermark { schedule: row.name, until: row.watermark, paused: row.paused })
                .collect();
            Ok::<_, sqlx::Error>((now, marks))
        })
        .await
    }

    /// How far each schedule that was ever played has been seen to.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_watermarks(&self) -> Result<Vec<Watermark>, StoreError> {
        let query = sqlx::query_as!(
            Watermark,
            r#"SELECT name AS schedule, watermark AS until,
                      EXISTS (SELECT FROM worker.pauses WHERE kind = 'schedule' AND pauses.name = schedules.name) AS "paused!"
               FROM worker.schedules"#
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// Records that the ticks of `schedule` up to `until` are left out.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn skip_ticks(&self, schedule: &str, until: DateTime<Utc>) -> Result<(), StoreError> {
        self.within(
            sqlx::query!(
                "WITH tick AS (
                     INSERT INTO worker.ticks (schedule, scheduled_for, outcome) VALUES ($1, $2, 'skipped') ON CONFLICT DO NOTHING
                 )
                 UPDATE worker.schedules SET watermark = $2 WHERE name = $1 AND watermark < $2",
                schedule,
                until
            )
            .execute(&self.pool),
        )
        .await?;
        Ok(())
    }

    /// Records a tick and its run in one statement: once, however many replicas try and however they are killed.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn fire_tick(&self, tick: &Tick<'_>) -> Result<Fired, StoreError> {
        let fired = self
            .within(
                sqlx::query!(
                    r#"WITH tick AS (
                         INSERT INTO worker.ticks (schedule, scheduled_for, outcome)
                         SELECT $1, $2, CASE WHEN $4 AND EXISTS (
                             SELECT FROM worker.runs WHERE schedule = $1 AND state IN ('queued', 'running', 'failed')
                         ) THEN 'skipped' ELSE 'fired' END
                         ON CONFLICT DO NOTHING
                         RETURNING outcome
                     ), run AS (
                         INSERT INTO worker.runs (task, args, queue, run_at, max_attempts, timeout_ms, trigger, schedule, scheduled_for,
                                                  traceparent)
                         SELECT $5, $6, $7, $3, $8, $9, 'schedule', $1, $2, $10 FROM tick WHERE outcome = 'fired'
                         RETURNING id
                     ), mark AS (
                         UPDATE worker.schedules SET watermark = $2 WHERE name = $1 AND watermark < $2
                     )
                     SELECT tick.outcome, (SELECT id FROM run) AS id FROM tick"#,
                    tick.schedule,
                    tick.scheduled_for,
                    tick.run_at,
                    tick.skip_overlap,
                    tick.task,
                    tick.args,
                    tick.queue,
                    tick.max_attempts,
                    tick.timeout_ms,
                    trace::current()
                )
                .fetch_optional(&self.pool),
            )
            .await?;
        Ok(match fired.map(|row| row.id) {
            None => Fired::Known,
            Some(None) => Fired::Overlaps,
            Some(Some(id)) => Fired::Run(RunId(id)),
        })
    }

    /// Forgets ticks older than `days`; the watermarks keep them from firing again. At most `batch` rows; gives how many went.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn delete_old_ticks(&self, days: i32, batch: i64) -> Result<u64, StoreError> {
        let done = self
            .within(
                sqlx::query!(
                    "DELETE FROM worker.ticks WHERE ctid = ANY(ARRAY(
                         SELECT ctid FROM worker.ticks WHERE created_at < now() - make_interval(days => $1) LIMIT $2))",
                    days,
                    batch
                )
                .execute(&self.pool),
            )
            .await?;
        Ok(done.rows_affected())
    }
}
