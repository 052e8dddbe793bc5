//! The schema: what the documentation lists is there, and a database that already has the tables is adopted without losing a row.

use std::collections::BTreeSet;

use career_worker::{config::Config, store::Store};
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool, Row as _};

use crate::support::TestDb;

/// Table, column, type, `!` where not null, default.
const COLUMNS: &str = "
users.id integer ! nextval('users_id_seq'::regclass)
users.email character varying(255) !
users.hashed_password character varying(255) !
users.full_name character varying(255)
users.is_active boolean - true
users.is_superuser boolean - false
users.created_at timestamp without time zone - CURRENT_TIMESTAMP
users.updated_at timestamp without time zone - CURRENT_TIMESTAMP
jobs.id integer ! nextval('jobs_id_seq'::regclass)
jobs.title character varying(500) !
jobs.company character varying(255) !
jobs.location character varying(255)
jobs.description text
jobs.requirements text
jobs.tech_stack jsonb
jobs.salary_min integer
jobs.salary_max integer
jobs.salary_currency character varying(3) - 'EUR'::character varying
jobs.job_type character varying(50)
jobs.remote_option character varying(50)
jobs.source character varying(100)
jobs.source_id character varying(255)
jobs.url character varying(1000)
jobs.posted_date date
jobs.application_deadline date
jobs.scraped_at timestamp without time zone - CURRENT_TIMESTAMP
jobs.user_id integer
jobs.is_active boolean - true
jobs.created_at timestamp without time zone - CURRENT_TIMESTAMP
jobs.updated_at timestamp without time zone - CURRENT_TIMESTAMP
applications.id integer ! nextval('applications_id_seq'::regclass)
applications.job_id integer
applications.user_id integer
applications.status character varying(50) !
applications.applied_date date
applications.notes text
applications.cover_letter text
applications.resume_version character varying(100)
applications.application_url character varying(1000)
applications.response_date date
applications.interview_date timestamp without time zone
applications.offer_amount integer
applications.offer_currency character varying(3) - 'EUR'::character varying
applications.rejection_reason text
applications.interview_feedback jsonb
applications.created_at timestamp without time zone - CURRENT_TIMESTAMP
applications.updated_at timestamp without time zone - CURRENT_TIMESTAMP
user_profiles.id integer ! nextval('user_profiles_id_seq'::regclass)
user_profiles.user_id integer
user_profiles.current_title character varying(255)
user_profiles.current_company character varying(255)
user_profiles.years_experience integer
user_profiles.desired_title character varying(255)
user_profiles.desired_locations jsonb
user_profiles.tech_stack jsonb
user_profiles.salary_expectation_min integer
user_profiles.salary_expectation_max integer
user_profiles.salary_currency character varying(3) - 'EUR'::character varying
user_profiles.remote_preference character varying(50)
user_profiles.job_types jsonb
user_profiles.visa_sponsorship_needed boolean - false
user_profiles.preferred_companies jsonb
user_profiles.created_at timestamp without time zone - CURRENT_TIMESTAMP
user_profiles.updated_at timestamp without time zone - CURRENT_TIMESTAMP
saved_searches.id integer ! nextval('saved_searches_id_seq'::regclass)
saved_searches.user_id integer
saved_searches.name character varying(255) !
saved_searches.query character varying(1000)
saved_searches.filters jsonb
saved_searches.is_active boolean - true
saved_searches.created_at timestamp without time zone - CURRENT_TIMESTAMP
saved_searches.updated_at timestamp without time zone - CURRENT_TIMESTAMP
notifications.id integer ! nextval('notifications_id_seq'::regclass)
notifications.user_id integer
notifications.type character varying(100) !
notifications.title character varying(255) !
notifications.message text
notifications.data jsonb
notifications.is_read boolean - false
notifications.created_at timestamp without time zone - CURRENT_TIMESTAMP
interview_stages.id integer ! nextval('interview_stages_id_seq'::regclass)
interview_stages.application_id integer
interview_stages.stage_name character varying(255) !
interview_stages.scheduled_date timestamp without time zone
interview_stages.completed_date timestamp without time zone
interview_stages.status character varying(50) - 'scheduled'::character varying
interview_stages.notes text
interview_stages.feedback text
interview_stages.rating integer
interview_stages.created_at timestamp without time zone - CURRENT_TIMESTAMP
interview_stages.updated_at timestamp without time zone - CURRENT_TIMESTAMP
job_views.id integer ! nextval('job_views_id_seq'::regclass)
job_views.job_id integer
job_views.user_id integer
job_views.viewed_at timestamp without time zone - CURRENT_TIMESTAMP
";

const CONSTRAINTS: &str = "
users PRIMARY KEY (id)
users UNIQUE (email)
jobs PRIMARY KEY (id)
jobs UNIQUE (url)
jobs FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
applications PRIMARY KEY (id)
applications UNIQUE (job_id, user_id)
applications FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE
applications FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
user_profiles PRIMARY KEY (id)
user_profiles UNIQUE (user_id)
user_profiles FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
saved_searches PRIMARY KEY (id)
saved_searches FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
notifications PRIMARY KEY (id)
notifications FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
interview_stages PRIMARY KEY (id)
interview_stages FOREIGN KEY (application_id) REFERENCES applications(id) ON DELETE CASCADE
interview_stages CHECK (((rating >= 1) AND (rating <= 5)))
job_views PRIMARY KEY (id)
job_views FOREIGN KEY (job_id) REFERENCES jobs(id) ON DELETE CASCADE
job_views FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
";

/// Documented indexes besides those of the constraints: table, then the definition after USING.
const INDEXES: &str = "
users btree (created_at)
users btree (id) WHERE is_active
jobs btree (user_id)
jobs btree (source, source_id)
jobs UNIQUE btree (source, source_id) WHERE (source_id IS NOT NULL)
jobs btree (scraped_at)
jobs gin (tech_stack)
jobs gin (to_tsvector('simple'::regconfig, (((((COALESCE(title, ''::character varying))::text || ' '::text) || (COALESCE(company, ''::character varying))::text) || ' '::text) || \"left\"(COALESCE(description, ''::text), 100000))))
jobs btree (posted_date DESC, id DESC) WHERE is_active
jobs btree (company) WHERE is_active
jobs btree (job_type, remote_option) WHERE is_active
applications btree (user_id)
applications btree (user_id, status)
applications gin (interview_feedback)
user_profiles gin (desired_locations)
user_profiles gin (tech_stack)
user_profiles gin (job_types)
user_profiles gin (preferred_companies)
saved_searches btree (user_id)
saved_searches btree (user_id) WHERE is_active
saved_searches gin (filters)
notifications btree (user_id)
notifications btree (user_id, is_read, created_at DESC)
notifications gin (data)
interview_stages btree (application_id)
job_views btree (job_id)
job_views btree (user_id)
";

fn lines(list: &str) -> BTreeSet<String> {
    list.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

async fn found(pool: &PgPool, sql: &'static str) -> BTreeSet<String> {
    sqlx::query_scalar::<_, String>(sql).fetch_all(pool).await.unwrap().into_iter().collect()
}

async fn columns(pool: &PgPool) -> BTreeSet<String> {
    found(
        pool,
        "SELECT rtrim(c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                || CASE WHEN a.attnotnull THEN ' !' WHEN d.adbin IS NOT NULL THEN ' -' ELSE '' END
                || coalesce(' ' || pg_get_expr(d.adbin, d.adrelid), ''))
         FROM pg_class AS c
         JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
         WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> '_sqlx_migrations'",
    )
    .await
}

async fn constraints(pool: &PgPool) -> BTreeSet<String> {
    found(
        pool,
        "SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
         WHERE connamespace = 'public'::regnamespace AND conrelid <> 0 AND conrelid::regclass::text <> '_sqlx_migrations'
           AND contype IN ('p', 'u', 'f', 'c')",
    )
    .await
}

/// How an index is stored is ours to say.
async fn indexes(pool: &PgPool) -> BTreeSet<String> {
    found(
        pool,
        "SELECT i.indrelid::regclass || CASE WHEN i.indisunique THEN ' UNIQUE' ELSE '' END
                || substring(regexp_replace(pg_get_indexdef(i.indexrelid), ' WITH [(][^)]*[)]', '') FROM ' USING( .*)$')
         FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indrelid
         WHERE c.relnamespace = 'public'::regnamespace AND c.relname <> '_sqlx_migrations'
           AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u'))",
    )
    .await
}

#[track_caller]
fn assert_same(what: &str, found: &BTreeSet<String>, documented: &BTreeSet<String>) {
    let missing: Vec<_> = documented.difference(found).collect();
    let more: Vec<_> = found.difference(documented).collect();
    assert!(missing.is_empty() && more.is_empty(), "{what}: missing {missing:#?}, not documented {more:#?}");
}

async fn assert_documented(pool: &PgPool) {
    assert_same("columns", &columns(pool).await, &lines(COLUMNS));
    assert_same("constraints", &constraints(pool).await, &lines(CONSTRAINTS));
    assert_same("indexes", &indexes(pool).await, &lines(INDEXES));
}

#[tokio::test]
async fn an_empty_database_gets_the_documented_schema() {
    let db = TestDb::new().await;
    assert_documented(&db.pool).await;
}

#[tokio::test]
async fn every_foreign_key_has_an_index() {
    let db = TestDb::new().await;
    let without: Vec<String> = sqlx::query_scalar(
        "SELECT k.conrelid::regclass || ' ' || pg_get_constraintdef(k.oid)
         FROM pg_constraint AS k
         WHERE k.contype = 'f' AND k.connamespace IN ('public'::regnamespace, 'worker'::regnamespace)
           AND NOT EXISTS (SELECT FROM pg_index AS i
                           WHERE i.indrelid = k.conrelid AND i.indpred IS NULL AND i.indkey[0] = k.conkey[1])",
    )
    .fetch_all(&db.pool)
    .await
    .unwrap();
    assert!(without.is_empty(), "{without:?}");
}

#[tokio::test]
async fn full_text_search_uses_its_index() {
    let db = TestDb::new().await;
    let mut connection = db.pool.acquire().await.unwrap();
    connection.execute("SET enable_seqscan = off").await.unwrap();
    let plan: Vec<String> = sqlx::query_scalar(
        "EXPLAIN SELECT id FROM jobs WHERE to_tsvector('simple'::regconfig, coalesce(title, '') || ' ' || coalesce(company, '') || ' '
             || left(coalesce(description, ''), 100000)) @@ websearch_to_tsquery('simple', 'rust -java')",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    assert!(plan.iter().any(|line| line.contains("jobs_full_text_idx")), "{plan:#?}");
}

#[tokio::test]
async fn a_description_of_any_length_is_stored() {
    let db = TestDb::new().await;
    sqlx::query(
        "INSERT INTO jobs (title, company, description)
         SELECT 'Engineer', 'Nordwind', string_agg(md5(n::text), ' ') FROM generate_series(1, 60000) AS n",
    )
    .execute(&db.pool)
    .await
    .unwrap();
}

/// What an installation from before looks like: tables without some columns, defaults, keys and indexes, and rows that collide.
const OLD: &str = "
CREATE TABLE users (
    id SERIAL PRIMARY KEY, email VARCHAR(255) UNIQUE NOT NULL, hashed_password VARCHAR(255) NOT NULL, full_name VARCHAR(255),
    created_at TIMESTAMP, updated_at TIMESTAMP
);
CREATE TABLE jobs (
    id SERIAL PRIMARY KEY, title VARCHAR(500) NOT NULL, company VARCHAR(255) NOT NULL, location VARCHAR(255), description TEXT,
    tech_stack JSON, salary_min INTEGER, salary_max INTEGER, source VARCHAR(100), source_id VARCHAR(255), url VARCHAR(1000),
    scraped_at TIMESTAMP, user_id INTEGER REFERENCES users(id), is_active BOOLEAN DEFAULT true,
    created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE applications (
    id SERIAL PRIMARY KEY, job_id INTEGER REFERENCES jobs(id) ON DELETE CASCADE, user_id INTEGER REFERENCES users(id) ON DELETE CASCADE,
    status VARCHAR(50) NOT NULL, notes TEXT
);
CREATE TABLE saved_searches (
    id SERIAL PRIMARY KEY, user_id INTEGER REFERENCES users(id) ON DELETE CASCADE, name VARCHAR(255) NOT NULL, filters JSONB
);
INSERT INTO users (email, hashed_password) VALUES ('ann@example.com', 'x'), ('ben@example.com', 'x');
INSERT INTO jobs (title, company, tech_stack, source, source_id, url, scraped_at, is_active, user_id) VALUES
    ('Old active', 'Nordwind', '[\"Rust\"]', 'lever', '1', 'https://jobs.example.org/1', '2025-01-01', true, NULL),
    ('New inactive', 'Nordwind', NULL, 'lever', '1', 'https://jobs.example.org/2', '2025-03-01', false, NULL),
    ('New active', 'Nordwind', NULL, 'lever', '1', 'https://jobs.example.org/3', '2025-02-01', true, NULL),
    ('Same url', 'Nordwind', NULL, 'lever', '2', 'https://jobs.example.org/3', '2025-01-01', true, NULL),
    ('Of Ann', 'Nordwind', NULL, 'indeed', '7', NULL, NULL, NULL, 1),
    ('Of nobody', 'Nordwind', NULL, 'indeed', '7', NULL, '2025-02-01', true, NULL),
    ('By hand', 'Nordwind', NULL, NULL, NULL, NULL, NULL, true, 2),
    ('By hand too', 'Nordwind', NULL, NULL, '', NULL, NULL, true, 2);
INSERT INTO applications (job_id, user_id, status, notes) VALUES (1, 1, 'applied', 'called back'), (2, 1, 'saved', NULL), (4, 2, 'applied', NULL);
INSERT INTO saved_searches (user_id, name, filters) VALUES (1, 'Rust', '{\"skills\": [\"rust\"]}');
";

#[tokio::test]
async fn a_database_from_before_is_adopted_whole() {
    let db = TestDb::new().await;
    let mut connection = PgConnection::connect(&db.url).await.unwrap();
    connection
        .execute("DROP SCHEMA public CASCADE; DROP SCHEMA worker CASCADE; CREATE SCHEMA public")
        .await
        .unwrap();
    connection.execute(OLD).await.unwrap();
    connection.close().await.unwrap();

    let config = Config::load(None, &[("database.url", db.url.clone())]).unwrap();
    let store = Store::open(&config.database).unwrap();
    store.migrate().await.unwrap();
    store.migrate().await.unwrap();

    let kept: Vec<(String, Option<String>, Option<String>)> =
        sqlx::query_as("SELECT title, source_id, url FROM jobs ORDER BY id")
            .fetch_all(&db.pool)
            .await
            .unwrap();
    let url = |n: u8| Some(format!("https://jobs.example.org/{n}"));
    let id = |id: &str| Some(id.to_owned());
    let row = |title: &str, id, url| (title.to_owned(), id, url);
    assert_eq!(
        kept,
        [
            row("Old active", None, url(1)),
            row("New inactive", None, url(2)),
            row("New active", id("1"), url(3)),
            row("Same url", id("2"), None),
            row("Of Ann", id("7"), None),
            row("Of nobody", None, None),
            row("By hand", None, None),
            row("By hand too", id(""), None),
        ]
    );
    let aside: Vec<(i32, String, String, i32)> =
        sqlx::query_as("SELECT job_id, field, value, kept_by FROM worker.set_aside ORDER BY job_id, field")
            .fetch_all(&db.pool)
            .await
            .unwrap();
    let moved = |row, field: &str, value: &str, by| (row, field.to_owned(), value.to_owned(), by);
    assert_eq!(
        aside,
        [
            moved(1, "source_id", "1", 3),
            moved(2, "source_id", "1", 3),
            moved(4, "url", "https://jobs.example.org/3", 3),
            moved(6, "source_id", "7", 5),
        ]
    );
    let counts = sqlx::query(
        "SELECT (SELECT count(*) FROM users), (SELECT count(*) FROM applications WHERE notes = 'called back'),
                (SELECT count(*) FROM applications), (SELECT count(*) FROM saved_searches WHERE filters @> '{\"skills\": [\"rust\"]}'),
                (SELECT count(*) FROM jobs WHERE tech_stack ? 'Rust')",
    )
    .fetch_one(&db.pool)
    .await
    .unwrap();
    let counts: Vec<i64> = (0..5).map(|n| counts.get(n)).collect();
    assert_eq!(counts, [2, 1, 3, 1, 1]);

    assert_same("columns", &columns(&db.pool).await, &lines(COLUMNS));
    assert_same("indexes", &indexes(&db.pool).await, &lines(INDEXES));
    let live = constraints(&db.pool).await;
    let missing: Vec<String> = lines(CONSTRAINTS).difference(&live).cloned().collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[tokio::test]
async fn an_adopted_database_keeps_rows_that_break_a_documented_key() {
    let db = TestDb::new().await;
    let mut connection = PgConnection::connect(&db.url).await.unwrap();
    connection
        .execute("DROP SCHEMA public CASCADE; DROP SCHEMA worker CASCADE; CREATE SCHEMA public")
        .await
        .unwrap();
    connection.execute(OLD).await.unwrap();
    connection
        .execute(
            "INSERT INTO applications (job_id, user_id, status) VALUES (1, 1, 'applied'), (1, 1, 'rejected')",
        )
        .await
        .unwrap();
    connection.close().await.unwrap();
    let config = Config::load(None, &[("database.url", db.url.clone())]).unwrap();
    Store::open(&config.database).unwrap().migrate().await.unwrap();
    let applications: i64 =
        sqlx::query_scalar("SELECT count(*) FROM applications").fetch_one(&db.pool).await.unwrap();
    assert_eq!(applications, 5);
    assert!(!constraints(&db.pool).await.contains("applications UNIQUE (job_id, user_id)"));
}
