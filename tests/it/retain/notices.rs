use serde_json::json;

use super::{retain, user};
use crate::support::TestDb;

#[tokio::test]
async fn read_notices_of_ours_go_and_nobody_is_told_twice() {
    let db = TestDb::new().await;
    let anna = user(&db.pool, "anna").await;
    for (kind, read, days) in [
        ("job_match", true, 31),
        ("job_match", true, 29),
        ("job_match", false, 400),
        ("interview_reminder", true, 400),
    ] {
        sqlx::query(
            "INSERT INTO notifications (user_id, type, title, is_read, created_at)
             VALUES ($1, $2, $2 || $4::text, $3, now() - make_interval(days => $4))",
        )
        .bind(anna)
        .bind(kind)
        .bind(read)
        .bind(days)
        .execute(&db.pool)
        .await
        .unwrap();
    }
    let titles = || async {
        sqlx::query_scalar::<_, String>("SELECT title FROM notifications ORDER BY id")
            .fetch_all(&db.pool)
            .await
            .unwrap()
    };
    let said = retain(&db.config(), json!({ "policy": "notices", "dry_run": true })).await;
    assert_eq!((&said["would_delete"], &said["examples"][0]["title"]), (&json!(1), &json!("job_match31")));
    assert_eq!(titles().await.len(), 4);
    assert_eq!(retain(&db.config(), json!({ "policy": "notices" })).await["deleted"], 1);
    assert_eq!(titles().await, ["job_match29", "job_match400", "interview_reminder400"]);
    let all = json!({ "policy": "notices", "types": [], "unread_days": 365 });
    assert_eq!(retain(&db.config(), all).await["deleted"], 2);
    assert_eq!(titles().await, ["job_match29"]);
}
