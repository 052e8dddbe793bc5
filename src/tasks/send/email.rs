//! Digests by e-mail: a few connections, each sending one message after the other.

use anyhow::anyhow;
use tokio::time::Instant;

use super::{Context, Counts, backoff, fence, finish, next};
use crate::{
    clock::Clock,
    config::NotifyConfig,
    domain::{Channel, DigestId, UserId},
    mail::{self, MailError, Mailer, Session, Written},
    notify::{self, Digest},
    store::{ClaimedDigest, Target, Tried},
};

const CHANNEL: Channel = Channel::Email;

/// Sends what is due, until nothing is or `end`.
pub(super) async fn send_due(ctx: &Context, end: Instant) -> anyhow::Result<Counts> {
    let mailer = Mailer::new(&ctx.config.notify.email)?;
    let lanes = (0..ctx.config.notify.email.connections).map(|_| lane(ctx, &mailer, end));
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

async fn lane(ctx: &Context, mailer: &Mailer, end: Instant) -> anyhow::Result<Counts> {
    let mut counts = Counts::default();
    let mut session = None;
    while let Some(digest) = next(ctx, CHANNEL, end).await? {
        let Some(tried) = send(ctx, mailer, &mut session, &digest).await? else { continue };
        counts.count(CHANNEL, &tried);
        finish(ctx, CHANNEL, &digest, &tried).await?;
        if let Tried::NotTried { error } = tried {
            return Err(anyhow!(error));
        }
    }
    if let Some(session) = session {
        session.quit().await;
    }
    Ok(counts)
}

/// One try; nothing where the digest is not ours any more.
async fn send<'a>(
    ctx: &Context,
    mailer: &'a Mailer,
    session: &mut Option<Session<'a>>,
    digest: &ClaimedDigest,
) -> anyhow::Result<Option<Tried>> {
    let Some(target) = &digest.target else {
        return Ok(Some(Tried::Skipped { error: "the reader does not want it any more".to_owned() }));
    };
    let content = match Digest::read(digest.postings.clone(), digest.more) {
        Ok(content) => content,
        Err(error) => return Ok(Some(Tried::Failed { error, disable: false })),
    };
    let settings = &ctx.config.notify;
    let judge = |error| Some(judge(&error, || backoff(&ctx.random, settings, digest.attempts)));
    let message =
        match write(settings, mailer, digest.user_id, target, &digest.id, &content, digest.created_at) {
            Ok(message) => message,
            Err(error) => return Ok(judge(error)),
        };
    let mut open = match begin(mailer, session, &message).await {
        Ok(open) => open,
        Err(error) => return Ok(judge(error)),
    };
    // The server waits for the text: a session that is dropped here ends without it.
    if !fence(ctx, digest).await? {
        return Ok(None);
    }
    match open.hand_over(&message).await {
        Ok(answer) => {
            tracing::debug!(digest = %digest.id, answer, "accepted by the mail server");
            *session = Some(open);
            Ok(Some(Tried::Sent))
        }
        Err(error) => {
            if matches!(error, MailError::Deferred { .. } | MailError::Rejected { .. }) {
                *session = Some(open);
            }
            Ok(judge(error))
        }
    }
}

/// A session that is invited to send the text. One that was left over is given up for a new one where it is over; after a refusal it is
/// kept.
async fn begin<'a>(
    mailer: &'a Mailer,
    kept: &mut Option<Session<'a>>,
    message: &Written,
) -> Result<Session<'a>, MailError> {
    if let Some(mut session) = kept.take() {
        match session.begin(message).await {
            Ok(()) => return Ok(session),
            Err(MailError::Broken { .. }) => {}
            Err(error) => {
                if session.reset().await {
                    *kept = Some(session);
                    return Err(error);
                }
                // 421: the server closes the session, whatever the message is (RFC 5321, 3.8).
                if !matches!(error, MailError::Deferred { .. }) {
                    return Err(error);
                }
            }
        }
    }
    let mut session = mailer.connect().await?;
    match session.begin(message).await {
        Ok(()) => Ok(session),
        Err(error) => {
            if !matches!(error, MailError::Broken { .. }) && session.reset().await {
                *kept = Some(session);
            }
            Err(error)
        }
    }
}

fn judge(error: &MailError, backoff: impl FnOnce() -> std::time::Duration) -> Tried {
    let said = error.to_string();
    match error {
        MailError::Setup(_) | MailError::NoSession(_) => Tried::NotTried { error: said },
        MailError::Address(_) => Tried::Failed { error: said, disable: true },
        MailError::Deferred { .. } | MailError::Broken { .. } => {
            Tried::Again { after: backoff(), error: said }
        }
        MailError::Rejected { no_such_reader, .. } => Tried::Failed { error: said, disable: *no_such_reader },
        MailError::Unanswered(_) => Tried::Held { error: said },
    }
}

fn write(
    settings: &NotifyConfig,
    mailer: &Mailer,
    user: UserId,
    target: &Target,
    id: &DigestId,
    content: &Digest,
    at: chrono::DateTime<chrono::Utc>,
) -> Result<Written, MailError> {
    let token = notify::token(user, CHANNEL, &target.unsubscribe_key);
    let unsubscribe = format!("{}/unsubscribe/{token}", settings.email.unsubscribe_url.trim_end_matches('/'));
    let matches = Some(settings.matches_url.as_str()).filter(|url| !url.is_empty());
    let words = notify::write(content, matches, &unsubscribe);
    mailer.write(&mail::Letter {
        id: id.as_str(),
        to: &target.address,
        subject: &words.subject,
        text: &words.text,
        html: &words.html,
        unsubscribe: &unsubscribe,
        at,
    })
}

/// Sends a mail that names no real posting, and gives what the server said.
pub(super) async fn test(
    settings: &NotifyConfig,
    clock: &Clock,
    user: UserId,
    target: &Target,
    id: &DigestId,
) -> Result<String, String> {
    let sent = async {
        let mailer = Mailer::new(&settings.email)?;
        let message = write(settings, &mailer, user, target, id, &Digest::sample(), clock.now())?;
        let mut session = mailer.connect().await?;
        session.begin(&message).await?;
        let answer = session.hand_over(&message).await?;
        session.quit().await;
        Ok::<_, MailError>(answer)
    };
    let answer = sent.await.map_err(|error| error.to_string())?;
    Ok(format!("accepted for {}: {answer}", target.address))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn only_what_may_have_arrived_is_held_and_only_what_cannot_have_is_tried_again() {
        let text = || "x".to_owned();
        let judge = |error| judge(&error, || Duration::from_secs(7));
        let again =
            |tried: Tried| matches!(tried, Tried::Again { after, .. } if after == Duration::from_secs(7));
        assert!(again(judge(MailError::Deferred { step: "RCPT", reply: text() })));
        assert!(again(judge(MailError::Broken { step: "the text", reason: text() })));
        assert!(matches!(judge(MailError::Unanswered(text())), Tried::Held { .. }));
        assert!(matches!(judge(MailError::NoSession(text())), Tried::NotTried { .. }));
        for gone in [true, false] {
            let rejected = MailError::Rejected { step: "RCPT", reply: text(), no_such_reader: gone };
            assert!(matches!(judge(rejected), Tried::Failed { disable, .. } if disable == gone));
        }
    }
}
