//! How the index of a process comes to hold what the tables hold, and stays so.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex as SyncMutex},
    time::Duration,
};

use chrono::NaiveDate;
use tokio::{sync::mpsc, task::JoinError};

use super::{
    matcher::{Found, Matcher, lock},
    read::reduce,
};
use crate::{
    domain::{Profile, SavedSearch},
    matching::{MatchIndex, Problem},
    store::{ChangeCursor, Changes, OutboxBatch, SearchPage, SearchProblem, Store, StoreError},
};

/// Pages of searches that are read ahead of the index on a first load.
const AHEAD: usize = 2;
/// Threads that add searches on a first load.
const LOADERS: usize = 2;
/// The newest postings, which tell how common words are; without any, the looks of a word tell.
const SAMPLE: i64 = 2_000;
/// How long ago a user's own cap may have been changed to be read again with each run.
const RECENT: Duration = Duration::from_hours(1);

/// How far the index has followed the searches and profiles in the database.
#[derive(Debug, Default)]
pub(super) struct Follower {
    /// From where changes are read; the first load begins by taking it, and it stays when that load fails.
    cursor: Option<ChangeCursor>,
    /// Whether everything of before the cursor is in.
    loaded: bool,
}

impl Matcher {
    /// Adds searches and profiles, and remembers what in them cannot be used.
    pub(in crate::tasks) fn add(&self, searches: &[SavedSearch], profiles: &[Profile]) {
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
            self.load_all(store).await?;
            follower.loaded = true;
        }
        Ok(())
    }

    /// Reads all searches and profiles; pages are read from the database while others are added.
    async fn load_all(&self, store: &Store) -> Result<(), StoreError> {
        let sample = store.list_newest_postings(SAMPLE).await?;
        let (sender, pages) = mpsc::channel(AHEAD);
        let pages = Arc::new(SyncMutex::new(pages));
        let (index, shard) = (self.index.clone(), self.shard);
        let observing = tokio::task::spawn_blocking(move || {
            for posting in &sample {
                index.observe(&reduce(posting, NaiveDate::default()));
            }
        });
        warn_of(observing.await);
        let adding: Vec<_> = (0..LOADERS)
            .map(|_| {
                let (index, pages) = (self.index.clone(), Arc::clone(&pages));
                tokio::task::spawn_blocking(move || add_pages(&index, &pages))
            })
            .collect();
        drop(pages);
        store.load_searches(shard, sender).await?;
        for added in adding {
            // A search that breaks the index would break it again; the others are in.
            if let Some(found) = warn_of(added.await) {
                self.remember(found);
            }
        }
        let index = self.index.clone();
        warn_of(tokio::task::spawn_blocking(move || index.compact()).await);
        Ok(())
    }

    pub(super) async fn follow(&self, batch: &mut OutboxBatch<'_>) -> Result<(), StoreError> {
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

/// Gives the searches in which something cannot be used.
fn add_searches(index: &MatchIndex, searches: &[SavedSearch]) -> Found {
    let problem = |problem: Problem| SearchProblem { key: problem.key, message: problem.message };
    let problems = searches.iter().map(|search| (search.id, index.upsert_search(search)));
    let flawed = problems.filter(|(_, problems)| !problems.is_empty());
    flawed.map(|(id, problems)| (id, problems.into_iter().map(problem).collect())).collect()
}

fn add_pages(index: &MatchIndex, pages: &SyncMutex<mpsc::Receiver<SearchPage>>) -> Found {
    let mut found = Found::new();
    loop {
        let page = lock(pages).blocking_recv();
        match page {
            Some(SearchPage::Searches(searches)) => found.extend(add_searches(index, &searches)),
            Some(SearchPage::Profiles(profiles)) => add_profiles(index, &profiles),
            None => return found,
        }
        if index.wants_compaction() {
            index.compact();
        }
    }
}

fn warn_of<T>(ended: Result<T, JoinError>) -> Option<T> {
    let warn = |error: &JoinError| {
        tracing::error!(error = error as &dyn std::error::Error, "not all searches and profiles are loaded");
    };
    ended.inspect_err(warn).ok()
}

fn add_profiles(index: &MatchIndex, profiles: &[Profile]) {
    for profile in profiles {
        index.upsert_profile(profile);
    }
}
