//! The employer's name as it is shown.

use super::repair;

/// Placeholders that sources send instead of a name.
const EMPTY: [&str; 8] = ["-", "n/a", "na", "none", "null", "unknown", "company", "confidential"];

/// One clean line; `None` where nothing but a placeholder is left. The legal form stays: it is part of the name.
pub fn clean(raw: &str) -> Option<String> {
    let name = super::title::clean(raw);
    let name = repair::line(name.trim_matches(['"', ',', ';', '|']));
    let empty = name.is_empty() || EMPTY.iter().any(|word| name.eq_ignore_ascii_case(word));
    (!empty).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn companies() {
        assert_eq!(clean(" ACME\u{a0} GmbH &amp; Co. KG ").as_deref(), Some("ACME GmbH & Co. KG"));
        assert_eq!(clean("Foo Incredible").as_deref(), Some("Foo Incredible"));
        assert_eq!(clean("Google Inc.").as_deref(), Some("Google Inc."));
        assert_eq!(clean(" - "), None);
        assert_eq!(clean("N/A"), None);
        assert_eq!(clean(""), None);
    }
}
