//! The index of a process, and how a batch of postings is put to it.

use std::{
    sync::{Arc, Mutex as SyncMutex, MutexGuard, PoisonError, atomic::AtomicUsize},
    time::{Duration, Instant},
};

use chrono::NaiveDate;
use tokio::sync::Mutex;

use super::{
    BatchReport, Took,
    follow::Follower,
    hand::{self, Hand, Lost},
    read,
};
use crate::{
    config::{MatchingConfig, NotifyConfig},
    domain::{JobId, SearchId, Shard},
    matching::{Hit, MatchIndex, MatchSettings},
    notify::{Entries, Rooms},
    store::{
        BatchUsers, NewMatch, OutboxBatch, Overflow, SearchProblem, SieveMarks, StoreError, StoredPosting,
    },
};

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
    pub(super) fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict() || error.is_duplicate())
    }
}

/// The index of this process, and how far it has followed the changes of others.
#[derive(Debug)]
pub struct Matcher {
    pub(super) index: MatchIndex,
    pub(super) shard: Shard,
    posting_limit: Duration,
    pub(super) follower: Mutex<Follower>,
    pub(super) rooms: SyncMutex<Rooms>,
    /// Threads without work.
    hands: SyncMutex<Vec<Hand>>,
    /// What was found in searches and is not recorded yet.
    pub(super) problems: SyncMutex<Found>,
    pub(super) recording: Mutex<()>,
}

/// Searches with what in them cannot be used.
pub(super) type Found = Vec<(SearchId, Vec<SearchProblem>)>;

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
    pub(in crate::tasks) fn match_all(
        &self,
        postings: &[StoredPosting],
        today: NaiveDate,
    ) -> (Vec<NewMatch>, Vec<(JobId, String)>) {
        let mut finder = self.index.finder();
        let find = |posting: &StoredPosting, hits: &mut Vec<Hit>| {
            read::with_fields(posting, |fields| finder.matches(posting.id, fields, today, hits));
        };
        let matched = hand::match_all(postings, &AtomicUsize::new(0), find);
        (matched.pairs, matched.poison)
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

pub(super) fn lock<T>(mutex: &SyncMutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
