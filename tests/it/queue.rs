//! Messages through a real Redis: what arrives, what is set aside, and what Redis may do without harm.

use std::time::{Duration, Instant};

use apalis_core::backend::TaskSink as _;
use apalis_redis::{Config as QueueConfig, RedisStorage};
use redis::AsyncCommands as _;
use serde_json::{Value, json};

use crate::{
    rig::{OwnRedis, Rig, Running, effects, label, new_run, until},
    support,
};

/// A rig on the shared Redis, under a prefix of its own.
async fn rig(prefix: &str, more: &[(&str, &str)]) -> Rig {
    let url = support::redis_url().await;
    let mut settings = vec![("redis.url", url.as_str()), ("redis.prefix", prefix)];
    settings.extend_from_slice(more);
    Rig::with(&settings).await
}

fn prefix() -> String {
    format!("test-{}", label())
}

async fn connection(url: &str) -> redis::aio::MultiplexedConnection {
    redis::Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap()
}

/// Another service, with apalis-redis and no settings but the queue's name.
async fn service(url: &str, prefix: &str) -> RedisStorage<Value> {
    let connection = apalis_redis::connect(url).await.unwrap();
    RedisStorage::new(connection).with_config(QueueConfig::default().queue(format!("{prefix}:maintenance")))
}

async fn until_key_is_gone(url: &str, key: &str) {
    let mut connection = connection(url).await;
    let connection = tokio::sync::Mutex::new(&mut connection);
    until(&format!("{key} is pruned"), || async {
        !connection.lock().await.exists::<_, bool>(key).await.unwrap()
    })
    .await;
}

async fn clean(url: &str, prefix: &str) {
    let mut connection = connection(url).await;
    let keys: Vec<String> = connection.keys(format!("{prefix}:*")).await.unwrap();
    for key in keys {
        connection.unlink::<_, ()>(key).await.unwrap();
    }
    connection
        .zrem::<_, _, ()>("core:apalis:queues:list", format!("{prefix}:maintenance:workers"))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_another_service_becomes_a_run_once() {
    let (prefix, first, second) = (prefix(), label(), label());
    let rig = rig(&prefix, &[]).await;
    let url = support::redis_url().await;
    let mut service = service(&url, &prefix).await;
    let running = rig.start_with_redis();
    let keyed =
        json!({ "task": "note", "args": { "label": first, "n": 5 }, "key": "signup-7", "priority": 2 });
    service.push(keyed.clone()).await.unwrap();
    service.push(keyed).await.unwrap();
    service.push(json!({ "task": "note", "args": { "label": second } })).await.unwrap();
    until("both are done", || async { rig.count("done").await == 2 }).await;
    until_key_is_gone(&url, &format!("{prefix}:maintenance:data")).await;
    until_key_is_gone(&url, &format!("{prefix}:maintenance:done")).await;
    assert_eq!((effects(&first).runs, effects(&second).runs, rig.count("done").await), (1, 1, 2));
    let (trigger, priority, key): (String, i16, String) =
        sqlx::query_as("SELECT trigger, priority, key FROM worker.runs ORDER BY priority DESC LIMIT 1")
            .fetch_one(&rig.db.pool)
            .await
            .unwrap();
    assert_eq!((trigger.as_str(), priority, key.as_str()), ("redis", 2, "signup-7"));
    running.stop().await;
    let keys: Vec<String> = connection(&url).await.keys(format!("{prefix}:*")).await.unwrap();
    let traces = ["workers", "listeners", "inflight", "meta"];
    assert!(!keys.iter().any(|key| traces.iter().any(|trace| key.contains(trace))), "{keys:?}");
    clean(&url, &prefix).await;
}

/// Puts a message where apalis-redis keeps it, byte for byte.
async fn push_raw(url: &str, prefix: &str, id: &str, payload: Option<&[u8]>) {
    let mut connection = connection(url).await;
    let queue = format!("{prefix}:maintenance");
    let mut pipe = redis::pipe();
    pipe.atomic();
    if let Some(payload) = payload {
        pipe.hset(format!("{queue}:data"), id, payload).ignore();
        let meta = [("attempts", "0"), ("max_attempts", "25"), ("status", "Pending")];
        pipe.hset_multiple(format!("{queue}:meta:{id}"), &meta).ignore();
    }
    pipe.zadd(format!("{queue}:scheduled"), id, 1).ignore();
    pipe.query_async::<()>(&mut connection).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_cannot_be_read_are_set_aside_and_the_listener_lives_on() {
    let (prefix, label) = (prefix(), label());
    let rig = rig(&prefix, &[]).await;
    let url = support::redis_url().await;
    let good = |id: &str| json!({ "task": "note", "args": { "label": label }, "key": id }).to_string();
    push_raw(&url, &prefix, "garbage", Some(b"\xff\x00{")).await;
    push_raw(&url, &prefix, "unknown", Some(br#"{"task": "nonsense"}"#)).await;
    push_raw(&url, &prefix, "arguments", Some(br#"{"task": "note", "args": {"colour": 1}}"#)).await;
    // These two kill an apalis-redis worker: no data at all, and an id that it would spell differently.
    push_raw(&url, &prefix, "hollow", None).await;
    push_raw(&url, &prefix, "007", Some(good("odd").as_bytes())).await;
    let running = rig.start_with_redis();
    until("all are set aside", || async { rig.db.store.list_rejected_messages(9).await.unwrap().len() == 4 })
        .await;
    push_raw(&url, &prefix, "good", Some(good("good").as_bytes())).await;
    until("the good ones are done", || async { rig.count("done").await == 2 }).await;
    let mut rejected: Vec<_> = rig
        .db
        .store
        .list_rejected_messages(9)
        .await
        .unwrap()
        .into_iter()
        .map(|message| (message.message_id, message.reason, message.payload))
        .collect();
    rejected.sort();
    let reasons: Vec<_> = rejected.iter().map(|(id, reason, _)| (id.as_str(), reason.as_str())).collect();
    assert!(
        matches!(
            reasons[..],
            [("arguments", args), ("garbage", garbage), ("hollow", "no data for this id"), ("unknown", unknown)]
                if args.contains("unknown field `colour`") && garbage.starts_with("not JSON") && unknown.starts_with("unknown task")
        ),
        "{reasons:?}"
    );
    assert_eq!(rejected[1].2, b"\xff\x00{");
    for key in ["data", "active", "scheduled", "done"] {
        until_key_is_gone(&url, &format!("{prefix}:maintenance:{key}")).await;
    }
    running.stop().await;
    assert_eq!((effects(&label).runs, rig.count("done").await), (2, 2));
    clean(&url, &prefix).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_listener_had_taken_is_inherited() {
    let (prefix, label) = (prefix(), label());
    let rig = rig(&prefix, &[]).await;
    let url = support::redis_url().await;
    let queue = format!("{prefix}:maintenance");
    let payload = json!({ "task": "note", "args": { "label": label } }).to_string();
    push_raw(&url, &prefix, "taken", Some(payload.as_bytes())).await;
    let mut connection = connection(&url).await;
    redis::pipe()
        .zrem(format!("{queue}:scheduled"), "taken")
        .sadd(format!("{queue}:inflight:DEAD"), "taken")
        .zadd(format!("{queue}:listeners"), "DEAD", 1)
        .hset(format!("{queue}:workers:metadata:DEAD"), "service", "gone")
        .query_async::<()>(&mut connection)
        .await
        .unwrap();
    let running = rig.start_with_redis();
    until("the run is done", || async { rig.count("done").await == 1 }).await;
    until_key_is_gone(&url, &format!("{queue}:inflight:DEAD")).await;
    until_key_is_gone(&url, &format!("{queue}:workers:metadata:DEAD")).await;
    running.stop().await;
    assert_eq!(effects(&label).runs, 1);
    clean(&url, &prefix).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pointer_wakes_another_process_long_before_it_would_look() {
    let (prefix, label) = (prefix(), label());
    let rig = rig(&prefix, &[("runs.poll", "1h"), ("runs.reconcile", "1h")]).await;
    let url = support::redis_url().await;
    let running = rig.start_with_redis();
    let elsewhere = rig.worker(career_worker::queue::Transport::open(&rig.config.redis).unwrap());
    for _ in 0..3 {
        let started = Instant::now();
        let (id, _) = elsewhere.enqueue(&new_run("note", &label)).await.unwrap();
        rig.until_state(id, "done").await;
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
    }
    running.stop().await;
    clean(&url, &prefix).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_wakes_a_worker_that_has_no_pointer() {
    let (prefix, label) = (prefix(), label());
    let rig = rig(&prefix, &[("runs.poll", "1h"), ("runs.reconcile", "1h")]).await;
    let url = support::redis_url().await;
    let mut redis = connection(&url).await;
    let running = rig.start_with_redis();
    let (id, _) = rig.db.store.insert_run(&new_run("note", &label)).await.unwrap();
    until("somebody hears a call", || async {
        let channel = format!("{prefix}:calls");
        redis::cmd("PUBLISH")
            .arg(channel)
            .arg("maintenance")
            .query_async::<u64>(&mut redis.clone())
            .await
            .unwrap()
            > 0
    })
    .await;
    rig.until_state(id, "done").await;
    let unknown: u64 = redis::cmd("PUBLISH")
        .arg(format!("{prefix}:calls"))
        .arg("\0nowhere")
        .query_async(&mut redis)
        .await
        .unwrap();
    assert_eq!(unknown, 1);
    running.stop().await;
    clean(&url, &prefix).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_messages_at_once_do_not_block_a_queue() {
    let prefix = prefix();
    let rig = rig(&prefix, &[]).await;
    let url = support::redis_url().await;
    let mut connection = connection(&url).await;
    for chunk in 0..10 {
        let mut pipe = redis::pipe();
        for n in 0..1000 {
            let id = format!("p{chunk}-{n}");
            pipe.hset(format!("{prefix}:maintenance:data"), &id, "{\"run\":1}").ignore();
            let meta = [("attempts", "0"), ("max_attempts", "25"), ("status", "Pending")];
            pipe.hset_multiple(format!("{prefix}:maintenance:meta:{id}"), &meta).ignore();
            pipe.zadd(format!("{prefix}:maintenance:scheduled"), &id, 1).ignore();
        }
        pipe.query_async::<()>(&mut connection).await.unwrap();
    }
    let running = rig.start_with_redis();
    until("the backlog shrinks", || async {
        let mut connection = connection.clone();
        let left: usize = connection.hlen(format!("{prefix}:maintenance:data")).await.unwrap();
        left < 9_900
    })
    .await;
    assert_eq!(connection.zcard::<_, usize>(format!("{prefix}:maintenance:scheduled")).await.unwrap(), 0);
    running.stop().await;
    clean(&url, &prefix).await;
}

#[expect(clippy::print_stderr, reason = "a skipped test says so")]
/// A rig on a Redis of its own; `None` (and a word about it) where no server can be started.
async fn own_redis() -> Option<(Rig, OwnRedis)> {
    let Some(redis) = OwnRedis::start().await else {
        eprintln!("skipped: redis-server is not in PATH");
        return None;
    };
    let url = redis.url();
    let rig = Rig::with(&[("redis.url", url.as_str()), ("runs.poll", "500ms")]).await;
    Some((rig, redis))
}

async fn all_done(rig: &Rig, running: Running, labels: &[String]) {
    let all = i64::try_from(labels.len()).unwrap();
    until("all are done", || async { rig.count("done").await == all }).await;
    assert!(labels.iter().all(|label| effects(label).runs == 1));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn flushing_redis_loses_nothing_and_the_listener_comes_back() {
    let Some((rig, redis)) = own_redis().await else { return };
    let running = rig.start_with_redis();
    let elsewhere = rig.worker(career_worker::queue::Transport::open(&rig.config.redis).unwrap());
    let mut connection = connection(&redis.url()).await;
    let mut labels = Vec::new();
    for round in 0..100 {
        labels.push(label());
        elsewhere.enqueue(&new_run("note", labels.last().unwrap())).await.unwrap();
        if round % 10 == 5 {
            redis::cmd("FLUSHALL").query_async::<()>(&mut connection).await.unwrap();
        }
    }
    let mut service = service(&redis.url(), "career").await;
    until("a message is heard again", || {
        let (mut service, label) = (service.clone(), label());
        labels.push(label.clone());
        async move {
            service.push(json!({ "task": "note", "args": { "label": label } })).await.unwrap();
            let deadline = Instant::now() + Duration::from_secs(2);
            while effects(&label).runs == 0 && Instant::now() < deadline {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            effects(&label).runs == 1
        }
    })
    .await;
    service.push(json!({ "task": "note", "args": { "label": labels[0] }, "key": "last" })).await.unwrap();
    until("the last is done", || async { effects(&labels[0]).runs == 2 }).await;
    assert!(labels[1..100].iter().all(|label| effects(label).runs == 1));
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_redis_loses_nothing_and_the_listener_comes_back() {
    let Some((rig, mut redis)) = own_redis().await else { return };
    let running = rig.start_with_redis();
    let elsewhere = rig.worker(career_worker::queue::Transport::open(&rig.config.redis).unwrap());
    let mut labels = Vec::new();
    for round in 0..90 {
        labels.push(label());
        elsewhere.enqueue(&new_run("note", labels.last().unwrap())).await.unwrap();
        if round == 30 {
            redis.crash().await;
        }
        if round == 60 {
            redis.kill();
        }
    }
    // Without any Redis, enqueueing and working go on.
    until("all are done", || async { rig.count("done").await == 90 }).await;
    redis.restart().await;
    let after = label();
    let mut service = service(&redis.url(), "career").await;
    service.push(json!({ "task": "note", "args": { "label": after } })).await.unwrap();
    labels.push(after);
    all_done(&rig, running, &labels).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_without_redis_starts_works_and_stops() {
    let (rig, label) = (Rig::new().await, label());
    let running = rig.start_with_redis();
    let id = rig.enqueue(&new_run("note", &label)).await;
    rig.until_state(id, "done").await;
    let started = Instant::now();
    running.stop().await;
    assert!(started.elapsed() < Duration::from_secs(10));
}
