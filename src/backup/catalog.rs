//! What is in the place of the backups: the truth about them, also when the database is gone.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use super::{
    BackupError, Manifest, Site,
    manifest::{DUMP, LIMIT, MANIFEST, VERIFICATION, manifest_name},
    site::begun_at,
};
use crate::storage::StorageError;

/// What has no manifest after this time will never have one.
const STALE: TimeDelta = TimeDelta::days(2);
/// Manifests read at once.
const AT_ONCE: usize = 8;

/// What a restore test found; beside the manifest, so that it outlives the database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// Everything in the manifest was there.
    pub passed: bool,
    /// When.
    pub at: DateTime<Utc>,
    /// Time from the first byte fetched to the last question answered: what a restore takes.
    pub seconds: f64,
    /// What was wrong.
    pub defect: Option<String>,
}

/// One backup.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub id: String,
    /// Its manifest, or why it cannot be read.
    pub manifest: Result<Manifest, String>,
    /// What the last restore test found; `None` where there was none.
    pub verification: Option<Verification>,
}

impl Entry {
    /// The last restore test passed.
    pub fn is_verified(&self) -> bool {
        self.manifest.is_ok() && self.verification.as_ref().is_some_and(|found| found.passed)
    }

    /// `unreadable`, `unverified`, `verified` or `failed`.
    pub fn state(&self) -> &'static str {
        match (&self.manifest, &self.verification) {
            (Err(_), _) => "unreadable",
            (Ok(_), None) => "unverified",
            (Ok(_), Some(found)) if found.passed => "verified",
            (Ok(_), Some(_)) => "failed",
        }
    }

    /// When its snapshot was taken.
    pub fn made_at(&self) -> Option<DateTime<Utc>> {
        self.manifest.as_ref().ok().map(|manifest| manifest.made_at).or_else(|| begun_at(&self.id))
    }
}

/// Everything in the place.
#[derive(Clone, Debug, Default)]
pub struct Catalog {
    /// Backups, oldest first.
    pub entries: Vec<Entry>,
    /// Names of what looks like a backup of ours and has no manifest: under way, or left by a process that was killed.
    pub unfinished: Vec<String>,
}

impl Catalog {
    /// Reads it.
    ///
    /// # Errors
    /// Where the place does not answer.
    pub async fn read(site: &Site) -> Result<Self, BackupError> {
        let mut folders: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for object in site.storage.list("").await? {
            if let Some((id, name)) = object.name.split_once('/')
                && begun_at(id).is_some()
            {
                folders.entry(id.to_owned()).or_default().push(name.to_owned());
            }
        }
        for id in site.storage.hidden()?.into_iter().filter(|id| begun_at(id).is_some()) {
            folders.entry(id).or_default();
        }
        let (whole, unfinished): (Vec<_>, Vec<_>) =
            folders.into_iter().partition(|(_, names)| names.iter().any(|name| name == MANIFEST));
        let entries = stream::iter(whole)
            .map(|(id, names)| async move {
                let tested = names.iter().any(|name| name == VERIFICATION);
                read_entry(site, id, tested).await
            })
            .buffered(AT_ONCE)
            .try_collect::<Vec<_>>()
            .await?;
        let entries = entries.into_iter().flatten().collect();
        Ok(Self { entries, unfinished: unfinished.into_iter().map(|(id, _)| id).collect() })
    }

    /// One backup by name; a part of a name will do where it fits one only.
    ///
    /// # Errors
    /// [`BackupError::Unknown`], [`BackupError::Refused`] where several fit.
    pub fn find(&self, site: &Site, id: &str) -> Result<&Entry, BackupError> {
        let mut fitting = self.entries.iter().filter(|entry| !id.is_empty() && entry.id.starts_with(id));
        match (fitting.next(), fitting.next()) {
            (Some(entry), None) => Ok(entry),
            (Some(_), Some(_)) => Err(BackupError::Refused(format!("more than one backup begins with {id}"))),
            (None, _) => {
                Err(BackupError::Unknown { id: id.to_owned(), place: site.storage.shown().to_owned() })
            }
        }
    }

    /// The newest that passed its restore test.
    pub fn newest_verified(&self) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.is_verified())
    }

    /// Removes what was left more than two days ago by processes that were killed; what is newer may be under way elsewhere.
    ///
    /// # Errors
    /// Where the place does not answer.
    pub async fn sweep(&self, site: &Site) -> Result<usize, BackupError> {
        let mut removed = 0;
        for id in &self.unfinished {
            if begun_at(id).is_some_and(|begun| begun + STALE < site.clock.now()) {
                remove(site, id, None).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// `None` where it was deleted in the meantime.
async fn read_entry(site: &Site, id: String, tested: bool) -> Result<Option<Entry>, BackupError> {
    let manifest = match site.storage.read(&manifest_name(&id), LIMIT).await {
        Ok(text) => Manifest::read(&id, &text),
        Err(StorageError::Missing(_)) => return Ok(None),
        Err(StorageError::Settings(message)) => Err(message),
        Err(error) => return Err(error.into()),
    };
    let verification = if tested {
        match site.storage.read(&format!("{id}/{VERIFICATION}"), LIMIT).await {
            Ok(text) => serde_json::from_slice(&text).ok(),
            Err(StorageError::Missing(_) | StorageError::Settings(_)) => None,
            Err(error) => return Err(error.into()),
        }
    } else {
        None
    };
    Ok(Some(Entry { id, manifest, verification }))
}

/// Removes everything of a backup, its manifest first: from then on it is none.
pub(super) async fn remove(site: &Site, id: &str, upload_id: Option<&str>) -> Result<(), BackupError> {
    site.storage.delete(&manifest_name(id)).await?;
    for object in site.storage.list(id).await? {
        site.storage.delete(&object.name).await?;
    }
    site.storage.abandon(&format!("{id}/{DUMP}"), upload_id).await?;
    Ok(())
}
