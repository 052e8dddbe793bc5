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
    let lower = markup.to_lowercase();
    assert!(!lower.contains("<script") && !lower.contains("javascript:"), "{markup}");
    let _ = html::to_text(&html::plain(&text));
});
