//! Counting, and the text that Prometheus reads.
//!
//! The macros of the crate `metrics` count wherever something happens; here they are described, given their buckets and, where all values
//! of their labels are known, begun at zero, so that a rate can be taken of the first event too.

use std::{
    collections::HashSet,
    sync::{LazyLock, Mutex, PoisonError},
    time::Duration,
};

use metrics::{counter, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::{
    catalogue::{Kind, METRICS},
    process, pulse,
};
use crate::domain::Channel;

/// Domains that have a label of their own.
const HOSTS: usize = 256;
/// How often what histograms were told is added up; between two of these it takes memory.
const UPKEEP: Duration = Duration::from_secs(5);

/// Starts counting and gives what renders the counts; `None` where this process already counts. Within a runtime it also adds up from time
/// to time, whether somebody scrapes or not.
pub fn start_metrics() -> Option<PrometheusHandle> {
    let mut builder = PrometheusBuilder::new();
    for metric in METRICS {
        if let Kind::Histogram(buckets) = metric.kind {
            builder = builder.set_buckets_for_metric(Matcher::Full(metric.name.to_owned()), buckets).ok()?;
        }
    }
    let handle = builder.install_recorder().ok()?;
    process::begin();
    describe();
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        let kept = handle.clone();
        runtime.spawn(async move {
            let mut every = tokio::time::interval(UPKEEP);
            loop {
                every.tick().await;
                kept.run_upkeep();
            }
        });
    }
    Some(handle)
}

fn describe() {
    for metric in METRICS {
        match metric.kind {
            Kind::Counter => describe_counter!(metric.name, metric.unit, metric.about),
            Kind::Gauge | Kind::Observed => describe_gauge!(metric.name, metric.unit, metric.about),
            Kind::Histogram(_) => describe_histogram!(metric.name, metric.unit, metric.about),
        }
        if metric.labels.is_empty() && metric.kind == Kind::Counter {
            counter!(metric.name).increment(0);
        }
    }
    gauge!("career_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    gauge!("career_stuck_threads").set(0.0);
    for outcome in ["pushed", "skipped", "lost"] {
        counter!("career_wakes_total", "outcome" => outcome).increment(0);
    }
    for policy in ["close", "archive", "notices"] {
        counter!("career_retained_rows_total", "policy" => policy).increment(0);
    }
    for outcome in ["sent", "failed"] {
        counter!("career_notifications_total", "channel" => "in_app", "outcome" => outcome).increment(0);
    }
    for channel in Channel::ALL {
        for outcome in ["sent", "failed", "retried", "held", "skipped"] {
            counter!("career_notifications_total", "channel" => channel.as_str(), "outcome" => outcome)
                .increment(0);
        }
    }
}

/// Begins what is counted for each of these tasks.
pub fn start_tasks(tasks: impl IntoIterator<Item = &'static str>) {
    for task in tasks {
        for name in
            ["career_lease_expired_total", "career_runs_rescued_total", "career_reconcile_requeued_total"]
        {
            counter!(name, "task" => task).increment(0);
        }
        for outcome in ["done", "retry", "dead", "snoozed", "cancelled", "lost"] {
            counter!("career_runs_total", "task" => task, "outcome" => outcome).increment(0);
        }
    }
}

/// What was counted, in the text form of Prometheus.
pub fn render(handle: &PrometheusHandle) -> String {
    for (name, silent) in pulse::silences() {
        gauge!("career_loop_silent_seconds", "loop" => name).set(silent.as_secs_f64());
    }
    let mut text = handle.render();
    process::render(&mut text);
    text
}

/// The label for a registrable domain: itself, or `other` once there are many. Whoever publishes a link decides what domains there are.
pub fn host_group(domain: &str) -> String {
    static KNOWN: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);
    bounded(&mut KNOWN.lock().unwrap_or_else(PoisonError::into_inner), domain, HOSTS)
}

fn bounded(known: &mut HashSet<String>, value: &str, most: usize) -> String {
    if known.contains(value) {
        return value.to_owned();
    }
    if known.len() >= most {
        return "other".to_owned();
    }
    known.insert(value.to_owned());
    value.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_elses_names_do_not_become_endless_labels() {
        let mut known = HashSet::new();
        assert_eq!(bounded(&mut known, "a.example", 2), "a.example");
        assert_eq!(bounded(&mut known, "b.example", 2), "b.example");
        assert_eq!(bounded(&mut known, "c.example", 2), "other");
        assert_eq!(bounded(&mut known, "a.example", 2), "a.example", "those known stay");
        assert_eq!(known.len(), 2);
    }
}
