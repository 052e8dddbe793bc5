//! From the place of the backups into a database: fetched, checked, decrypted and restored as it comes, with nothing in between on disk.

use std::{io, process::Stdio, time::Duration};

use age::x25519::Identity;
use futures::StreamExt as _;
use serde::Serialize;
use tokio::{sync::mpsc, time::Instant};

use super::{
    BackupError, Catalog, Manifest, Site, Unsealed, Watch,
    compare::differences,
    connection::Connection,
    process::{Group, KillOnDrop},
    seal::Seen,
    survey, unseal,
};
use crate::{
    servers::ClientTools,
    store::{RestoreTarget, Snapshot},
};

/// Pieces that wait for the thread.
const AHEAD: usize = 1;
/// Longest restore.
const LIMIT: Duration = Duration::from_hours(12);

/// What a person wants.
#[derive(Clone, Debug)]
pub struct RestoreWish {
    /// Name of the backup, or the beginning of one.
    pub id: String,
    /// Address of the database it goes into.
    pub into: String,
    /// Removes what is in it.
    pub force: bool,
    /// Gives the rights in the backup to the roles they name, which must be there.
    pub privileges: bool,
}

/// A backup that was restored.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Restored {
    /// Its name.
    pub id: String,
    /// The moment it holds.
    pub made_at: chrono::DateTime<chrono::Utc>,
    /// Rows that were compared.
    pub rows: i64,
    /// Time it took.
    pub seconds: f64,
    /// What is not as the manifest says; empty where all of it is.
    pub differences: Vec<String>,
}

/// What came of pouring a dump into `pg_restore`.
pub(super) struct Poured {
    /// Size and SHA-256 of what was fetched.
    pub seen: io::Result<Seen>,
    /// Bytes of the dump.
    pub opened: Result<u64, Unsealed>,
    /// How `pg_restore` ended.
    pub restored: Result<(), BackupError>,
}

/// Which parts of a dump are left out, and how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// All of it or nothing.
    pub single_transaction: bool,
    /// With the rights of roles.
    pub privileges: bool,
}

/// Fetches, decrypts and restores.
pub(super) async fn pour(
    site: &Site,
    manifest: &Manifest,
    identity: Identity,
    connection: &Connection,
    tools: &ClientTools,
    manner: Manner,
    watch: &Watch,
) -> Result<Poured, BackupError> {
    let (size, mut pieces) = site.storage.stream(&manifest.dump_name()).await?;
    let mut command = tools.command("pg_restore");
    command.args(["--exit-on-error", "--no-owner", "--no-password"]);
    if manner.single_transaction {
        command.arg("--single-transaction");
    }
    if !manner.privileges {
        command.arg("--no-privileges");
    }
    command.arg(format!("--dbname={}", connection.database().unwrap_or("postgres")));
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    connection.apply(&mut command);
    let mut group = Group::start("pg_restore", command)?;
    let _killed = KillOnDrop(group.killer());
    let stdin = group.stdin().map_err(BackupError::system("write to pg_restore"))?;
    let (to, from) = mpsc::channel(AHEAD);
    let restoring = tokio::task::spawn_blocking(move || {
        let (seen, opened) = unseal(from, &identity, stdin);
        if !matches!(opened, Ok(_) | Err(Unsealed::Pipe(_))) {
            group.killer().kill();
        }
        Poured { seen, opened, restored: group.finish() }
    });
    let fetched = async {
        let mut done = 0;
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| error.to_string());
            done += piece.as_ref().map_or(0, |piece| piece.len() as u64);
            let failed = piece.is_err();
            (watch.progress)(done, size);
            if to.send(piece).await.is_err() || failed {
                break;
            }
        }
        drop(to);
        restoring.await.map_err(|error| BackupError::system("restore the dump")(error.into()))
    };
    let limited = async {
        tokio::time::timeout(LIMIT, fetched)
            .await
            .unwrap_or_else(|_| Err(BackupError::TooLong { what: "the restore".to_owned(), limit: LIMIT }))
    };
    watch.until(limited).await
}

/// Fetches and opens all of it, and keeps nothing.
async fn rehearse(
    site: &Site,
    manifest: &Manifest,
    identity: Identity,
    watch: &Watch,
) -> Result<(), BackupError> {
    let (size, mut pieces) = site.storage.stream(&manifest.dump_name()).await?;
    let (to, from) = mpsc::channel(AHEAD);
    let opening = tokio::task::spawn_blocking(move || unseal(from, &identity, io::sink()));
    let fetched = async {
        let mut done = 0;
        while let Some(piece) = pieces.next().await {
            let piece = piece?;
            done += piece.len() as u64;
            (watch.progress)(done, size);
            if to.send(Ok(piece)).await.is_err() {
                break;
            }
        }
        drop(to);
        opening.await.map_err(|error| BackupError::system("open the dump")(error.into()))
    };
    let (seen, opened) = watch.until(fetched).await?;
    let looked = Poured { seen, opened, restored: Ok(()) };
    match looked.defect(manifest)? {
        Some(defect) => Err(BackupError::Refused(format!("{}: {defect}; nothing was touched", manifest.id))),
        None => Ok(()),
    }
}

impl Poured {
    /// What is wrong with what was fetched: `Ok` with the error of `pg_restore` where the bytes were right.
    pub(super) fn defect(self, manifest: &Manifest) -> Result<Option<String>, BackupError> {
        let (bytes, sha256) = self.seen.map_err(BackupError::system("fetch the dump"))?;
        let mut wrong = Vec::new();
        if bytes != manifest.dump.bytes {
            wrong.push(format!("the dump has {bytes} bytes, expected {}", manifest.dump.bytes));
        } else if sha256 != manifest.dump.sha256 {
            wrong.push("the dump is not the one that was uploaded (SHA-256)".to_owned());
        }
        match self.opened {
            Ok(plain) if plain != manifest.dump.plain_bytes => {
                wrong
                    .push(format!("the dump opens to {plain} bytes, expected {}", manifest.dump.plain_bytes));
            }
            Err(error @ (Unsealed::Key | Unsealed::Damaged(_))) => wrong.push(error.to_string()),
            Ok(_) | Err(Unsealed::Pipe(_)) => {}
        }
        match (self.restored, wrong.is_empty()) {
            (Err(error @ BackupError::Program { .. }), true) => wrong.push(error.to_string()),
            (Err(error), true) => return Err(error),
            (Ok(()) | Err(_), _) => {}
        }
        Ok((!wrong.is_empty()).then(|| wrong.join("; ")))
    }
}

/// Restores a backup into a database for people. The database is marked from the first moment on, and in quarantine at the end.
///
/// # Errors
/// Where the database is not empty, or the backup is damaged: then nothing of it is in the database.
pub async fn restore(
    site: &Site,
    wish: &RestoreWish,
    identity: Identity,
    watch: &Watch,
) -> Result<Restored, BackupError> {
    let started = Instant::now();
    let catalog = Catalog::read(site).await?;
    let entry = catalog.find(site, &wish.id)?;
    let manifest = entry.manifest.clone().map_err(BackupError::Refused)?;
    let connection = Connection::read(&wish.into, "--into")?;
    let mut look = Snapshot::take(&wish.into).await?;
    let facts = look.facts().await;
    look.end().await;
    let facts = facts?;
    if facts.major < manifest.server_major {
        return Err(BackupError::Refused(format!(
            "the backup is of PostgreSQL {}, and --into is {}: expected {} or newer",
            manifest.server_version, facts.version, manifest.server_major
        )));
    }
    let tools = site.tools(manifest.server_major).await?;
    let mut target = RestoreTarget::open(&wish.into).await?;
    let poured = async {
        let there = target.in_the_way().await?;
        if there.relations > 0 && !wish.force {
            return Err(BackupError::Refused(format!(
                "--into is not empty ({} tables, views and sequences): name an empty database, or --force removes what is there",
                there.relations
            )));
        }
        if there.sessions > 0 {
            return Err(BackupError::Refused(format!(
                "--into is in use by {} sessions: stop the daemons and the web application first",
                there.sessions
            )));
        }
        if there.relations > 0 {
            // What is there goes only for a backup that can be opened to its end.
            rehearse(site, &manifest, identity.clone(), watch).await?;
        }
        target.begin(&manifest.id).await?;
        if there.relations > 0 {
            target.clear().await?;
        }
        let manner = Manner { single_transaction: true, privileges: wish.privileges };
        let poured = pour(site, &manifest, identity, &connection, &tools, manner, watch).await?;
        match poured.defect(&manifest)? {
            Some(defect) => {
                Err(BackupError::Refused(format!("{}: {defect}; nothing was restored", manifest.id)))
            }
            None => Ok(()),
        }
    };
    poured.await?;
    let mut snapshot = Snapshot::take(&wish.into).await?;
    let survey = survey(&mut snapshot, watch).await;
    snapshot.end().await;
    let differences = differences(&manifest, &survey?);
    let reason =
        format!("restored from backup {}, which is of {}", manifest.id, manifest.made_at.format("%F %T UTC"));
    target.finish(&reason).await?;
    target.close().await;
    Ok(Restored {
        id: manifest.id.clone(),
        made_at: manifest.made_at,
        rows: manifest.rows(),
        seconds: started.elapsed().as_secs_f64(),
        differences,
    })
}
