//! What README.md promises to other services: a message on an apalis queue becomes a run of a daemon that is at work.

use std::time::Duration;

use apalis_core::backend::TaskSink as _;
use apalis_redis::{Config as QueueConfig, RedisStorage};
use career_worker::store::Store;
use serde_json::{Value, json};
use sqlx::postgres::PgPoolOptions;

use crate::{
    process::{Program, own_stack},
    support::eventually,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_message_on_the_queue_career_match_is_a_run_that_gets_done() {
    let stack = own_stack().await;
    let config =
        career_worker::config::Config::load(None, &[("database.url", stack.database_url.clone())]).unwrap();
    Store::open(&config.database).unwrap().migrate().await.unwrap();
    let pool = PgPoolOptions::new().max_connections(2).connect(&stack.database_url).await.unwrap();
    let jobs = tempfile::tempdir().unwrap();
    let daemon = Program::on(&stack, jobs.path()).start(&["serve", "--roles", "worker"]);

    // The other side: apalis-redis as it is, and a message as README.md shows it.
    let connection = apalis_redis::connect(stack.redis_url.as_str()).await.unwrap();
    let mut queue: RedisStorage<Value> =
        RedisStorage::new(connection).with_config(QueueConfig::default().queue("career:match"));
    queue.push(json!({ "task": "match", "args": {} })).await.unwrap();
    eventually(Duration::from_secs(20), || async {
        let done =
            "SELECT count(*) FROM worker.runs WHERE task = 'match' AND trigger = 'redis' AND state = 'done'";
        sqlx::query_scalar::<_, i64>(done).fetch_one(&pool).await.is_ok_and(|count| count == 1)
    })
    .await;
    let (args, queue, error): (Value, String, Option<String>) =
        sqlx::query_as("SELECT args, queue, error FROM worker.runs WHERE trigger = 'redis'")
            .fetch_one(&pool)
            .await
            .unwrap();
    assert_eq!((args, queue.as_str(), error), (json!({}), "match", None));
    drop(daemon);
}
