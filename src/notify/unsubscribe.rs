//! Links that end a channel of a user: who holds one may end this channel, and nothing else.
//!
//! A token names user and channel and has a code over both, by a key of that channel that only the database knows. It stays good for as
//! long as the key, so that the link in an old mail works.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use crate::domain::{Channel, UserId};

/// The token for links: `{user}.{channel}.{code}`.
pub fn token(user: UserId, channel: Channel, key: &[u8]) -> String {
    let code = code(user, channel, key).map(|code| URL_SAFE_NO_PAD.encode(code.finalize().into_bytes()));
    format!("{}.{channel}.{}", user.0, code.unwrap_or_default())
}

/// Whom a token names. Whether it is good is for [`Claim::holds`] to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Reader.
    pub user: UserId,
    /// What is to end.
    pub channel: Channel,
    code: Vec<u8>,
}

/// Reads a token.
pub fn who(token: &str) -> Option<Claim> {
    let mut parts = token.splitn(3, '.');
    let user = UserId(parts.next()?.parse().ok()?);
    let channel = parts.next()?.parse().ok()?;
    let code = URL_SAFE_NO_PAD.decode(parts.next()?).ok()?;
    Some(Claim { user, channel, code })
}

impl Claim {
    /// Whether its code is that of this key; takes as long either way.
    pub fn holds(&self, key: &[u8]) -> bool {
        code(self.user, self.channel, key).is_some_and(|code| code.verify_slice(&self.code).is_ok())
    }
}

fn code(user: UserId, channel: Channel, key: &[u8]) -> Option<Hmac<Sha256>> {
    let mut code = Hmac::<Sha256>::new_from_slice(key).ok()?;
    code.update(format!("unsubscribe {} {channel}", user.0).as_bytes());
    Some(code)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_is_good_for_its_user_and_channel_alone() {
        let key = [7; 32];
        let given = token(UserId(12), Channel::Email, &key);
        let claim = who(&given).unwrap();
        assert_eq!((claim.user, claim.channel), (UserId(12), Channel::Email));
        assert!(claim.holds(&key) && !claim.holds(&[8; 32]));
        for forged in [
            given.replace("12.", "13."),
            given.replace("email", "webhook"),
            given[..given.len() - 2].to_owned(),
        ] {
            assert!(!who(&forged).is_some_and(|claim| claim.holds(&key)), "{forged}");
        }
    }

    proptest! {
        #[test]
        fn nothing_else_is_a_token(text in any::<String>()) {
            prop_assert!(!who(&text).is_some_and(|claim| claim.holds(&[7; 32])));
        }
    }
}
