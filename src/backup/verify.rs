//! The restore test: a backup is good when it was restored.
//!
//! Everything is fetched from the place of the backups anew and restored into a cluster that is thrown away; what the manifest says must
//! be there. What is wrong with the backup is a [`Defect`] and makes it `failed`; what is wrong with this machine (no programs, no space,
//! no network) is an error and says nothing of the backup.

use std::{fmt, time::Duration};

use age::x25519::Identity;
use tokio::time::Instant;

use super::{
    BackupError, Catalog, Entry, Manifest, Site, Tested, Verification, Watch,
    compare::differences,
    connection::Connection,
    dump::{free_bytes, size_of},
    keys,
    manifest::VERIFICATION,
    process,
    restore::{Manner, pour},
    site::given,
    survey,
};
use crate::{
    servers::{Scratch, ScratchOptions, scratch_dir},
    storage::StorageError,
    store::{Snapshot, Store},
    telemetry::Causes,
};

/// A restored database may be this much larger than the one that was backed up (percent).
const GROWTH: u64 = 130;
/// How often the space on the disk is looked at.
const LOOK: Duration = Duration::from_secs(1);
/// For restoring, not for keeping; what is lost in a crash is thrown away anyway.
const SETTINGS: [&str; 7] = [
    "autovacuum=off",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=1GB",
    "maintenance_work_mem=256MB",
    "shared_buffers=256MB",
    "synchronous_commit=off",
];

/// What is wrong with a backup, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect(pub String);

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Steps with the seconds they took.
struct Steps {
    since: Instant,
    done: Vec<(String, f64)>,
}

impl Steps {
    fn new() -> Self {
        Self { since: Instant::now(), done: Vec::new() }
    }

    fn step(&mut self, name: &str) {
        self.done.push((name.to_owned(), self.since.elapsed().as_secs_f64()));
        self.since = Instant::now();
    }
}

/// Tests a backup, the newest where none is named, and writes what it found beside the manifest (and to `store`).
///
/// # Errors
/// Where the test could not be made.
pub async fn test_restore(
    site: &Site,
    store: Option<&Store>,
    id: Option<&str>,
    watch: &Watch,
) -> Result<Tested, BackupError> {
    let identity = keys::identity(site.backup())?;
    let catalog = Catalog::read(site).await?;
    let entry = match id {
        Some(id) => catalog.find(site, id)?,
        None => catalog.entries.last().ok_or_else(|| {
            BackupError::Refused(format!("there is no backup in {} yet", site.storage.shown()))
        })?,
    };
    let started = Instant::now();
    let mut steps = Steps::new();
    let (found, rows) = match &entry.manifest {
        Err(message) => (Err(Defect(message.clone())), 0),
        Ok(manifest) => {
            let attempt = watch.until(attempt(site, manifest, identity, watch, &mut steps));
            (Box::pin(attempt).await?, manifest.rows())
        }
    };
    let tested = Tested {
        id: entry.id.clone(),
        defect: found.err().map(|defect| defect.0),
        seconds: started.elapsed().as_secs_f64(),
        rows,
        steps: steps.done,
    };
    keep(site, store, entry, &tested).await?;
    Ok(tested)
}

/// Writes down how it ended.
async fn keep(site: &Site, store: Option<&Store>, entry: &Entry, tested: &Tested) -> Result<(), BackupError> {
    let at = site.clock.now();
    let verification =
        Verification { passed: tested.passed(), at, seconds: tested.seconds, defect: tested.defect.clone() };
    site.write_json(&format!("{}/{VERIFICATION}", entry.id), &verification, false).await?;
    let Some(store) = store else { return Ok(()) };
    if let Ok(manifest) = &entry.manifest {
        store.adopt_backup(&entry.id, site.storage.shown(), manifest.made_at, size_of(manifest)).await?;
    }
    store.mark_backup_tested(&entry.id, at, tested.seconds, tested.defect.as_deref()).await?;
    Ok(())
}

async fn attempt(
    site: &Site,
    manifest: &Manifest,
    identity: Identity,
    watch: &Watch,
    steps: &mut Steps,
) -> Result<Result<(), Defect>, BackupError> {
    let name = manifest.dump_name();
    let stored = site.storage.list(&manifest.id).await?;
    match stored.iter().find(|object| object.name == name).map(|object| object.bytes) {
        None => return Ok(Err(Defect(format!("{name} is missing")))),
        Some(bytes) if bytes != manifest.dump.bytes => {
            return Ok(Err(Defect(format!("{name} has {bytes} bytes, expected {}", manifest.dump.bytes))));
        }
        Some(_) => {}
    }
    if manifest.tables.is_empty() {
        return Ok(Err(Defect("the manifest has no tables".to_owned())));
    }
    let parent = scratch_dir(given(&site.backup().scratch));
    let reserve = site.backup().reserve_mib << 20;
    room(&parent, manifest.database_bytes / 100 * GROWTH + reserve)?;
    let scratch = Scratch::start(&ScratchOptions {
        parent: Some(parent),
        programs: given(&site.backup().programs).map(Into::into),
        major: manifest.server_major,
        settings: SETTINGS.map(str::to_owned).to_vec(),
    })
    .await
    .map_err(BackupError::Server)?;
    steps.step("cluster");
    let looked = async {
        tokio::select! {
            looked = look(site, manifest, identity, &scratch, watch, steps) => looked,
            full = watch_disk(&scratch, reserve / 2) => Err(full),
        }
    };
    let looked = looked.await;
    if let Err(error) = scratch.stop().await {
        tracing::warn!(error = %format!("{error:#}"), "a throw-away cluster stays");
    }
    looked
}

async fn look(
    site: &Site,
    manifest: &Manifest,
    identity: Identity,
    scratch: &Scratch,
    watch: &Watch,
    steps: &mut Steps,
) -> Result<Result<(), Defect>, BackupError> {
    let connection = Connection::read(&scratch.url, "throw-away cluster")?;
    let tools = site.tools(manifest.server_major).await?;
    let manner = Manner { single_transaction: false, privileges: false };
    let poured = match pour(site, manifest, identity, &connection, &tools, manner, watch).await {
        Err(BackupError::Storage(StorageError::Missing(name))) => {
            return Ok(Err(Defect(format!("{name} is missing"))));
        }
        poured => poured?,
    };
    steps.step("restore");
    if let Some(defect) = poured.defect(manifest)? {
        return Ok(Err(Defect(defect)));
    }
    let mut snapshot = Snapshot::take(&scratch.url).await?;
    let survey = survey(&mut snapshot, watch).await;
    let compared = survey.map(|survey| differences(manifest, &survey));
    steps.step("compare");
    let smoke = if manifest.migrations.is_empty() { Ok(()) } else { snapshot.smoke().await };
    steps.step("smoke queries");
    snapshot.end().await;
    let compared = compared?;
    if !compared.is_empty() {
        let more = compared.len().saturating_sub(10);
        let first = compared.into_iter().take(10).collect::<Vec<_>>().join("; ");
        let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
        return Ok(Err(Defect(format!("{first}{rest}"))));
    }
    if let Err(error) = smoke {
        return Ok(Err(Defect(format!("smoke query: {}", Causes(&error)))));
    }
    let checked = check_indexes(scratch, &connection).await;
    steps.step("pg_amcheck");
    match checked {
        Err(BackupError::Program { said, .. }) => Ok(Err(Defect(format!("pg_amcheck: {said}")))),
        checked => checked.map(Ok),
    }
}

/// Compares tables with their indexes, where the server has the program for it.
async fn check_indexes(scratch: &Scratch, connection: &Connection) -> Result<(), BackupError> {
    let Some(mut command) = scratch.program("pg_amcheck") else { return Ok(()) };
    command.args(["--install-missing", "--heapallindexed", "--no-password"]);
    command.arg(format!("--database={}", connection.database().unwrap_or("postgres")));
    connection.apply(&mut command);
    let checked = tokio::task::spawn_blocking(move || process::output("pg_amcheck", command));
    match checked.await.map_err(|error| BackupError::system("run pg_amcheck")(error.into()))? {
        // The module it needs is in a package of its own on some systems.
        Err(BackupError::Program { said, .. }) if said.contains("amcheck.control") => {
            tracing::warn!("the module amcheck is not installed: indexes are not compared with their tables");
            Ok(())
        }
        checked => checked.map(drop),
    }
}

fn room(folder: &std::path::Path, needed: u64) -> Result<(), BackupError> {
    let existing = folder.ancestors().find(|folder| folder.exists()).unwrap_or(folder);
    let free = free_bytes(existing)?;
    if free >= needed {
        return Ok(());
    }
    Err(BackupError::Refused(format!(
        "{}: {} MiB are free, expected {} for a restore test; name another folder in backup.scratch",
        folder.display(),
        free >> 20,
        needed >> 20
    )))
}

/// Ends only where the disk is about to be full.
async fn watch_disk(scratch: &Scratch, reserve: u64) -> BackupError {
    loop {
        tokio::time::sleep(LOOK).await;
        match free_bytes(scratch.folder()) {
            Ok(free) if free < reserve => {
                return BackupError::Refused(format!(
                    "{}: {} MiB are free, the restore test is given up before the disk is full",
                    scratch.folder().display(),
                    free >> 20
                ));
            }
            _ => {}
        }
    }
}
