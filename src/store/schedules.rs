//! Schedules and their ticks: `worker.schedules`, `worker.ticks`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{Store, StoreError};
use crate::domain::RunId;

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

/// What a look at schedules found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The database's time.
    pub now: DateTime<Utc>,
    /// The database was restored, and nobody has said since that work may go on.
    pub quarantined: bool,
    /// Those that were asked for.
    pub marks: Vec<Watermark>,
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
    /// The trace that it begins, as W3C has it.
    pub traceparent: Option<String>,
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
    /// Makes every schedule in `specs` (name, what decides its times) known; a new or changed one starts now. Where all are known, nothing
    /// is written or locked.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn look_at_schedules(&self, specs: &[(String, String)]) -> Result<Look, StoreError> {
        let (names, texts): (Vec<String>, Vec<String>) = specs.iter().cloned().unzip();
        self.within(async {
            let mut look = self.read_schedules(&names, &texts).await?;
            if look.marks.len() < specs.len() {
                sqlx::query!(
                    "INSERT INTO worker.schedules (name, spec) SELECT * FROM UNNEST($1::text[], $2::text[]) AS given (name, spec)
                     ORDER BY name
                     ON CONFLICT (name) DO UPDATE SET spec = excluded.spec, watermark = now() WHERE schedules.spec <> excluded.spec",
                    &names,
                    &texts
                )
                .execute(&self.pool)
                .await?;
                look = self.read_schedules(&names, &texts).await?;
            }
            Ok::<_, sqlx::Error>(look)
        })
        .await
    }

    /// Those that are known as they are given.
    async fn read_schedules(&self, names: &[String], specs: &[String]) -> Result<Look, sqlx::Error> {
        let rows = sqlx::query!(
            r#"SELECT now() AS "now!", (SELECT mode = 'quarantined' FROM worker.daemon_state) OR to_regclass('career_restore.pending') IS NOT NULL AS "quarantined!",
                      name AS "name?", watermark AS "watermark?",
                      EXISTS (SELECT FROM worker.pauses WHERE kind = 'schedule' AND pauses.name = known.name) AS "paused!"
               FROM (SELECT) AS always LEFT JOIN (
                   SELECT name, watermark FROM worker.schedules JOIN UNNEST($1::text[], $2::text[]) AS given (name, spec) USING (name, spec)
               ) AS known ON true"#,
            names,
            specs
        )
        .fetch_all(&self.pool)
        .await?;
        let (now, quarantined) = rows.first().map(|row| (row.now, row.quarantined)).unwrap_or_default();
        let mark = |(name, until, paused)| Some(Watermark { schedule: name?, until: until?, paused });
        let marks = rows.into_iter().filter_map(|row| mark((row.name, row.watermark, row.paused))).collect();
        Ok(Look { now, quarantined, marks })
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

    /// Records ticks, of each schedule one at the most, and their runs in one statement: each once, however many replicas try and however
    /// they are killed. Gives what became of each.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn fire_ticks(&self, ticks: &[Tick<'_>]) -> Result<Vec<Fired>, StoreError> {
        let texts = |get: for<'a> fn(&Tick<'a>) -> &'a str| -> Vec<String> {
            ticks.iter().map(|tick| get(tick).to_owned()).collect()
        };
        let times: Vec<_> = ticks.iter().map(|tick| tick.scheduled_for).collect();
        let starts: Vec<_> = ticks.iter().map(|tick| tick.run_at).collect();
        let skip: Vec<_> = ticks.iter().map(|tick| tick.skip_overlap).collect();
        let args: Vec<_> = ticks.iter().map(|tick| tick.args.clone()).collect();
        let attempts: Vec<_> = ticks.iter().map(|tick| tick.max_attempts).collect();
        let timeouts: Vec<_> = ticks.iter().map(|tick| tick.timeout_ms).collect();
        let parents: Vec<_> = ticks.iter().map(|tick| tick.traceparent.clone()).collect();
        // Ticks are recorded and watermarks locked in one order by all replicas, so that none waits for another that waits for it.
        let query = sqlx::query!(
            r#"WITH given AS (
                 SELECT * FROM UNNEST($1::text[], $2::timestamptz[], $3::timestamptz[], $4::bool[], $5::text[], $6::jsonb[], $7::text[],
                                      $8::int2[], $9::int8[], $10::text[])
                   AS given (schedule, scheduled_for, run_at, skip_overlap, task, args, queue, max_attempts, timeout_ms, traceparent)
             ), tick AS (
                 INSERT INTO worker.ticks (schedule, scheduled_for, outcome)
                 SELECT schedule, scheduled_for, CASE WHEN skip_overlap AND EXISTS (
                     SELECT FROM worker.runs WHERE runs.schedule = given.schedule AND state IN ('queued', 'running', 'failed')
                 ) THEN 'skipped' ELSE 'fired' END
                 FROM given ORDER BY schedule, scheduled_for
                 ON CONFLICT DO NOTHING
                 RETURNING schedule, scheduled_for, outcome
             ), run AS (
                 INSERT INTO worker.runs (task, args, queue, run_at, max_attempts, timeout_ms, trigger, schedule, scheduled_for,
                                          traceparent)
                 SELECT task, args, queue, run_at, max_attempts, timeout_ms, 'schedule', schedule, scheduled_for, traceparent
                 FROM given JOIN tick USING (schedule, scheduled_for) WHERE outcome = 'fired'
                 RETURNING id, schedule
             ), locked AS (
                 SELECT name FROM worker.schedules WHERE name = ANY($1) ORDER BY name FOR UPDATE
             ), mark AS (
                 UPDATE worker.schedules SET watermark = scheduled_for
                 FROM given JOIN locked ON locked.name = given.schedule
                 WHERE schedules.name = given.schedule AND watermark < scheduled_for
             )
             SELECT schedule, (SELECT id FROM run WHERE run.schedule = tick.schedule) AS id FROM tick"#,
            &texts(|tick| tick.schedule),
            &times,
            &starts,
            &skip,
            &texts(|tick| tick.task),
            &args,
            &texts(|tick| tick.queue),
            &attempts,
            &timeouts,
            &parents as &[Option<String>]
        );
        let rows = self.within(query.fetch_all(&self.pool)).await?;
        let recorded: HashMap<String, Option<i64>> =
            rows.into_iter().map(|row| (row.schedule, row.id)).collect();
        Ok(ticks
            .iter()
            .map(|tick| match recorded.get(tick.schedule) {
                None => Fired::Known,
                Some(None) => Fired::Overlaps,
                Some(Some(id)) => Fired::Run(RunId(*id)),
            })
            .collect())
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
