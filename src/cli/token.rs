//! `career-worker token`

use std::{process::ExitCode, time::Duration};

use anyhow::Context as _;
use chrono::TimeDelta;
use clap::Subcommand;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{Globals, failure::Failure, output::minute};
use crate::{
    admin::token::{Role, mint},
    clock::Clock,
    random::Random,
    store::{Actor, Store},
    tasks,
};

/// Make and take back tokens of the admin endpoint.
#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token; it is printed once.
    Create {
        /// What it is for.
        name: String,
        /// What it may do.
        #[arg(long, value_enum, default_value = "operator")]
        role: Role,
        /// It may want runs of this task only. Can be repeated.
        #[arg(long = "task", value_name = "TASK")]
        tasks: Vec<String>,
        /// Refused after this time, for example 90d.
        #[arg(long, value_parser = humantime::parse_duration)]
        expires_in: Option<Duration>,
    },
    /// List tokens.
    List,
    /// Take a token back.
    Revoke {
        /// Id of the token.
        id: String,
    },
}

const CLI: Actor<'static> = Actor { id: "cli", address: None };

pub(super) async fn run(globals: &Globals, command: TokenCommand) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let store = Store::open(&config.database)?;
    match command {
        TokenCommand::Create { name, role, tasks: allowed, expires_in } => {
            for task in &allowed {
                tasks::find(task).map_err(|message| Failure::new(2, message))?;
            }
            let clock = Clock::system();
            let expires_at =
                expires_in.map(|time| clock.now() + TimeDelta::from_std(time).unwrap_or(TimeDelta::MAX));
            let allowed = (!allowed.is_empty()).then_some(allowed);
            let minted = mint(&Random::system(), clock.now(), &name, role, allowed, expires_at);
            store.insert_token_for(CLI, &minted.token).await.context("keep token")?;
            let shown = json!({ "id": minted.token.id, "token": minted.shown.expose_secret() });
            globals.output().value(&shown, |_| minted.shown.expose_secret().to_owned())?;
            globals.output().say("keep it safe: it is not shown again");
        }
        TokenCommand::List => {
            let tokens = store.list_tokens().await.context("list tokens")?;
            let columns = ["id", "name", "role", "tasks", "last used", "expires", "state"];
            globals.output().rows(&columns, &tokens, |token| {
                vec![
                    token.id.clone(),
                    token.name.clone(),
                    token.role.clone(),
                    token.tasks.as_ref().map_or_else(|| "all".to_owned(), |tasks| tasks.join(", ")),
                    minute(token.last_used_at),
                    minute(token.expires_at),
                    if token.revoked_at.is_some() { "revoked" } else { "live" }.to_owned(),
                ]
            })?;
        }
        TokenCommand::Revoke { id } => {
            if !store.revoke_token_for(CLI, &id).await.context("revoke token")? {
                return Err(Failure::new(1, format!("there is no live token {id}")).into());
            }
            globals.output().done(&json!({ "id": id, "revoked": true }), format!("token {id} is revoked"))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
