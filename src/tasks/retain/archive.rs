//! Postings long inactive go into archives beside the backups, and then out of the database.
//!
//! Nothing is deleted that was not read back from its archive. A run that was killed leaves an archive that is written, whose postings the
//! next run deletes, or one that is not, which it removes.

use std::collections::BTreeSet;

use anyhow::{Context as _, anyhow};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{BATCH, Days, SAMPLES, WINDOW, count, pace::Pace};
use crate::{
    backup::{Site, archive_name, write_archive},
    store::{Exported, Reference, SweptTable},
    tasks::{Context, TaskError, backup::failed},
};

/// An archive is closed once it has so many postings, or so many bytes before compression.
const POSTINGS: usize = 5_000;
const BYTES: usize = 16 << 20;

/// Which postings go.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ArchiveArgs {
    /// Days since a posting became inactive, in which no board showed it.
    #[schemars(range(min = 1))]
    pub inactive_days: i32,
    /// Tables (`schema.table`) whose rows do not hold a posting: they go into the archive and out of the database with it. Every other table
    /// with a foreign key to `jobs` holds the postings it refers to.
    pub may_go: Vec<String>,
    /// Deletes where there is no place for backups, so that nothing is kept of what goes.
    pub without_archive: bool,
    /// Touches nothing and reports what would go.
    pub dry_run: bool,
}

impl Default for ArchiveArgs {
    fn default() -> Self {
        Self { inactive_days: 90, may_go: Vec::new(), without_archive: false, dry_run: false }
    }
}

impl ArchiveArgs {
    pub(super) fn days(&self) -> Vec<Days> {
        vec![Some(("inactive_days", self.inactive_days, 1))]
    }
}

pub(super) async fn run(args: ArchiveArgs, ctx: &Context) -> Result<Value, TaskError> {
    let site = ctx.backups()?;
    if site.is_none() && !args.without_archive && !args.dry_run {
        tracing::info!(missing = "backup.url", "no posting is archived");
        return Ok(
            json!({ "not_configured": ["backup.url"], "hint": "or without_archive = true in the schedule's args" }),
        );
    }
    let (holding, going) = references(ctx, &args.may_go).await?;
    let pace = Pace::new(ctx, SweptTable::Postings).await?;
    let mut sweep =
        Sweep { ctx, days: args.inactive_days, holding, going, pace, archives: 0, gone: 0, kept: 0 };
    if args.dry_run {
        return sweep.rehearse().await;
    }
    if let Some(site) = &site {
        sweep.take_up(site).await?;
    }
    sweep.go(site.as_ref()).await?;
    sweep.pace.free().await?;
    count("archive", sweep.gone);
    Ok(json!({
        "deleted": sweep.gone, "archives": sweep.archives, "kept": sweep.kept, "waited": sweep.pace.waited,
        "vacuums": sweep.pace.vacuums,
    }))
}

/// Which tables hold a posting, and which go with it.
async fn references(ctx: &Context, may_go: &[String]) -> Result<(Vec<Reference>, Vec<Reference>), TaskError> {
    let all = ctx.store.list_references().await.context("look who refers to jobs")?;
    let known: BTreeSet<&str> = all.iter().map(|reference| reference.table.as_str()).collect();
    if let Some(unknown) = may_go.iter().find(|table| !known.contains(table.as_str())) {
        let known = known.into_iter().collect::<Vec<_>>().join(", ");
        return Err(TaskError::fail(anyhow!(
            "may_go: \"{unknown}\" has no foreign key to jobs, expected one of {known}"
        )));
    }
    if let Some(slow) = all.iter().find(|reference| !reference.indexed) {
        let Reference { table, column, .. } = slow;
        return Err(TaskError::fail(anyhow!(
            "{table} refers to jobs by {column} without an index, so that it would be read whole for each posting that goes: \
             CREATE INDEX CONCURRENTLY ON {table} ({column})"
        )));
    }
    Ok(all.into_iter().partition(|reference| !may_go.contains(&reference.table)))
}

struct Sweep<'a> {
    ctx: &'a Context,
    days: i32,
    holding: Vec<Reference>,
    going: Vec<Reference>,
    pace: Pace<'a>,
    archives: u64,
    gone: u64,
    /// Postings in an archive that stayed: somebody came to refer to them, or they changed.
    kept: u64,
}

impl Sweep<'_> {
    /// The postings of the next window, and where it ends.
    async fn look(&mut self, after: i32) -> Result<Option<(i32, Vec<Exported>)>, TaskError> {
        let (store, days) = (&self.ctx.store, self.days);
        let window = store.find_window(SweptTable::Postings, after, WINDOW).await;
        let Some(until) = window.context("find a window")? else { return Ok(None) };
        let (holding, going) = (&self.holding, &self.going);
        let found = self.pace.step(|| store.export_postings(after, until, days, holding, going)).await;
        Ok(Some((until, found.context("read old postings")?.unwrap_or_default())))
    }

    async fn rehearse(&mut self) -> Result<Value, TaskError> {
        let (mut after, mut would, mut bytes, mut examples) = (0, 0, 0, Vec::new());
        while !self.pace.is_over() {
            let Some((until, found)) = self.look(after).await? else { break };
            let room = SAMPLES.saturating_sub(examples.len());
            examples.extend(found.iter().take(room).map(
                |posting| json!({ "job": posting.id, "title": posting.title, "company": posting.company }),
            ));
            would += found.len();
            bytes += found.iter().map(|posting| posting.line.len()).sum::<usize>();
            after = until;
        }
        let held_by: Vec<&str> = self.holding.iter().map(|reference| reference.table.as_str()).collect();
        Ok(json!({ "would_archive": would, "plain_bytes": bytes, "examples": examples, "held_by": held_by }))
    }

    /// Finishes what runs before this one left.
    async fn take_up(&mut self, site: &Site) -> Result<(), TaskError> {
        let left = self.ctx.store.list_leftover_archives(self.ctx.run_id).await;
        for leftover in left.context("look for archives that are not done")? {
            if leftover.written {
                self.delete(&leftover.rows, Some(leftover.id)).await?;
            } else if self.ctx.store.forget_archive(leftover.id).await.context("give an archive up")? {
                site.storage.delete(&leftover.object).await.map_err(|error| failed(error.into()))?;
            }
            if self.pace.is_over() {
                break;
            }
        }
        Ok(())
    }

    async fn go(&mut self, site: Option<&Site>) -> Result<(), TaskError> {
        let (mut after, mut waiting) = (0, Waiting::default());
        while !self.pace.is_over() {
            let Some((until, found)) = self.look(after).await? else { break };
            for posting in found {
                waiting.add(&posting);
                if waiting.is_full() {
                    self.part(site, std::mem::take(&mut waiting)).await?;
                }
            }
            after = until;
            self.ctx.progress.set(self.gone, self.gone);
        }
        if !self.pace.is_over() {
            self.part(site, waiting).await?;
        }
        Ok(())
    }

    /// Archives the postings that wait, and deletes them.
    async fn part(&mut self, site: Option<&Site>, waiting: Waiting) -> Result<(), TaskError> {
        let Waiting { rows, lines } = waiting;
        if rows.is_empty() {
            return Ok(());
        }
        let Some(site) = site else {
            self.kept += self.delete(&rows, None).await?;
            return Ok(());
        };
        let name = archive_name(site);
        let store = &self.ctx.store;
        let id = store.begin_archive(&name, self.ctx.run_id, &rows).await.context("note an archive")?;
        let sealed = write_archive(site, &name, lines).await.map_err(failed)?;
        let written = store.mark_archive_written(id, sealed.bytes, sealed.plain_bytes, &sealed.sha256).await;
        if !written.context("note that an archive is written")? {
            return Err(TaskError::retry(anyhow!("{name} was given up by another run")));
        }
        tracing::info!(archive = name, postings = rows.len(), bytes = sealed.bytes, "archive written");
        self.archives += 1;
        self.kept += self.delete(&rows, Some(id)).await?;
        Ok(())
    }

    /// Deletes them and gives how many are left.
    async fn delete(&mut self, rows: &[(i32, i64)], archive: Option<i64>) -> Result<u64, TaskError> {
        let mut left = 0;
        let (store, days, holding) = (&self.ctx.store, self.days, &self.holding);
        for batch in rows.chunks(BATCH) {
            if self.pace.is_over() {
                return Ok(left);
            }
            let done = self.pace.step(|| store.delete_postings(batch, archive, days, holding)).await;
            let done = done.context("delete postings")?.unwrap_or_default();
            self.gone += done;
            left += (batch.len() as u64).saturating_sub(done);
            self.pace.left(done).await?;
            self.ctx.progress.set(self.gone, self.gone);
        }
        if let Some(archive) = archive {
            store.finish_archive(archive).await.context("note that an archive is done")?;
        }
        Ok(left)
    }
}

/// Postings for the next archive.
#[derive(Default)]
struct Waiting {
    rows: Vec<(i32, i64)>,
    lines: Vec<u8>,
}

impl Waiting {
    fn add(&mut self, posting: &Exported) {
        self.rows.push((posting.id, posting.version));
        self.lines.extend_from_slice(posting.line.as_bytes());
        self.lines.push(b'\n');
    }

    fn is_full(&self) -> bool {
        self.rows.len() >= POSTINGS || self.lines.len() >= BYTES
    }
}
