//! Digests by webhook: some requests at once, each once a try.

use std::time::Duration;

use tokio::time::Instant;

use super::{Context, Counts, backoff, fence, finish, next};
use crate::{
    clock::Clock,
    config::NotifyConfig,
    domain::{Channel, DigestId, UserId},
    fetch::{Delivered, Delivery, Fetch, FetchError},
    notify::{
        Digest,
        webhook::{Keys, Kind, body},
    },
    store::{ClaimedDigest, Target, Tried},
};

const CHANNEL: Channel = Channel::Webhook;

/// Sends what is due, until nothing is or `end`.
pub(super) async fn send_due(ctx: &Context, end: Instant) -> anyhow::Result<Counts> {
    let lanes = (0..ctx.config.notify.webhook.at_once).map(|_| lane(ctx, end));
    let mut counts = Counts::default();
    let mut failed = None;
    for ended in futures::future::join_all(lanes).await {
        match ended {
            Ok(lane) => counts.add(lane),
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(counts), Err)
}

async fn lane(ctx: &Context, end: Instant) -> anyhow::Result<Counts> {
    let mut counts = Counts::default();
    while let Some(digest) = next(ctx, CHANNEL, end).await? {
        let Some(tried) = send(ctx, &digest).await? else { continue };
        counts.count(CHANNEL, &tried);
        finish(ctx, CHANNEL, &digest, &tried).await?;
    }
    Ok(counts)
}

/// One try; nothing where the digest is not ours any more.
async fn send(ctx: &Context, digest: &ClaimedDigest) -> anyhow::Result<Option<Tried>> {
    let Some(target) = &digest.target else {
        return Ok(Some(Tried::Skipped { error: "the reader does not want it any more".to_owned() }));
    };
    let content = match Digest::read(digest.postings.clone(), digest.more) {
        Ok(content) => content,
        Err(error) => return Ok(Some(Tried::Failed { error, disable: false })),
    };
    let keys = match keys(target) {
        Ok(keys) => keys,
        Err(error) => return Ok(Some(Tried::Failed { error, disable: true })),
    };
    if !fence(ctx, digest).await? {
        return Ok(None);
    }
    let body = body(Kind::Digest, digest.user_id, &content, digest.created_at);
    let answer = post(&ctx.config.notify, &ctx.fetch, &ctx.clock, target, &keys, &digest.id, body).await;
    Ok(Some(judge(answer, backoff(&ctx.random, &ctx.config.notify, digest.attempts))))
}

fn keys(target: &Target) -> Result<Keys, String> {
    Keys::read(target.secret.as_deref().unwrap_or_default()).map_err(|error| format!("secret: {error}"))
}

async fn post(
    settings: &NotifyConfig,
    fetch: &Fetch,
    clock: &Clock,
    target: &Target,
    keys: &Keys,
    id: &DigestId,
    body: Vec<u8>,
) -> Result<Delivered, FetchError> {
    let headers = keys.sign(id, clock.now(), &body);
    let settings = &settings.webhook;
    let (timeout, internal) = (settings.timeout, settings.internal.as_slice());
    fetch.deliver(Delivery { url: &target.address, headers: &headers, body, timeout, internal }).await
}

/// A receiver knows what it has had already, so whatever may pass is tried again.
fn judge(answer: Result<Delivered, FetchError>, backoff: Duration) -> Tried {
    match answer {
        Ok(Delivered { status: 200..=299, .. }) => Tried::Sent,
        Ok(Delivered { status: 410, .. }) => {
            Tried::Failed { error: "status 410: the receiver is gone for good".to_owned(), disable: true }
        }
        Ok(Delivered { status: status @ (408 | 425 | 429 | 500..), retry_after }) => Tried::Again {
            after: retry_after.unwrap_or_default().max(backoff),
            error: format!("status {status}"),
        },
        Ok(Delivered { status: status @ 300..=399, .. }) => {
            Tried::Failed { error: format!("status {status}: redirects are not followed"), disable: false }
        }
        Ok(Delivered { status, .. }) => Tried::Failed { error: format!("status {status}"), disable: false },
        Err(error @ (FetchError::Timeout { .. } | FetchError::Network { .. })) => {
            Tried::Again { after: backoff, error: error.to_string() }
        }
        Err(error) => Tried::Failed { error: error.to_string(), disable: false },
    }
}

/// Posts a message that names no real posting, and gives what the receiver said.
pub(super) async fn test(
    settings: &NotifyConfig,
    fetch: &Fetch,
    clock: &Clock,
    user: UserId,
    target: &Target,
    id: &DigestId,
) -> Result<String, String> {
    let body = body(Kind::Test, user, &Digest::sample(), clock.now());
    let answer = post(settings, fetch, clock, target, &keys(target)?, id, body).await;
    match judge(answer, Duration::ZERO) {
        Tried::Sent => Ok(format!("accepted by {}", target.address)),
        Tried::Again { error, .. }
        | Tried::NotTried { error }
        | Tried::Failed { error, .. }
        | Tried::Held { error }
        | Tried::Skipped { error } => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_means() {
        let wait = Duration::from_secs(30);
        let judged = |status, retry_after: Option<u64>| {
            judge(Ok(Delivered { status, retry_after: retry_after.map(Duration::from_secs) }), wait)
        };
        for status in [200, 202, 204, 299] {
            assert_eq!(judged(status, None), Tried::Sent);
        }
        for (status, disables) in
            [(410, true), (400, false), (401, false), (404, false), (301, false), (307, false), (199, false)]
        {
            assert!(
                matches!(judged(status, None), Tried::Failed { disable, .. } if disable == disables),
                "{status}"
            );
        }
        for status in [408, 425, 429, 500, 502, 503, 599] {
            assert!(matches!(judged(status, None), Tried::Again { after, .. } if after == wait), "{status}");
        }
        assert!(
            matches!(judged(429, Some(600)), Tried::Again { after, .. } if after == Duration::from_mins(10))
        );
        assert!(
            matches!(judged(503, Some(1)), Tried::Again { after, .. } if after == wait),
            "never sooner than our own wait"
        );
    }
}
