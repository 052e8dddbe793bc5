//! `career-worker explain`

use std::process::ExitCode;

use anyhow::Context as _;

use super::{Globals, failure::Failure};
use crate::{
    clock::Clock,
    domain::{JobId, UserId},
    store::Store,
    tasks,
};

/// Say why a posting fits a user, or why not.
#[derive(Debug, clap::Args)]
pub(super) struct ExplainArgs {
    /// Id of the posting (`jobs.id`).
    #[arg(long)]
    job: i32,
    /// Id of the user (`users.id`).
    #[arg(long)]
    user: i32,
}

pub(super) async fn run(globals: &Globals, args: ExplainArgs) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let store = Store::open(&config.database)?;
    let posting = store.list_postings(&[JobId(args.job)]).await.context("find posting")?.pop();
    let posting = posting.ok_or_else(|| {
        Failure::new(1, format!("there is no active posting {} that may be shown to everyone", args.job))
    })?;
    let wishes = store.find_wishes(UserId(args.user)).await.context("find user")?;
    let wishes = wishes.ok_or_else(|| Failure::new(1, format!("there is no user {}", args.user)))?;
    let today = Clock::system().now().date_naive();
    let explained = tasks::explain(&config.matching, &posting, &wishes, today);
    globals
        .output()
        .value(&explained, |explained| serde_json::to_string_pretty(explained).unwrap_or_default())?;
    Ok(ExitCode::SUCCESS)
}
