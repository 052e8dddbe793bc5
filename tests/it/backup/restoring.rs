//! Restores for people: into an empty database, over another one, and what is refused.

use career_worker::{
    backup::{BackupError, RestoreWish, Watch, keys, restore},
    config::Config,
    store::Store,
};
use serde_json::Value;
use sqlx::{Connection as _, PgConnection};

use super::{killed::program, kit::Rig};
use crate::support::TestDb;

fn wish(id: &str, into: &TestDb) -> RestoreWish {
    RestoreWish { id: id.to_owned(), into: into.url.clone(), force: false, privileges: false }
}

async fn attempt(rig: &Rig, wish: &RestoreWish) -> Result<career_worker::backup::Restored, BackupError> {
    let identity = keys::identity(&rig.config.backup).unwrap();
    restore(&rig.site(), wish, identity, &Watch::default()).await
}

/// A store on another database.
fn store(url: &str) -> Store {
    let config = Config::load(None, &[("database.url", url.to_owned())]).unwrap();
    Store::open(&config.database).unwrap()
}

#[tokio::test]
async fn into_an_empty_database() {
    let (rig, target) = (Rig::on_s3().await, TestDb::unmigrated().await);
    let made = rig.make().await;
    let restored = attempt(&rig, &wish(&made.id[..20], &target)).await.unwrap();
    assert_eq!(
        (restored.id.as_str(), restored.rows, restored.differences.len()),
        (made.id.as_str(), made.rows, 0)
    );
    let store = store(&target.url);
    assert!(store.is_current().await.unwrap());
    let state = store.daemon_state().await.unwrap();
    assert!(state.quarantined && !state.restoring && state.reason.unwrap().contains(&made.id));
}

#[tokio::test]
async fn a_full_database_is_refused_and_replaced_only_by_force() {
    let (rig, target) = (Rig::new().await, TestDb::new().await);
    let made = rig.make().await;
    for statement in ["CREATE SCHEMA old", "CREATE TABLE old.kept AS SELECT 1 AS n"] {
        sqlx::query(statement).execute(&target.pool).await.unwrap();
    }
    target.pool.close().await;
    target.store.close().await;
    let refused = attempt(&rig, &wish(&made.id, &target)).await.unwrap_err().to_string();
    assert!(refused.contains("not empty") && refused.contains("--force"), "{refused}");
    let forced = RestoreWish { force: true, ..wish(&made.id, &target) };

    let other = PgConnection::connect(&target.url).await.unwrap();
    let refused = attempt(&rig, &forced).await.unwrap_err().to_string();
    assert!(refused.contains("in use by 1 sessions"), "{refused}");

    // Neither a wrong key nor a damaged dump costs what is there.
    other.close().await.unwrap();
    let stranger = keys::read_identity(&keys::generate().private, "test").unwrap();
    let refused = restore(&rig.site(), &forced, stranger, &Watch::default()).await.unwrap_err().to_string();
    assert!(
        refused.contains("the key does not open it") && refused.contains("nothing was touched"),
        "{refused}"
    );
    let mut other = PgConnection::connect(&target.url).await.unwrap();
    let kept: i32 = sqlx::query_scalar("SELECT n FROM old.kept").fetch_one(&mut other).await.unwrap();
    assert_eq!(kept, 1);
    other.close().await.unwrap();

    assert_eq!(attempt(&rig, &forced).await.unwrap().differences, Vec::<String>::new());
    let store = store(&target.url);
    assert!(store.is_quarantined().await.unwrap());
    store.close().await;
}

/// A restore that is killed leaves a database that no daemon takes for whole.
#[tokio::test]
async fn a_half_restored_database_is_known() {
    let (rig, target) = (Rig::new().await, TestDb::new().await);
    sqlx::query("CREATE SCHEMA career_restore CREATE TABLE pending (backup text)")
        .execute(&target.pool)
        .await
        .unwrap();
    let state = target.store.daemon_state().await.unwrap();
    assert!(state.quarantined && state.restoring);
    let site = rig.site_with(|config| config.database.url = target.url.clone().into());
    let engine = career_worker::backup::LogicalDump::new(site, target.store.clone());
    let refused = engine.run(&Watch::default()).await.unwrap_err().to_string();
    assert!(refused.contains("has not ended"), "{refused}");
}

#[tokio::test]
async fn a_damaged_backup_restores_nothing() {
    let (rig, target) = (Rig::new().await, TestDb::unmigrated().await);
    let made = rig.make().await;
    let path = rig.objects.join(&made.id).join("dump.zst.age");
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 20;
    bytes[last] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let refused = attempt(&rig, &wish(&made.id, &target)).await.unwrap_err().to_string();
    assert!(refused.contains("damaged") && refused.contains("nothing was restored"), "{refused}");
    let tables: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pg_tables WHERE schemaname IN ('public', 'worker')")
            .fetch_one(&target.pool)
            .await
            .unwrap();
    assert_eq!(tables, 0);
}

/// As a person does it, with the program alone, and with the database of before gone.
#[tokio::test]
async fn by_the_program_without_its_database() {
    let (rig, target) = (Rig::new().await, TestDb::unmigrated().await);
    let program = program(&rig);
    let made: Value = serde_json::from_str(&program.output(&["--json", "backup", "run"])).unwrap();
    let id = made["id"].as_str().unwrap();
    let tested: Value = serde_json::from_str(&program.output(&["--json", "backup", "verify"])).unwrap();
    assert_eq!((tested["id"].as_str(), &tested["defect"]), (Some(id), &Value::Null));
    let status = program.output(&["backup", "status"]);
    assert!(status.contains("newest verified 2"), "{status}");

    let gone = program.clone().with("CAREER__DATABASE__URL", "postgres://career@127.0.0.1:1/gone");
    let listed = gone.output(&["--json", "backup", "list"]);
    let listed: Value = serde_json::from_str(listed.trim()).unwrap();
    assert_eq!((listed["id"].as_str(), listed["state"].as_str()), (Some(id), Some("verified")));
    let unknown = gone.command(&["backup", "restore", "2019", "--into", &target.url]).output().unwrap();
    assert_eq!(unknown.status.code(), Some(1));
    let restored: Value =
        serde_json::from_str(&gone.output(&["--json", "backup", "restore", id, "--into", &target.url]))
            .unwrap();
    assert_eq!(restored["differences"], serde_json::json!([]));

    let there = program.with("CAREER__DATABASE__URL", &target.url);
    let state = there.command(&["backup", "status"]).output().unwrap();
    assert!(!state.status.success() && String::from_utf8_lossy(&state.stdout).contains("quarantine"));
    let ended: Value = serde_json::from_str(&there.output(&["--json", "backup", "acknowledge"])).unwrap();
    assert_eq!(ended["ended"], true);
    assert!(!store(&target.url).is_quarantined().await.unwrap());
}
