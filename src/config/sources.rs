//! What operators say about sources: credentials.

use std::collections::BTreeMap;

use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::SECRETS;

/// `[sources]`
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct SourcesConfig(BTreeMap<String, SecretString>);

impl FromIterator<(String, SecretString)> for SourcesConfig {
    fn from_iter<I: IntoIterator<Item = (String, SecretString)>>(keys: I) -> Self {
        Self(keys.into_iter().collect())
    }
}

impl SourcesConfig {
    /// The credential under this key, where the operator gave one.
    pub fn get(&self, key: &str) -> Option<&SecretString> {
        self.0.get(key).filter(|secret| !secret.expose_secret().trim().is_empty())
    }

    /// A key that no source has, with those there are.
    pub(super) fn unknown(&self) -> Option<(&str, Vec<&'static str>)> {
        let known: Vec<_> =
            SECRETS.iter().filter(|(section, _)| *section == "sources").map(|(_, key)| *key).collect();
        let key = self.0.keys().find(|key| !known.contains(&key.as_str()))?;
        Some((key, known))
    }
}
