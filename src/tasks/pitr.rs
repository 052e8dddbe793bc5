//! The tasks of continuous archiving: `pitr-backup` copies the files of the server, `pitr-restore-test` restores everything as it was at a
//! moment that is drawn. Where WAL is not archived by us they say "not configured".
//!
//! [`each_minute`] writes the canary by which such a restore is judged; it is no run of its own, since there would be one every minute.

use std::{sync::Arc, time::Duration};

use anyhow::anyhow;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Context, Task, TaskError, backup::failed};
use crate::{
    backup::{self, BackupEngine as _, Which, pitr::PgBackRest},
    config::Config,
    domain::Queue,
    store::{Store, StoreError},
};

/// Canaries are kept beyond the time in which a moment can be had.
const KEPT: Duration = Duration::from_hours(24 * 40);

fn not_configured() -> Value {
    let missing = "pitr.repository";
    tracing::info!(missing, "not configured");
    json!({ "not_configured": [missing] })
}

impl Context {
    fn pitr(&self) -> Result<Option<PgBackRest>, TaskError> {
        PgBackRest::open(
            Arc::clone(&self.config),
            self.store.clone(),
            self.clock.clone(),
            self.random.clone(),
        )
        .map_err(failed)
    }
}

/// The task.
#[derive(Debug)]
pub struct PitrBackup;

/// How the files are copied.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PitrBackupArgs {
    /// All of them, instead of those that changed since the last copy.
    pub full: bool,
}

impl Task for PitrBackup {
    const NAME: &'static str = "pitr-backup";
    const QUEUE: Queue = Queue::Maintenance;
    const ABOUT: &'static str = "Copies the files of the database server, for restores to any moment";
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_hours(12);
    type Args = PitrBackupArgs;

    async fn run(args: PitrBackupArgs, ctx: Context) -> Result<Value, TaskError> {
        let Some(engine) = ctx.pitr()? else { return Ok(not_configured()) };
        let made = engine.make(args.full, &ctx.watch()).await;
        let made = made.map_err(failed)?;
        tracing::info!(backup = made.id, bytes = made.bytes, seconds = made.seconds, "files copied");
        Ok(serde_json::to_value(made)?)
    }
}

/// The task.
#[derive(Debug)]
pub struct PitrRestoreTest;

/// To which moment.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PitrRestoreTestArgs {
    /// This one, as 2026-11-26T09:30:00Z; one of the last seven days is drawn where not given.
    #[schemars(with = "Option<String>")]
    pub at: Option<DateTime<Utc>>,
}

impl Task for PitrRestoreTest {
    const NAME: &'static str = "pitr-restore-test";
    const QUEUE: Queue = Queue::Maintenance;
    const ABOUT: &'static str =
        "Restores everything as it was at a drawn moment and looks for the right canary";
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_hours(12);
    type Args = PitrRestoreTestArgs;

    async fn run(args: PitrRestoreTestArgs, ctx: Context) -> Result<Value, TaskError> {
        let Some(engine) = ctx.pitr()? else { return Ok(not_configured()) };
        let moment = match args.at {
            Some(moment) => Some(moment),
            None => engine.draw_moment().await.map_err(failed)?,
        };
        let tested = engine.test(moment.map_or(Which::Newest, Which::Moment), &ctx.watch()).await;
        let tested = tested.map_err(failed)?;
        if let Some(defect) = &tested.defect {
            return Err(TaskError::fail(anyhow!("{} cannot be restored: {defect}", tested.id)));
        }
        tracing::info!(backup = tested.id, seconds = tested.seconds, "restored to a moment");
        Ok(serde_json::to_value(tested)?)
    }
}

/// What every worker does once a minute: the canary, and the metrics of backups.
///
/// # Errors
/// Where the database does not answer.
pub async fn each_minute(store: &Store, config: &Config, now: DateTime<Utc>) -> Result<(), StoreError> {
    if config.pitr.is_configured() {
        store.insert_canary(KEPT).await?;
    }
    backup::observe(store, config, now).await.map(drop)
}
