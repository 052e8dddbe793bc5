//! At which version the database is.

use super::{MIGRATIONS, Store, StoreError};

/// One migration of this program and whether the database has it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Migration {
    /// Number in front of the file name.
    pub version: i64,
    /// The rest of the name.
    pub name: String,
    /// Whether it is applied.
    pub applied: bool,
}

impl Store {
    /// Every migration of this program, oldest first.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn list_migrations(&self) -> Result<Vec<Migration>, StoreError> {
        let applied: Vec<i64> = self
            .within(async {
                let made: bool =
                    sqlx::query_scalar("SELECT to_regclass('public._sqlx_migrations') IS NOT NULL")
                        .fetch_one(&self.pool)
                        .await?;
                if !made {
                    return Ok(Vec::new());
                }
                sqlx::query_scalar("SELECT version FROM public._sqlx_migrations WHERE success")
                    .fetch_all(&self.pool)
                    .await
            })
            .await?;
        Ok(MIGRATIONS
            .iter()
            .map(|migration| Migration {
                version: migration.version,
                name: migration.description.to_string(),
                applied: applied.contains(&migration.version),
            })
            .collect())
    }

    /// Whether the database answers and has every migration of this program.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn is_current(&self) -> Result<bool, StoreError> {
        Ok(self.list_migrations().await?.iter().all(|migration| migration.applied))
    }

    /// Version of the server, as it says it.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn server_version(&self) -> Result<String, StoreError> {
        self.within(sqlx::query_scalar("SHOW server_version").fetch_one(&self.pool)).await
    }
}
