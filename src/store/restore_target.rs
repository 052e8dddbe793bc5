//! A database that a backup is restored into. It may be any: ours, an empty one, one in a throw-away cluster.
//!
//! The schema `career_restore` marks it while that goes on, see [`super::daemon_state`].

use std::{future::Future, time::Duration};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, postgres::PgConnectOptions};

use super::StoreError;

const LIMIT: Duration = Duration::from_mins(2);
/// Everything but the schemas of the server and our mark.
const SCHEMAS: &str = "nspname NOT LIKE 'pg\\_%' AND nspname NOT IN ('information_schema', 'career_restore')";

/// A connection to it.
#[derive(Debug)]
pub struct RestoreTarget {
    connection: PgConnection,
}

/// What is in the way of a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InTheWay {
    /// Tables, views and sequences that are there.
    pub relations: i64,
    /// Other sessions on this database.
    pub sessions: i64,
}

async fn within<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, StoreError> {
    match tokio::time::timeout(LIMIT, work).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(StoreError::Timeout(LIMIT)),
    }
}

impl RestoreTarget {
    /// Connects.
    ///
    /// # Errors
    /// Where the database does not answer or refuses the role.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse()?;
        let options = options.application_name("career-worker restore").options([("lock_timeout", "30s")]);
        Ok(Self { connection: within(PgConnection::connect_with(&options)).await? })
    }

    /// Looks at what is in the way.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn in_the_way(&mut self) -> Result<InTheWay, StoreError> {
        let text = format!(
            "SELECT (SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND {SCHEMAS}
                       AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.deptype = 'e')),
                    (SELECT count(*) FROM pg_stat_activity
                     WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend')"
        );
        let query = sqlx::query_as(AssertSqlSafe(text));
        let (relations, sessions) = within(query.fetch_one(&mut self.connection)).await?;
        Ok(InTheWay { relations, sessions })
    }

    /// Marks the database: what is in it is not fit for work until [`RestoreTarget::finish`].
    ///
    /// # Errors
    /// Where the role may not make a schema.
    pub async fn begin(&mut self, backup: &str) -> Result<(), StoreError> {
        within(async {
            let mut transaction = self.connection.begin().await?;
            sqlx::query("CREATE SCHEMA IF NOT EXISTS career_restore").execute(&mut *transaction).await?;
            sqlx::query(
                "CREATE TABLE IF NOT EXISTS career_restore.pending (backup text NOT NULL, begun_at timestamptz NOT NULL DEFAULT now())",
            )
            .execute(&mut *transaction)
            .await?;
            sqlx::query("INSERT INTO career_restore.pending (backup) VALUES ($1)")
                .bind(backup)
                .execute(&mut *transaction)
                .await?;
            transaction.commit().await
        })
        .await
    }

    /// Removes everything that is in the database but the mark, in one transaction.
    ///
    /// # Errors
    /// Where something belongs to another role, or is in use.
    pub async fn clear(&mut self) -> Result<(), StoreError> {
        within(async {
            let mut transaction = self.connection.begin().await?;
            let schemas: Vec<String> = sqlx::query_scalar(AssertSqlSafe(format!(
                "SELECT format('%I', nspname) FROM pg_namespace WHERE {SCHEMAS} ORDER BY 1"
            )))
            .fetch_all(&mut *transaction)
            .await?;
            for schema in schemas {
                let drop = format!("DROP SCHEMA {schema} CASCADE");
                sqlx::query(AssertSqlSafe(drop)).execute(&mut *transaction).await?;
            }
            sqlx::query("CREATE SCHEMA public").execute(&mut *transaction).await?;
            sqlx::query("GRANT USAGE ON SCHEMA public TO PUBLIC").execute(&mut *transaction).await?;
            transaction.commit().await
        })
        .await
    }

    /// Puts the quarantine into the restored database, where it is one of ours, and takes the mark away, in one transaction.
    ///
    /// # Errors
    /// Where the database does not answer; then the mark stays.
    pub async fn finish(&mut self, reason: &str) -> Result<(), StoreError> {
        within(async {
            let mut transaction = self.connection.begin().await?;
            let ours: bool = sqlx::query_scalar("SELECT to_regclass('worker.daemon_state') IS NOT NULL")
                .fetch_one(&mut *transaction)
                .await?;
            if ours {
                sqlx::query(
                    "UPDATE worker.daemon_state SET mode = 'quarantined', reason = $1, since = now(), acknowledged_at = NULL,
                            acknowledged_by = NULL",
                )
                .bind(reason)
                .execute(&mut *transaction)
                .await?;
            }
            sqlx::query("DROP SCHEMA IF EXISTS career_restore CASCADE").execute(&mut *transaction).await?;
            transaction.commit().await
        })
        .await
    }

    /// Closes the connection.
    pub async fn close(self) {
        let _ = tokio::time::timeout(LIMIT, self.connection.close()).await;
    }
}
