//! The extractors that read running text: technologies, requirements, remote, employment, years, level, language, fingerprint.

#![no_main]

use career_worker::normalize::{
    fingerprint, html, job_type, language, remote, repair, requirements, seniority, skills, url, years,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = repair::text(&String::from_utf8_lossy(data));
    let title: String = text.chars().take(80).collect();
    let _ = skills::find(&text, skills::Part::Text);
    let _ = skills::find(&title, skills::Part::Title);
    let _ = requirements::split(&html::plain(&text));
    let _ = remote::resolve(None, std::slice::from_ref(&title), &title, &text);
    let _ = (job_type::from_text(&text), job_type::from_title(&title), job_type::from_employment(&[title.clone()]));
    let _ = (years::from_text(&text), seniority::from_title(&title), language::detect(None, &text));
    let _ = (fingerprint::simhash(&text), fingerprint::title_key(&title), fingerprint::company_key(&title));
    let _ = url::canonical(&text);
});
