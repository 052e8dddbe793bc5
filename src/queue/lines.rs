//! The keys of the queues in Redis, and the care for them.
//!
//! The layout is that of apalis-redis 1.0, whose scripts push and take; what it keeps for ever (finished messages, names of workers) is
//! removed here in small steps, since its own vacuum blocks Redis and breaks retries. Each script and each pipeline that a
//! cluster sees keeps to the keys of one queue. To add one: its keys from [`Lines::config`], so that they are in one slot.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use apalis::prelude::{BoxDynError, Codec, TaskBuilder};
use apalis_redis::{Config as QueueConfig, RedisStorage, queries::push_tasks};
use redis::{AsyncCommands as _, RedisError, Script};

use super::wire::{Topology, Wire};
use crate::domain::{Queue, RunId};

/// With this many messages waiting, one more pointer wakes nobody. apalis-redis stops for good at 8000.
pub(super) const PLENTY: usize = 1000;

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
    pub(super) connection: Wire,
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

/// Takes the next messages for a listener, as apalis-redis does where it can be used. Those that are due are moved on first, in small steps.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local now = redis.call('TIME')[1]
         local due = redis.call('ZRANGEBYSCORE', KEYS[1], 0, now, 'LIMIT', 0, ARGV[1])
         if #due > 0 then
             redis.call('RPUSH', KEYS[2], unpack(due))
             redis.call('ZREM', KEYS[1], unpack(due))
         end
         local ids = redis.call('LRANGE', KEYS[2], 0, ARGV[2] - 1)
         if #ids == 0 then return {{}, {}} end
         redis.call('LTRIM', KEYS[2], #ids, -1)
         redis.call('SADD', KEYS[3], unpack(ids))
         return {ids, redis.call('HMGET', KEYS[4], unpack(ids))}",
    )
});

/// Counts what waits in each of some queues: moved on, or due to be.
static WAITING: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local now, counts = redis.call('TIME')[1], {}
         for at = 1, #KEYS, 2 do
             counts[#counts + 1] = redis.call('ZCOUNT', KEYS[at], 0, now) + redis.call('LLEN', KEYS[at + 1])
         end
         return counts",
    )
});

/// Says that a listener lives and removes finished messages with their data. Gives how many these were, how many messages were given up, and
/// the listeners that have not said for long that they live.
static TEND: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        "local ids = redis.call('SPOP', KEYS[1], ARGV[1])
         for _, id in ipairs(ids) do
             redis.call('HDEL', KEYS[2], id)
             redis.call('UNLINK', KEYS[3] .. ':' .. id)
         end
         local now = redis.call('TIME')[1]
         redis.call('ZADD', KEYS[4], now, ARGV[2])
         local silent = redis.call('ZRANGEBYSCORE', KEYS[4], 0, now - ARGV[3], 'LIMIT', 0, 20)
         return {#ids, redis.call('SCARD', KEYS[5]), silent}",
    )
});

/// Finished messages removed by one step.
const STEP: usize = 500;
/// Steps of one call.
const STEPS: usize = 100;

/// What was seen while a queue was looked after.
#[derive(Debug, Default)]
pub(super) struct Tended {
    /// Messages that apalis-redis gave up.
    pub(super) given_up: usize,
    /// Listeners that are long dead.
    pub(super) dead: Vec<String>,
}

/// A message as it is in Redis: its id, and what it says where there is something.
pub(super) type Found = (String, Option<Vec<u8>>);

impl Lines {
    pub(super) fn new(connection: Wire, prefix: &str) -> Self {
        Self { connection, prefix: prefix.into() }
    }

    /// Whether the listeners of apalis-redis can be used: they write down their queue under a key that all queues share, which a cluster
    /// keeps elsewhere.
    pub(super) fn takes_by_hand(&self) -> bool {
        self.connection.topology() == Topology::Cluster
    }

    /// On a cluster all keys of a queue are in one slot, by the braces around its name; those of a prefix that has braces are where they say.
    fn name(&self, queue: Queue) -> String {
        let braces = self.takes_by_hand() && !self.prefix.contains('{');
        if braces {
            format!("{{{}:{}}}", self.prefix, queue.as_str())
        } else {
            format!("{}:{}", self.prefix, queue.as_str())
        }
    }

    pub(super) fn config(&self, queue: Queue) -> QueueConfig {
        QueueConfig::default()
            .queue(self.name(queue))
            .batch_size(1)
            .lock_tasks(false)
            .emit_events(false)
            .heartbeat_interval(Duration::from_secs(5))
            .missed_heartbeats(3)
            .idempotency_ttl(Some(Duration::from_hours(24)))
    }

    pub(super) fn storage(&self, queue: Queue) -> RedisStorage<Raw, Wire> {
        RedisStorage::new(self.connection.clone()).with_config(self.config(queue))
    }

    /// Returns false where there are plenty already.
    pub(super) async fn push(&self, queue: Queue, runs: &[RunId]) -> Result<bool, BoxDynError> {
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
        // Who may not publish is found by polling.
        let called: Result<u64, RedisError> =
            redis::cmd("PUBLISH").arg(self.channel()).arg(queue.as_str()).query_async(&mut connection).await;
        if let Err(error) = called {
            tracing::debug!(%error, "pointer pushed, nobody called");
        }
        Ok(true)
    }

    /// Where pointers are called out.
    pub(super) fn channel(&self) -> String {
        format!("{}:calls", self.prefix)
    }

    /// Takes up to `most` messages for listener `name`; they are its own until they are removed.
    pub(super) async fn take(&self, queue: Queue, name: &str, most: usize) -> Result<Vec<Found>, RedisError> {
        let config = self.config(queue);
        let mut script = TAKE.key(config.scheduled_jobs_set());
        let (ids, payloads): (Vec<String>, Vec<Option<Vec<u8>>>) = script
            .key(config.active_jobs_list())
            .key(self.inflight(queue, name))
            .key(config.job_data_hash())
            .arg(PLENTY)
            .arg(most)
            .invoke_async(&mut self.connection.clone())
            .await?;
        Ok(ids.into_iter().zip(payloads).collect())
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

    /// How many messages wait in each of these queues, in their order. Not for a cluster, whose queues are on several servers.
    pub(super) async fn waiting(&self, queues: &[Queue]) -> Result<Vec<usize>, RedisError> {
        let mut script = WAITING.prepare_invoke();
        for queue in queues {
            let config = self.config(*queue);
            script.key(config.scheduled_jobs_set()).key(config.active_jobs_list());
        }
        script.invoke_async(&mut self.connection.clone()).await
    }

    /// Says that listener `name` lives, and removes finished messages, at most 50,000 a call.
    pub(super) async fn tend(&self, queue: Queue, name: &str) -> Result<Tended, RedisError> {
        let (mut connection, config) = (self.connection.clone(), self.config(queue));
        let mut tended = Tended::default();
        for _ in 0..STEPS {
            let mut script = TEND.key(config.done_jobs_set());
            let (removed, given_up, dead): (usize, usize, Vec<String>) = script
                .key(config.job_data_hash())
                .key(config.job_meta_hash())
                .key(self.listeners(queue))
                .key(config.dead_jobs_set())
                .arg(STEP)
                .arg(name)
                .arg(60)
                .invoke_async(&mut connection)
                .await?;
            tended = Tended { given_up, dead };
            if removed < STEP {
                break;
            }
        }
        Ok(tended)
    }

    /// Messages that listener `name` had taken and not acknowledged: id and payload, where there is one.
    pub(super) async fn leftovers(&self, queue: Queue, name: &str) -> Result<Vec<Found>, RedisError> {
        self.members(queue, self.inflight(queue, name)).await
    }

    /// Messages that apalis-redis gave up: id and payload.
    pub(super) async fn given_up(&self, queue: Queue) -> Result<Vec<Found>, RedisError> {
        self.members(queue, self.config(queue).dead_jobs_set()).await
    }

    async fn members(&self, queue: Queue, set: String) -> Result<Vec<Found>, RedisError> {
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
