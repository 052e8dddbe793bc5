//! Others at the same rows at the same time.

use std::time::Duration;

use career_worker::store::SweptTable;
use serde_json::json;

use super::{left, old_postings, retain, user};
use crate::{
    backup::kit::Rig,
    support::{TestDb, eventually},
};

/// Somebody applies to postings while they are deleted: an application that was accepted keeps its posting.
#[tokio::test(flavor = "multi_thread")]
async fn an_application_is_never_taken_away() {
    let db = TestDb::new().await;
    let rows = old_postings(&db, 600).await;
    let anna = user(&db.pool, "anna").await;
    let (pool, wanted) = (db.pool.clone(), rows.clone());
    let applying = tokio::spawn(async move {
        let mut accepted = Vec::new();
        for row in wanted.into_iter().rev() {
            let mut transaction = pool.begin().await.unwrap();
            let applied =
                sqlx::query("INSERT INTO applications (job_id, user_id, status) VALUES ($1, $2, 'applied')")
                    .bind(row)
                    .bind(anna)
                    .execute(&mut *transaction)
                    .await;
            if applied.is_ok() && transaction.commit().await.is_ok() {
                accepted.push(row);
            }
        }
        accepted
    });
    let references = db.store.list_references().await.unwrap();
    let mut deleted = 0;
    for start in (0..600).step_by(15) {
        let after = rows[start] - 1;
        let until = rows[start + 14];
        let found = db.store.export_postings(after, until, 90, &references, &[]).await.unwrap();
        let found: Vec<_> = found.into_iter().map(|posting| (posting.id, posting.version)).collect();
        match db.store.delete_postings(&found, None, 90, &references).await {
            Ok(done) => deleted += done,
            Err(error) => assert!(error.is_busy(), "{error:?}"),
        }
    }
    let accepted = applying.await.unwrap();
    let still: Vec<i32> = sqlx::query_scalar("SELECT job_id FROM applications ORDER BY 1 DESC")
        .fetch_all(&db.pool)
        .await
        .unwrap();
    assert_eq!(still, accepted);
    assert!(deleted > 50 && accepted.len() > 50, "nobody met anybody: {deleted}, {}", accepted.len());
    assert_eq!(left(&db.pool).await.len() as u64, 600 - deleted);
}

#[tokio::test]
async fn what_changed_after_it_was_read_stays() {
    let db = TestDb::new().await;
    let rows = old_postings(&db, 3).await;
    let until = db.store.find_window(SweptTable::Postings, 0, 100).await.unwrap().unwrap();
    let found = db.store.export_postings(0, until, 90, &[], &[]).await.unwrap();
    let found: Vec<_> = found.into_iter().map(|posting| (posting.id, posting.version)).collect();
    assert_eq!(found.len(), 3);
    sqlx::query("UPDATE jobs SET title = 'Chef' WHERE id = $1")
        .bind(rows[1])
        .execute(&db.pool)
        .await
        .unwrap();
    assert_eq!(db.store.delete_postings(&found, None, 90, &[]).await.unwrap(), 2);
    assert_eq!(left(&db.pool).await, [rows[1]]);
}

/// A row that somebody holds is passed over, and the writers' lock is waited for and not for long.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_waited_for_long() {
    let rig = Rig::new().await;
    sqlx::query("DELETE FROM jobs").execute(&rig.db.pool).await.unwrap();
    let rows = old_postings(&rig.db, 5).await;
    let mut holding = rig.db.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM jobs WHERE id = $1 FOR KEY SHARE")
        .bind(rows[2])
        .execute(&mut *holding)
        .await
        .unwrap();
    let done = retain(&rig.config, json!({ "policy": "archive" })).await;
    assert_eq!((&done["deleted"], &done["kept"], &done["waited"]), (&json!(4), &json!(1), &json!(0)));
    assert_eq!(left(&rig.db.pool).await, [rows[2]]);
    holding.rollback().await.unwrap();

    let mut writing = rig.db.pool.begin().await.unwrap();
    sqlx::query("SELECT pg_advisory_xact_lock(x'6361726565727001'::bigint)")
        .execute(&mut *writing)
        .await
        .unwrap();
    let config = rig.config.clone();
    let running = tokio::spawn(async move { retain(&config, json!({ "policy": "archive" })).await });
    // It waits for the lock, and gives up waiting.
    let waits = || async {
        sqlx::query_scalar::<_, bool>(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
               AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
        )
        .fetch_one(&rig.db.pool)
        .await
        .unwrap()
    };
    eventually(Duration::from_secs(30), waits).await;
    eventually(Duration::from_secs(30), || async { !waits().await }).await;
    writing.rollback().await.unwrap();
    let done = running.await.unwrap();
    assert_eq!(done["deleted"], 1);
    assert!(done["waited"].as_u64().unwrap() >= 1, "{done}");
    assert_eq!(left(&rig.db.pool).await, Vec::<i32>::new());
}
