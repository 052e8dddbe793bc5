//! A conversation with the server, one message after the other.

use std::{
    fmt::{self, Display},
    sync::atomic::{AtomicBool, Ordering},
};

use lettre::transport::smtp::{
    authentication::Mechanism,
    client::AsyncSmtpConnection,
    commands::{Data, Mail, Quit, Rcpt, Rset},
    extension::{Extension, MailParameter},
    response::Response,
};

use super::{MailError, Mailer, Written, error::said};
use crate::config::MailTls;

/// Pieces in which the text is handed over.
const PIECE: usize = 16 << 10;

/// An open session, ready for the next message.
pub struct Session<'a> {
    mailer: &'a Mailer,
    connection: AsyncSmtpConnection,
}

impl fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("host", &self.mailer.host).finish_non_exhaustive()
    }
}

impl Mailer {
    /// Connects, makes the connection secret and signs in, as the settings say.
    ///
    /// # Errors
    /// [`MailError::NoSession`].
    pub async fn connect(&self) -> Result<Session<'_>, MailError> {
        let place = format!("{}:{}", self.host, self.port);
        let failed = |step: &str, why: String| MailError::NoSession(format!("{place}: {step}: {why}"));
        let implicit = if self.mode == MailTls::Implicit { self.tls.clone() } else { None };
        let connecting = AsyncSmtpConnection::connect_tokio1(
            (self.host.as_str(), self.port),
            Some(self.timeout),
            &self.hello,
            implicit,
            None,
        );
        let connected = tokio::time::timeout(self.timeout, connecting).await;
        let connected = connected.map_err(|_| failed("connect", self.too_long()))?;
        let mut connection = connected.map_err(|error| failed("connect", said(&error)))?;
        if let (MailTls::Starttls, Some(tls)) = (self.mode, &self.tls) {
            let securing =
                tokio::time::timeout(self.timeout, connection.starttls(tls.clone(), &self.hello)).await;
            let secured = securing.map_err(|_| failed("STARTTLS", self.too_long()))?;
            secured.map_err(|error| failed("STARTTLS", said(&error)))?;
        }
        if let Some(credentials) = &self.credentials {
            let ways = [Mechanism::Plain, Mechanism::Login];
            let signing = tokio::time::timeout(self.timeout, connection.auth(&ways, credentials)).await;
            let signed = signing.map_err(|_| failed("AUTH", self.too_long()))?;
            signed.map_err(|error| failed("AUTH", said(&error)))?;
        }
        Ok(Session { mailer: self, connection })
    }

    fn too_long(&self) -> String {
        format!("no answer within {:?}", self.timeout)
    }
}

impl Session<'_> {
    /// Names sender and reader and is invited to send the text. Nothing of the message has left, and nothing can have been accepted.
    ///
    /// # Errors
    /// [`MailError::Deferred`], [`MailError::Rejected`]: the session can go on after [`Session::reset`]. [`MailError::Broken`]: it is over.
    pub async fn begin(&mut self, message: &Written) -> Result<(), MailError> {
        let mut parameters = Vec::new();
        if !message
            .envelope
            .to()
            .iter()
            .chain(message.envelope.from())
            .all(|address| AsRef::<str>::as_ref(address).is_ascii())
        {
            if !self.connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                let reply = "the server takes no addresses with other than ASCII letters".to_owned();
                return Err(MailError::Rejected { step: "MAIL", reply, no_such_reader: false });
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        self.command("MAIL", Mail::new(message.envelope.from().cloned(), parameters)).await?;
        for reader in message.envelope.to() {
            self.command("RCPT", Rcpt::new(reader.clone(), Vec::new())).await?;
        }
        self.command("DATA", Data).await.map(drop)
    }

    /// Sends the text and its end, and waits for the answer, which it gives.
    ///
    /// # Errors
    /// [`MailError::Deferred`] and [`MailError::Rejected`] where the server says that it does not take the message, [`MailError::Broken`]
    /// where the end of the text was never written; [`MailError::Unanswered`] where it may have been.
    pub async fn hand_over(&mut self, message: &Written) -> Result<String, MailError> {
        const STEP: &str = "the text";
        let written = AtomicBool::new(false);
        let mut pieces = message.bytes.chunks(PIECE);
        // The end of the text is written when there is no piece left, and not before.
        let pieces = std::iter::from_fn(|| {
            let piece = pieces.next();
            written.store(piece.is_none(), Ordering::Relaxed);
            piece
        });
        let limit = self.mailer.timeout.saturating_mul(2);
        let answer = tokio::time::timeout(limit, self.connection.message_iter(pieces)).await;
        match answer {
            Ok(Ok(answer)) => Ok(first_line(&answer)),
            Ok(Err(error)) if error.status().is_some() => Err(MailError::refused(STEP, &error)),
            Ok(Err(error)) if !written.load(Ordering::Relaxed) => {
                Err(MailError::Broken { step: STEP, reason: said(&error) })
            }
            Ok(Err(error)) => Err(MailError::Unanswered(said(&error))),
            Err(_) if !written.load(Ordering::Relaxed) => {
                Err(MailError::Broken { step: STEP, reason: format!("not taken within {limit:?}") })
            }
            Err(_) => Err(MailError::Unanswered(format!("no answer within {limit:?}"))),
        }
    }

    /// Forgets a message that was refused; false where the session is over.
    pub async fn reset(&mut self) -> bool {
        self.command("RSET", Rset).await.is_ok()
    }

    /// Says goodbye. A session that was invited to send a text and does not must be dropped instead.
    pub async fn quit(mut self) {
        let _ = self.command("QUIT", Quit).await;
    }

    async fn command(&mut self, step: &'static str, command: impl Display) -> Result<Response, MailError> {
        match tokio::time::timeout(self.mailer.timeout, self.connection.command(command)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(MailError::before_the_text(step, &error)),
            Err(_) => Err(MailError::Broken { step, reason: self.mailer.too_long() }),
        }
    }
}

fn first_line(answer: &Response) -> String {
    answer.first_line().unwrap_or_default().chars().filter(|letter| !letter.is_control()).take(200).collect()
}
