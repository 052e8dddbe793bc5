//! Every statement this program sends to PostgreSQL.
//!
//! One file a table or a group of tables that change together; one function a statement, named by what it does (`list_`, `insert_`,
//! `upsert_`, `claim_`, `mark_`, `delete_`). Nothing outside this module holds SQL. To add a table: a migration, then a file here.
//!
//! sqlx has no time-out of its own for a query on a dead connection, so every call goes through [`Store::within`].

mod archiving;
mod attempts;
mod audit;
mod backups;
mod catalogue;
mod channels;
mod claims;
mod daemon_state;
mod digest_deeds;
mod digests;
mod domains;
mod duration;
mod examine;
pub mod health;
pub mod http_cache;
mod matches;
mod messages;
mod notifications;
mod observe;
mod outbox;
pub mod pages;
mod pairs;
mod pauses;
pub mod postings;
mod pulse;
mod rematch;
mod replica;
mod restore_target;
mod retention;
mod runs;
mod schedules;
mod schema;
mod search_problems;
mod searches;
mod seed;
mod sessions;
mod sightings;
mod snapshot;
mod spans;
mod tokens;
mod transition;
mod waiting;

use std::{
    future::Future,
    sync::{Arc, atomic::AtomicU64},
    time::Duration,
};

use secrecy::ExposeSecret;
use sqlx::{
    Connection as _, PgPool, Postgres,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::config::{DatabaseConfig, Pooler};

pub use archiving::ArchiverState;
pub use attempts::{Attempt, Line};
pub use audit::{Actor, AuditFilter, AuditRecord, Enqueued, Idempotency, RunDeed};
pub use backups::{BackupAges, BackupRow, BackupSize};
pub use catalogue::{Catalogue, CatalogueFilter, ListedPosting, PostingDetail, Sighting};
pub use channels::{ChannelWish, Target, UserChannel};
pub use claims::{End, Recovered, Renewal, Renewed};
pub use daemon_state::DaemonState;
pub use digest_deeds::{DigestDeed, DigestFilter, DigestRow, DigestsSeen};
pub use digests::{ClaimedDigest, DigestRules, Tried};
pub use domains::{DomainLease, DomainState};
pub use examine::{Refusal, SchemaFacts, ServerFacts, WorkFacts};
pub use matches::{NewMatch, Overflow, SieveMarks, StoredPosting};
pub use messages::{KnownTask, RejectedMessage};
pub use notifications::{DailyCap, NewNotification, NoticeBatch, NoticeRules, WaitingMatch};
pub use observe::{BoardsSeen, Observed, QueueSeen, ScheduleSeen, TaskSeen};
pub use outbox::{ALONE, BatchUsers, OutboxBatch};
pub use pairs::{Pair, PairKey};
pub use pauses::{Pause, PauseKind};
pub use pulse::{DeadRuns, Pulse, ScheduleRun, Span};
pub use rematch::{RematchProgress, RematchStep};
pub use replica::ReplicaState;
pub use restore_target::{InTheWay, RestoreTarget};
pub use retention::{
    ArchiveRow, ClosePolicy, Closing, Exported, Leftover, NoticePolicy, OldNotice, Reference, Returned,
    SweptTable,
};
pub use runs::{Changed, QueueStats, Run, RunFilter};
pub use schedules::{Fired, Look, Tick, Watermark};
pub use schema::Migration;
pub use search_problems::{KnownProblem, SearchProblem};
pub use searches::{ChangeCursor, Changes, KnownSearch, SearchPage, UserWishes};
pub use seed::{SeedProfile, SeedSearch, SeedUser};
pub use snapshot::{DatabaseFacts, SequenceState, Snapshot, TableDigest};
pub use spans::{PostingFilter, PostingPage, PostingSpan};
pub use tokens::Token;
pub use transition::Backoff;
pub use waiting::WaitingStages;

/// The database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    pool: PgPool,
    /// Leases are renewed here, so that a busy pool never looks like a dead worker.
    reserved: PgPool,
    /// Where a connection is a session.
    session: Option<Arc<PgConnectOptions>>,
    /// For those who only look.
    replica: Option<Arc<replica::Replica>>,
    timeout: Duration,
    /// What was seen lately, so that many who ask cost no more than one.
    seen: Arc<observe::Seen>,
    /// Rows of `jobs` this process wrote since the full-text index was last sorted in.
    unsorted: Arc<AtomicU64>,
}

/// Why a statement gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The answer took too long; the connection is dropped.
    #[error("database did not answer within {0:?}")]
    Timeout(Duration),
    /// The server cannot be reached, is starting or stopping, or the pool is exhausted.
    #[error("database unavailable")]
    Unavailable(#[source] sqlx::Error),
    /// The server refused the statement.
    #[error("database error")]
    Refused(#[source] sqlx::Error),
    /// The database is not at the version this program needs.
    #[error("database schema")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A setting with an address cannot be read; the address may hold a password and is left out.
    #[error("database.{0}: expected postgres://user:password@host:port/name")]
    Address(&'static str, #[source] sqlx::Error),
    /// What needs a session of its own has no address for one.
    #[error(
        "database.direct_url: empty, expected the address of PostgreSQL itself, past the pooler of database.url"
    )]
    NoSession,
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Protocol(_) => Self::Unavailable(error),
            // Class 57 (operator intervention: shutdown, starting up), 53 (resources), 08 (connection).
            sqlx::Error::Database(db)
                if db
                    .code()
                    .is_some_and(|code| ["57", "53", "08"].iter().any(|class| code.starts_with(class))) =>
            {
                Self::Unavailable(error)
            }
            _ => Self::Refused(error),
        }
    }
}

impl StoreError {
    /// Deadlock or serialization failure: the same transaction can be tried again at once.
    pub fn is_conflict(&self) -> bool {
        let Self::Refused(sqlx::Error::Database(error)) = self else { return false };
        matches!(error.code().as_deref(), Some("40P01" | "40001"))
    }

    /// Another transaction has written a row with this key in the meantime.
    pub fn is_duplicate(&self) -> bool {
        let Self::Refused(sqlx::Error::Database(error)) = self else { return false };
        error.code().as_deref() == Some("23505")
    }

    /// The server refused a value: out of range, too long, too large for an index, not allowed in its column. The rest may be fine.
    pub fn is_data(&self) -> bool {
        let Self::Refused(sqlx::Error::Database(error)) = self else { return false };
        error.code().is_some_and(|code| {
            code.starts_with("22") || code.starts_with("54") || code == "23502" || code == "23514"
        })
    }

    /// Others hold what the statement waited for; later it may be free.
    pub fn is_busy(&self) -> bool {
        let Self::Refused(sqlx::Error::Database(error)) = self else { return false };
        self.is_conflict() || error.code().as_deref() == Some("55P03")
    }

    /// The database could not be reached, as opposed to refusing what was asked.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Timeout(_) | Self::Unavailable(_))
    }
}

/// A pool that gives up a connection which does not answer when it is given back. sqlx asks it too, and waits without end: the place of a
/// connection whose statement was given up, and whose other end is gone without a word, would be taken for ever.
fn pool_of(connections: u32, patience: Duration) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(connections).acquire_timeout(patience).after_release(
        move |connection, _| {
            Box::pin(async move {
                let answer = tokio::time::timeout(patience, connection.ping()).await;
                answer.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map(|()| true)
            })
        },
    )
}

/// A session with the limits of the settings.
fn session_options(
    key: &'static str,
    url: &str,
    config: &DatabaseConfig,
) -> Result<PgConnectOptions, StoreError> {
    let options: PgConnectOptions = url.parse().map_err(|error| StoreError::Address(key, error))?;
    Ok(options.application_name("career-worker").options([
        ("statement_timeout", format!("{}", config.statement_timeout.as_millis())),
        ("idle_in_transaction_session_timeout", "60s".to_owned()),
        ("timezone", "UTC".to_owned()),
    ]))
}

/// A connection through a pooler, which refuses options it would have to keep for each client. UTC and the encoding are among those it keeps.
/// Statements stay prepared by name: `PgBouncer` has followed these since 1.21, which is asked for.
fn pooled_options(key: &'static str, url: &str) -> Result<PgConnectOptions, StoreError> {
    let options: PgConnectOptions = url.parse().map_err(|error| StoreError::Address(key, error))?;
    Ok(options.application_name("career-worker").extra_float_digits(None))
}

/// The migrations of this program, embedded.
pub static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

impl Store {
    /// Opens the pools; connections are made when they are first needed.
    ///
    /// # Errors
    /// [`StoreError::Address`] names the setting that cannot be read.
    pub fn open(config: &DatabaseConfig) -> Result<Self, StoreError> {
        let options = session_options("url", config.url.expose_secret(), config)?;
        let (options, session) = match config.pooler {
            Pooler::None => (options.clone(), Some(options)),
            Pooler::Transaction => (pooled_options("url", config.url.expose_secret())?, None),
        };
        let replica = config.replica_url().map(ExposeSecret::expose_secret).map(|url| {
            let options = match config.pooler {
                Pooler::None => session_options("read_url", url, config)?,
                Pooler::Transaction => pooled_options("read_url", url)?,
            };
            let pool = pool_of(config.max_connections, replica::PATIENCE.min(config.acquire_timeout))
                .connect_lazy_with(options);
            Ok::<_, StoreError>(Arc::new(replica::Replica::new(pool, config.read_lag)))
        });
        let replica = replica.transpose()?;
        let direct = config.direct_url.expose_secret();
        let session =
            if direct.is_empty() { session } else { Some(session_options("direct_url", direct, config)?) };
        let pool = pool_of(config.max_connections, config.acquire_timeout).connect_lazy_with(options.clone());
        let reserved = pool_of(2, config.acquire_timeout).connect_lazy_with(options);
        let timeout = config.statement_timeout + config.acquire_timeout;
        Ok(Self {
            pool,
            reserved,
            session: session.map(Arc::new),
            replica,
            timeout,
            seen: Arc::default(),
            unsorted: Arc::default(),
        })
    }

    /// Applies the migrations that are missing.
    ///
    /// # Errors
    /// [`StoreError::Migration`] names the migration that failed; [`StoreError::NoSession`] where only a pooler can be reached, since
    /// migrations hold a lock of their session.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        let options = self.session.as_ref().ok_or(StoreError::NoSession)?;
        // An index of a large table takes longer than a statement otherwise may.
        let patient = PgConnectOptions::clone(options).options([("statement_timeout", "0")]);
        let mut connection = sqlx::PgConnection::connect_with(&patient).await?;
        MIGRATIONS.run(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// Runs `work` (one statement or one transaction) and gives up when the server does not answer in time.
    pub(crate) async fn within<T, E: Into<StoreError>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, StoreError> {
        match tokio::time::timeout(self.timeout, work).await {
            Ok(result) => result.map_err(Into::into),
            Err(_) => Err(StoreError::Timeout(self.timeout)),
        }
    }

    /// A connection for what every worker does all the time; how long it was waited for is counted.
    pub(crate) async fn acquire(&self) -> Result<PoolConnection<Postgres>, sqlx::Error> {
        let begin = std::time::Instant::now();
        let connection = self.pool.acquire().await;
        metrics::histogram!("career_db_pool_acquire_seconds").record(begin.elapsed().as_secs_f64());
        connection
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.pool.close().await;
        self.reserved.close().await;
        if let Some(replica) = &self.replica {
            replica.pool.close().await;
        }
    }
}
