//! A board asked once, without a database: to see whether it answers, and to record what it says.

use std::collections::VecDeque;

use chrono::NaiveDate;
use tokio_util::sync::CancellationToken;

use super::{Credentials, Fault};
use crate::{
    domain::{Page, Posting, RawPosting, Rejected, Request},
    fetch::{Ask, Fetch, Response, Validators},
    normalize::normalize,
    sources::{Board, Draft, Source},
};

/// What a board answered.
#[derive(Debug, Default)]
pub struct Probe {
    /// What was asked, without credentials, and what came back.
    pub exchanges: Vec<(Request, Response)>,
    /// Postings that were read.
    pub postings: Vec<Posting>,
    /// Records that cannot become postings.
    pub rejected: Vec<Rejected>,
    /// Postings that have more on pages of their own, which were not asked for.
    pub drafts: usize,
    /// How many the source says there are.
    pub expected: Option<u64>,
}

/// What asks for a board without a database.
#[derive(Clone, Debug)]
pub struct Prober<'a> {
    /// The way out.
    pub fetch: &'a Fetch,
    /// Of the source.
    pub credentials: &'a Credentials,
    /// For relative dates.
    pub today: NaiveDate,
    /// Ends a probe.
    pub cancelled: CancellationToken,
}

impl Prober<'_> {
    /// Asks a board: the first request and at most `follow` further ones, the page of one posting before further pages of the listing.
    ///
    /// # Errors
    /// Why a request gave nothing that can be read.
    pub async fn ask(&self, source: &'static dyn Source, board: &Board, follow: u32) -> Result<Probe, Fault> {
        let mut probe = Probe::default();
        let mut listings = VecDeque::from([source.first(board)?]);
        let mut drafts: Vec<Draft> = Vec::new();
        let mut page_read = false;
        for _ in 0..=follow {
            if !page_read && let Some(draft) = (!drafts.is_empty()).then(|| drafts.swap_remove(0)) {
                page_read = true;
                let response = self.send(source, &draft.request).await?;
                let raw = source.complete(board, &page(&response), &draft)?;
                self.keep(source, raw, &mut probe);
                probe.exchanges.push((draft.request, response));
            } else if let Some(request) = listings.pop_front() {
                let response = self.send(source, &request).await?;
                let parsed = source.parse(board, &page(&response))?;
                parsed.postings.into_iter().for_each(|raw| self.keep(source, raw, &mut probe));
                probe.rejected.extend(parsed.rejected);
                probe.expected = probe.expected.max(parsed.expected_total);
                drafts.extend(parsed.drafts);
                listings.extend(parsed.next);
                probe.exchanges.push((request, response));
            } else {
                break;
            }
        }
        probe.drafts = drafts.len();
        Ok(probe)
    }

    async fn send(&self, source: &dyn Source, request: &Request) -> Result<Response, Fault> {
        let signed = self.credentials.sign(request);
        let ask = Ask {
            request: &signed,
            politeness: source.politeness(),
            validators: Validators::default(),
            cancelled: self.cancelled.clone(),
        };
        let mut response = self.fetch.send(ask).await?;
        response.url = self.credentials.strip(&response.url);
        Ok(response)
    }

    fn keep(&self, source: &dyn Source, raw: RawPosting, probe: &mut Probe) {
        match normalize(source.name(), raw, self.today) {
            Ok(posting) => probe.postings.push(posting),
            Err(rejected) => probe.rejected.push(rejected),
        }
    }
}

fn page(response: &Response) -> Page<'_> {
    Page { url: &response.url, content_type: response.content_type.as_deref(), body: &response.body }
}
