//! `worker.backups`: what this database knows of its backups. The place of the backups knows better.

use chrono::{DateTime, Utc};

use super::{Store, StoreError};

/// A backup, as far as this database knows.
#[derive(Clone, Debug, PartialEq, serde::Serialize, utoipa::ToSchema)]
pub struct BackupRow {
    /// Name, sorted by time.
    pub id: String,
    /// `logical` or `pitr`.
    pub engine: String,
    /// `running`, `unverified`, `verified`, `failed`, `broken`, `expired`.
    pub state: String,
    /// Where it is, without secrets.
    pub place: String,
    /// When it was begun.
    pub started_at: DateTime<Utc>,
    /// When it was a backup.
    pub finished_at: Option<DateTime<Utc>>,
    /// As stored.
    pub bytes: Option<i64>,
    /// Before compression.
    pub plain_bytes: Option<i64>,
    /// Time it took.
    pub seconds: Option<f64>,
    /// Of its upload, on S3.
    pub upload_id: Option<String>,
    /// What went wrong.
    pub error: Option<String>,
    /// When a restore test last passed.
    pub verified_at: Option<DateTime<Utc>>,
    /// Time the restore test took.
    pub verify_seconds: Option<f64>,
    /// When it was deleted by policy.
    pub expired_at: Option<DateTime<Utc>>,
}

/// Numbers of a backup that is one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BackupSize {
    /// As stored.
    pub bytes: u64,
    /// Before compression.
    pub plain_bytes: u64,
    /// Time it took.
    pub seconds: f64,
}

/// The newest of one engine.
#[derive(Clone, Debug, PartialEq, serde::Serialize, utoipa::ToSchema)]
pub struct BackupAges {
    /// `logical` or `pitr`.
    pub engine: String,
    /// The first backup there ever was was begun then.
    pub since: Option<DateTime<Utc>>,
    /// Newest that is a backup.
    pub last_success: Option<DateTime<Utc>>,
    /// Newest that passed a restore test: when it was made.
    pub last_verified: Option<DateTime<Utc>>,
    /// Its size.
    pub bytes: Option<i64>,
    /// Time the newest took.
    pub seconds: Option<f64>,
    /// Time the newest restore test took.
    pub verify_seconds: Option<f64>,
}

impl Store {
    /// Notes that a backup is begun.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn insert_backup(
        &self,
        id: &str,
        engine: &str,
        place: &str,
        upload_id: Option<&str>,
    ) -> Result<(), StoreError> {
        let query = sqlx::query!(
            "INSERT INTO worker.backups (id, engine, state, place, upload_id) VALUES ($1, $2, 'running', $3, $4)
             ON CONFLICT (id) DO UPDATE SET upload_id = $4",
            id,
            engine,
            place,
            upload_id
        );
        self.within(query.execute(&self.pool)).await.map(drop)
    }

    /// Notes that it is a backup, not verified yet.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn mark_backup_made(&self, id: &str, size: BackupSize) -> Result<(), StoreError> {
        let query = sqlx::query!(
            "UPDATE worker.backups SET state = 'unverified', finished_at = now(), bytes = $2, plain_bytes = $3, seconds = $4,
                    upload_id = NULL, error = NULL
             WHERE id = $1 AND state IN ('running', 'broken')",
            id,
            i64::try_from(size.bytes).unwrap_or(i64::MAX),
            i64::try_from(size.plain_bytes).unwrap_or(i64::MAX),
            size.seconds
        );
        self.within(query.execute(&self.pool)).await.map(drop)
    }

    /// Notes that it did not become one.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn mark_backup_broken(&self, id: &str, error: &str) -> Result<(), StoreError> {
        let query = sqlx::query!(
            "UPDATE worker.backups SET state = 'broken', finished_at = now(), error = $2, upload_id = NULL
             WHERE id = $1 AND state = 'running'",
            id,
            error
        );
        self.within(query.execute(&self.pool)).await.map(drop)
    }

    /// Makes a backup known that is in its place and that this database does not know, for instance after a restore.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn adopt_backup(
        &self,
        id: &str,
        place: &str,
        made_at: DateTime<Utc>,
        size: BackupSize,
    ) -> Result<(), StoreError> {
        let query = sqlx::query!(
            "INSERT INTO worker.backups (id, engine, state, place, started_at, finished_at, bytes, plain_bytes, seconds)
             VALUES ($1, 'logical', 'unverified', $2, $3, $3, $4, $5, $6)
             ON CONFLICT (id) DO UPDATE SET state = 'unverified', finished_at = $3, bytes = $4, plain_bytes = $5, seconds = $6
             WHERE backups.state IN ('running', 'broken')",
            id,
            place,
            made_at,
            i64::try_from(size.bytes).unwrap_or(i64::MAX),
            i64::try_from(size.plain_bytes).unwrap_or(i64::MAX),
            size.seconds
        );
        self.within(query.execute(&self.pool)).await.map(drop)
    }

    /// Notes how a restore test ended: `error` is what was wrong.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn mark_backup_tested(
        &self,
        id: &str,
        at: DateTime<Utc>,
        seconds: f64,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        let query = sqlx::query!(
            "UPDATE worker.backups
             SET state = CASE WHEN $4::text IS NULL THEN 'verified' ELSE 'failed' END, error = $4,
                 verified_at = CASE WHEN $4::text IS NULL THEN $2 ELSE verified_at END, verify_seconds = $3
             WHERE id = $1 AND state IN ('unverified', 'verified', 'failed')",
            id,
            at,
            seconds,
            error
        );
        self.within(query.execute(&self.pool)).await.map(drop)
    }

    /// Notes that it was deleted by policy.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn mark_backup_expired(&self, id: &str) -> Result<(), StoreError> {
        let query = sqlx::query!(
            "UPDATE worker.backups SET state = 'expired', expired_at = now() WHERE id = $1 AND state <> 'running'",
            id
        );
        self.within(query.execute(&self.pool)).await.map(drop)
    }

    /// The newest `limit`, newest first.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_backups(&self, limit: i64) -> Result<Vec<BackupRow>, StoreError> {
        let query = sqlx::query_as!(
            BackupRow,
            "SELECT id, engine, state, place, started_at, finished_at, bytes, plain_bytes, seconds, upload_id, error, verified_at,
                    verify_seconds, expired_at
             FROM worker.backups ORDER BY started_at DESC, id DESC LIMIT $1",
            limit
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// Those that were begun and are neither a backup nor given up.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_running_backups(&self, engine: &str) -> Result<Vec<BackupRow>, StoreError> {
        let query = sqlx::query_as!(
            BackupRow,
            "SELECT id, engine, state, place, started_at, finished_at, bytes, plain_bytes, seconds, upload_id, error, verified_at,
                    verify_seconds, expired_at
             FROM worker.backups WHERE state = 'running' AND engine = $1 ORDER BY id",
            engine
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// What is newest, for each engine that has backups.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn backup_ages(&self) -> Result<Vec<BackupAges>, StoreError> {
        let query = sqlx::query_as!(
            BackupAges,
            r#"SELECT engine AS "engine!", min(started_at) AS since,
                      max(started_at) FILTER (WHERE state IN ('unverified', 'verified', 'failed', 'expired')) AS last_success,
                      max(started_at) FILTER (WHERE state = 'verified') AS last_verified,
                      (array_agg(bytes ORDER BY started_at DESC) FILTER (WHERE bytes IS NOT NULL))[1] AS bytes,
                      (array_agg(seconds ORDER BY started_at DESC) FILTER (WHERE seconds IS NOT NULL))[1] AS seconds,
                      (array_agg(verify_seconds ORDER BY verified_at DESC) FILTER (WHERE verified_at IS NOT NULL))[1] AS verify_seconds
               FROM worker.backups GROUP BY engine ORDER BY engine"#
        );
        self.within(query.fetch_all(&self.pool)).await
    }
}
