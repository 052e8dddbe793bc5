//! `worker.admin_sessions`: who is signed in to the pages. Only hashes of secrets pass through here.

use std::time::Duration;

use super::{Store, StoreError, duration::interval, tokens::Token};

impl Store {
    /// Keeps a new session of a token for `lifetime`.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn insert_session(
        &self,
        id_hash: &[u8],
        token_id: &str,
        lifetime: Duration,
    ) -> Result<(), StoreError> {
        let query = sqlx::query!(
            "INSERT INTO worker.admin_sessions (id_hash, token_id, expires_at) VALUES ($1, $2, now() + $3::interval)",
            id_hash,
            token_id,
            interval(lifetime)
        );
        self.within(query.execute(&self.pool)).await?;
        Ok(())
    }

    /// The token of a live session, where both are live.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find_session(&self, id_hash: &[u8]) -> Result<Option<Token>, StoreError> {
        let query = sqlx::query_as!(
            Token,
            "SELECT t.id, t.name, t.secret_hash, t.role, t.tasks, t.created_at, t.expires_at, t.last_used_at, t.revoked_at
             FROM worker.admin_sessions s JOIN worker.api_tokens t ON t.id = s.token_id
             WHERE s.id_hash = $1 AND s.expires_at > now()
               AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())",
            id_hash
        );
        self.within(query.fetch_optional(&self.pool)).await
    }

    /// Ends a session.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn delete_session(&self, id_hash: &[u8]) -> Result<(), StoreError> {
        let query = sqlx::query!("DELETE FROM worker.admin_sessions WHERE id_hash = $1", id_hash);
        self.within(query.execute(&self.pool)).await?;
        Ok(())
    }

    /// Forgets sessions that are over.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn delete_old_sessions(&self) -> Result<u64, StoreError> {
        let query = sqlx::query!("DELETE FROM worker.admin_sessions WHERE expires_at < now()");
        Ok(self.within(query.execute(&self.pool)).await?.rows_affected())
    }
}
