//! Handing mail to a server: the only place that speaks SMTP.
//!
//! It must know when a message can have been accepted: a server answers for it only after the whole text with the final dot, so a
//! session goes in two steps, [`Session::begin`] up to the invitation to send the text, and [`Session::hand_over`]. Whatever goes wrong
//! in the first is known not to have been accepted; in the second nobody may know. What a message says is not its business: that is
//! written by `notify`. To add a header of every message: [`Mailer::write`].

mod error;
mod letter;
mod session;

use std::{fmt, path::Path, time::Duration};

use lettre::{
    message::Mailbox,
    transport::smtp::{
        authentication::Credentials,
        client::{Certificate, CertificateStore, TlsParameters},
        extension::ClientId,
    },
};
use secrecy::ExposeSecret as _;

pub use self::{
    error::MailError,
    letter::{Letter, Written},
    session::Session,
};
use crate::config::{EmailConfig, MailTls};

/// How mail is sent here.
pub struct Mailer {
    host: String,
    port: u16,
    mode: MailTls,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    hello: ClientId,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    timeout: Duration,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

impl Mailer {
    /// Reads the settings; nothing is reached yet.
    ///
    /// # Errors
    /// [`MailError::Setup`] names the key and what was expected.
    pub fn new(config: &EmailConfig) -> Result<Self, MailError> {
        let from = mailbox("notify.email.from", &config.from)?;
        let reply_to = if config.reply_to.is_empty() {
            None
        } else {
            Some(mailbox("notify.email.reply_to", &config.reply_to)?)
        };
        let host = config.host.trim().to_owned();
        let tls = match config.tls {
            MailTls::None => None,
            MailTls::Implicit | MailTls::Starttls => Some(trust(&host, &config.ca_file)?),
        };
        let hello = if config.hello.is_empty() { from.email.domain() } else { &config.hello };
        if hello.is_empty()
            || !hello.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.[]:".contains(&byte))
        {
            return Err(MailError::Setup("notify.email.hello: expected the name of a host".to_owned()));
        }
        Ok(Self {
            port: config.port(),
            mode: config.tls,
            tls,
            credentials: (!config.user.is_empty())
                .then(|| Credentials::new(config.user.clone(), config.password.expose_secret().to_owned())),
            hello: ClientId::Domain(hello.to_owned()),
            from,
            reply_to,
            timeout: config.timeout,
            host,
        })
    }
}

/// Whether mail can be sent to this address.
pub fn is_address(text: &str) -> bool {
    text.parse::<lettre::Address>().is_ok()
}

fn mailbox(key: &str, text: &str) -> Result<Mailbox, MailError> {
    text.parse().map_err(|_| MailError::Setup(format!("{key}: expected \"Name <address>\"")))
}

fn trust(host: &str, ca_file: &Path) -> Result<TlsParameters, MailError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if !ca_file.as_os_str().is_empty() {
        let wrong =
            |why: String| MailError::Setup(format!("notify.email.ca_file: {}: {why}", ca_file.display()));
        let pem = std::fs::read(ca_file).map_err(|error| wrong(error.to_string()))?;
        let certificate = Certificate::from_pem(&pem).map_err(|error| wrong(error.to_string()))?;
        builder = builder.certificate_store(CertificateStore::None).add_root_certificate(certificate);
    }
    builder.build().map_err(|error| MailError::Setup(format!("notify.email.host: {error}")))
}
