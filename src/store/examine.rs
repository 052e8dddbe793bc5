//! What an installation's database is like, for `doctor`: questions to the server's catalogues that change nothing.

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, PgConnection};

use super::{MIGRATIONS, Store, StoreError};

/// Why the database cannot be used at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nothing answers at the address.
    Unreachable,
    /// Name or password is wrong, or the server does not let this host in.
    Login,
    /// There is no such database.
    NoDatabase,
    /// All connections of the server are taken.
    Full,
    /// It is starting or stopping.
    NotYet,
    /// A pooler that keeps no settings of its clients.
    Pooler,
    /// Something else.
    Other,
}

impl StoreError {
    /// Which kind of refusal it is.
    pub fn refusal(&self) -> Refusal {
        let error = match self {
            Self::Timeout(_) => return Refusal::Unreachable,
            Self::Unavailable(error) | Self::Refused(error) => error,
            Self::Address(..) | Self::Migration(_) | Self::NoSession => return Refusal::Other,
        };
        let sqlx::Error::Database(error) = error else {
            return if self.is_unavailable() { Refusal::Unreachable } else { Refusal::Other };
        };
        match error.code().as_deref() {
            Some("08P01") if error.message().contains("startup parameter") => Refusal::Pooler,
            Some("28000" | "28P01") => Refusal::Login,
            Some("3D000") => Refusal::NoDatabase,
            Some("53300") => Refusal::Full,
            Some("57P01" | "57P02" | "57P03") => Refusal::NotYet,
            _ => Refusal::Other,
        }
    }
}

/// The server and this session with it.
#[derive(Clone, Debug)]
pub struct ServerFacts {
    /// Version as a number, 150018 for 15.18.
    pub version_number: i32,
    /// Version as the server says it.
    pub version: String,
    /// Encoding of the database.
    pub encoding: String,
    /// Time zone of this session, which asked for UTC.
    pub timezone: String,
    /// Longest statement of this session, as the server says it, which was asked for too.
    pub statement_timeout: String,
    /// It follows another server and refuses to write.
    pub standby: bool,
    /// Settings that promise that what is committed is kept: `fsync`, `full_page_writes`, `synchronous_commit`, those that are off.
    pub careless: Vec<String>,
    /// Connections there may be for ordinary roles.
    pub max_connections: i64,
    /// Connections that others have now.
    pub used_connections: i64,
    /// Of these, those of this program elsewhere.
    pub own_connections: i64,
    /// Time of the server.
    pub now: DateTime<Utc>,
    /// How long the oldest transaction has been open, seconds.
    pub oldest_transaction: f64,
}

/// What this role may do, and the schema it finds.
#[derive(Clone, Debug)]
pub struct SchemaFacts {
    /// Name of the role.
    pub role: String,
    /// May make schemas, which migrating needs.
    pub may_create: bool,
    /// Tables that it may not read or write as the program does.
    pub forbidden: Vec<String>,
    /// Migrations of this program that are missing.
    pub missing: Vec<i64>,
    /// Migrations that this program does not know: a newer one was here.
    pub unknown: Vec<i64>,
    /// Migrations that began and did not end.
    pub broken: Vec<i64>,
}

/// What work there is, and who does it.
#[derive(Clone, Debug)]
pub struct WorkFacts {
    /// Runs held by workers whose lease holds.
    pub held: i64,
    /// When the last run ended.
    pub last_finished_at: Option<DateTime<Utc>>,
    /// Tokens that can be used.
    pub tokens: i64,
    /// Messages from Redis that could not be read.
    pub rejected_messages: i64,
}

impl Store {
    /// Asks the server about itself.
    ///
    /// # Errors
    /// The database does not answer or lets nobody in; see [`StoreError::refusal`].
    pub async fn examine_server(&self) -> Result<ServerFacts, StoreError> {
        let query = sqlx::query_as!(
            ServerFacts,
            r#"SELECT current_setting('server_version_num')::int AS "version_number!", current_setting('server_version') AS "version!",
                      current_setting('server_encoding') AS "encoding!", current_setting('TimeZone') AS "timezone!",
                      current_setting('statement_timeout') AS "statement_timeout!", pg_is_in_recovery() AS "standby!",
                      ARRAY(SELECT name FROM pg_settings
                            WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name) AS "careless!",
                      current_setting('max_connections')::bigint - current_setting('superuser_reserved_connections')::bigint
                          AS "max_connections!",
                      (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())
                          AS "used_connections!",
                      (SELECT count(*) FROM pg_stat_activity WHERE application_name = 'career-worker' AND datname = current_database()
                       AND pid <> pg_backend_pid()) AS "own_connections!",
                      clock_timestamp() AS "now!",
                      coalesce((SELECT extract(epoch FROM max(clock_timestamp() - xact_start))::float8 FROM pg_stat_activity
                                WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()), 0) AS "oldest_transaction!""#
        );
        self.within(query.fetch_one(&self.pool)).await
    }

    /// Whether what a client prepares is there in its next transaction. Two clients give their statements the same names, as sqlx does, and
    /// speak in turn, so that a pooler mixes them up unless it follows prepared statements.
    ///
    /// # Errors
    /// The database does not answer, or refuses for another reason.
    pub async fn keeps_prepared(&self) -> Result<bool, StoreError> {
        let asked = async {
            let options = self.pool.connect_options();
            let mut first = PgConnection::connect_with(&options).await?;
            let mut second = PgConnection::connect_with(&options).await?;
            for _ in 0..3 {
                sqlx::query!(r#"SELECT 1 AS "one!""#).fetch_one(&mut first).await?;
                sqlx::query!(r#"SELECT 2 AS "two!""#).fetch_one(&mut second).await?;
            }
            first.close().await?;
            second.close().await
        };
        match self.within(asked).await {
            Ok(()) => Ok(true),
            Err(StoreError::Refused(sqlx::Error::Database(error)))
                if matches!(error.code().as_deref(), Some("26000" | "42P05")) =>
            {
                Ok(false)
            }
            // The answer to a statement of somebody else.
            Err(StoreError::Refused(sqlx::Error::ColumnDecode { .. } | sqlx::Error::ColumnNotFound(_))) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Asks what this role may do here, and at which migration the database is.
    ///
    /// # Errors
    /// The database does not answer.
    pub async fn examine_schema(&self) -> Result<SchemaFacts, StoreError> {
        let made =
            sqlx::query_scalar!(r#"SELECT to_regclass('public._sqlx_migrations') IS NOT NULL AS "made!""#);
        let made = self.within(made.fetch_one(&self.pool)).await?;
        let applied: Vec<(i64, bool)> = if made {
            // Not checked when it is compiled: the table belongs to the library.
            let query =
                sqlx::query_as("SELECT version, success FROM public._sqlx_migrations ORDER BY version");
            self.within(query.fetch_all(&self.pool)).await?
        } else {
            Vec::new()
        };
        let rights = sqlx::query!(
            r#"SELECT current_user::text AS "role!", has_database_privilege(current_database(), 'CREATE') AS "may_create!",
                      ARRAY(SELECT format('%s.%s', n.nspname, c.relname)
                            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                            WHERE c.relkind IN ('r', 'p')
                              AND (n.nspname = 'worker' OR n.nspname = 'public' AND c.relname IN
                                   ('jobs', 'notifications', 'saved_searches', 'user_profiles', 'users'))
                              AND NOT (has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
                                       AND (n.nspname = 'public' AND c.relname NOT IN ('jobs', 'notifications')
                                            OR has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')))
                            ORDER BY 1) AS "forbidden!""#
        );
        let rights = self.within(rights.fetch_one(&self.pool)).await?;
        let known = |version: i64| MIGRATIONS.iter().any(|migration| migration.version == version);
        let ended = |version: i64| applied.iter().any(|(applied, well)| *applied == version && *well);
        Ok(SchemaFacts {
            role: rights.role,
            may_create: rights.may_create,
            forbidden: rights.forbidden,
            missing: MIGRATIONS
                .iter()
                .map(|migration| migration.version)
                .filter(|version| !ended(*version))
                .collect(),
            unknown: applied.iter().map(|(version, _)| *version).filter(|version| !known(*version)).collect(),
            broken: applied.iter().filter(|(_, well)| !well).map(|(version, _)| *version).collect(),
        })
    }

    /// Asks what work there is. Needs all migrations.
    ///
    /// # Errors
    /// The database does not answer, or lacks migrations.
    pub async fn examine_work(&self) -> Result<WorkFacts, StoreError> {
        let query = sqlx::query_as!(
            WorkFacts,
            r#"SELECT (SELECT count(*) FROM worker.runs WHERE state = 'running' AND lease_until > now()) AS "held!",
                      (SELECT max(finished_at) FROM worker.runs WHERE state IN ('done', 'dead', 'cancelled')) AS last_finished_at,
                      (SELECT count(*) FROM worker.api_tokens WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()))
                          AS "tokens!",
                      (SELECT count(*) FROM (SELECT FROM worker.rejected_messages LIMIT 10000) x) AS "rejected_messages!""#
        );
        self.within(query.fetch_one(&self.pool)).await
    }
}
