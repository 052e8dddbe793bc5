//! `worker.runs` while a worker holds a run: claim, renew, finish, give back.
//!
//! Only the database's clock counts. A claim sets owner and lease and counts the attempt; every later statement is fenced by owner and
//! claim number, so a worker that lost its lease can change nothing. What follows from an outcome is decided in [`super::transition::Next`].

use std::{collections::HashSet, time::Duration};

use super::{
    Store, StoreError,
    duration::{interval, millis},
    transition::{Backoff, Next},
};
use crate::{
    domain::{ClaimedRun, NewRun, Outcome, Queue, RunId, Shard},
    telemetry::trace,
};
use serde_json::Value;

/// A held run as its worker reports it with a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Renewal {
    /// Row.
    pub id: RunId,
    /// [`ClaimedRun::claim`].
    pub claim: i32,
    /// Progress: steps done, steps in all.
    pub progress: (u64, u64),
}

/// An attempt that ended.
#[derive(Clone, Copy, Debug)]
pub struct End<'a> {
    /// What was attempted.
    pub run: &'a ClaimedRun,
    /// What it came to.
    pub outcome: &'a Outcome,
    /// Steps done, steps in all.
    pub progress: (u64, u64),
}

/// What a renewal found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renewed {
    /// Held by somebody else by now, or over.
    pub lost: Vec<RunId>,
    /// Somebody wants these cancelled.
    pub cancel_wanted: Vec<RunId>,
}

/// A run whose lease ran out, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Row.
    pub id: RunId,
    /// Task.
    pub task: String,
    /// Lane, as stored.
    pub queue: String,
    /// `queued`, `dead` or `cancelled`.
    pub state: String,
}

struct Row {
    id: i64,
    task: String,
    args: Value,
    claim: i32,
    attempt: i16,
    max_attempts: i16,
    timeout_ms: i64,
    schedule: Option<String>,
    suspect: bool,
    waited_ms: i64,
    traceparent: Option<String>,
}

impl Row {
    fn held(self, queue: Queue) -> ClaimedRun {
        ClaimedRun {
            id: RunId(self.id),
            task: self.task,
            args: self.args,
            queue,
            claim: self.claim,
            attempt: self.attempt,
            max_attempts: self.max_attempts,
            timeout: Duration::from_millis(self.timeout_ms.unsigned_abs()),
            schedule: self.schedule,
            suspect: self.suspect,
            waited: Duration::from_millis(u64::try_from(self.waited_ms).unwrap_or(0)),
            traceparent: self.traceparent,
        }
    }
}

impl Store {
    /// Takes up to `most` due runs of a queue that is not paused: highest priority, then longest due. A run with the argument `shard` is for
    /// processes of that shard.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn claim_runs(
        &self,
        queue: Queue,
        owner: &str,
        lease: Duration,
        most: i64,
        shard: Shard,
    ) -> Result<Vec<ClaimedRun>, StoreError> {
        let query = sqlx::query_as!(
            Row,
            r#"WITH due AS MATERIALIZED (
                   SELECT r.id, r.run_at FROM worker.runs r
                   WHERE r.queue = $1 AND r.state IN ('queued', 'failed') AND r.run_at <= now()
                     AND coalesce(r.args ->> 'shard', $5) = $5
                     AND NOT EXISTS (SELECT FROM worker.pauses p WHERE p.kind = 'queue' AND p.name = $1)
                     AND NOT EXISTS (
                         SELECT FROM worker.pauses p
                         WHERE (p.kind, p.name) IN (('schedule', r.schedule), ('source', r.args ->> 'source')))
                   ORDER BY r.priority DESC, r.run_at, r.id
                   LIMIT $2 FOR UPDATE SKIP LOCKED
               ), claimed AS (
                   UPDATE worker.runs r
                   SET state = 'running', owner = $3, lease_until = now() + $4, claim = r.claim + 1, attempt = r.attempt + 1,
                       started_at = now(), progress_done = 0, progress_total = 0
                   FROM due WHERE r.id = due.id
                   RETURNING r.id, r.task, r.args, r.claim, r.attempt, r.max_attempts, r.timeout_ms, r.schedule, r.suspect, r.priority,
                             r.traceparent, due.run_at
               )
               SELECT id AS "id!", task AS "task!", args AS "args!", claim AS "claim!", attempt AS "attempt!",
                      max_attempts AS "max_attempts!", timeout_ms AS "timeout_ms!", schedule, suspect AS "suspect!", traceparent,
                      (extract(epoch FROM now() - run_at) * 1000)::bigint AS "waited_ms!"
               FROM claimed ORDER BY priority DESC, run_at, id"#,
            queue.as_str(),
            most,
            owner,
            interval(lease),
            shard.to_string()
        );
        let rows = self.within(async { query.fetch_all(&mut *self.acquire().await?).await }).await?;
        Ok(rows.into_iter().map(|row| row.held(queue)).collect())
    }

    /// Records a run and claims it in the same statement, so that no other worker can take it.
    /// `None` when its key was used before.
    ///
    /// # Errors
    /// The database does not answer or refuses the arguments.
    pub async fn insert_claimed_run(
        &self,
        run: &NewRun,
        owner: &str,
        lease: Duration,
    ) -> Result<Option<ClaimedRun>, StoreError> {
        let query = sqlx::query_as!(
            Row,
            r#"INSERT INTO worker.runs (task, args, queue, priority, key, state, attempt, max_attempts, timeout_ms, trigger, schedule,
                                        owner, claim, lease_until, started_at, traceparent)
               VALUES ($1, $2, $3, $4, $5, 'running', 1, $6, $7, $8, $9, $10, 1, now() + $11, now(), $12)
               ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING
               RETURNING id, task, args, claim, attempt, max_attempts, timeout_ms, schedule, suspect, 0::bigint AS "waited_ms!",
                         traceparent"#,
            run.task,
            run.args,
            run.queue.as_str(),
            run.priority,
            run.key,
            run.max_attempts,
            millis(run.timeout),
            run.trigger.as_str(),
            run.schedule,
            owner,
            interval(lease),
            trace::current()
        );
        let row = self.within(query.fetch_optional(&self.pool)).await?;
        Ok(row.map(|row| row.held(run.queue)))
    }

    /// Extends leases and writes progress, on connections kept free for this.
    ///
    /// # Errors
    /// The database does not answer; the leases run on until they are over.
    pub async fn renew_leases(
        &self,
        owner: &str,
        lease: Duration,
        held: &[Renewal],
    ) -> Result<Renewed, StoreError> {
        let ids: Vec<i64> = held.iter().map(|run| run.id.0).collect();
        let claims: Vec<i32> = held.iter().map(|run| run.claim).collect();
        let done: Vec<i64> = held.iter().map(|run| steps(run.progress.0)).collect();
        let total: Vec<i64> = held.iter().map(|run| steps(run.progress.1)).collect();
        let query = sqlx::query!(
            r#"WITH held AS (SELECT * FROM unnest($1::bigint[], $2::int[], $3::bigint[], $4::bigint[]) AS h (id, claim, done, total)),
               renewed AS (
                   UPDATE worker.runs r
                   SET lease_until = now() + $6, progress_done = h.done, progress_total = h.total
                   FROM held h
                   WHERE r.id = h.id AND r.claim = h.claim AND r.owner = $5 AND r.state = 'running'
                   RETURNING r.id, r.cancel_wanted
               )
               SELECT h.id AS "id!", renewed.cancel_wanted AS "cancel_wanted?"
               FROM held h LEFT JOIN renewed USING (id)
               WHERE renewed.id IS NULL OR renewed.cancel_wanted"#,
            &ids,
            &claims,
            &done,
            &total,
            owner,
            interval(lease)
        );
        let rows = self.within(query.fetch_all(&self.reserved)).await?;
        let mut renewed = Renewed::default();
        for row in rows {
            let list =
                if row.cancel_wanted.is_some() { &mut renewed.cancel_wanted } else { &mut renewed.lost };
            list.push(RunId(row.id));
        }
        Ok(renewed)
    }

    /// Ends an attempt. Returns false when the run is no longer held: then nothing was changed.
    ///
    /// # Errors
    /// The database does not answer or refuses what it should keep.
    pub async fn finish_run(
        &self,
        run: &ClaimedRun,
        owner: &str,
        outcome: &Outcome,
        progress: (u64, u64),
        backoff: &Backoff,
    ) -> Result<bool, StoreError> {
        let next = Next::after(outcome, run.attempt, run.max_attempts, backoff);
        let query = sqlx::query!(
            r#"WITH ended AS (
                 UPDATE worker.runs
                 SET state = CASE WHEN cancel_wanted AND $4 IN ('queued', 'failed') THEN 'cancelled' ELSE $4 END,
                     finished_at = CASE WHEN cancel_wanted OR $4 NOT IN ('queued', 'failed') THEN now() END,
                     run_at = CASE WHEN $5::interval > interval '0' THEN now() + $5 ELSE run_at END,
                     attempt = attempt - $6, error = $7, report = $8, progress_done = $9, progress_total = $10,
                     suspect = suspect OR $11, owner = NULL, lease_until = NULL
                 WHERE id = $1 AND claim = $2 AND owner = $3 AND state = 'running'
                 RETURNING id, claim, attempt + $6 AS attempt, started_at, state
               ), kept AS (
                 INSERT INTO worker.attempts (run_id, claim, attempt, owner, started_at, outcome, error)
                 SELECT id, claim, attempt, $3, started_at, state, $7
                 FROM ended WHERE state <> 'queued' AND (state <> 'done' OR attempt > 1)
               )
               SELECT id FROM ended"#,
            run.id.0,
            run.claim,
            owner,
            next.state.as_str(),
            interval(next.after),
            i16::from(next.uncount),
            next.error,
            next.report,
            steps(progress.0),
            steps(progress.1),
            matches!(outcome, Outcome::Stuck { .. })
        );
        let ended = self.within(async { query.fetch_optional(&mut *self.acquire().await?).await }).await?;
        Ok(ended.is_some())
    }

    /// Ends attempts of one owner together. Gives those that were ended; the others are not held any more, or somebody has their row right
    /// now, which [`Store::finish_run`] tells apart.
    ///
    /// # Errors
    /// As [`Store::finish_run`]; then nothing was changed.
    pub async fn finish_runs(
        &self,
        owner: &str,
        ends: &[End<'_>],
        backoff: &Backoff,
    ) -> Result<HashSet<RunId>, StoreError> {
        let nexts: Vec<Next> = ends
            .iter()
            .map(|end| Next::after(end.outcome, end.run.attempt, end.run.max_attempts, backoff))
            .collect();
        let ids: Vec<i64> = ends.iter().map(|end| end.run.id.0).collect();
        let claims: Vec<i32> = ends.iter().map(|end| end.run.claim).collect();
        let states: Vec<String> = nexts.iter().map(|next| next.state.as_str().to_owned()).collect();
        let waits: Vec<_> = nexts.iter().map(|next| interval(next.after)).collect();
        let uncounted: Vec<i16> = nexts.iter().map(|next| i16::from(next.uncount)).collect();
        let errors: Vec<_> = nexts.iter().map(|next| next.error.clone()).collect();
        let reports: Vec<_> = nexts.iter().map(|next| next.report.clone()).collect();
        let done: Vec<i64> = ends.iter().map(|end| steps(end.progress.0)).collect();
        let total: Vec<i64> = ends.iter().map(|end| steps(end.progress.1)).collect();
        let stuck: Vec<bool> = ends.iter().map(|end| matches!(end.outcome, Outcome::Stuck { .. })).collect();
        // Rows that somebody has locked are left out: who waits for several rows in an order of his own waits in circles.
        let query = sqlx::query_scalar!(
            r#"WITH given AS (
                 SELECT * FROM unnest($1::bigint[], $2::int[], $4::text[], $5::interval[], $6::smallint[], $7::text[], $8::jsonb[],
                                      $9::bigint[], $10::bigint[], $11::bool[])
                   AS g (id, claim, state, wait, uncounted, error, report, done, total, stuck)
               ), free AS MATERIALIZED (
                 SELECT r.id FROM worker.runs r JOIN given g ON r.id = g.id AND r.claim = g.claim
                 WHERE r.owner = $3 AND r.state = 'running' FOR UPDATE OF r SKIP LOCKED
               ), ended AS (
                 UPDATE worker.runs r
                 SET state = CASE WHEN r.cancel_wanted AND g.state IN ('queued', 'failed') THEN 'cancelled' ELSE g.state END,
                     finished_at = CASE WHEN r.cancel_wanted OR g.state NOT IN ('queued', 'failed') THEN now() END,
                     run_at = CASE WHEN g.wait > interval '0' THEN now() + g.wait ELSE r.run_at END,
                     attempt = r.attempt - g.uncounted, error = g.error, report = g.report, progress_done = g.done,
                     progress_total = g.total, suspect = r.suspect OR g.stuck, owner = NULL, lease_until = NULL
                 FROM free JOIN given g USING (id)
                 WHERE r.id = free.id
                 RETURNING r.id, r.claim, r.attempt + g.uncounted AS attempt, r.started_at, r.state, r.error
               ), kept AS (
                 INSERT INTO worker.attempts (run_id, claim, attempt, owner, started_at, outcome, error)
                 SELECT id, claim, attempt, $3, started_at, state, error
                 FROM ended WHERE state <> 'queued' AND (state <> 'done' OR attempt > 1)
               )
               SELECT id AS "id!" FROM ended"#,
            &ids,
            &claims,
            owner,
            &states,
            &waits,
            &uncounted,
            &errors as &[Option<String>],
            &reports as &[Option<Value>],
            &done,
            &total,
            &stuck
        );
        let ended = self.within(async { query.fetch_all(&mut *self.acquire().await?).await }).await?;
        Ok(ended.into_iter().map(RunId).collect())
    }

    /// Takes runs from owners whose lease is over: back to the queue, or dead when the attempts are used up. Which of an owner's runs
    /// took it down is not known, so each of them is a suspect.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn recover_expired(&self, most: i64) -> Result<Vec<Recovered>, StoreError> {
        let query = sqlx::query!(
            r#"WITH lost AS MATERIALIZED (
                   SELECT id, claim, attempt, owner, started_at, lease_until FROM worker.runs
                   WHERE state = 'running' AND lease_until < now()
                   ORDER BY lease_until LIMIT $1 FOR UPDATE SKIP LOCKED
               ), kept AS (
                   INSERT INTO worker.attempts (run_id, claim, attempt, owner, started_at, ended_at, outcome, error)
                   SELECT id, claim, attempt, owner, started_at, lease_until, 'lost', 'worker lost (lease expired)' FROM lost
               )
               UPDATE worker.runs r
               SET state = CASE WHEN r.cancel_wanted THEN 'cancelled' WHEN r.attempt >= r.max_attempts THEN 'dead' ELSE 'queued' END,
                   finished_at = CASE WHEN r.cancel_wanted OR r.attempt >= r.max_attempts THEN now() END,
                   error = format('worker lost (lease expired) in attempt %s, held by %s', r.attempt, r.owner),
                   suspect = true, owner = NULL, lease_until = NULL
               FROM lost WHERE r.id = lost.id
               RETURNING r.id, r.task, r.queue, r.state"#,
            most
        );
        let rows = self.within(query.fetch_all(&self.pool)).await?;
        let recovered = rows.into_iter().map(|row| Recovered {
            id: RunId(row.id),
            task: row.task,
            queue: row.queue,
            state: row.state,
        });
        Ok(recovered.collect())
    }
}

fn steps(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
