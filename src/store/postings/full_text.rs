//! Keeps the full-text index of `jobs` up with what is written.
//!
//! `PostgreSQL` appends new rows to a list of the index, and the INSERT that finds it longer than `gin_pending_list_limit` sorts it in; others
//! append meanwhile. Several writers append faster than one sorts, so that one INSERT after a while has many seconds to sort (28 s were seen
//! after 120,000 rows of four writers). Here each process waits until the list is sorted in, once for some hundred rows it wrote: writers cannot
//! run ahead of the index, and sorting some hundred rows at once costs what it costs anyway. Never fails a batch: without it all is stored,
//! only less evenly.

use std::sync::atomic::Ordering;

use super::UpsertReport;
use crate::store::Store;

/// Rows a process may write before it waits for the index: two batches of a large listing, 5 MB of the list. Twice as many store 3 % more
/// in a second, and let somebody wait for 2.4 s instead of 1.1.
const ROWS: u64 = 1_000;

impl Store {
    /// Counts what a batch wrote, and waits for the index where it is enough.
    pub(super) async fn keep_full_text_current(&self, stored: &UpsertReport) {
        let wrote = stored.inserted + stored.updated;
        if self.unsorted.fetch_add(wrote, Ordering::Relaxed) + wrote < ROWS {
            return;
        }
        self.unsorted.store(0, Ordering::Relaxed);
        let query = sqlx::query_scalar!("SELECT worker.sort_in_full_text()");
        if let Err(error) = self.within(query.fetch_one(&self.pool)).await {
            tracing::warn!(%error, "the full-text index was not sorted in");
        }
    }
}
