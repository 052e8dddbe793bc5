//! Canonical addresses: two links to one posting are equal, links to two postings are different.

use url::Url;

/// Query parameters that say where a visitor came from; lower case. Everything else may name the posting and is kept.
const TRACKERS: &[&str] = &[
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "_openstat",
    "campaignid",
    "cmpid",
    "dclid",
    "fbclid",
    "gad_source",
    "gbraid",
    "gclid",
    "gclsrc",
    "gh_src",
    "igshid",
    "li_fat_id",
    "lever-origin",
    "lever-source",
    "lever-source[]",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "msclkid",
    "ref",
    "referer",
    "referral",
    "referrer",
    "ref_src",
    "rcm",
    "refid",
    "s_cid",
    "source",
    "src",
    "trackingid",
    "trid",
    "trk",
    "trkinfo",
    "twclid",
    "utm",
    "wbraid",
    "yclid",
];

/// Path parameters (`;jsessionid=1`) that name a session.
const SESSIONS: [&str; 3] = [";jsessionid=", ";phpsessid=", ";sid="];

/// The canonical form of a web address: lower-case host, no default port, user, fragment, trailing slash or tracking parameter;
/// the rest of the query sorted. `None` for what is no http or https address.
///
/// A fragment that is a route of a one-page site (`#/jobs/12`) names the posting and stays.
pub fn canonical(raw: &str) -> Option<String> {
    let raw = raw.trim_matches(|char: char| char.is_whitespace() || char.is_control() || char == '\u{feff}');
    let raw = if raw.starts_with("//") { format!("https:{raw}") } else { raw.to_owned() };
    let mut url = Url::parse(&raw).ok()?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return None;
    }
    let _ = url.set_username("");
    let _ = url.set_password(None);
    if let Some(host) =
        url.host_str().filter(|host| host.ends_with('.')).map(|host| host.trim_end_matches('.').to_owned())
    {
        let _ = url.set_host(Some(&host));
    }
    if !url.fragment().is_some_and(|fragment| fragment.starts_with('/') || fragment.starts_with("!/")) {
        url.set_fragment(None);
    }
    // Cut at a session, a path may end in dots; they are resolved as it is set, and may leave a slash.
    for _ in 0..2 {
        let path = tidy_path(url.path());
        url.set_path(&path);
    }
    let query = url.query().map(tidy_query).filter(|query| !query.is_empty());
    url.set_query(query.as_deref());
    let mut text = String::from(url);
    if text.ends_with('/') && !text.contains(['?', '#']) {
        text.truncate(text.trim_end_matches('/').len());
    }
    Some(text)
}

fn tidy_path(path: &str) -> String {
    let lower = path.to_ascii_lowercase();
    let end = SESSIONS.iter().filter_map(|session| lower.find(session)).min().unwrap_or(path.len());
    path[..end].trim_end_matches('/').to_owned()
}

fn tidy_query(query: &str) -> String {
    let mut pairs: Vec<&str> =
        query.split('&').filter(|pair| !pair.is_empty() && !is_tracker(pair)).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs.join("&")
}

fn is_tracker(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default();
    let name = name.to_ascii_lowercase().replace("%5b", "[").replace("%5d", "]");
    name.starts_with("utm_") || TRACKERS.contains(&name.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::canonical;

    fn same(a: &str, b: &str) {
        assert_eq!(canonical(a), canonical(b), "{a} and {b}");
        assert!(canonical(a).is_some(), "{a}");
    }

    fn different(a: &str, b: &str) {
        assert_ne!(canonical(a), canonical(b), "{a} and {b}");
    }

    #[test]
    fn a_canonical_address_is_its_own_canonical_form() {
        for (raw, expected) in [
            ("http://a.example/a/.;jsessionid=1./b?b=2", "http://a.example/a?b=2"),
            ("http://a.example/a/b/..;sid=1", "http://a.example/a"),
            ("http://a.example/%2e;sid=1?x", "http://a.example/?x"),
        ] {
            assert_eq!(canonical(raw).as_deref(), Some(expected), "{raw}");
            assert_eq!(canonical(expected).as_deref(), Some(expected));
        }
    }

    #[test]
    fn one_posting_one_address() {
        same("https://Jobs.Example.COM:443/a/12/", "https://jobs.example.com/a/12");
        same(
            "https://jobs.example.com/a?utm_source=x&gh_jid=7&utm_medium=y",
            "https://jobs.example.com/a?gh_jid=7",
        );
        same("https://jobs.example.com/a?b=2&a=1", "https://jobs.example.com/a?a=1&b=2");
        same("https://example.com/job/123?ref=abc", "https://example.com/job/123");
        same("https://x.example/p/1?lever-source%5B%5D=LinkedIn#apply", "https://x.example/p/1");
        same(" https://x.example/careers//\n", "\u{feff}https://x.example/careers");
        same("https://x.example/careers/pm;jsessionid=42", "https://x.example/careers/pm");
        same("https://me:secret@x.example/a", "https://x.example/a");
        same("http://x.example:80/", "http://x.example");
    }

    #[test]
    fn two_postings_two_addresses() {
        different("https://x.example/x?gh_jid=1", "https://x.example/x?gh_jid=2");
        different("https://x.example/viewjob?jk=aaa", "https://x.example/viewjob?jk=bbb");
        different("https://x.example/?p=1", "https://x.example/?p=2");
        different("https://x.example/a?id=1", "https://x.example/a?job=1");
        different("https://x.example/#/jobs/1", "https://x.example/#/jobs/2");
        different("https://x.example/Jobs/AbC", "https://x.example/Jobs/aBc");
        different("https://x.example:8443/a", "https://x.example/a");
    }

    #[test]
    fn no_web_address() {
        for text in [
            "",
            "   ",
            "ftp://x.example/a",
            "careers/1",
            "mailto:a@x.example",
            "javascript:alert(1)",
            "https://",
            "http:///",
        ] {
            assert_eq!(canonical(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn stable(text in "\\PC{0,60}|https?://[a-z.]{1,9}(:[0-9]{1,4})?/[a-zA-Z0-9/;%#?&=_.-]{0,40}") {
            if let Some(once) = canonical(&text) {
                prop_assert_eq!(canonical(&once), Some(once.clone()));
            }
        }
    }
}
