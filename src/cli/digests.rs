//! `career-worker digests`

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::json;

use super::{Globals, failure::Failure, output::minute};
use crate::{
    domain::{Channel, DigestId, UserId},
    store::{Actor, DigestDeed, DigestFilter, Store},
};

/// Look at digests by e-mail and webhook, decide of those that are held.
#[derive(Debug, Subcommand)]
pub(super) enum DigestsCommand {
    /// List digests, newest first.
    List {
        /// Only in this state: pending, sending, sent, held, failed or skipped.
        #[arg(long)]
        state: Option<String>,
        /// Only for this user (`users.id`).
        #[arg(long, value_name = "ID")]
        user: Option<i32>,
        /// Only by this channel: email or webhook.
        #[arg(long)]
        channel: Option<Channel>,
        /// At the most so many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
        limit: i64,
    },
    /// Send a held digest, perhaps for the second time.
    Release {
        /// Its id.
        id: DigestId,
    },
    /// Never send a digest that is held, failed or pending.
    Drop {
        /// Its id.
        id: DigestId,
    },
    /// Give a failed digest all its tries anew.
    Retry {
        /// Its id.
        id: DigestId,
    },
}

const CLI: Actor<'static> = Actor { id: "cli", address: None };

pub(super) async fn run(globals: &Globals, command: DigestsCommand) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let store = Store::open(&config.database)?;
    let (deed, id) = match command {
        DigestsCommand::List { state, user, channel, limit } => {
            let filter = DigestFilter { state, user: user.map(UserId), channel, after: None };
            let digests = store.list_digests(&filter, limit).await.context("list digests")?;
            let columns = ["id", "user", "channel", "state", "postings", "made", "tries", "says"];
            globals.output().rows(&columns, &digests, |digest| {
                let named = digest.postings.as_array().map_or(0, Vec::len);
                vec![
                    digest.id.clone(),
                    digest.user_id.to_string(),
                    digest.channel.clone(),
                    digest.state.clone(),
                    (named + usize::try_from(digest.more).unwrap_or(0)).to_string(),
                    minute(Some(digest.created_at)),
                    digest.attempts.to_string(),
                    digest.error.clone().unwrap_or_default(),
                ]
            })?;
            return Ok(ExitCode::SUCCESS);
        }
        DigestsCommand::Release { id } => (DigestDeed::Release, id),
        DigestsCommand::Drop { id } => (DigestDeed::Drop, id),
        DigestsCommand::Retry { id } => (DigestDeed::Retry, id),
    };
    let word = deed.as_str();
    match store.change_digest_for(CLI, deed, &id).await.context("change digest")? {
        None => Err(Failure::new(1, format!("there is no digest {id}")).into()),
        Some(false) => {
            let states = deed.states().join(" or ");
            Err(Failure::new(1, format!("to {word} a digest it has to be {states}")).into())
        }
        Some(true) => {
            globals.output().done(&json!({ "id": id, "done": word }), format!("digest {id}: {word}"))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}
