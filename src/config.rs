//! Settings: documented defaults in the binary < TOML file < environment < flags.
//!
//! `config.default.toml` beside this file is the documentation and holds every key. Unknown keys are errors. To add a setting: the key
//! with a comment there, the field here.

mod backup;
mod database;
mod environment;
mod fetch;
mod matching;
mod notify;
mod queues;
mod sources;

use std::{
    net::SocketAddr,
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};

use figment::{
    Figment,
    providers::{Env, Format as _, Serialized, Toml},
    value::{Dict, Value},
};
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

pub use self::{
    backup::{BackupConfig, PitrConfig},
    database::{DatabaseConfig, Pooler},
    fetch::FetchConfig,
    matching::{MatchingConfig, OnChange, RematchConfig, Weights},
    notify::{EmailConfig, Frequency, MailTls, NotifyConfig, WebhookConfig},
    queues::{QueueConfig, QueuesConfig},
    sources::SourcesConfig,
};

/// The defaults, as TOML with comments.
pub const DEFAULTS: &str = include_str!("config.default.toml");

/// Sections, with dots, and keys that hold a secret; each can be given as `{key}_file` and is hidden by `config show`.
pub const SECRETS: [(&str, &str); 13] = [
    ("database", "url"),
    ("database", "direct_url"),
    ("database", "read_url"),
    ("redis", "url"),
    ("sources", "adzuna_app_id"),
    ("sources", "adzuna_app_key"),
    ("sources", "usajobs_email"),
    ("sources", "usajobs_key"),
    ("notify.email", "password"),
    ("backup", "identity"),
    ("backup", "s3_access_key_id"),
    ("backup", "s3_secret_access_key"),
    ("pitr", "cipher_pass"),
];

/// Schemes of addresses that are shown without their password.
const SCHEMES: [&str; 6] = ["postgres", "postgresql", "redis", "rediss", "http", "https"];

/// All settings.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// PostgreSQL.
    pub database: DatabaseConfig,
    /// Redis.
    pub redis: RedisConfig,
    /// Schedules.
    pub jobs: JobsConfig,
    /// Outbound HTTP.
    pub fetch: FetchConfig,
    /// Credentials of sources.
    pub sources: SourcesConfig,
    /// Lanes.
    pub queues: QueuesConfig,
    /// Run ledger.
    pub runs: RunsConfig,
    /// Scheduler.
    pub scheduler: SchedulerConfig,
    /// Matcher.
    pub matching: MatchingConfig,
    /// Searches against postings that are there.
    pub rematch: RematchConfig,
    /// Notifier.
    pub notify: NotifyConfig,
    /// Backups.
    pub backup: BackupConfig,
    /// Continuous archiving.
    pub pitr: PitrConfig,
    /// Admin endpoint.
    pub admin: AdminConfig,
    /// Logs.
    pub log: LogConfig,
}

/// `[redis]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedisConfig {
    /// Address with credentials.
    pub url: SecretString,
    /// In front of every key.
    pub prefix: String,
}

/// `[jobs]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobsConfig {
    /// Folder of the schedules.
    pub dir: PathBuf,
}

/// `[runs]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunsConfig {
    /// How long a claim holds without renewal.
    #[serde(with = "humantime_serde")]
    pub lease: Duration,
    /// How often it is renewed.
    #[serde(with = "humantime_serde")]
    pub renew: Duration,
    /// How often an idle worker looks.
    #[serde(with = "humantime_serde")]
    pub poll: Duration,
    /// Back-off after the first failure.
    #[serde(with = "humantime_serde")]
    pub backoff_first: Duration,
    /// Longest back-off.
    #[serde(with = "humantime_serde")]
    pub backoff_max: Duration,
    /// Deadline of a graceful stop.
    #[serde(with = "humantime_serde")]
    pub drain: Duration,
    /// Period of the reconciler.
    #[serde(with = "humantime_serde")]
    pub reconcile: Duration,
    /// So many attempts that do not let go of their thread end the process.
    pub stuck: usize,
    /// Memory of a process that makes one attempt, MiB.
    pub process_memory: u64,
}

/// `[scheduler]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchedulerConfig {
    /// How often due times are looked at.
    #[serde(with = "humantime_serde")]
    pub poll: Duration,
}

/// `[admin]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdminConfig {
    /// Where to listen.
    pub bind: SocketAddr,
    /// Allows other than loopback addresses.
    pub behind_tls_proxy: bool,
    /// Requests that a token may make a minute; a third of them at once.
    pub requests_per_minute: NonZeroU32,
    /// Where the probes and metrics are served by themselves.
    #[serde(default)]
    pub probes: Option<SocketAddr>,
}

/// `[log]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// Form of a line.
    pub format: LogFormat,
    /// What is logged, as in `RUST_LOG`.
    pub filter: String,
}

/// Form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Settings that cannot be read: the message names key, file and what was expected.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

impl ConfigError {
    /// One with this message.
    pub fn new(message: String) -> Self {
        Self(message)
    }
}

impl Config {
    /// Reads the defaults, then `file`, then the environment, then `overrides` (`("admin.bind", "...")`).
    ///
    /// # Errors
    /// Names the key and where it was given.
    pub fn load(file: Option<&Path>, overrides: &[(&str, String)]) -> Result<Self, ConfigError> {
        let config: Self = layers(file, overrides)?.extract().map_err(|error| explain(file, error))?;
        if let Some((key, known)) = config.sources.unknown() {
            let expected = known.join(", ");
            return Err(ConfigError(format!(
                "settings: sources.{key}: unknown field, expected one of {expected}"
            )));
        }
        config.check()?;
        Ok(config)
    }

    /// Numbers without which nothing would move.
    fn check(&self) -> Result<(), ConfigError> {
        let least = [
            ("matching.batch", self.matching.batch),
            ("matching.lanes", i64::try_from(self.matching.lanes).unwrap_or(i64::MAX)),
        ];
        if let Some((key, number)) = least.into_iter().find(|(_, number)| *number < 1) {
            return Err(ConfigError(format!("settings: {key} = {number}, expected at least 1")));
        }
        if self.matching.posting_limit < Duration::from_secs(1) {
            let limit = humantime::format_duration(self.matching.posting_limit);
            return Err(ConfigError(format!(
                "settings: matching.posting_limit = {limit}, expected at least 1s"
            )));
        }
        let wrong = self
            .database
            .wrong()
            .or_else(|| self.notify.wrong())
            .or_else(|| self.backup.wrong())
            .or_else(|| self.pitr.wrong());
        wrong.map_or(Ok(()), |message| Err(ConfigError(format!("settings: {message}"))))
    }

    /// The settings in force as TOML, with the passwords in secrets hidden.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn show(file: Option<&Path>, overrides: &[(&str, String)]) -> Result<String, ConfigError> {
        Self::load(file, overrides)?;
        let mut all: toml::Table =
            layers(file, overrides)?.extract().map_err(|error| explain(file, error))?;
        for (section, key) in SECRETS {
            let mut parts = section.split('.');
            let first = parts.next().and_then(|part| all.get_mut(part));
            let section = parts.fold(first, |table, part| table?.get_mut(part));
            if let Some(value) = section.and_then(|section| section.get_mut(key)) {
                let shown = value.as_str().unwrap_or_default();
                *value = if shown.is_empty() { String::new() } else { redact(shown) }.into();
            }
        }
        toml::to_string_pretty(&all).map_err(|error| ConfigError(error.to_string()))
    }
}

/// The address without its password; all of it is hidden where it is not an address of a server: it may be a secret in the wrong place.
pub fn redact(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else { return redact_servers(address) };
    if url.host_str().is_none_or(str::is_empty) || !SCHEMES.contains(&url.scheme()) {
        return redact_servers(address);
    }
    if url.password().is_some() && url.set_password(Some("hidden")).is_err() {
        return "[hidden]".to_owned();
    }
    url.set_query(None);
    url.to_string()
}

/// The same for the addresses of several servers, which the others cannot be read as.
fn redact_servers(address: &str) -> String {
    let shown = || {
        let (scheme, rest) = address.split_once("://")?;
        let known =
            ["redis-sentinel", "rediss-sentinel", "redis-cluster", "rediss-cluster"].contains(&scheme);
        let rest = rest.split_once('?').map_or(rest, |(rest, _)| rest);
        let (user, hosts) = rest.rsplit_once('@').unwrap_or(("", rest));
        let user = match user.split_once(':') {
            Some((name, _)) => format!("{name}:hidden@"),
            None if user.is_empty() => String::new(),
            None => format!("{user}@"),
        };
        known.then(|| format!("{scheme}://{user}{hosts}"))
    };
    shown().unwrap_or_else(|| "[hidden]".to_owned())
}

fn layers(file: Option<&Path>, overrides: &[(&str, String)]) -> Result<Figment, ConfigError> {
    let mut figment = Figment::from(Toml::string(DEFAULTS));
    if let Some(path) = file {
        if !path.is_file() {
            return Err(ConfigError(format!("{}: no such file", path.display())));
        }
        figment = figment.merge(Toml::file_exact(path));
    }
    figment = figment
        .merge(Env::raw().only(&["DATABASE_URL"]).map(|_| "database.url".into()))
        .merge(Env::raw().only(&["REDIS_URL"]).map(|_| "redis.url".into()))
        .merge(Env::raw().only(&["RUST_LOG"]).map(|_| "log.filter".into()))
        .merge(environment::variables(&Figment::from(Toml::string(DEFAULTS))));
    for (key, value) in overrides {
        figment = figment.merge(Serialized::default(key, value));
    }
    for (section, key) in SECRETS {
        figment = read_secret(figment, section, key)?;
    }
    Ok(figment)
}

/// One line for each mistake: where it was given, key, what was expected. Values are left out, they may be secret.
fn explain(file: Option<&Path>, error: figment::Error) -> ConfigError {
    let lines: Vec<String> = error
        .into_iter()
        .map(|error| {
            let origin =
                error.metadata.as_ref().map(|metadata| metadata.name.to_string()).unwrap_or_default();
            let origin = match (origin.contains("file"), file) {
                (true, Some(file)) => file.display().to_string(),
                _ if origin.contains("environment") => "environment".to_owned(),
                _ => "settings".to_owned(),
            };
            let key =
                if error.path.is_empty() { String::new() } else { format!("{}: ", error.path.join(".")) };
            format!("{origin}: {key}{}", error.kind)
        })
        .collect();
    ConfigError(lines.join("\n"))
}

/// Replaces `{section}.{key}_file` by `{section}.{key}` with the contents of that file.
fn read_secret(figment: Figment, section: &str, key: &str) -> Result<Figment, ConfigError> {
    let name = format!("{section}.{key}_file");
    let Ok(path) = figment.extract_inner::<PathBuf>(&name) else { return Ok(figment) };
    let secret = std::fs::read_to_string(&path)
        .map_err(|error| ConfigError(format!("{name}: {}: {error}", path.display())))?;
    let mut all: Dict = figment.extract().map_err(|error| ConfigError(error.to_string()))?;
    let mut parts = section.split('.');
    let first = parts.next().and_then(|part| all.get_mut(part));
    let section = parts.fold(first, |value, part| match value {
        Some(Value::Dict(_, keys)) => keys.get_mut(part),
        _ => None,
    });
    if let Some(Value::Dict(_, keys)) = section {
        keys.remove(&format!("{key}_file"));
        keys.insert(key.to_owned(), Value::from(secret.trim().to_owned()));
    }
    Ok(Figment::from(Serialized::defaults(all)))
}
