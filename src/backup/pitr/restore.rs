//! Everything as it was at a moment: to look at and throw away, or to go on with.

use std::{path::Path, time::Duration};

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;
use serde::Serialize;
use tokio::time::Instant;
use url::Url;

use super::{
    super::{BackupError, Tested, Watch, connection::Connection, process, site::given},
    PgBackRest,
};
use crate::{
    config::{DatabaseConfig, Pooler},
    servers::{Recovered, Room, scratch_dir, server_programs},
    store::{RestoreTarget, Store},
};

/// A data directory that was brought to a moment.
#[derive(Clone, Debug, Serialize)]
pub struct Recovery {
    /// The folder.
    pub data: String,
    /// The moment.
    pub to: DateTime<Utc>,
    /// Newest canary in it.
    pub canary: Option<DateTime<Utc>>,
    /// Time it took.
    pub seconds: f64,
}

impl PgBackRest {
    /// Restores everything as it was at `moment` (the newest there is where not given) into a server that is thrown away. Its newest
    /// canary must be the last one before that moment, and the repository must be whole.
    pub(super) async fn test_recovery(
        &self,
        moment: Option<DateTime<Utc>>,
        watch: &Watch,
    ) -> Result<Tested, BackupError> {
        let started = Instant::now();
        let mut steps = Vec::new();
        // What is missing here says nothing of the repository.
        let programs = server_programs(given(&self.config.backup.programs), 0).await;
        programs.map_err(|error| BackupError::Refused(format!("{error:#}")))?;
        let archive = self.archive().await?;
        let newest = archive.newest().ok_or_else(|| {
            BackupError::Refused(
                "there is no full backup yet: career-worker backup pitr run --full".to_owned(),
            )
        })?;
        let label = newest.label.clone();
        let mut defect = self.verify(watch).await?;
        steps.push(("verify".to_owned(), started.elapsed().as_secs_f64()));
        let expected = self.expected_canary(moment).await?;
        let since = Instant::now();
        if defect.is_none() {
            let room = Room::new(&scratch_dir(given(&self.config.backup.scratch)), self.account)
                .map_err(BackupError::Server)?;
            match self.recover(room, moment, watch).await {
                Ok(recovered) => {
                    steps.push(("restore".to_owned(), since.elapsed().as_secs_f64()));
                    let since = Instant::now();
                    let looked = look(&recovered, expected, moment).await;
                    recovered.stop().await.map_err(BackupError::Server)?;
                    steps.push(("look".to_owned(), since.elapsed().as_secs_f64()));
                    defect = looked?;
                }
                Err(error @ (BackupError::Program { .. } | BackupError::Server(_))) => {
                    defect = Some(error.to_string());
                }
                Err(error) => return Err(error),
            }
        }
        let seconds = started.elapsed().as_secs_f64();
        self.store.mark_backup_tested(&label, self.clock.now(), seconds, defect.as_deref()).await?;
        let id = moment.map_or_else(|| label.clone(), |moment| format!("{label} at {}", moment.to_rfc3339()));
        Ok(Tested { id, defect, seconds, rows: 0, steps })
    }

    /// Restores everything as it was at `to` into `data`, for a server to go on with; the database is in quarantine. Killed before the end,
    /// there is no `data`.
    ///
    /// # Errors
    /// Says what was in the way.
    pub async fn restore_to(
        &self,
        to: DateTime<Utc>,
        data: &Path,
        watch: &Watch,
    ) -> Result<Recovery, BackupError> {
        let started = Instant::now();
        let occupied = std::fs::read_dir(data).is_ok_and(|mut entries| entries.next().is_some());
        if occupied {
            return Err(BackupError::Refused(format!("{}: expected a new or empty folder", data.display())));
        }
        let unfinished = data.with_extension("restoring");
        if unfinished.exists() {
            std::fs::remove_dir_all(&unfinished)
                .map_err(BackupError::system(format!("remove {}", unfinished.display())))?;
        }
        let room = Room::keeping(&unfinished, self.account).map_err(BackupError::Server)?;
        let recovered = self.recover(room, Some(to), watch).await?;
        let canary = canary(&recovered).await?;
        let mut target = RestoreTarget::open(&recovered.url).await?;
        target.finish(&format!("restored to {} from continuous archiving", to.format("%F %T UTC"))).await?;
        target.close().await;
        recovered.stop().await.map_err(BackupError::Server)?;
        if data.exists() {
            std::fs::remove_dir(data).map_err(BackupError::system(format!("replace {}", data.display())))?;
        }
        std::fs::rename(&unfinished, data)
            .map_err(BackupError::system(format!("name {}", data.display())))?;
        Ok(Recovery {
            data: data.display().to_string(),
            to,
            canary,
            seconds: started.elapsed().as_secs_f64(),
        })
    }

    /// Restores the files and lets a server replay WAL up to the moment.
    async fn recover(
        &self,
        room: Room,
        moment: Option<DateTime<Utc>>,
        watch: &Watch,
    ) -> Result<Recovered, BackupError> {
        let mut more = vec![format!("--pg1-path={}", room.data.display())];
        match moment {
            Some(moment) => {
                more.push("--type=time".to_owned());
                more.push(format!("--target={}", moment.format("%F %T%.6f+00")));
                more.push("--target-action=promote".to_owned());
            }
            None => more.push("--type=default".to_owned()),
        }
        self.output("restore", &more, watch).await?;
        let url = Url::parse(self.config.database.own_url().expose_secret())
            .map_err(|_| BackupError::Settings("database.url: cannot be read".to_owned()))?;
        let database = url.path().trim_start_matches('/').to_owned();
        let user = if self.pitr().user.is_empty() { "postgres" } else { &self.pitr().user };
        let programs = given(&self.config.backup.programs);
        let start = async { room.start(programs, user, &database).await.map_err(BackupError::Server) };
        watch.until(start).await
    }

    /// The last canary before the moment, as the database that is in use has it.
    async fn expected_canary(
        &self,
        moment: Option<DateTime<Utc>>,
    ) -> Result<Option<DateTime<Utc>>, BackupError> {
        let Some(moment) = moment else { return Ok(None) };
        let canaries = self.store.list_canaries(moment - chrono::TimeDelta::days(40)).await?;
        Ok(canaries.into_iter().rfind(|canary| *canary <= moment))
    }
}

/// What is wrong with it, where something is.
async fn look(
    recovered: &Recovered,
    expected: Option<DateTime<Utc>>,
    moment: Option<DateTime<Utc>>,
) -> Result<Option<String>, BackupError> {
    let found = canary(recovered).await?;
    let show = |time: Option<DateTime<Utc>>| {
        time.map_or_else(|| "none".to_owned(), |time| time.format("%F %T%.6f UTC").to_string())
    };
    if moment.is_some() && found != expected {
        return Ok(Some(format!(
            "restored to {}, the newest canary is {}, expected {}",
            show(moment),
            show(found),
            show(expected)
        )));
    }
    let connection = Connection::read(&recovered.url, "restored server")?;
    let Some(mut command) = recovered.program("pg_amcheck") else { return Ok(None) };
    command.args(["--install-missing", "--heapallindexed", "--no-password"]);
    command.arg(format!("--database={}", connection.database().unwrap_or("postgres")));
    connection.apply(&mut command);
    let checked = tokio::task::spawn_blocking(move || process::output("pg_amcheck", command));
    match checked.await.map_err(|error| BackupError::system("run pg_amcheck")(error.into()))? {
        Err(BackupError::Program { said, .. }) if !said.contains("amcheck.control") => {
            Ok(Some(format!("pg_amcheck: {said}")))
        }
        Ok(_) | Err(BackupError::Program { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn canary(recovered: &Recovered) -> Result<Option<DateTime<Utc>>, BackupError> {
    let store = Store::open(&DatabaseConfig {
        url: recovered.url.clone().into(),
        pooler: Pooler::None,
        direct_url: "".into(),
        read_url: "".into(),
        read_lag: Duration::ZERO,
        max_connections: 1,
        acquire_timeout: Duration::from_secs(15),
        statement_timeout: Duration::from_mins(2),
    })?;
    let newest = store.newest_canary().await;
    store.close().await;
    Ok(newest?)
}
