//! Private servers and a database for one benchmark; all of it goes with the value.

use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

use anyhow::Context as _;
use career_worker::{
    config::Config,
    dev::{Stack, StackOptions},
    store::Store,
};
use sqlx::{PgPool, postgres::PgPoolOptions};
use tempfile::TempDir;

/// Servers of a benchmark.
pub struct Server {
    stack: Stack,
    _folder: TempDir,
}

impl Server {
    /// PostgreSQL with fsync and Redis with its log, as in production.
    pub async fn durable() -> anyhow::Result<Self> {
        Self::start(true).await
    }

    /// The same without fsync, where what is compared is the work and not the disk.
    pub async fn volatile() -> anyhow::Result<Self> {
        Self::start(false).await
    }

    async fn start(durable: bool) -> anyhow::Result<Self> {
        // The servers of root run as another user.
        let folder = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir()?;
        let data = folder.path().join("servers");
        let stack = Stack::start(StackOptions { data, durable, database_url: None, redis_url: None })
            .await
            .context("start private servers")?;
        Ok(Self { stack, _folder: folder })
    }

    /// Settings that lead to these servers.
    pub fn config(&self) -> anyhow::Result<Config> {
        let urls =
            [("database.url", self.stack.database_url.clone()), ("redis.url", self.stack.redis_url.clone())];
        Ok(Config::load(None, &urls)?)
    }

    /// The store, with all tables.
    pub async fn store(&self) -> anyhow::Result<Store> {
        let store = Store::open(&self.config()?.database)?;
        store.migrate().await?;
        Ok(store)
    }

    /// Connections for the benchmark itself.
    pub async fn pool(&self) -> anyhow::Result<PgPool> {
        Ok(PgPoolOptions::new().max_connections(2).connect(&self.stack.database_url).await?)
    }

    /// Where PostgreSQL listens.
    pub fn database_url(&self) -> &str {
        &self.stack.database_url
    }

    /// Where Redis listens.
    pub fn redis_url(&self) -> &str {
        &self.stack.redis_url
    }
}
