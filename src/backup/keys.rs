//! Keys of age: public ones that backups are encrypted to, a private one that restore tests open them with.

use age::x25519::{Identity, Recipient};
use secrecy::{ExposeSecret as _, SecretString};

use super::BackupError;
use crate::config::BackupConfig;

/// A new pair.
#[derive(Debug)]
pub struct KeyPair {
    /// `age1...`; may be seen by anybody.
    pub public: String,
    /// `AGE-SECRET-KEY-1...`
    pub private: SecretString,
}

/// Makes a pair.
pub fn generate() -> KeyPair {
    let identity = Identity::generate();
    KeyPair { public: identity.to_public().to_string(), private: identity.to_string() }
}

/// The public keys in the settings.
///
/// # Errors
/// [`BackupError::Settings`] where there are none, or one cannot be read.
pub fn recipients(config: &BackupConfig) -> Result<Vec<Recipient>, BackupError> {
    if config.recipients.is_empty() {
        return Err(BackupError::Settings(
            "backup.recipients: expected public keys of age; career-worker backup keygen makes them"
                .to_owned(),
        ));
    }
    config
        .recipients
        .iter()
        .map(|key| {
            key.trim().parse().map_err(|error| {
                BackupError::Settings(format!("backup.recipients: \"{key}\": {error}, expected age1..."))
            })
        })
        .collect()
}

/// The private key in the settings; comments of a key file are passed over.
///
/// # Errors
/// [`BackupError::Settings`] where there is none, or it cannot be read; the message does not have it.
pub fn identity(config: &BackupConfig) -> Result<Identity, BackupError> {
    read_identity(&config.identity, "backup.identity")
}

/// As [`identity`], of a key from elsewhere; `from` is what the message names.
///
/// # Errors
/// Those of [`identity`].
pub fn read_identity(text: &SecretString, from: &str) -> Result<Identity, BackupError> {
    let line =
        text.expose_secret().lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let read = line.and_then(|line| line.parse().ok());
    read.ok_or_else(|| {
        BackupError::Settings(format!(
            "{from}: expected a private key of age (AGE-SECRET-KEY-1...); career-worker backup keygen makes one"
        ))
    })
}

/// Whether the private key in the settings opens what is encrypted to the public ones.
///
/// # Errors
/// [`BackupError::Settings`] says what is missing.
pub fn check(config: &BackupConfig) -> Result<(), BackupError> {
    let (recipients, identity) = (recipients(config)?, identity(config)?);
    let public = identity.to_public().to_string();
    if recipients.iter().any(|recipient| recipient.to_string() == public) {
        return Ok(());
    }
    Err(BackupError::Settings(format!(
        "backup.identity: its public key {public} is not among backup.recipients, so restore tests could open nothing"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(recipients: Vec<String>, identity: &str) -> BackupConfig {
        let mut config = crate::config::Config::load(None, &[]).unwrap().backup;
        config.recipients = recipients;
        config.identity = identity.to_owned().into();
        config
    }

    #[test]
    fn a_generated_pair_fits_and_a_stranger_does_not() {
        let (ours, other) = (generate(), generate());
        let file = format!("# made today\n{}\n", ours.private.expose_secret());
        check(&config(vec![other.public.clone(), ours.public.clone()], &file)).unwrap();
        let error = check(&config(vec![other.public], &file)).unwrap_err().to_string();
        assert!(error.contains(&ours.public) && error.contains("backup.recipients"), "{error}");
    }

    #[test]
    fn messages_have_no_private_key() {
        let broken = generate().private.expose_secret().replace('Q', "P");
        let broken = format!("{broken}X");
        let refused = identity(&config(vec!["age1x".to_owned()], &broken)).map(drop);
        let error = refused.unwrap_err().to_string();
        assert!(!error.contains(&broken[20..40]) && error.contains("backup.identity"), "{error}");
        let none = recipients(&config(Vec::new(), "")).unwrap_err().to_string();
        assert!(none.contains("keygen"), "{none}");
    }
}
