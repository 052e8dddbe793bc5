//! The operator's gateway for recorded exchanges: `https://host/path?query` is asked for at `{gateway}/https/host/path?query`.

use url::Url;

/// The address to connect to instead of `target`.
pub(super) fn through(gateway: &Url, target: &Url) -> Url {
    let mut url = gateway.clone();
    url.set_path(&format!(
        "{}/{}/{}{}",
        gateway.path().trim_end_matches('/'),
        target.scheme(),
        target.host_str().unwrap_or_default(),
        target.path()
    ));
    url.set_query(target.query());
    url.set_fragment(None);
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_path_and_query_as_they_are() {
        for (gateway, target, url) in [
            (
                "http://127.0.0.1:8700",
                "https://a.example/b?c=d%26e&f",
                "http://127.0.0.1:8700/https/a.example/b?c=d%26e&f",
            ),
            ("http://127.0.0.1:8700/", "http://a.example", "http://127.0.0.1:8700/http/a.example/"),
            (
                "http://gate.example/x/",
                "https://a.example/b%2Fc//d#e",
                "http://gate.example/x/https/a.example/b%2Fc//d",
            ),
        ] {
            assert_eq!(through(&Url::parse(gateway).unwrap(), &Url::parse(target).unwrap()).as_str(), url);
        }
    }
}
