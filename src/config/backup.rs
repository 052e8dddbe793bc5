//! What operators say about backups: where they go, who can open them, how long they stay, and continuous archiving.

use std::{path::PathBuf, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

/// `[backup]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupConfig {
    /// `file:///folder` or `s3://bucket/prefix`; empty where there are no backups.
    pub url: String,
    /// Public keys (`age1...`) that backups are encrypted to.
    pub recipients: Vec<String>,
    /// The private key that restore tests decrypt with; its public half is one of the recipients.
    pub identity: SecretString,
    /// Endpoint of a server that speaks S3; empty for AWS.
    pub s3_endpoint: String,
    /// Region.
    pub s3_region: String,
    /// Access key; empty: from the environment or the machine's role.
    pub s3_access_key_id: SecretString,
    /// Its secret.
    pub s3_secret_access_key: SecretString,
    /// Speaks to `s3_endpoint` over plain HTTP.
    pub s3_allow_http: bool,
    /// Folder of `pg_dump`, `pg_restore`, `initdb` and `postgres`; empty: they are looked for.
    pub programs: PathBuf,
    /// Folder of throw-away clusters; empty: that of the system.
    pub scratch: PathBuf,
    /// Level of zstd.
    pub compression: i32,
    /// Size of a piece of an upload, MiB.
    pub part_mib: u32,
    /// Longest wait for a lock on a table.
    #[serde(with = "humantime_serde")]
    pub lock_timeout: Duration,
    /// A backup smaller than this share of the median of the last five is refused.
    pub floor: f64,
    /// Free space that throw-away clusters leave, MiB.
    pub reserve_mib: u64,
    /// Newest backups of a day that are kept.
    pub daily: usize,
    /// Newest backups of a week that are kept.
    pub weekly: usize,
    /// Newest backups of a month that are kept.
    pub monthly: usize,
    /// Verified backups that are never gone below.
    pub keep_verified: usize,
    /// Nothing is deleted while the newest verified backup is older.
    #[serde(with = "humantime_serde")]
    pub expire_within: Duration,
    /// Speaks up when the newest verified backup is older.
    #[serde(with = "humantime_serde")]
    pub alarm_after: Duration,
    /// The provider of the database attests point-in-time recovery; the operator says so here.
    pub provider_pitr: bool,
}

impl BackupConfig {
    /// Whether there is a place for backups.
    pub fn is_configured(&self) -> bool {
        !self.url.trim().is_empty()
    }

    /// What is wrong with the numbers and addresses, where something is.
    pub(super) fn wrong(&self) -> Option<String> {
        if self.is_configured() {
            let scheme = Url::parse(&self.url).map(|url| url.scheme().to_owned());
            if !matches!(scheme.as_deref(), Ok("file" | "s3")) {
                return Some(
                    "backup.url: cannot be read, expected file:///folder or s3://bucket/prefix".to_owned(),
                );
            }
        }
        let least = [
            ("backup.daily", self.daily),
            ("backup.keep_verified", self.keep_verified),
            ("backup.part_mib", usize::try_from(self.part_mib).unwrap_or(usize::MAX) / 5),
        ];
        if let Some((key, _)) = least.into_iter().find(|(_, number)| *number < 1) {
            let least = if key == "backup.part_mib" { 5 } else { 1 };
            return Some(format!("{key}: expected at least {least}"));
        }
        if self.part_mib > 512 {
            return Some(format!("backup.part_mib = {}, expected 512 at the most", self.part_mib));
        }
        if !(0.0..=1.0).contains(&self.floor) {
            return Some(format!("backup.floor = {}, expected 0 to 1", self.floor));
        }
        (!(1..=19).contains(&self.compression))
            .then(|| format!("backup.compression = {}, expected 1 to 19", self.compression))
    }
}

/// `[pitr]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PitrConfig {
    /// Folder or `s3://bucket/prefix` of the repository; empty where WAL is not archived by us.
    pub repository: String,
    /// Encrypts the repository.
    pub cipher_pass: SecretString,
    /// Name of the database cluster in the repository.
    pub stanza: String,
    /// The configuration file that `backup pitr setup` writes.
    pub file: PathBuf,
    /// Data directory of the server.
    pub cluster: PathBuf,
    /// Folder of the server's socket.
    pub socket: PathBuf,
    /// Role that takes backups; empty: that of the account that owns the cluster.
    pub user: String,
    /// The program; a name is looked for in PATH.
    pub program: PathBuf,
    /// Folder in which WAL waits to be archived; empty: it is archived as it comes.
    pub spool: PathBuf,
    /// Longest time until a segment of WAL is archived, and so the most that can be lost.
    #[serde(with = "humantime_serde")]
    pub archive_timeout: Duration,
    /// Full backups and their WAL are kept so many days.
    pub keep_days: u32,
    /// Speaks up when the oldest WAL that is not archived yet is older.
    #[serde(with = "humantime_serde")]
    pub alarm_after: Duration,
}

impl PitrConfig {
    /// Whether we archive WAL.
    pub fn is_configured(&self) -> bool {
        !self.repository.trim().is_empty()
    }

    /// What is wrong, where something is.
    pub(super) fn wrong(&self) -> Option<String> {
        if !self.is_configured() {
            return None;
        }
        if !self.repository.starts_with('/') && !self.repository.starts_with("s3://") {
            return Some(
                "pitr.repository: cannot be read, expected /folder or s3://bucket/prefix".to_owned(),
            );
        }
        if self.cipher_pass.expose_secret().trim().len() < 16 {
            return Some(
                "pitr.cipher_pass: expected 16 characters or more; career-worker backup keygen makes one"
                    .to_owned(),
            );
        }
        if self.stanza.is_empty()
            || !self.stanza.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
        {
            return Some("pitr.stanza: expected letters, digits and dashes".to_owned());
        }
        if self.cluster.as_os_str().is_empty() {
            return Some(
                "pitr.cluster: expected the data directory of the server (SHOW data_directory)".to_owned(),
            );
        }
        if self.keep_days < 1 {
            return Some("pitr.keep_days: expected at least 1".to_owned());
        }
        (self.archive_timeout < Duration::from_secs(1))
            .then(|| "pitr.archive_timeout: expected at least 1s".to_owned())
    }
}
