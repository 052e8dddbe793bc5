//! The people of the demonstration.

use career_worker::dev::{refuse_foreign, seed};

use crate::support::TestDb;

async fn counts(db: &TestDb) -> Vec<i64> {
    let mut counts = Vec::new();
    for table in ["users", "user_profiles", "saved_searches"] {
        let count = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        counts.push(sqlx::query_scalar(count).fetch_one(&db.pool).await.unwrap());
    }
    counts
}

#[tokio::test]
async fn a_second_seed_changes_nothing() {
    let db = TestDb::new().await;
    let people = seed(&db.store).await.unwrap();
    let first = counts(&db).await;
    assert_eq!(first[..2], [i64::try_from(people).unwrap(); 2]);
    assert!(first[2] > first[0], "most have a search, some two");

    sqlx::query("UPDATE user_profiles SET desired_title = 'Gardener'").execute(&db.pool).await.unwrap();
    sqlx::query("UPDATE users SET full_name = 'Somebody'").execute(&db.pool).await.unwrap();
    seed(&db.store).await.unwrap();
    assert_eq!(counts(&db).await, first);
    let kept: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM users JOIN user_profiles ON user_id = users.id
         WHERE desired_title = 'Gardener' AND full_name = 'Somebody'",
    )
    .fetch_one(&db.pool)
    .await
    .unwrap();
    assert_eq!(kept, first[0]);
}

#[tokio::test]
async fn two_seeds_at_once_give_each_person_once() {
    let db = TestDb::new().await;
    let (one, two) = tokio::join!(seed(&db.store), seed(&db.store));
    assert_eq!(one.unwrap(), two.unwrap());
    let twice: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM (SELECT FROM saved_searches GROUP BY user_id, name HAVING count(*) > 1) AS twice",
    )
    .fetch_one(&db.pool)
    .await
    .unwrap();
    assert_eq!(twice, 0);
}

#[tokio::test]
async fn a_database_with_people_of_its_own_is_refused() {
    let db = TestDb::new().await;
    refuse_foreign(&db.store).await.unwrap();
    seed(&db.store).await.unwrap();
    refuse_foreign(&db.store).await.unwrap();
    sqlx::query("INSERT INTO users (email, hashed_password) VALUES ('someone@example.org', 'x')")
        .execute(&db.pool)
        .await
        .unwrap();
    let error = refuse_foreign(&db.store).await.unwrap_err().to_string();
    assert!(error.contains("users of its own"), "{error}");
    refuse_foreign(&TestDb::unmigrated().await.store).await.unwrap();
}
