//! Old backups go, the last good ones never.

use career_worker::backup::{Manifest, Verification, expire};
use chrono::{DateTime, TimeDelta, Utc};

use super::{killed::program, kit::Rig, kit::storage};

/// Copies of one backup, one a day before it, tested or not.
async fn nightly(rig: &Rig, days: i64, verified: bool) -> Vec<String> {
    let made = rig.make().await;
    let text = std::fs::read(rig.objects.join(&made.id).join("manifest.json")).unwrap();
    let first = Manifest::read(&made.id, &text).unwrap();
    let place = storage(&rig.config);
    let mut ids = vec![made.id.clone()];
    for day in 1..=days {
        let made_at: DateTime<Utc> = first.made_at - TimeDelta::days(day);
        let id = format!("{}-{day:08x}", made_at.format("%Y%m%dT%H%M%SZ"));
        let manifest = Manifest { id: id.clone(), made_at, ..first.clone() };
        place.write(&manifest.dump_name(), "x".into()).await.unwrap();
        place
            .write(&format!("{id}/manifest.json"), serde_json::to_vec(&manifest).unwrap().into())
            .await
            .unwrap();
        ids.push(id);
    }
    if verified {
        for id in &ids {
            let found = Verification { passed: true, at: first.made_at, seconds: 1.0, defect: None };
            let name = format!("{id}/verification.json");
            place.write(&name, serde_json::to_vec(&found).unwrap().into()).await.unwrap();
        }
    }
    ids
}

#[tokio::test]
async fn a_year_of_nights() {
    for rig in [Rig::new().await, Rig::on_s3().await] {
        nightly(&rig, 60, true).await;
        let (site, store) = (rig.site(), &rig.db.store);
        let planned = expire(&site, Some(store), true).await.unwrap();
        assert!(planned.plan.delete.len() > 40 && planned.plan.refused.is_none(), "{planned:?}");
        assert_eq!(rig.catalog().await.entries.len(), 61, "a dry run touches nothing");
        let done = expire(&site, Some(store), false).await.unwrap();
        assert_eq!(done.plan, planned.plan);
        let catalog = rig.catalog().await;
        let left: Vec<_> = catalog.entries.iter().map(|entry| entry.id.clone()).collect();
        let kept: Vec<_> = done.plan.keep.iter().map(|(id, _)| id.clone()).collect();
        assert_eq!(left, kept);
        assert!(catalog.unfinished.is_empty());
        let objects = storage(&rig.config).list("").await.unwrap();
        assert!(objects.iter().all(|object| kept.iter().any(|id| object.name.starts_with(id.as_str()))));
        assert!(expire(&site, Some(store), false).await.unwrap().plan.delete.is_empty());
    }
}

#[tokio::test]
async fn nothing_goes_without_verified_ones() {
    let rig = Rig::new().await;
    nightly(&rig, 30, false).await;
    let expired = expire(&rig.site(), Some(&rig.db.store), false).await.unwrap();
    assert!(expired.plan.refused.unwrap().contains("no backup is verified"));
    assert_eq!(rig.catalog().await.entries.len(), 31);
}

/// Killed after the manifest was deleted: what is left of it is no backup, and goes with the next one.
#[tokio::test]
async fn killed_between_manifest_and_dump() {
    let rig = Rig::new().await;
    let ids = nightly(&rig, 20, true).await;
    let old = ids.last().unwrap();
    storage(&rig.config).delete(&format!("{old}/manifest.json")).await.unwrap();
    let catalog = rig.catalog().await;
    assert_eq!((catalog.entries.len(), catalog.unfinished.as_slice()), (20, [old.clone()].as_slice()));
    expire(&rig.site(), Some(&rig.db.store), false).await.unwrap();
    assert!(rig.catalog().await.unfinished.is_empty());
}

#[tokio::test]
async fn the_program_says_what_would_go() {
    let rig = Rig::new().await;
    nightly(&rig, 20, true).await;
    let printed = program(&rig).output(&["--json", "backup", "expire", "--dry-run"]);
    let rows: Vec<serde_json::Value> =
        printed.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 21);
    assert!(rows.iter().any(|row| row["what"] == "would be deleted"));
    assert_eq!(rig.catalog().await.entries.len(), 21);
}
