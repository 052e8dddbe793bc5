use career_worker::{domain::Outcome, store::Returned};
use serde_json::{Value, json};

use super::{active, archived, left, numbered, old_postings, outcome, retain, store, user};
use crate::{
    backup::{killed::program, kit::Rig},
    support::TestDb,
};

const ARCHIVE: &str = "archive";

async fn rig(count: u32) -> (Rig, Vec<i32>) {
    let rig = Rig::new().await;
    for table in ["notifications", "jobs", "users"] {
        sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM {table}"))).execute(&rig.db.pool).await.unwrap();
    }
    let rows = old_postings(&rig.db, count).await;
    (rig, rows)
}

async fn sql(rig: &Rig, text: &'static str, row: i32) {
    sqlx::query(text).bind(row).execute(&rig.db.pool).await.unwrap();
}

#[tokio::test]
async fn whoever_refers_to_a_posting_keeps_it() {
    let (rig, rows) = rig(12).await;
    let pool = &rig.db.pool;
    let anna = user(pool, "anna").await;
    sqlx::query(
        "CREATE TABLE saved_jobs (id serial PRIMARY KEY, job integer REFERENCES jobs (id) ON DELETE CASCADE)",
    )
    .execute(pool)
    .await
    .unwrap();
    for (text, row) in [
        ("INSERT INTO applications (job_id, user_id, status) SELECT $1, id, 'applied' FROM users", rows[0]),
        (
            "WITH a AS (INSERT INTO applications (job_id, user_id, status) SELECT $1, id, 'interview' FROM users RETURNING id)
             INSERT INTO interview_stages (application_id, stage_name) SELECT id, 'first' FROM a",
            rows[1],
        ),
        ("INSERT INTO job_views (job_id, user_id) SELECT $1, id FROM users", rows[2]),
        ("INSERT INTO saved_jobs (job) VALUES ($1)", rows[3]),
        ("UPDATE jobs SET user_id = (SELECT id FROM users) WHERE id = $1", rows[4]),
        ("UPDATE jobs SET is_active = true WHERE id = $1", rows[5]),
        ("UPDATE jobs SET updated_at = now() - interval '89 days' WHERE id = $1", rows[6]),
        // Inactive because its deadline is over, and still listed.
        ("UPDATE worker.sightings SET gone_at = NULL, last_seen = now() WHERE job_id = $1", rows[7]),
    ] {
        sql(&rig, text, row).await;
    }
    sqlx::query("INSERT INTO worker.matches (job_id, user_id, score) SELECT id, $1, 0.5 FROM jobs")
        .bind(anna)
        .execute(pool)
        .await
        .unwrap();

    // A table that refers to postings without an index would be read whole for each of them.
    let refused = outcome(&rig.config, json!({ "policy": ARCHIVE })).await;
    let Outcome::Fail { error } = refused else { panic!("{refused:?}") };
    assert!(error.contains("CREATE INDEX CONCURRENTLY ON public.saved_jobs (job)"), "{error}");
    sqlx::query("CREATE INDEX ON saved_jobs (job)").execute(pool).await.unwrap();

    let said = retain(&rig.config, json!({ "policy": ARCHIVE, "dry_run": true })).await;
    assert_eq!(said["would_archive"], 4);
    assert_eq!(said["held_by"], json!(["public.applications", "public.job_views", "public.saved_jobs"]));
    assert_eq!(left(pool).await, rows, "a dry run changes nothing");
    assert!(archived(&rig).await.is_empty());

    let done = retain(&rig.config, json!({ "policy": ARCHIVE })).await;
    assert_eq!((&done["deleted"], &done["archives"], &done["kept"]), (&json!(4), &json!(1), &json!(0)));
    assert_eq!(left(pool).await, rows[..8]);
    let ids: Vec<i64> =
        archived(&rig).await.iter().map(|line| line["posting"]["id"].as_i64().unwrap()).collect();
    assert_eq!(ids, rows[8..].iter().map(|row| i64::from(*row)).collect::<Vec<_>>());
    let matches: Vec<i32> =
        sqlx::query_scalar("SELECT job_id FROM worker.matches ORDER BY 1").fetch_all(pool).await.unwrap();
    assert_eq!(matches, rows[..8], "matches go with their posting");

    let unknown = outcome(&rig.config, json!({ "policy": ARCHIVE, "may_go": ["views"] })).await;
    let Outcome::Fail { error } = unknown else { panic!("{unknown:?}") };
    assert!(
        error.contains("may_go: \"views\" has no foreign key to jobs, expected one of public.applications, ")
    );
    let done = retain(&rig.config, json!({ "policy": ARCHIVE, "may_go": ["public.job_views"] })).await;
    assert_eq!(done["deleted"], 1);
    let viewed = archived(&rig).await.into_iter().find(|line| line["posting"]["id"] == rows[2]).unwrap();
    assert_eq!(viewed["others"]["public.job_views"][0]["user_id"], anna);
}

#[tokio::test]
async fn an_archive_holds_all_of_a_posting_and_gives_it_back() {
    let (rig, rows) = rig(3).await;
    let pool = &rig.db.pool;
    let shot = || async {
        sqlx::query_scalar::<_, Value>(
            "SELECT jsonb_agg(to_jsonb(j) || jsonb_build_object('s', (SELECT jsonb_agg(to_jsonb(s)) FROM worker.sightings s WHERE s.job_id = j.id)) ORDER BY id) FROM jobs j",
        )
        .fetch_one(pool)
        .await
        .unwrap()
    };
    let before = shot().await;
    retain(&rig.config, json!({ "policy": ARCHIVE })).await;
    assert_eq!(left(pool).await, Vec::<i32>::new());
    let sealed = rig.site().storage.list("archives").await.unwrap();
    let object = &sealed[0].name;
    assert!(rig.site().storage.list("").await.unwrap().len() == 1 && rig.catalog().await.entries.is_empty());

    let program = program(&rig);
    let listed: Value = serde_json::from_str(&program.output(&["--json", "archives", "list"])).unwrap();
    assert_eq!(
        (&listed["object"], &listed["state"], &listed["deleted"]),
        (&json!(object), &json!("done"), &json!(3))
    );
    let shown = program.output(&["archives", "show", object, "--posting", &rows[1].to_string()]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["posting"]["title"], "Cook 2");
    let said = program.output(&["archives", "restore", object]);
    assert!(said.contains("3 postings are back, 0 are not"), "{said}");
    assert_eq!(shot().await, before, "they are what they were");
    let said = program.output(&["archives", "restore", object]);
    assert!(said.contains("0 postings are back, 3 are not"), "{said}");
    let missing = program.command(&["archives", "show", object, "--posting", "999999"]).output().unwrap();
    assert!(String::from_utf8_lossy(&missing.stderr).contains("posting 999999 is not in"));

    // One that is listed again is the same row again.
    assert_eq!(store(&rig.db, &numbered([2])).await, [rows[1]]);
    assert_eq!(active(pool).await, [rows[1]]);
}

/// A posting whose place was taken is not put back, and what was put back elsewhere is left alone.
#[tokio::test]
async fn what_took_the_place_of_a_posting_stays() {
    let (rig, _) = rig(2).await;
    retain(&rig.config, json!({ "policy": ARCHIVE })).await;
    let again = store(&rig.db, &numbered([2])).await;
    let mut taken = 0;
    for line in archived(&rig).await {
        taken += usize::from(rig.db.store.return_posting(&line).await.unwrap() == Returned::Taken);
    }
    assert_eq!(taken, 1);
    assert_eq!(left(&rig.db.pool).await.len(), 2);
    assert_eq!(active(&rig.db.pool).await, again);
}

#[tokio::test]
async fn without_a_place_nothing_goes_unless_that_is_said() {
    let db = TestDb::new().await;
    let rows = old_postings(&db, 3).await;
    let said = retain(&db.config(), json!({ "policy": ARCHIVE })).await;
    assert_eq!(said["not_configured"], json!(["backup.url"]));
    assert_eq!(left(&db.pool).await, rows);
    let done = retain(&db.config(), json!({ "policy": ARCHIVE, "without_archive": true })).await;
    assert_eq!((&done["deleted"], &done["archives"]), (&json!(3), &json!(0)));
    assert_eq!(left(&db.pool).await, Vec::<i32>::new());
}

#[tokio::test]
async fn into_a_bucket() {
    let rig = Rig::on_s3().await;
    sqlx::query("UPDATE jobs SET is_active = false, updated_at = '2020-01-01', scraped_at = '2020-01-01', created_at = '2020-01-01'")
        .execute(&rig.db.pool)
        .await
        .unwrap();
    let done = retain(&rig.config, json!({ "policy": ARCHIVE })).await;
    assert_eq!((&done["deleted"], &done["archives"]), (&json!(2000), &json!(1)));
    assert_eq!(archived(&rig).await.len(), 2000);
}
