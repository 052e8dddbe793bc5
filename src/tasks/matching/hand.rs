//! A thread that matches batches, one after another, and that can be given up when it does not come back.
//!
//! It is no thread of the async runtime: that one would wait for it at the end of the process.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

use chrono::NaiveDate;
use tokio::sync::oneshot;

use super::read::with_fields;
use crate::{
    domain::JobId,
    matching::{Hit, MatchIndex},
    store::{NewMatch, StoredPosting},
};

/// A thread and the way to give it work; without it, it ends.
#[derive(Debug)]
pub(super) struct Hand(mpsc::Sender<Work>);

#[derive(Debug)]
struct Work {
    postings: Vec<StoredPosting>,
    today: NaiveDate,
    /// How many postings are done.
    done: Arc<AtomicUsize>,
    answer: oneshot::Sender<Matched>,
}

/// What came of a batch.
#[derive(Debug, Default)]
pub(super) struct Matched {
    /// By posting, then by user.
    pub pairs: Vec<NewMatch>,
    /// Postings that broke the matcher, and how.
    pub poison: Vec<(JobId, String)>,
}

/// Why nothing came of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// This posting takes too long; the hand is still at it.
    Stuck(JobId),
    /// The thread has ended.
    Ended,
}

impl Hand {
    /// A thread that matches with `index`.
    pub(super) fn new(index: &MatchIndex) -> std::io::Result<Self> {
        let mut finder = index.finder();
        Self::with(move |posting, today, hits| {
            with_fields(posting, |fields| finder.matches(posting.id, fields, today, hits));
        })
    }

    fn with(
        mut find: impl FnMut(&StoredPosting, NaiveDate, &mut Vec<Hit>) + Send + 'static,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = mpsc::channel::<Work>();
        thread::Builder::new().name("match".to_owned()).spawn(move || {
            while let Ok(Work { postings, today, done, answer }) = receiver.recv() {
                let matched = match_all(&postings, &done, |posting, hits| find(posting, today, hits));
                // Whoever gave the work may have been cancelled.
                let _ = answer.send(matched);
            }
        })?;
        Ok(Self(sender))
    }

    /// Matches a batch; gives up on a posting between `limit` and twice `limit`.
    pub(super) async fn matches(
        &self,
        postings: Vec<StoredPosting>,
        today: NaiveDate,
        limit: Duration,
    ) -> Result<Matched, Lost> {
        let ids: Vec<JobId> = postings.iter().map(|posting| posting.id).collect();
        let done = Arc::new(AtomicUsize::new(0));
        let (answer, mut answered) = oneshot::channel();
        let work = Work { postings, today, done: Arc::clone(&done), answer };
        self.0.send(work).map_err(|_| Lost::Ended)?;
        loop {
            let before = done.load(Ordering::Relaxed);
            match tokio::time::timeout(limit, &mut answered).await {
                Ok(matched) => return matched.map_err(|_| Lost::Ended),
                Err(_) if done.load(Ordering::Relaxed) == before => {
                    return Err(ids.get(before).map_or(Lost::Ended, |id| Lost::Stuck(*id)));
                }
                Err(_) => {}
            }
        }
    }
}

/// A posting that breaks the matcher is set aside with its error; the others go on.
pub(super) fn match_all(
    postings: &[StoredPosting],
    done: &AtomicUsize,
    mut find: impl FnMut(&StoredPosting, &mut Vec<Hit>),
) -> Matched {
    let mut matched = Matched::default();
    let mut hits = Vec::new();
    for posting in postings {
        hits.clear();
        match catch_unwind(AssertUnwindSafe(|| find(posting, &mut hits))) {
            Ok(()) => matched.pairs.extend(hits.drain(..).map(|hit| pair(posting.id, hit))),
            Err(_) => {
                matched.poison.push((posting.id, "the matcher panicked on this posting".to_owned()));
            }
        }
        done.fetch_add(1, Ordering::Relaxed);
    }
    matched
}

fn pair(job_id: JobId, hit: Hit) -> NewMatch {
    NewMatch {
        job_id,
        user_id: hit.user_id,
        score: hit.score,
        profile_score: hit.profile_score,
        search_ids: hit.search_ids,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::domain::{SearchIds, UserId};

    fn posting(id: i32) -> StoredPosting {
        StoredPosting {
            id: JobId(id),
            title: String::new(),
            company: String::new(),
            location: None,
            description: None,
            requirements: None,
            tech_stack: Value::Null,
            salary_min: None,
            salary_max: None,
            salary_currency: None,
            job_type: None,
            remote_option: None,
            source: None,
            url: None,
            posted_date: None,
            created_at: None,
            facts: Value::Null,
        }
    }

    fn hit(posting: &StoredPosting, hits: &mut Vec<Hit>) {
        hits.push(Hit {
            user_id: UserId(posting.id.0),
            score: 1.0,
            search_ids: SearchIds::new(),
            profile_score: None,
        });
    }

    #[tokio::test]
    async fn a_panic_costs_one_posting() {
        let hand = Hand::with(|posting, _, hits| {
            hit(posting, hits);
            assert!(posting.id.0 != 2, "poison");
        })
        .unwrap();
        let postings = (1..=3).map(posting).collect();
        let matched = hand.matches(postings, NaiveDate::default(), Duration::from_mins(1)).await.unwrap();
        assert_eq!(matched.pairs.iter().map(|pair| pair.job_id.0).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(matched.poison.len(), 1);
        assert_eq!(matched.poison[0].0, JobId(2));
    }

    #[tokio::test]
    async fn a_posting_without_an_end_is_named() {
        let (release, wait) = mpsc::channel::<()>();
        let hand = Hand::with(move |posting, _, hits| {
            if posting.id.0 == 3 {
                let _ = wait.recv();
            }
            hit(posting, hits);
        })
        .unwrap();
        let postings = (1..=4).map(posting).collect();
        let lost = hand.matches(postings, NaiveDate::default(), Duration::from_millis(50)).await;
        assert_eq!(lost.unwrap_err(), Lost::Stuck(JobId(3)));
        drop(release);
    }
}
