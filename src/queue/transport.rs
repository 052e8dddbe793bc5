//! Pointers to Redis through apalis-redis.
//!
//! A pointer is a hint: it is never waited for, never tried again and not sent at all to a queue that has plenty.
//!
//! Another service wants a run by pushing JSON with apalis-redis: `RedisStorage::new(conn).with_config(Config::default().queue("career:scrape"))`
//! and `push({"task": "scrape", "args": {...}, "key": "..."})`, where `career` is `redis.prefix`; `priority` and a W3C `traceparent` may
//! stand there too. Without apalis the same is, in one `MULTI`:
//! `HSETNX career:scrape:data ID JSON`, `HSET career:scrape:meta:ID attempts 0 max_attempts 25 status Pending`,
//! `ZADD career:scrape:scheduled UNIXTIME ID`, with an id of its own (a ULID) for each message. On a Redis Cluster the queue is named
//! `{career:scrape}`, with the braces, so that its keys are in one slot (`{career:scrape}:data` and so on).

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use redis::RedisError;
use secrecy::ExposeSecret as _;
use tokio::sync::{mpsc, oneshot};

use super::{
    Wakes,
    address::Address,
    lines::Lines,
    wire::{Topology, Wire},
};
use crate::{
    config::RedisConfig,
    domain::{Queue, RunId},
};

/// Pointers that may wait for Redis in this process; more are dropped.
const BUFFER: usize = 4096;
const BATCH: usize = 256;
const PATIENCE: Duration = Duration::from_secs(2);

/// The settings do not lead to a Redis.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// No address of one server.
    #[error(
        "redis.url: expected redis://host:port or rediss://host:port, or an address of sentinels or of a cluster"
    )]
    Url(#[source] RedisError),
    /// An address of several servers with a mistake in it.
    #[error("redis.url: {0}")]
    Servers(String),
}

/// The way to wake workers here and elsewhere. Cheap to clone; works without Redis, only slower.
#[derive(Clone, Debug)]
pub struct Transport {
    wakes: Wakes,
    redis: Option<Arc<Redis>>,
}

#[derive(Debug)]
struct Redis {
    orders: mpsc::Sender<Order>,
    lines: Lines,
}

#[derive(Debug)]
enum Order {
    Push(Queue, RunId),
    Flush(oneshot::Sender<()>),
}

impl Transport {
    /// Only this process: without Redis, workers elsewhere find runs when they look.
    pub fn local() -> Self {
        Self { wakes: Wakes::default(), redis: None }
    }

    /// Connects when it is first needed, and again whenever the connection is lost. To be called within a tokio runtime.
    ///
    /// # Errors
    /// The address cannot be read.
    pub fn open(config: &RedisConfig) -> Result<Self, TransportError> {
        let address = Address::parse(config.url.expose_secret()).map_err(TransportError::Servers)?;
        let lines = Lines::new(Wire::open(address).map_err(TransportError::Url)?, &config.prefix);
        let (orders, receiver) = mpsc::channel(BUFFER);
        tokio::spawn(push_orders(lines.clone(), receiver));
        Ok(Self { wakes: Wakes::default(), redis: Some(Arc::new(Redis { orders, lines })) })
    }

    /// Says that a run waits. Never blocks and never fails.
    pub fn wake(&self, queue: Queue, run: RunId) {
        self.wakes.ring(queue);
        if let Some(redis) = &self.redis
            && redis.orders.try_send(Order::Push(queue, run)).is_err()
        {
            metrics::counter!("career_wakes_total", "outcome" => "lost").increment(1);
        }
    }

    /// Waits until the pointers given so far are sent or lost: for a process that is about to end.
    pub async fn flush(&self) {
        let Some(redis) = &self.redis else { return };
        let (done, sent) = oneshot::channel();
        let _ = tokio::time::timeout(PATIENCE, async {
            if redis.orders.send(Order::Flush(done)).await.is_ok() {
                let _ = sent.await;
            }
        })
        .await;
    }

    /// Whether Redis answers within two seconds.
    pub async fn is_up(&self) -> bool {
        let Some(redis) = &self.redis else { return false };
        let mut connection = redis.lines.connection.clone();
        let ping = async move { redis::cmd("PING").query_async::<String>(&mut connection).await.is_ok() };
        tokio::time::timeout(PATIENCE, ping).await.unwrap_or(false)
    }

    /// How Redis is put together; `None` without one.
    pub fn topology(&self) -> Option<Topology> {
        self.redis.as_ref().map(|redis| redis.lines.connection.topology())
    }

    /// Asks Redis about itself, for `doctor`: one answer a master.
    ///
    /// # Errors
    /// What Redis, or the way to it, says.
    pub async fn examine(&self) -> Result<Vec<RedisFacts>, String> {
        let Some(redis) = &self.redis else { return Err("there is no Redis".to_owned()) };
        let mut connection = redis.lines.connection.clone();
        let topology = connection.topology();
        let ask = async {
            let _: String = redis::cmd("PING").query_async(&mut connection).await?;
            let infos: Vec<String> = match topology {
                Topology::Cluster => {
                    let all: HashMap<String, String> =
                        redis::cmd("INFO").query_async(&mut connection).await?;
                    all.into_values().collect()
                }
                _ => vec![redis::cmd("INFO").query_async(&mut connection).await?],
            };
            Ok::<_, RedisError>(infos.iter().map(|info| RedisFacts::read(info, topology)).collect())
        };
        match tokio::time::timeout(PATIENCE, ask).await {
            Ok(Ok(facts)) => Ok(facts),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {PATIENCE:?}")),
        }
    }

    /// The bells of this process.
    pub fn wakes(&self) -> &Wakes {
        &self.wakes
    }

    pub(super) fn lines(&self) -> Option<&Lines> {
        self.redis.as_deref().map(|redis| &redis.lines)
    }
}

/// What Redis says of itself; nothing where it does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RedisFacts {
    /// Version.
    pub version: Option<String>,
    /// Every write goes to a file.
    pub append_only: Option<bool>,
    /// What it does when its memory is full.
    pub eviction: Option<String>,
    /// Most memory it takes, bytes; 0 is no limit.
    pub most_memory: Option<u64>,
    /// `master` or `slave`.
    pub role: Option<String>,
    /// It is part of a cluster.
    pub cluster: Option<bool>,
    /// How it was reached.
    pub topology: Option<Topology>,
}

impl RedisFacts {
    fn read(info: &str, topology: Topology) -> Self {
        let value = |key: &str| {
            let mut pairs = info.lines().filter_map(|line| line.trim().split_once(':'));
            pairs.find(|(known, _)| *known == key).map(|(_, value)| value.to_owned())
        };
        Self {
            version: value("valkey_version").or_else(|| value("redis_version")),
            append_only: value("aof_enabled").map(|enabled| enabled == "1"),
            eviction: value("maxmemory_policy"),
            most_memory: value("maxmemory").and_then(|bytes| bytes.parse().ok()),
            role: value("role"),
            cluster: value("cluster_enabled").map(|enabled| enabled == "1"),
            topology: Some(topology),
        }
    }
}

async fn push_orders(lines: Lines, mut orders: mpsc::Receiver<Order>) {
    let up = AtomicBool::new(true);
    let mut batch = Vec::with_capacity(BATCH);
    while orders.recv_many(&mut batch, BATCH).await > 0 {
        let mut pointers: BTreeMap<&'static str, (Queue, Vec<RunId>)> = BTreeMap::new();
        let mut waiting = Vec::new();
        for order in batch.drain(..) {
            match order {
                Order::Push(queue, run) => {
                    pointers.entry(queue.as_str()).or_insert((queue, Vec::new())).1.push(run);
                }
                Order::Flush(done) => waiting.push(done),
            }
        }
        for (queue, runs) in pointers.into_values() {
            let pushed = tokio::time::timeout(PATIENCE, lines.push(queue, &runs)).await;
            let outcome = match pushed {
                Ok(Ok(true)) => "pushed",
                Ok(Ok(false)) => "skipped",
                Ok(Err(_)) | Err(_) => "lost",
            };
            metrics::counter!("career_wakes_total", "outcome" => outcome).increment(runs.len() as u64);
            if up.swap(outcome != "lost", Ordering::Relaxed) && outcome == "lost" {
                let error = pushed.ok().and_then(Result::err).map(|error| error.to_string());
                tracing::warn!(error, "redis does not answer: workers find runs when they look");
            }
        }
        for done in waiting {
            let _ = done.send(());
        }
    }
}
