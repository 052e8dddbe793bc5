//! What a source is: the trait, and the values that go in and come out of it.

mod board;
mod draft;

use crate::domain::{Page, Politeness, RawPosting, Rejected, Request};

pub use board::Board;
pub use draft::Draft;

/// A kind of place postings come from.
pub trait Source: Send + Sync {
    /// Lower-case name, as in `jobs.source`.
    fn name(&self) -> &'static str;
    /// Name for people.
    fn title(&self) -> &'static str;
    /// Hosts it asks; `*.example.com` are the subdomains of a system with one for each tenant, `*` is any host.
    fn hosts(&self) -> &'static [&'static str];
    /// What the publisher says about automated reading.
    fn terms(&self) -> Terms;
    /// How fast it may be asked.
    fn politeness(&self) -> Politeness;
    /// What the publisher gives to those who ask for it, and where it goes in a request.
    fn keys(&self) -> &'static [Key] {
        &[]
    }
    /// The first request for a board.
    ///
    /// # Errors
    /// [`SourceError::Args`] names the key and what was expected.
    fn first(&self, board: &Board) -> Result<Request, SourceError>;
    /// Reads one response with status 200: a page of a listing or, where a posting has a page of its own, that one.
    ///
    /// # Errors
    /// [`SourceError::Layout`] where the response is not what the source is known to send; never panics, whatever the bytes.
    fn parse(&self, board: &Board, page: &Page<'_>) -> Result<Parsed, SourceError>;
    /// Reads the page of one posting that its listing shows only in parts: what the page has, and the draft where it has nothing.
    ///
    /// # Errors
    /// As [`Source::parse`], and [`SourceError::Layout`] where the page holds no posting, with the reason for which it was rejected.
    fn complete(&self, board: &Board, page: &Page<'_>, draft: &Draft) -> Result<RawPosting, SourceError> {
        draft.completed_by(self.parse(board, page)?)
    }
}

/// What a publisher allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Where it says so.
    pub url: &'static str,
    /// In one line.
    pub note: &'static str,
    /// A board is asked again after this many minutes at the earliest, whoever asks; 0 where the publisher sets no such limit.
    pub every_minutes: u32,
    /// Words that must stand beside a posting and link to its address, where the publisher asks for them.
    pub credit: Option<&'static str>,
}

impl Terms {
    /// Terms that ask for nothing but politeness.
    pub const fn open(url: &'static str, note: &'static str) -> Self {
        Self { url, note, every_minutes: 0, credit: None }
    }
}

/// A credential of the operator; it is added right before a request is sent, so that no source, cache or log sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    /// Key in the section `[sources]` of the settings.
    pub setting: &'static str,
    /// Where it goes.
    pub place: KeyPlace,
}

/// Where a credential goes in a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// A parameter of the query.
    Query(&'static str),
    /// A header.
    Header(&'static str),
}

/// What one response held.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parsed {
    /// Postings, in the order of the response.
    pub postings: Vec<RawPosting>,
    /// Postings that have more on a page of their own.
    pub drafts: Vec<Draft>,
    /// Records that cannot become postings.
    pub rejected: Vec<Rejected>,
    /// Further requests for the same listing.
    pub next: Vec<Request>,
    /// How many postings the source says the whole listing has.
    pub expected_total: Option<u64>,
    /// False where the response itself shows that the listing is only a part; nothing is then taken for gone.
    pub complete: bool,
}

/// Why a response gave no postings.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SourceError {
    /// The schedule's arguments do not fit the source.
    #[error("{0}")]
    Args(String),
    /// The response is not what this source is known to send.
    #[error("unexpected layout: {0}")]
    Layout(String),
}
