//! Without a place for backups nothing is an error, and with one its absence of good ones is.

use std::sync::Arc;

use career_worker::{
    backup::observe,
    clock::Clock,
    domain::{Outcome, Trigger},
    queue::Transport,
    tasks,
    worker::Worker,
};
use chrono::TimeDelta;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::{killed::program, kit::Rig};
use crate::support::{TestDb, config};

pub async fn execute(config: career_worker::config::Config, task: &str) -> Outcome {
    let parts = crate::rig::Rig::parts(Arc::new(config), Transport::local());
    let run = tasks::new_run(tasks::find(task).unwrap(), json!({}), Trigger::Cli);
    let outcome =
        Worker::new("test", parts.clone()).execute(&run, &CancellationToken::new()).await.unwrap().1;
    parts.store.close().await;
    outcome
}

#[tokio::test]
async fn the_schedules_say_not_configured() {
    let db = TestDb::new().await;
    for task in
        ["backup", "restore-test", "backup-expire", "backup-watch", "pitr-backup", "pitr-restore-test"]
    {
        let outcome = execute(config(&db), task).await;
        let Outcome::Done(report) = &outcome else { panic!("{task}: {outcome:?}") };
        assert!(report["not_configured"].is_array(), "{task}: {report}");
    }
    let health = observe(&db.store, &config(&db), Clock::system().now()).await.unwrap();
    assert!(health.alarms.is_empty() && !health.configured && health.pitr == "nobody");
}

#[tokio::test]
async fn the_tasks_make_test_and_watch() {
    let rig = Rig::new().await;
    let now = Clock::system().now();
    let alarms = || async { observe(&rig.db.store, &rig.config, now).await.unwrap().alarms };
    assert!(alarms().await[0].contains("no verified backup"));
    for task in ["backup", "restore-test", "backup-watch", "backup-expire"] {
        let outcome = execute(career_worker::config::Config::clone(&rig.config), task).await;
        assert!(matches!(outcome, Outcome::Done(_)), "{task}: {outcome:?}");
    }
    assert!(alarms().await.is_empty());
    let later = now + TimeDelta::hours(27);
    let said = observe(&rig.db.store, &rig.config, later).await.unwrap().alarms;
    assert!(said[0].contains("h old, expected 26"), "{said:?}");
}

/// A restore test that finds something wrong is a dead run that says what.
#[tokio::test]
async fn a_defect_is_loud() {
    let rig = Rig::new().await;
    let made = rig.make().await;
    std::fs::remove_file(rig.objects.join(&made.id).join("dump.zst.age")).unwrap();
    let outcome = execute(career_worker::config::Config::clone(&rig.config), "restore-test").await;
    let Outcome::Fail { error } = outcome else { panic!("{outcome:?}") };
    assert!(error.contains(&made.id) && error.contains("is missing"), "{error}");
}

/// `doctor` has a line for each thing a backup needs.
#[tokio::test]
async fn the_doctor_looks_at_backups() {
    let rig = Rig::new().await;
    let said = || {
        let output = program(&rig).command(&["--json", "doctor"]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        move |what: &str| lines.iter().find(|line| line["what"] == what).cloned().unwrap()
    };
    let before = said();
    for what in ["pg_dump", "backup place", "backup keys", "restore test"] {
        assert_eq!(before(what)["state"], "ok", "{}", before(what));
    }
    assert!(before("backups")["says"].as_str().unwrap().contains("no verified backup"));
    let made = rig.make().await;
    rig.test(&made.id).await;
    assert_eq!(said()("backups")["state"], "ok");
}

#[tokio::test]
async fn keys_are_made_and_kept_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let rig = Rig::new().await;
    let path = rig.folder.join("key");
    let printed = program(&rig).output(&["backup", "keygen", "--out", path.to_str().unwrap()]);
    assert!(printed.starts_with("age1") && !printed.contains("SECRET"));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("AGE-SECRET-KEY-1") && text.contains(printed.trim()));
    let again =
        program(&rig).command(&["backup", "keygen", "--out", path.to_str().unwrap()]).output().unwrap();
    assert_eq!(again.status.code(), Some(1));
    let shown = program(&rig).output(&["config", "show"]);
    assert!(!shown.contains("AGE-SECRET-KEY") && shown.contains("[backup]"), "{shown}");
}
