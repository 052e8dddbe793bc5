//! Validators of responses, for the question "has it changed".
//!
//! They are kept only with a listing that is stored whole (see [`super::health`]), so that "not modified" always means "all of it is
//! stored". Those of another version of this program are not used, since that version may have read less out of the same response.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

use super::{Store, StoreError};

const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// What a server gave for one address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CachedValidators {
    /// Address as it was asked for.
    pub url: String,
    /// `ETag`, verbatim.
    pub etag: Option<String>,
    /// `Last-Modified`, verbatim.
    pub last_modified: Option<String>,
}

impl Store {
    /// The validators kept for `url`; none where its response is not stored whole.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn find_validators(&self, url: &str) -> Result<Option<CachedValidators>, StoreError> {
        let found = self
            .within(
                sqlx::query!(
                    "SELECT etag, last_modified FROM worker.http_cache WHERE url_hash = $1 AND program = $2",
                    hash(url),
                    PROGRAM
                )
                .fetch_optional(&self.pool),
            )
            .await?;
        Ok(found.map(|row| CachedValidators {
            url: url.to_owned(),
            etag: row.etag,
            last_modified: row.last_modified,
        }))
    }

    /// Forgets validators that nobody asked for in `days`: the next listing is read whole.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn delete_old_validators(&self, days: i32, limit: i64) -> Result<u64, StoreError> {
        let query = sqlx::query!(
            "DELETE FROM worker.http_cache WHERE ctid = ANY(ARRAY(
                 SELECT ctid FROM worker.http_cache WHERE checked_at < now() - make_interval(days => $1) LIMIT $2))",
            days,
            limit,
        );
        Ok(self.within(query.execute(&self.pool)).await?.rows_affected())
    }
}

/// Keeps validators; those without any are forgotten.
pub(super) async fn keep(tx: &mut PgConnection, validators: &[CachedValidators]) -> Result<(), StoreError> {
    let (kept, dropped): (Vec<_>, Vec<_>) =
        validators.iter().partition(|one| one.etag.is_some() || one.last_modified.is_some());
    if !dropped.is_empty() {
        let hashes: Vec<String> = dropped.iter().map(|one| hash(&one.url)).collect();
        sqlx::query!("DELETE FROM worker.http_cache WHERE url_hash = ANY($1)", &hashes)
            .execute(&mut *tx)
            .await?;
    }
    if !kept.is_empty() {
        let hashes: Vec<String> = kept.iter().map(|one| hash(&one.url)).collect();
        let etags: Vec<_> = kept.iter().map(|one| one.etag.as_deref()).collect();
        let dates: Vec<_> = kept.iter().map(|one| one.last_modified.as_deref()).collect();
        sqlx::query!(
            "INSERT INTO worker.http_cache (url_hash, etag, last_modified, program, checked_at)
             SELECT DISTINCT ON (n.url_hash) n.url_hash, n.etag, n.last_modified, $4, now()
             FROM unnest($1::text[], $2::text[], $3::text[]) AS n (url_hash, etag, last_modified)
             ORDER BY n.url_hash
             ON CONFLICT (url_hash) DO UPDATE SET etag = excluded.etag, last_modified = excluded.last_modified,
                 program = excluded.program, checked_at = excluded.checked_at",
            &hashes,
            &etags as _,
            &dates as _,
            PROGRAM,
        )
        .execute(tx)
        .await?;
    }
    Ok(())
}

fn hash(url: &str) -> String {
    Sha256::digest(url).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
