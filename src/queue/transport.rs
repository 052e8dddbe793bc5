//! Pointers to Redis through apalis-redis, and the care for its keys.
//!
//! A pointer is a hint: it is never waited for, never tried again and not sent at all to a queue that has plenty. What apalis-redis keeps
//! for ever (finished messages, names of workers) is removed here in small steps; its own vacuum blocks Redis and breaks retries.
//!
//! Another service wants a run by pushing JSON with apalis-redis: `RedisStorage::new(conn).with_config(Config::default().queue("career:scrape"))`
//! and `push({"task": "scrape", "args": {...}, "key": "..."})`, where `career` is `redis.prefix`. Without apalis the same is, in one `MULTI`:
//! `HSETNX career:scrape:data ID JSON`, `HSET career:scrape:meta:ID attempts 0 max_attempts 25 status Pending`,
//! `ZADD career:scrape:scheduled UNIXTIME ID`, with an id of its own (a ULID) for each message.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, LazyLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use apalis::prelude::{BoxDynError, Codec, TaskBuilder};
use apalis_redis::{Config as QueueConfig, RedisStorage, queries::push_tasks};
use redis::{
    AsyncCommands as _, Client, RedisError, Script,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use secrecy::ExposeSecret as _;
use tokio::sync::{mpsc, oneshot};

use super::Wakes;
use crate::{
    config::RedisConfig,
    domain::{Queue, RunId},
};

/// With this many messages waiting, one more pointer wakes nobody. apalis-redis stops for good at 8000.
const PLENTY: usize = 1000;
/// Pointers that may wait for Redis in this process; more are dropped.
const BUFFER: usize = 4096;
const BATCH: usize = 256;
const PATIENCE: Duration = Duration::from_secs(2);

/// The settings do not lead to a Redis.
#[derive(Debug, thiserror::Error)]
#[error("redis.url: expected redis://host:port or rediss://host:port")]
pub struct TransportError(#[source] RedisError);

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
        let client = Client::open(config.url.expose_secret()).map_err(TransportError)?;
        let settings = ConnectionManagerConfig::new()
            .set_response_timeout(Some(Duration::from_secs(30)))
            .set_connection_timeout(Some(Duration::from_secs(5)))
            .set_number_of_retries(5)
            .set_max_delay(Duration::from_secs(1));
        let connection = ConnectionManager::new_lazy_with_config(client, settings).map_err(TransportError)?;
        let lines = Lines { connection, prefix: config.prefix.as_str().into() };
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

    /// Asks Redis about itself, for `doctor`.
    ///
    /// # Errors
    /// What Redis, or the way to it, says.
    pub async fn examine(&self) -> Result<RedisFacts, String> {
        let Some(redis) = &self.redis else { return Err("there is no Redis".to_owned()) };
        let mut connection = redis.lines.connection.clone();
        let ask = async {
            let _: String = redis::cmd("PING").query_async(&mut connection).await?;
            redis::cmd("INFO").query_async::<String>(&mut connection).await
        };
        match tokio::time::timeout(PATIENCE, ask).await {
            Ok(Ok(info)) => Ok(RedisFacts::read(&info)),
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
}

impl RedisFacts {
    fn read(info: &str) -> Self {
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

/// The payload of a message, untouched, so that nothing another service pushes can stop a listener.
#[derive(Clone, Debug)]
pub(super) struct Raw(pub Vec<u8>);

/// Leaves payloads as they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawCodec;

impl Codec<Raw> for RawCodec {
    type Error = std::convert::Infallible;
    type Compact = Vec<u8>;

    fn encode(&self, raw: &Raw) -> Result<Vec<u8>, Self::Error> {
        Ok(raw.0.clone())
    }

    fn decode(&self, bytes: &Vec<u8>) -> Result<Raw, Self::Error> {
        Ok(Raw(bytes.clone()))
    }
}

/// The queues in Redis, with the settings under which apalis-redis is safe.
#[derive(Clone)]
pub(super) struct Lines {
    connection: ConnectionManager,
    prefix: Arc<str>,
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// Moves due messages on in small steps where there are so many that apalis-redis would unpack too much at once.
static PROMOTE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local now = redis.call('TIME')[1]
         if redis.call('ZCOUNT', KEYS[1], 0, now) < tonumber(ARGV[1]) then return 0 end
         local due = redis.call('ZRANGEBYSCORE', KEYS[1], 0, now, 'LIMIT', 0, ARGV[1])
         redis.call('RPUSH', KEYS[2], unpack(due))
         redis.call('ZREM', KEYS[1], unpack(due))
         return #due",
    )
});

/// Removes finished messages with their data.
static PRUNE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local ids = redis.call('SPOP', KEYS[1], ARGV[1])
         for _, id in ipairs(ids) do
             redis.call('HDEL', KEYS[2], id)
             redis.call('UNLINK', KEYS[3] .. ':' .. id)
         end
         return #ids",
    )
});

/// Says that a listener lives, and names those that have not said so for long.
static ATTEND: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local now = redis.call('TIME')[1]
         redis.call('ZADD', KEYS[1], now, ARGV[1])
         return redis.call('ZRANGEBYSCORE', KEYS[1], 0, now - ARGV[2], 'LIMIT', 0, 20)",
    )
});

impl Lines {
    pub(super) fn config(&self, queue: Queue) -> QueueConfig {
        QueueConfig::default()
            .queue(format!("{}:{}", self.prefix, queue.as_str()))
            .batch_size(1)
            .lock_tasks(false)
            .emit_events(false)
            .heartbeat_interval(Duration::from_secs(5))
            .missed_heartbeats(3)
            .idempotency_ttl(Some(Duration::from_hours(24)))
    }

    pub(super) fn storage(&self, queue: Queue) -> RedisStorage<Raw> {
        RedisStorage::new(self.connection.clone()).with_config(self.config(queue))
    }

    /// Returns false where there are plenty already.
    async fn push(&self, queue: Queue, runs: &[RunId]) -> Result<bool, BoxDynError> {
        let (mut connection, config) = (self.connection.clone(), self.config(queue));
        let waiting: usize = connection.zcard(config.scheduled_jobs_set()).await?;
        let active: usize = connection.llen(config.active_jobs_list()).await?;
        if waiting + active >= PLENTY {
            return Ok(false);
        }
        let tasks: Vec<_> = runs
            .iter()
            .map(|run| TaskBuilder::new(format!("{{\"run\":{run}}}").into_bytes()).build())
            .collect();
        push_tasks(&mut connection, &config, &tasks).await?;
        Ok(true)
    }

    /// Keeps a long backlog digestible.
    pub(super) async fn promote(&self, queue: Queue) -> Result<(), RedisError> {
        let (mut connection, config) = (self.connection.clone(), self.config(queue));
        loop {
            let mut script = PROMOTE.key(config.scheduled_jobs_set());
            let moved: usize =
                script.key(config.active_jobs_list()).arg(PLENTY).invoke_async(&mut connection).await?;
            if moved < PLENTY {
                return Ok(());
            }
        }
    }

    /// Removes finished messages, at most 50,000 a call.
    pub(super) async fn prune(&self, queue: Queue) -> Result<(), RedisError> {
        let (mut connection, config) = (self.connection.clone(), self.config(queue));
        for _ in 0..100 {
            let mut script = PRUNE.key(config.done_jobs_set());
            let removed: usize = script
                .key(config.job_data_hash())
                .key(config.job_meta_hash())
                .arg(500)
                .invoke_async(&mut connection)
                .await?;
            if removed < 500 {
                break;
            }
        }
        Ok(())
    }

    /// Says that listener `name` lives; returns those that are long dead.
    pub(super) async fn attend(&self, queue: Queue, name: &str) -> Result<Vec<String>, RedisError> {
        let key = self.listeners(queue);
        ATTEND.key(key).arg(name).arg(60).invoke_async(&mut self.connection.clone()).await
    }

    /// Messages that listener `name` had taken and not acknowledged: id and payload, where there is one.
    pub(super) async fn leftovers(
        &self,
        queue: Queue,
        name: &str,
    ) -> Result<Vec<(String, Option<Vec<u8>>)>, RedisError> {
        self.members(queue, self.inflight(queue, name)).await
    }

    /// Messages that apalis-redis gave up: id and payload.
    pub(super) async fn given_up(&self, queue: Queue) -> Result<Vec<(String, Option<Vec<u8>>)>, RedisError> {
        self.members(queue, self.config(queue).dead_jobs_set()).await
    }

    async fn members(&self, queue: Queue, set: String) -> Result<Vec<(String, Option<Vec<u8>>)>, RedisError> {
        let mut connection = self.connection.clone();
        let ids: Vec<String> =
            redis::cmd("SRANDMEMBER").arg(set).arg(100).query_async(&mut connection).await?;
        let data = self.config(queue).job_data_hash();
        let mut messages = Vec::with_capacity(ids.len());
        for id in ids {
            let payload: Option<Vec<u8>> = connection.hget(&data, &id).await?;
            messages.push((id, payload));
        }
        Ok(messages)
    }

    /// Removes a message of a dead listener (`Some`) or one given up (`None`).
    pub(super) async fn remove(&self, queue: Queue, name: Option<&str>, id: &str) -> Result<(), RedisError> {
        let config = self.config(queue);
        let set = name.map_or_else(|| config.dead_jobs_set(), |name| self.inflight(queue, name));
        let mut pipe = redis::pipe();
        pipe.srem(set, id)
            .ignore()
            .hdel(config.job_data_hash(), id)
            .ignore()
            .unlink(format!("{}:{id}", config.job_meta_hash()))
            .ignore();
        pipe.query_async(&mut self.connection.clone()).await
    }

    /// Forgets the name of a dead listener.
    pub(super) async fn forget(&self, queue: Queue, name: &str) -> Result<(), RedisError> {
        let config = self.config(queue);
        let mut pipe = redis::pipe();
        pipe.zrem(config.workers_set(), name)
            .ignore()
            .zrem(self.listeners(queue), name)
            .ignore()
            .unlink(format!("{}:metadata:{name}", config.workers_set()))
            .ignore();
        pipe.query_async(&mut self.connection.clone()).await
    }

    fn inflight(&self, queue: Queue, name: &str) -> String {
        format!("{}:{name}", self.config(queue).inflight_jobs_set())
    }

    fn listeners(&self, queue: Queue) -> String {
        format!("{}:listeners", self.config(queue).queue)
    }
}
