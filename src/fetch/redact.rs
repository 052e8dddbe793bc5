//! Addresses as they may be shown in logs and errors: without user names, and without the values of secret parameters.

use std::borrow::Cow;

use url::Url;

const WORDS: [&str; 14] = [
    "auth",
    "authorization",
    "credential",
    "credentials",
    "jwt",
    "key",
    "passwd",
    "password",
    "pwd",
    "secret",
    "session",
    "sig",
    "signature",
    "token",
];
const ENDINGS: [&str; 5] = ["key", "password", "secret", "signature", "token"];

/// The address without what must stay secret, at most 300 characters.
pub fn shown(url: &Url) -> String {
    let mut text = format!("{}://{}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path());
    if url.query().is_some() {
        let pairs: Vec<_> = url
            .query_pairs()
            .map(|(name, value)| {
                let value = if is_secret(&name) { Cow::Borrowed("***") } else { value };
                format!("{}={}", name.escape_debug(), value.escape_debug())
            })
            .collect();
        text = format!("{text}?{}", pairs.join("&"));
    }
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "app_id"
        || ENDINGS.iter().any(|ending| name.ends_with(ending))
        || name.split(|c: char| !c.is_alphanumeric()).any(|word| WORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_secrets_and_keeps_the_rest() {
        for (url, text) in [
            (
                "https://a.example/x?app_id=1&app_key=2&what=rust",
                "https://a.example/x?app_id=***&app_key=***&what=rust",
            ),
            ("https://u:p@a.example/x", "https://a.example/x"),
            ("https://a.example/?accessToken=1&gh_jid=7", "https://a.example/?accessToken=***&gh_jid=7"),
            ("https://a.example/?keywords=go&x-api-key=1", "https://a.example/?keywords=go&x-api-key=***"),
            ("https://a.example/?a=%0Ab", "https://a.example/?a=\\nb"),
        ] {
            assert_eq!(shown(&Url::parse(url).unwrap()), text);
        }
        assert_eq!(
            shown(&Url::parse(&format!("https://a.example/{}", "ä".repeat(400))).unwrap()).chars().count(),
            301
        );
    }
}
