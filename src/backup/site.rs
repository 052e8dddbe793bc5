//! What every operation on backups has at hand.

use std::{future::Future, sync::Arc};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use tokio_util::sync::CancellationToken;

use super::BackupError;
use crate::{
    clock::Clock,
    config::{BackupConfig, Config},
    random::Random,
    servers::{ClientTools, cache_dir, client_tools},
    storage::Storage,
};

/// The place of the backups, and what is needed to use it. It works without the database. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Site {
    /// All settings.
    pub config: Arc<Config>,
    /// The place.
    pub storage: Storage,
    /// Time.
    pub clock: Clock,
    /// Chance.
    pub random: Random,
}

impl Site {
    /// Opens the place in the settings; `None` where they name none.
    ///
    /// # Errors
    /// [`BackupError::Storage`] says what in them cannot be used.
    pub fn open(config: Arc<Config>, clock: Clock, random: Random) -> Result<Option<Self>, BackupError> {
        let storage = Storage::open(&config.backup)?;
        Ok(storage.map(|storage| Self { config, storage, clock, random }))
    }

    /// `[backup]`
    pub fn backup(&self) -> &BackupConfig {
        &self.config.backup
    }

    /// The address of the server itself: a snapshot is shared among sessions.
    pub(super) fn session_url(&self) -> Result<&str, BackupError> {
        let url = self.config.database.session_url();
        url.map(ExposeSecret::expose_secret).map_err(|error| BackupError::Settings(error.to_string()))
    }

    /// A new name, sorted by time.
    pub(super) fn new_id(&self) -> String {
        let chance = u32::from_be_bytes(self.random.bytes());
        format!("{}-{chance:08x}", self.clock.now().format("%Y%m%dT%H%M%SZ"))
    }

    /// `pg_dump` and its kin for a server of this major version.
    pub(super) async fn tools(&self, major: u32) -> Result<ClientTools, BackupError> {
        let given = given(&self.backup().programs);
        let tools = client_tools(given, &cache_dir(), major).await;
        tools.map_err(|error| BackupError::Refused(format!("{error:#}")))
    }

    pub(super) async fn write_json<T: serde::Serialize + Sync>(
        &self,
        name: &str,
        value: &T,
        create: bool,
    ) -> Result<(), BackupError> {
        let text = serde_json::to_vec_pretty(value)
            .map_err(|error| BackupError::Refused(format!("{name}: {error}")))?;
        let text = Bytes::from(text);
        if create {
            self.storage.create(name, text).await?;
        } else {
            self.storage.write(name, text).await?;
        }
        Ok(())
    }
}

/// A folder in the settings, unless it is empty.
pub(super) fn given(folder: &std::path::Path) -> Option<&std::path::Path> {
    (!folder.as_os_str().is_empty()).then_some(folder)
}

/// When a backup of this name was begun; `None` where it is no name of ours.
pub(super) fn begun_at(id: &str) -> Option<DateTime<Utc>> {
    let (time, chance) = id.split_once('-')?;
    let read = chrono::NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%SZ").ok()?;
    (chance.len() == 8 && chance.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| read.and_utc())
}

/// How those outside see and stop it.
#[derive(Clone)]
pub struct Watch {
    /// Called with bytes done and bytes in all, as far as known.
    pub progress: Arc<dyn Fn(u64, u64) + Send + Sync>,
    /// Ends it, and leaves nothing behind that looks whole.
    pub cancelled: CancellationToken,
}

impl Default for Watch {
    fn default() -> Self {
        Self { progress: Arc::new(|_, _| {}), cancelled: CancellationToken::new() }
    }
}

impl std::fmt::Debug for Watch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("cancelled", &self.cancelled.is_cancelled()).finish_non_exhaustive()
    }
}

impl Watch {
    /// Waits for `work`, or gives it up when it is cancelled.
    pub(super) async fn until<T>(
        &self,
        work: impl Future<Output = Result<T, BackupError>>,
    ) -> Result<T, BackupError> {
        tokio::select! {
            result = work => result,
            () = self.cancelled.cancelled() => Err(BackupError::Cancelled),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_when_they_were_made() {
        let at = begun_at("20261126T031501Z-0a1b2c3d").unwrap();
        assert_eq!(at.to_rfc3339(), "2026-11-26T03:15:01+00:00");
        for other in
            ["20261126T031501Z", "20261126T031501Z-0a1b2c3", "lost+found", "20261326T031501Z-0a1b2c3d"]
        {
            assert_eq!(begun_at(other), None, "{other}");
        }
    }
}
