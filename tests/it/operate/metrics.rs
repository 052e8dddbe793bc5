//! `/metrics` of the real program after real work, against the table of all metrics.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    time::Duration,
};

use career_worker::{
    domain::Queue,
    sources::SOURCES,
    tasks::TASKS,
    telemetry::catalogue::{Kind, METRICS, Metric, PROCESS},
};
use regex::Regex;
use sqlx::{Connection as _, PgConnection};

use super::{World, get};
use crate::support::eventually;

/// A sample: name, labels, value.
type Sample = (String, BTreeMap<String, String>, f64);

fn samples(text: &str) -> Vec<Sample> {
    let line = Regex::new(r"^([a-z_]+)(?:\{(.*)\})? (\S+)$").unwrap();
    let label = Regex::new(r#"([a-z_]+)="((?:[^"\\]|\\.)*)""#).unwrap();
    text.lines()
        .filter(|text| !text.is_empty() && !text.starts_with('#'))
        .map(|text| {
            let parts = line.captures(text).unwrap_or_else(|| panic!("no sample: {text}"));
            let labels = parts.get(2).map_or("", |labels| labels.as_str());
            let labels = label.captures_iter(labels).map(|pair| (pair[1].to_owned(), pair[2].to_owned()));
            (parts[1].to_owned(), labels.collect(), parts[3].parse().unwrap())
        })
        .collect()
}

/// The row that a sample is of; the parts of a histogram have names of their own.
fn row(name: &str) -> Option<&'static Metric> {
    let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    METRICS.iter().chain(PROCESS).find(|metric| match metric.kind {
        Kind::Histogram(_) => metric.name == base,
        _ => metric.name == name,
    })
}

fn value(samples: &[Sample], name: &str, labels: &[(&str, &str)]) -> f64 {
    let found = samples.iter().find(|(known, has, _)| {
        known == name
            && labels.iter().all(|(label, value)| has.get(*label).is_some_and(|known| known == value))
    });
    found.unwrap_or_else(|| panic!("{name} {labels:?}")).2
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_metric_is_there_after_work_and_no_other() {
    let world = World::new().await;
    let _running = world.start().await;
    // A tick of last night, which catch_up = latest makes up for.
    eventually(Duration::from_secs(10), async || {
        let moved = sqlx::query(
            "UPDATE worker.schedules SET watermark = now() - interval '25 hours' WHERE name = 'board'",
        );
        moved.execute(&world.db.pool).await.unwrap().rows_affected() == 1
    })
    .await;
    eventually(Duration::from_mins(1), async || world.told().await > 0).await;
    get(&world.admin, "/api/v1/nowhere").await;

    let all: BTreeSet<&str> = METRICS.iter().chain(PROCESS).map(|metric| metric.name).collect();
    let mut text = String::new();
    let complete = async |text: &mut String| {
        *text = get(&world.admin, "/metrics").await.1;
        let there: BTreeSet<&str> =
            samples(text).iter().filter_map(|(name, ..)| row(name)).map(|metric| metric.name).collect();
        all.difference(&there).copied().collect::<Vec<_>>()
    };
    // What the database says is looked at every few seconds only.
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    loop {
        let missing = complete(&mut text).await;
        let at = |name, labels: &[(&str, &str)]| value(&samples(&text), name, labels);
        // Counted after it is written, so it can be seen in the database before.
        if missing.is_empty()
            && at("career_outbox_rows", &[]) < 0.5
            && at("career_notifications_total", &[("channel", "in_app"), ("outcome", "sent")]) > 0.5
        {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "documented and not there: {missing:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    let found = samples(&text);
    for (name, labels, _) in &found {
        let metric =
            row(name).unwrap_or_else(|| panic!("{name} is not documented in telemetry/catalogue.rs"));
        let has: BTreeSet<&str> = labels.keys().map(String::as_str).filter(|label| *label != "le").collect();
        let documented: BTreeSet<&str> = metric.labels.iter().copied().collect();
        assert_eq!(has, documented, "labels of {name}");
        for (label, value) in labels {
            assert!(is_known(label, value), "{name}: {label}=\"{value}\" is not one of a few");
        }
    }
    for metric in METRICS.iter().chain(PROCESS) {
        let help = format!("# HELP {} {}", metric.name, metric.about);
        assert!(text.lines().any(|line| line == help), "{help}");
    }
    let at = |name, labels: &[(&str, &str)]| value(&found, name, labels);
    let is = |name, labels: &[(&str, &str)], wanted: f64| {
        let found = at(name, labels);
        assert!((found - wanted).abs() < 0.5, "{name} {labels:?} is {found}, not {wanted}");
    };
    is("career_postings_total", &[("source", "greenhouse"), ("kind", "new")], 4.0);
    is("career_runs_total", &[("task", "scrape"), ("outcome", "done")], 1.0);
    assert!(at("career_run_wait_seconds_count", &[("task", "match")]) >= 1.0);
    assert!(at("career_notifications_total", &[("channel", "in_app"), ("outcome", "sent")]) >= 1.0);
    is("career_schedule_ticks_total", &[("schedule", "board"), ("outcome", "fired")], 1.0);
    assert!(at("career_schedule_last_success_timestamp_seconds", &[("schedule", "board")]) > 1.7e9);
    is("career_boards", &[("source", "greenhouse"), ("health", "healthy")], 1.0);
    assert!(at("career_reconcile_requeued_total", &[("task", "match")]) >= 1.0);
    assert!(at("career_match_batch_seconds_count", &[]) >= 1.0);
    is("career_database_up", &[], 1.0);
    is("career_redis_up", &[], 1.0);
    assert!(at("career_loop_silent_seconds", &[("loop", "claims")]) < 60.0);
    is("career_admin_requests_total", &[("route", "none"), ("code", "404")], 1.0);
    super::deploy::check_exposition(&text);
}

fn is_known(label: &str, value: &str) -> bool {
    let words: &[&str] = match label {
        "task" => return value == "unknown" || TASKS.iter().any(|task| task.name() == value),
        "queue" => return Queue::ALL.iter().any(|queue| queue.as_str() == value),
        "source" => return SOURCES.iter().any(|source| source.name() == value),
        "route" => return value == "none" || value.starts_with('/'),
        "code" => return value.len() == 3,
        "version" => return value == env!("CARGO_PKG_VERSION"),
        "le" => return value == "+Inf" || value.parse::<f64>().is_ok(),
        "schedule" => &["board"],
        "host_group" => &["greenhouse.io"],
        "health" => &["healthy", "unhealthy"],
        "channel" => &["in_app", "email", "webhook"],
        "engine" => &["logical", "pitr"],
        "policy" => &["close", "archive", "notices"],
        "loop" => &["claims", "leases", "lookout", "reconciler", "scheduler"],
        "kind" => &["seen", "new", "changed", "unchanged", "returned", "missing", "gone", "rejected"],
        "state" => &[
            "waiting", "running", "dead", "queued", "failed", "due", "idle", "used", "limit", "pending",
            "sending", "held",
        ],
        "outcome" => &[
            "retried",
            "held",
            "skipped",
            "done",
            "retry",
            "dead",
            "snoozed",
            "cancelled",
            "lost",
            "pushed",
            "sent",
            "failed",
            "fired",
            "overlap",
            "missed",
            "paused",
            "ok",
        ],
        _ => &[],
    };
    words.contains(&value)
}

#[tokio::test(flavor = "multi_thread")]
async fn probes_by_themselves_take_no_token_and_know_no_other_route() {
    let world = World::new().await;
    let probes = format!("127.0.0.1:{}", crate::process::free_port());
    let program = world.program.clone().with("CAREER__ADMIN__PROBES", &probes);
    let _running = program.start(&["serve", "--roles", "worker"]);
    eventually(Duration::from_secs(30), async || get(&probes, "/readyz").await.0 == 200).await;
    assert_eq!(get(&probes, "/healthz").await, (200, "ok\n".to_owned()));
    assert!(get(&probes, "/metrics").await.1.contains("career_build_info"));
    assert_eq!(get(&probes, "/api/v1/runs").await.0, 404);
    assert_eq!(get(&world.admin, "/healthz").await.0, 0, "the role admin was not asked for");
    let checked = program.command(&["healthcheck"]).status().unwrap();
    assert!(checked.success(), "healthcheck asks the probes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_told_from_one_that_is_quiet() {
    let world = World::new().await;
    let _running = world.start().await;
    let up = async || {
        let text = get(&world.admin, "/metrics").await.1;
        samples(&text).iter().find(|(name, ..)| name == "career_database_up").map(|sample| sample.2)
    };
    assert_eq!(up().await, Some(1.0));
    // As if the server refused: nobody may connect any more, and those connected are thrown out.
    let name: String =
        sqlx::query_scalar("SELECT current_database()").fetch_one(&world.db.pool).await.unwrap();
    let lock = format!("ALTER DATABASE \"{name}\" ALLOW_CONNECTIONS false");
    let mut elsewhere = url::Url::parse(&world.db.url).unwrap();
    elsewhere.set_path("postgres");
    let mut elsewhere = PgConnection::connect(elsewhere.as_str()).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(lock)).execute(&mut elsewhere).await.unwrap();
    let throw = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1";
    sqlx::query(throw).bind(&name).execute(&mut elsewhere).await.unwrap();
    eventually(Duration::from_secs(30), async || up().await == Some(0.0)).await;
    assert_eq!(get(&world.admin, "/healthz").await.0, 200, "no reason to be restarted");
    assert_eq!(get(&world.admin, "/readyz").await.0, 503);
}

/// The table and the places where something is counted name the same metrics.
#[test]
fn what_is_counted_is_what_is_documented() {
    fn read(folder: &Path, named: &mut BTreeSet<String>) {
        let quoted = Regex::new(r#"(?:counter|gauge|histogram)!\(\s*"([a-z_]+)""#).unwrap();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, named);
            } else if path.extension().is_some_and(|end| end == "rs") && !path.ends_with("catalogue.rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                named.extend(quoted.captures_iter(&text).map(|name| name[1].to_owned()));
            }
        }
    }
    let mut named = BTreeSet::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut named);
    let documented: BTreeSet<String> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
    assert_eq!(named, documented);
}
