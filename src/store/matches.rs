//! Pairs of users and postings that fit: `worker.matches`, `worker.match_overflow`.
//!
//! A batch of pairs is written by COPY where its postings were never matched before, which nearly all are: there is nothing to look up then,
//! and no index led by users to keep. The notifier sorts such pairs in ([`Store::sort_in`]).
//! There is no foreign key to `users`: a user who is gone or inactive is not told, and a trigger on `users` removes what is known of them.

use std::collections::HashSet;

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::Value;
use sqlx::PgConnection;

use super::{Store, StoreError};
use crate::{
    domain::{JobId, SearchIds, UserId},
    telemetry::trace,
};

/// A posting as the matcher reads it: columns of `jobs` and the facts of its owning sighting.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the names are those of the columns")]
pub struct StoredPosting {
    pub id: JobId,
    pub title: String,
    pub company: String,
    pub location: Option<String>,
    pub description: Option<String>,
    pub requirements: Option<String>,
    pub tech_stack: Value,
    pub salary_min: Option<i32>,
    pub salary_max: Option<i32>,
    pub salary_currency: Option<String>,
    pub job_type: Option<String>,
    pub remote_option: Option<String>,
    pub source: Option<String>,
    pub url: Option<String>,
    pub posted_date: Option<NaiveDate>,
    pub created_at: Option<NaiveDateTime>,
    pub facts: Value,
}

/// One user and one posting that fit.
#[derive(Clone, Debug, PartialEq)]
pub struct NewMatch {
    /// Posting.
    pub job_id: JobId,
    /// User.
    pub user_id: UserId,
    /// 0 to 1.
    pub score: f64,
    /// 0 to 1, where the user has a profile that fits.
    pub profile_score: Option<f64>,
    /// The searches that fit.
    pub search_ids: SearchIds,
}

/// A posting that fits users who have more than they can be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overflow {
    /// Posting.
    pub job_id: JobId,
    /// Users, each once.
    pub user_ids: Vec<UserId>,
}

/// What is known of some postings before their pairs are written.
#[derive(Clone, Debug, Default)]
pub struct SieveMarks {
    /// Postings that were matched before, in another version.
    pub known: HashSet<JobId>,
    /// Who is not to be told of which posting: users who applied, or who were told of another source's posting of the same vacancy.
    pub out: HashSet<(JobId, UserId)>,
}

impl Store {
    /// The postings of these ids that may be shown to everyone, for explanations.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_postings(&self, ids: &[JobId]) -> Result<Vec<StoredPosting>, StoreError> {
        self.within(async {
            let mut connection = self.pool.acquire().await?;
            read_postings(&mut connection, ids).await
        })
        .await
    }

    /// The newest postings that may be shown to everyone, at most `limit`.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_newest_postings(&self, limit: i64) -> Result<Vec<StoredPosting>, StoreError> {
        self.within(async {
            let mut connection = self.pool.acquire().await?;
            let ids = sqlx::query_scalar!(
                "SELECT id FROM jobs WHERE user_id IS NULL AND is_active IS NOT FALSE ORDER BY id DESC LIMIT $1",
                limit
            )
            .fetch_all(&mut *connection)
            .await?;
            let ids: Vec<_> = ids.into_iter().map(JobId).collect();
            read_postings(&mut connection, &ids).await
        })
        .await
    }

    /// Deletes waiting pairs whose user is gone, and counts of days that are over for so long. Gives the number of rows.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn delete_old_matches(&self, days: i32, limit: i64) -> Result<u64, StoreError> {
        self.within(async {
            let mut connection = self.pool.acquire().await?;
            let orphans = sqlx::query!(
                "DELETE FROM worker.matches WHERE ctid = ANY(ARRAY(
                   SELECT m.ctid FROM worker.matches m
                   WHERE m.sorted AND m.notified_at IS NULL AND NOT EXISTS (SELECT FROM users u WHERE u.id = m.user_id) LIMIT $1))",
                limit
            )
            .execute(&mut *connection)
            .await?;
            let counts = sqlx::query!(
                "DELETE FROM worker.match_more WHERE ctid = ANY(ARRAY(
                   SELECT ctid FROM worker.match_more WHERE day < (now() AT TIME ZONE 'UTC')::date - $1::int LIMIT $2))",
                days,
                limit
            )
            .execute(&mut *connection)
            .await?;
            Ok::<_, sqlx::Error>(orphans.rows_affected() + counts.rows_affected())
        })
        .await
    }
}

pub(super) async fn read_postings(
    connection: &mut PgConnection,
    ids: &[JobId],
) -> Result<Vec<StoredPosting>, sqlx::Error> {
    let ids: Vec<i32> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"SELECT j.id, j.title, j.company, j.location, j.description, j.requirements, j.tech_stack, j.salary_min, j.salary_max,
                  j.salary_currency, j.job_type, j.remote_option, j.source, j.url, j.posted_date, j.created_at, s.facts AS "facts?"
           FROM jobs j LEFT JOIN worker.sightings s ON s.source = j.source AND s.source_id = j.source_id
           WHERE j.id = ANY($1) AND j.user_id IS NULL AND j.is_active IS NOT FALSE ORDER BY j.id"#,
        &ids
    )
    .fetch_all(connection)
    .await?;
    let postings = rows.into_iter().map(|row| StoredPosting {
        id: JobId(row.id),
        title: row.title,
        company: row.company,
        location: row.location,
        description: row.description,
        requirements: row.requirements,
        tech_stack: row.tech_stack.unwrap_or_default(),
        salary_min: row.salary_min,
        salary_max: row.salary_max,
        salary_currency: row.salary_currency,
        job_type: row.job_type,
        remote_option: row.remote_option,
        source: row.source,
        url: row.url,
        posted_date: row.posted_date,
        created_at: row.created_at,
        facts: row.facts.unwrap_or_default(),
    });
    Ok(postings.collect())
}

/// What decides which pairs of these postings are written.
pub(super) async fn read_marks(
    connection: &mut PgConnection,
    ids: &[JobId],
) -> Result<SieveMarks, sqlx::Error> {
    let ids: Vec<i32> = ids.iter().map(|id| id.0).collect();
    let known = known_jobs(connection, &ids).await?;
    let applied = sqlx::query!(
        r#"SELECT job_id AS "job_id!", user_id AS "user_id!" FROM applications
           WHERE job_id = ANY($1) AND user_id IS NOT NULL"#,
        &ids
    )
    .fetch_all(&mut *connection)
    .await?;
    let told = sqlx::query!(
        "SELECT mine.job_id, a.user_id FROM worker.duplicates mine
         JOIN worker.duplicates twin ON twin.group_id = mine.group_id AND twin.job_id <> mine.job_id
         JOIN worker.matches m ON m.job_id = twin.job_id AND m.notified_at IS NOT NULL
         JOIN worker.announcements a ON a.user_id = m.user_id AND a.job_id = m.job_id
         WHERE mine.job_id = ANY($1)",
        &ids
    )
    .fetch_all(&mut *connection)
    .await?;
    let applied = applied.into_iter().map(|row| (JobId(row.job_id), UserId(row.user_id)));
    let told = told.into_iter().map(|row| (JobId(row.job_id), UserId(row.user_id)));
    Ok(SieveMarks { known, out: applied.chain(told).collect() })
}

/// Those of the postings that have pairs already.
async fn known_jobs(connection: &mut PgConnection, ids: &[i32]) -> Result<HashSet<JobId>, sqlx::Error> {
    let known = sqlx::query_scalar!(
        r#"SELECT j AS "id!" FROM unnest($1::int[]) j WHERE EXISTS (SELECT FROM worker.matches m WHERE m.job_id = j)"#,
        ids
    )
    .fetch_all(connection)
    .await?;
    Ok(known.into_iter().map(JobId).collect())
}

/// Writes pairs and what is only counted, in the order of the key. Gives the number of pairs that are new.
pub(super) async fn write_matches(
    connection: &mut PgConnection,
    mut matches: Vec<NewMatch>,
    overflow: &[Overflow],
) -> Result<u64, sqlx::Error> {
    matches.sort_unstable_by_key(|pair| (pair.job_id, pair.user_id));
    let mut jobs: Vec<i32> = matches.iter().map(|pair| pair.job_id.0).collect();
    jobs.dedup();
    let known = if jobs.is_empty() { HashSet::new() } else { known_jobs(connection, &jobs).await? };
    let (again, fresh): (Vec<NewMatch>, Vec<NewMatch>) = if known.is_empty() {
        (Vec::new(), matches)
    } else {
        matches.into_iter().partition(|pair| known.contains(&pair.job_id))
    };
    let copied = copy_matches(connection, &fresh).await?;
    if copied > 0 {
        jobs.retain(|job| !known.contains(&JobId(*job)));
        sqlx::query!(
            "INSERT INTO worker.fresh_matches (job_ids, traceparent) VALUES ($1, $2)",
            &jobs,
            trace::current()
        )
        .execute(&mut *connection)
        .await?;
    }
    let inserted = upsert_matches(connection, &again).await?;
    insert_overflow(connection, overflow).await?;
    Ok(copied + inserted)
}

/// Bytes of COPY that are sent at once.
const CHUNK: usize = 1 << 20;
/// `oid` of `int4`, the elements of an array.
const INT4: i32 = 23;

async fn copy_matches(connection: &mut PgConnection, matches: &[NewMatch]) -> Result<u64, sqlx::Error> {
    if matches.is_empty() {
        return Ok(0);
    }
    let mut copy = connection
        .copy_in_raw(
            "COPY worker.matches (job_id, user_id, score, profile_score, search_ids, sorted) FROM STDIN (FORMAT binary)",
        )
        .await?;
    let mut bytes = Vec::with_capacity(CHUNK + 4096);
    bytes.extend_from_slice(b"PGCOPY\n\xff\r\n\0");
    bytes.extend_from_slice(&[0; 8]);
    for pair in matches {
        encode(pair, &mut bytes);
        if bytes.len() >= CHUNK {
            copy.send(bytes.as_slice()).await?;
            bytes.clear();
        }
    }
    bytes.extend_from_slice(&(-1_i16).to_be_bytes());
    copy.send(bytes.as_slice()).await?;
    copy.finish().await
}

/// One row in the binary format of COPY: the number of columns, then each with its length.
fn encode(pair: &NewMatch, bytes: &mut Vec<u8>) {
    let int = |bytes: &mut Vec<u8>, value: i32| {
        bytes.extend_from_slice(&4_i32.to_be_bytes());
        bytes.extend_from_slice(&value.to_be_bytes());
    };
    bytes.extend_from_slice(&6_i16.to_be_bytes());
    int(bytes, pair.job_id.0);
    int(bytes, pair.user_id.0);
    int(bytes, real(pair.score));
    match pair.profile_score {
        Some(score) => int(bytes, real(score)),
        None => bytes.extend_from_slice(&(-1_i32).to_be_bytes()),
    }
    let count = i32::try_from(pair.search_ids.len()).unwrap_or(i32::MAX);
    let empty = count == 0;
    let length = if empty { 12 } else { count.saturating_mul(8).saturating_add(20) };
    for word in [length, i32::from(!empty), 0, INT4] {
        bytes.extend_from_slice(&word.to_be_bytes());
    }
    if !empty {
        bytes.extend_from_slice(&count.to_be_bytes());
        bytes.extend_from_slice(&1_i32.to_be_bytes());
    }
    for search in &pair.search_ids {
        int(bytes, search.0);
    }
    bytes.extend_from_slice(&1_i32.to_be_bytes());
    bytes.push(0);
}

/// The bits of a `real`.
#[expect(clippy::cast_possible_truncation, reason = "a score has four decimals")]
fn real(score: f64) -> i32 {
    (score as f32).to_bits().cast_signed()
}

/// A pair that waits for its notice takes the newer score; one that was announced stays as it is.
async fn upsert_matches(connection: &mut PgConnection, matches: &[NewMatch]) -> Result<u64, sqlx::Error> {
    if matches.is_empty() {
        return Ok(0);
    }
    let jobs: Vec<i32> = matches.iter().map(|pair| pair.job_id.0).collect();
    let users: Vec<i32> = matches.iter().map(|pair| pair.user_id.0).collect();
    let scores: Vec<f64> = matches.iter().map(|pair| pair.score).collect();
    let profile_scores: Vec<Option<f64>> = matches.iter().map(|pair| pair.profile_score).collect();
    let searches: Vec<String> =
        matches.iter().map(|pair| literal(pair.search_ids.iter().map(|search| search.0))).collect();
    let new = sqlx::query_scalar!(
        r#"WITH stored AS (
             INSERT INTO worker.matches (job_id, user_id, score, profile_score, search_ids)
             SELECT m.job_id, m.user_id, m.score, m.profile_score, m.search_ids::int[]
             FROM UNNEST($1::int[], $2::int[], $3::float8[], $4::float8[], $5::text[])
               AS m (job_id, user_id, score, profile_score, search_ids)
             ORDER BY m.job_id, m.user_id
             ON CONFLICT (job_id, user_id) DO UPDATE
             SET score = excluded.score, profile_score = excluded.profile_score, search_ids = excluded.search_ids
             WHERE matches.notified_at IS NULL
             RETURNING (xmax = 0) AS inserted
           )
           SELECT count(*) FILTER (WHERE inserted) AS "new!" FROM stored"#,
        &jobs,
        &users,
        &scores,
        &profile_scores as &[Option<f64>],
        &searches
    )
    .fetch_one(connection)
    .await?;
    Ok(u64::try_from(new).unwrap_or(0))
}

/// An array as PostgreSQL writes it; arrays of different lengths cannot be one parameter.
fn literal(ids: impl Iterator<Item = i32>) -> String {
    let mut text = String::from("{");
    for id in ids {
        if text.len() > 1 {
            text.push(',');
        }
        text.push_str(&id.to_string());
    }
    text.push('}');
    text
}

async fn insert_overflow(connection: &mut PgConnection, overflow: &[Overflow]) -> Result<(), sqlx::Error> {
    if overflow.is_empty() {
        return Ok(());
    }
    let jobs: Vec<i32> = overflow.iter().map(|posting| posting.job_id.0).collect();
    let users: Vec<String> =
        overflow.iter().map(|posting| literal(posting.user_ids.iter().map(|user| user.0))).collect();
    sqlx::query!(
        "INSERT INTO worker.match_overflow (job_id, user_ids)
         SELECT o.job_id, o.user_ids::int[] FROM UNNEST($1::int[], $2::text[]) AS o (job_id, user_ids)",
        &jobs,
        &users
    )
    .execute(connection)
    .await?;
    Ok(())
}
