//! What leaves the tables that the web application shares with us, and under which locks.
//!
//! A sweep goes over a table in windows of its key, so that it needs no index of its own, begins anywhere, and never asks for more than one
//! window. What it writes is a few hundred rows in a transaction that waits for nobody for long ([`StoreError::is_busy`]) and passes
//! over rows that others hold. What is to go is decided by the statement that makes it go, not by one before.
//!
//! Writers of postings wait for nothing but one such transaction. To add a table: a file here, and a policy in the task `retain`.

mod archives;
mod close;
mod notices;
mod references;

pub use archives::{ArchiveRow, Exported, Leftover, Returned};
pub use close::{ClosePolicy, Closing};
pub use notices::{NoticePolicy, OldNotice};
pub use references::Reference;

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::{Store, StoreError, sightings::lock_writers};

/// Longest wait for a lock.
const LOCK_WAIT: &str = "200ms";

/// Tables that are swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SweptTable {
    /// `jobs`
    Postings,
    /// `notifications`
    Notices,
}

impl Store {
    /// The key at which a window of `rows` rows after `after` ends; `None` where no row comes after it.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find_window(
        &self,
        table: SweptTable,
        after: i32,
        rows: i64,
    ) -> Result<Option<i32>, StoreError> {
        match table {
            SweptTable::Postings => {
                let end = sqlx::query_scalar!(
                    "SELECT max(id) FROM (SELECT id FROM jobs WHERE id > $1 ORDER BY id LIMIT $2) w",
                    after,
                    rows
                );
                self.within(end.fetch_one(&self.pool)).await
            }
            SweptTable::Notices => {
                let end = sqlx::query_scalar!(
                    "SELECT max(id) FROM (SELECT id FROM notifications WHERE id > $1 ORDER BY id LIMIT $2) w",
                    after,
                    rows
                );
                self.within(end.fetch_one(&self.pool)).await
            }
        }
    }

    /// How many rows the server takes a table to have.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn estimate_rows(&self, table: SweptTable) -> Result<u64, StoreError> {
        let name = match table {
            SweptTable::Postings => "public.jobs",
            SweptTable::Notices => "public.notifications",
        };
        let rows = sqlx::query_scalar!(
            r#"SELECT greatest(reltuples, 0)::bigint AS "rows!" FROM pg_class WHERE oid = to_regclass($1)"#,
            name
        );
        Ok(self.within(rows.fetch_one(&self.pool)).await?.cast_unsigned())
    }

    /// Makes the room of deleted rows free again, on a connection of its own and for as long as it takes. It keeps nobody waiting; a table
    /// that somebody else vacuums, or that is not ours, is passed over. Where only a pooler can be reached, it is left to autovacuum.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn vacuum(&self, table: SweptTable, limit: Duration) -> Result<(), StoreError> {
        let Some(options) = &self.session else { return Ok(()) };
        let tables = match table {
            SweptTable::Postings => "public.jobs, worker.sightings, worker.matches",
            SweptTable::Notices => "public.notifications",
        };
        let options =
            options.as_ref().clone().options([("statement_timeout", limit.as_millis().to_string())]);
        let mut connection = self.within(PgConnection::connect_with(&options)).await?;
        let vacuum = format!("VACUUM (TRUNCATE false, SKIP_LOCKED true) {tables}");
        sqlx::query(AssertSqlSafe(vacuum)).execute(&mut connection).await?;
        self.within(connection.close()).await
    }
}

/// From now on no statement of the transaction waits for a lock for long.
async fn be_brief(transaction: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("SELECT set_config('lock_timeout', $1, true)", LOCK_WAIT).fetch_one(transaction).await?;
    Ok(())
}

/// As the only writer of postings, locks those of these rows that nobody else holds. Who may refer to a row by now is for the next
/// statement to see.
async fn hold_postings(transaction: &mut PgConnection, ids: &[i32]) -> Result<Vec<i32>, StoreError> {
    be_brief(transaction).await?;
    lock_writers(transaction).await?;
    let held =
        sqlx::query_scalar!("SELECT id FROM jobs WHERE id = ANY($1) ORDER BY id FOR UPDATE SKIP LOCKED", ids);
    Ok(held.fetch_all(transaction).await?)
}
