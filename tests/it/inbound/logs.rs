//! What strangers write into fields of log records stays inside them.

use std::time::Duration;

use career_worker::domain::Queue;
use redis::AsyncCommands as _;
use serde_json::Value;

use crate::{
    process::{Program, free_port, signal},
    rig::{new_run, until},
    support::{TestDb, redis_url, unique},
};

/// Ends a line and begins one of its own, colours a terminal, hides its end, and more.
const FORGED: &str = "x\r\nERROR forged line\u{1b}[31m\u{7}\u{8}\u{85}\u{2028}\u{9b}2J\u{202e}";

async fn log_of(format: &str) -> String {
    let db = TestDb::new().await;
    let (files, prefix) = (tempfile::tempdir().unwrap(), unique());
    let (jobs, log) = (files.path().join("jobs"), files.path().join("log"));
    std::fs::create_dir_all(&jobs).unwrap();
    let url = redis_url().await;
    let program = Program::at(&db.url, &url, &jobs)
        .with("CAREER__REDIS__PREFIX", prefix.clone())
        .with("CAREER__ADMIN__BIND", format!("127.0.0.1:{}", free_port()))
        .with("CAREER__LOG__FORMAT", format)
        .with(
            "CAREER__LOG__FILTER",
            "debug,sqlx=warn,apalis_core=off,apalis_redis=off,hyper=info,h2=info,rustls=info",
        );

    // A task nobody knows, on the ledger of everybody; a scrape of an address that is one of ours; a message of another service.
    let mut unknown = new_run(FORGED, "a");
    unknown.schedule = Some(FORGED.to_owned());
    unknown.queue = Queue::Maintenance;
    let (unknown, _) = db.store.insert_run(&unknown).await.unwrap();
    let mut scrape = new_run("scrape", "a");
    scrape.queue = Queue::Scrape;
    scrape.args = serde_json::json!({
        "source": "feed",
        "boards": [{ "board": "b", "company": FORGED, "options": { "url": "http://127.0.0.1/a%0d%0aERROR forged" } }],
    });
    let (scrape, _) = db.store.insert_run(&scrape).await.unwrap();
    let mut redis = redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
    let queue = format!("{prefix}:maintenance");
    let mut pipe = redis::pipe();
    let payload = serde_json::json!({ "task": FORGED, FORGED: 1 }).to_string();
    pipe.atomic().hset(format!("{queue}:data"), FORGED, payload).ignore();
    let meta = [("attempts", "0"), ("max_attempts", "25"), ("status", "Pending")];
    pipe.hset_multiple(format!("{queue}:meta:{FORGED}"), &meta).ignore();
    pipe.zadd(format!("{queue}:scheduled"), FORGED, 1).ignore();
    pipe.query_async::<()>(&mut redis).await.unwrap();

    let mut running = program.start_logged(&["serve", "--roles", "worker,admin"], &log);
    until("all was logged", || async {
        let state = async |id| db.store.get_run(id).await.unwrap().unwrap().state;
        state(unknown).await == "dead"
            && matches!(state(scrape).await.as_str(), "dead" | "failed")
            && db.store.list_rejected_messages(9).await.unwrap().len() == 1
    })
    .await;
    signal("TERM", running.id());
    running.ended(Duration::from_secs(20)).await;
    let keys: Vec<String> = redis.keys(format!("{prefix}:*")).await.unwrap();
    for key in keys {
        redis.unlink::<_, ()>(key).await.unwrap();
    }
    std::fs::read_to_string(log).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_field_begins_a_line_or_reaches_a_terminal() {
    for format in ["text", "json"] {
        let log = log_of(format).await;
        assert!(log.matches("forged").count() >= 3, "{format}: it was to be logged\n{log}");
        for line in log.lines() {
            assert!(!line.trim_start().starts_with("ERROR forged"), "{format}: {line:?}");
            if format == "json" {
                let record: Value =
                    serde_json::from_str(line).unwrap_or_else(|_| panic!("no record: {line:?}"));
                assert!(record["level"].is_string());
            }
        }
        let strange = |c: &char| c.is_control() && *c != '\n' || "\u{2028}\u{202e}".contains(*c);
        assert_eq!(log.chars().find(strange), None, "{format}");
    }
}
