//! Storing postings: one row each, whatever the order, the conflicts and the company.

use career_worker::{
    domain::{Posting, Salary},
    store::postings::{Fingerprint, SightedPosting},
};
use sqlx::Row as _;

use crate::support::TestDb;

pub(crate) fn posting(source: &str, id: &str, url: &str, title: &str) -> Posting {
    Posting {
        title: title.to_owned(),
        company: "Nordwind Software".to_owned(),
        location: Some("Hamburg, Germany".to_owned()),
        description: Some(format!("We look for a {title}.")),
        requirements: None,
        tech_stack: vec!["Rust".to_owned()],
        salary: Salary::default(),
        job_type: None,
        remote_option: None,
        source: source.to_owned(),
        source_id: id.to_owned(),
        url: url.to_owned(),
        posted_date: None,
        application_deadline: None,
        pay: None,
        places: Vec::new(),
        description_html: None,
        language: None,
        seniority: None,
        years: None,
        cut: Vec::new(),
    }
}

pub(crate) fn sighted(posting: Posting) -> SightedPosting {
    SightedPosting { posting, fingerprint: None }
}

pub(crate) fn batch(postings: &[Posting]) -> Vec<SightedPosting> {
    postings.iter().cloned().map(sighted).collect()
}

pub(crate) async fn count(db: &TestDb, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(&db.pool).await.unwrap()
}

/// Row id of a posting's sighting.
async fn row_of(db: &TestDb, source: &str, id: &str) -> i32 {
    sqlx::query_scalar("SELECT job_id FROM worker.sightings WHERE source = $1 AND source_id = $2")
        .bind(source)
        .bind(id)
        .fetch_one(&db.pool)
        .await
        .unwrap()
}

async fn url_of(db: &TestDb, row: i32) -> Option<String> {
    sqlx::query_scalar("SELECT url FROM jobs WHERE id = $1").bind(row).fetch_one(&db.pool).await.unwrap()
}

/// Versions of all rows of `jobs`: equal before and after means that nothing was written.
pub(crate) async fn versions(db: &TestDb, filter: &'static str) -> Vec<(i32, String)> {
    let sql = format!("SELECT id, xmin::text || ctid::text FROM jobs {filter} ORDER BY id");
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .fetch_all(&db.pool)
        .await
        .unwrap()
        .iter()
        .map(|row| (row.get(0), row.get(1)))
        .collect()
}

#[tokio::test]
async fn different_postings_are_different_rows() {
    let db = TestDb::new().await;
    let postings = [
        posting("greenhouse", "1", "https://boards.example.com/a/jobs/1", "Engineer"),
        posting("lever", "a-1", "https://jobs.example.org/b/1", "Engineer"),
        posting("ashby", "z9", "https://ashby.example.net/c/1", "Engineer"),
        posting("greenhouse", "11", "https://careers.example.com/open?gh_jid=1", "Engineer"),
        posting("greenhouse", "12", "https://careers.example.com/open?gh_jid=2", "Engineer"),
        posting("greenhouse", "21", "https://boards.example.com/a/jobs/21", "C++ Developer"),
        posting("greenhouse", "22", "https://boards.example.com/a/jobs/22", "C# Developer"),
    ];
    let report = db.store.upsert_postings(&batch(&postings), "a").await.unwrap();
    assert_eq!((report.seen, report.new, report.inserted, report.queued), (7, 7, 7, 7));
    assert_eq!(count(&db, "SELECT count(*) FROM jobs WHERE user_id IS NULL AND is_active").await, 7);
    assert_eq!(count(&db, "SELECT count(DISTINCT url) FROM jobs").await, 7);
}

#[tokio::test]
async fn the_same_batch_again_writes_no_row() {
    let db = TestDb::new().await;
    let postings = [
        posting("lever", "1", "https://jobs.example.org/b/1", "Engineer"),
        posting("lever", "2", "https://jobs.example.org/b/2", "Designer"),
    ];
    db.store.upsert_postings(&batch(&postings), "b").await.unwrap();
    let before = versions(&db, "").await;
    let seen: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("SELECT min(last_seen) FROM worker.sightings").fetch_one(&db.pool).await.unwrap();
    let report = db.store.upsert_postings(&batch(&postings), "b").await.unwrap();
    assert_eq!((report.unchanged, report.new, report.changed, report.queued), (2, 0, 0, 0));
    assert_eq!(versions(&db, "").await, before);
    let again: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("SELECT min(last_seen) FROM worker.sightings").fetch_one(&db.pool).await.unwrap();
    assert!(again > seen);
}

#[tokio::test]
async fn a_change_is_written_and_matched_again_only_where_it_matters() {
    let db = TestDb::new().await;
    let mut one = posting("lever", "1", "https://jobs.example.org/b/1", "Engineer");
    db.store.upsert_postings(&batch(&[one.clone()]), "b").await.unwrap();
    one.description_html = Some("<p>Other mark-up</p>".to_owned());
    let report = db.store.upsert_postings(&batch(&[one.clone()]), "b").await.unwrap();
    assert_eq!((report.changed, report.updated, report.queued), (1, 1, 0));
    one.title = "Senior Engineer".to_owned();
    let report = db.store.upsert_postings(&batch(&[one]), "b").await.unwrap();
    assert_eq!((report.changed, report.updated, report.queued), (1, 1, 1));
    assert_eq!(count(&db, "SELECT count(*) FROM jobs WHERE title = 'Senior Engineer'").await, 1);
    assert_eq!(count(&db, "SELECT count(*) FROM worker.outbox").await, 2);
}

#[tokio::test]
async fn a_second_source_shares_the_row_and_does_not_write_it() {
    let db = TestDb::new().await;
    let url = "https://jobs.example.org/b/1";
    db.store.upsert_postings(&batch(&[posting("lever", "1", url, "Engineer")]), "b").await.unwrap();
    let before = versions(&db, "").await;
    let report = db
        .store
        .upsert_postings(&batch(&[posting("remotive", "77", url, "Engineer (m/w/d)")]), "all")
        .await
        .unwrap();
    assert_eq!((report.new, report.inserted, report.updated, report.queued), (1, 0, 0, 0));
    assert_eq!(versions(&db, "").await, before);
    assert_eq!(row_of(&db, "lever", "1").await, row_of(&db, "remotive", "77").await);
}

#[tokio::test]
async fn urls_may_swap_between_two_postings() {
    let db = TestDb::new().await;
    let (a, b) = ("https://jobs.example.org/a", "https://jobs.example.org/b");
    let first = [posting("lever", "1", a, "Engineer"), posting("lever", "2", b, "Designer")];
    db.store.upsert_postings(&batch(&first), "x").await.unwrap();
    let rows = (row_of(&db, "lever", "1").await, row_of(&db, "lever", "2").await);
    let swapped = [posting("lever", "1", b, "Engineer"), posting("lever", "2", a, "Designer")];
    db.store.upsert_postings(&batch(&swapped), "x").await.unwrap();
    assert_eq!((row_of(&db, "lever", "1").await, row_of(&db, "lever", "2").await), rows);
    assert_eq!(url_of(&db, rows.0).await.as_deref(), Some(b));
    assert_eq!(url_of(&db, rows.1).await.as_deref(), Some(a));
}

#[tokio::test]
async fn a_url_that_another_row_has_is_told_apart() {
    let db = TestDb::new().await;
    let (a, b) = ("https://jobs.example.org/a", "https://jobs.example.org/b");
    let first = [posting("lever", "1", a, "Engineer"), posting("lever", "2/x", b, "Designer")];
    db.store.upsert_postings(&batch(&first), "x").await.unwrap();
    db.store.upsert_postings(&batch(&[posting("lever", "2/x", a, "Designer")]), "x").await.unwrap();
    let (one, two) = (row_of(&db, "lever", "1").await, row_of(&db, "lever", "2/x").await);
    assert_ne!(one, two);
    assert_eq!(url_of(&db, one).await.as_deref(), Some(a));
    assert_eq!(url_of(&db, two).await.as_deref(), Some("https://jobs.example.org/a#lever:2%2Fx"));
}

#[tokio::test]
async fn two_ids_with_one_url_share_a_row_only_where_nothing_tells_them_apart() {
    let db = TestDb::new().await;
    let url = "https://careers.example.com/jobs";
    let same = [posting("lever", "1", url, "Engineer"), posting("lever", "2", url, "Engineer")];
    db.store.upsert_postings(&batch(&same), "x").await.unwrap();
    assert_eq!(row_of(&db, "lever", "1").await, row_of(&db, "lever", "2").await);
    let other = [posting("lever", "1", url, "Engineer"), posting("lever", "2", url, "Designer")];
    db.store.upsert_postings(&batch(&other), "x").await.unwrap();
    assert_ne!(row_of(&db, "lever", "1").await, row_of(&db, "lever", "2").await);
    assert_eq!(count(&db, "SELECT count(*) FROM jobs WHERE title = 'Designer' AND is_active").await, 1);
}

#[tokio::test]
async fn the_last_of_two_records_with_one_id_counts() {
    let db = TestDb::new().await;
    let twice = [
        posting("lever", "1", "https://jobs.example.org/a", "Engineer"),
        posting("lever", "1", "https://jobs.example.org/b", "Senior Engineer"),
    ];
    let report = db.store.upsert_postings(&batch(&twice), "x").await.unwrap();
    assert_eq!((report.seen, report.inserted), (1, 1));
    assert_eq!(count(&db, "SELECT count(*) FROM jobs WHERE title = 'Senior Engineer'").await, 1);
}

#[tokio::test]
async fn a_users_own_row_is_left_alone() {
    let db = TestDb::new().await;
    let url = "https://jobs.example.org/a";
    sqlx::query(
        "WITH u AS (INSERT INTO users (email, hashed_password) VALUES ('ann@example.com', 'x') RETURNING id)
         INSERT INTO jobs (title, company, url, source, source_id, user_id) SELECT 'My find', 'Nordwind', $1, 'lever', '1', id FROM u",
    )
    .bind(url)
    .execute(&db.pool)
    .await
    .unwrap();
    let before = versions(&db, "WHERE user_id IS NOT NULL").await;
    let ours = posting("lever", "1", url, "Engineer");
    let report = db.store.upsert_postings(&batch(std::slice::from_ref(&ours)), "x").await.unwrap();
    assert_eq!((report.new, report.inserted), (1, 1));
    assert_eq!(versions(&db, "WHERE user_id IS NOT NULL").await, before);
    let row = row_of(&db, "lever", "1").await;
    assert_eq!(url_of(&db, row).await.as_deref(), Some("https://jobs.example.org/a#lever:1"));
    // Another source with the same URL finds our row, not the user's.
    db.store.upsert_postings(&batch(&[posting("remotive", "9", url, "Engineer")]), "y").await.unwrap();
    assert_eq!(row_of(&db, "remotive", "9").await, row);
    let report = db.store.upsert_postings(&batch(&[ours]), "x").await.unwrap();
    assert_eq!((report.unchanged, report.updated), (1, 0));
}

#[tokio::test]
async fn rows_from_before_get_their_sighting() {
    let db = TestDb::new().await;
    sqlx::query(
        "INSERT INTO jobs (title, company, url, source, source_id) VALUES
             ('Engineer', 'Nordwind', 'https://jobs.example.org/old', 'lever', '1'),
             ('Designer', 'Nordwind', 'https://jobs.example.org/b', NULL, NULL),
             ('Tester', 'Nordwind', 'https://jobs.example.org/c', 'indeed', '55')",
    )
    .execute(&db.pool)
    .await
    .unwrap();
    let found = [
        posting("lever", "1", "https://jobs.example.org/a", "Engineer"),
        posting("lever", "2", "https://jobs.example.org/b", "Designer"),
        posting("lever", "3", "https://jobs.example.org/c", "Tester (all genders)"),
    ];
    let report = db.store.upsert_postings(&batch(&found), "x").await.unwrap();
    assert_eq!((report.new, report.inserted, report.updated), (3, 0, 2));
    let rows: Vec<(String, Option<String>, Option<String>)> =
        sqlx::query("SELECT url, source_id, title FROM jobs ORDER BY id")
            .fetch_all(&db.pool)
            .await
            .unwrap()
            .iter()
            .map(|row| (row.get(0), row.get(1), row.get(2)))
            .collect();
    let expected = [
        ("https://jobs.example.org/a", "1", "Engineer"),
        ("https://jobs.example.org/b", "2", "Designer"),
        // The row of another source keeps its identity and its content.
        ("https://jobs.example.org/c", "55", "Tester"),
    ];
    for (row, (url, id, title)) in rows.iter().zip(expected) {
        assert_eq!((row.0.as_str(), row.1.as_deref(), row.2.as_deref()), (url, Some(id), Some(title)));
    }
}

#[tokio::test]
async fn duplicates_are_grouped_across_sources_only() {
    let db = TestDb::new().await;
    let print = |places: &[&str], simhash| {
        Some(Fingerprint {
            company_key: "nordwind".to_owned(),
            title_key: "engineer".to_owned(),
            place_keys: places.iter().map(|place| (*place).to_owned()).collect(),
            simhash,
        })
    };
    let one = |source: &str, id: &str, fingerprint| SightedPosting {
        posting: posting(source, id, &format!("https://{source}.example.org/{id}"), "Engineer"),
        fingerprint,
    };
    let text = u64::MAX - 5;
    db.store
        .upsert_postings(
            &[
                one("greenhouse", "1", print(&["hamburg"], text)),
                one("greenhouse", "2", print(&["hamburg"], text)),
            ],
            "a",
        )
        .await
        .unwrap();
    assert_eq!(count(&db, "SELECT count(*) FROM worker.duplicates").await, 0);
    let others = [
        one("remotive", "1", print(&["berlin"], text)),
        one("remotive", "2", print(&[], text ^ 0b111)),
        one("remotive", "3", print(&["hamburg"], !text)),
    ];
    db.store.upsert_postings(&others, "b").await.unwrap();
    let groups = count(&db, "SELECT count(DISTINCT group_id) FROM worker.duplicates").await;
    let members = count(&db, "SELECT count(*) FROM worker.duplicates").await;
    assert_eq!((groups, members), (1, 2));
    assert_eq!(count(&db, "SELECT count(*) FROM jobs WHERE is_active").await, 5);
    // A text that moved away leaves the group.
    let mut moved = one("remotive", "2", print(&[], !text));
    moved.posting.description = Some("Something else".to_owned());
    db.store.upsert_postings(&[moved], "b").await.unwrap();
    assert_eq!(count(&db, "SELECT count(*) FROM worker.duplicates").await, 0);
}

#[tokio::test]
async fn who_writes_many_rows_has_the_full_text_index_keep_up() {
    let db = TestDb::new().await;
    sqlx::query("ALTER TABLE jobs SET (autovacuum_enabled = off)").execute(&db.pool).await.unwrap();
    let write = async |from: usize, many: usize| {
        let postings: Vec<_> = (from..from + many)
            .map(|id| {
                posting("s", &id.to_string(), &format!("https://a.example/{id}"), &format!("Engineer {id}"))
            })
            .collect();
        db.store.upsert_postings(&batch(&postings), "b").await.unwrap();
    };
    // What is left to sort in, pages.
    let left = async || count(&db, "SELECT gin_clean_pending_list('jobs_full_text_idx')").await;
    write(0, 900).await;
    assert_ne!(left().await, 0, "a few rows wait for more");
    write(900, 100).await;
    assert_eq!(left().await, 0);
    write(1_000, 900).await;
    assert_ne!(left().await, 0, "it is counted anew");
    write(0, 900).await;
    assert_eq!(
        left().await,
        0,
        "what was there already is not counted, and nothing of it is left to sort in"
    );
}

#[tokio::test]
async fn a_role_that_owns_no_table_can_have_the_full_text_index_sorted_in() {
    let db = TestDb::new().await;
    let mut session = db.pool.acquire().await.unwrap();
    let role = format!("writer_{}", std::process::id());
    for sql in [
        format!("CREATE ROLE {role}"),
        format!("GRANT USAGE ON SCHEMA worker TO {role}"),
        format!("SET ROLE {role}"),
    ] {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *session).await.unwrap();
    }
    let direct =
        sqlx::query("SELECT gin_clean_pending_list('jobs_full_text_idx')").execute(&mut *session).await;
    assert!(direct.unwrap_err().to_string().contains("owner"));
    let sorted: Option<i64> =
        sqlx::query_scalar("SELECT worker.sort_in_full_text()").fetch_one(&mut *session).await.unwrap();
    assert_eq!(sorted, Some(0));
    sqlx::query("RESET ROLE").execute(&mut *session).await.unwrap();
    for sql in [format!("DROP OWNED BY {role}"), format!("DROP ROLE {role}")] {
        sqlx::query(sqlx::AssertSqlSafe(sql)).execute(&mut *session).await.unwrap();
    }
}
