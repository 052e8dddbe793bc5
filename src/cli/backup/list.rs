//! `career-worker backup list`: the place of the backups knows, the database adds what never became a backup.

use std::process::ExitCode;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Globals, failed, site};
use crate::{backup::Catalog, cli::output::minute, store::Store, telemetry::Causes};

/// Rows of the database that are looked at.
const KNOWN: i64 = 200;

#[derive(Debug, Serialize)]
struct Row {
    id: String,
    engine: String,
    state: String,
    made_at: Option<DateTime<Utc>>,
    bytes: Option<u64>,
    database_bytes: Option<u64>,
    rows: Option<i64>,
    restore_seconds: Option<f64>,
    says: Option<String>,
}

pub(super) async fn run(globals: &Globals) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&[])?;
    let site = site(&config)?;
    let catalog = Catalog::read(&site).await.map_err(failed)?;
    let mut rows: Vec<Row> = catalog
        .entries
        .iter()
        .map(|entry| {
            let manifest = entry.manifest.as_ref().ok();
            Row {
                id: entry.id.clone(),
                engine: "logical".to_owned(),
                state: entry.state().to_owned(),
                made_at: entry.made_at(),
                bytes: manifest.map(|manifest| manifest.dump.bytes),
                database_bytes: manifest.map(|manifest| manifest.database_bytes),
                rows: manifest.map(crate::backup::Manifest::rows),
                restore_seconds: entry.verification.as_ref().map(|found| found.seconds),
                says: entry
                    .manifest
                    .as_ref()
                    .err()
                    .cloned()
                    .or_else(|| entry.verification.as_ref().and_then(|found| found.defect.clone())),
            }
        })
        .collect();
    match Store::open(&config.database)?.list_backups(KNOWN).await {
        Ok(known) => rows.extend(
            known
                .into_iter()
                .filter(|row| row.engine == "pitr" || matches!(row.state.as_str(), "running" | "broken"))
                .filter(|row| catalog.entries.iter().all(|entry| entry.id != row.id))
                .map(|row| Row {
                    id: row.id,
                    engine: row.engine,
                    state: row.state,
                    made_at: Some(row.started_at),
                    bytes: row.bytes.and_then(|bytes| bytes.try_into().ok()),
                    database_bytes: None,
                    rows: None,
                    restore_seconds: row.verify_seconds,
                    says: row.error,
                }),
        ),
        Err(error) => globals.output().say(format!(
            "the database does not answer ({}): this is what is in {}",
            Causes(&error),
            site.storage.shown()
        )),
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.made_at));
    let columns = ["backup", "kind", "state", "of (utc)", "stored", "database", "rows", "restored in", ""];
    globals.output().rows(&columns, &rows, |row| {
        let dash = || "-".to_owned();
        vec![
            row.id.clone(),
            row.engine.clone(),
            row.state.clone(),
            minute(row.made_at),
            row.bytes.map_or_else(dash, size),
            row.database_bytes.map_or_else(dash, size),
            row.rows.map_or_else(dash, |rows| rows.to_string()),
            row.restore_seconds.map_or_else(dash, |seconds| format!("{seconds:.1} s")),
            row.says.clone().unwrap_or_default(),
        ]
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A size for people.
pub(in crate::cli) fn size(bytes: u64) -> String {
    let mib = bytes / (1 << 20);
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..1_048_576 => format!("{} KiB", bytes >> 10),
        _ if mib < 10_000 => format!("{mib} MiB"),
        _ => format!("{} GiB", mib >> 10),
    }
}
