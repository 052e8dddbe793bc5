//! `career-worker dev --once`, the first thing a person runs: one round of work on recorded boards, and the same round again.

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use career_worker::dev::{Stack, StackOptions};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use crate::support::unique;

/// A folder that the accounts of private servers reach.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap_or_default();
    }
}

/// Runs it with servers of its own, and gives stdout.
fn dev_once(data: &Path, more: &[&str]) -> String {
    let root = env!("CARGO_MANIFEST_DIR");
    let mut program = Command::new(env!("CARGO_BIN_EXE_career-worker"));
    program
        .current_dir(root)
        .env_remove("DATABASE_URL")
        .env_remove("REDIS_URL")
        .env("CAREER__LOG__FILTER", "error");
    program.args(["dev", "--once", "--fixtures", "fixtures", "--data"]).arg(data).args(more);
    let output = program.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(0), "{out}\n{err}");
    out
}

fn round(data: &Path) -> Value {
    serde_json::from_str(&dev_once(data, &["--json"])).unwrap()
}

fn sum(round: &Value, key: &str) -> u64 {
    round["sources"].as_array().unwrap().iter().map(|board| board[key].as_u64().unwrap()).sum()
}

/// What a look into the data of the servers finds: each row of `jobs` with its version, and the notifications.
async fn kept(data: &Path) -> (Vec<String>, i64) {
    let options = StackOptions { data: data.to_owned(), durable: true, database_url: None, redis_url: None };
    let stack = Stack::start(options).await.unwrap();
    let mut database = PgConnection::connect(&stack.database_url).await.unwrap();
    let jobs =
        sqlx::query_scalar("SELECT concat(id, ' ', source, ' ', xmin, ' ', ctid) FROM jobs ORDER BY id")
            .fetch_all(&mut database)
            .await
            .unwrap();
    let notifications =
        sqlx::query_scalar("SELECT count(*) FROM notifications").fetch_one(&mut database).await.unwrap();
    database.close().await.unwrap();
    (jobs, notifications)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_round_tells_somebody_and_the_second_writes_nothing() {
    let folder = Folder(std::env::temp_dir().join(format!("career-worker-dev-{}", unique())));
    let data = folder.0.as_path();

    let first = round(data);
    let (jobs, told) = kept(data).await;
    assert!(sum(&first, "new") > 0 && told > 0, "{first}");
    assert_eq!(u64::try_from(jobs.len()).unwrap(), sum(&first, "new"));
    assert_eq!(first["notifications"].as_i64(), Some(told));
    assert_eq!(first["postings_matched"].as_u64(), Some(sum(&first, "new")));
    let errors: Vec<_> =
        first["sources"].as_array().unwrap().iter().filter(|board| !board["error"].is_null()).collect();
    assert!(errors.is_empty(), "{errors:?}");

    let missing: Vec<_> = first["sources"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|board| board["not_configured"].as_str())
        .collect();
    assert!(missing.contains(&"sources.adzuna_app_id, sources.adzuna_app_key"), "{missing:?}");

    let second = round(data);
    let quiet = ["new", "changed", "gone", "returned"].map(|key| sum(&second, key));
    assert_eq!(quiet, [0; 4], "{second}");
    let pairs = first["sources"].as_array().unwrap().iter().zip(second["sources"].as_array().unwrap());
    for (before, after) in pairs {
        let asked = after["too_early"] != true;
        assert_eq!(after["seen"], if asked { before["seen"].clone() } else { 0.into() }, "{after}");
    }
    assert_eq!((&second["matches"], &second["notifications"]), (&0.into(), &0.into()), "{second}");
    assert_eq!(kept(data).await, (jobs, told), "rows of jobs, notifications");

    let text = dev_once(data, &[]);
    shows_the_round(&text, &second);
}

/// The numbers in a line.
fn numbers(line: &str) -> Vec<u64> {
    line.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

fn shows_the_round(text: &str, round: &Value) {
    let line = |start: &str| {
        let found = text.lines().find(|line| line.trim_start().starts_with(start));
        found.unwrap_or_else(|| panic!("no line for {start} in\n{text}"))
    };
    let columns = ["seen", "new", "changed", "gone", "rejected"];
    let head: Vec<_> = line("source").split_whitespace().collect();
    assert_eq!(head, ["source", "board", "seen", "new", "changed", "gone", "rejected", "says"]);
    assert_eq!(numbers(line("all")), columns.map(|key| sum(round, key)), "{text}");
    for board in round["sources"].as_array().unwrap() {
        let (source, name) = (board["source"].as_str().unwrap(), board["board"].as_str().unwrap());
        let found =
            text.lines().find(|line| line.split_whitespace().next() == Some(source) && line.contains(name));
        let found = found.unwrap_or_else(|| panic!("no line for {source} {name} in\n{text}"));
        // A name may be a number.
        let (_, counts) = found.split_once(source).unwrap().1.split_once(name).unwrap();
        assert_eq!(numbers(counts), columns.map(|key| board[key].as_u64().unwrap()), "{text}");
        assert_eq!(found.contains("not modified"), board["not_modified"] == true, "{text}");
    }
    for result in ["postings matched", "matches", "notifications"] {
        assert_eq!(numbers(line(result)), [0], "{text}");
    }
}
