//! Real servers for tests: one PostgreSQL and one Redis for the whole test process, a database for each test.
//!
//! The servers are private ones, started at the first use and gone with the process; `CAREER_TEST_DATABASE_URL` and `CAREER_TEST_REDIS_URL`,
//! or `DATABASE_URL` and `REDIS_URL`, name others (the role must be allowed to create databases). Nothing kept here belongs to the async
//! runtime of one test.

mod database;

use std::{future::Future, sync::OnceLock, time::Duration};

use career_worker::{
    clock::Clock,
    config::Config,
    dev::{Stack, StackOptions},
    random::Random,
};
use tokio::sync::OnceCell;

pub use database::TestDb;

/// The addresses of the servers.
struct Servers {
    database_url: String,
    redis_url: String,
    _stack: Option<Stack>,
}

async fn servers() -> &'static Servers {
    static SERVERS: OnceCell<Result<Servers, String>> = OnceCell::const_new();
    let servers = SERVERS.get_or_init(|| async { start().await.map_err(|error| format!("{error:#}")) });
    servers.await.as_ref().expect("the servers for tests")
}

async fn start() -> anyhow::Result<Servers> {
    let given = |names: [&str; 2]| {
        names.iter().find_map(|name| std::env::var(name).ok().filter(|url| !url.is_empty()))
    };
    let options = StackOptions {
        data: std::env::temp_dir().join(format!("career-worker-test-{}", unique())),
        durable: false,
        database_url: given(["CAREER_TEST_DATABASE_URL", "DATABASE_URL"]),
        redis_url: given(["CAREER_TEST_REDIS_URL", "REDIS_URL"]),
    };
    let stack = Stack::start(options).await?;
    Ok(Servers {
        database_url: stack.database_url.clone(),
        redis_url: stack.redis_url.clone(),
        _stack: Some(stack),
    })
}

/// Address of the shared Redis: keep to a key prefix of your own, see [`unique`].
pub async fn redis_url() -> String {
    servers().await.redis_url.clone()
}

/// A name that no other test and no earlier run has: seconds since 1970 in hexadecimal, then chance.
pub fn unique() -> String {
    static RANDOM: OnceLock<Random> = OnceLock::new();
    let chance = u64::from_be_bytes(RANDOM.get_or_init(Random::system).bytes());
    format!("{:08x}_{chance:016x}", Clock::system().now().timestamp())
}

/// The settings of a test: its own database, its own prefix in Redis, a free port for the admin endpoint.
pub fn config(db: &TestDb) -> Config {
    let overrides = [
        ("database.url", db.url.clone()),
        ("redis.url", db.redis_url.clone()),
        ("redis.prefix", db.name.clone()),
        ("admin.bind", "127.0.0.1:0".to_owned()),
    ];
    let mut config = Config::load(None, &overrides).expect("the default settings");
    config.database.max_connections = 5;
    config
}

/// Polls `condition` until it holds; panics after `within`.
pub async fn eventually<F: Future<Output = bool>>(within: Duration, condition: impl Fn() -> F) {
    let check = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let held = tokio::time::timeout(within, check).await;
    assert!(held.is_ok(), "the condition did not hold within {within:?}");
}
