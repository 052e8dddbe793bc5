//! The tasks of backups: `backup` makes one, `backup-expire` lets old ones go, `backup-watch` speaks up when there is none worth the name,
//! `restore-test` (in its own file) finds out.
//!
//! Without a place for backups they say "not configured", which is no error. What they do is in [`crate::backup`].

use std::{sync::Arc, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Context, Decision, Task, TaskError};
use crate::{
    backup::{self, BackupDecision, BackupEngine as _, BackupError, LogicalDump, Site, Watch},
    domain::Queue,
};

/// What the settings lack.
const MISSING: &str = "backup.url";

/// What becomes of a run that failed like this.
pub(super) fn failed(error: BackupError) -> TaskError {
    let decision = match error.decision() {
        BackupDecision::Retry => Decision::Retry { after: None },
        BackupDecision::Later(after) => Decision::Snooze { after },
        BackupDecision::Fail => Decision::Fail,
        BackupDecision::Cancelled => Decision::Cancelled,
    };
    TaskError { decision, source: error.into() }
}

impl Context {
    /// The place of the backups, where there is one.
    pub(super) fn backups(&self) -> Result<Option<Site>, TaskError> {
        Site::open(Arc::clone(&self.config), self.clock.clone(), self.random.clone()).map_err(failed)
    }

    /// How a backup is seen and stopped by those who see and stop this run.
    pub(super) fn watch(&self) -> Watch {
        let progress = self.progress.clone();
        Watch {
            progress: Arc::new(move |done, total| progress.set(done, total)),
            cancelled: self.cancelled.clone(),
        }
    }
}

pub(super) fn not_configured() -> Value {
    tracing::info!(missing = MISSING, "not configured");
    json!({ "not_configured": [MISSING] })
}

/// The task.
#[derive(Debug)]
pub struct Backup;

/// How a backup is made.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BackupArgs {
    /// Takes one that is far smaller than those before it: the data really became less.
    pub any_size: bool,
}

impl Task for Backup {
    const NAME: &'static str = "backup";
    const QUEUE: Queue = Queue::Maintenance;
    const ABOUT: &'static str = "Makes a logical backup: dumped, encrypted, uploaded, with a manifest";
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_hours(6);
    type Args = BackupArgs;

    async fn run(args: BackupArgs, ctx: Context) -> Result<Value, TaskError> {
        let Some(site) = ctx.backups()? else { return Ok(not_configured()) };
        let engine = LogicalDump::new(site, ctx.store.clone()).with_any_size(args.any_size);
        let made = engine.make(true, &ctx.watch()).await;
        let made = made.map_err(failed)?;
        tracing::info!(backup = made.id, bytes = made.bytes, seconds = made.seconds, "backup made");
        backup::observe(&ctx.store, &ctx.config, ctx.clock.now()).await?;
        Ok(serde_json::to_value(made)?)
    }
}

/// The task.
#[derive(Debug)]
pub struct BackupExpire;

/// How backups are let go.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BackupExpireArgs {
    /// Touches nothing and reports what would be deleted.
    pub dry_run: bool,
}

impl Task for BackupExpire {
    const NAME: &'static str = "backup-expire";
    const QUEUE: Queue = Queue::Maintenance;
    const ABOUT: &'static str = "Deletes backups that the policy does not keep, never the last verified ones";
    type Args = BackupExpireArgs;

    async fn run(args: BackupExpireArgs, ctx: Context) -> Result<Value, TaskError> {
        let Some(site) = ctx.backups()? else { return Ok(not_configured()) };
        let expired = backup::expire(&site, Some(&ctx.store), args.dry_run).await.map_err(failed)?;
        if let Some(why) = &expired.plan.refused {
            tracing::warn!(why, "no backup is deleted");
        }
        for message in &expired.unreadable {
            tracing::warn!(message, "a backup cannot be read and is left alone");
        }
        Ok(serde_json::to_value(expired)?)
    }
}

/// The task.
#[derive(Debug)]
pub struct BackupWatch;

/// It takes no arguments.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupWatchArgs {}

impl Task for BackupWatch {
    const NAME: &'static str = "backup-watch";
    const QUEUE: Queue = Queue::Maintenance;
    const ABOUT: &'static str = "Speaks up when there is no verified backup, or WAL is not archived";
    type Args = BackupWatchArgs;

    async fn run(_args: BackupWatchArgs, ctx: Context) -> Result<Value, TaskError> {
        let health = backup::observe(&ctx.store, &ctx.config, ctx.clock.now()).await?;
        for alarm in &health.alarms {
            tracing::error!(alarm, "backups need a person");
        }
        if !health.configured && health.archiver.is_none() && health.alarms.is_empty() {
            return Ok(not_configured());
        }
        Ok(serde_json::to_value(health)?)
    }
}
