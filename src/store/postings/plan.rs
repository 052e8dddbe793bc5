//! Which posting of a batch goes to which row, decided on what the database holds. Pure, in key order, the same for the same input.

mod planner;
mod urls;

use super::Item;

/// `(source, source_id)`.
pub(in crate::store) type Key = (String, String);

/// The sighting of a posting of this batch.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "they are columns")]
pub(in crate::store) struct Known {
    pub key: Key,
    pub job_id: i32,
    pub board: String,
    pub content_hash: String,
    pub match_hash: String,
    pub is_owner: bool,
    pub url_taken: bool,
    pub stale: bool,
    pub missing: bool,
    pub gone: bool,
}

/// A row of `jobs` that a posting of this batch may go to or collide with.
#[derive(Clone, Debug)]
pub(in crate::store) struct Row {
    pub id: i32,
    pub of_user: bool,
    pub source: Option<String>,
    pub source_id: Option<String>,
    pub url: Option<String>,
    pub title: String,
    pub location: Option<String>,
    pub is_active: bool,
}

/// Any sighting of one of those rows.
#[derive(Clone, Debug)]
pub(in crate::store) struct Mate {
    pub key: Key,
    pub job_id: i32,
    pub url: String,
    pub is_owner: bool,
    pub gone: bool,
}

/// Where a posting goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::store) enum Target {
    /// `jobs.id`.
    Row(i32),
    /// Index in [`Plan::inserts`].
    New(usize),
}

/// A `jobs` row to write, from the posting `item`.
#[derive(Clone, Debug)]
pub(in crate::store) struct Write {
    pub item: usize,
    pub row: i32,
    pub url: Option<String>,
    /// Everything else is taken: the id of the row, which is drawn when it is inserted, is put behind the URL.
    pub numbered: bool,
    /// False where another row has the identity (a user's own): `source_id` stays NULL then.
    pub with_source_id: bool,
    pub activate: bool,
}

/// A sighting to write.
#[derive(Clone, Debug)]
pub(in crate::store) struct Sighting {
    pub item: usize,
    pub target: Target,
    pub is_owner: bool,
    pub url_taken: bool,
}

/// Everything to write for one batch.
#[derive(Debug, Default)]
pub(in crate::store) struct Plan {
    /// Rows whose `url` or `source_id` changes; both are cleared first, so that keys can change hands within a batch.
    pub release: Vec<i32>,
    pub updates: Vec<Write>,
    /// `row` is not used.
    pub inserts: Vec<Write>,
    /// Rows that only become active again.
    pub reactivate: Vec<i32>,
    pub sightings: Vec<Sighting>,
    /// Owners whose row another sighting takes over.
    pub disown: Vec<Key>,
    /// Followers that must be looked at again, since their owner is another one now to look at.
    pub unsettle: Vec<Key>,
    /// Rows for the outbox, besides the inserts.
    pub requeue: Vec<i32>,
    pub new: u64,
    pub changed: u64,
    pub returned: u64,
}

impl Plan {
    /// All rows for the outbox in order, with the ids of the inserted ones.
    pub fn queued(&self, ids: &[i32]) -> Vec<i32> {
        let mut queued: Vec<_> = self.requeue.iter().chain(ids).copied().collect();
        queued.sort_unstable();
        queued.dedup();
        queued
    }
}

/// The URL with the identity behind it: opens the same page, and no canonical URL equals it, since those have no fragment.
pub(in crate::store) fn distinct_url(url: &str, source: &str, source_id: &str) -> String {
    let id: String = url::form_urlencoded::byte_serialize(source_id.as_bytes()).collect();
    format!("{url}#{source}:{id}")
}

/// The same for a row that comes later to the identity than another, which still has its URL.
pub(in crate::store) fn numbered_url(distinct: &str, row: i32) -> String {
    format!("{distinct}:{row}")
}

pub(in crate::store) fn plan(
    items: &[Item<'_>],
    board: &str,
    known: Vec<Known>,
    rows: Vec<Row>,
    mates: Vec<Mate>,
) -> Plan {
    let mut planner = planner::Planner::new(items, known, rows, mates);
    planner.follow_sightings();
    planner.adopt_by_identity();
    planner.move_urls();
    planner.place_by_url();
    planner.finish(board)
}
