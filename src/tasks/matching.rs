//! The task `match`: new postings against all saved searches and profiles.
//!
//! It drains the outbox in batches; claiming, matching and removing a batch is one transaction. Searches and profiles are followed after
//! the claim, so that no pair of a new search and a new posting is missed.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use anyhow::Context as _;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{Context, Task, TaskError};
use crate::{
    config::MatchingConfig,
    domain::{JobId, Place, Profile, Queue, Salary, SavedSearch, Seniority, Years},
    matching::{Hit, MatchIndex, MatchPosting, MatchSettings, PostingFields},
    store::{ChangeCursor, Changes, NewMatch, OutboxBatch, Store, StoreError, StoredPosting},
};

/// Deadlocks and serialization failures in a row before the run gives up.
const CONFLICTS: u32 = 10;

/// The task.
#[derive(Debug)]
pub struct Match;

/// It takes no arguments.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchArgs {}

impl Task for Match {
    const NAME: &'static str = "match";
    const QUEUE: Queue = Queue::Match;
    const ABOUT: &'static str = "Compares new postings with all saved searches and profiles";
    /// A sweep that dies loses nothing, the next one finds its work: only one that fails for long is worth a person's look.
    const ATTEMPTS: i16 = 20;
    type Args = MatchArgs;

    async fn run(_args: MatchArgs, ctx: Context) -> Result<Value, TaskError> {
        let (mut postings, mut pairs, mut set_aside, mut conflicts) = (0, 0, 0, 0);
        ctx.matcher.load(&ctx.store).await.context("load searches and profiles")?;
        while !ctx.cancelled.is_cancelled() {
            let claimed = ctx.store.claim_outbox(ctx.config.matching.batch).await;
            let Some(batch) = claimed.context("claim outbox")? else { break };
            let size = batch.len();
            match ctx.matcher.match_batch(batch, ctx.clock.now().date_naive()).await {
                Ok(done) => {
                    (postings, pairs, set_aside) =
                        (postings + size, pairs + done.matches, set_aside + done.set_aside);
                    conflicts = 0;
                }
                Err(error) if error.is_conflict() && conflicts < CONFLICTS => conflicts += 1,
                Err(error) => return Err(anyhow::Error::from(error).context("match a batch").into()),
            }
            ctx.progress.set(postings as u64, postings as u64);
        }
        metrics::counter!("career_matches_total").increment(pairs);
        Ok(json!({ "postings": postings, "matches": pairs, "set_aside": set_aside }))
    }
}

/// What a batch came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BatchReport {
    /// Pairs that were not known before.
    pub matches: u64,
    /// Postings that broke the matcher.
    pub set_aside: u64,
}

/// Why a batch was not matched.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The database does not answer or refuses a statement.
    #[error("database")]
    Store(#[from] StoreError),
    /// The process is stopping, or the matcher broke beyond one posting.
    #[error("matching was interrupted")]
    Interrupted(#[from] tokio::task::JoinError),
}

impl BatchError {
    /// The same batch can be tried again at once.
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

/// The index of this process, and how far it has followed the changes of others.
#[derive(Debug)]
pub struct Matcher {
    index: MatchIndex,
    cursor: Mutex<Option<ChangeCursor>>,
}

impl Matcher {
    /// An empty index; the first run loads it.
    pub fn new(settings: &MatchingConfig) -> Self {
        Self { index: MatchIndex::new(MatchSettings::from(settings)), cursor: Mutex::new(None) }
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
        self.follow(&mut batch).await?;
        let postings = batch.read_postings().await?;
        let matcher = Arc::clone(self);
        let matching = tokio::task::spawn_blocking(move || matcher.match_all(&postings, today));
        let (pairs, poison) = matching.await?;
        let matches = batch.finish(pairs, &poison).await?;
        Ok(BatchReport { matches, set_aside: poison.len() as u64 })
    }

    /// Loads everything once in the life of the process.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn load(&self, store: &Store) -> Result<(), StoreError> {
        let mut cursor = self.cursor.lock().await;
        if cursor.is_none() {
            *cursor = Some(store.load_searches(|searches, profiles| self.add(searches, profiles)).await?);
        }
        Ok(())
    }

    async fn follow(&self, batch: &mut OutboxBatch<'_>) -> Result<(), StoreError> {
        let mut cursor = self.cursor.lock().await;
        if let Some(since) = *cursor {
            let (changes, next) = batch.read_changes(since).await?;
            self.apply(changes);
            *cursor = Some(next);
        }
        Ok(())
    }

    fn apply(&self, changes: Changes) {
        for search in &changes.touched_searches {
            self.index.remove_search(*search);
        }
        for user in &changes.touched_profiles {
            self.index.remove_profile(*user);
        }
        self.add(changes.searches, changes.profiles);
    }

    fn add(&self, searches: Vec<SavedSearch>, profiles: Vec<Profile>) {
        for search in searches {
            for problem in self.index.upsert_search(&search) {
                tracing::warn!(
                    search.id = search.id.0,
                    user.id = search.user_id.0,
                    key = problem.key,
                    problem = problem.message,
                    "part of a saved search cannot be used"
                );
            }
        }
        for profile in profiles {
            self.index.upsert_profile(&profile);
        }
    }

    /// A posting that breaks the matcher is set aside with its error; the others go on.
    fn match_all(
        &self,
        postings: &[StoredPosting],
        today: NaiveDate,
    ) -> (Vec<NewMatch>, Vec<(JobId, String)>) {
        let (mut pairs, mut poison) = (Vec::new(), Vec::new());
        for posting in postings {
            let hits = catch_unwind(AssertUnwindSafe(|| self.index.matches(&reduce(posting, today))));
            match hits {
                Ok(hits) => pairs.extend(hits.into_iter().map(|hit| pair(posting.id, hit))),
                Err(_) => poison.push((posting.id, "the matcher panicked on this posting".to_owned())),
            }
        }
        (pairs, poison)
    }
}

/// What only the sighting of a posting keeps.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Facts {
    places: Vec<Place>,
    language: Option<String>,
    seniority: Option<Seniority>,
    years: Option<Years>,
}

/// The posting as the matcher wants it. Facts that cannot be read are left out.
pub(super) fn reduce(posting: &StoredPosting, today: NaiveDate) -> MatchPosting {
    let facts: Facts = serde_json::from_value(posting.facts.clone()).unwrap_or_default();
    let tech_stack: Vec<String> = serde_json::from_value(posting.tech_stack.clone()).unwrap_or_default();
    MatchPosting::new(
        posting.id,
        &PostingFields {
            title: &posting.title,
            company: &posting.company,
            location: posting.location.as_deref(),
            places: &facts.places,
            description: posting.description.as_deref(),
            requirements: posting.requirements.as_deref(),
            tech_stack: &tech_stack,
            salary: Salary {
                min: posting.salary_min,
                max: posting.salary_max,
                currency: posting.salary_currency.clone(),
            },
            job_type: posting.job_type.as_deref(),
            remote_option: posting.remote_option.as_deref(),
            source: posting.source.as_deref().unwrap_or_default(),
            posted_date: posting.posted_date,
            created_at: posting.created_at,
            language: facts.language.as_deref(),
            seniority: facts.seniority,
            years: facts.years,
        },
        today,
    )
}

fn pair(job_id: JobId, hit: Hit) -> NewMatch {
    NewMatch {
        job_id,
        user_id: hit.user_id,
        score: hit.score,
        profile_score: hit.profile_score,
        search_ids: hit.search_ids,
        skills: hit.matching_skills,
        reasons: serde_json::to_value(hit.reasons).unwrap_or_default(),
    }
}
