//! The task `rematch`: saved searches and profiles, new or changed, against postings that are already there.
//!
//! It goes through the postings first stored in the last days, newest first, page by page. A page's pairs and how far the run is are one
//! transaction, so a run that is killed, drained or out of time goes on where it was, and a run that is done can be read in its row. Who
//! fits is decided by the same matcher as for new postings, by what the searches are when a page is read. A pair that is known stays
//! as it is.
//!
//! To let SQL rule out more: `rematch/filter.rs`.

mod filter;

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow};
use chrono::{NaiveDate, TimeDelta};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{Context, Erased, Matcher, Task, TaskError, new_run};
use crate::{
    config::{OnChange, RematchConfig},
    domain::{Profile, Queue, RunId, SavedSearch, SearchId, Trigger, UserId},
    matching::MatchSettings,
    store::{NewMatch, PostingFilter, PostingPage, RematchProgress, RematchStep, Store, StoreError},
};

pub use filter::posting_filter;

/// Deadlocks and serialization failures in a row before the attempt gives up.
const CONFLICTS: u32 = 10;
/// Searches and profiles that one run may name.
const MOST: usize = 1_000;

/// The task.
#[derive(Debug)]
pub struct Rematch;

/// Whose searches, how far back, and whether anybody is told.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RematchArgs {
    /// One saved search.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub search_id: Option<i32>,
    /// More saved searches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub search_ids: Vec<i32>,
    /// All saved searches and the profile of one user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i32>,
    /// Those of more users.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub user_ids: Vec<i32>,
    /// All there are.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub all: bool,
    /// Postings first stored in this many days.
    #[schemars(range(min = 1, max = 3650))]
    pub days: u16,
    /// Users are told of what is found; else it is stored as already seen.
    pub announce: bool,
    /// At most so many new pairs, newest postings first.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub limit: Option<u32>,
}

impl Default for RematchArgs {
    fn default() -> Self {
        Self {
            search_id: None,
            search_ids: Vec::new(),
            user_id: None,
            user_ids: Vec::new(),
            all: false,
            days: 30,
            announce: false,
            limit: None,
        }
    }
}

impl Task for Rematch {
    const NAME: &'static str = "rematch";
    /// Not on the queue of new postings, which must not wait for old ones.
    const QUEUE: Queue = Queue::Maintenance;
    const ABOUT: &'static str = "Compares saved searches and profiles with postings that are already there";
    /// An attempt goes on where the last one was.
    const ATTEMPTS: i16 = 20;
    // Holds the index of all searches.
    const MAY_BE_APART: bool = false;
    const TIMEOUT: Duration = Duration::from_hours(1);
    type Args = RematchArgs;

    fn check(args: &RematchArgs) -> Result<(), String> {
        let named = args.searches().len() + args.users().len();
        match (args.all, named) {
            (false, 0) => {
                return Err("expected one of search_id, search_ids, user_id, user_ids, all".to_owned());
            }
            (true, 1..) => return Err("all: expected without searches and users beside it".to_owned()),
            (_, named) if named > MOST => {
                return Err(format!("{named} searches and users, expected at most {MOST}"));
            }
            _ => {}
        }
        if !(1..=3650).contains(&args.days) {
            return Err(format!("days = {}, expected 1 to 3650", args.days));
        }
        if args.limit == Some(0) {
            return Err("limit = 0, expected at least 1".to_owned());
        }
        Ok(())
    }

    async fn run(args: RematchArgs, ctx: Context) -> Result<Value, TaskError> {
        // worker.enqueue() does not check arguments.
        Self::check(&args).map_err(|error| TaskError::fail(anyhow!(error)))?;
        let since = (ctx.clock.now() - TimeDelta::days(i64::from(args.days))).naive_utc();
        let mut at =
            ctx.store.begin_rematch(ctx.run_id, since).await.context("find out how far the run is")?;
        let mut wishes = Wishes::new(&args);
        let limit = args.limit.map(i64::from);
        let mut conflicts = 0;
        loop {
            ctx.progress.set(count(at.postings), count(at.span.total));
            let left = limit.is_none_or(|limit| at.matches < limit);
            if !left || at.span.is_over() || !wishes.read(&ctx).await.context("read searches and profiles")? {
                break;
            }
            if ctx.cancelled.is_cancelled() {
                return Err(TaskError::cancelled());
            }
            let (started, today) = (Instant::now(), ctx.clock.now().date_naive());
            let filter = wishes.filter(&ctx, today);
            let page = i64::from(ctx.config.rematch.page.max(1));
            let page = ctx.store.read_posting_page(&at.span, &filter, page).await.context("read postings")?;
            let seen = page.seen;
            let step = wishes.put_to(&ctx, page, today, &args).await?;
            match ctx.store.finish_rematch_page(&at, &step).await {
                Ok(Some(next)) => {
                    metrics::counter!("career_rematches_total").increment(count(next.matches - at.matches));
                    (at, conflicts) = (next, 0);
                }
                Ok(None) => return Err(anyhow!("another worker goes on with this run").into()),
                Err(error) if error.is_conflict() && conflicts < CONFLICTS => conflicts += 1,
                Err(error) => return Err(anyhow::Error::from(error).context("store a page").into()),
            }
            rest(&ctx, started, seen).await;
        }
        ctx.progress.set(count(at.postings), count(at.span.total));
        Ok(report(&at, &args))
    }
}

impl RematchArgs {
    fn searches(&self) -> Vec<SearchId> {
        self.search_id.iter().chain(&self.search_ids).copied().map(SearchId).collect()
    }

    fn users(&self) -> Vec<UserId> {
        self.user_id.iter().chain(&self.user_ids).copied().map(UserId).collect()
    }
}

fn report(at: &RematchProgress, args: &RematchArgs) -> Value {
    json!({
        "postings": at.postings, "compared": at.compared, "matches": at.matches, "set_aside": at.set_aside,
        "days": args.days, "announced": args.announce,
    })
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Waits until the postings of a page may be over, or the run is to stop.
async fn rest(ctx: &Context, started: Instant, postings: i64) {
    let per_second = f64::from(ctx.config.rematch.per_second.max(1));
    let share = Duration::try_from_secs_f64(f64::from(u32::try_from(postings).unwrap_or(0)) / per_second);
    tokio::select! {
        () = tokio::time::sleep_until(started + share.unwrap_or_default()) => {}
        () = ctx.cancelled.cancelled() => {}
    }
}

/// The searches and profiles of a run, and the matcher that holds them.
struct Wishes {
    /// `None` is all.
    named: Option<(Vec<SearchId>, Vec<UserId>)>,
    matcher: Option<Arc<Matcher>>,
    searches: Vec<SavedSearch>,
    profiles: Vec<Profile>,
}

impl Wishes {
    fn new(args: &RematchArgs) -> Self {
        let named = (!args.all).then(|| (args.searches(), args.users()));
        Self { named, matcher: None, searches: Vec::new(), profiles: Vec::new() }
    }

    /// Reads them as they are now; false where there are none. Beside a search, everything of its owner is read: a pair has the score and
    /// the searches that the task `match` would have given it.
    async fn read(&mut self, ctx: &Context) -> Result<bool, StoreError> {
        let Some((searches, users)) = &self.named else {
            ctx.matcher.load(&ctx.store).await?;
            ctx.matcher.note_problems(&ctx.store).await?;
            self.matcher = Some(Arc::clone(&ctx.matcher));
            return Ok(true);
        };
        let (all, profiles) = ctx.store.list_wishes(searches, users).await?;
        if self.matcher.is_none() || (&all, &profiles) != (&self.searches, &self.profiles) {
            let matcher = Matcher::new(&ctx.config.matching);
            matcher.add(&all, &profiles);
            self.matcher = Some(Arc::new(matcher));
            (self.searches, self.profiles) = (all, profiles);
        }
        let wanted = self.searches.iter().any(|search| self.wants_search(search))
            || self.profiles.iter().any(|profile| self.wants_user(profile.user_id));
        Ok(wanted)
    }

    fn wants_user(&self, user: UserId) -> bool {
        self.named.as_ref().is_none_or(|(_, users)| users.contains(&user))
    }

    fn wants_search(&self, search: &SavedSearch) -> bool {
        self.wants_user(search.user_id)
            || self.named.as_ref().is_some_and(|(searches, _)| searches.contains(&search.id))
    }

    fn wants(&self, pair: &NewMatch) -> bool {
        self.wants_user(pair.user_id)
            || self
                .named
                .as_ref()
                .is_some_and(|(searches, _)| pair.search_ids.iter().any(|search| searches.contains(search)))
    }

    /// What SQL may rule out beforehand: only what none of the named searches can match. A profile can match nearly anything.
    fn filter(&self, ctx: &Context, today: NaiveDate) -> PostingFilter {
        match &self.named {
            Some((_, users)) if users.is_empty() => {
                let settings = MatchSettings::from(&ctx.config.matching);
                posting_filter(
                    self.searches.iter().filter(|search| self.wants_search(search)),
                    &settings,
                    today,
                )
            }
            _ => PostingFilter::default(),
        }
    }

    async fn put_to(
        &self,
        ctx: &Context,
        page: PostingPage,
        today: NaiveDate,
        args: &RematchArgs,
    ) -> Result<RematchStep, TaskError> {
        let postings = ctx.store.list_postings(&page.ids).await.context("read postings")?;
        let matcher = Arc::clone(self.matcher.as_ref().unwrap_or(&ctx.matcher));
        let matching = tokio::task::spawn_blocking(move || matcher.match_all(&postings, today));
        let (mut pairs, poison) = matching.await.context("matching was interrupted")?;
        for (posting, error) in &poison {
            tracing::error!(posting.id = posting.0, error, "posting set aside");
        }
        pairs.retain(|pair| self.wants(pair));
        Ok(RematchStep {
            page,
            set_aside: i64::try_from(poison.len()).unwrap_or(i64::MAX),
            pairs,
            silent: !args.announce,
            limit: args.limit.map(i64::from),
        })
    }
}

/// Records a run for searches and profiles that changed, where the settings want that. One run waits at a time and takes up to a thousand
/// changes, so that many changes cost few passes over the postings.
///
/// # Errors
/// Where the database does not answer.
pub async fn rematch_changed(
    store: &Store,
    config: &RematchConfig,
) -> Result<Option<(Queue, RunId)>, StoreError> {
    let announce = match config.on_change {
        OnChange::Off => return Ok(None),
        OnChange::Silent => false,
        OnChange::Announce => true,
    };
    let args = RematchArgs { days: config.days.clamp(1, 3650), announce, ..RematchArgs::default() };
    let args = serde_json::to_value(args).unwrap_or_default();
    let run = new_run(&Erased::<Rematch>::new(), args, Trigger::Worker);
    let wanted = store.enqueue_changed(&run, i64::try_from(MOST).unwrap_or(i64::MAX)).await?;
    Ok(wanted.map(|id| (Rematch::QUEUE, id)))
}
