//! What the harness must see, it sees: answers that are swallowed were given, and whatever is lost, doubled or missed is found.

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection, PgPool, postgres::PgPoolOptions};
use tokio::net::lookup_host;
use url::Url;

use super::{
    checker::{Findings, check},
    proxy::{Mode, Protocol, Proxy},
    source::Listed,
    stage::{BURSTS, MINUTELY},
    world::{Way, Wishes},
};
use crate::support::TestDb;

/// A proxy before the server of a database, and the address by way of it.
pub async fn before(db: &TestDb) -> (Proxy, String) {
    let mut url = Url::parse(&db.url).unwrap();
    let place = (url.host_str().unwrap().to_owned(), url.port().unwrap_or(5432));
    let proxy = Proxy::start(Protocol::Postgres).await;
    proxy.aim(lookup_host(place).await.unwrap().next());
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(proxy.port)).unwrap();
    (proxy, url.to_string())
}

async fn rows(db: &TestDb) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM users").fetch_one(&db.pool).await.unwrap()
}

const INSERT: &str = "INSERT INTO users (email, hashed_password) VALUES ($1, 'x')";

#[tokio::test]
async fn a_commit_whose_answer_is_swallowed_is_done() {
    let db = TestDb::new().await;
    let (proxy, url) = before(&db).await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    proxy.swallow(1);
    // Not the last word, so it is answered.
    sqlx::query(INSERT).bind("one@example.com").execute(&mut *transaction).await.unwrap();
    assert_eq!((rows(&db).await, proxy.swallowed()), (0, 0));
    transaction.commit().await.unwrap_err();
    assert_eq!((rows(&db).await, proxy.swallowed()), (1, 1));

    let mut connection = PgConnection::connect(&url).await.unwrap();
    proxy.swallow(1);
    sqlx::query("SELECT count(*) FROM users").execute(&mut connection).await.unwrap();
    sqlx::query(INSERT).bind("two@example.com").execute(&mut connection).await.unwrap_err();
    assert_eq!((rows(&db).await, proxy.swallowed()), (2, 2));
    let mut connection = PgConnection::connect(&url).await.unwrap();
    sqlx::query(INSERT).bind("three@example.com").execute(&mut connection).await.unwrap();
}

#[tokio::test]
async fn a_reset_link_refuses_and_a_half_open_one_does_what_it_is_asked() {
    let db = TestDb::new().await;
    let (proxy, url) = before(&db).await;
    let mut connection = PgConnection::connect(&url).await.unwrap();
    proxy.set(Mode::HalfOpen);
    let insert = sqlx::raw_sql("INSERT INTO users (email, hashed_password) VALUES ('one@example.com', 'x')");
    let answer = tokio::time::timeout(Duration::from_millis(500), insert.execute(&mut connection)).await;
    assert!(answer.is_err(), "there is no answer");
    assert_eq!(rows(&db).await, 1);
    proxy.set(Mode::Reset);
    assert!(PgConnection::connect(&url).await.is_err());
    proxy.heal();
    PgConnection::connect(&url).await.unwrap();
}

/// Everything as it must be after a storm in which two postings came for one user, and one run was wanted.
const PERFECT: &str = "
    INSERT INTO users (id, email, hashed_password) VALUES (1, 'user00@example.com', 'x');
    INSERT INTO jobs (id, title, company, source, source_id, description)
    SELECT id, 'Keeper token00', 'A', 'greenhouse', 'p' || id, 'revision 2 of it' FROM generate_series(1, 2) id;
    INSERT INTO worker.sightings (source, source_id, board, job_id, url, content_hash, match_hash)
    SELECT source, source_id, 'b', id, 'u' || id, 'c', 'm' FROM jobs;
    INSERT INTO worker.matches (job_id, user_id, score, notified_at) SELECT id, 1, 1, now() FROM jobs;
    INSERT INTO notifications (user_id, type, title, message, data)
    SELECT 1, 'job_match', 't', 'm', json_build_object('job_id', id) FROM jobs;
    INSERT INTO worker.announcements (user_id, job_id, notification_id) SELECT 1, id, id FROM jobs;
    INSERT INTO worker.runs (task, queue, key, trigger) VALUES ('scrape', 'scrape', 'wish', 'sql');
    UPDATE worker.runs SET state = 'done', finished_at = now();
    INSERT INTO worker.ticks (schedule, scheduled_for)
    SELECT 'burst' || n, make_timestamptz(extract(year FROM now())::int - ago, 1, 1, 0, 0, 0, 'UTC')
    FROM generate_series(0, 5) n, generate_series(0, 4) ago;
    INSERT INTO worker.runs (task, queue, trigger, schedule, scheduled_for, state, finished_at)
    SELECT 'prune', 'maintenance', 'schedule', schedule, scheduled_for, 'done', now() FROM worker.ticks";

async fn found(pool: &PgPool) -> Findings {
    let listed = |id: i32| (format!("p{id}"), Listed { user: 0, revision: 2, open: true });
    let wishes = Wishes::default();
    wishes.note("wish", Way::Sql);
    let now: DateTime<Utc> = sqlx::query_scalar("SELECT now()").fetch_one(pool).await.unwrap();
    let marks: Vec<_> = (0..MINUTELY).map(|number| (format!("minutely{number}"), now)).collect();
    check(pool, &BTreeMap::from([listed(1), listed(2)]), &wishes, &marks).await
}

#[tokio::test]
async fn whatever_is_lost_doubled_or_missed_is_found() {
    assert_eq!(BURSTS, 6, "so many are in the text above");
    let db = TestDb::new().await;
    let pool = PgPoolOptions::new().max_connections(1).connect(&db.url).await.unwrap();
    sqlx::raw_sql(include_str!("log.sql")).execute(&pool).await.unwrap();
    sqlx::raw_sql(PERFECT).execute(&pool).await.unwrap();
    let perfect = found(&pool).await;
    assert!(perfect.is_empty(), "{perfect:?}");
    assert_eq!((perfect.postings, perfect.notices, perfect.wishes, perfect.ticks), (2, 2, 1, 30));

    let none = (0, 0, 0, 0, 0);
    for (fault, expected) in [
        ("DELETE FROM notifications WHERE data->>'job_id' = '1'", (1, 0, 0, 0, 0)),
        ("DELETE FROM worker.matches WHERE job_id = 1", (1, 0, 0, 0, 0)),
        ("DELETE FROM worker.runs WHERE key = 'wish'", (1, 0, 0, 0, 0)),
        ("DELETE FROM worker.sightings WHERE job_id = 1", (1, 0, 0, 0, 0)),
        (
            "INSERT INTO notifications (user_id, type, title, message, data) SELECT user_id, type, title, message, data FROM notifications",
            (0, 2, 0, 0, 0),
        ),
        ("UPDATE worker.runs SET error = 'again' WHERE key = 'wish'", (0, 1, 0, 0, 0)),
        ("UPDATE jobs SET description = 'revision 1 of it' WHERE id = 1", (0, 0, 1, 0, 0)),
        ("UPDATE jobs SET is_active = false WHERE id = 1", (0, 0, 1, 0, 0)),
        (
            "INSERT INTO worker.runs (task, queue, trigger, state, finished_at, error) VALUES ('scrape', 'scrape', 'sql', 'dead', now(), 'x')",
            (0, 0, 1, 0, 0),
        ),
        ("DELETE FROM worker.ticks WHERE schedule = 'burst3'", (0, 0, 0, 5, 0)),
        ("DELETE FROM worker.runs WHERE schedule = 'burst3'", (0, 0, 0, 5, 0)),
        (
            "INSERT INTO worker.runs (task, queue, trigger, schedule, scheduled_for) SELECT task, queue, trigger, schedule, scheduled_for
             FROM worker.runs WHERE schedule = 'burst1'",
            (0, 0, 0, 0, 5),
        ),
        (
            "INSERT INTO worker.runs (task, queue, trigger, schedule, scheduled_for)
             VALUES ('prune', 'maintenance', 'schedule', 'minutely1', date_trunc('minute', now()) + interval '1 hour')",
            (0, 0, 0, 0, 1),
        ),
    ] {
        assert_eq!(counted(&pool, fault).await, expected, "{fault}");
    }
    assert_eq!(counted(&pool, "SELECT").await, none, "each was taken back");
}

/// What is found of each kind after a statement, which is then taken back: the pool has one connection, so all of it is one transaction.
async fn counted(pool: &PgPool, fault: &'static str) -> (usize, usize, usize, usize, usize) {
    sqlx::raw_sql("BEGIN").execute(pool).await.unwrap();
    sqlx::raw_sql(fault).execute(pool).await.unwrap();
    let Findings { lost, doubled, wrong, ticks_missed, ticks_doubled, .. } = found(pool).await;
    sqlx::raw_sql("ROLLBACK").execute(pool).await.unwrap();
    (lost.len(), doubled.len(), wrong.len(), ticks_missed.len(), ticks_doubled.len())
}
