//! Bearer tokens: `cw_{id}_{secret}`, eight characters of id, 32 random bytes of secret in base64url.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::{random::Random, store::Token};

/// What a token may do; each role may do what the ones before it may.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Read.
    Viewer,
    /// Enqueue, retry, cancel, pause.
    Operator,
    /// Everything.
    Admin,
}

impl Role {
    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// The role of a stored word; an unknown word may do the least.
    pub fn from_stored(word: &str) -> Self {
        match word {
            "admin" => Self::Admin,
            "operator" => Self::Operator,
            _ => Self::Viewer,
        }
    }
}

/// A new token: what is kept, and what is shown once.
#[derive(Debug)]
pub struct Minted {
    /// For the database.
    pub token: Token,
    /// For its holder.
    pub shown: SecretString,
}

/// Makes a token.
pub fn mint(
    random: &Random,
    now: chrono::DateTime<chrono::Utc>,
    name: &str,
    role: Role,
    tasks: Option<Vec<String>>,
    expires_at: Option<chrono::DateTime<chrono::Utc>>,
) -> Minted {
    let id = URL_SAFE_NO_PAD.encode(random.bytes::<6>()).replace('_', "-");
    let secret = URL_SAFE_NO_PAD.encode(random.bytes::<32>());
    let token = Token {
        secret_hash: Sha256::digest(secret.as_bytes()).to_vec(),
        name: name.to_owned(),
        role: role.as_str().to_owned(),
        tasks,
        created_at: now,
        expires_at,
        last_used_at: None,
        revoked_at: None,
        id: id.clone(),
    };
    Minted { token, shown: format!("cw_{id}_{secret}").into() }
}

/// The id and the secret of a shown token; `None` where it does not have the form.
pub fn split(shown: &SecretString) -> Option<(&str, &str)> {
    let (id, secret) = shown.expose_secret().strip_prefix("cw_")?.split_once('_')?;
    (id.len() == 8 && secret.len() == 43).then_some((id, secret))
}

/// Whether `secret` belongs to `token`. Takes the same time for a token that does not exist.
pub fn fits(secret: &str, token: Option<&Token>) -> bool {
    let given: [u8; 32] = Sha256::digest(secret.as_bytes()).into();
    let kept = token.map_or([0; 32].as_slice(), |token| token.secret_hash.as_slice());
    bool::from(given.ct_eq(kept)) && token.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_shown_secret_fits() {
        let random = Random::seeded(1);
        let minted = mint(&random, chrono::DateTime::UNIX_EPOCH, "ci", Role::Operator, None, None);
        let (id, secret) = split(&minted.shown).unwrap();
        assert_eq!(id, minted.token.id);
        assert!(fits(secret, Some(&minted.token)));
        assert!(!fits(secret, None));
        assert!(!fits("x", Some(&minted.token)));
        let other = mint(&random, chrono::DateTime::UNIX_EPOCH, "ci", Role::Operator, None, None);
        assert!(!fits(split(&other.shown).unwrap().1, Some(&minted.token)));
    }

    #[test]
    fn what_is_not_a_token_is_not_split() {
        for text in ["", "cw_", "cw_12345678", "cw_12345678_short", "Bearer cw_x_y"] {
            assert!(split(&text.to_owned().into()).is_none(), "{text}");
        }
    }
}
