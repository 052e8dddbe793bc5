//! What supervisors ask of a process: is it ready, and what do the gauges say.
//!
//! It asks database and Redis within bounds, shows, and decides nothing. The endpoint's probes and the word to systemd are both from here, so
//! that they cannot differ. To show one more number of the database: a field in [`crate::store::Observed`], a row in
//! [`crate::telemetry::catalogue`], a line in [`refresh`].

use std::time::Duration;

use metrics::gauge;
use serde::Serialize;

use crate::{
    domain::Queue,
    queue::Transport,
    schedule::Schedule,
    store::{Observed, Store},
    tasks::AnyTask,
};

/// Longest wait for one answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whether work can be taken, and why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Readiness {
    /// `ok`, `migrations missing` or `unavailable`.
    pub database: &'static str,
    /// `ok`, or `degraded`: work starts later, and is not lost.
    pub redis: &'static str,
}

impl Readiness {
    /// The database answers and has the program's schema. Redis may be away.
    pub fn is_ready(self) -> bool {
        self.database == "ok"
    }
}

/// Asks database and Redis at once, two seconds at the most.
pub async fn readiness(store: &Store, transport: &Transport) -> Readiness {
    let (schema, redis) = tokio::join!(
        tokio::time::timeout(PATIENCE, store.is_current()),
        tokio::time::timeout(PATIENCE, transport.is_up()),
    );
    Readiness {
        database: match schema {
            Ok(Ok(true)) => "ok",
            Ok(Ok(false)) => "migrations missing",
            _ => "unavailable",
        },
        redis: if redis == Ok(true) { "ok" } else { "degraded" },
    }
}

/// Sets the gauges to what is so now; those of a database that does not answer stay as they were, and `career_database_up` says so.
pub async fn refresh(
    store: &Store,
    transport: &Transport,
    tasks: &[&'static dyn AnyTask],
    schedules: &[Schedule],
) {
    let tasks: Vec<String> = tasks.iter().map(|task| task.name().to_owned()).collect();
    let schedules: Vec<String> = schedules.iter().map(|schedule| schedule.name.clone()).collect();
    let (observed, redis) = tokio::join!(store.observe(&tasks, &schedules), transport.is_up());
    gauge!("career_redis_up").set(f64::from(redis));
    let lag = store.replica_state().map_or(0.0, |replica| replica.lag.as_secs_f64());
    gauge!("career_replica_lag_seconds").set(lag);
    gauge!("career_database_up").set(f64::from(observed.is_ok()));
    let (idle, used, limit) = store.connections();
    for (state, connections) in [("idle", idle), ("used", used), ("limit", limit)] {
        gauge!("career_db_pool_connections", "state" => state).set(f64::from(connections));
    }
    match observed {
        Ok(observed) => show(observed),
        Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "gauges not read"),
    }
}

fn show(observed: Observed) {
    for seen in observed.tasks {
        for (state, runs) in [("waiting", seen.waiting), ("running", seen.running), ("dead", seen.dead)] {
            gauge!("career_runs", "task" => seen.task.clone(), "state" => state).set(float(runs));
        }
        gauge!("career_oldest_ready_seconds", "task" => seen.task).set(seen.oldest_due);
    }
    for (seen, queue) in observed.queues.into_iter().zip(Queue::ALL) {
        let queue = queue.as_str();
        for (state, runs) in [("queued", seen.queued), ("failed", seen.failed), ("due", seen.due)] {
            gauge!("career_queue_depth", "queue" => queue, "state" => state).set(float(runs));
        }
        gauge!("career_queue_oldest_due_seconds", "queue" => queue).set(seen.oldest_due);
        gauge!("career_queue_paused", "queue" => queue).set(f64::from(seen.paused));
    }
    for seen in observed.schedules {
        let at = float(seen.succeeded_at.timestamp());
        gauge!("career_schedule_last_success_timestamp_seconds", "schedule" => seen.schedule).set(at);
    }
    for seen in observed.boards {
        // Only names that this program knows become labels.
        let Ok(source) = crate::sources::find(&seen.source) else { continue };
        for (health, boards) in [("healthy", seen.healthy), ("unhealthy", seen.unhealthy)] {
            gauge!("career_boards", "source" => source.name(), "health" => health).set(float(boards));
        }
    }
    for seen in observed.digests {
        gauge!("career_digests", "channel" => seen.channel, "state" => seen.state).set(float(seen.digests));
    }
    gauge!("career_outbox_rows").set(float(observed.outbox_rows));
    gauge!("career_outbox_oldest_seconds").set(observed.outbox_oldest);
    gauge!("career_outbox_dead").set(float(observed.outbox_dead));
}

#[expect(clippy::cast_precision_loss, reason = "gauges are floats, and counts stay far below 2^52")]
fn float(number: i64) -> f64 {
    number as f64
}
