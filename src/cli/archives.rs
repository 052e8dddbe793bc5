//! `career-worker archives`: postings that left the database.

use std::{process::ExitCode, sync::Arc};

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::{Value, json};

use super::{Globals, backup, failure::Failure};
use crate::{
    backup::read_archive,
    store::{Actor, ArchiveRow, Returned, Store},
};

/// Look at postings that left the database, and put them back.
#[derive(Debug, Subcommand)]
pub(super) enum ArchivesCommand {
    /// List the archives, newest first.
    List,
    /// Print an archive as lines of JSON: each posting with its columns, where it was seen, and the rows that went with it.
    Show {
        /// Its object, as in the list.
        object: String,
        /// Only this posting, by its id; may be given several times.
        #[arg(long, value_name = "ID")]
        posting: Vec<i64>,
    },
    /// Put postings back into the database, inactive and with their ids, where nothing has taken their place.
    Restore {
        /// Its object, as in the list.
        object: String,
        /// Only this posting, by its id; may be given several times. All of them where not given.
        #[arg(long, value_name = "ID")]
        posting: Vec<i64>,
    },
}

pub(super) async fn run(globals: &Globals, command: ArchivesCommand) -> anyhow::Result<ExitCode> {
    match command {
        ArchivesCommand::List => list(globals).await,
        ArchivesCommand::Show { object, posting } => show(globals, &object, &posting).await,
        ArchivesCommand::Restore { object, posting } => restore(globals, &object, &posting).await,
    }
}

async fn list(globals: &Globals) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let rows = Store::open(&config.database)?.list_archives().await.context("list archives")?;
    let head = ["archive", "state", "postings", "gone", "ids", "stored", "begun"];
    globals.output().rows(&head, &rows, |row: &ArchiveRow| {
        vec![
            row.object.clone(),
            row.state.clone(),
            row.postings.to_string(),
            row.deleted.to_string(),
            format!("{}–{}", row.first_id, row.last_id),
            row.bytes.map(|bytes| backup::size(bytes.cast_unsigned())).unwrap_or_default(),
            row.begun_at.format("%Y-%m-%d %H:%M").to_string(),
        ]
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The lines of an archive that are asked for.
async fn lines(globals: &Globals, object: &str, postings: &[i64]) -> anyhow::Result<Vec<Value>> {
    let config = globals.settings(&[])?;
    let content = read_archive(&backup::site(&Arc::clone(&config))?, object).await.map_err(backup::failed)?;
    let lines = content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let mut all = Vec::new();
    for line in lines {
        let line: Value = serde_json::from_slice(line).with_context(|| format!("a line of {object}"))?;
        let id = line["posting"]["id"].as_i64();
        if postings.is_empty() || id.is_some_and(|id| postings.contains(&id)) {
            all.push(line);
        }
    }
    if let Some(missing) =
        postings.iter().find(|id| !all.iter().any(|line| line["posting"]["id"].as_i64() == Some(**id)))
    {
        return Err(Failure::new(1, format!("posting {missing} is not in {object}")).into());
    }
    Ok(all)
}

async fn show(globals: &Globals, object: &str, postings: &[i64]) -> anyhow::Result<ExitCode> {
    for line in lines(globals, object, postings).await? {
        globals.output().value(&line, Value::to_string)?;
    }
    Ok(ExitCode::SUCCESS)
}

async fn restore(globals: &Globals, object: &str, postings: &[i64]) -> anyhow::Result<ExitCode> {
    let lines = lines(globals, object, postings).await?;
    let store = Store::open(&globals.read_settings(&[])?.database)?;
    let (mut restored, mut taken) = (Vec::new(), Vec::new());
    for line in &lines {
        let id = line["posting"]["id"].clone();
        match store.return_posting(line).await.with_context(|| format!("put posting {id} back"))? {
            Returned::Restored => restored.push(id),
            Returned::Taken => taken.push(id),
        }
    }
    let actor = Actor { id: "cli", address: None };
    let detail = json!({ "archive": object, "restored": restored.len(), "taken": taken });
    store.insert_audit(actor, "archives restore", object, &detail).await.context("audit")?;
    globals.output().value(&json!({ "restored": restored, "taken": taken }), |_| {
        format!(
            "{} postings are back, {} are not: their id, address or identity is taken",
            restored.len(),
            taken.len()
        )
    })?;
    Ok(ExitCode::SUCCESS)
}
