use career_worker::clock::Clock;
use chrono::{NaiveDate, TimeDelta};
use serde_json::json;

use super::{active, numbered, retain, store};
use crate::support::TestDb;

async fn sql(db: &TestDb, text: &'static str, row: i32) {
    sqlx::query(text).bind(row).execute(&db.pool).await.unwrap();
}

fn today() -> NaiveDate {
    Clock::system().now().date_naive()
}

/// The board is read well now, `days` after it last showed the posting of this row.
async fn unseen(db: &TestDb, row: i32, days: i32) {
    sqlx::query(
        "UPDATE worker.sightings SET last_seen = now() - make_interval(days => $2) WHERE job_id = $1",
    )
    .bind(row)
    .bind(days)
    .execute(&db.pool)
    .await
    .unwrap();
}

async fn read_now(db: &TestDb) {
    sqlx::query(
        "INSERT INTO worker.source_health (source, board, last_success_at) VALUES ('test', 'acme', now())
         ON CONFLICT (source, board) DO UPDATE SET last_success_at = now()",
    )
    .execute(&db.pool)
    .await
    .unwrap();
}

#[tokio::test]
async fn what_is_over_becomes_inactive_and_nothing_else() {
    let db = TestDb::new().await;
    let mut postings = numbered(1..=10);
    postings[0].application_deadline = Some(today() - TimeDelta::days(1));
    postings[1].application_deadline = Some(today());
    let rows = store(&db, &postings).await;
    read_now(&db).await;
    unseen(&db, rows[2], 31).await;
    unseen(&db, rows[3], 29).await;
    // Nobody has read the board of this one since.
    unseen(&db, rows[4], 60).await;
    sql(&db, "UPDATE worker.sightings SET board = 'silent' WHERE job_id = $1", rows[4]).await;
    // No board knows this one, and nothing was heard of it for long.
    sql(&db, "DELETE FROM worker.sightings WHERE job_id = $1", rows[5]).await;
    sql(&db, "UPDATE jobs SET scraped_at = now() - interval '91 days', created_at = now() - interval '200 days' WHERE id = $1", rows[5]).await;
    // A user's own, as old.
    sql(&db, "DELETE FROM worker.sightings WHERE job_id = $1", rows[6]).await;
    sql(
        &db,
        "WITH u AS (INSERT INTO users (email, hashed_password) VALUES ('a@example.com', 'x') RETURNING id)
         UPDATE jobs SET user_id = u.id, application_deadline = '2020-01-01', scraped_at = '2020-01-01', created_at = '2020-01-01'
         FROM u WHERE jobs.id = $1",
        rows[6],
    )
    .await;
    // Posted long ago, and listed to this day.
    sql(&db, "UPDATE jobs SET posted_date = CURRENT_DATE - 400 WHERE id = $1", rows[7]).await;

    let before = active(&db.pool).await;
    let said = retain(&db.config(), json!({ "policy": "close", "dry_run": true })).await;
    assert_eq!(said["would_close"], json!({ "deadline": 1, "unseen": 1, "silent": 1 }));
    assert_eq!(said["examples"].as_array().unwrap().len(), 3);
    assert_eq!(active(&db.pool).await, before, "a dry run changes nothing");

    let done = retain(&db.config(), json!({ "policy": "close" })).await;
    assert_eq!(done["closed"], said["would_close"]);
    let expected: Vec<i32> =
        before.iter().copied().filter(|row| ![rows[0], rows[2], rows[5]].contains(row)).collect();
    assert_eq!(active(&db.pool).await, expected);

    let done = retain(&db.config(), json!({ "policy": "close", "old_days": 365 })).await;
    assert_eq!(done["closed"], json!({ "old": 1 }));
    let done = retain(&db.config(), json!({ "policy": "close", "old_days": 365 })).await;
    assert_eq!(done["closed"], json!({}), "a second time there is nothing to do");
}

#[tokio::test]
async fn what_is_listed_again_comes_back_unless_its_time_is_over() {
    let db = TestDb::new().await;
    let mut postings = numbered(1..=3);
    postings[0].application_deadline = Some(today() - TimeDelta::days(1));
    let rows = store(&db, &postings).await;
    read_now(&db).await;
    unseen(&db, rows[1], 40).await;
    retain(&db.config(), json!({ "policy": "close" })).await;
    assert_eq!(active(&db.pool).await, [rows[2]]);
    assert_eq!(store(&db, &postings).await, rows);
    assert_eq!(active(&db.pool).await, [rows[1], rows[2]], "one is shown again, the other's time is over");
    postings[0].application_deadline = Some(today() + TimeDelta::days(7));
    store(&db, &postings).await;
    assert_eq!(active(&db.pool).await, rows, "its time was extended");
}

/// More postings than a window, and more to close than a batch.
#[tokio::test]
async fn windows_and_batches_leave_nothing_out() {
    let db = TestDb::new().await;
    sqlx::query(
        "INSERT INTO jobs (title, company, source, source_id, application_deadline)
         SELECT 'Cook ' || n, 'Acme', 'old', n::text, CASE WHEN n % 3 = 0 THEN CURRENT_DATE - 5 END FROM generate_series(1, 12000) n",
    )
    .execute(&db.pool)
    .await
    .unwrap();
    let done = retain(&db.config(), json!({ "policy": "close" })).await;
    assert_eq!(done["closed"], json!({ "deadline": 4000 }));
    assert_eq!(done["vacuums"], 1);
    assert_eq!(active(&db.pool).await.len(), 8000);
}
