//! A backup goes up, comes back, and is what was there.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use career_worker::{
    backup::{BackupEngine as _, BackupError, LogicalDump, Watch, Which, test_restore},
    storage::StorageError,
};
use tokio_util::sync::CancellationToken;

use super::kit::{Rig, WORD, contains, files, storage};

async fn goes_up_and_comes_back(rig: Rig) {
    let made = rig.make().await;
    assert!(made.rows > 2550 && made.bytes > 10_000 && made.plain_bytes > made.bytes, "{made:?}");
    let catalog = rig.catalog().await;
    assert_eq!(catalog.entries.len(), 1);
    assert_eq!((catalog.entries[0].state(), catalog.unfinished.len()), ("unverified", 0));
    assert_eq!(rig.state(&made.id).await, "unverified");
    let manifest = catalog.entries[0].manifest.clone().unwrap();
    assert!(manifest.migrations.contains(&12) && manifest.objects > 50 && manifest.sequences.len() > 5);
    assert_eq!(manifest.recipients.len(), 2);
    for (path, content) in files(&rig.folder.0) {
        assert!(!contains(&content, WORD), "{} has what should be sealed", path.display());
    }

    let tested = rig.test(&made.id).await;
    assert_eq!((tested.defect.as_deref(), tested.rows), (None, made.rows));
    assert!(rig.scratch_is_clean());
    let catalog = rig.catalog().await;
    assert!(catalog.newest_verified().is_some_and(|entry| entry.id == made.id));
    assert_eq!(rig.state(&made.id).await, "verified");
    let ages = rig.db.store.backup_ages().await.unwrap();
    assert!(ages[0].last_verified.is_some() && ages[0].verify_seconds.is_some_and(|seconds| seconds > 0.0));
}

#[tokio::test]
async fn through_a_folder() {
    goes_up_and_comes_back(Rig::new().await).await;
}

#[tokio::test]
async fn through_s3() {
    goes_up_and_comes_back(Rig::on_s3().await).await;
}

/// More than one piece, with rows coming and going all the while.
#[tokio::test]
async fn writes_during_a_backup_do_not_spoil_it() {
    let rig = Rig::on_s3().await;
    sqlx::query("CREATE TABLE noise AS SELECT n, sha512(n::text::bytea) AS a, sha512(('x' || n)::bytea) AS b FROM generate_series(1, 120000) AS n")
        .execute(&rig.db.pool)
        .await
        .unwrap();
    let stop = CancellationToken::new();
    let (pool, stopped) = (rig.db.pool.clone(), stop.clone());
    let writing = tokio::spawn(async move {
        let mut written = 0u64;
        while !stopped.is_cancelled() {
            sqlx::query(
                "INSERT INTO jobs (title, company) SELECT 'Late', 'Nordwind' FROM generate_series(1, 20)",
            )
            .execute(&pool)
            .await
            .unwrap();
            sqlx::query("UPDATE noise SET a = b WHERE n % 1000 = $1")
                .bind(i32::try_from(written % 1000).unwrap())
                .execute(&pool)
                .await
                .unwrap();
            written += 1;
        }
        written
    });
    let seen = Arc::new(AtomicU64::new(0));
    let told = Arc::clone(&seen);
    let watch = Watch {
        progress: Arc::new(move |done, total| {
            assert!(done <= total);
            told.fetch_max(done, Ordering::Relaxed);
        }),
        cancelled: CancellationToken::new(),
    };
    let made = LogicalDump::new(rig.site(), rig.db.store.clone()).run(&watch).await.unwrap();
    stop.cancel();
    assert!(writing.await.unwrap() > 1);
    assert!(made.bytes > 11 << 20, "expected three pieces: {made:?}");
    assert!(seen.load(Ordering::Relaxed) > 0);
    assert_eq!(rig.test(&made.id).await.defect, None);
}

#[tokio::test]
async fn two_at_once_are_one() {
    let rig = Rig::new().await;
    let engine = LogicalDump::new(rig.site(), rig.db.store.clone());
    let watch = Watch::default();
    let (first, second) = tokio::join!(engine.run(&watch), engine.run(&watch));
    let outcomes = [first, second];
    assert!(outcomes.iter().any(Result::is_ok));
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Err(BackupError::Busy))), "{outcomes:?}");
    assert_eq!(rig.catalog().await.entries.len(), 1);
}

#[tokio::test]
async fn a_cancelled_backup_leaves_nothing() {
    for rig in [Rig::new().await, Rig::on_s3().await] {
        sqlx::query(
            "CREATE TABLE noise AS SELECT sha512(n::text::bytea) AS a FROM generate_series(1, 200000) AS n",
        )
        .execute(&rig.db.pool)
        .await
        .unwrap();
        let watch = Watch::default();
        let cancelled = watch.cancelled.clone();
        let progress = Arc::new(move |done, _| {
            if done > 0 {
                cancelled.cancel();
            }
        });
        let watch = Watch { progress, ..watch };
        let outcome = LogicalDump::new(rig.site(), rig.db.store.clone()).run(&watch).await;
        assert!(matches!(outcome, Err(BackupError::Cancelled)), "{outcome:?}");
        let catalog = rig.catalog().await;
        assert!(catalog.entries.is_empty() && catalog.unfinished.is_empty(), "{catalog:?}");
        let rows = rig.db.store.list_backups(10).await.unwrap();
        assert_eq!((rows.len(), rows[0].state.as_str()), (1, "broken"));
        assert_eq!(files(&rig.objects).len(), 0);
    }
}

#[tokio::test]
async fn a_backup_that_is_far_smaller_is_refused() {
    let rig = Rig::new().await;
    let first = rig.make().await;
    sqlx::query("TRUNCATE jobs, notifications CASCADE").execute(&rig.db.pool).await.unwrap();
    let engine = LogicalDump::new(rig.site(), rig.db.store.clone());
    let refused = engine.run(&Watch::default()).await;
    assert!(matches!(refused, Err(BackupError::TooSmall { .. })), "{refused:?}");
    let catalog = rig.catalog().await;
    assert!(catalog.entries.len() == 1 && catalog.unfinished.is_empty());
    let taken = engine.with_any_size(true).run(&Watch::default()).await.unwrap();
    assert!(taken.bytes < first.bytes);
}

#[tokio::test]
async fn a_locked_table_ends_it_in_time() {
    let rig = Rig::new().await;
    let mut lock = rig.db.pool.begin().await.unwrap();
    sqlx::query("LOCK TABLE job_views").execute(&mut *lock).await.unwrap();
    let site = rig.site_with(|config| config.backup.lock_timeout = Duration::from_millis(300));
    let refused = LogicalDump::new(site, rig.db.store.clone()).run(&Watch::default()).await;
    let Err(BackupError::Program { said, .. }) = refused else { panic!("{refused:?}") };
    assert!(said.contains("LOCK TABLE public.job_views"), "{said}");
}

#[tokio::test]
async fn what_it_needs_is_looked_at_beforehand() {
    let rig = Rig::new().await;
    let found = LogicalDump::new(rig.site(), rig.db.store.clone()).preflight().await.unwrap();
    assert!(found.iter().all(|found| found.ok), "{found:?}");
    let stranger = rig.site_with(|config| config.backup.recipients.truncate(1));
    let found = LogicalDump::new(stranger, rig.db.store.clone()).preflight().await.unwrap();
    assert!(found.iter().any(|found| found.what == "backup keys" && !found.ok), "{found:?}");
    let nowhere = rig.site_with(|config| config.backup.programs = "/nowhere".into());
    let refused = LogicalDump::new(nowhere, rig.db.store.clone()).run(&Watch::default()).await.unwrap_err();
    assert!(refused.to_string().contains("backup.programs"), "{refused}");
    assert!(rig.catalog().await.entries.is_empty());
}

/// The manifest is written by one writer only, on both kinds of places.
#[tokio::test]
async fn an_object_is_created_once() {
    for rig in [Rig::new().await, Rig::on_s3().await] {
        let place = storage(&rig.config);
        place.create("a/manifest.json", "first".into()).await.unwrap();
        let again = place.create("a/manifest.json", "second".into()).await;
        assert!(matches!(again, Err(StorageError::Exists(_))), "{again:?}");
        assert_eq!(place.read("a/manifest.json", 100).await.unwrap(), "first");
        place.delete("a/manifest.json").await.unwrap();
        place.delete("a/manifest.json").await.unwrap();
        let gone = place.read("a/manifest.json", 100).await;
        assert!(matches!(gone, Err(StorageError::Missing(_))), "{gone:?}");
    }
}

/// A key that the bucket does not know is no reason to try again, and is nowhere in the message.
#[tokio::test]
async fn a_wrong_key_of_the_bucket_is_said() {
    let rig = Rig::on_s3().await;
    let site = rig.site_with(|config| config.backup.s3_secret_access_key = "not-that-one".to_owned().into());
    let refused = LogicalDump::new(site, rig.db.store.clone()).run(&Watch::default()).await.unwrap_err();
    let said = format!("{refused} {refused:?}");
    assert!(!said.contains("not-that-one") && said.contains("denied"), "{said}");
}

/// A machine without room for a restore test says nothing of the backup.
#[tokio::test]
async fn a_full_disk_is_no_defect() {
    let rig = Rig::new().await;
    let made = rig.make().await;
    let site = rig.site_with(|config| config.backup.reserve_mib = 1 << 40);
    let tested = test_restore(&site, Some(&rig.db.store), None, &Watch::default()).await;
    let refused = tested.unwrap_err().to_string();
    assert!(refused.contains("backup.scratch"), "{refused}");
    assert_eq!(rig.state(&made.id).await, "unverified");
}

#[tokio::test]
async fn a_moment_cannot_be_had_from_a_dump() {
    let rig = Rig::new().await;
    let engine = LogicalDump::new(rig.site(), rig.db.store.clone());
    let moment = Which::Moment("2026-11-26T00:00:00Z".parse().unwrap());
    assert!(engine.test(moment, &Watch::default()).await.is_err());
}
