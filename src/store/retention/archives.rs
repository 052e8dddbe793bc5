//! Postings on their way out: read as lines of an archive, deleted once the archive is there, put back on request; `worker.archives`.
//!
//! A posting is deleted only as the version that is in the archive, only while nobody refers to it, and only in a transaction that holds
//! its row before it asks: whoever refers to a posting locks its row first, so that nobody can come in between.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use sqlx::AssertSqlSafe;

use super::{
    Reference, hold_postings,
    references::{referring, unreferenced},
};
use crate::{
    domain::RunId,
    store::{Store, StoreError, sightings::lock_writers},
};

/// A posting as a line of an archive.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Exported {
    /// Row.
    pub id: i32,
    /// Which version of the row the line shows.
    pub version: i64,
    /// As it was shown.
    pub title: String,
    /// As it was shown.
    pub company: String,
    /// A JSON object: `posting` and `sightings` with their columns, `others` with rows of other tables that go with it, by table.
    pub line: String,
}

/// An archive whose postings are not all gone yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Row.
    pub id: i64,
    /// Its object.
    pub object: String,
    /// The object was read back whole.
    pub written: bool,
    /// What is left to delete: id and version.
    pub rows: Vec<(i32, i64)>,
}

/// An archive, for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ArchiveRow {
    /// Its object.
    pub object: String,
    /// `writing`, `written` or `done`.
    pub state: String,
    /// Postings in it.
    pub postings: i32,
    /// Of those, how many left the database.
    pub deleted: i32,
    /// Lowest id in it.
    pub first_id: i32,
    /// Highest id in it.
    pub last_id: i32,
    /// As stored.
    pub bytes: Option<i64>,
    /// Before compression.
    pub plain_bytes: Option<i64>,
    /// When it was begun.
    pub begun_at: DateTime<Utc>,
}

/// What became of a line that was put back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// The posting is there again, inactive.
    Restored,
    /// A row with its id, its address or its identity is there.
    Taken,
}

impl Store {
    /// The postings of a window that have been inactive for `days` and that nobody refers to by one of `holding`; rows of the tables
    /// in `going` are in the line.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn export_postings(
        &self,
        after: i32,
        until: i32,
        days: i32,
        holding: &[Reference],
        going: &[Reference],
    ) -> Result<Vec<Exported>, StoreError> {
        let text = format!(
            "SELECT j.id, j.xmin::text::bigint AS version, j.title, j.company,
                    jsonb_build_object('posting', to_jsonb(j), 'others', {},
                      'sightings', (SELECT coalesce(jsonb_agg(to_jsonb(s) ORDER BY s.source, s.source_id), '[]')
                                    FROM worker.sightings s WHERE s.job_id = j.id))::text AS line
             FROM public.jobs j WHERE j.id > $1 AND j.id <= $2 AND j.is_active IS FALSE AND worker.is_over(j, $3) AND {}
             ORDER BY j.id",
            referring(going),
            unreferenced(holding)
        );
        let query = sqlx::query_as(AssertSqlSafe(text)).bind(after).bind(until).bind(days);
        self.within(query.fetch_all(&self.pool)).await
    }

    /// Notes that an object is about to be written, with what is in it.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn begin_archive(
        &self,
        object: &str,
        run: RunId,
        rows: &[(i32, i64)],
    ) -> Result<i64, StoreError> {
        let (ids, versions): (Vec<i32>, Vec<i64>) = rows.iter().copied().unzip();
        let begun = sqlx::query_scalar!(
            "INSERT INTO worker.archives (object, run_id, postings, first_id, last_id, job_ids, versions)
             VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
            object,
            run.0,
            i32::try_from(ids.len()).unwrap_or(i32::MAX),
            ids.iter().min().copied().unwrap_or_default(),
            ids.iter().max().copied().unwrap_or_default(),
            &ids,
            &versions
        );
        self.within(begun.fetch_one(&self.pool)).await
    }

    /// Notes that the object is there and whole; false where somebody gave the archive up in the meantime, and nothing may be deleted.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn mark_archive_written(
        &self,
        id: i64,
        bytes: u64,
        plain_bytes: u64,
        sha256: &str,
    ) -> Result<bool, StoreError> {
        let marked = sqlx::query!(
            "UPDATE worker.archives SET state = 'written', bytes = $2, plain_bytes = $3, sha256 = $4 WHERE id = $1 AND state = 'writing'",
            id,
            bytes.cast_signed(),
            plain_bytes.cast_signed(),
            sha256
        );
        Ok(self.within(marked.execute(&self.pool)).await?.rows_affected() == 1)
    }

    /// Archives that are not done and whose run is over, has lost its lease, or is this one.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_leftover_archives(&self, run: RunId) -> Result<Vec<Leftover>, StoreError> {
        let found = sqlx::query!(
            r#"SELECT a.id, a.object, a.state = 'written' AS "written!", a.job_ids, a.versions FROM worker.archives a
               WHERE a.state <> 'done' AND (a.run_id = $1 OR NOT EXISTS (SELECT FROM worker.runs r WHERE r.id = a.run_id AND r.state = 'running' AND r.lease_until > now()))
               ORDER BY a.id"#,
            run.0
        );
        let found = self.within(found.fetch_all(&self.pool)).await?;
        let leftovers = found.into_iter().map(|row| Leftover {
            id: row.id,
            object: row.object,
            written: row.written,
            rows: row.job_ids.into_iter().zip(row.versions).collect(),
        });
        Ok(leftovers.collect())
    }

    /// Gives up an archive of which nothing was deleted; false where it has been written after all.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn forget_archive(&self, id: i64) -> Result<bool, StoreError> {
        let forgotten = sqlx::query!("DELETE FROM worker.archives WHERE id = $1 AND state = 'writing'", id);
        Ok(self.within(forgotten.execute(&self.pool)).await?.rows_affected() == 1)
    }

    /// Notes that all that could go is gone.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn finish_archive(&self, id: i64) -> Result<(), StoreError> {
        let done = sqlx::query!(
            "UPDATE worker.archives SET state = 'done', ended_at = now(), job_ids = '{}', versions = '{}' WHERE id = $1",
            id
        );
        self.within(done.execute(&self.pool)).await?;
        Ok(())
    }

    /// Deletes those of `rows` (id and version) that are as they were and to which nobody refers, with their sightings and matches, and
    /// counts them in their archive, where there is one.
    ///
    /// # Errors
    /// [`StoreError::is_busy`] where others hold what it needs; nothing happened then.
    pub async fn delete_postings(
        &self,
        rows: &[(i32, i64)],
        archive: Option<i64>,
        days: i32,
        holding: &[Reference],
    ) -> Result<u64, StoreError> {
        let (ids, versions): (Vec<i32>, Vec<i64>) = rows.iter().copied().unzip();
        let text = format!(
            "DELETE FROM public.jobs j USING unnest($1::int[], $2::bigint[]) AS k (id, version)
             WHERE j.id = k.id AND j.id = ANY($4) AND j.xmin::text::bigint = k.version AND worker.is_over(j, $3) AND {}
             RETURNING j.id",
            unreferenced(holding)
        );
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            let held = hold_postings(&mut transaction, &ids).await?;
            let deleted: Vec<i32> = sqlx::query_scalar(AssertSqlSafe(text))
                .bind(&ids)
                .bind(&versions)
                .bind(days)
                .bind(&held)
                .fetch_all(&mut *transaction)
                .await?;
            sqlx::query!("DELETE FROM worker.matches WHERE job_id = ANY($1)", &deleted)
                .execute(&mut *transaction)
                .await?;
            let count = i32::try_from(deleted.len()).unwrap_or(i32::MAX);
            sqlx::query!("UPDATE worker.archives SET deleted = deleted + $2 WHERE id = $1", archive, count)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await?;
            Ok::<_, StoreError>(deleted.len() as u64)
        })
        .await
    }

    /// Archives, newest first.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_archives(&self) -> Result<Vec<ArchiveRow>, StoreError> {
        let rows = sqlx::query_as!(
            ArchiveRow,
            "SELECT object, state, postings, deleted, first_id, last_id, bytes, plain_bytes, begun_at FROM worker.archives ORDER BY id DESC"
        );
        self.within(rows.fetch_all(&self.pool)).await
    }

    /// Puts a line of an archive back, inactive and with its id. For the boards that showed it it counts as gone, so that it becomes active
    /// when one lists it again. Rows of other tables stay in the archive: their users may be gone.
    ///
    /// # Errors
    /// Where the database does not answer, or the line does not fit its tables.
    pub async fn return_posting(&self, line: &Value) -> Result<Returned, StoreError> {
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            lock_writers(&mut transaction).await?;
            let returned = sqlx::query_scalar!(
                "INSERT INTO public.jobs
                 SELECT r.* FROM jsonb_populate_record(NULL::public.jobs, $1::jsonb || '{\"is_active\": false}') r
                 ON CONFLICT DO NOTHING RETURNING id",
                &line["posting"]
            )
            .fetch_optional(&mut *transaction)
            .await?;
            if returned.is_none() {
                return Ok(Returned::Taken);
            }
            sqlx::query!(
                "INSERT INTO worker.sightings
                 SELECT r.* FROM jsonb_array_elements($1::jsonb) e,
                   jsonb_populate_record(NULL::worker.sightings, e || jsonb_build_object(
                     'missing_since', coalesce(nullif(e->'missing_since', 'null'), to_jsonb(now())),
                     'gone_at', coalesce(nullif(e->'gone_at', 'null'), to_jsonb(now())))) r
                 ON CONFLICT DO NOTHING",
                &line["sightings"]
            )
            .execute(&mut *transaction)
            .await?;
            transaction.commit().await?;
            Ok::<_, StoreError>(Returned::Restored)
        })
        .await
    }
}
