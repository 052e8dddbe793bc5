//! The real program, killed in the middle: there is no half backup, and the next one tidies up.

use std::{path::Path, time::Duration};

use secrecy::ExposeSecret as _;

use super::kit::{KEY, Rig, SECRET, files, storage};
use crate::{
    process::{Program, Running},
    support::eventually,
};

/// The program with the settings of `rig`.
pub fn program(rig: &Rig) -> Program {
    let backup = &rig.config.backup;
    let recipients = format!("{:?}", backup.recipients);
    let nowhere = rig.folder.join("jobs");
    std::fs::create_dir_all(&nowhere).unwrap();
    Program::at(&rig.db.url, "redis://127.0.0.1:1", &nowhere)
        .with("CAREER__BACKUP__URL", &backup.url)
        .with("CAREER__BACKUP__RECIPIENTS", recipients)
        .with("CAREER__BACKUP__IDENTITY", backup.identity.expose_secret())
        .with("CAREER__BACKUP__S3_ENDPOINT", &backup.s3_endpoint)
        .with("CAREER__BACKUP__S3_ACCESS_KEY_ID", KEY)
        .with("CAREER__BACKUP__S3_SECRET_ACCESS_KEY", SECRET)
        .with("CAREER__BACKUP__S3_ALLOW_HTTP", "true")
        .with("CAREER__BACKUP__SCRATCH", backup.scratch.display().to_string())
        .with("CAREER__BACKUP__PART_MIB", "5")
        .with("CAREER__BACKUP__RESERVE_MIB", "256")
}

async fn enlarge(rig: &Rig) {
    sqlx::query("CREATE TABLE noise AS SELECT n, sha512(n::text::bytea) AS a, sha512(('x' || n)::bytea) AS b FROM generate_series(1, 150000) AS n")
        .execute(&rig.db.pool)
        .await
        .unwrap();
}

/// Command lines of all processes.
fn command_lines() -> String {
    let mut all = String::new();
    for entry in std::fs::read_dir("/proc").unwrap().filter_map(Result::ok) {
        let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
        all.push_str(&String::from_utf8_lossy(&line));
        all.push('\n');
    }
    all
}

fn dumping() -> bool {
    command_lines().lines().any(|line| line.contains("pg_dump") && line.contains("--snapshot"))
}

async fn killed_in_the_middle(rig: Rig, left: impl Fn(&Path) -> usize) {
    enlarge(&rig).await;
    let program = program(&rig);
    let mut running: Running = program.start(&["backup", "run"]);
    let known = || async {
        let rows = rig.db.store.list_backups(10).await.unwrap();
        let on_s3 = rig.config.backup.url.starts_with("s3:");
        rows.first().is_some_and(|row| !on_s3 || row.upload_id.is_some())
    };
    eventually(Duration::from_mins(1), || async { dumping() && left(&rig.objects) > 0 && known().await })
        .await;
    let lines = command_lines();
    let url = url::Url::parse(&rig.db.url).unwrap();
    for secret in
        [url.password().unwrap_or("no password"), SECRET, rig.config.backup.identity.expose_secret()]
    {
        assert!(!lines.contains(secret));
    }
    running.kill();
    let catalog = rig.catalog().await;
    assert!(catalog.entries.is_empty(), "{catalog:?}");
    assert!(left(&rig.objects) > 0, "it was killed too late");
    let rows = rig.db.store.list_backups(10).await.unwrap();
    assert_eq!((rows.len(), rows[0].state.as_str()), (1, "running"));

    // What the killed one was doing has no hold on the database for long: its lock goes with its connection.
    let killed = rows[0].id.clone();
    eventually(Duration::from_mins(1), || async {
        program.command(&["backup", "run", "--json"]).output().unwrap().status.success()
    })
    .await;
    let catalog = rig.catalog().await;
    assert_eq!((catalog.entries.len(), catalog.unfinished.len()), (1, 0));
    assert_eq!(rig.state(&killed).await, "broken");
    assert_eq!(
        left(&rig.objects),
        0,
        "{:?}",
        files(&rig.objects).iter().map(|(path, _)| path.clone()).collect::<Vec<_>>()
    );
    assert_eq!(rig.test(&catalog.entries[0].id).await.defect, None);
}

#[tokio::test]
async fn into_a_folder() {
    let unfinished = |folder: &Path| {
        files(folder).iter().filter(|(path, _)| path.to_string_lossy().contains("dump.zst.age#")).count()
    };
    killed_in_the_middle(Rig::new().await, unfinished).await;
}

#[tokio::test]
async fn into_s3() {
    let rig = Rig::on_s3().await;
    // The server keeps the pieces of an upload beside the buckets.
    let server = rig.folder.join("s3");
    let parts = move |_: &Path| {
        files(&server).iter().filter(|(path, _)| path.to_string_lossy().contains("upload")).count()
    };
    killed_in_the_middle(rig, parts).await;
}

/// A restore test that is killed leaves neither a server nor a copy of the data.
#[tokio::test]
async fn in_a_restore_test() {
    let rig = Rig::new().await;
    enlarge(&rig).await;
    let made = rig.make().await;
    let mut running = program(&rig).start(&["backup", "verify"]);
    let scratch = rig.folder.join("scratch");
    let restoring =
        || async { files(&scratch).iter().any(|(path, _)| path.ends_with("postgres/postmaster.pid")) };
    eventually(Duration::from_mins(1), restoring).await;
    running.kill();
    // Where the servers run as somebody else, the empty folder is removed by a later test.
    eventually(Duration::from_mins(1), || async { files(&scratch).is_empty() }).await;
    assert!(!command_lines().contains(&scratch.display().to_string()));
    assert_eq!(rig.state(&made.id).await, "unverified");
    assert_eq!(rig.test(&made.id).await.defect, None);
}

/// Killed after the upload and before the manifest, and after the manifest and before the row.
#[tokio::test]
async fn at_the_two_moments_at_the_end() {
    let rig = Rig::new().await;
    let made = rig.make().await;
    sqlx::query("UPDATE worker.backups SET state = 'running'").execute(&rig.db.pool).await.unwrap();
    let second = rig.make().await;
    assert_eq!((rig.state(&made.id).await.as_str(), rig.catalog().await.entries.len()), ("unverified", 2));

    std::fs::remove_file(rig.objects.join(&second.id).join("manifest.json")).unwrap();
    sqlx::query("UPDATE worker.backups SET state = 'running' WHERE id = $1")
        .bind(&second.id)
        .execute(&rig.db.pool)
        .await
        .unwrap();
    assert_eq!(rig.catalog().await.unfinished, std::slice::from_ref(&second.id));
    rig.make().await;
    assert_eq!(rig.state(&second.id).await, "broken");
    assert!(!rig.objects.join(&second.id).exists());
}

/// Another installation may be at work in the same place: what is young is left alone.
#[tokio::test]
async fn what_is_young_and_not_ours_stays() {
    let rig = Rig::new().await;
    let place = storage(&rig.config);
    let now =
        chrono::DateTime::<chrono::Utc>::from(std::fs::metadata(&rig.folder.0).unwrap().modified().unwrap());
    let young = format!("{}-00000001/dump.zst.age", now.format("%Y%m%dT%H%M%SZ"));
    for name in [young.as_str(), "20200101T000000Z-00000002/dump.zst.age", "notes/readme.txt"] {
        place.write(name, "x".into()).await.unwrap();
    }
    rig.make().await;
    let left: Vec<_> = place.list("").await.unwrap().into_iter().map(|object| object.name).collect();
    assert!(left.contains(&young) && left.contains(&"notes/readme.txt".to_owned()), "{left:?}");
    assert!(!left.iter().any(|name| name.starts_with("2020")), "{left:?}");
}
