//! Places out of location strings.

#![no_main]

use career_worker::normalize::places;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let found = places::from_text(&text);
    for place in &found {
        let code = place.country_code.as_deref();
        assert!(code.is_none_or(|code| code.len() == 2), "{place:?}");
    }
    let _ = places::display(&found);
});
