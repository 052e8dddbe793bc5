//! The pages of single postings, for listings that show postings in parts.
//!
//! A page is asked for when the listing says something new of it, and again after a long time. Better a posting without its text than
//! none: where a page cannot be had, what the listing says is stored, and the page is tried with the next listing.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::atomic::{AtomicBool, AtomicU32, Ordering},
};

use anyhow::Context as _;
use chrono::NaiveDate;
use futures::{StreamExt as _, stream};

use super::{
    board::{Reading, Visit, store_postings},
    listing::{self, sight},
};
use crate::{
    domain::Rejected,
    fetch::{FetchError, Validators},
    sources::Draft,
    store::{
        pages::{KnownPage, ListedPage, NotedPage},
        postings::SightedPosting,
    },
    tasks::TaskError,
};

/// Pages that are read before what they gave is stored.
const CHUNK: usize = 100;
/// Failures in a row after which the server is left alone.
const PATIENCE: u32 = 5;

/// What came of one page.
enum Answer {
    Posting(Box<SightedPosting>),
    /// There is no more to know than the listing says.
    NoPage(String),
    /// It may be there another time.
    Failed,
    /// Nobody asked.
    Left,
}

/// Reads the pages that the drafts of a listing ask for, and stores what they and the listing say.
pub(super) async fn read(
    visit: &Visit<'_>,
    reading: &mut Reading,
    today: NaiveDate,
) -> Result<(), TaskError> {
    let mut once = HashSet::new();
    let mut drafts = mem::take(&mut reading.drafts);
    drafts.retain(|draft| once.insert(draft.posting.source_id.clone()));
    if drafts.is_empty() {
        return Ok(());
    }
    // Unchanged pages say nothing of the pages behind them.
    reading.validators.clear();
    let known = known(visit, &drafts).await?;
    let mut listed = Vec::new();
    let mut asked = Vec::new();
    for draft in drafts {
        let id = draft.posting.source_id.clone();
        match known.get(&id) {
            Some(KnownPage::Fresh) => listed.push(id),
            Some(KnownPage::Refused(reason)) => {
                reading.rejected.push(Rejected { source_id: Some(id), reason: reason.clone() });
            }
            Some(KnownPage::Stored) => asked.push((draft, true)),
            None => asked.push((draft, false)),
        }
    }
    // What is new comes first.
    asked.sort_by_key(|(_, stored)| *stored);
    let pages = Pages { visit, today, failures: AtomicU32::new(0), stopped: AtomicBool::new(false) };
    let mut budget = visit.limits.max_pages_of_postings as usize;
    while !asked.is_empty() {
        let rest = asked.split_off(asked.len().min(CHUNK));
        let chunk = mem::replace(&mut asked, rest);
        pages.read_chunk(chunk, &mut budget, reading, &mut listed).await?;
    }
    if !visit.limits.dry_run {
        let store = &visit.ctx.store;
        let touched = store.touch_listed(visit.source.name(), visit.name(), &listed).await;
        touched.context("noting listed postings")?;
    }
    reading.report.counts.seen += listed.len() as u64;
    reading.report.counts.unchanged += listed.len() as u64;
    reading.ids.extend(listed);
    Ok(())
}

async fn known(visit: &Visit<'_>, drafts: &[Draft]) -> Result<HashMap<String, KnownPage>, TaskError> {
    if visit.limits.dry_run {
        return Ok(HashMap::new());
    }
    let pages: Vec<ListedPage> = drafts.iter().map(listed_page).collect();
    let store = &visit.ctx.store;
    let known = store.find_pages(visit.source.name(), visit.name(), &pages, visit.limits.refresh_pages).await;
    Ok(known.context("looking for known pages")?)
}

fn listed_page(draft: &Draft) -> ListedPage {
    ListedPage { source_id: draft.posting.source_id.clone(), hash: draft.hash() }
}

struct Pages<'a> {
    visit: &'a Visit<'a>,
    today: NaiveDate,
    failures: AtomicU32,
    stopped: AtomicBool,
}

impl Pages<'_> {
    async fn read_chunk(
        &self,
        chunk: Vec<(Draft, bool)>,
        budget: &mut usize,
        reading: &mut Reading,
        listed: &mut Vec<String>,
    ) -> Result<(), TaskError> {
        let at_once = self.visit.source.politeness().concurrency.clamp(1, 16) as usize;
        let allowed = (*budget).min(chunk.len());
        *budget -= allowed;
        let (ask, leave): (Vec<_>, Vec<_>) = chunk.into_iter().enumerate().partition(|(at, _)| *at < allowed);
        let answers = stream::iter(ask).map(async |(_, (draft, stored))| {
            let answer = self.ask(&draft).await;
            (draft, stored, answer)
        });
        let mut answers: Vec<_> = answers.buffered(at_once).collect().await;
        answers.extend(leave.into_iter().map(|(_, (draft, stored))| (draft, stored, Answer::Left)));

        let mut postings = Vec::new();
        let mut read = Vec::new();
        for (draft, stored, answer) in answers {
            let page = listed_page(&draft);
            let id = page.source_id.clone();
            let reason = match answer {
                Answer::Posting(posting) => {
                    postings.push(*posting);
                    read.push(NotedPage { listed: page, reason: None });
                    continue;
                }
                Answer::NoPage(reason) => Some(reason),
                Answer::Failed | Answer::Left => {
                    reading.report.pages_left += 1;
                    None
                }
            };
            let alone = if stored {
                listed.push(id);
                true
            } else if let Ok(posting) = sight(self.visit.source, draft.posting, self.today) {
                postings.push(posting);
                true
            } else {
                false
            };
            match (reason, alone) {
                (Some(_), true) => read.push(NotedPage { listed: page, reason: None }),
                (Some(reason), false) => {
                    let rejected =
                        Rejected { source_id: Some(page.source_id.clone()), reason: reason.clone() };
                    reading.rejected.push(rejected);
                    read.push(NotedPage { listed: page, reason: Some(reason) });
                }
                (None, true) => {}
                // It is listed, and will be known when its page can be read.
                (None, false) => {
                    reading.ids.insert(page.source_id);
                }
            }
        }
        store_postings(self.visit, reading, postings).await?;
        if !self.visit.limits.dry_run {
            let store = &self.visit.ctx.store;
            let noted = store.note_pages(self.visit.source.name(), self.visit.name(), &read).await;
            noted.context("noting read pages")?;
        }
        Ok(())
    }

    async fn ask(&self, draft: &Draft) -> Answer {
        if self.stopped.load(Ordering::Relaxed) || self.visit.ctx.cancelled.is_cancelled() {
            return Answer::Left;
        }
        let response = match self.visit.send(&draft.request, Validators::default()).await {
            Ok(response) => response,
            Err(FetchError::NotFound { status, .. }) => {
                return Answer::NoPage(format!("page: status {status}, expected the posting's page"));
            }
            Err(error @ (FetchError::Robots { .. } | FetchError::Refused { .. })) => {
                return Answer::NoPage(format!("page: {error}"));
            }
            Err(error) => {
                tracing::debug!(%error, posting = draft.posting.source_id, "page of a posting not read");
                let failures = self.failures.fetch_add(1, Ordering::Relaxed) + 1;
                if error.is_put_off() || failures >= PATIENCE {
                    self.stopped.store(true, Ordering::Relaxed);
                }
                return Answer::Failed;
            }
        };
        self.failures.store(0, Ordering::Relaxed);
        match listing::complete(self.visit, &response, draft, self.today).await {
            Ok(posting) => Answer::Posting(Box::new(posting)),
            Err(reason) => Answer::NoPage(reason),
        }
    }
}
