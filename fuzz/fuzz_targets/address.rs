//! Addresses, any text: the canonical form is its own canonical form, a web address without user or default port, and vetting and showing
//! any address neither panics nor lets out what is secret.

#![no_main]

use career_worker::{
    fetch::{rate_domain, shown, vet},
    normalize::url::canonical,
};
use libfuzzer_sys::fuzz_target;
use url::Url;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    if let Some(address) = canonical(&text) {
        assert_eq!(canonical(&address).as_deref(), Some(address.as_str()), "of {text:?}");
        let url = Url::parse(&address).expect("an address");
        assert!(
            matches!(url.scheme(), "http" | "https") && url.username().is_empty() && url.password().is_none()
        );
        assert!(url.port().is_none() || !address.contains(":443/") || url.scheme() == "http");
    }
    if let Ok(url) = Url::parse(&text) {
        let _ = vet(&url);
        let _ = rate_domain(&url);
        assert!(!shown(&url).chars().any(char::is_control), "{:?}", shown(&url));
    }
    // Whatever is in them, user and secret parameters are not shown.
    let secret: String = text.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
    if secret.len() == 12
        && let Ok(url) =
            Url::parse(&format!("https://{secret}:{secret}@a.example/?api_key={secret}&token={secret}"))
    {
        assert!(!shown(&url).contains(&secret), "{}", shown(&url));
    }
});
