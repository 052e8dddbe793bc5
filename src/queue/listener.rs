//! Takes messages from one queue in Redis.
//!
//! A listener does nothing that takes longer than milliseconds: it rings the bell or records a wish. Its apalis worker dies of many things
//! (a restart of Redis, FLUSHALL, a message without data); it is then started again under a new name, after a pause that grows, and what
//! the dead one had taken is seen to by hand, so that no message can kill every listener in turn. Messages may come twice; the key of a
//! wish makes that one run.

use std::{
    task::{Context, Poll},
    time::Duration,
};

use apalis::prelude::{
    BackendExt as _, BoxDynError, Data, PollSnapshot, PollStrategy, TaskId, WorkerBuilder,
    WorkerBuilderExt as _, WorkerContext, WorkerError,
};
use futures::future::BoxFuture;
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;
use ulid::Ulid;

use super::{
    Inbox, Refusal, Transport, Wakes,
    lines::{Lines, PLENTY, Raw, RawCodec},
    message::Message,
};
use crate::{clock::Clock, domain::Queue, random::Random};

/// How often Redis is asked whether there are messages, in one question for all queues; the message of another service takes half of it on
/// average, a wake only where its call was not heard.
const POLL: Duration = Duration::from_secs(1);
/// How often a listener looks though nothing was seen to arrive.
const LOOK: Duration = Duration::from_secs(5);
/// How often finished messages and dead listeners are looked after.
const CARE: Duration = Duration::from_secs(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
const PATIENCE: Duration = Duration::from_secs(5);
/// Messages taken at once where apalis-redis does not take them.
const HANDFUL: usize = 16;
/// When the process stops, this long for each step of an orderly end.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What the listeners of a process work with.
#[derive(Clone, Debug)]
pub struct Listener<I> {
    /// Each has a listener of its own.
    pub queues: Vec<Queue>,
    /// Where wishes go.
    pub inbox: I,
    /// Redis and bells.
    pub transport: Transport,
    /// For names.
    pub clock: Clock,
    /// For names and pauses.
    pub random: Random,
}

/// Listens until `stop`. Returns at once where there is no Redis.
pub async fn listen<I: Inbox>(listener: Listener<I>, stop: CancellationToken) {
    let Some(lines) = listener.transport.lines().cloned() else { return };
    let Listener { queues, inbox, transport, clock, random } = listener;
    let arrivals = Wakes::default();
    let mut listening = JoinSet::new();
    for queue in &queues {
        let ears = Ears {
            queue: *queue,
            inbox: inbox.clone(),
            wakes: transport.wakes().clone(),
            arrivals: arrivals.clone(),
            lines: lines.clone(),
            stop: stop.clone(),
        };
        listening.spawn(ears.live(clock.clone(), random.clone()));
    }
    if !lines.takes_by_hand() {
        listening.spawn(async move {
            tokio::select! {
                () = look_out(&lines, &queues, &arrivals) => {}
                () = stop.cancelled() => {}
            }
        });
    }
    while listening.join_next().await.is_some() {}
}

/// Tells the listeners of messages that wait; never ends.
async fn look_out(lines: &Lines, queues: &[Queue], arrivals: &Wakes) {
    let mut every = tokio::time::interval(POLL);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        every.tick().await;
        // An error here is one of the connection, which ends the listeners too.
        let waiting = lines.waiting(queues).await.unwrap_or_default();
        for (queue, count) in queues.iter().zip(waiting) {
            if count >= PLENTY {
                let _ = lines.promote(*queue).await;
            }
            if count > 0 {
                arrivals.ring(*queue);
            }
        }
    }
}

#[derive(Clone)]
struct Ears<I> {
    queue: Queue,
    inbox: I,
    wakes: Wakes,
    /// Rung when messages wait in Redis.
    arrivals: Wakes,
    lines: Lines,
    stop: CancellationToken,
}

impl<I: Inbox> Ears<I> {
    /// One life after the other, until it is to stop.
    async fn live(self, clock: Clock, random: Random) {
        let mut failures = 0;
        let mut leftovers: Vec<String> = Vec::new();
        while !self.stop.is_cancelled() {
            let name = Ulid::from_parts(
                u64::try_from(clock.now().timestamp_millis()).unwrap_or(0),
                u128::from_be_bytes(random.bytes()),
            )
            .to_string();
            let started = Instant::now();
            let ended = self.listen_as(&name).await;
            failures = if started.elapsed() > LONGEST_PAUSE * 2 { 1 } else { failures + 1 };
            leftovers.push(name);
            if self.stop.is_cancelled() {
                // What is not seen to now, another listener inherits.
                let _ = tokio::time::timeout(LAST_WORDS, self.clear(&mut leftovers)).await;
                break;
            }
            self.clear(&mut leftovers).await;
            let pause = Duration::from_millis(100).saturating_mul(1 << failures.min(6)).min(LONGEST_PAUSE);
            if failures == 1 {
                tracing::warn!(
                    queue = self.queue.as_str(),
                    error = ended.err(),
                    "redis listener ended, starting again"
                );
            }
            tokio::select! {
                () = tokio::time::sleep(pause / 2 + random.up_to(pause / 2)) => {}
                () = self.stop.cancelled() => {}
            }
        }
    }

    /// One life, which ends with the connection.
    async fn listen_as(&self, name: &str) -> Result<(), String> {
        if self.lines.takes_by_hand() {
            return tokio::select! {
                ended = self.take_as(name) => ended.map_err(|error| error.to_string()),
                () = self.care(name) => Ok(()),
            };
        }
        self.work_as(name).await
    }

    /// Takes messages without apalis, until `stop`.
    async fn take_as(&self, name: &str) -> Result<(), redis::RedisError> {
        while !self.stop.is_cancelled() {
            let messages = self.lines.take(self.queue, name, HANDFUL).await?;
            let more = messages.len() == HANDFUL;
            for (id, payload) in messages {
                if !self.accept(&id, payload.as_deref()).await {
                    return Ok(());
                }
                self.lines.remove(self.queue, Some(name), &id).await?;
            }
            if !more {
                tokio::select! {
                    () = tokio::time::sleep(POLL) => {}
                    () = self.stop.cancelled() => {}
                }
            }
        }
        Ok(())
    }

    /// One life of an apalis worker.
    async fn work_as(&self, name: &str) -> Result<(), String> {
        let context = WorkerContext::new(name);
        let arrivals = Arrivals { queue: self.queue, bells: self.arrivals.clone(), next: None };
        let backend = self.lines.storage(self.queue).with_codec(RawCodec).poll_with_strategy(arrivals);
        // Four at once is what apalis-redis can still acknowledge on shutdown with a batch of one.
        let worker =
            WorkerBuilder::new(&context).backend(backend).data(self.clone()).concurrency(4).build(hear::<I>);
        let stop = async {
            self.stop.cancelled().await;
            let _ = context.stop();
            tokio::time::sleep(LAST_WORDS).await;
        };
        let work = async {
            self.lines.promote(self.queue).await.map_err(|error| error.to_string())?;
            worker.run().await.map_err(|error: WorkerError| error.to_string())
        };
        tokio::select! {
            ended = work => ended,
            () = stop => Ok(()),
            () = self.care(name) => Ok(()),
        }
    }

    /// Looks after the keys of the queue; never ends.
    async fn care(&self, name: &str) {
        let mut every = tokio::time::interval(CARE);
        every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            every.tick().await;
            // An error here is one of the connection, which ends the worker too.
            let Ok(mut tended) = self.lines.tend(self.queue, name).await else { continue };
            if tended.given_up > 0 {
                self.bury().await;
            }
            self.clear(&mut tended.dead).await;
        }
    }

    /// Keeps what apalis-redis gave up where people can see it.
    async fn bury(&self) {
        for (id, payload) in self.lines.given_up(self.queue).await.unwrap_or_default() {
            if self.accept(&id, payload.as_deref()).await {
                let _ = self.lines.remove(self.queue, None, &id).await;
            }
        }
    }

    /// Sees to what dead listeners had taken, and forgets them. Names whose messages could not be read stay in the list.
    async fn clear(&self, names: &mut Vec<String>) {
        let mut left = Vec::new();
        for name in names.drain(..) {
            match tokio::time::timeout(PATIENCE, self.inherit(&name)).await {
                Ok(Ok(())) => {}
                _ => left.push(name),
            }
        }
        // Whatever is dropped here, apalis-redis or the care of another listener puts back into the queue.
        left.truncate(20);
        *names = left;
    }

    async fn inherit(&self, name: &str) -> Result<(), redis::RedisError> {
        loop {
            let messages = self.lines.leftovers(self.queue, name).await?;
            if messages.is_empty() {
                return self.lines.forget(self.queue, name).await;
            }
            for (id, payload) in messages {
                if !self.accept(&id, payload.as_deref()).await {
                    return Ok(());
                }
                self.lines.remove(self.queue, Some(name), &id).await?;
            }
        }
    }

    /// Acts on a message; false when it has to stay in Redis because the ledger does not answer.
    async fn accept(&self, id: &str, payload: Option<&[u8]>) -> bool {
        let mut pause = Duration::from_millis(100);
        loop {
            let reason = match payload.map(|payload| Message::parse(self.queue, id, payload)) {
                Some(Ok(Message::Pointer(_))) => {
                    self.wakes.ring(self.queue);
                    return true;
                }
                Some(Ok(Message::Wish(wish))) => match self.inbox.enqueue(self.queue, wish).await {
                    Ok(()) => {
                        self.wakes.ring(self.queue);
                        return true;
                    }
                    Err(refusal) => refusal,
                },
                Some(Err(reason)) => Refusal::Rejected(reason),
                None => Refusal::Rejected("no data for this id".to_owned()),
            };
            let error = match reason {
                Refusal::Unavailable(error) => error,
                Refusal::Rejected(reason) => {
                    let set_aside =
                        self.inbox.set_aside(self.queue, id, payload.unwrap_or_default(), &reason).await;
                    match set_aside {
                        Ok(()) => {
                            tracing::warn!(
                                queue = self.queue.as_str(),
                                message.id = id,
                                reason,
                                "message set aside"
                            );
                            return true;
                        }
                        Err(Refusal::Unavailable(error) | Refusal::Rejected(error)) => error,
                    }
                }
            };
            tracing::debug!(
                queue = self.queue.as_str(),
                message.id = id,
                error,
                "message waits for the ledger"
            );
            tokio::select! {
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
                () = self.stop.cancelled() => return false,
            }
        }
    }
}

async fn hear<I: Inbox>(raw: Raw, id: TaskId, ears: Data<Ears<I>>) -> Result<(), BoxDynError> {
    if ears.accept(&id.to_string(), Some(&raw.0)).await { Ok(()) } else { Err("the listener stopped".into()) }
}

/// Polls when messages wait, and now and then without. The strategies of apalis lose the wake-up when a fetch outlasts their interval.
struct Arrivals {
    queue: Queue,
    bells: Wakes,
    next: Option<BoxFuture<'static, ()>>,
}

impl PollStrategy for Arrivals {
    fn poll_drive(&mut self, cx: &mut Context<'_>, _: &PollSnapshot) -> Poll<Option<()>> {
        loop {
            let (bells, queue) = (&self.bells, self.queue);
            let next = self.next.get_or_insert_with(|| {
                let bells = bells.clone();
                // Not rung for that long, it looks all the same.
                Box::pin(async move { drop(tokio::time::timeout(LOOK, bells.heard(queue)).await) })
            });
            match next.as_mut().poll(cx) {
                Poll::Ready(()) => self.next = None,
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
