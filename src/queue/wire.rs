//! The connection to Redis, whatever it is made of: one server, the master that sentinels name, or a cluster.
//!
//! A wire connects when it is first needed and again after it broke; it never sends anything twice, since nobody knows whether the first
//! was done. apalis-redis and our own scripts speak over it alike. On a cluster every script keeps to keys of one slot, which the caller
//! sees to by its names ([`super::lines`]). To add a topology: a variant here and its address in [`super::address`].

use std::{sync::Arc, time::Duration};

use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, Pipeline, RedisError, RedisFuture, RedisResult,
    ServerErrorKind, Value,
    aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig, PubSub},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
};
use tokio::sync::Mutex;

use super::{address::Address, sentinel::Follower};

/// Longest silence of a server that was asked.
const ANSWER: Duration = Duration::from_secs(30);
/// The same where another node may take over.
const ANSWER_OF_A_NODE: Duration = Duration::from_secs(5);
/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How often a cluster is asked again while slots move.
const MOVES: u32 = 5;

/// How the servers are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// One server.
    Single,
    /// A master that sentinels name.
    Sentinel,
    /// A cluster.
    Cluster,
}

impl Topology {
    /// The lower-case word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Sentinel => "sentinel",
            Self::Cluster => "cluster",
        }
    }
}

/// A connection, or what becomes one. Cheap to clone.
#[derive(Clone)]
pub(super) enum Wire {
    Single(ConnectionManager, Arc<Client>),
    Sentinel(Follower),
    Cluster(Ring),
}

impl Wire {
    /// Nothing is reached yet. To be called within a tokio runtime.
    pub(super) fn open(address: Address) -> RedisResult<Self> {
        Ok(match address {
            Address::Single(url) => {
                let settings = ConnectionManagerConfig::new()
                    .set_response_timeout(Some(ANSWER))
                    .set_connection_timeout(Some(CONNECT))
                    .set_number_of_retries(5)
                    .set_max_delay(Duration::from_secs(1));
                let client = Arc::new(Client::open(url)?);
                Self::Single(
                    ConnectionManager::new_lazy_with_config(Client::clone(&client), settings)?,
                    client,
                )
            }
            Address::Sentinel { sentinels, master, node } => {
                Self::Sentinel(Follower::new(&sentinels, master, node)?)
            }
            Address::Cluster(nodes) => Self::Cluster(Ring::new(nodes)?),
        })
    }

    /// A connection of its own on which this channel is heard.
    pub(super) async fn subscribe(&self, channel: &str) -> RedisResult<PubSub> {
        let subscribing = async {
            let client = match self {
                Self::Single(_, client) => Client::clone(client),
                Self::Sentinel(master) => master.client().await?,
                // Every node of a cluster hears what is published on any.
                Self::Cluster(ring) => ring.some_node().await?,
            };
            let mut calls = client.get_async_pubsub().await?;
            calls.subscribe(channel).await?;
            Ok(calls)
        };
        tokio::time::timeout(CONNECT, subscribing)
            .await
            .unwrap_or_else(|_| Err(RedisError::from((ErrorKind::Io, "no subscription in time"))))
    }

    pub(super) fn topology(&self) -> Topology {
        match self {
            Self::Single(..) => Topology::Single,
            Self::Sentinel(_) => Topology::Sentinel,
            Self::Cluster(_) => Topology::Cluster,
        }
    }
}

/// How a connection to one node is made.
pub(super) fn node_settings() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT))
        .set_response_timeout(Some(ANSWER_OF_A_NODE))
}

/// The server behind the connection is gone, or is not the one to talk to any more.
pub(super) fn ends_connection(error: &RedisError) -> bool {
    let role = matches!(
        error.kind(),
        ErrorKind::ClusterConnectionNotFound
            | ErrorKind::Server(
                ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::BusyLoading
            )
    );
    role || error.is_io_error() || error.is_unrecoverable_error()
}

impl ConnectionLike for Wire {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(connection, _) => connection.req_packed_command(cmd),
            Self::Sentinel(master) => Box::pin(async move {
                let (number, mut connection) = master.connection().await?;
                let answer = connection.req_packed_command(cmd).await;
                master.judge(number, answer).await
            }),
            Self::Cluster(ring) => Box::pin(async move {
                let mut connection = ring.connection().await?;
                let answer = connection.req_packed_command(cmd).await;
                ring.judge(answer).await
            }),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(connection, _) => connection.req_packed_commands(pipeline, offset, count),
            Self::Sentinel(master) => Box::pin(async move {
                let (number, mut connection) = master.connection().await?;
                let answers = connection.req_packed_commands(pipeline, offset, count).await;
                master.judge(number, answers).await
            }),
            Self::Cluster(ring) => Box::pin(async move {
                let mut connection = ring.connection().await?;
                let answers = connection.req_packed_commands(pipeline, offset, count).await;
                ring.judge(answers).await
            }),
        }
    }

    fn get_db(&self) -> i64 {
        0
    }
}

/// A cluster, found again from the nodes of the settings when all that were known are gone.
#[derive(Clone)]
pub(super) struct Ring {
    nodes: Arc<[String]>,
    client: Arc<ClusterClient>,
    current: Arc<Mutex<Option<ClusterConnection>>>,
}

impl Ring {
    fn new(nodes: Vec<String>) -> RedisResult<Self> {
        let client = ClusterClient::builder(nodes.clone())
            .connection_timeout(CONNECT)
            .response_timeout(ANSWER_OF_A_NODE)
            .retries(MOVES)
            .build()?;
        Ok(Self { nodes: nodes.into(), client: Arc::new(client), current: Arc::default() })
    }

    /// The first node of the settings that answers.
    async fn some_node(&self) -> RedisResult<Client> {
        let mut last = RedisError::from((ErrorKind::ClusterConnectionNotFound, "no node is named"));
        for node in &*self.nodes {
            let client = Client::open(node.as_str())?;
            match client.get_multiplexed_async_connection_with_config(&node_settings()).await {
                Ok(_) => return Ok(client),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn connection(&self) -> RedisResult<ClusterConnection> {
        let mut current = self.current.lock().await;
        if let Some(connection) = &*current {
            return Ok(connection.clone());
        }
        let connection = self.client.get_async_connection().await?;
        *current = Some(connection.clone());
        Ok(connection)
    }

    async fn judge<T>(&self, answer: RedisResult<T>) -> RedisResult<T> {
        if let Err(error) = &answer
            && ends_connection(error)
        {
            self.current.lock().await.take();
        }
        answer
    }
}
