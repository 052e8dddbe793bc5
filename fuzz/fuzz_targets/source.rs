//! What one source reads from any bytes, and what the normalizer makes of it. `CAREER_FUZZ_SOURCE` names the source, and
//! `CAREER_FUZZ_FIXTURES` the folder of the fixtures, whose boards it is given.

#![no_main]

use std::{path::PathBuf, sync::LazyLock};

use career_worker::{
    domain::Page,
    normalize::normalize,
    sources::{self, Board, Source},
};
use chrono::NaiveDate;
use libfuzzer_sys::fuzz_target;

struct Setting {
    source: &'static dyn Source,
    /// Boards with the address that their first request asks.
    boards: Vec<(Board, String)>,
}

static SETTING: LazyLock<Setting> = LazyLock::new(|| {
    let name = std::env::var("CAREER_FUZZ_SOURCE").expect("CAREER_FUZZ_SOURCE names a source");
    let source = sources::find(&name).expect("CAREER_FUZZ_SOURCE names a source");
    let fixtures = std::env::var_os("CAREER_FUZZ_FIXTURES").map_or_else(|| PathBuf::from("../fixtures"), PathBuf::from);
    let cases = std::fs::read_dir(fixtures.join(&name)).expect("fixtures of the source");
    let boards = cases.filter_map(|case| {
        let text = std::fs::read_to_string(case.ok()?.path().join("exchange.toml")).ok()?;
        let exchange: toml::Table = text.parse().ok()?;
        let board = Board {
            board: exchange.get("board")?.as_str()?.to_owned(),
            company: Some("Nordlicht GmbH".to_owned()),
            options: exchange.get("options").cloned().map_or_else(Default::default, |options| {
                options.try_into().expect("options of a board")
            }),
        };
        let url = exchange.get("url")?.as_str()?.to_owned();
        Some((board, url))
    });
    Setting { source, boards: boards.collect() }
});

fuzz_target!(|data: &[u8]| {
    let Some((first, body)) = data.split_first() else { return };
    let Setting { source, boards } = &*SETTING;
    let (board, url) = &boards[usize::from(*first) % boards.len()];
    let content_type = [None, Some("application/json"), Some("text/html; charset=iso-8859-1")][usize::from(*first) % 3];
    let page = Page { url, content_type, body };
    let Ok(parsed) = source.parse(board, &page) else { return };
    let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap_or_default();
    for draft in &parsed.drafts {
        let _ = source.complete(board, &page, draft);
        let _ = draft.hash();
    }
    let drafts = parsed.drafts.into_iter().map(|draft| draft.posting);
    for raw in parsed.postings.into_iter().chain(drafts).take(20) {
        if let Ok(posting) = normalize(source.name(), raw, today) {
            assert!(!posting.title.is_empty() && posting.title.chars().count() <= 500);
            assert!(posting.url.starts_with("http"), "{}", posting.url);
            let _ = posting.content_hash();
        }
    }
});
