//! Whether there are backups worth the name: told by what is *absent*, since a backup that does not run reports nothing.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    config::Config,
    store::{ArchiverState, BackupAges, DaemonState, Store, StoreError},
};

/// How backups are.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = BackupHealth)]
pub struct Health {
    /// There is a place for them.
    pub configured: bool,
    /// Newest of each engine.
    pub ages: Vec<BackupAges>,
    /// Who can restore any moment: `ours`, `provider` or `nobody`.
    pub pitr: &'static str,
    /// The server's archiver, where it is ours.
    pub archiver: Option<ArchiverState>,
    /// What this installation is at.
    pub state: DaemonState,
    /// What a person has to see to, one line each; empty where all is well.
    pub alarms: Vec<String>,
}

/// Looks, sets the metrics of this process, and gives what is to be said.
///
/// # Errors
/// Where the database does not answer.
pub async fn observe(store: &Store, config: &Config, now: DateTime<Utc>) -> Result<Health, StoreError> {
    let ages = store.backup_ages().await?;
    let state = store.daemon_state().await?;
    let archiver = if config.pitr.is_configured() { Some(store.archiver().await?) } else { None };
    let mut alarms = Vec::new();
    if config.backup.is_configured() {
        alarms.extend(absence(&ages, "logical", config.backup.alarm_after, now));
    }
    if let Some(archiver) = &archiver {
        alarms.extend(behind(archiver, config));
    }
    if state.restoring {
        alarms.push("a restore into this database has not ended, or was killed: restore it again".to_owned());
    } else if state.quarantined {
        let reason = state.reason.clone().unwrap_or_default();
        alarms.push(format!("quarantine, until career-worker backup acknowledge: {reason}"));
    }
    let pitr = match (config.pitr.is_configured(), config.backup.provider_pitr) {
        (true, _) => "ours",
        (false, true) => "provider",
        (false, false) => "nobody",
    };
    let health = Health { configured: config.backup.is_configured(), ages, pitr, archiver, state, alarms };
    measure(&health);
    Ok(health)
}

/// No verified backup for too long.
fn absence(
    ages: &[BackupAges],
    engine: &str,
    alarm_after: std::time::Duration,
    now: DateTime<Utc>,
) -> Option<String> {
    let within = TimeDelta::from_std(alarm_after).unwrap_or(TimeDelta::MAX);
    let known = ages.iter().find(|ages| ages.engine == engine);
    match known.and_then(|ages| ages.last_verified) {
        None => {
            Some("there is no verified backup: run career-worker backup run, then backup verify".to_owned())
        }
        Some(last) if now - last > within => Some(format!(
            "the newest verified backup is {} h old, expected {} at the most: look at career-worker backup list",
            (now - last).num_hours(),
            within.num_hours()
        )),
        Some(_) => None,
    }
}

fn behind(archiver: &ArchiverState, config: &Config) -> Option<String> {
    if !archiver.on {
        return Some("WAL is not archived (archive_mode is off): run career-worker backup pitr setup, start the server again".to_owned());
    }
    if archiver.is_failing() {
        return Some(format!(
            "the server cannot archive WAL ({} failures): look at its log and at {}",
            archiver.failed,
            config.pitr.file.display()
        ));
    }
    let lag = archiver.lag_seconds?;
    let within = config.pitr.alarm_after.as_secs_f64();
    (lag > within).then(|| format!("WAL waits {lag:.0} s to be archived, expected {within:.0} at the most"))
}

fn measure(health: &Health) {
    #[expect(clippy::cast_precision_loss, reason = "seconds and bytes are far below 2^52")]
    let number = |value: i64| value as f64;
    let seconds = |time: Option<DateTime<Utc>>| number(time.map_or(0, |time| time.timestamp()));
    for engine in ["logical", "pitr"] {
        let known = health.ages.iter().find(|ages| ages.engine == engine);
        let at = |time: fn(&BackupAges) -> Option<DateTime<Utc>>| seconds(known.and_then(time));
        metrics::gauge!("career_backup_last_success_timestamp_seconds", "engine" => engine)
            .set(at(|ages| ages.last_success));
        metrics::gauge!("career_backup_last_verified_timestamp_seconds", "engine" => engine)
            .set(at(|ages| ages.last_verified));
        metrics::gauge!("career_backup_bytes", "engine" => engine)
            .set(number(known.and_then(|ages| ages.bytes).unwrap_or(0)));
        metrics::gauge!("career_backup_seconds", "engine" => engine)
            .set(known.and_then(|ages| ages.seconds).unwrap_or(0.0));
        metrics::gauge!("career_backup_restore_test_seconds", "engine" => engine)
            .set(known.and_then(|ages| ages.verify_seconds).unwrap_or(0.0));
    }
    metrics::gauge!("career_backup_alarms")
        .set(number(i64::try_from(health.alarms.len()).unwrap_or(i64::MAX)));
    metrics::gauge!("career_quarantined").set(if health.state.quarantined { 1.0 } else { 0.0 });
    let archiver = health.archiver.as_ref();
    let lag = archiver.and_then(|archiver| archiver.lag_seconds);
    metrics::gauge!("career_wal_archive_failed").set(number(archiver.map_or(0, |archiver| archiver.failed)));
    metrics::gauge!("career_wal_archive_lag_seconds").set(lag.unwrap_or(0.0));
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn ages(verified: Option<&str>) -> Vec<BackupAges> {
        vec![BackupAges {
            engine: "logical".to_owned(),
            since: None,
            last_success: None,
            last_verified: verified.map(|time| time.parse().unwrap()),
            bytes: None,
            seconds: None,
            verify_seconds: None,
        }]
    }

    #[test]
    fn absence_is_spoken_of() {
        let now = "2026-11-26T12:00:00Z".parse().unwrap();
        let day = Duration::from_hours(26);
        let said = |ages: &[BackupAges]| absence(ages, "logical", day, now);
        assert!(said(&[]).unwrap().contains("no verified backup"));
        assert!(said(&ages(None)).unwrap().contains("no verified backup"));
        assert!(said(&ages(Some("2026-11-25T09:59:00Z"))).unwrap().contains("26 h old"));
        assert_eq!(said(&ages(Some("2026-11-25T10:01:00Z"))), None);
    }
}
