//! A migrated database for each test, cloned from a template that is migrated once.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use career_worker::{
    clock::Clock,
    store::{MIGRATIONS, Store},
};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool, postgres::PgPoolOptions};
use tokio::sync::OnceCell;
use url::Url;

use super::{config, servers, unique};

/// Databases of tests that were killed are removed after this many seconds.
const STALE: i64 = 2 * 60 * 60;
/// Advisory lock under which the template is made.
const TEMPLATE_LOCK: i64 = 0x0c0f_fee0;

/// A database of one test, gone when it is dropped.
pub struct TestDb {
    /// Address of the database.
    pub url: String,
    /// The program's own way in.
    pub store: Store,
    /// For the test's own statements.
    pub pool: PgPool,
    pub(super) name: String,
    pub(super) redis_url: String,
    server: String,
}

impl TestDb {
    /// An empty database with all migrations.
    pub async fn new() -> Self {
        static TEMPLATE: OnceCell<String> = OnceCell::const_new();
        let servers = servers().await;
        let template = TEMPLATE
            .get_or_init(|| async { template(&servers.database_url).await.expect("a migrated template") })
            .await;
        Self::clone_of(template, servers.database_url.clone(), servers.redis_url.clone()).await
    }

    /// An empty database without migrations.
    pub async fn unmigrated() -> Self {
        let servers = servers().await;
        Self::clone_of("template0", servers.database_url.clone(), servers.redis_url.clone()).await
    }

    async fn clone_of(template: &str, server: String, redis_url: String) -> Self {
        let name = format!("test_{}", unique());
        let create = format!(r#"CREATE DATABASE "{name}" TEMPLATE "{template}""#);
        execute(&server, create).await.expect("a database for a test");
        let url = with_database(&server, &name);
        let pool = PgPoolOptions::new().max_connections(4).connect_lazy(&url).expect("an address");
        let store = open(&url);
        Self { url, store, pool, name, redis_url, server }
    }

    /// The settings of this test.
    pub fn config(&self) -> career_worker::config::Config {
        config(self)
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let drop = format!(r#"DROP DATABASE IF EXISTS "{}" WITH (FORCE)"#, self.name);
        let server = self.server.clone();
        // A thread with a runtime of its own: the one of the test may be about to end.
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(execute(&server, drop)).map_err(std::io::Error::other)
        });
        if let Ok(Err(error)) = thread.join() {
            eprintln!("the database {} stays until the next run: {error}", self.name);
        }
    }
}

/// Makes the template for these migrations, unless this or another process did, and sweeps what killed tests left.
async fn template(server: &str) -> anyhow::Result<String> {
    let mut hasher = DefaultHasher::new();
    MIGRATIONS.iter().for_each(|migration| migration.checksum.hash(&mut hasher));
    let name = format!("career_test_template_{:016x}", hasher.finish());

    let mut connection = PgConnection::connect(server).await?;
    sqlx::query("SELECT pg_advisory_lock($1)").bind(TEMPLATE_LOCK).execute(&mut connection).await?;
    sweep(&mut connection).await?;
    let finished: Option<bool> =
        sqlx::query_scalar("SELECT datistemplate FROM pg_database WHERE datname = $1")
            .bind(&name)
            .fetch_optional(&mut connection)
            .await?;
    if finished != Some(true) {
        for statement in [
            format!(r#"DROP DATABASE IF EXISTS "{name}""#),
            format!(r#"CREATE DATABASE "{name}" TEMPLATE template0"#),
        ] {
            sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
        }
        let store = open(&with_database(server, &name));
        store.migrate().await?;
        store.close().await;
        let finish = format!(r#"ALTER DATABASE "{name}" IS_TEMPLATE true"#);
        sqlx::query(AssertSqlSafe(finish)).execute(&mut connection).await?;
    }
    connection.close().await?;
    Ok(name)
}

async fn sweep(connection: &mut PgConnection) -> anyhow::Result<()> {
    let names: Vec<String> =
        sqlx::query_scalar(r"SELECT datname::text FROM pg_database WHERE datname LIKE 'test\_%'")
            .fetch_all(&mut *connection)
            .await?;
    for name in names.iter().filter(|name| is_stale(name)) {
        let drop = format!(r#"DROP DATABASE IF EXISTS "{name}" WITH (FORCE)"#);
        sqlx::query(AssertSqlSafe(drop)).execute(&mut *connection).await?;
    }
    Ok(())
}

fn is_stale(name: &str) -> bool {
    let made = name.split('_').nth(1).and_then(|made| i64::from_str_radix(made, 16).ok());
    made.is_some_and(|made| made + STALE < Clock::system().now().timestamp())
}

async fn execute(server: &str, statement: String) -> Result<(), sqlx::Error> {
    let mut connection = PgConnection::connect(server).await?;
    sqlx::query(AssertSqlSafe(statement)).execute(&mut connection).await?;
    connection.close().await
}

fn open(url: &str) -> Store {
    let overrides = [("database.url", url.to_owned())];
    let mut config = career_worker::config::Config::load(None, &overrides).expect("the default settings");
    config.database.max_connections = 5;
    Store::open(&config.database).expect("an address")
}

fn with_database(server: &str, name: &str) -> String {
    let mut url = Url::parse(server).expect("an address");
    url.set_path(name);
    url.into()
}
