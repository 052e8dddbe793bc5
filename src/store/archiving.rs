//! Continuous archiving as the server tells it, and the canary that makes a restore to a moment checkable.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Store, StoreError, duration::interval};

/// What the server says of its archiver.
#[derive(Clone, Debug, PartialEq, serde::Serialize, utoipa::ToSchema)]
pub struct ArchiverState {
    /// `archive_mode` is on.
    pub on: bool,
    /// Its command.
    pub command: String,
    /// Segments archived since the statistics began.
    pub archived: i64,
    /// Last one.
    pub last_archived: Option<DateTime<Utc>>,
    /// Attempts that failed.
    pub failed: i64,
    /// Last one.
    pub last_failed: Option<DateTime<Utc>>,
    /// Segments that wait; `None` where the role may not see them.
    pub waiting: Option<i64>,
    /// How long the oldest of them waits, seconds.
    pub lag_seconds: Option<f64>,
}

impl ArchiverState {
    /// The last attempt failed.
    pub fn is_failing(&self) -> bool {
        self.last_failed.is_some_and(|failed| self.last_archived.is_none_or(|archived| archived < failed))
    }
}

impl Store {
    /// Asks the server for its archiver.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn archiver(&self) -> Result<ArchiverState, StoreError> {
        let told = self
            .within(
                sqlx::query!(
                    r#"SELECT current_setting('archive_mode') <> 'off' AS "on!", current_setting('archive_command') AS "command!",
                              archived_count AS "archived!", last_archived_time, failed_count AS "failed!", last_failed_time
                       FROM pg_stat_archiver"#
                )
                .fetch_one(&self.pool),
            )
            .await?;
        let waiting = sqlx::query_as::<_, (i64, Option<f64>)>(
            "SELECT count(*), extract(epoch FROM now() - min(modification))::float8 FROM pg_ls_archive_statusdir()
             WHERE name LIKE '%.ready'",
        );
        let waiting = match self.within(waiting.fetch_one(&self.pool)).await {
            Ok(waiting) => Some(waiting),
            // Only for the roles of those who watch servers.
            Err(StoreError::Refused(_)) => None,
            Err(error) => return Err(error),
        };
        Ok(ArchiverState {
            on: told.on,
            command: told.command,
            archived: told.archived,
            last_archived: told.last_archived_time,
            failed: told.failed,
            last_failed: told.last_failed_time,
            waiting: waiting.map(|(count, _)| count),
            lag_seconds: waiting.map(|(_, lag)| lag.unwrap_or(0.0).max(0.0)),
        })
    }

    /// Adds the canary of this minute, by the clock of the server, where it is not there yet, and forgets those older than `keep`.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn insert_canary(&self, keep: Duration) -> Result<bool, StoreError> {
        let insert = sqlx::query!(
            "WITH old AS (DELETE FROM worker.backup_canary WHERE minute < now() - $1::interval)
             INSERT INTO worker.backup_canary (minute) VALUES (date_trunc('minute', clock_timestamp())) ON CONFLICT DO NOTHING",
            interval(keep)
        );
        Ok(self.within(insert.execute(&self.pool)).await?.rows_affected() == 1)
    }

    /// All canaries written since `since`, oldest first.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_canaries(&self, since: DateTime<Utc>) -> Result<Vec<DateTime<Utc>>, StoreError> {
        let query = sqlx::query_scalar!(
            "SELECT written_at FROM worker.backup_canary WHERE written_at >= $1 ORDER BY written_at",
            since
        );
        self.within(query.fetch_all(&self.pool)).await
    }

    /// The newest canary.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn newest_canary(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let query = sqlx::query_scalar!("SELECT max(written_at) FROM worker.backup_canary");
        self.within(query.fetch_one(&self.pool)).await
    }

    /// Sets what continuous archiving needs in the server's configuration (ALTER SYSTEM). True where it has to be started again for it.
    ///
    /// # Errors
    /// Where the role is no superuser.
    pub async fn set_archiving(&self, command: &str, timeout: Duration) -> Result<bool, StoreError> {
        self.within(async {
            let mut connection = self.pool.acquire().await?;
            let quoted: String = sqlx::query_scalar("SELECT quote_literal($1)")
                .bind(command)
                .fetch_one(&mut *connection)
                .await?;
            let level: String =
                sqlx::query_scalar("SHOW wal_level").fetch_one(&mut *connection).await?;
            let mut settings = vec![
                "archive_mode = 'on'".to_owned(),
                format!("archive_command = {quoted}"),
                format!("archive_timeout = '{}s'", timeout.as_secs().max(1)),
            ];
            if level == "minimal" {
                settings.push("wal_level = 'replica'".to_owned());
            }
            for setting in settings {
                let text = format!("ALTER SYSTEM SET {setting}");
                sqlx::query(sqlx::AssertSqlSafe(text)).execute(&mut *connection).await?;
            }
            sqlx::query("SELECT pg_reload_conf()").execute(&mut *connection).await?;
            let on: bool =
                sqlx::query_scalar("SELECT current_setting('archive_mode') <> 'off' AND current_setting('wal_level') <> 'minimal'")
                    .fetch_one(&mut *connection)
                    .await?;
            Ok::<_, sqlx::Error>(!on)
        })
        .await
    }

    /// Data directory and port of the server; only for the roles of those who watch servers.
    ///
    /// # Errors
    /// Where the database does not answer or does not tell.
    pub async fn server_place(&self) -> Result<(String, i32), StoreError> {
        let query = sqlx::query_as::<_, (String, i32)>(
            "SELECT current_setting('data_directory'), current_setting('port')::int",
        );
        self.within(query.fetch_one(&self.pool)).await
    }
}
