//! The task `notify`: tells users of their matches.
//!
//! Who is due is decided by one statement over the matches; notice and mark are one transaction, and the database itself refuses to
//! announce a posting to a user twice. Reasons and skills in common are worked out here, for the few pairs that are announced.

use std::{collections::HashMap, sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Context, Task, TaskError, matching::reduce, send};
use crate::{
    config::{MatchingConfig, NotifyConfig},
    domain::{JobId, Profile, Queue, SavedSearch, SearchId, UserId},
    matching::{CompiledProfile, CompiledSearch, MatchPosting, MatchSettings, Reasons, reasons},
    notify::{Announced, compose},
    store::{NewNotification, NoticeBatch, NoticeRules, StoredPosting, WaitingMatch},
};

/// Pairs whose reasons are worked out at once: as many postings, searches and profiles are in memory at the most.
const PART: usize = 2_000;

/// Users who are looked for at once.
const DUE: i64 = 50_000;

/// How soon it looks again whether the quarantine is over.
const QUARANTINE: Duration = Duration::from_mins(1);

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
        if ctx.store.is_quarantined().await.context("look at the state")? {
            return Err(TaskError::snooze(
                QUARANTINE,
                anyhow!(
                    "in quarantine after a restore: nobody is told anything until career-worker backup acknowledge"
                ),
            ));
        }
        let (mut told, mut after) = (0, None);
        while ctx.store.sort_in().await.context("sort in matches")? && !ctx.cancelled.is_cancelled() {}
        while ctx.store.count_overflow().await.context("count matches that are not told")?
            && !ctx.cancelled.is_cancelled()
        {}
        let rules = rules(&ctx.config.notify);
        let users = usize::try_from(ctx.config.notify.batch).unwrap_or(1).max(1);
        while !ctx.cancelled.is_cancelled() {
            let due = ctx.store.list_due_users(after, DUE, rules).await.context("list who is to be told")?;
            let Some(last) = due.last() else { break };
            after = Some(*last);
            for users in due.chunks(users).take_while(|_| !ctx.cancelled.is_cancelled()) {
                told += tell(&ctx, users, rules).await?;
                ctx.progress.set(told, told);
            }
        }
        if told > 0 {
            for channel in ctx.config.notify.channels() {
                ctx.store.insert_run_if_idle(&send::run_for(channel)).await.context("want digests")?;
            }
        }
        Ok(json!({ "notifications": told }))
    }
}

/// Tells some users what is due; gives the number of notices.
async fn tell(ctx: &Context, users: &[UserId], rules: NoticeRules<'_>) -> Result<u64, TaskError> {
    let mut batch = ctx.store.claim_notices(users, rules).await.context("claim notices")?;
    let notices = compose_all(&mut batch, &ctx.config.matching, ctx.clock.now().date_naive()).await?;
    match batch.finish(&notices).await {
        Ok(written) => {
            count("sent", written);
            Ok(written)
        }
        Err(error) => {
            count("failed", notices.len() as u64);
            Err(anyhow::Error::from(error).context("write notices").into())
        }
    }
}

fn count(outcome: &'static str, notices: u64) {
    metrics::counter!("career_notifications_total", "channel" => "in_app", "outcome" => outcome)
        .increment(notices);
}

/// What holds for users without a setting.
pub(super) fn rules(settings: &NotifyConfig) -> NoticeRules<'_> {
    NoticeRules {
        frequency: settings.frequency.as_str(),
        daily_cap: settings.daily_cap,
        backlog_days: settings.backlog_days,
    }
}

/// The notices of a batch, in its order. What speaks for a pair is worked out from posting, searches and profile as they are now.
///
/// # Errors
/// Where the database does not answer.
pub async fn compose_all(
    batch: &mut NoticeBatch<'_>,
    settings: &MatchingConfig,
    today: NaiveDate,
) -> anyhow::Result<Vec<NewNotification>> {
    let waiting = std::mem::take(&mut batch.waiting);
    let mut order: Vec<usize> = (0..waiting.len()).collect();
    let job_of = |at: &usize| waiting.get(*at).map(|pair| pair.job_id);
    order.sort_by_key(job_of);
    let settings = Arc::new(MatchSettings::from(settings));
    let mut notices: Vec<(usize, NewNotification)> = Vec::with_capacity(waiting.len());
    for part in order.chunks(PART) {
        let pairs: Vec<WaitingMatch> = part.iter().filter_map(|at| waiting.get(*at).cloned()).collect();
        let mut jobs: Vec<JobId> = pairs.iter().map(|pair| pair.job_id).collect();
        jobs.dedup();
        let mut searches: Vec<SearchId> = pairs.iter().flat_map(|pair| pair.search_ids.clone()).collect();
        searches.sort_unstable();
        searches.dedup();
        let mut users: Vec<UserId> =
            pairs.iter().filter(|pair| pair.profile_score.is_some()).map(|pair| pair.user_id).collect();
        users.sort_unstable();
        users.dedup();
        let postings = batch.read_postings(&jobs).await.context("read postings")?;
        let (searches, profiles) = batch.read_wishes(&searches, &users).await.context("read searches")?;
        let settings = Arc::clone(&settings);
        let composing = tokio::task::spawn_blocking(move || {
            let why = Why::new(&postings, &searches, &profiles, &settings, today);
            pairs.iter().map(|pair| notice(pair, &why.of(pair, &settings))).collect::<Vec<_>>()
        });
        let composed = composing.await.context("say why postings fit")?;
        notices.extend(part.iter().copied().zip(composed));
    }
    notices.sort_unstable_by_key(|(at, _)| *at);
    Ok(notices.into_iter().map(|(_, notice)| notice).collect())
}

/// What the reasons of some pairs are worked out from.
struct Why {
    postings: HashMap<JobId, MatchPosting>,
    searches: HashMap<SearchId, CompiledSearch>,
    profiles: HashMap<UserId, CompiledProfile>,
}

impl Why {
    fn new(
        postings: &[StoredPosting],
        searches: &[SavedSearch],
        profiles: &[Profile],
        settings: &MatchSettings,
        today: NaiveDate,
    ) -> Self {
        Self {
            postings: postings.iter().map(|posting| (posting.id, reduce(posting, today))).collect(),
            searches: searches
                .iter()
                .map(|search| (search.id, CompiledSearch::new(search, settings).0))
                .collect(),
            profiles: profiles
                .iter()
                .map(|profile| (profile.user_id, CompiledProfile::new(profile)))
                .collect(),
        }
    }

    /// Nothing where the posting is gone.
    fn of(&self, pair: &WaitingMatch, settings: &MatchSettings) -> Reasons {
        let Some(posting) = self.postings.get(&pair.job_id) else { return Reasons::default() };
        let searches = pair.search_ids.iter().filter_map(|id| self.searches.get(id));
        reasons(posting, searches, self.profiles.get(&pair.user_id), settings)
    }
}

fn notice(pair: &WaitingMatch, why: &Reasons) -> NewNotification {
    let notice = compose(&Announced {
        job_id: pair.job_id,
        title: &pair.title,
        company: &pair.company,
        location: pair.location.as_deref(),
        url: pair.url.as_deref(),
        score: pair.score,
        skills: &why.matching_skills,
        search_ids: &pair.search_ids,
        reasons: &serde_json::to_value(&why.reasons).unwrap_or_default(),
        more: pair.more,
    });
    NewNotification {
        user_id: pair.user_id,
        job_id: pair.job_id,
        title: notice.title,
        message: notice.message,
        data: notice.data,
    }
}
