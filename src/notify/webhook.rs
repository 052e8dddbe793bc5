//! What a webhook says, and how it is signed: Standard Webhooks (<https://www.standardwebhooks.com>), version 1, symmetric.
//!
//! Receivers know a digest by its `webhook-id`, which stays the same however often it comes. To say more of a posting: [`DigestPosting`],
//! and deploy/CHANNELS.md.
//!
//! [`DigestPosting`]: super::DigestPosting

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, SecondsFormat, Utc};
use hmac::{Hmac, Mac as _};
use secrecy::SecretString;
use serde_json::json;
use sha2::Sha256;

use super::Digest;
use crate::domain::{DigestId, UserId};

/// In front of every secret.
const PREFIX: &str = "whsec_";
/// Bytes of a secret: those the specification asks for.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Words that tell kinds of messages apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// New matches.
    Digest,
    /// Somebody tries the channel.
    Test,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Digest => "matches.digest",
            Self::Test => "matches.test",
        }
    }
}

/// The body: `type`, `timestamp` (when the digest was made), and `data` with `user_id`, `postings` and `more`.
pub fn body(kind: Kind, user: UserId, digest: &Digest, made: DateTime<Utc>) -> Vec<u8> {
    let body = json!({
        "type": kind.as_str(),
        "timestamp": made.to_rfc3339_opts(SecondsFormat::Secs, true),
        "data": { "user_id": user, "postings": digest.postings, "more": digest.more },
    });
    body.to_string().into_bytes()
}

/// A secret as receivers keep it, of 32 random bytes.
pub fn new_secret(bytes: [u8; 32]) -> SecretString {
    format!("{PREFIX}{}", STANDARD.encode(bytes)).into()
}

/// Keys that sign, from one secret or from two with a space between them.
#[derive(Clone)]
pub struct Keys(Vec<Vec<u8>>);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}

impl Keys {
    /// Reads secrets; what they are is not in the message of an error.
    ///
    /// # Errors
    /// Says what was expected.
    pub fn read(secrets: &str) -> Result<Self, String> {
        let expected =
            || "expected one or two secrets of the form whsec_ and base64 of 24 to 64 bytes".to_owned();
        let keys: Option<Vec<Vec<u8>>> = secrets
            .split_ascii_whitespace()
            .map(|secret| {
                STANDARD.decode(secret.strip_prefix(PREFIX)?).ok().filter(|key| BYTES.contains(&key.len()))
            })
            .collect();
        let keys = keys.ok_or_else(expected)?;
        if (1..=2).contains(&keys.len()) { Ok(Self(keys)) } else { Err(expected()) }
    }

    /// The three headers of a message that is sent at `now`.
    pub fn sign(&self, id: &DigestId, now: DateTime<Utc>, body: &[u8]) -> [(&'static str, String); 3] {
        let timestamp = now.timestamp();
        let signatures: Vec<String> = self
            .0
            .iter()
            .filter_map(|key| {
                let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
                mac.update(format!("{id}.{timestamp}.").as_bytes());
                mac.update(body);
                Some(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
            })
            .collect();
        [
            ("webhook-id", id.to_string()),
            ("webhook-timestamp", timestamp.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ]
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    const ID: &str = "0190a2b4-7d1e-4c55-9a3f-2b8c6d4e1f00";

    /// Computed by the reference library in Python (standardwebhooks 1.1.0).
    #[test]
    fn signatures_are_those_of_the_reference() {
        let now = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let keys = Keys::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let headers = keys.sign(&ID.parse().unwrap(), now, br#"{"test": 2432232314}"#);
        assert_eq!(headers[0], ("webhook-id", ID.to_owned()));
        assert_eq!(headers[1], ("webhook-timestamp", "1614265330".to_owned()));
        assert_eq!(headers[2].1, "v1,Vgyz9n7TXP3dKeb+Hrwcy+0hV36uLIOLOEGdWF9rUSc=");
    }

    #[test]
    fn two_secrets_make_two_signatures() {
        let new = new_secret([3; 32]);
        let both =
            Keys::read(&format!("{} whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", new.expose_secret())).unwrap();
        let now = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        assert_eq!(both.sign(&ID.parse().unwrap(), now, b"{}")[2].1.matches("v1,").count(), 2);
        for wrong in ["", "whsec_", "whsec_!!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAAA"] {
            assert!(Keys::read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_body_is_the_documented_one() {
        let digest = Digest::sample();
        let made = DateTime::from_timestamp(1_614_265_330, 0).unwrap();
        let body: serde_json::Value =
            serde_json::from_slice(&body(Kind::Test, UserId(7), &digest, made)).unwrap();
        assert_eq!(body["type"], "matches.test");
        assert_eq!(body["timestamp"], "2021-02-25T15:02:10Z");
        assert_eq!(body["data"]["user_id"], 7);
        assert_eq!(body["data"]["postings"][0]["title"], "This is a test");
    }
}
