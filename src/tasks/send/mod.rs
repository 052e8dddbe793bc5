//! The task `send`: digests of what was announced, by e-mail and webhook.
//!
//! Three steps, each its own transaction: digests that are due are gathered; one is claimed; it is fenced (committed as "sending") right
//! before the first byte that could make a receiver accept it, and what became of it is written. What is found fenced with its lease over
//! was cut off: a webhook is repeated under its id, a mail is held for a person. It never guesses: a mail is tried again only where the
//! server cannot have taken it. To add a channel: a file here, an arm in [`each`] and [`test_channel`], a variant of `domain::Channel`.

mod email;
mod webhook;
mod wish;

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Context, Task, TaskError, new_run};
use crate::{
    clock::Clock,
    config::{Config, NotifyConfig},
    domain::{Channel, DigestId, NewRun, Queue, Trigger, UserId},
    fetch::Fetch,
    random::Random,
    store::{ClaimedDigest, DigestRules, Store, StoreError, Target, Tried},
};

pub use wish::check_wish;

/// How soon it looks again whether the quarantine is over.
const QUARANTINE: Duration = Duration::from_mins(1);
/// A run takes nothing new after this time; the next one goes on.
const BUDGET: Duration = Duration::from_mins(10);
/// What became of a message is worth more than one try to write it.
const WRITES: [Duration; 3] = [Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(9)];

/// The task.
#[derive(Debug)]
pub struct SendDigests;

/// Which channels.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SendArgs {
    /// This one alone; all there are where not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
}

impl Task for SendDigests {
    const NAME: &'static str = "send";
    const QUEUE: Queue = Queue::Notify;
    const ABOUT: &'static str = "Sends digests of notices by e-mail and webhook";
    /// Digests have tries of their own: what fails here is the way to all of them.
    const ATTEMPTS: i16 = 20;
    const TIMEOUT: Duration = Duration::from_mins(15);
    type Args = SendArgs;

    async fn run(args: SendArgs, ctx: Context) -> Result<Value, TaskError> {
        let wanted = |channel: &Channel| args.channel.is_none_or(|one| one == *channel);
        let channels: Vec<Channel> = ctx.config.notify.channels().into_iter().filter(wanted).collect();
        if channels.is_empty() {
            return Ok(json!({ "configured": false }));
        }
        if ctx.store.is_quarantined().await.context("look at the state")? {
            return Err(TaskError::snooze(
                QUARANTINE,
                anyhow!(
                    "in quarantine after a restore: nobody is sent anything until career-worker backup acknowledge"
                ),
            ));
        }
        let end = Instant::now() + BUDGET;
        let ends = futures::future::join_all(channels.iter().map(|channel| each(&ctx, *channel, end))).await;
        let mut report = serde_json::Map::new();
        for (channel, ended) in channels.iter().zip(ends) {
            report.insert(channel.to_string(), serde_json::to_value(ended?)?);
        }
        Ok(report.into())
    }
}

/// What a run did by one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
struct Counts {
    gathered: u64,
    /// Left on their way by somebody else.
    lost: u64,
    sent: u64,
    /// To be tried again.
    retried: u64,
    held: u64,
    failed: u64,
    skipped: u64,
}

impl Counts {
    fn tried(&self) -> u64 {
        self.sent + self.retried + self.held + self.failed + self.skipped
    }

    fn add(&mut self, other: Self) {
        self.gathered += other.gathered;
        self.lost += other.lost;
        self.sent += other.sent;
        self.retried += other.retried;
        self.held += other.held;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }

    fn count(&mut self, channel: Channel, tried: &Tried) {
        let (outcome, counter) = match tried {
            Tried::Sent => ("sent", &mut self.sent),
            Tried::Again { .. } | Tried::NotTried { .. } => ("retried", &mut self.retried),
            Tried::Failed { .. } => ("failed", &mut self.failed),
            Tried::Held { .. } => ("held", &mut self.held),
            Tried::Skipped { .. } => ("skipped", &mut self.skipped),
        };
        *counter += 1;
        metrics::counter!("career_notifications_total", "channel" => channel.as_str(), "outcome" => outcome)
            .increment(1);
    }
}

/// Gathers and sends by one channel until nothing is due.
async fn each(ctx: &Context, channel: Channel, end: Instant) -> anyhow::Result<Counts> {
    let mut all = Counts::default();
    loop {
        let mut round = Counts { gathered: gather(ctx, channel).await?, ..Counts::default() };
        round.lost =
            ctx.store.settle_lost_digests(channel).await.context("look at what was left on its way")?;
        if channel == Channel::Email && round.lost > 0 {
            metrics::counter!("career_notifications_total", "channel" => channel.as_str(), "outcome" => "held").increment(round.lost);
        }
        let sent = match channel {
            Channel::Email => email::send_due(ctx, end).await?,
            Channel::Webhook => webhook::send_due(ctx, end).await?,
        };
        round.add(sent);
        all.add(round);
        ctx.progress.set(all.tried(), all.tried());
        if round.tried() == 0 || ctx.cancelled.is_cancelled() || Instant::now() >= end {
            return Ok(all);
        }
    }
}

async fn gather(ctx: &Context, channel: Channel) -> anyhow::Result<u64> {
    let settings = &ctx.config.notify;
    let rules = DigestRules {
        frequency: settings.frequency_of(channel).as_str(),
        hour: settings.digest_hour,
        time_zone: &settings.digest_time_zone,
        daily_cap: settings.digest_cap,
        postings: settings.digest_postings,
    };
    let (mut made, mut after) = (0, None);
    while !ctx.cancelled.is_cancelled() {
        let Some((last, more)) =
            ctx.store.gather_digests(channel, after, rules).await.context("gather digests")?
        else {
            break;
        };
        after = Some(last);
        made += more;
    }
    Ok(made)
}

/// Takes the next digest that is due, unless it is time to stop.
async fn next(ctx: &Context, channel: Channel, end: Instant) -> anyhow::Result<Option<ClaimedDigest>> {
    if ctx.cancelled.is_cancelled() || Instant::now() >= end {
        return Ok(None);
    }
    ctx.store.claim_digest(channel, ctx.run_id, ctx.config.notify.lease).await.context("claim a digest")
}

/// Commits that the digest may be on its way; false where nothing may leave.
async fn fence(ctx: &Context, digest: &ClaimedDigest) -> anyhow::Result<bool> {
    let fenced = ctx.store.fence_digest(&digest.id, digest.claim, ctx.config.notify.lease).await;
    fenced.context("note that a digest is on its way")
}

/// Writes what became of a digest; what is known of a message that left is not given up at the first failure.
async fn finish(
    ctx: &Context,
    channel: Channel,
    digest: &ClaimedDigest,
    tried: &Tried,
) -> anyhow::Result<()> {
    let NotifyConfig { tries, disable_after, .. } = ctx.config.notify;
    match tried {
        Tried::Sent => {
            tracing::debug!(digest = %digest.id, %channel, "digest sent");
        }
        Tried::Held { error } => {
            tracing::warn!(digest = %digest.id, %channel, error, "digest held: it may have arrived");
        }
        Tried::Failed { error, .. } => {
            tracing::warn!(digest = %digest.id, %channel, error, "digest failed");
        }
        Tried::Again { error, .. } | Tried::NotTried { error } | Tried::Skipped { error } => {
            tracing::info!(digest = %digest.id, %channel, error, "digest not sent");
        }
    }
    let mut waits = WRITES.into_iter();
    loop {
        let error = match ctx.store.finish_digest(&digest.id, digest.claim, tried, tries, disable_after).await
        {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        let Some(wait) = waits.next() else {
            return Err(
                anyhow::Error::from(error).context(format!("write what became of digest {}", digest.id))
            );
        };
        tokio::time::sleep(wait).await;
    }
}

/// Half of `first * 4^(tries - 1)`, at most of `longest`, and a random part of the other half.
fn backoff(random: &Random, settings: &NotifyConfig, tries: i32) -> Duration {
    let factor = 4_u32.saturating_pow(u32::try_from(tries).unwrap_or(1).saturating_sub(1));
    let half = settings.retry_first.saturating_mul(factor).min(settings.retry_max) / 2;
    half + random.up_to(half)
}

/// The runs that digests ask for.
pub(super) async fn wanted(store: &Store, config: &Config) -> Result<Vec<NewRun>, StoreError> {
    let mut runs = Vec::new();
    for channel in config.notify.channels() {
        if store.has_due_digests(channel).await? {
            runs.push(run_for(channel));
        }
    }
    Ok(runs)
}

/// A run for one channel.
pub(super) fn run_for(channel: Channel) -> NewRun {
    new_run(&super::Erased::<SendDigests>::new(), json!({ "channel": channel }), Trigger::Worker)
}

/// Sends a message without a posting, now, and gives what the other side said. It is no digest: nothing of it is kept.
///
/// # Errors
/// What went wrong, for people.
pub async fn test_channel(
    config: &Config,
    fetch: &Fetch,
    (clock, random): (&Clock, &Random),
    user: UserId,
    channel: Channel,
    target: &Target,
) -> Result<String, String> {
    if !config.notify.has(channel) {
        return Err(format!("the channel {channel} is not configured (notify.{channel})"));
    }
    let id = DigestId::from_random(random.bytes());
    match channel {
        Channel::Email => email::test(&config.notify, clock, user, target, &id).await,
        Channel::Webhook => webhook::test(&config.notify, fetch, clock, user, target, &id).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_are_spread_over_a_day() {
        let settings = Config::load(None, &[]).unwrap().notify;
        let random = Random::seeded(3);
        let mut whole = Duration::ZERO;
        for tries in 1..settings.tries {
            let wait = backoff(&random, &settings, tries);
            let most = settings
                .retry_first
                .saturating_mul(4_u32.pow(u32::try_from(tries).unwrap() - 1))
                .min(settings.retry_max);
            assert!(wait >= most / 2 && wait <= most, "{tries}: {wait:?}");
            whole += most;
        }
        assert!((Duration::from_hours(12)..Duration::from_hours(48)).contains(&whole), "{whole:?}");
        assert!(backoff(&random, &settings, i32::MAX) <= settings.retry_max);
    }
}
