//! One message in the form that travels.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use lettre::{
    Address, Message,
    address::Envelope,
    message::{
        Mailbox, MultiPart, SinglePart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};

use super::{MailError, Mailer};

/// What a message is made of. Any text may stand in any of them.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// What makes it this message and no other; goes into `Message-ID`. Letters, digits and hyphens.
    pub id: &'a str,
    /// Address of the reader.
    pub to: &'a str,
    /// Subject.
    pub subject: &'a str,
    /// As plain text.
    pub text: &'a str,
    /// The same as HTML.
    pub html: &'a str,
    /// Where a POST ends these messages (RFC 8058).
    pub unsubscribe: &'a str,
    /// When it was written.
    pub at: DateTime<Utc>,
}

/// A message ready to be sent; the same letter gives the same bytes.
#[derive(Clone, Debug)]
pub struct Written {
    pub(super) envelope: Envelope,
    pub(super) bytes: Vec<u8>,
}

impl Written {
    /// The whole message with its headers, as RFC 5322 has it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Mailer {
    /// Writes a message from the configured sender. `Auto-Submitted` and the headers of lists keep programs from answering it (RFC 3834);
    /// `Precedence: bulk` is left out: no standard has it, and servers put such mail behind other mail.
    ///
    /// # Errors
    /// [`MailError::Address`] where the reader's address cannot be used.
    pub fn write(&self, letter: &Letter<'_>) -> Result<Written, MailError> {
        let to: Address = letter.to.trim().parse().map_err(|_| MailError::Address(shown(letter.to)))?;
        let domain = self.from.email.domain();
        let raw =
            |name: &'static str, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(one_line(letter.subject))
            .date(SystemTime::from(letter.at))
            .message_id(Some(format!("<{}@{domain}>", letter.id)))
            .raw_header(raw("Auto-Submitted", "auto-generated".to_owned()))
            .raw_header(raw("List-Id", format!("<matches.{domain}>")))
            .raw_header(raw("List-Unsubscribe", format!("<{}>", letter.unsubscribe)))
            .raw_header(raw("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
        if let Some(reply_to) = &self.reply_to {
            message = message.reply_to(reply_to.clone());
        }
        let part = |kind: ContentType, text: &str| SinglePart::builder().header(kind).body(lines(text));
        let body = MultiPart::alternative()
            .boundary(format!("part-{}", letter.id))
            .singlepart(part(ContentType::TEXT_PLAIN, letter.text))
            .singlepart(part(ContentType::TEXT_HTML, letter.html));
        let message = message.multipart(body).map_err(|error| MailError::Address(error.to_string()))?;
        Ok(Written { envelope: message.envelope().clone(), bytes: message.formatted() })
    }
}

/// With line feeds alone between lines, which are written as CRLF: a carriage return by itself is a line to some servers and none to others.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// Without what could begin a new header.
fn one_line(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

fn shown(address: &str) -> String {
    one_line(address).chars().take(100).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::Config;

    fn mailer() -> Mailer {
        let settings = [
            ("notify.email.host", "127.0.0.1".to_owned()),
            ("notify.email.tls", "none".to_owned()),
            ("notify.email.from", "Jöbs <jobs@example.com>".to_owned()),
            ("notify.email.reply_to", "help@example.com".to_owned()),
            ("notify.email.unsubscribe_url", "https://jobs.example".to_owned()),
        ];
        Mailer::new(&Config::load(None, &settings).unwrap().notify.email).unwrap()
    }

    fn letter<'a>(subject: &'a str, text: &'a str) -> Letter<'a> {
        Letter {
            id: "0b3c",
            to: "ann@example.org",
            subject,
            text,
            html: text,
            unsubscribe: "https://jobs.example/unsubscribe/1234567.email.mZ8d3JkQx0yVQ2o5m1nP4rT7uW9zA1bC3dE5fG7hI9k",
            at: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
        }
    }

    /// Names and values of the headers, folded lines joined.
    fn headers(bytes: &[u8]) -> Vec<(String, String)> {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let head = text.split_once("\r\n\r\n").unwrap().0.replace("\r\n ", " ").replace("\r\n\t", " ");
        head.split("\r\n")
            .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("{line:?}")))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect()
    }

    #[test]
    fn the_headers_are_those_of_a_message_nobody_wrote_by_hand() {
        let written = mailer().write(&letter("3 new matches", "Ä")).unwrap();
        let headers = headers(written.bytes());
        let value = |name: &str| {
            &headers.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("{name}")).1
        };
        assert_eq!(value("message-id"), "<0b3c@example.com>");
        assert_eq!(value("to"), "ann@example.org");
        assert_eq!(value("reply-to"), "help@example.com");
        assert_eq!(value("subject"), "3 new matches");
        assert_eq!(value("auto-submitted"), "auto-generated");
        assert_eq!(
            value("list-unsubscribe"),
            "<https://jobs.example/unsubscribe/1234567.email.mZ8d3JkQx0yVQ2o5m1nP4rT7uW9zA1bC3dE5fG7hI9k>"
        );
        assert_eq!(value("list-unsubscribe-post"), "List-Unsubscribe=One-Click");
        assert!(value("content-type").starts_with("multipart/alternative"));
        assert_eq!(value("date"), "Tue, 14 Nov 2023 22:13:20 +0000");
        assert_eq!(written.bytes(), mailer().write(&letter("3 new matches", "Ä")).unwrap().bytes());
    }

    #[test]
    fn an_address_that_would_be_more_than_an_address_is_refused() {
        let mailer = mailer();
        for to in [
            "",
            "ann",
            "ann@",
            "a@b.example\r\nBcc: x@y.example",
            "a@b.example, c@d.example",
            "<a@b.example> RCPT",
            "a b@c.example",
        ] {
            let refused = mailer.write(&Letter { to, ..letter("s", "t") });
            assert!(matches!(refused, Err(MailError::Address(_))), "{to:?}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_header_or_ends_the_message(
            subject in prop_oneof![any::<String>(), "[a-z\r\n:. ]{0,80}", Just("x\r\nBcc: evil@example.com\r\n\r\nbody".to_owned())],
            text in prop_oneof![any::<String>(), "([.\r\nQUIT ]{0,10}[a-zäöü]{0,3}){0,40}", Just("\r\n.\r\nMAIL FROM:<x@y>\r\n".to_owned())],
        ) {
            let written = mailer().write(&letter(&subject, &text)).unwrap();
            let bytes = written.bytes();
            prop_assert!(bytes.is_ascii(), "goes through every server");
            let plain: Vec<_> = headers(mailer().write(&letter("s", "t")).unwrap().bytes()).into_iter().map(|(name, _)| name).collect();
            let found: Vec<_> = headers(bytes).into_iter().map(|(name, _)| name).collect();
            prop_assert_eq!(found, plain);
            for (at, byte) in bytes.iter().enumerate() {
                prop_assert!(*byte != b'\n' || at > 0 && bytes[at - 1] == b'\r', "a line feed by itself at {}", at);
                prop_assert!(*byte != b'\r' || bytes.get(at + 1) == Some(&b'\n'), "a carriage return by itself at {}", at);
            }
            prop_assert!(bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 1000), "RFC 5321, 4.5.3.1.6");
        }
    }
}
