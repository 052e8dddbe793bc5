//! Markup to clean text and to sanitized markup; what is clean stays as it is.

#![no_main]

use career_worker::normalize::html;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data);
    let blocks = html::read(&text);
    let clean = html::to_text(&blocks);
    assert!(!clean.contains('\0'), "NUL in {clean:?}");
    let markup = html::to_html(&blocks);
    // A `<` of the text is escaped, so each one here begins a tag.
    for tag in markup.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag ends");
        assert!(!tag.to_lowercase().starts_with("script"), "{markup}");
        if let Some((_, address)) = tag.split_once("href=\"") {
            let address = address.to_lowercase();
            assert!(["http://", "https://", "mailto:"].iter().any(|start| address.starts_with(start)), "{tag}");
        }
    }
    let _ = html::to_text(&html::plain(&text));
});
