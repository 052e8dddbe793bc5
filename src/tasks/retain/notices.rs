//! Notices that were read are deleted. What a user was told of stays known elsewhere: nobody is told twice.

use anyhow::Context as _;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{BATCH, Days, SAMPLES, WINDOW, count, pace::Pace};
use crate::{
    notify::NOTICE_TYPE,
    store::{NoticePolicy, SweptTable},
    tasks::{Context, TaskError},
};

/// Which notices go.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NoticeArgs {
    /// Of these types, by default the worker's own; an empty list means all, those of the web application too.
    pub types: Vec<String>,
    /// Days after a notice that was read.
    #[schemars(range(min = 1))]
    pub read_days: i32,
    /// Days after one that was not read; not given: those stay.
    #[schemars(range(min = 1))]
    pub unread_days: Option<i32>,
    /// Touches nothing and reports what would be deleted.
    pub dry_run: bool,
}

impl Default for NoticeArgs {
    fn default() -> Self {
        Self { types: vec![NOTICE_TYPE.to_owned()], read_days: 30, unread_days: None, dry_run: false }
    }
}

impl NoticeArgs {
    pub(super) fn days(&self) -> Vec<Days> {
        vec![Some(("read_days", self.read_days, 1)), self.unread_days.map(|days| ("unread_days", days, 1))]
    }
}

pub(super) async fn run(args: NoticeArgs, ctx: &Context) -> Result<Value, TaskError> {
    let policy = NoticePolicy { types: args.types, read_days: args.read_days, unread_days: args.unread_days };
    let mut pace = Pace::new(ctx, SweptTable::Notices).await?;
    let (mut after, mut looked_at, mut gone, mut examples) = (0, 0, 0, Vec::new());
    while !pace.is_over() {
        let window = ctx.store.find_window(SweptTable::Notices, after, WINDOW).await;
        let Some(until) = window.context("find a window")? else { break };
        let found = pace.step(|| ctx.store.list_old_notices(after, until, &policy)).await;
        let found = found.context("look for old notices")?.unwrap_or_default();
        if args.dry_run {
            gone += found.len() as u64;
            let room = SAMPLES.saturating_sub(examples.len());
            examples.extend(
                found.iter().take(room).map(|notice| json!({ "id": notice.id, "title": notice.title })),
            );
        } else {
            let ids: Vec<i32> = found.iter().map(|notice| notice.id).collect();
            for batch in ids.chunks(BATCH) {
                let done = pace.step(|| ctx.store.delete_old_notices(batch, &policy)).await;
                let done = done.context("delete notices")?.unwrap_or_default();
                pace.left(done).await?;
                gone += done;
                if pace.is_over() {
                    break;
                }
            }
        }
        after = until;
        looked_at += 1;
        ctx.progress.set(looked_at, looked_at);
    }
    if args.dry_run {
        return Ok(json!({ "would_delete": gone, "examples": examples }));
    }
    pace.free().await?;
    count("notices", gone);
    Ok(json!({ "deleted": gone, "waited": pace.waited, "vacuums": pace.vacuums }))
}
