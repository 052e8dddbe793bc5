//! The task `notify`: tells users of their matches.
//!
//! Who is due is decided by one statement over the matches; notice and mark are one transaction, and the database itself refuses to
//! announce a posting to a user twice.

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Context, Task, TaskError};
use crate::{
    domain::Queue,
    notify::{Announced, compose},
    store::{NewNotification, WaitingMatch},
};

/// The task.
#[derive(Debug)]
pub struct Notify;

/// It takes no arguments.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotifyArgs {}

impl Task for Notify {
    const NAME: &'static str = "notify";
    const QUEUE: Queue = Queue::Notify;
    const ABOUT: &'static str = "Writes notifications for matches that are due";
    /// A sweep that dies loses nothing, the next one finds its work: only one that fails for long is worth a person's look.
    const ATTEMPTS: i16 = 20;
    type Args = NotifyArgs;

    async fn run(_args: NotifyArgs, ctx: Context) -> Result<Value, TaskError> {
        let settings = &ctx.config.notify;
        let (mut told, mut after) = (0, None);
        while !ctx.cancelled.is_cancelled() {
            let claimed = ctx
                .store
                .claim_notices(settings.batch, after, settings.frequency.as_str(), settings.daily_cap)
                .await;
            let Some(batch) = claimed.context("claim notices")? else { break };
            after = Some(batch.last_user);
            let notices: Vec<_> = batch.waiting.iter().map(notice).collect();
            told += batch.finish(&notices).await.context("write notices")?;
            ctx.progress.set(told, told);
        }
        metrics::counter!("career_notifications_total", "channel" => "in_app").increment(told);
        Ok(json!({ "notifications": told }))
    }
}

fn notice(pair: &WaitingMatch) -> NewNotification {
    let notice = compose(&Announced {
        job_id: pair.job_id,
        title: &pair.title,
        company: &pair.company,
        location: pair.location.as_deref(),
        url: pair.url.as_deref(),
        score: pair.score,
        skills: &pair.skills,
        search_ids: &pair.search_ids,
        reasons: &pair.reasons,
    });
    NewNotification {
        user_id: pair.user_id,
        job_id: pair.job_id,
        title: notice.title,
        message: notice.message,
        data: notice.data,
    }
}
