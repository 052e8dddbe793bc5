//! Every metric of the program: its kind, its labels, its unit and what it means. Tests hold the program to this table.
//!
//! A label has few values, all of them ours: names of tasks, queues, sources and schedules, words for outcomes, registrable domains up to
//! a bound. Never an id, an address, an error, or anything that somebody else chooses freely. To add a metric: a row in [`METRICS`].

use metrics::Unit;

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Name, with the unit at its end.
    pub name: &'static str,
    /// What can be done with it.
    pub kind: Kind,
    /// Unit of its values.
    pub unit: Unit,
    /// Names of its labels.
    pub labels: &'static [&'static str],
    /// What it means.
    pub about: &'static str,
}

/// Kinds of metrics.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Only grows; counts what this process did.
    Counter,
    /// As this process knows it.
    Gauge,
    /// As the database has it: every process says the same, up to the moment at which it looked.
    Observed,
    /// How many were at most this large.
    Histogram(&'static [f64]),
}

/// Statements and other short things.
const SHORT: &[f64] = &[0.001, 0.005, 0.02, 0.1, 0.5, 2.0, 10.0];
/// Runs, batches and requests.
const LONG: &[f64] = &[0.01, 0.05, 0.2, 1.0, 5.0, 20.0, 60.0, 300.0, 1800.0];
/// Waiting for one's turn.
const WAIT: &[f64] = &[0.05, 0.2, 1.0, 5.0, 20.0, 60.0, 300.0, 1800.0, 7200.0];

const fn row(
    name: &'static str,
    kind: Kind,
    unit: Unit,
    labels: &'static [&'static str],
    about: &'static str,
) -> Metric {
    Metric { name, kind, unit, labels, about }
}

use Kind::{Counter, Gauge, Histogram, Observed};
use Unit::{Count, Seconds};

/// All of them, sorted by name.
pub const METRICS: &[Metric] = &[
    row(
        "career_admin_connections_evicted_total",
        Counter,
        Count,
        &[],
        "Idle connections of the HTTP endpoint that gave way to new ones",
    ),
    row(
        "career_admin_requests_total",
        Counter,
        Count,
        &["route", "code"],
        "Requests to the HTTP endpoint, by the pattern of their route",
    ),
    row(
        "career_backup_alarms",
        Observed,
        Count,
        &[],
        "What a person has to see to about backups: none verified, WAL that waits, a quarantine",
    ),
    row(
        "career_backup_bytes",
        Observed,
        Unit::Bytes,
        &["engine"],
        "Size of the newest backup as stored; 0 where there is none",
    ),
    row(
        "career_backup_last_success_timestamp_seconds",
        Observed,
        Seconds,
        &["engine"],
        "When the newest backup was made, Unix time; 0 where there is none",
    ),
    row(
        "career_backup_last_verified_timestamp_seconds",
        Observed,
        Seconds,
        &["engine"],
        "When the newest backup that passed its restore test was made, Unix time; 0 where there is none",
    ),
    row(
        "career_backup_restore_test_seconds",
        Observed,
        Seconds,
        &["engine"],
        "How long the newest restore test took: what a restore would take",
    ),
    row("career_backup_seconds", Observed, Seconds, &["engine"], "How long the newest backup took"),
    row("career_boards", Observed, Count, &["source", "health"], "Boards that were asked, healthy or not"),
    row("career_build_info", Gauge, Count, &["version"], "Always 1; the label is the version of the program"),
    row(
        "career_database_up",
        Gauge,
        Count,
        &[],
        "1 where the database answered when it was asked for the gauges, 0 where not",
    ),
    row(
        "career_db_pool_acquire_seconds",
        Histogram(SHORT),
        Seconds,
        &[],
        "How long statements that take, end and want runs waited for a connection",
    ),
    row(
        "career_db_pool_connections",
        Gauge,
        Count,
        &["state"],
        "Connections to the database, idle and used, and the most there may be (limit)",
    ),
    row(
        "career_digests",
        Observed,
        Count,
        &["channel", "state"],
        "Digests that are pending, sending, held (a person has to decide), or failed in the last day; each up to 10000",
    ),
    row(
        "career_http_request_seconds",
        Histogram(LONG),
        Seconds,
        &["outcome"],
        "How long requests to publishers took, waits for their turn left out",
    ),
    row(
        "career_http_requests_total",
        Counter,
        Count,
        &["host_group", "outcome"],
        "Requests to publishers, by registrable domain (other beyond 256 of them)",
    ),
    row(
        "career_http_throttled_seconds",
        Histogram(WAIT),
        Seconds,
        &[],
        "How long requests to publishers waited for the turn of their domain",
    ),
    row(
        "career_lease_expired_total",
        Counter,
        Count,
        &["task"],
        "Runs that this process took from a worker that did not renew its lease",
    ),
    row(
        "career_loop_silent_seconds",
        Gauge,
        Seconds,
        &["loop"],
        "Since a loop of this process last came round; beyond the limit /healthz fails and the watchdog is not fed",
    ),
    row("career_match_batch_seconds", Histogram(LONG), Seconds, &[], "From claiming a batch to its commit"),
    row(
        "career_matches_counted_total",
        Counter,
        Count,
        &[],
        "Pairs that were counted and not written, beyond what a user can be told",
    ),
    row("career_matches_total", Counter, Count, &[], "Pairs of a user and a posting that were new"),
    row(
        "career_notifications_total",
        Counter,
        Count,
        &["channel", "outcome"],
        "What became of notices in the web application (in_app) and of digests by other channels: sent, failed, retried, held, skipped",
    ),
    row(
        "career_oldest_ready_seconds",
        Observed,
        Seconds,
        &["task"],
        "How long the oldest due run has waited",
    ),
    row(
        "career_outbox_dead",
        Observed,
        Count,
        &[],
        "Postings that were set aside because they broke the matcher (up to 10000)",
    ),
    row(
        "career_outbox_oldest_seconds",
        Observed,
        Seconds,
        &[],
        "How long the oldest posting has waited for the matcher",
    ),
    row("career_outbox_rows", Observed, Count, &[], "Postings that wait for the matcher (up to 10000)"),
    row(
        "career_postings_total",
        Counter,
        Count,
        &["source", "kind"],
        "Postings of boards: seen, new, changed, unchanged, returned, missing, gone, rejected",
    ),
    row(
        "career_quarantined",
        Observed,
        Count,
        &[],
        "1 after a restore until a person has looked: nothing is caught up and nobody is told anything",
    ),
    row(
        "career_queue_depth",
        Observed,
        Count,
        &["queue", "state"],
        "Runs on a queue that wait: queued, failed (waiting for another attempt), due (either of them, now); each up to 10000",
    ),
    row(
        "career_queue_oldest_due_seconds",
        Observed,
        Seconds,
        &["queue"],
        "How long the oldest due run of a queue has waited",
    ),
    row("career_queue_paused", Observed, Count, &["queue"], "1 where a person paused the queue"),
    row(
        "career_reconcile_requeued_total",
        Counter,
        Count,
        &["task"],
        "Runs that the reconciler wanted because a table held work and nobody had",
    ),
    row(
        "career_redis_up",
        Gauge,
        Count,
        &[],
        "1 where Redis answers; without it work goes on and starts later",
    ),
    row(
        "career_rematches_total",
        Counter,
        Count,
        &[],
        "Pairs that the task rematch found among postings that were there",
    ),
    row(
        "career_replica_lag_seconds",
        Gauge,
        Seconds,
        &[],
        "How far the replica of database.read_url is behind, or how long it has not been seen; 0 without one",
    ),
    row(
        "career_retained_rows_total",
        Counter,
        Count,
        &["policy"],
        "Rows that the task retain closed, archived or deleted",
    ),
    row(
        "career_run_duration_seconds",
        Histogram(LONG),
        Seconds,
        &["task"],
        "How long attempts took, however they ended",
    ),
    row(
        "career_run_wait_seconds",
        Histogram(WAIT),
        Seconds,
        &["task"],
        "From the moment a run was due to its claim, by the clock of the database",
    ),
    row(
        "career_runs",
        Observed,
        Count,
        &["task", "state"],
        "Runs in the ledger: waiting, running, dead (of each up to 10000)",
    ),
    row(
        "career_runs_rescued_total",
        Counter,
        Count,
        &["task"],
        "Of runs whose lease expired, those put back into their queue",
    ),
    row(
        "career_runs_total",
        Counter,
        Count,
        &["task", "outcome"],
        "Attempts that ended: done, retry, dead, snoozed, cancelled, lost",
    ),
    row(
        "career_schedule_last_success_timestamp_seconds",
        Observed,
        Seconds,
        &["schedule"],
        "When the last good run of a schedule ended, Unix time",
    ),
    row(
        "career_schedule_lateness_seconds",
        Histogram(WAIT),
        Seconds,
        &[],
        "From the time of a tick to the moment it was fired",
    ),
    row(
        "career_schedule_ticks_total",
        Counter,
        Count,
        &["schedule", "outcome"],
        "Ticks: fired, overlap (the last run was unfinished), missed (left out by catch_up), paused",
    ),
    row(
        "career_stuck_threads",
        Gauge,
        Count,
        &[],
        "Threads whose attempt is over and that did not come back",
    ),
    row(
        "career_wakes_total",
        Counter,
        Count,
        &["outcome"],
        "Pointers to Redis: pushed, skipped (plenty there), lost (workers find the run when they look)",
    ),
    row(
        "career_wal_archive_failed",
        Observed,
        Count,
        &[],
        "Attempts of the server to archive WAL that failed since its statistics began, where we archive it",
    ),
    row(
        "career_wal_archive_lag_seconds",
        Observed,
        Seconds,
        &[],
        "How long the oldest WAL has waited to be archived, where we archive it",
    ),
];

/// What the system knows of the process, under the names that all programs use for it.
pub const PROCESS: &[Metric] = &[
    row("process_cpu_seconds_total", Counter, Seconds, &[], "Processor time, of the user and of the system"),
    row("process_max_fds", Gauge, Count, &[], "Most file descriptors that may be open"),
    row("process_open_fds", Gauge, Count, &[], "File descriptors that are open"),
    row("process_resident_memory_bytes", Gauge, Unit::Bytes, &[], "Memory that is resident"),
    row("process_start_time_seconds", Gauge, Seconds, &[], "When the process began, Unix time"),
    row("process_threads", Gauge, Count, &[], "Threads, those of the runtime and those of attempts"),
    row("process_virtual_memory_bytes", Gauge, Unit::Bytes, &[], "Memory that is mapped"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_its_names_follow_the_rules() {
        for table in [METRICS, PROCESS] {
            assert!(table.is_sorted_by(|a, b| a.name < b.name), "sorted, each name once");
        }
        for metric in METRICS.iter().chain(PROCESS) {
            let Metric { name, kind, unit, .. } = metric;
            assert_eq!(name.ends_with("_total"), *kind == Counter, "{name}: counters end in _total");
            let base = name.trim_end_matches("_total");
            match unit {
                Seconds => assert!(base.ends_with("_seconds"), "{name}"),
                Unit::Bytes => assert!(base.ends_with("_bytes"), "{name}"),
                _ => assert!(!base.ends_with("_seconds") && !base.ends_with("_bytes"), "{name}"),
            }
            assert!(!metric.about.ends_with('.') && metric.about.len() > 20, "{name}: one sentence");
        }
    }
}
