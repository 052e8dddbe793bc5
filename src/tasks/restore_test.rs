//! The task `restore-test`: restores a backup into a throw-away cluster and looks whether it is what was backed up.
//!
//! A backup that fails is a failure of the run, loud and with what is wrong; it is not tried again, the next backup is tested anew.

use std::time::Duration;

use anyhow::anyhow;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Context, Task, TaskError,
    backup::{failed, not_configured},
};
use crate::{
    backup::{self, BackupEngine as _, LogicalDump, Which},
    domain::Queue,
};

/// The task.
#[derive(Debug)]
pub struct RestoreTest;

/// Which backup is tested.
#[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RestoreTestArgs {
    /// Its name; the newest where not given.
    pub id: Option<String>,
}

impl Task for RestoreTest {
    const NAME: &'static str = "restore-test";
    const QUEUE: Queue = Queue::Maintenance;
    const ABOUT: &'static str =
        "Restores a backup into a throw-away cluster and compares it with its manifest";
    const ATTEMPTS: i16 = 3;
    const TIMEOUT: Duration = Duration::from_hours(6);
    type Args = RestoreTestArgs;

    async fn run(args: RestoreTestArgs, ctx: Context) -> Result<Value, TaskError> {
        let Some(site) = ctx.backups()? else { return Ok(not_configured()) };
        let engine = LogicalDump::new(site, ctx.store.clone());
        let which = args.id.as_deref().map_or(Which::Newest, Which::Id);
        let tested = engine.test(which, &ctx.watch()).await;
        let tested = tested.map_err(failed)?;
        backup::observe(&ctx.store, &ctx.config, ctx.clock.now()).await?;
        if let Some(defect) = &tested.defect {
            return Err(TaskError::fail(anyhow!("backup {} cannot be restored: {defect}", tested.id)));
        }
        tracing::info!(
            backup = tested.id,
            seconds = tested.seconds,
            rows = tested.rows,
            "restore test passed"
        );
        Ok(serde_json::to_value(tested)?)
    }
}
