//! One board, from its first request to the end of its listing.

use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    time::Duration,
};

use anyhow::Context as _;
use chrono::{DateTime, Utc};

use super::{
    BoardReport, Credentials, Fault,
    listing::{self, ReadPage},
    pages,
};
use crate::{
    domain::{Rejected, Request},
    fetch::{Ask, FetchError, Response, Validators},
    sources::{Board, Draft, Source},
    store::{
        health::{BoardState, Listing, ListingFault},
        http_cache::CachedValidators,
        postings::{SightedPosting, UpsertReport},
    },
    tasks::{Context, TaskError},
};

/// Postings stored in one transaction.
const BATCH: usize = 500;

/// How far to go with a board.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most requests.
    pub max_pages: u32,
    /// A posting that was missing for this long is gone.
    pub confirm_after: Duration,
    /// Most pages of single postings.
    pub max_pages_of_postings: u32,
    /// A page of a posting is read again after this long.
    pub refresh_pages: Duration,
    /// Write nothing.
    pub dry_run: bool,
}

/// One board that is asked.
pub(super) struct Visit<'a> {
    pub source: &'static dyn Source,
    pub board: &'a Board,
    pub limits: Limits,
    pub ctx: &'a Context,
    pub credentials: &'a Credentials,
}

impl Visit<'_> {
    pub(super) fn name(&self) -> &str {
        &self.board.board
    }

    pub(super) async fn send(
        &self,
        request: &Request,
        validators: Validators,
    ) -> Result<Response, FetchError> {
        let signed = self.credentials.sign(request);
        let ask = Ask {
            request: &signed,
            politeness: self.source.politeness(),
            validators,
            cancelled: self.ctx.cancelled.clone(),
        };
        let mut response = self.ctx.fetch.send(ask).await?;
        response.url = self.credentials.strip(&response.url);
        Ok(response)
    }
}

/// A listing while it is read.
#[derive(Default)]
pub(super) struct Reading {
    pub report: BoardReport,
    pub ids: BTreeSet<String>,
    pub rejected: Vec<Rejected>,
    /// Postings that are listed in parts.
    pub drafts: Vec<Draft>,
    /// Records as sent, with repetitions.
    records: u64,
    pages: u32,
    /// No page says that it is only a part.
    whole: bool,
    pub validators: Vec<CachedValidators>,
    /// When something of the board was last written before.
    stored_at: Option<DateTime<Utc>>,
}

/// Asks a board and stores what it lists.
///
/// # Errors
/// Only where the database cannot be used; what goes wrong with the board is in the report and in its health.
#[tracing::instrument(skip_all, fields(source = source.name(), board = board.board))]
pub async fn scrape_board(
    source: &'static dyn Source,
    board: &Board,
    limits: Limits,
    credentials: &Credentials,
    ctx: &Context,
) -> Result<BoardReport, TaskError> {
    let visit = Visit { source, board, limits, ctx, credentials };
    let name = visit.name();
    let mut reading = Reading { whole: true, ..Reading::default() };
    name.clone_into(&mut reading.report.board);
    let pause = Duration::from_mins(source.terms().every_minutes.into());
    let state = if limits.dry_run {
        BoardState::default()
    } else {
        let begun = ctx.store.begin_listing(source.name(), name, pause).await;
        let Some(state) = begun.context("beginning a listing")? else {
            reading.report.too_early = true;
            return Ok(reading.report);
        };
        state
    };
    reading.stored_at = state.stored_at;
    match read_pages(&visit, state, &mut reading).await? {
        Ok(()) => finish(&visit, &mut reading).await?,
        Err(fault) => {
            tracing::warn!(kind = fault.kind, error = %fault.message, "board not read");
            if !limits.dry_run && fault.is_busy() {
                ctx.store.forget_attempt(source.name(), name).await.context("forgetting an attempt")?;
            } else if !limits.dry_run && fault.kind != "cancelled" {
                let fault =
                    ListingFault { kind: fault.kind, message: &fault.message, passing: fault.passing };
                ctx.store.fail_listing(source.name(), name, &fault).await.context("noting a failure")?;
            }
            reading.report.fault = Some(fault);
        }
    }
    let mut report = reading.report;
    report.rejected = reading.rejected.len() as u64;
    let reasons: BTreeSet<&str> = reading.rejected.iter().map(|rejected| rejected.reason.as_str()).collect();
    report.reasons = reasons.into_iter().take(5).map(str::to_owned).collect();
    Ok(report)
}

/// The outer error is the database's, the inner one the board's.
async fn read_pages(
    visit: &Visit<'_>,
    state: BoardState,
    reading: &mut Reading,
) -> Result<Result<(), Fault>, TaskError> {
    let Visit { source, board, limits, ctx, .. } = *visit;
    let first = match source.first(board) {
        Ok(first) => first,
        Err(error) => return Ok(Err(error.into())),
    };
    let mut asked = HashSet::from([identity(&first)]);
    let mut queue = VecDeque::from([first]);
    let today = ctx.clock.now().date_naive();
    while let Some(request) = queue.pop_front() {
        if ctx.cancelled.is_cancelled() {
            return Ok(Err(Fault::cancelled()));
        }
        if reading.pages == limits.max_pages {
            tracing::warn!(max_pages = limits.max_pages, "listing needs more requests than allowed");
            reading.whole = false;
            break;
        }
        reading.pages += 1;
        let validators = known_validators(ctx, limits, state, reading.pages, &request).await?;
        let response = match visit.send(&request, validators).await {
            Ok(response) => response,
            Err(error) => return Ok(Err(error.into())),
        };
        if response.not_modified {
            reading.report.not_modified = true;
            return Ok(Ok(()));
        }
        let page = match listing::read(visit, &response, today).await {
            Ok(page) => page,
            Err(fault) => return Ok(Err(fault)),
        };
        keep_validators(reading, &request, response);
        queue.extend(page.next.iter().filter(|next| asked.insert(identity(next))).cloned());
        store_page(visit, reading, page).await?;
    }
    pages::read(visit, reading, today).await?;
    if ctx.cancelled.is_cancelled() {
        return Ok(Err(Fault::cancelled()));
    }
    Ok(Ok(()))
}

/// Two requests with one identity ask for the same.
fn identity(request: &Request) -> (String, Option<String>) {
    (request.url.clone(), request.body.as_ref().map(serde_json::Value::to_string))
}

/// Only a listing of one response can be asked about as a whole: that the first of several pages is unchanged says nothing of the rest.
async fn known_validators(
    ctx: &Context,
    limits: Limits,
    state: BoardState,
    page: u32,
    request: &Request,
) -> Result<Validators, TaskError> {
    if limits.dry_run || page != 1 || state.pages != Some(1) || request.body.is_some() {
        return Ok(Validators::default());
    }
    let kept = ctx.store.find_validators(&request.url).await.context("looking for validators")?;
    Ok(kept.map_or_else(Validators::default, |kept| Validators {
        etag: kept.etag,
        last_modified: kept.last_modified,
    }))
}

fn keep_validators(reading: &mut Reading, request: &Request, response: Response) {
    if request.body.is_none() && reading.pages == 1 {
        reading.validators.push(CachedValidators {
            url: request.url.clone(),
            etag: response.validators.etag,
            last_modified: response.validators.last_modified,
        });
    }
}

async fn store_page(visit: &Visit<'_>, reading: &mut Reading, page: ReadPage) -> Result<(), TaskError> {
    reading.records += (page.postings.len() + page.drafts.len() + page.rejected.len()) as u64;
    reading.drafts.extend(page.drafts);
    reading.rejected.extend(page.rejected);
    reading.whole &= page.complete;
    reading.report.expected = reading.report.expected.max(page.expected);
    store_postings(visit, reading, page.postings).await
}

/// Stores postings and notes that they are listed.
pub(super) async fn store_postings(
    visit: &Visit<'_>,
    reading: &mut Reading,
    postings: Vec<SightedPosting>,
) -> Result<(), TaskError> {
    for batch in postings.chunks(BATCH) {
        let counts = if visit.limits.dry_run {
            visit.ctx.store.compare_postings(batch).await.context("comparing postings")?
        } else {
            store_batch(visit.name(), visit.ctx, batch, &mut reading.rejected).await?
        };
        reading.report.counts += counts;
    }
    let refused: HashSet<&str> =
        reading.rejected.iter().filter_map(|rejected| rejected.source_id.as_deref()).collect();
    reading.ids.extend(
        postings
            .into_iter()
            .map(|sighted| sighted.posting.source_id)
            .filter(|id| !refused.contains(id.as_str())),
    );
    Ok(())
}

/// Stores a batch; one posting that the database refuses is set aside, and the others are stored.
async fn store_batch(
    board: &str,
    ctx: &Context,
    batch: &[SightedPosting],
    rejected: &mut Vec<Rejected>,
) -> Result<UpsertReport, TaskError> {
    let mut counts = UpsertReport::default();
    let mut parts = vec![batch];
    while let Some(part) = parts.pop() {
        match ctx.store.upsert_postings(part, board).await {
            Ok(stored) => counts += stored,
            Err(error) if error.is_data() => {
                if let [one] = part {
                    rejected.push(Rejected {
                        source_id: Some(one.posting.source_id.clone()),
                        reason: format!("refused by the database: {:#}", anyhow::Error::new(error)),
                    });
                } else {
                    let (left, right) = part.split_at(part.len() / 2);
                    parts.extend([right, left]);
                }
            }
            Err(error) => return Err(anyhow::Error::new(error).context("storing postings").into()),
        }
    }
    Ok(counts)
}

async fn finish(visit: &Visit<'_>, reading: &mut Reading) -> Result<(), TaskError> {
    let Visit { source, limits, ctx, .. } = *visit;
    let board = visit.name();
    let report = &mut reading.report;
    report.complete = report.not_modified
        || (reading.whole && reads_whole(reading.records, report.expected, &reading.rejected));
    if limits.dry_run {
        return Ok(());
    }
    let finished = if report.not_modified {
        let (seen, finished) = ctx
            .store
            .finish_unmodified(source.name(), board, limits.confirm_after)
            .await
            .context("ending an unchanged listing")?;
        report.counts = UpsertReport { seen, unchanged: seen, ..UpsertReport::default() };
        finished
    } else {
        let ids: Vec<String> = std::mem::take(&mut reading.ids).into_iter().collect();
        let listing = Listing {
            source: source.name(),
            board,
            counts: report.counts,
            ids: &ids,
            rejected: &reading.rejected,
            complete: report.complete,
            expected: report.expected,
            pages: reading.pages,
            confirm_after: limits.confirm_after,
            validators: &reading.validators,
            stored_at: reading.stored_at,
        };
        ctx.store.finish_listing(&listing).await.context("ending a listing")?
    };
    report.missing = finished.missing;
    report.gone = finished.gone;
    report.short = finished.short;
    tracing::info!(counts = ?report.counts, gone = report.gone, short = report.short, "board read");
    Ok(())
}

/// Whether as many records came as the source says there are (a few may come or go between two pages), and nearly all of them say which
/// posting they are: one without an id may be any that seems to be missing.
fn reads_whole(records: u64, expected: Option<u64>, rejected: &[Rejected]) -> bool {
    let nameless = rejected.iter().filter(|rejected| rejected.source_id.is_none()).count() as u64;
    let short_of = expected.unwrap_or(0).saturating_sub(records);
    short_of <= (expected.unwrap_or(0) / 50).min(5) && nameless * 10 <= records
}

#[cfg(test)]
mod tests {
    use super::reads_whole;
    use crate::domain::Rejected;

    #[test]
    fn a_listing_that_lacks_expected_postings_is_a_part() {
        assert!(reads_whole(100, None, &[]));
        assert!(reads_whole(98, Some(100), &[]));
        assert!(!reads_whole(90, Some(100), &[]));
        assert!(!reads_whole(0, Some(3), &[]));
    }

    #[test]
    fn many_records_without_an_id_make_it_a_part() {
        let nameless = vec![Rejected { source_id: None, reason: "id: missing".to_owned() }; 2];
        assert!(reads_whole(20, None, &nameless));
        assert!(!reads_whole(19, None, &nameless));
    }
}
