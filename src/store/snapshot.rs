//! One consistent view of a database that somebody else can share, and what is in it: for backups and for what was restored from them.
//!
//! The view is a transaction (REPEATABLE READ, READ ONLY) on a connection of its own, outside the pool, without a limit on statements:
//! the callers have theirs. It works on any database, migrated or not.

use std::{future::Future, time::Duration};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, postgres::PgConnectOptions};

use super::StoreError;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(15);
/// Longest statement over one table.
const STATEMENT: Duration = Duration::from_hours(2);
/// Longest statement over catalogues.
const CATALOGUE: Duration = Duration::from_mins(2);
/// Advisory lock of the one backup under way, in its database.
const LOCK: i64 = 0x0c0f_bac0;
/// Whose tables are not part of a backup, or not made by it.
const FOREIGN: &str = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname NOT IN ('information_schema', 'career_restore')
     AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')";

/// A view that others can share.
#[derive(Debug)]
pub struct Snapshot {
    connection: PgConnection,
    id: String,
}

/// What a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseFacts {
    /// As the server says it.
    pub version: String,
    /// Major version.
    pub major: u32,
    /// Name.
    pub database: String,
    /// On the server's disk.
    pub bytes: u64,
    /// Migrations that are applied.
    pub migrations: Vec<i64>,
    /// Indexes, constraints, triggers, functions and views.
    pub objects: i64,
}

/// Rows of one table.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TableDigest {
    /// `schema.table`, quoted where it has to be.
    pub name: String,
    /// How many.
    pub rows: i64,
    /// Sum of the hashes of all rows, whatever their order.
    pub hash: String,
}

/// A sequence.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SequenceState {
    /// `schema.sequence`, quoted where it has to be.
    pub name: String,
    /// Its last value.
    pub last: i64,
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => Ok(result?),
        Err(_) => Err(StoreError::Timeout(limit)),
    }
}

impl Snapshot {
    /// Takes a view of the database at `url`.
    ///
    /// # Errors
    /// Where the database does not answer or refuses the role.
    pub async fn take(url: &str) -> Result<Self, StoreError> {
        let options: PgConnectOptions = url.parse()?;
        // What a row looks like as text depends on these.
        let options = options.application_name("career-worker backup").options([
            ("statement_timeout", "0"),
            ("idle_in_transaction_session_timeout", "0"),
            ("timezone", "UTC"),
            ("datestyle", "ISO"),
            ("intervalstyle", "postgres"),
            ("bytea_output", "hex"),
            ("extra_float_digits", "1"),
            ("row_security", "off"),
        ]);
        let mut connection = within(CONNECT, PgConnection::connect_with(&options)).await?;
        let id = within(CATALOGUE, async {
            sqlx::query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").execute(&mut connection).await?;
            sqlx::query_scalar("SELECT pg_export_snapshot()").fetch_one(&mut connection).await
        })
        .await?;
        Ok(Self { connection, id })
    }

    /// The name under which others share the view, as long as this is not ended.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Takes the lock of backups for as long as this view is held; false where another backup has it.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn lock(&mut self) -> Result<bool, StoreError> {
        let query = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(LOCK);
        within(CATALOGUE, query.fetch_one(&mut self.connection)).await
    }

    /// Whether a restore into this database was begun and has not ended.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn is_half_restored(&mut self) -> Result<bool, StoreError> {
        let query = sqlx::query_scalar("SELECT to_regclass('career_restore.pending') IS NOT NULL");
        within(CATALOGUE, query.fetch_one(&mut self.connection)).await
    }

    /// What the database is.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn facts(&mut self) -> Result<DatabaseFacts, StoreError> {
        within(CATALOGUE, async {
            let connection = &mut self.connection;
            let (version, number, database, bytes): (String, i32, String, i64) = sqlx::query_as(
                "SELECT current_setting('server_version'), current_setting('server_version_num')::int, current_database()::text,
                        pg_database_size(current_database())",
            )
            .fetch_one(&mut *connection)
            .await?;
            let migrated: bool =
                sqlx::query_scalar("SELECT to_regclass('public._sqlx_migrations') IS NOT NULL")
                    .fetch_one(&mut *connection)
                    .await?;
            let migrations = if migrated {
                sqlx::query_scalar("SELECT version FROM public._sqlx_migrations WHERE success ORDER BY version")
                    .fetch_all(&mut *connection)
                    .await?
            } else {
                Vec::new()
            };
            let objects = sqlx::query_scalar(AssertSqlSafe(format!(
                "SELECT (SELECT count(*) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
                          WHERE c.relkind IN ('i', 'I', 'v', 'm') AND {FOREIGN})
                      + (SELECT count(*) FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
                          JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE k.contype <> 'n' AND {FOREIGN})
                      + (SELECT count(*) FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
                          JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND {FOREIGN})
                      + (SELECT count(*) FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
                          WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
                            AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.objid = p.oid AND d.deptype = 'e'))"
            )))
            .fetch_one(&mut *connection)
            .await?;
            Ok(DatabaseFacts {
                version,
                major: u32::try_from(number / 10_000).unwrap_or(0),
                database,
                bytes: u64::try_from(bytes).unwrap_or(0),
                migrations,
                objects,
            })
        })
        .await
    }

    /// Names of all tables whose rows are in a dump, quoted, sorted.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn tables(&mut self) -> Result<Vec<String>, StoreError> {
        let text = format!(
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
             WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND {FOREIGN} ORDER BY 1"
        );
        let query = sqlx::query_scalar(AssertSqlSafe(text));
        within(CATALOGUE, query.fetch_all(&mut self.connection)).await
    }

    /// Counts and hashes the rows of a table, named as [`Snapshot::tables`] does.
    ///
    /// # Errors
    /// Where the database does not answer or the role may not read the table.
    pub async fn digest(&mut self, table: &str) -> Result<TableDigest, StoreError> {
        let text = format!(
            "SELECT count(*), coalesce(sum(hashtextextended(career_backup_row::text, 0)::numeric), 0)::text
             FROM ONLY {table} AS career_backup_row"
        );
        let query = sqlx::query_as(AssertSqlSafe(text));
        let (rows, hash) = within(STATEMENT, query.fetch_one(&mut self.connection)).await?;
        Ok(TableDigest { name: table.to_owned(), rows, hash })
    }

    /// All sequences. They stand outside transactions: what a dump has is this or later.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn sequences(&mut self) -> Result<Vec<SequenceState>, StoreError> {
        let text = format!(
            "SELECT format('%I.%I', n.nspname, c.relname), coalesce(pg_sequence_last_value(c.oid::regclass), 0)
             FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
             WHERE c.relkind = 'S' AND {FOREIGN} ORDER BY 1"
        );
        let query = sqlx::query_as::<_, (String, i64)>(AssertSqlSafe(text));
        let all = within(CATALOGUE, query.fetch_all(&mut self.connection)).await?;
        Ok(all.into_iter().map(|(name, last)| SequenceState { name, last }).collect())
    }

    /// Asks what the program and its users would ask first; for a database of ours only.
    ///
    /// # Errors
    /// Where a question has no answer.
    pub async fn smoke(&mut self) -> Result<(), StoreError> {
        for question in [
            "SELECT count(*) FROM jobs WHERE to_tsvector('simple'::regconfig, coalesce(title, '') || ' ' || coalesce(company, '') || ' '
                 || left(coalesce(description, ''), 100000)) @@ websearch_to_tsquery('simple', 'engineer') AND is_active",
            "SELECT count(*) FROM (SELECT FROM notifications AS n JOIN users AS u ON u.id = n.user_id ORDER BY n.created_at DESC LIMIT 100) AS x",
            "SELECT count(*) FROM (SELECT FROM worker.runs ORDER BY id DESC LIMIT 100) AS x",
        ] {
            within(STATEMENT, sqlx::query_scalar::<_, i64>(question).fetch_one(&mut self.connection)).await?;
        }
        Ok(())
    }

    /// Ends the view.
    pub async fn end(self) {
        let _ = tokio::time::timeout(CONNECT, self.connection.close()).await;
    }
}
