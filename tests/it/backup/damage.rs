//! Whatever is wrong with a backup, the restore test finds it. Each test damages one thing and leaves the rest as it was.

use std::path::PathBuf;

use career_worker::backup::{Manifest, Watch, keys, test_restore};
use secrecy::ExposeSecret as _;

use super::kit::Rig;

fn manifest(rig: &Rig, id: &str) -> Manifest {
    let text = std::fs::read(rig.objects.join(id).join("manifest.json")).unwrap();
    Manifest::read(id, &text).unwrap()
}

fn write_manifest(rig: &Rig, manifest: &Manifest) {
    let path = rig.objects.join(&manifest.id).join("manifest.json");
    std::fs::write(path, serde_json::to_vec(manifest).unwrap()).unwrap();
}

fn dump(rig: &Rig, id: &str) -> PathBuf {
    rig.objects.join(id).join("dump.zst.age")
}

/// The defect of a backup of the database as it is after `damage`, under the manifest of before.
async fn defect_after(damage: &'static [&'static str]) -> String {
    let rig = Rig::new().await;
    let before = rig.make().await;
    for statement in damage {
        sqlx::query(*statement).execute(&rig.db.pool).await.unwrap();
    }
    let after = rig.make().await;
    std::fs::copy(dump(&rig, &after.id), dump(&rig, &before.id)).unwrap();
    let mut forged = manifest(&rig, &before.id);
    forged.dump = manifest(&rig, &after.id).dump;
    write_manifest(&rig, &forged);
    let tested = rig.test(&before.id).await;
    assert!(rig.scratch_is_clean());
    assert_eq!(rig.state(&before.id).await, "failed");
    assert_eq!(rig.catalog().await.find(&rig.site(), &before.id).unwrap().state(), "failed");
    tested.defect.unwrap()
}

#[tokio::test]
async fn one_row_changed() {
    let defect = defect_after(&["UPDATE jobs SET salary_min = 1 WHERE id = 1000"]).await;
    assert!(defect.contains("table public.jobs has other rows"), "{defect}");
}

#[tokio::test]
async fn one_row_deleted() {
    let defect = defect_after(&["DELETE FROM jobs WHERE id = 1000"]).await;
    assert!(defect.contains("table public.jobs has 1999 rows, expected 2000"), "{defect}");
}

#[tokio::test]
async fn a_table_missing() {
    let defect = defect_after(&["DROP TABLE worker.audit"]).await;
    assert!(defect.contains("table worker.audit is missing"), "{defect}");
}

#[tokio::test]
async fn an_index_missing() {
    let defect = defect_after(&["DROP INDEX jobs_full_text_idx"]).await;
    assert!(defect.contains("indexes"), "{defect}");
}

#[tokio::test]
async fn an_empty_dump() {
    let damage = &["DROP SCHEMA public CASCADE", "DROP SCHEMA worker CASCADE", "CREATE SCHEMA public"];
    let rig = Rig::new().await;
    let before = rig.make().await;
    let empty = Rig::new().await;
    for statement in damage {
        sqlx::query(*statement).execute(&empty.db.pool).await.unwrap();
    }
    // A dump of nothing, sealed for the same readers.
    let place = rig.site_with(|config| config.database.url = empty.db.url.clone().into());
    sqlx::query("CREATE TABLE public.one (n int)").execute(&empty.db.pool).await.unwrap();
    let engine = career_worker::backup::LogicalDump::new(place, rig.db.store.clone()).with_any_size(true);
    let after = engine.run(&Watch::default()).await.unwrap();
    std::fs::copy(dump(&rig, &after.id), dump(&rig, &before.id)).unwrap();
    let mut forged = manifest(&rig, &before.id);
    forged.dump = manifest(&rig, &after.id).dump;
    write_manifest(&rig, &forged);
    let defect = rig.test(&before.id).await.defect.unwrap();
    assert!(defect.contains("table public.jobs is missing"), "{defect}");
}

#[tokio::test]
async fn one_bit_flipped() {
    let rig = Rig::new().await;
    let made = rig.make().await;
    let path = dump(&rig, &made.id);
    let whole = std::fs::read(&path).unwrap();
    let mut flipped = whole.clone();
    let middle = whole.len() / 2;
    flipped[middle] ^= 4;
    std::fs::write(&path, &flipped).unwrap();
    let defect = rig.test(&made.id).await.defect.unwrap();
    assert!(defect.contains("SHA-256") && defect.contains("damaged"), "{defect}");
    std::fs::write(&path, &whole).unwrap();
    assert_eq!(rig.test(&made.id).await.defect, None);
}

#[tokio::test]
async fn truncated_even_where_the_manifest_agrees() {
    let rig = Rig::new().await;
    let made = rig.make().await;
    let path = dump(&rig, &made.id);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() - 1000]).unwrap();
    let defect = rig.test(&made.id).await.defect.unwrap();
    assert!(defect.contains("bytes, expected"), "{defect}");
    let mut forged = manifest(&rig, &made.id);
    forged.dump.bytes -= 1000;
    write_manifest(&rig, &forged);
    let defect = rig.test(&made.id).await.defect.unwrap();
    assert!(defect.contains("damaged"), "{defect}");
}

#[tokio::test]
async fn a_wrong_key() {
    let rig = Rig::new().await;
    let made = rig.make().await;
    let stranger = keys::generate();
    let site = rig.site_with(|config| {
        config.backup.identity = stranger.private.expose_secret().to_owned().into();
    });
    let tested = test_restore(&site, Some(&rig.db.store), Some(&made.id), &Watch::default()).await.unwrap();
    assert!(tested.defect.unwrap().contains("the key does not open it"));
}

#[tokio::test]
async fn a_missing_dump_and_an_unreadable_manifest() {
    let rig = Rig::new().await;
    let made = rig.make().await;
    std::fs::remove_file(dump(&rig, &made.id)).unwrap();
    assert!(rig.test(&made.id).await.defect.unwrap().contains("is missing"));
    std::fs::write(rig.objects.join(&made.id).join("manifest.json"), "{").unwrap();
    assert_eq!(rig.catalog().await.entries[0].state(), "unreadable");
    assert!(rig.test(&made.id).await.defect.is_some());
}
