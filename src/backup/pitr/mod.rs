//! Continuous archiving by pgBackRest, where the server is ours: any moment of the last days.
//!
//! The server hands each segment of its WAL to pgBackRest, which keeps them encrypted beside full and incremental copies of the files. A
//! canary is written every minute, so that a restore to a moment can be checked: its newest canary must be the last one before that
//! moment. `pgbackrest verify` ends well on damaged repositories, so what it *says* is judged (see [`info::verdict`]).

mod info;
mod restore;
mod settings;

use std::{path::Path, process::Command, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use tokio::time::Instant;
use url::Url;

pub use info::{Archive, verdict};
pub use restore::Recovery;

use super::{BackupEngine, BackupError, Found, Made, Preflight, Tested, Watch, Which, Work, process};
use crate::{
    clock::Clock,
    config::{Config, PitrConfig},
    random::Random,
    servers::Account,
    store::{BackupSize, Store},
};

/// A moment is drawn from this many days.
const DRAWN: TimeDelta = TimeDelta::days(7);
/// The newest minutes may not be archived yet.
const RECENT: TimeDelta = TimeDelta::minutes(5);

/// The engine.
#[derive(Clone, Debug)]
pub struct PgBackRest {
    config: Arc<Config>,
    store: Store,
    clock: Clock,
    random: Random,
    account: Account,
}

/// What became of the set-up.
#[derive(Clone, Debug, Serialize)]
pub struct SetUp {
    /// The file that was written.
    pub file: String,
    /// The command by which the server archives.
    pub archive_command: String,
    /// The server has to be started again before it archives.
    pub restart: bool,
    /// The server's settings could not be changed: a person puts these lines into them.
    pub by_hand: Vec<String>,
    /// A segment of WAL went all the way.
    pub checked: bool,
}

impl PgBackRest {
    /// The engine, where WAL is archived by us; `None` elsewhere.
    ///
    /// # Errors
    /// Where the data directory belongs to another account than ours.
    pub fn open(
        config: Arc<Config>,
        store: Store,
        clock: Clock,
        random: Random,
    ) -> Result<Option<Self>, BackupError> {
        if !config.pitr.is_configured() {
            return Ok(None);
        }
        // On a new machine the folder may not be there yet; the one above it is of the same account.
        let folder = config.pitr.cluster.ancestors().find(|folder| folder.exists());
        let account = Account::owner_of(folder.unwrap_or(Path::new("/")))
            .map_err(|error| BackupError::Refused(format!("pitr.cluster: {error:#}")))?;
        Ok(Some(Self { config, store, clock, random, account }))
    }

    fn pitr(&self) -> &PitrConfig {
        &self.config.pitr
    }

    /// The command, with what tells it where everything is; no secret is in it, those are in the file.
    fn command(&self, verb: &str, more: &[String]) -> Command {
        let pitr = self.pitr();
        let mut command = Command::new(&pitr.program);
        command
            .arg(format!("--config={}", pitr.file.display()))
            .arg(format!("--stanza={}", pitr.stanza))
            .args(more)
            .arg(verb)
            .current_dir("/");
        // The password of the role in database.url, where that is the one that takes backups.
        if let Ok(url) = Url::parse(self.config.database.own_url().expose_secret())
            && url.username() == pitr.user
            && let Some(password) = url.password()
        {
            let password = percent_encoding::percent_decode_str(password).decode_utf8_lossy();
            command.env("PGPASSWORD", password.as_ref());
        }
        self.account.apply(&mut command);
        command
    }

    async fn output(
        &self,
        verb: &'static str,
        more: &[String],
        watch: &Watch,
    ) -> Result<String, BackupError> {
        let command = self.command(verb, more);
        let name = format!("pgbackrest {verb}");
        let running = tokio::task::spawn_blocking(move || process::output(&name, command));
        watch
            .until(async {
                running.await.map_err(|error| BackupError::system("run pgbackrest")(error.into()))?
            })
            .await
    }

    /// What is in the repository.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn archive(&self) -> Result<Archive, BackupError> {
        let text = self.output("info", &["--output=json".to_owned()], &Watch::default()).await?;
        Archive::read(&text, &self.pitr().stanza)
    }

    /// Writes the settings, prepares the repository and, where it may, sets the server's archiving.
    ///
    /// # Errors
    /// Says what cannot be used or reached.
    pub async fn set_up(&self) -> Result<SetUp, BackupError> {
        let pitr = self.pitr();
        if let Ok((place, _)) = self.store.server_place().await
            && Path::new(&place) != pitr.cluster
        {
            return Err(BackupError::Settings(format!(
                "pitr.cluster: {}, but the server of database.url is on {place}",
                pitr.cluster.display()
            )));
        }
        let port = self.store.server_place().await.ok().map(|(_, port)| port);
        settings::write(&self.config, port, &self.account)?;
        let archive_command = settings::archive_command(pitr);
        let set = self.store.set_archiving(&archive_command, pitr.archive_timeout).await;
        let (restart, by_hand) = match set {
            Ok(restart) => (restart, Vec::new()),
            Err(error) if error.is_unavailable() => return Err(error.into()),
            Err(_) => (true, settings::by_hand(pitr, &archive_command)),
        };
        self.output("stanza-create", &[], &Watch::default()).await?;
        let mut checked = false;
        if !restart {
            self.check().await?;
            checked = true;
        }
        Ok(SetUp { file: pitr.file.display().to_string(), archive_command, restart, by_hand, checked })
    }

    /// Sends a segment of WAL all the way.
    ///
    /// # Errors
    /// Says where it got stuck.
    pub async fn check(&self) -> Result<(), BackupError> {
        self.output("check", &[], &Watch::default()).await.map(drop)
    }

    /// Reads everything in the repository and judges it: what is wrong, where something is.
    ///
    /// # Errors
    /// Where it cannot be read at all.
    pub async fn verify(&self, watch: &Watch) -> Result<Option<String>, BackupError> {
        let newest = self.archive().await?.newest().map(|backup| backup.label.clone());
        let said =
            self.output("verify", &["--output=text".to_owned(), "--verbose".to_owned()], watch).await?;
        Ok(verdict(&said, newest.as_deref()))
    }

    /// Makes a copy, full or of what changed.
    ///
    /// # Errors
    /// Says what was in the way; then there is no new copy.
    pub async fn back_up(&self, full: bool, watch: &Watch) -> Result<Made, BackupError> {
        let started = Instant::now();
        let kind = if full { "full" } else { "incr" };
        self.output("backup", &[format!("--type={kind}")], watch).await?;
        let archive = self.archive().await?;
        let newest = archive.newest().ok_or_else(|| {
            BackupError::Refused("pgbackrest made a backup that is not in its repository".to_owned())
        })?;
        let seconds = started.elapsed().as_secs_f64();
        let size = BackupSize { bytes: newest.bytes, plain_bytes: newest.plain_bytes, seconds };
        self.store.insert_backup(&newest.label, "pitr", &self.pitr().repository, None).await?;
        self.store.mark_backup_made(&newest.label, size).await?;
        // pgBackRest lets old ones go by itself.
        for row in self.store.list_backups(1000).await? {
            let gone = archive.backups.iter().all(|backup| backup.label != row.id);
            if row.engine == "pitr" && gone && row.expired_at.is_none() {
                self.store.mark_backup_expired(&row.id).await?;
            }
        }
        Ok(Made {
            id: newest.label.clone(),
            bytes: newest.bytes,
            plain_bytes: newest.plain_bytes,
            rows: 0,
            seconds,
        })
    }

    /// A moment of the last days, right after a canary that is drawn; `None` while there is none that can be had.
    ///
    /// # Errors
    /// Where the database or the repository does not answer.
    pub async fn draw_moment(&self) -> Result<Option<DateTime<Utc>>, BackupError> {
        let now = self.clock.now();
        let archive = self.archive().await?;
        let Some(first) = archive.first_moment() else { return Ok(None) };
        let since = first.max(now - DRAWN) + TimeDelta::seconds(1);
        let canaries = self.store.list_canaries(since).await?;
        let mut pairs: Vec<_> =
            canaries.iter().zip(canaries.iter().skip(1)).filter(|(_, next)| **next < now - RECENT).collect();
        if pairs.is_empty() {
            return Ok(None);
        }
        let at = usize::try_from(self.random.below(pairs.len() as u64)).unwrap_or(0);
        let (canary, next) = pairs.swap_remove(at);
        let between = self.random.up_to((*next - *canary).to_std().unwrap_or_default() / 2);
        let after = TimeDelta::from_std(between).unwrap_or_default();
        Ok(Some(*canary + after.max(TimeDelta::milliseconds(500)).min((*next - *canary) / 2)))
    }
}

impl BackupEngine for PgBackRest {
    fn name(&self) -> &'static str {
        "pitr"
    }

    fn preflight(&self) -> Work<'_, Vec<Preflight>> {
        Box::pin(async move {
            let archive = self.archive().await;
            let archiver = self.store.archiver().await?;
            let mut found = vec![match &archive {
                Ok(archive) => Preflight {
                    what: "pitr repository",
                    ok: !archive.backups.is_empty(),
                    says: archive.first_moment().map_or_else(
                        || "no full backup yet: run career-worker backup pitr run --full".to_owned(),
                        |first| {
                            format!(
                                "{} backups, any moment since {}",
                                archive.backups.len(),
                                first.format("%F %R UTC")
                            )
                        },
                    ),
                },
                Err(error) => Preflight { what: "pitr repository", ok: false, says: error.to_string() },
            }];
            found.push(Preflight {
                what: "wal archiving",
                ok: archiver.on && !archiver.is_failing(),
                says: format!(
                    "{} segments archived, {} failures{}",
                    archiver.archived,
                    archiver.failed,
                    archiver
                        .lag_seconds
                        .map_or_else(String::new, |lag| format!(", the oldest waits {lag:.0} s"))
                ),
            });
            Ok(found)
        })
    }

    fn make<'a>(&'a self, full: bool, watch: &'a Watch) -> Work<'a, Made> {
        Box::pin(self.back_up(full, watch))
    }

    fn list(&self) -> Work<'_, Vec<Found>> {
        Box::pin(async move {
            let archive = self.archive().await?;
            let found = archive.backups.iter().map(|backup| Found {
                id: backup.label.clone(),
                state: if backup.error { "failed" } else { "unverified" }.to_owned(),
                made_at: Some(backup.stop),
                bytes: Some(backup.bytes),
            });
            Ok(found.collect())
        })
    }

    fn test<'a>(&'a self, which: Which<'a>, watch: &'a Watch) -> Work<'a, Tested> {
        Box::pin(async move {
            let moment = match which {
                Which::Moment(moment) => Some(moment),
                Which::Newest => None,
                Which::Id(_) => {
                    return Err(BackupError::Refused("expected a moment, not a name".to_owned()));
                }
            };
            self.test_recovery(moment, watch).await
        })
    }
}
