//! The task `match`: new postings against all saved searches and profiles.
//!
//! It drains the outbox in batches; claiming, matching and removing a batch is one transaction. Searches and profiles are followed after
//! the claim, so that no pair of a new search and a new posting is missed. What a user could never be told of is counted, not written.
//! A process may hold a shard of the users; then it matches every posting for them, and other processes do the same for the others.

mod hand;
mod read;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError, atomic::AtomicUsize},
    time::{Duration, Instant},
};

use anyhow::Context as _;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc};

use self::hand::{Hand, Lost};
pub(super) use self::read::reduce;
use super::{Context, Task, TaskError};
use crate::{
    config::{MatchingConfig, NotifyConfig},
    domain::{JobId, Profile, Queue, SavedSearch, SearchId, Shard},
    matching::{MatchIndex, MatchSettings, Problem},
    notify::{Entries, Rooms},
    store::{
        BatchUsers, ChangeCursor, Changes, NewMatch, OutboxBatch, Overflow, SearchPage, SearchProblem,
        SieveMarks, Store, StoreError, StoredPosting,
    },
};

/// Deadlocks and serialization failures in a row before the run gives up.
const CONFLICTS: u32 = 10;
/// Pages of searches that are read ahead of the index on a first load.
const AHEAD: usize = 2;
/// The newest postings, which tell how common words are; without any, the looks of a word tell.
const SAMPLE: i64 = 2_000;
/// How long ago a user's own cap may have been changed to be read again with each run.
const RECENT: Duration = Duration::from_hours(1);

/// The task.
#[derive(Debug)]
pub struct Match;

/// What to match.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchArgs {
    /// Only processes of this shard take the run (`matching.shard`, such as `2/4`); any process without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
}

impl Task for Match {
    const NAME: &'static str = "match";
    const QUEUE: Queue = Queue::Match;
    const ABOUT: &'static str = "Compares new postings with all saved searches and profiles";
    /// A sweep that dies loses nothing, the next one finds its work: only one that fails for long is worth a person's look.
    const ATTEMPTS: i16 = 20;
    // Holds the index of all searches; a posting that kills it is found by halves.
    const MAY_BE_APART: bool = false;
    type Args = MatchArgs;

    fn check(args: &MatchArgs) -> Result<(), String> {
        let shard = args.shard.as_deref().map(str::parse::<Shard>).transpose();
        shard.map(drop).map_err(|error| format!("shard = {error}"))
    }

    async fn run(_args: MatchArgs, ctx: Context) -> Result<Value, TaskError> {
        ctx.matcher.load(&ctx.store).await.context("load searches and profiles")?;
        ctx.matcher.note_problems(&ctx.store).await.context("note problems of searches")?;
        let done = SyncMutex::new(BatchReport::default());
        let lanes = (0..ctx.config.matching.lanes.max(1)).map(|_| lane(&ctx, &done));
        futures::future::try_join_all(lanes).await?;
        let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        metrics::counter!("career_matches_total").increment(done.matches);
        metrics::counter!("career_matches_counted_total").increment(done.counted);
        Ok(json!({
            "postings": done.postings,
            "matches": done.matches,
            "counted": done.counted,
            "set_aside": done.set_aside,
            "read_ms": millis(done.took.read),
            "find_ms": millis(done.took.find),
            "write_ms": millis(done.took.write),
        }))
    }
}

/// Matches one batch after another until nothing is left that nobody else holds.
async fn lane(ctx: &Context, done: &SyncMutex<BatchReport>) -> Result<(), TaskError> {
    let mut conflicts = 0;
    while !ctx.cancelled.is_cancelled() {
        let claimed = ctx.store.claim_outbox(ctx.config.matching.batch, ctx.matcher.shard).await;
        let Some(batch) = claimed.context("claim outbox")? else { break };
        match ctx.matcher.match_batch(batch, ctx.clock.now().date_naive()).await {
            Ok(report) => {
                conflicts = 0;
                ctx.matcher.note_problems(&ctx.store).await.context("note problems of searches")?;
                let postings = {
                    let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                    done.add(report);
                    done.postings
                };
                ctx.progress.set(postings, postings);
            }
            Err(error) if error.is_conflict() && conflicts < CONFLICTS => conflicts += 1,
            Err(error) => return Err(anyhow::Error::from(error).context("match a batch").into()),
        }
    }
    Ok(())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// What a batch came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchReport {
    /// Rows of the outbox.
    pub postings: u64,
    /// Pairs that were not known before.
    pub matches: u64,
    /// Pairs of users who have more than they can be told of.
    pub counted: u64,
    /// Postings that broke the matcher.
    pub set_aside: u64,
    /// How long its steps took.
    pub took: Took,
}

/// How long the steps of batches took, added up over those at work at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Took {
    /// Following searches, and reading the postings.
    pub read: Duration,
    /// Finding the pairs.
    pub find: Duration,
    /// Choosing those to write, writing and committing.
    pub write: Duration,
}

impl BatchReport {
    /// Adds another batch.
    pub fn add(&mut self, other: Self) {
        self.postings += other.postings;
        self.matches += other.matches;
        self.counted += other.counted;
        self.set_aside += other.set_aside;
        self.took.read += other.took.read;
        self.took.find += other.took.find;
        self.took.write += other.took.write;
    }
}

/// Why a batch was not matched.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The database does not answer or refuses a statement.
    #[error("database")]
    Store(#[from] StoreError),
    /// A thread cannot be had, or has ended.
    #[error("no thread to match with")]
    Thread(#[source] std::io::Error),
}

impl BatchError {
    /// The same batch can be tried again at once.
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict() || error.is_duplicate())
    }
}

/// How far the index has followed the searches and profiles in the database.
#[derive(Debug, Default)]
struct Follower {
    /// From where changes are read; the first load begins by taking it, and it stays when that load fails.
    cursor: Option<ChangeCursor>,
    /// Whether everything of before the cursor is in.
    loaded: bool,
}

/// The index of this process, and how far it has followed the changes of others.
#[derive(Debug)]
pub struct Matcher {
    index: MatchIndex,
    shard: Shard,
    posting_limit: Duration,
    follower: Mutex<Follower>,
    rooms: SyncMutex<Rooms>,
    /// Threads without work.
    hands: SyncMutex<Vec<Hand>>,
    /// What was found in searches and is not recorded yet.
    problems: SyncMutex<Found>,
    recording: Mutex<()>,
}

/// Searches with what in them cannot be used.
type Found = Vec<(SearchId, Vec<SearchProblem>)>;

impl Matcher {
    /// An empty index; the first run loads it. All pairs are written.
    pub fn new(settings: &MatchingConfig) -> Self {
        Self {
            index: MatchIndex::new(MatchSettings::from(settings)),
            shard: settings.shard,
            posting_limit: settings.posting_limit,
            follower: Mutex::default(),
            rooms: SyncMutex::new(Rooms::endless()),
            hands: SyncMutex::default(),
            problems: SyncMutex::default(),
            recording: Mutex::default(),
        }
    }

    /// Writes no more pairs for a user than could be told.
    #[must_use]
    pub fn with_caps(self, settings: &NotifyConfig) -> Self {
        Self { rooms: SyncMutex::new(Rooms::new(settings.daily_cap, settings.backlog_days)), ..self }
    }

    /// The users it is for.
    pub fn shard(&self) -> Shard {
        self.shard
    }

    /// Matches a claimed batch with everything committed by now, and finishes it in its own transaction.
    ///
    /// # Errors
    /// A [`BatchError`]: nothing happened, the batch stays in the outbox.
    pub async fn match_batch(
        self: &Arc<Self>,
        mut batch: OutboxBatch<'_>,
        today: NaiveDate,
    ) -> Result<BatchReport, BatchError> {
        let begin = Instant::now();
        self.follow(&mut batch).await?;
        let postings = batch.read_postings().await?;
        let read = begin.elapsed();
        let idle = lock(&self.hands).pop();
        let hand = idle.map_or_else(|| Hand::new(&self.index), Ok).map_err(BatchError::Thread)?;
        let matched = match hand.matches(postings, today, self.posting_limit).await {
            Ok(matched) => matched,
            Err(Lost::Stuck(job)) => {
                tracing::error!(job.id = job.0, limit = ?self.posting_limit, "posting set aside, its matching does not end");
                batch.set_aside(job, format!("matching took longer than {:?}", self.posting_limit)).await?;
                return Ok(BatchReport { postings: 1, set_aside: 1, ..BatchReport::default() });
            }
            Err(Lost::Ended) => {
                return Err(BatchError::Thread(std::io::Error::other("the thread has ended")));
            }
        };
        lock(&self.hands).push(hand);
        let found = begin.elapsed();
        let marks = batch.read_marks().await?;
        let admitted = self.admit(matched.pairs, &batch.users(self.shard), &marks, today);
        let mut report = BatchReport {
            postings: batch.len() as u64,
            matches: 0,
            counted: admitted.overflow.iter().map(|posting| posting.user_ids.len() as u64).sum(),
            set_aside: matched.poison.len() as u64,
            took: Took { read, find: found.saturating_sub(read), write: Duration::ZERO },
        };
        report.matches = admitted.write(batch, &matched.poison).await?;
        report.took.write = begin.elapsed().saturating_sub(found);
        Ok(report)
    }

    /// Divides pairs into those that are written and those that are only counted. A pair of a posting that was matched before is
    /// written in any case: it may be waiting already.
    fn admit(
        &self,
        pairs: Vec<NewMatch>,
        users: &BatchUsers,
        marks: &SieveMarks,
        today: NaiveDate,
    ) -> Admitted<'_> {
        let mut rooms = lock(&self.rooms);
        rooms.begin(today);
        let mut admitted = Admitted {
            rooms: &self.rooms,
            entries: Entries::default(),
            pairs: Vec::with_capacity(pairs.len()),
            overflow: Vec::new(),
        };
        for pair in pairs {
            if !users.hold(pair.job_id, pair.user_id)
                || !marks.out.is_empty() && marks.out.contains(&(pair.job_id, pair.user_id))
            {
                continue;
            }
            if marks.known.contains(&pair.job_id)
                || rooms.admit(pair.user_id, pair.score, &mut admitted.entries)
            {
                admitted.pairs.push(pair);
                continue;
            }
            match admitted.overflow.last_mut() {
                Some(last) if last.job_id == pair.job_id => last.user_ids.push(pair.user_id),
                _ => admitted.overflow.push(Overflow { job_id: pair.job_id, user_ids: vec![pair.user_id] }),
            }
        }
        admitted
    }

    /// Matches postings without a batch, for the pairs alone; those that break the matcher come back with their errors.
    pub(super) fn match_all(
        &self,
        postings: &[StoredPosting],
        today: NaiveDate,
    ) -> (Vec<NewMatch>, Vec<(JobId, String)>) {
        let mut finder = self.index.finder();
        let find = |posting: &StoredPosting| {
            read::with_fields(posting, |fields| finder.matches(posting.id, fields, today))
        };
        let matched = hand::match_all(postings, &AtomicUsize::new(0), find);
        (matched.pairs, matched.poison)
    }

    /// Adds searches and profiles, and remembers what in them cannot be used.
    pub(super) fn add(&self, searches: &[SavedSearch], profiles: &[Profile]) {
        self.remember(add_searches(&self.index, searches));
        add_profiles(&self.index, profiles);
    }

    /// Records what was found in searches since the last time; what cannot be recorded is kept for the next time.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn note_problems(&self, store: &Store) -> Result<(), StoreError> {
        let _recording = self.recording.lock().await;
        let found = lock(&self.problems).clone();
        if !found.is_empty() {
            store.record_search_problems(&found).await?;
            lock(&self.problems).drain(..found.len());
        }
        Ok(())
    }

    fn remember(&self, found: Found) {
        lock(&self.problems).extend(found);
    }

    /// Loads everything once in the life of the process, later what has changed, and what users say of their caps.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn load(&self, store: &Store) -> Result<(), StoreError> {
        let mut follower = self.follower.lock().await;
        let recent = follower.loaded.then_some(RECENT);
        let caps = store.list_daily_caps(self.shard, recent).await?;
        {
            let mut rooms = lock(&self.rooms);
            for own in caps {
                rooms.set_cap(own.user_id, own.cap);
            }
        }
        if let Some(since) = follower.cursor.filter(|_| follower.loaded) {
            let (changes, next) = store.list_changes(since).await?;
            self.apply(changes);
            follower.cursor = Some(next);
        } else {
            if follower.cursor.is_none() {
                follower.cursor = Some(store.find_change_cursor().await?);
            }
            let flawed = store.list_searches_with_problems().await?;
            self.remember(flawed.into_iter().map(|search| (search, Vec::new())).collect());
            let sample = store.list_newest_postings(SAMPLE).await?;
            let (sender, mut pages) = mpsc::channel(AHEAD);
            let index = self.index.clone();
            let adding = tokio::task::spawn_blocking(move || {
                let mut found = Found::new();
                for posting in &sample {
                    index.observe(&reduce(posting, NaiveDate::default()));
                }
                drop(sample);
                while let Some(page) = pages.blocking_recv() {
                    match page {
                        SearchPage::Searches(searches) => found.extend(add_searches(&index, &searches)),
                        SearchPage::Profiles(profiles) => add_profiles(&index, &profiles),
                    }
                    if index.wants_compaction() {
                        index.compact();
                    }
                }
                index.compact();
                found
            });
            store.load_searches(self.shard, sender).await?;
            // A search that breaks the index would break it again; the others are in.
            match adding.await {
                Ok(found) => self.remember(found),
                Err(error) => tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "not all searches and profiles are loaded"
                ),
            }
            follower.loaded = true;
        }
        Ok(())
    }

    async fn follow(&self, batch: &mut OutboxBatch<'_>) -> Result<(), StoreError> {
        let mut follower = self.follower.lock().await;
        if let Some(since) = follower.cursor {
            let (changes, next) = batch.read_changes(since).await?;
            self.apply(changes);
            follower.cursor = Some(next);
        }
        Ok(())
    }

    /// What is still there is replaced in one step and never removed first: another batch may be looked up meanwhile.
    fn apply(&self, mut changes: Changes) {
        changes.searches.retain(|search| self.shard.holds(search.user_id));
        changes.profiles.retain(|profile| self.shard.holds(profile.user_id));
        let searches: HashSet<_> = changes.searches.iter().map(|search| search.id).collect();
        for search in changes.touched_searches.iter().filter(|search| !searches.contains(search)) {
            self.index.remove_search(*search);
        }
        let users: HashSet<_> = changes.profiles.iter().map(|profile| profile.user_id).collect();
        for user in changes.touched_profiles.iter().filter(|user| !users.contains(user)) {
            self.index.remove_profile(*user);
        }
        self.remember(changes.touched_searches.into_iter().map(|search| (search, Vec::new())).collect());
        self.add(&changes.searches, &changes.profiles);
        if self.index.wants_compaction() {
            let index = self.index.clone();
            tokio::task::spawn_blocking(move || index.compact());
        }
    }
}

/// The pairs of a batch that are to be written, and what is only counted. Unless it is written, what it took of the rooms is given back.
struct Admitted<'a> {
    rooms: &'a SyncMutex<Rooms>,
    entries: Entries,
    pairs: Vec<NewMatch>,
    overflow: Vec<Overflow>,
}

impl Admitted<'_> {
    async fn write(mut self, batch: OutboxBatch<'_>, poison: &[(JobId, String)]) -> Result<u64, StoreError> {
        let new = batch.finish(std::mem::take(&mut self.pairs), &self.overflow, poison).await?;
        self.entries = Entries::default();
        Ok(new)
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        lock(self.rooms).take_back(std::mem::take(&mut self.entries));
    }
}

fn lock<T>(mutex: &SyncMutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Gives the searches in which something cannot be used.
fn add_searches(index: &MatchIndex, searches: &[SavedSearch]) -> Found {
    let problem = |problem: Problem| SearchProblem { key: problem.key, message: problem.message };
    let problems = searches.iter().map(|search| (search.id, index.upsert_search(search)));
    let flawed = problems.filter(|(_, problems)| !problems.is_empty());
    flawed.map(|(id, problems)| (id, problems.into_iter().map(problem).collect())).collect()
}

fn add_profiles(index: &MatchIndex, profiles: &[Profile]) {
    for profile in profiles {
        index.upsert_profile(profile);
    }
}
