//! What operators say about telling users: how much in the web application, and which further channels there are.

use std::{path::PathBuf, time::Duration};

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use crate::domain::Channel;

/// `[notify]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NotifyConfig {
    /// For users without a setting.
    pub frequency: Frequency,
    /// Most notifications a user gets a day.
    pub daily_cap: i32,
    /// Days of notices that wait for a user at the most.
    pub backlog_days: i32,
    /// Users handled in one transaction.
    pub batch: i64,
    /// The web application's page of matches; empty where digests lead to none.
    pub matches_url: String,
    /// Postings that a digest names; the others are counted.
    pub digest_postings: i32,
    /// Hour from which daily digests are made, for users without a setting.
    pub digest_hour: i16,
    /// Where that hour is, and where a day begins (IANA name), for users without a setting.
    pub digest_time_zone: String,
    /// Most digests a user gets by a channel in a day, for users without a setting.
    pub digest_cap: i32,
    /// Tries of one digest.
    pub tries: i32,
    /// Back-off after the first failed try; each further one waits four times as long.
    #[serde(with = "humantime_serde")]
    pub retry_first: Duration,
    /// Longest back-off.
    #[serde(with = "humantime_serde")]
    pub retry_max: Duration,
    /// How long a claimed digest is left to whoever claimed it.
    #[serde(with = "humantime_serde")]
    pub lease: Duration,
    /// A channel with so many failed digests in a row is disabled.
    pub disable_after: i32,
    /// E-mail.
    pub email: EmailConfig,
    /// Webhooks.
    pub webhook: WebhookConfig,
}

/// How often a user is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Frequency {
    /// As matches come.
    Instant,
    /// Once an hour.
    Hourly,
    /// Once a day.
    Daily,
    /// Never.
    Off,
}

impl Frequency {
    /// The lower-case word, as stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Instant => "instant",
            Self::Hourly => "hourly",
            Self::Daily => "daily",
            Self::Off => "off",
        }
    }
}

/// `[notify.email]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    /// The server that takes mail; empty where there is none.
    pub host: String,
    /// Its port; 0: the usual one of `tls`.
    pub port: u16,
    /// How the connection is kept secret.
    pub tls: MailTls,
    /// A certificate to trust instead of those of the system, PEM; empty: those of the system.
    pub ca_file: PathBuf,
    /// User name; empty: without signing in.
    pub user: String,
    /// Password.
    pub password: SecretString,
    /// Sender, `Name <address>`.
    pub from: String,
    /// Where answers go; empty: to the sender.
    pub reply_to: String,
    /// What this machine calls itself; empty: the domain of the sender.
    pub hello: String,
    /// This program's endpoint as readers reach it, for links to unsubscribe.
    pub unsubscribe_url: String,
    /// For users without a setting.
    pub frequency: Frequency,
    /// Longest wait for one answer of the server.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Connections of one run.
    pub connections: usize,
}

/// How a connection to a mail server is kept secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// From the first byte, port 465.
    Implicit,
    /// By STARTTLS, which the server has to offer, port 587.
    Starttls,
    /// Not at all, port 25: to this machine only.
    None,
}

/// `[notify.webhook]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// Whether there are any.
    pub enabled: bool,
    /// For users without a setting.
    pub frequency: Frequency,
    /// Longest wait for an answer.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// Requests of one run at once.
    pub at_once: usize,
    /// Origins (`http://automation.internal:5678`) that may be posted to although they are not on the public internet.
    pub internal: Vec<Url>,
}

impl NotifyConfig {
    /// Whether there is such a channel at all.
    pub fn has(&self, channel: Channel) -> bool {
        match channel {
            Channel::Email => !self.email.host.trim().is_empty(),
            Channel::Webhook => self.webhook.enabled,
        }
    }

    /// The channels there are.
    pub fn channels(&self) -> Vec<Channel> {
        Channel::ALL.into_iter().filter(|channel| self.has(*channel)).collect()
    }

    /// How often users without a setting hear by a channel.
    pub fn frequency_of(&self, channel: Channel) -> Frequency {
        match channel {
            Channel::Email => self.email.frequency,
            Channel::Webhook => self.webhook.frequency,
        }
    }

    /// What is wrong with the numbers and addresses, where something is.
    pub(super) fn wrong(&self) -> Option<String> {
        let least = [
            ("notify.batch", self.batch),
            ("notify.backlog_days", i64::from(self.backlog_days)),
            ("notify.digest_postings", i64::from(self.digest_postings)),
            ("notify.tries", i64::from(self.tries)),
            ("notify.disable_after", i64::from(self.disable_after)),
            ("notify.email.connections", i64::try_from(self.email.connections).unwrap_or(i64::MAX)),
            ("notify.webhook.at_once", i64::try_from(self.webhook.at_once).unwrap_or(i64::MAX)),
        ];
        if let Some((key, number)) = least.into_iter().find(|(_, number)| *number < 1) {
            return Some(format!("{key} = {number}, expected at least 1"));
        }
        if !(0..24).contains(&self.digest_hour) {
            return Some(format!("notify.digest_hour = {}, expected 0 to 23", self.digest_hour));
        }
        if self.digest_time_zone.parse::<chrono_tz::Tz>().is_err() {
            let zone = &self.digest_time_zone;
            return Some(format!(
                "notify.digest_time_zone = {zone:?}, expected an IANA name such as Europe/Berlin"
            ));
        }
        let slowest = self.email.timeout.max(self.webhook.timeout);
        // After the lease is fenced there are two waits at the most: for the text to leave, and for the answer.
        if self.lease < slowest * 2 {
            let (lease, least) = (self.lease, slowest * 2);
            return Some(format!(
                "notify.lease = {lease:?}, expected at least twice the time-outs of the channels ({least:?})"
            ));
        }
        if !self.matches_url.is_empty() && !is_web(&self.matches_url) {
            return Some("notify.matches_url: expected an address with http or https".to_owned());
        }
        if let Some(origin) = self.webhook.internal.iter().find(|url| !is_web(url.as_str())) {
            return Some(format!("notify.webhook.internal: {origin}: expected http or https"));
        }
        if self.has(Channel::Email) { self.email.wrong() } else { None }
    }
}

impl EmailConfig {
    /// The port in force.
    pub fn port(&self) -> u16 {
        match (self.port, self.tls) {
            (0, MailTls::Implicit) => 465,
            (0, MailTls::Starttls) => 587,
            (0, MailTls::None) => 25,
            (port, _) => port,
        }
    }

    fn wrong(&self) -> Option<String> {
        if self.from.trim().is_empty() {
            return Some("notify.email.from: empty, expected \"Name <address>\"".to_owned());
        }
        if self.user.is_empty() != self.password.expose_secret().is_empty() {
            return Some("notify.email.user, notify.email.password: expected both or neither".to_owned());
        }
        if self.tls == MailTls::None && !is_this_machine(&self.host) {
            return Some(format!(
                "notify.email.tls = none, but {} is not this machine: expected starttls or implicit",
                self.host
            ));
        }
        let base = Url::parse(&self.unsubscribe_url).ok().filter(|url| is_web(url.as_str()));
        // One-click needs https (RFC 8058, 3.1).
        let secret =
            base.is_some_and(|url| url.scheme() == "https" || url.host_str().is_some_and(is_this_machine));
        (!secret).then(|| {
            "notify.email.unsubscribe_url: expected the https address of this program's endpoint as readers reach it".to_owned()
        })
    }
}

fn is_web(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost"
        || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn load(settings: &[(&str, &str)]) -> Result<Config, String> {
        let settings: Vec<_> = settings.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
        Config::load(None, &settings).map_err(|error| error.to_string())
    }

    #[test]
    fn there_are_no_channels_unless_they_are_wanted() {
        assert!(load(&[]).unwrap().notify.channels().is_empty());
    }

    #[test]
    fn a_password_never_travels_in_clear_and_a_mail_can_always_be_unsubscribed() {
        let mail = [
            ("notify.email.host", "mail.example"),
            ("notify.email.from", "Jobs <jobs@example.com>"),
            ("notify.email.unsubscribe_url", "https://jobs.example"),
        ];
        let with = |more: &[(&'static str, &'static str)]| load(&[&mail[..], more].concat());
        let config = with(&[]).unwrap();
        assert_eq!((config.notify.email.port(), config.notify.channels().len()), (587, 1));
        for (key, value, says) in [
            ("notify.email.tls", "none", "not this machine"),
            ("notify.email.unsubscribe_url", "http://jobs.example", "https"),
            ("notify.email.unsubscribe_url", "", "https"),
            ("notify.email.from", "", "from"),
            ("notify.email.user", "me", "both or neither"),
            ("notify.lease", "5s", "lease"),
            ("notify.digest_time_zone", "Mars/Base", "IANA"),
            ("notify.matches_url", "javascript:alert(1)", "matches_url"),
        ] {
            let error = with(&[(key, value)]).unwrap_err();
            assert!(error.contains(says), "{key}: {error}");
        }
        assert!(with(&[("notify.email.host", "127.0.0.1"), ("notify.email.tls", "none")]).is_ok());
    }

    #[test]
    fn the_password_is_hidden() {
        let settings =
            [("notify.email.password", "hunter2".to_owned()), ("notify.email.user", "me".to_owned())];
        let shown = Config::show(None, &settings).unwrap();
        assert!(!shown.contains("hunter2") && shown.contains("[hidden]"), "{shown}");
    }
}
