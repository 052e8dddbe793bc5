//! PostgreSQL and Redis of one storm, which die and come back, each behind proxies that know where it is now.

use std::{net::SocketAddr, path::PathBuf};

use career_worker::dev::{Stack, StackOptions};
use sqlx::{Connection as _, Executor as _, PgConnection};
use url::Url;

use super::proxy::Proxy;
use crate::process::signal;

const ELSEWHERE: &str = "postgres://elsewhere.example/none";
/// On a small disk.
const LITTLE_LOG: [&str; 3] = [
    "ALTER SYSTEM SET max_wal_size = '128MB'",
    "ALTER SYSTEM SET wal_keep_size = 0",
    "SELECT pg_reload_conf()",
];

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Postgres,
    Redis,
}

/// One server that is ours to break. Its data lasts, its port does not.
pub struct Server {
    kind: Kind,
    data: PathBuf,
    stack: Option<Stack>,
    /// The password that clients know, which a new Redis is taught.
    first: Option<Url>,
}

impl Server {
    pub async fn start(kind: Kind, data: PathBuf) -> Self {
        let mut server = Self { kind, data, stack: None, first: None };
        server.start_again().await;
        if kind == Kind::Postgres {
            let mut connection = PgConnection::connect(server.url().as_str()).await.unwrap();
            for statement in LITTLE_LOG {
                connection.execute(statement).await.unwrap();
            }
        }
        server
    }

    /// The address past the proxies, as long as it runs.
    pub fn url(&self) -> Url {
        let stack = self.stack.as_ref().expect("a server that runs");
        let url = if self.kind == Kind::Postgres { &stack.database_url } else { &stack.redis_url };
        let mut url = Url::parse(url).unwrap();
        if let Some(first) = &self.first {
            url.set_password(first.password()).unwrap();
        }
        url
    }

    /// The address of clients that come through the proxy at `port`.
    pub fn url_by(&self, port: u16) -> Url {
        let mut url = self.url();
        url.set_port(Some(port)).unwrap();
        url
    }

    /// Kills it as hard as it gets: PostgreSQL by an immediate shutdown, Redis by SIGKILL. It stays down.
    pub async fn crash(&mut self, proxies: &[&Proxy]) {
        let Some(stack) = self.stack.take() else { return };
        if let Some(pid) = self.process(&stack).await {
            signal(if self.kind == Kind::Postgres { "QUIT" } else { "KILL" }, pid);
        }
        aim(proxies, None);
        // Waits for its end.
        tokio::task::spawn_blocking(move || drop(stack)).await.unwrap();
    }

    /// Starts it again where it is down, and lets the proxies know.
    pub async fn revive(&mut self, proxies: &[&Proxy]) {
        if self.stack.is_some() && self.answers().await {
            return;
        }
        if let Some(stack) = self.stack.take() {
            tokio::task::spawn_blocking(move || drop(stack)).await.unwrap();
        }
        self.start_again().await;
        aim(proxies, Some(self.address()));
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.url().port().unwrap()))
    }

    async fn start_again(&mut self) {
        let other = Some(ELSEWHERE.to_owned());
        let (database_url, redis_url) = match self.kind {
            Kind::Postgres => (None, other),
            Kind::Redis => (other, None),
        };
        let options = StackOptions { data: self.data.clone(), durable: true, database_url, redis_url };
        self.stack = Some(Stack::start(options).await.unwrap());
        if self.kind == Kind::Redis {
            let known = Url::parse(&self.stack.as_ref().unwrap().redis_url).unwrap();
            let first = self.first.get_or_insert_with(|| known.clone());
            let mut connection = redis::Client::open(known.as_str())
                .unwrap()
                .get_multiplexed_async_connection()
                .await
                .unwrap();
            let mut set = redis::cmd("CONFIG");
            set.arg("SET").arg("requirepass").arg(first.password());
            let () = set.query_async(&mut connection).await.unwrap();
        }
    }

    async fn answers(&self) -> bool {
        let asked = async {
            match self.kind {
                Kind::Postgres => PgConnection::connect(self.url().as_str()).await.is_ok(),
                Kind::Redis => {
                    let client = redis::Client::open(self.url().as_str()).unwrap();
                    client.get_multiplexed_async_connection().await.is_ok()
                }
            }
        };
        tokio::time::timeout(std::time::Duration::from_secs(5), asked).await.unwrap_or(false)
    }

    /// Number of its process.
    async fn process(&self, stack: &Stack) -> Option<i64> {
        match self.kind {
            Kind::Postgres => {
                let file = std::fs::read_to_string(self.data.join("postgres/postmaster.pid")).ok()?;
                file.lines().next()?.trim().parse().ok()
            }
            Kind::Redis => {
                let mut url = Url::parse(&stack.redis_url).unwrap();
                if let Some(first) = &self.first {
                    url.set_password(first.password()).unwrap();
                }
                let client = redis::Client::open(url.as_str()).unwrap();
                let mut connection = client.get_multiplexed_async_connection().await.ok()?;
                let info: String =
                    redis::cmd("INFO").arg("server").query_async(&mut connection).await.ok()?;
                info.lines().find_map(|line| line.strip_prefix("process_id:"))?.trim().parse().ok()
            }
        }
    }
}

fn aim(proxies: &[&Proxy], target: Option<SocketAddr>) {
    for proxy in proxies {
        proxy.aim(target);
    }
}
