//! The connection to the master that sentinels name, wherever it is now.
//!
//! The sentinels are asked before the first command, after a connection broke, and every second while one is held, so that a master that
//! hangs, or was demoted without a word, is left as soon as there is another. What a node says of itself counts: a server that calls itself
//! a replica is never written to. How Redis wants it: <https://redis.io/docs/latest/develop/reference/sentinel-clients/>.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use redis::{
    AsyncConnectionConfig, Client, ErrorKind, RedisError, RedisResult, Value, aio::MultiplexedConnection,
};
use tokio::sync::Mutex;

use super::{
    address::Node,
    wire::{ends_connection, node_settings},
};

/// Longest wait for one sentinel.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often they are asked whether the master is still the one.
const LOOK: Duration = Duration::from_secs(1);

/// The way to the master. Cheap to clone.
#[derive(Clone)]
pub(super) struct Follower(Arc<Following>);

struct Following {
    sentinels: Vec<Client>,
    master: String,
    node: Node,
    led: Mutex<Led>,
}

/// The master as it was when it was last looked for.
#[derive(Default)]
struct Led {
    /// How many there were before.
    number: u64,
    current: Option<(String, MultiplexedConnection)>,
}

impl Follower {
    /// Nothing is asked yet. To be called within a tokio runtime.
    pub(super) fn new(sentinels: &[String], master: String, node: Node) -> RedisResult<Self> {
        let sentinels = sentinels.iter().map(|url| Client::open(url.as_str())).collect::<RedisResult<_>>()?;
        // What is wrong with user or database shows before anybody is asked.
        Client::open(node.at("127.0.0.1:6379"))?;
        let following = Arc::new(Following { sentinels, master, node, led: Mutex::default() });
        tokio::spawn(watch(Arc::downgrade(&following)));
        Ok(Self(following))
    }

    /// The connection to the master, and its number for [`Follower::judge`].
    pub(super) async fn connection(&self) -> RedisResult<(u64, MultiplexedConnection)> {
        let mut led = self.0.led.lock().await;
        if let Some((_, connection)) = &led.current {
            return Ok((led.number, connection.clone()));
        }
        let place = self.0.ask().await?;
        let client = Client::open(self.0.node.at(&place))?;
        let mut connection = client.get_multiplexed_async_connection_with_config(&node_settings()).await?;
        let role: Vec<Value> = redis::cmd("ROLE").query_async(&mut connection).await?;
        if !matches!(role.first(), Some(Value::BulkString(word)) if word == b"master") {
            return Err(RedisError::from((
                ErrorKind::Client,
                "the sentinels name a server that is not the master yet",
            )));
        }
        tracing::debug!(redis = place, "master found");
        led.number += 1;
        led.current = Some((place, connection.clone()));
        Ok((led.number, connection))
    }

    /// The way to where the master is now.
    pub(super) async fn client(&self) -> RedisResult<Client> {
        Client::open(self.0.node.at(&self.0.ask().await?))
    }

    /// Leaves the connection of this number where the answer says that it leads nowhere.
    pub(super) async fn judge<T>(&self, number: u64, answer: RedisResult<T>) -> RedisResult<T> {
        if let Err(error) = &answer
            && ends_connection(error)
        {
            let mut led = self.0.led.lock().await;
            if led.number == number {
                led.current = None;
            }
        }
        answer
    }
}

impl Following {
    /// Where the master is, `host:port`, by the first sentinel that knows.
    async fn ask(&self) -> RedisResult<String> {
        let mut last = RedisError::from((ErrorKind::EmptySentinelList, "no sentinel is named"));
        for sentinel in &self.sentinels {
            let asked = tokio::time::timeout(PATIENCE, place_of(sentinel, &self.master)).await;
            match asked {
                Ok(Ok(Some((host, port)))) => {
                    let host = if host.contains(':') { format!("[{host}]") } else { host };
                    return Ok(format!("{host}:{port}"));
                }
                Ok(Ok(None)) => {
                    last = RedisError::from((
                        ErrorKind::MasterNameNotFoundBySentinel,
                        "the sentinels do not know the master",
                        format!("redis.url: master={}", self.master),
                    ));
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = RedisError::from((ErrorKind::Io, "a sentinel did not answer")),
            }
        }
        Err(last)
    }
}

async fn place_of(sentinel: &Client, master: &str) -> RedisResult<Option<(String, u16)>> {
    let settings = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(PATIENCE))
        .set_response_timeout(Some(PATIENCE));
    let mut connection = sentinel.get_multiplexed_async_connection_with_config(&settings).await?;
    redis::cmd("SENTINEL").arg("get-master-addr-by-name").arg(master).query_async(&mut connection).await
}

/// Lets go of a master that is not one any more. A fail-over is when most sentinels agree, and the first that answers says so.
async fn watch(following: Weak<Following>) {
    let mut every = tokio::time::interval(LOOK);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        let Some(following) = following.upgrade() else { return };
        let known = following.led.lock().await.current.as_ref().map(|(place, _)| place.clone());
        let Some(known) = known else { continue };
        let Ok(place) = following.ask().await else { continue };
        if place != known {
            tracing::info!(redis = place, "another master");
            let mut led = following.led.lock().await;
            if led.current.as_ref().is_some_and(|(current, _)| *current == known) {
                led.current = None;
            }
        }
    }
}
