//! A cluster of three masters with a replica each: a master is killed, then slots move, while work goes on.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use apalis_core::backend::TaskSink as _;
use apalis_redis::{Config as QueueConfig, RedisStorage};
use career_worker::{domain::Queue, queue::Transport};
use redis::cluster::ClusterClient;
use serde_json::{Value, json};
use sqlx::PgPool;

use super::{
    drill::{Drill, at_work},
    redises::{Redises, ask, programs, until_up, valkey},
};
use crate::{
    process::{Program, free_port},
    rig::{RedisProgram, Rig, effects, label, new_run, until},
    storm::world::message_to,
    support::{TestDb, eventually},
};

const RECOVERED: Duration = Duration::from_secs(15);
const SLOTS: u16 = 16_384;
const QUEUE: &str = "{career:maintenance}";

struct Ring {
    servers: Redises,
    masters: Vec<u16>,
    /// Of each master, in their order.
    replicas: Vec<u16>,
}

async fn id(port: u16) -> String {
    ask(port, "", "CLUSTER MYID").await.unwrap()
}

async fn info(port: u16) -> String {
    ask(port, "", "CLUSTER INFO").await.unwrap_or_default()
}

impl Ring {
    async fn start(program: RedisProgram, with_replicas: bool) -> Self {
        let mut servers = Redises::new(program);
        let mut start = || {
            let bus = free_port().to_string();
            let port = servers.add(&[
                "--cluster-enabled",
                "yes",
                "--cluster-port",
                &bus,
                "--cluster-node-timeout",
                "1000",
            ]);
            (port, bus)
        };
        let started: Vec<_> = (0..if with_replicas { 6 } else { 3 }).map(|_| start()).collect();
        let ports: Vec<u16> = started.iter().map(|(port, _)| *port).collect();
        for port in &ports {
            until_up(*port, "").await;
        }
        for (number, port) in ports.iter().enumerate() {
            let _: String =
                ask(*port, "", &format!("CLUSTER SET-CONFIG-EPOCH {}", number + 1)).await.unwrap();
        }
        for (port, bus) in &started[1..] {
            let _: String = ask(ports[0], "", &format!("CLUSTER MEET 127.0.0.1 {port} {bus}")).await.unwrap();
        }
        let (masters, replicas) = ports.split_at(3);
        for (number, port) in masters.iter().enumerate() {
            let at = |part: usize| u16::try_from(usize::from(SLOTS) * part / 3).unwrap();
            let range = format!("CLUSTER ADDSLOTSRANGE {} {}", at(number), at(number + 1) - 1);
            let _: String = ask(*port, "", &range).await.unwrap();
        }
        let all = format!("cluster_known_nodes:{}", ports.len());
        for port in &ports {
            until("each node knows all", || async { info(*port).await.contains(&all) }).await;
        }
        for (master, replica) in masters.iter().zip(replicas) {
            let command = format!("CLUSTER REPLICATE {}", id(*master).await);
            until("a replica follows", || async { ask::<String>(*replica, "", &command).await.is_ok() })
                .await;
            until("the master has its replica", || async {
                let waited = ask::<String>(*master, "", "INFO replication").await.unwrap_or_default();
                waited.contains("state=online")
            })
            .await;
        }
        for port in &ports {
            until("the cluster is whole", || async {
                let info = info(*port).await;
                info.contains("cluster_state:ok") && info.contains("cluster_slots_ok:16384")
            })
            .await;
        }
        Self { masters: masters.to_vec(), replicas: replicas.to_vec(), servers }
    }

    fn url(&self) -> String {
        let hosts: Vec<_> =
            self.masters.iter().chain(&self.replicas).map(|port| format!("127.0.0.1:{port}")).collect();
        format!("redis-cluster://{}", hosts.join(","))
    }

    /// The part of the slots in which the queue is.
    async fn part(&self) -> (u16, usize) {
        let slot: u16 = ask(self.masters[0], "", &format!("CLUSTER KEYSLOT {QUEUE}:data")).await.unwrap();
        let part = (0..3).find(|part| usize::from(slot) < usize::from(SLOTS) * (part + 1) / 3).unwrap();
        (slot, part)
    }
}

/// Pushes a message as another service would on a cluster; whether it was taken.
async fn send(client: &ClusterClient, number: u64, key: &str) -> bool {
    let Ok(Ok(mut connection)) =
        tokio::time::timeout(Duration::from_secs(2), client.get_async_connection()).await
    else {
        return false;
    };
    let message = serde_json::json!({ "task": "prune", "args": {}, "key": key }).to_string();
    let pipe = message_to(QUEUE, &format!("id-{number}"), &message);
    matches!(
        tokio::time::timeout(Duration::from_secs(2), pipe.query_async::<()>(&mut connection)).await,
        Ok(Ok(()))
    )
}

/// Moves the slot of the queue, with all that is in it, from one master to another.
async fn migrate(slot: u16, from: u16, to: u16, others: &[u16]) {
    let (source, target) = (id(from).await, id(to).await);
    let _: String = ask(to, "", &format!("CLUSTER SETSLOT {slot} IMPORTING {source}")).await.unwrap();
    let _: String = ask(from, "", &format!("CLUSTER SETSLOT {slot} MIGRATING {target}")).await.unwrap();
    loop {
        let keys: Vec<String> = ask(from, "", &format!("CLUSTER GETKEYSINSLOT {slot} 10")).await.unwrap();
        let Some(key) = keys.first() else { break };
        let mut connection = super::redises::connect(from, "").await.unwrap();
        let mut migrate = redis::cmd("MIGRATE");
        migrate.arg("127.0.0.1").arg(to).arg(key).arg(0).arg(2_000);
        let _: String = migrate.query_async(&mut connection).await.unwrap();
    }
    for port in [to, from].iter().chain(others) {
        let _: String = ask(*port, "", &format!("CLUSTER SETSLOT {slot} NODE {target}")).await.unwrap();
    }
}

/// Ten messages, each pushed until it is taken.
async fn send_some(client: &ClusterClient, first: u64) {
    for number in first..first + 10 {
        let key = format!("late-{number}");
        until("a message is taken", || async { send(client, 1_000 + number, &key).await }).await;
    }
}

/// So many keys of messages pushed after the kill have a run, and each one run.
async fn all_are_runs(pool: &PgPool, count: i64) {
    let runs = "SELECT count(*), count(DISTINCT key) FROM worker.runs WHERE key LIKE 'late-%'";
    eventually(RECOVERED, || async {
        sqlx::query_as::<_, (i64, i64)>(runs).fetch_one(pool).await.is_ok_and(|found| found == (count, count))
    })
    .await;
}

async fn fail_over(name: &str, program: RedisProgram) {
    let db = TestDb::new().await;
    let ring = Ring::start(program, true).await;
    let client = ClusterClient::new(
        ring.masters.iter().chain(&ring.replicas).map(|port| format!("redis://127.0.0.1:{port}")),
    )
    .unwrap();
    let drill = Drill::start(&db.pool, &db.url, &ring.url(), &[]).await;
    let (slot, part) = ring.part().await;
    let (dead, next, other) = (ring.masters[part], ring.replicas[part], ring.masters[(part + 1) % 3]);
    let third = ring.masters[(part + 2) % 3];
    let servers = Mutex::new(ring.servers);
    let wreck = async {
        at_work(&db.pool).await;
        servers.lock().unwrap().kill(dead);
        let killed = Instant::now();
        until("the replica takes over", || async {
            info(next).await.contains("cluster_state:ok")
                && ask::<String>(next, "", "INFO replication")
                    .await
                    .is_ok_and(|info| info.contains("role:master"))
        })
        .await;
        until("messages are taken again", || async { send(&client, 1_000, "late-0").await }).await;
        all_are_runs(&db.pool, 1).await;
        println!(
            "{name}: a message through the next master is a run {:.1} s after the kill of the last",
            killed.elapsed().as_secs_f64()
        );
        send_some(&client, 1).await;
        migrate(slot, next, other, &[third]).await;
        println!("{name}: the slot of the queue moved");
        send_some(&client, 11).await;
        all_are_runs(&db.pool, 21).await;
    };
    // What is pushed before the kill and has not reached the replica is lost with the master, so nothing is promised.
    let send = async |number: u64, key: &str| {
        let _ = send(&client, number, key).await;
        false
    };
    drill.play(send, wreck).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_loses_a_master_and_moves_slots_loses_nothing() {
    for (name, program) in programs().await {
        Box::pin(fail_over(name, program)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_of_valkey_loses_nothing() {
    if let Some(program) = valkey() {
        Box::pin(fail_over("Valkey", program)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wakes_and_messages_of_apalis_redis_arrive_over_a_cluster() {
    let Some((_, program)) = programs().await.pop() else { return };
    let ring = Ring::start(program, false).await;
    let (url, prefix, label) = (ring.url(), format!("test-{}", label()), label());
    // Nothing but a wake makes it look within the test.
    let quiet = [
        ("redis.url", url.as_str()),
        ("redis.prefix", &prefix),
        ("runs.poll", "10m"),
        ("runs.reconcile", "10m"),
    ];
    let rig = Rig::with(&quiet).await;
    let running = rig.start_with_redis();

    let connection = ClusterClient::new([format!("redis://127.0.0.1:{}", ring.masters[0])]).unwrap();
    let connection = connection.get_async_connection().await.unwrap();
    let mut queue: RedisStorage<Value, _> = RedisStorage::new(connection)
        .with_config(QueueConfig::default().queue(format!("{{{prefix}:maintenance}}")));
    for _ in 0..2 {
        queue.push(json!({ "task": "note", "args": { "label": label }, "key": "once" })).await.unwrap();
    }
    until("the message is a run", || async { rig.count("done").await == 1 }).await;

    let elsewhere = Transport::open(&rig.config.redis).unwrap();
    let run = rig.enqueue(&new_run("note", &label)).await;
    elsewhere.wake(Queue::Maintenance, run);
    rig.until_state(run, "done").await;
    assert_eq!(effects(&label).runs, 2);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_a_cluster_that_is_taken_for_one_server() {
    let Some((_, program)) = programs().await.pop() else { return };
    let (db, jobs) = (TestDb::new().await, tempfile::tempdir().unwrap());
    let ring = Ring::start(program, false).await;
    let doctor = |url: &str| {
        let output = Program::at(&db.url, url, jobs.path()).command(&["doctor"]).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let said = doctor(&format!("redis://127.0.0.1:{}", ring.masters[0]));
    assert!(said.contains("part of a cluster") && said.contains("redis-cluster://"), "{said}");
    let said = doctor(&ring.url());
    assert!(said.contains("a cluster of 3 masters"), "{said}");
}
