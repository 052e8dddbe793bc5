//! Storing postings: many at once, each once.
//!
//! One transaction holds the `jobs` rows, their sightings, the outbox, the duplicate groups and the board's health, in a number of
//! statements that does not depend on how many postings there are. `plan` decides, without SQL, which posting goes to which row; `rows`,
//! `marks` and `duplicates` hold the statements; `full_text` has the index keep up. Nothing here reads the text of a posting, and nothing here touches a row with a
//! `user_id`.
//!
//! Writers take one advisory lock before their first row lock, and lock sightings in key order; what was only seen again takes no
//! advisory lock. So two writers never wait for each other in a circle; a deadlock with a foreign writer is retried. A batch of which
//! nothing is known shares that lock with others of its kind, and takes turns only for its end: the duplicate groups and the board's
//! health. Where it meets what is known after all, or another writer of the same, it begins again alone.

mod duplicates;
mod full_text;
mod marks;
pub(super) mod plan;
mod rows;

use std::{collections::BTreeMap, time::Duration};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::{Store, StoreError, sightings};
use crate::domain::Posting;

/// Taken by everything that changes which row a sighting points at or whether a posting is live.
pub(super) const WRITER_LOCK: i64 = 0x63_61_72_65_65_72_70_01;

/// Taken from the end of a batch to its commit, after [`WRITER_LOCK`].
const END_LOCK: i64 = 0x63_61_72_65_65_72_70_02;

const ATTEMPTS: u32 = 8;

/// With whom a batch is written at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Turn {
    /// With other batches of which nothing is known.
    Beside,
    /// With nobody.
    Alone,
}

/// A posting as a board showed it.
#[derive(Clone, Debug)]
pub struct SightedPosting {
    /// What was read.
    pub posting: Posting,
    /// For duplicate groups across sources; `None` leaves the posting out of them.
    pub fingerprint: Option<Fingerprint>,
}

/// What two postings of one vacancy have in common, whoever shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Company without case, legal form and punctuation.
    pub company_key: String,
    /// Title without case and gender marks, seniority kept.
    pub title_key: String,
    /// One key a place; two postings are at one place when any is equal, or when either has none.
    pub place_keys: Vec<String>,
    /// Simhash of the text: near-equal texts differ in few bits.
    pub simhash: u64,
}

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct UpsertReport {
    /// Different identities in the batch.
    pub seen: u64,
    /// Identities never seen before.
    pub new: u64,
    /// Known identities with other content than before.
    pub changed: u64,
    /// Known identities with the same content.
    pub unchanged: u64,
    /// Known identities that were missing or gone; they also count as changed or unchanged.
    pub returned: u64,
    /// Rows added to `jobs`; less than `new` where a second source shows a known posting.
    pub inserted: u64,
    /// Rows of `jobs` written.
    pub updated: u64,
    /// Rows added to the outbox.
    pub queued: u64,
    /// Where something new or changed was written.
    #[serde(skip)]
    pub written: Option<Written>,
}

/// When something of a board was written, by the database's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// When that was last done before.
    pub before: Option<DateTime<Utc>>,
    /// Now; nothing where somebody else wrote in between, so that it is not all of one listing.
    pub at: Option<DateTime<Utc>>,
}

impl Written {
    fn then(self, next: Self) -> Self {
        Self { before: self.before, at: next.at.filter(|_| next.before == self.at) }
    }
}

impl std::ops::AddAssign for UpsertReport {
    fn add_assign(&mut self, other: Self) {
        self.seen += other.seen;
        self.new += other.new;
        self.changed += other.changed;
        self.unchanged += other.unchanged;
        self.returned += other.returned;
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.queued += other.queued;
        self.written = match (self.written, other.written) {
            (Some(first), Some(next)) => Some(first.then(next)),
            (first, next) => first.or(next),
        };
    }
}

/// One posting of a batch with its hashes.
pub(super) struct Item<'a> {
    pub posting: &'a Posting,
    pub fingerprint: Option<&'a Fingerprint>,
    pub content_hash: String,
    pub match_hash: String,
}

impl Store {
    /// Stores a batch of postings that `board` shows; the same batch again writes nothing but `last_seen`.
    ///
    /// Of two postings with one identity in the batch, the later counts. A posting goes to the row its sighting points at, else to the row
    /// with its `(source, source_id)`, else to a row with its URL, else to a new row. A row's content comes from its owning sighting only.
    /// Two ids of one source with one URL share a row where title and location are equal too; otherwise, and where a user's own row has
    /// the URL, the later row gets the URL with `#source:id` behind it, which opens the same page.
    ///
    /// # Errors
    /// [`StoreError`]; nothing of the batch is stored then.
    pub async fn upsert_postings(
        &self,
        batch: &[SightedPosting],
        board: &str,
    ) -> Result<UpsertReport, StoreError> {
        let items = prepare(batch);
        if items.is_empty() {
            return Ok(UpsertReport::default());
        }
        let (mut race, mut turn) = (Race::default(), Turn::Beside);
        loop {
            match self.within(self.upsert_once(&items, board, turn)).await {
                Ok(Some(report)) => {
                    self.keep_full_text_current(&report).await;
                    return Ok(report);
                }
                Ok(None) => {}
                Err(error) if race.again(&error).await => {}
                Err(error) => return Err(error),
            }
            turn = Turn::Alone;
        }
    }

    /// `None` where it has to be done alone.
    async fn upsert_once(
        &self,
        items: &[Item<'_>],
        board: &str,
        turn: Turn,
    ) -> Result<Option<UpsertReport>, StoreError> {
        let mut tx = self.pool.begin().await?;
        let report = store_batch(&mut tx, items, board, turn).await?;
        if report.is_some() {
            tx.commit().await?;
        }
        Ok(report)
    }

    /// What [`Store::upsert_postings`] would find, without writing anything; `inserted`, `updated` and `queued` stay 0.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn compare_postings(&self, batch: &[SightedPosting]) -> Result<UpsertReport, StoreError> {
        let items = prepare(batch);
        self.within(async {
            let mut connection = self.pool.acquire().await?;
            sightings::compare(&mut connection, &items).await
        })
        .await
    }
}

/// Attempts of one transaction that another writer came in between.
#[derive(Debug, Default)]
pub(super) struct Race {
    lost: u32,
}

impl Race {
    /// Whether to try again after this error; waits a little before it says so.
    pub async fn again(&mut self, error: &StoreError) -> bool {
        self.lost += 1;
        if self.lost >= ATTEMPTS || !lost_a_race(error) {
            return false;
        }
        tracing::debug!(lost = self.lost, %error, "another writer came in between, trying again");
        tokio::time::sleep(Duration::from_millis(10) * self.lost).await;
        true
    }
}

/// Besides deadlocks: the web application stored a row with the same URL (23505) or deleted a row (23503) after it was looked up.
fn lost_a_race(error: &StoreError) -> bool {
    let StoreError::Refused(sqlx::Error::Database(database)) = error else { return false };
    error.is_conflict() || matches!(database.code().as_deref(), Some("23505" | "23503"))
}

/// One item for each identity, in key order.
fn prepare(batch: &[SightedPosting]) -> Vec<Item<'_>> {
    let by_key: BTreeMap<_, _> = batch
        .iter()
        .map(|sighted| ((sighted.posting.source.as_str(), sighted.posting.source_id.as_str()), sighted))
        .collect();
    by_key
        .into_values()
        .map(|sighted| Item {
            content_hash: sighted.posting.content_hash(),
            match_hash: sighted.posting.match_hash(),
            posting: &sighted.posting,
            fingerprint: sighted.fingerprint.as_ref(),
        })
        .collect()
}

async fn store_batch(
    tx: &mut PgConnection,
    items: &[Item<'_>],
    board: &str,
    turn: Turn,
) -> Result<Option<UpsertReport>, StoreError> {
    let mut report = UpsertReport { seen: items.len() as u64, ..UpsertReport::default() };
    sightings::plan_afresh(tx).await?;
    sightings::look_up_by_key(tx).await?;
    let (known, quiet) = sightings::count_known(tx, items, board).await?;
    if quiet == items.len() {
        sightings::touch(tx, items).await?;
        report.unchanged = report.seen;
        return Ok(Some(report));
    }
    let beside = turn == Turn::Beside && known == 0;
    if beside {
        sightings::lock_beside_writers(tx).await?;
    } else {
        sightings::lock_writers(tx).await?;
    }
    let known = sightings::lock_known(tx, items).await?;
    let rows = rows::load(tx, items, &known).await?;
    if beside && !(known.is_empty() && rows.is_empty()) {
        return Ok(None);
    }
    let mates = sightings::load_mates(tx, rows.iter().map(|row| row.id).collect()).await?;
    let plan = plan::plan(items, board, known, rows, mates);

    let ids = rows::next_ids(tx, plan.inserts.len()).await?;
    rows::release_keys(tx, &plan).await?;
    rows::update(tx, items, &plan).await?;
    rows::insert(tx, items, &plan, &ids).await?;
    rows::reactivate(tx, &plan.reactivate).await?;
    sightings::settle(tx, &plan).await?;
    sightings::upsert(tx, items, &plan, &ids, board).await?;
    sightings::touch(tx, items).await?;
    let queued = plan.queued(&ids);
    marks::append_outbox(tx, &queued).await?;
    marks::lock_end(tx).await?;
    duplicates::regroup(tx, &plan, &ids).await?;
    let source = items.first().map_or("", |item| item.posting.source.as_str());
    report.written = marks::note_stored(tx, source, board, plan.new + plan.changed, plan.new).await?;

    report.new = plan.new;
    report.changed = plan.changed;
    report.unchanged = report.seen - plan.new - plan.changed;
    report.returned = plan.returned;
    report.inserted = plan.inserts.len() as u64;
    report.updated = plan.updates.len() as u64;
    report.queued = queued.len() as u64;
    Ok(Some(report))
}
