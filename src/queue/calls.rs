//! Calls over Redis' Pub/Sub: who pushed a pointer says so, and every worker looks at once instead of with its next poll.
//!
//! A call is less than a pointer: who is not connected at that moment never hears it, and nothing waits for it. It must never be the only
//! way to hear of a run. What is called is the name of a queue, on the channel `<prefix>:calls`.

use std::time::Duration;

use futures::StreamExt as _;
use redis::RedisResult;
use tokio_util::sync::CancellationToken;

use super::{Transport, Wakes, lines::Lines};
use crate::{domain::Queue, random::Random};

/// Longest life of a subscription: one that leads nowhere any more is silent, and not told apart from one on which nobody calls.
const LIFE: Duration = Duration::from_mins(1);
/// Longest pause before the next one.
const PAUSE: Duration = Duration::from_secs(2);

/// Rings the bells of this process for calls of others, until `stop`. Returns at once where there is no Redis.
pub async fn hear_calls(transport: Transport, random: Random, stop: CancellationToken) {
    let Some(lines) = transport.lines().cloned() else { return };
    while !stop.is_cancelled() {
        let heard = tokio::select! {
            heard = tokio::time::timeout(LIFE, hear(&lines, transport.wakes())) => heard,
            () = stop.cancelled() => return,
        };
        let Ok(ended) = heard else { continue };
        tracing::debug!(error = ended.err().map(|error| error.to_string()), "no calls from redis");
        tokio::select! {
            () = tokio::time::sleep(PAUSE / 2 + random.up_to(PAUSE / 2)) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn hear(lines: &Lines, wakes: &Wakes) -> RedisResult<()> {
    let mut calls = lines.connection.subscribe(&lines.channel()).await?;
    let mut heard = calls.on_message();
    while let Some(call) = heard.next().await {
        let called = call.get_payload_bytes();
        if let Some(queue) = Queue::ALL.into_iter().find(|queue| queue.as_str().as_bytes() == called) {
            wakes.ring(queue);
        }
    }
    Ok(())
}
