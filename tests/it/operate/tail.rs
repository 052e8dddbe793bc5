//! `career-worker runs tail` beside a ledger that changes.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
    time::Duration,
};

use career_worker::{
    domain::{NewRun, Queue, Trigger},
    store::{Actor, RunDeed},
};
use serde_json::{Value, json};

use super::World;

fn wish(task: &str) -> NewRun {
    NewRun {
        task: task.to_owned(),
        args: json!({}),
        queue: Queue::Maintenance,
        priority: 0,
        key: None,
        run_at: None,
        max_attempts: 1,
        timeout: Duration::from_mins(1),
        trigger: Trigger::Cli,
        schedule: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_of_a_run_is_a_line_and_nothing_is_said_twice() {
    let world = World::new().await;
    let store = &world.db.store;
    let (before, _) = store.insert_run(&wish("match")).await.unwrap();
    let mut command = world.program.command(&["--json", "runs", "tail", "--lines", "5", "--every", "50ms"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut next = move || {
        let line = lines.next().unwrap().unwrap();
        let run: Value = serde_json::from_str(&line).unwrap();
        ((run["id"].as_i64().unwrap(), run["state"].as_str().unwrap().to_owned()), lines_of(&run))
    };
    let (first, mut next) = tokio::task::spawn_blocking(move || (next(), next)).await.unwrap();
    assert_eq!(first.0, (before.0, "queued".to_owned()), "the newest are printed first");

    let (id, _) = store.insert_run(&wish("prune")).await.unwrap();
    let (seen, mut next) = tokio::task::spawn_blocking(move || (next(), next)).await.unwrap();
    assert_eq!(seen.0, (id.0, "queued".to_owned()));
    let somebody = Actor { id: "test", address: None };
    store.change_run_for(somebody, RunDeed::Cancel, id).await.unwrap();
    let (seen, mut next) = tokio::task::spawn_blocking(move || (next(), next)).await.unwrap();
    assert_eq!(seen.0, (id.0, "cancelled".to_owned()));
    store.change_run_for(somebody, RunDeed::Cancel, before).await.unwrap();
    let (seen, _) = tokio::task::spawn_blocking(move || (next(), next)).await.unwrap();
    assert_eq!(seen.0, (before.0, "cancelled".to_owned()), "one that was there before is followed too");
    child.kill().unwrap();
    child.wait().unwrap();
}

fn lines_of(run: &Value) -> usize {
    run.as_object().map_or(0, serde_json::Map::len)
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_that_are_named_are_followed_to_their_end() {
    let world = World::new().await;
    let mut wish = wish("no-such");
    let (id, _) = world.db.store.insert_run(&wish).await.unwrap();
    "prune".clone_into(&mut wish.task);
    let (good, _) = world.db.store.insert_run(&wish).await.unwrap();
    let _running = world.start().await;
    let tail = |ids: &[i64]| {
        let mut args = vec!["runs".to_owned(), "tail".to_owned(), "--every".to_owned(), "50ms".to_owned()];
        args.extend(ids.iter().map(ToString::to_string));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        world.program.command(&args).output().unwrap()
    };
    let ended = tail(&[good.0]);
    let text = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.success() && text.contains("prune") && text.contains("done"), "{text}");
    let ended = tail(&[good.0, id.0]);
    let text = String::from_utf8(ended.stdout).unwrap();
    assert!(ended.status.code() == Some(1) && text.contains("dead"), "{text}");
    let ended = tail(&[4711]);
    assert!(ended.status.code() == Some(1), "{}", String::from_utf8_lossy(&ended.stderr));
}
