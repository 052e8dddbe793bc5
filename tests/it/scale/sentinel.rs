//! Redis with two replicas and three sentinels, whose master is killed while work goes on.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use super::{
    drill::{Drill, at_work},
    redises::{PASSWORD, Redises, ask, connect, programs, until_up, valkey},
};
use crate::{
    process::free_port,
    rig::{RedisProgram, until},
    storm::world::message_to,
    support::{TestDb, eventually},
};

/// From the kill of a master to the next message through another one; the sentinels take half a second to call it dead.
const RECOVERED: Duration = Duration::from_secs(15);
/// From the return of a killed master until the sentinels have made it a replica, which they take their time for.
const DEMOTED: Duration = Duration::from_mins(2);

struct Guarded {
    servers: Redises,
    sentinels: Vec<u16>,
}

impl Guarded {
    async fn start(program: RedisProgram) -> Self {
        let mut servers = Redises::new(program);
        let secret = ["--requirepass", PASSWORD, "--masterauth", PASSWORD];
        let master = servers.add(&secret);
        until_up(master, PASSWORD).await;
        let of_master = ["--replicaof", &format!("127.0.0.1 {master}")];
        for _ in 0..2 {
            servers.add(&[&secret[..], &of_master].concat());
        }
        let lines = format!(
            "sentinel monitor career 127.0.0.1 {master} 2\nsentinel auth-pass career {PASSWORD}\n\
             sentinel down-after-milliseconds career 500\nsentinel failover-timeout career 3000\nsentinel parallel-syncs career 2"
        );
        let sentinels: Vec<u16> = (0..3).map(|_| servers.add_sentinel(&lines)).collect();
        for port in &sentinels {
            until("the sentinels know each other and the replicas", || async {
                let known: HashMap<String, String> =
                    ask(*port, "", "SENTINEL MASTER career").await.unwrap_or_default();
                let is = |key: &str, value: &str| known.get(key).is_some_and(|found| found == value);
                is("num-slaves", "2") && is("num-other-sentinels", "2") && is("flags", "master")
            })
            .await;
        }
        Self { servers, sentinels }
    }

    fn url(&self) -> String {
        let hosts: Vec<_> = self.sentinels.iter().map(|port| format!("127.0.0.1:{port}")).collect();
        format!("redis-sentinel://:{PASSWORD}@{}/0?master=career", hosts.join(","))
    }
}

/// Where the master is.
async fn master(sentinels: &[u16]) -> Option<u16> {
    for port in sentinels {
        if let Ok((_, port)) =
            ask::<(String, u16)>(*port, "", "SENTINEL GET-MASTER-ADDR-BY-NAME career").await
        {
            return Some(port);
        }
    }
    None
}

/// Pushes a message to the master and waits until every replica has it: sentinels may choose any.
async fn send(sentinels: &[u16], number: u64, key: &str) -> bool {
    let Some(port) = master(sentinels).await else { return false };
    let Ok(mut connection) = connect(port, PASSWORD).await else { return false };
    let role: Vec<redis::Value> = redis::cmd("ROLE").query_async(&mut connection).await.unwrap_or_default();
    let Some(redis::Value::Array(replicas)) = role.get(2) else { return false };
    let replicas = replicas.len();
    let message = serde_json::json!({ "task": "prune", "args": {}, "key": key }).to_string();
    let pushed = message_to("career:maintenance", &format!("id-{number}"), &message)
        .query_async::<()>(&mut connection)
        .await;
    let kept: Result<usize, _> = redis::cmd("WAIT").arg(replicas).arg(500).query_async(&mut connection).await;
    pushed.is_ok() && replicas > 0 && kept.is_ok_and(|kept| kept >= replicas)
}

/// What `/readyz` says of Redis.
async fn says(port: u16) -> Option<String> {
    let answer = crate::process::get(port, "/readyz", "").await?;
    let body: serde_json::Value = serde_json::from_str(&answer).ok()?;
    Some(body["redis"].as_str()?.to_owned())
}

async fn fail_over(name: &str, program: RedisProgram) {
    let db = TestDb::new().await;
    let guarded = Guarded::start(program).await;
    let url = guarded.url();
    let drill = Drill::start(&db.pool, &db.url, &url, &[]).await;
    let admin_port = free_port();
    let admin = drill.program().clone().with("CAREER__ADMIN__BIND", format!("127.0.0.1:{admin_port}"));
    let _endpoint = admin.start(&["serve", "--roles", "admin"]);
    until("Redis is ready", || async { says(admin_port).await.as_deref() == Some("ok") }).await;
    let (sentinels, servers) = (guarded.sentinels.clone(), Mutex::new(guarded.servers));
    let old = Mutex::new(0);
    let wreck = async {
        at_work(&db.pool).await;
        let dead = master(&sentinels).await.unwrap();
        servers.lock().unwrap().kill(dead);
        let killed = Instant::now();
        until("the probe sees it", || async { says(admin_port).await.as_deref() == Some("degraded") }).await;
        until("there is another master, and the probe sees it", || async {
            master(&sentinels).await != Some(dead) && says(admin_port).await.as_deref() == Some("ok")
        })
        .await;
        let took = killed.elapsed();
        println!("{name}: another master {:.1} s after the kill of the last", took.as_secs_f64());
        assert!(took < RECOVERED, "{took:?}");
        servers.lock().unwrap().revive(dead);
        *old.lock().unwrap() = dead;
        eventually(DEMOTED, || async { send(&sentinels, 1_000, "late").await }).await;
        until("it is a run", || async {
            let run = "SELECT count(*) FROM worker.runs WHERE key = 'late'";
            sqlx::query_scalar::<_, i64>(run).fetch_one(&db.pool).await.is_ok_and(|count| count == 1)
        })
        .await;
    };
    Box::pin(drill.play(async |number, key| send(&sentinels, number, key).await, wreck)).await;
    // The old master comes back as a replica, and nobody follows it.
    let old = *old.lock().unwrap();
    eventually(DEMOTED, || async {
        ask::<Vec<redis::Value>>(old, PASSWORD, "ROLE")
            .await
            .is_ok_and(|role| role.first() == Some(&redis::Value::BulkString(b"slave".to_vec())))
    })
    .await;
    assert_eq!(says(admin_port).await.as_deref(), Some("ok"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_master_is_followed_and_nothing_is_lost() {
    for (name, program) in programs().await {
        Box::pin(fail_over(name, program)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_master_is_followed_on_valkey() {
    if let Some(program) = valkey() {
        Box::pin(fail_over("Valkey", program)).await;
    }
}
