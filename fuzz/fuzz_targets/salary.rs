//! Pay in text and in fields: both ends in order, positive, with a yearly amount only where the period is known.

#![no_main]

use career_worker::normalize::pay;
use libfuzzer_sys::fuzz_target;

const LANGUAGES: [Option<&str>; 6] = [None, Some("en"), Some("de"), Some("fr"), Some("pl"), Some("sv")];

fuzz_target!(|data: &[u8]| {
    let (first, rest) = data.split_first().unwrap_or((&0, &[]));
    let text = String::from_utf8_lossy(rest);
    let language = LANGUAGES[usize::from(*first) % LANGUAGES.len()];
    let hints = pay::Hints { language, country_code: Some("DE").filter(|_| *first > 127) };
    for found in [pay::from_text(&text, hints), pay::from_field(&text, hints)].into_iter().flatten() {
        assert!(found.min.is_some() || found.max.is_some(), "{found:?}");
        if let (Some(min), Some(max)) = (found.min, found.max) {
            assert!(min <= max, "{found:?}");
        }
        let yearly = pay::yearly(&found);
        assert!(found.period.is_some() || yearly.min.is_none(), "{found:?} {yearly:?}");
    }
});
