//! Why a message was not accepted, and whether anybody knows.

use lettre::transport::smtp;

/// Longest answer of a server that is kept, characters.
const LONGEST: usize = 300;

/// Why a message was not accepted by the server, or why that is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MailError {
    /// The settings cannot be used.
    #[error("{0}")]
    Setup(String),
    /// The reader's address is none that mail can be sent to.
    #[error("not an address: {0}")]
    Address(String),
    /// No session: the server cannot be reached, is not who it should be, or does not take our word for who we are. It would be the same
    /// for any message.
    #[error("no session with the mail server: {0}")]
    NoSession(String),
    /// The server refused for now (4xx); it does not have the message.
    #[error("refused for now at {step}: {reply}")]
    Deferred {
        /// The command that was refused.
        step: &'static str,
        /// What the server said.
        reply: String,
    },
    /// The server refused for good (5xx); it does not have the message.
    #[error("refused at {step}: {reply}")]
    Rejected {
        /// The command that was refused.
        step: &'static str,
        /// What the server said.
        reply: String,
        /// It is the reader's address that is no good.
        no_such_reader: bool,
    },
    /// The session broke before the whole text had been handed over; the server does not have the message.
    #[error("session lost at {step}: {reason}")]
    Broken {
        /// Where.
        step: &'static str,
        /// How.
        reason: String,
    },
    /// The text was handed over, and no answer came: the server may have the message.
    #[error("handed over, but not answered: {0}")]
    Unanswered(String),
}

impl MailError {
    /// What an error at a step before the text means.
    pub(super) fn before_the_text(step: &'static str, error: &smtp::Error) -> Self {
        match error.status() {
            Some(_) => Self::refused(step, error),
            None => Self::Broken { step, reason: said(error) },
        }
    }

    /// A typed answer, 4xx or 5xx.
    pub(super) fn refused(step: &'static str, error: &smtp::Error) -> Self {
        let code = error.status().map(u16::from).unwrap_or_default();
        let reply = said(error);
        if error.is_permanent() {
            let no_such_reader = step == "RCPT" && is_no_such_reader(code, &reply);
            Self::Rejected { step, reply, no_such_reader }
        } else {
            Self::Deferred { step, reply }
        }
    }
}

/// What an error says, on one line and not too long: much of it is somebody else's text.
pub(super) fn said(error: &dyn std::error::Error) -> String {
    error
        .to_string()
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .take(LONGEST)
        .collect()
}

/// Whether a refusal of a reader is about the address. An enhanced code (RFC 3463) says so by 5.1.x, and by 5.2.1 for a mailbox that is
/// disabled; without one the plain codes of RFC 5321 have to do. Policy (5.7.x) and full mailboxes (5.2.2) pass.
fn is_no_such_reader(code: u16, reply: &str) -> bool {
    let enhanced = reply.split(|letter: char| letter.is_whitespace() || letter == ':').find(|word| {
        let mut parts = word.split('.');
        let is = |part: Option<&str>| {
            part.is_some_and(|part| {
                (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
            })
        };
        is(parts.next()) && is(parts.next()) && is(parts.next()) && parts.next().is_none()
    });
    match enhanced {
        Some(word) => word.starts_with("5.1.") || word == "5.2.1",
        None => matches!(code, 550 | 551 | 553),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_speaks_of_the_address_is_the_addresss_fault() {
        for (code, reply, fault) in [
            (550, "permanent error (550): no such user here", true),
            (550, "permanent error (550): 5.1.1 no such user here", true),
            (550, "permanent error (550): 5.2.1 disabled", true),
            (550, "permanent error (550): 5.7.1 relay access denied", false),
            (552, "permanent error (552): 5.2.2 mailbox full", false),
            (552, "permanent error (552): mailbox full", false),
            (554, "permanent error (554): no", false),
            (550, "permanent error (550): see 10.0.0.1 1.2.3.4", true),
        ] {
            assert_eq!(is_no_such_reader(code, reply), fault, "{reply}");
        }
    }
}
