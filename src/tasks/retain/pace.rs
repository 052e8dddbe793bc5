//! How fast a sweep may go.

use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::TaskError;
use crate::{
    store::{StoreError, SweptTable},
    tasks::Context,
};

/// Rest after work, as a multiple of the time it took.
const REST: u32 = 2;
const LEAST_REST: Duration = Duration::from_millis(10);
const LONGEST_REST: Duration = Duration::from_secs(5);
/// Rest where others hold what is needed.
const BUSY_REST: Duration = Duration::from_millis(500);
/// After so many times in a row the rest is left for the next run.
const BUSY_MOST: u32 = 20;
/// Dead rows, or this share of all rows, that are left before their room is freed.
const DEAD_ROWS: u64 = 50_000;
const DEAD_SHARE: u64 = 50;
const VACUUM_LIMIT: Duration = Duration::from_hours(1);

/// The pace of one sweep.
pub(super) struct Pace<'a> {
    ctx: &'a Context,
    table: SweptTable,
    dead: u64,
    dead_most: u64,
    busy: u32,
    /// Times others held what was needed.
    pub waited: u64,
    /// Times the room of dead rows was freed.
    pub vacuums: u64,
}

impl<'a> Pace<'a> {
    pub(super) async fn new(ctx: &'a Context, table: SweptTable) -> anyhow::Result<Self> {
        let rows = ctx.store.estimate_rows(table).await.context("look at the size of a table")?;
        let dead_most = DEAD_ROWS.max(rows / DEAD_SHARE);
        Ok(Self { ctx, table, dead: 0, dead_most, busy: 0, waited: 0, vacuums: 0 })
    }

    pub(super) fn is_over(&self) -> bool {
        self.ctx.cancelled.is_cancelled()
    }

    /// Does one step and rests; `None` where others hold what it needs even after some patience.
    pub(super) async fn step<T, F: Future<Output = Result<T, StoreError>>>(
        &mut self,
        work: impl Fn() -> F,
    ) -> Result<Option<T>, StoreError> {
        self.busy = 0;
        loop {
            let begun = Instant::now();
            match work().await {
                Ok(done) => {
                    let rest = (begun.elapsed() * REST).clamp(LEAST_REST, LONGEST_REST);
                    self.rest(rest).await;
                    return Ok(Some(done));
                }
                Err(error) if error.is_busy() => {
                    self.busy += 1;
                    self.waited += 1;
                    if self.busy > BUSY_MOST || self.is_over() {
                        return Ok(None);
                    }
                    self.rest(BUSY_REST).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn rest(&self, rest: Duration) {
        self.ctx.cancelled.run_until_cancelled(tokio::time::sleep(rest)).await;
    }

    /// Counts rows that are dead now, and has their room freed where there are many.
    pub(super) async fn left(&mut self, rows: u64) -> Result<(), TaskError> {
        self.dead += rows;
        if self.dead >= self.dead_most {
            self.free().await?;
        }
        Ok(())
    }

    /// Has the room of the dead rows freed.
    pub(super) async fn free(&mut self) -> Result<(), TaskError> {
        if self.dead > 0 {
            self.ctx.store.vacuum(self.table, VACUUM_LIMIT).await.context("free the room of dead rows")?;
            self.vacuums += 1;
            self.dead = 0;
        }
        Ok(())
    }
}
