//! Bearer tokens of the admin endpoint: `worker.api_tokens`. Only hashes of secrets pass through here.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{
    Store, StoreError,
    audit::{Actor, insert_audit},
};

/// A token as kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Token {
    /// Public part.
    pub id: String,
    /// What it is for.
    pub name: String,
    /// SHA-256 of the secret part.
    #[serde(skip)]
    pub secret_hash: Vec<u8>,
    /// `viewer`, `operator` or `admin`.
    pub role: String,
    /// Tasks it may enqueue; `None` is all.
    pub tasks: Option<Vec<String>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// From when on it is refused.
    pub expires_at: Option<DateTime<Utc>>,
    /// Last use, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// When it was taken back.
    pub revoked_at: Option<DateTime<Utc>>,
}

impl Store {
    /// Keeps a new token and records who made it, in one transaction.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn insert_token_for(&self, actor: Actor<'_>, token: &Token) -> Result<(), StoreError> {
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            sqlx::query!(
                "INSERT INTO worker.api_tokens (id, name, secret_hash, role, tasks, expires_at) VALUES ($1, $2, $3, $4, $5, $6)",
                token.id,
                token.name,
                token.secret_hash,
                token.role,
                token.tasks.as_deref(),
                token.expires_at
            )
            .execute(&mut *transaction)
            .await?;
            let detail = json!({
                "name": token.name, "role": token.role, "tasks": token.tasks, "expires_at": token.expires_at,
            });
            insert_audit(&mut transaction, actor, "token create", &token.id, &detail).await?;
            transaction.commit().await
        })
        .await
    }

    /// The live token of that id.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn find_token(&self, id: &str) -> Result<Option<Token>, StoreError> {
        let query = sqlx::query_as!(
            Token,
            "SELECT id, name, secret_hash, role, tasks, created_at, expires_at, last_used_at, revoked_at FROM worker.api_tokens
             WHERE id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())",
            id
        );
        self.within(query.fetch_optional(&self.pool)).await
    }

    /// Notes that a token was used, once a minute. To be called when its secret was shown, not before.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn mark_token_used(&self, id: &str) -> Result<(), StoreError> {
        let query = sqlx::query!(
            "UPDATE worker.api_tokens SET last_used_at = now()
             WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < now() - interval '1 minute')",
            id
        );
        self.within(query.execute(&self.pool)).await?;
        Ok(())
    }

    /// All tokens, newest first.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_tokens(&self) -> Result<Vec<Token>, StoreError> {
        self.within(
            sqlx::query_as!(
                Token,
                "SELECT id, name, secret_hash, role, tasks, created_at, expires_at, last_used_at, revoked_at
                 FROM worker.api_tokens ORDER BY created_at DESC, id"
            )
            .fetch_all(&self.pool),
        )
        .await
    }

    /// Takes a token back, with all its sessions, and records who did it; false where there is no live one of that id.
    ///
    /// # Errors
    /// Where the database does not answer; then nothing happened.
    pub async fn revoke_token_for(&self, actor: Actor<'_>, id: &str) -> Result<bool, StoreError> {
        self.within(async {
            let mut transaction = self.pool.begin().await?;
            let done = sqlx::query!(
                "UPDATE worker.api_tokens SET revoked_at = now() WHERE id = $1 AND revoked_at IS NULL",
                id
            )
            .execute(&mut *transaction)
            .await?;
            let revoked = done.rows_affected() == 1;
            if revoked {
                sqlx::query!("DELETE FROM worker.admin_sessions WHERE token_id = $1", id)
                    .execute(&mut *transaction)
                    .await?;
                insert_audit(&mut transaction, actor, "token revoke", id, &json!({})).await?;
            }
            transaction.commit().await?;
            Ok::<_, sqlx::Error>(revoked)
        })
        .await
    }
}
