//! A logical backup, from snapshot to manifest.
//!
//! One thread reads `pg_dump`, compresses and encrypts; this task uploads what comes and, at the same time, counts and hashes the tables in
//! the snapshot that `pg_dump` reads. Three pieces of the upload are in memory and nothing is on disk. Whatever fails before the
//! manifest is written leaves no backup; what it leaves instead is removed by the next one.

use std::{
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use age::x25519::Recipient;
use bytes::Bytes;
use serde::Serialize;
use tokio::{sync::mpsc, time::Instant};

use super::{
    BackupError, Catalog, DumpObject, Manifest, Sealed, Site, Survey, Watch, catalog,
    connection::Connection,
    keys,
    manifest::{DUMP, FORMAT, manifest_name},
    process::{Group, KillOnDrop},
    seal, survey,
};
use crate::{
    servers::ClientTools,
    storage::Upload,
    store::{BackupSize, DatabaseFacts, Snapshot, Store},
    telemetry::Causes,
};

/// How often progress is told while nothing is uploaded.
const TELL: Duration = Duration::from_millis(500);
/// The floor looks back so far.
const LAST: usize = 5;
/// A folder must have room for this share of the database.
const ROOM: u64 = 2;

/// The engine that works everywhere.
#[derive(Clone, Debug)]
pub struct LogicalDump {
    pub(super) site: Site,
    pub(super) store: Store,
    any_size: bool,
}

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Made {
    /// Its name.
    pub id: String,
    /// As stored.
    pub bytes: u64,
    /// Before compression.
    pub plain_bytes: u64,
    /// Rows in all tables.
    pub rows: i64,
    /// Time it took.
    pub seconds: f64,
}

/// What a backup needs, checked.
pub(super) struct Ready {
    facts: DatabaseFacts,
    pub(super) tools: ClientTools,
    recipients: Vec<Recipient>,
    connection: Connection,
}

impl LogicalDump {
    /// Over this place and this database.
    pub fn new(site: Site, store: Store) -> Self {
        Self { site, store, any_size: false }
    }

    /// Takes a backup that is far smaller than those before it.
    #[must_use]
    pub fn with_any_size(mut self, any_size: bool) -> Self {
        self.any_size = any_size;
        self
    }

    /// Makes one backup.
    ///
    /// # Errors
    /// Says what was in the way; then there is no new backup.
    pub async fn run(&self, watch: &Watch) -> Result<Made, BackupError> {
        let address = self.site.session_url()?;
        let mut snapshot = watch.until(async { Ok(Snapshot::take(address).await?) }).await?;
        let made = Box::pin(self.with_snapshot(&mut snapshot, watch)).await;
        snapshot.end().await;
        made
    }

    async fn with_snapshot(&self, snapshot: &mut Snapshot, watch: &Watch) -> Result<Made, BackupError> {
        if !snapshot.lock().await? {
            return Err(BackupError::Busy);
        }
        if snapshot.is_half_restored().await? {
            return Err(BackupError::Refused(
                "a restore into this database was begun and has not ended: restore it again, then back it up"
                    .to_owned(),
            ));
        }
        let ready = self.ready(snapshot).await?;
        self.clean().await?;
        let (started, id) = (Instant::now(), self.site.new_id());
        let mut upload = match self.begin(&id).await {
            Ok(upload) => upload,
            Err(error) => return Err(self.give_up(&id, error).await),
        };
        let made_at = self.site.clock.now();
        let dumped = self.dump(snapshot, &ready, &mut upload, watch).await;
        let made = match dumped {
            Ok((sealed, survey)) => {
                let manifest = manifest(&id, made_at, started, &ready, survey, &sealed);
                self.keep(upload, &manifest).await.map(|()| manifest)
            }
            Err(error) => {
                if let Err(error) = upload.abort().await {
                    tracing::warn!(backup = id, error = %Causes(&error), "an upload could not be given up");
                }
                Err(error)
            }
        };
        match made {
            Ok(manifest) => self.made(&manifest).await,
            Err(error) => Err(self.give_up(&id, error).await),
        }
    }

    /// Known before it is begun, and again by its number, so that the next one can give it up.
    async fn begin(&self, id: &str) -> Result<Upload, BackupError> {
        let place = self.site.storage.shown();
        self.store.insert_backup(id, "logical", place, None).await?;
        let upload = self.site.storage.begin(&format!("{id}/{DUMP}")).await?;
        if upload.id().is_some() {
            self.store.insert_backup(id, "logical", place, upload.id()).await?;
        }
        Ok(upload)
    }

    /// Removes what there is of it and notes why.
    async fn give_up(&self, id: &str, error: BackupError) -> BackupError {
        let removed = catalog::remove(&self.site, id, None).await;
        let noted = self.store.mark_backup_broken(id, &error.to_string()).await;
        if let (Err(error), _) | (_, Err(error)) = (removed, noted.map_err(BackupError::from)) {
            tracing::warn!(backup = id, %error, "what a failed backup left is removed by the next one");
        }
        error
    }

    pub(super) async fn ready(&self, snapshot: &mut Snapshot) -> Result<Ready, BackupError> {
        let facts = snapshot.facts().await?;
        let recipients = keys::recipients(self.site.backup())?;
        let connection = Connection::read(self.site.session_url()?, "database.url")?;
        let tools = self.site.tools(facts.major).await?;
        if let Some(folder) = self.site.storage.as_folder() {
            let free = free_bytes(folder)?;
            if free < facts.bytes / ROOM {
                return Err(BackupError::Refused(format!(
                    "{}: {} MiB are free, expected {} for a database of {} MiB",
                    folder.display(),
                    free >> 20,
                    (facts.bytes / ROOM) >> 20,
                    facts.bytes >> 20
                )));
            }
        }
        Ok(Ready { facts, tools, recipients, connection })
    }

    /// Removes what killed backups of this database left; it holds the lock, so none is under way.
    async fn clean(&self) -> Result<(), BackupError> {
        let running = self.store.list_running_backups("logical").await?;
        let place = self.site.storage.shown();
        for row in running.iter().filter(|row| row.place == place) {
            let catalog = Catalog::read(&self.site).await?;
            if let Some(Ok(manifest)) =
                catalog.entries.iter().find(|entry| entry.id == row.id).map(|entry| &entry.manifest)
            {
                // It was killed after the manifest: it is a backup.
                self.store.mark_backup_made(&row.id, size_of(manifest)).await?;
                continue;
            }
            catalog::remove(&self.site, &row.id, row.upload_id.as_deref()).await?;
            self.store.mark_backup_broken(&row.id, "the process was killed").await?;
            tracing::warn!(backup = row.id, "what a killed backup left is removed");
        }
        let swept = Catalog::read(&self.site).await?.sweep(&self.site).await?;
        if swept > 0 {
            tracing::warn!(swept, "what killed backups left is removed");
        }
        Ok(())
    }

    /// Dumps and surveys at the same time.
    async fn dump(
        &self,
        snapshot: &mut Snapshot,
        ready: &Ready,
        upload: &mut Upload,
        watch: &Watch,
    ) -> Result<(Sealed, Survey), BackupError> {
        let mut command = ready.tools.command("pg_dump");
        command
            .args(["--format=custom", "--compress=0", "--no-password"])
            .arg(format!("--snapshot={}", snapshot.id()))
            .arg(format!("--lock-wait-timeout={}", self.site.backup().lock_timeout.as_millis()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        ready.connection.apply(&mut command);
        let mut group = Group::start("pg_dump", command)?;
        let _killed = KillOnDrop(group.killer());
        let stdout = group.stdout().map_err(BackupError::system("read from pg_dump"))?;
        let (to, from) = mpsc::channel(1);
        let passed = Arc::new(AtomicU64::new(0));
        let piece = usize::try_from(self.site.backup().part_mib).unwrap_or(16) << 20;
        let (recipients, level) = (ready.recipients.clone(), self.site.backup().compression);
        let counted = Arc::clone(&passed);
        let sealing = tokio::task::spawn_blocking(move || {
            let sealed = seal(stdout, &recipients, level, to, piece, &counted);
            // What the program says explains a pipe that broke.
            group.finish()?;
            sealed.map_err(BackupError::system("seal the dump"))
        });
        let sent = async {
            send(from, upload, &passed, ready.facts.bytes, watch).await?;
            sealing.await.map_err(|error| BackupError::system("seal the dump")(error.into()))?
        };
        let survey = survey(snapshot, watch);
        let (sealed, survey) = watch.until(async { tokio::try_join!(sent, survey) }).await?;
        if !sealed.is_dump || survey.tables.is_empty() {
            return Err(BackupError::Refused(
                "pg_dump gave no dump, or the database has no tables".to_owned(),
            ));
        }
        self.floor(sealed.bytes).await?;
        Ok((sealed, survey))
    }

    /// Refuses what is far smaller than the last ones.
    async fn floor(&self, bytes: u64) -> Result<(), BackupError> {
        if self.any_size {
            return Ok(());
        }
        let catalog = Catalog::read(&self.site).await?;
        let mut sizes: Vec<u64> = catalog
            .entries
            .iter()
            .rev()
            .filter_map(|entry| entry.manifest.as_ref().ok())
            .take(LAST)
            .map(|manifest| manifest.dump.bytes)
            .collect();
        sizes.sort_unstable();
        let Some(median) = sizes.get(sizes.len() / 2) else { return Ok(()) };
        let share = (self.site.backup().floor * 1000.0).round();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 1000, by the settings"
        )]
        let floor = median / 1000 * share as u64;
        if bytes < floor { Err(BackupError::TooSmall { bytes, floor }) } else { Ok(()) }
    }

    /// Makes the upload an object, and then the object a backup.
    async fn keep(&self, upload: Upload, manifest: &Manifest) -> Result<(), BackupError> {
        upload.complete().await?;
        let name = manifest.dump_name();
        let stored = self.site.storage.list(&manifest.id).await?;
        let bytes = stored.iter().find(|object| object.name == name).map(|object| object.bytes);
        if bytes != Some(manifest.dump.bytes) {
            return Err(BackupError::Refused(format!(
                "{name} has {} bytes in {}, expected {}",
                bytes.unwrap_or(0),
                self.site.storage.shown(),
                manifest.dump.bytes
            )));
        }
        self.site.write_json(&manifest_name(&manifest.id), manifest, true).await
    }

    /// It is a backup, whatever becomes of the row.
    async fn made(&self, manifest: &Manifest) -> Result<Made, BackupError> {
        if let Err(error) = self.store.mark_backup_made(&manifest.id, size_of(manifest)).await {
            tracing::warn!(backup = manifest.id, error = %Causes(&error), "a backup is made and not noted in the database yet");
        }
        Ok(Made {
            id: manifest.id.clone(),
            bytes: manifest.dump.bytes,
            plain_bytes: manifest.dump.plain_bytes,
            rows: manifest.rows(),
            seconds: manifest.seconds,
        })
    }
}

/// Sends pieces as they come and tells how far the dump is.
async fn send(
    mut from: mpsc::Receiver<Bytes>,
    upload: &mut Upload,
    passed: &AtomicU64,
    total: u64,
    watch: &Watch,
) -> Result<(), BackupError> {
    let mut tell = tokio::time::interval(TELL);
    tell.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            piece = from.recv() => match piece {
                Some(piece) => upload.push(piece).await?,
                None => return Ok(()),
            },
            _ = tell.tick() => {
                let done = passed.load(Ordering::Relaxed);
                (watch.progress)(done, total.max(done));
            }
        }
    }
}

fn manifest(
    id: &str,
    made_at: chrono::DateTime<chrono::Utc>,
    started: Instant,
    ready: &Ready,
    survey: Survey,
    sealed: &Sealed,
) -> Manifest {
    Manifest {
        format: FORMAT,
        id: id.to_owned(),
        made_at,
        seconds: started.elapsed().as_secs_f64(),
        database: survey.facts.database,
        database_bytes: survey.facts.bytes,
        server_version: survey.facts.version,
        server_major: survey.facts.major,
        migrations: survey.facts.migrations,
        objects: survey.facts.objects,
        tables: survey.tables,
        sequences: survey.sequences,
        dump: DumpObject {
            name: DUMP.to_owned(),
            bytes: sealed.bytes,
            plain_bytes: sealed.plain_bytes,
            sha256: sealed.sha256.clone(),
        },
        recipients: ready.recipients.iter().map(ToString::to_string).collect(),
        tools: vec![
            ready.tools.version.clone(),
            concat!("career-worker ", env!("CARGO_PKG_VERSION")).to_owned(),
        ],
    }
}

pub(super) fn size_of(manifest: &Manifest) -> BackupSize {
    BackupSize {
        bytes: manifest.dump.bytes,
        plain_bytes: manifest.dump.plain_bytes,
        seconds: manifest.seconds,
    }
}

/// Free space on the disk of a folder.
pub(super) fn free_bytes(folder: &std::path::Path) -> Result<u64, BackupError> {
    let stat = rustix::fs::statvfs(folder).map_err(|error| {
        BackupError::system(format!("look at the disk of {}", folder.display()))(error.into())
    })?;
    Ok(stat.f_bavail * stat.f_frsize)
}
