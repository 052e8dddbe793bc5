//! Credentials of a source, added to a request right before it is sent and taken out of the address that answered.

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::{
    config::SourcesConfig,
    domain::Request,
    sources::{Key, KeyPlace, Source},
};

/// What a request of one source is sent with.
#[derive(Clone, Debug, Default)]
pub struct Credentials(Vec<(Key, SecretString)>);

impl Credentials {
    /// Those of `source`.
    ///
    /// # Errors
    /// The settings that are empty: the source is not configured.
    pub fn find(source: &dyn Source, config: &SourcesConfig) -> Result<Self, Vec<String>> {
        let mut found = Vec::new();
        let mut missing = Vec::new();
        for key in source.keys() {
            match config.get(key.setting) {
                Some(secret) => found.push((*key, secret.clone())),
                None => missing.push(format!("sources.{}", key.setting)),
            }
        }
        if missing.is_empty() { Ok(Self(found)) } else { Err(missing) }
    }

    /// The request as it is sent.
    pub fn sign(&self, request: &Request) -> Request {
        let mut signed = request.clone();
        for (key, secret) in &self.0 {
            let secret = secret.expose_secret().trim();
            match key.place {
                KeyPlace::Header(name) => signed.headers.push((name, secret.to_owned())),
                KeyPlace::Query(name) => {
                    if let Ok(mut url) = Url::parse(&signed.url) {
                        url.query_pairs_mut().append_pair(name, secret);
                        signed.url = url.into();
                    }
                }
            }
        }
        signed
    }

    /// The address without what [`Credentials::sign`] put into it.
    pub fn strip(&self, address: &str) -> String {
        let ours = |name: &str| self.0.iter().any(|(key, _)| key.place_in_query() == Some(name));
        let Ok(mut url) = Url::parse(address) else { return address.to_owned() };
        if !url.query_pairs().any(|(name, _)| ours(&name)) {
            return address.to_owned();
        }
        let kept: Vec<_> = url.query_pairs().into_owned().filter(|(name, _)| !ours(name)).collect();
        url.set_query(None);
        if !kept.is_empty() {
            url.query_pairs_mut().extend_pairs(kept);
        }
        url.into()
    }
}

impl Key {
    fn place_in_query(&self) -> Option<&'static str> {
        match self.place {
            KeyPlace::Query(name) => Some(name),
            KeyPlace::Header(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        let key = |setting, place| Key { setting, place };
        Credentials(vec![
            (key("x_id", KeyPlace::Query("app_id")), SecretString::from("a b&c")),
            (key("x_key", KeyPlace::Header("authorization-key")), SecretString::from("s3cret\n")),
        ])
    }

    #[test]
    fn a_request_is_signed_and_its_address_comes_back_clean() {
        let request = Request::json("https://api.example/search/1?what=x");
        let signed = credentials().sign(&request);
        assert_eq!(signed.url, "https://api.example/search/1?what=x&app_id=a+b%26c");
        assert_eq!(signed.headers.last(), Some(&("authorization-key", "s3cret".to_owned())));
        assert_eq!(credentials().strip(&signed.url), request.url);
        assert_eq!(credentials().strip("https://api.example/?app_id=1"), "https://api.example/");
        assert_eq!(credentials().strip("https://api.example/a?b=%20"), "https://api.example/a?b=%20");
    }

    #[test]
    fn nothing_of_a_credential_is_shown() {
        let shown = format!("{:?}", credentials());
        assert!(!shown.contains("s3cret") && !shown.contains("a b&c"), "{shown}");
    }
}
