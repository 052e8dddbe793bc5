//! What one source reads from any bytes, and what the normalizer makes of it. `CAREER_FUZZ_SOURCE` names the source, and
//! `CAREER_FUZZ_FIXTURES` the folder of the fixtures, whose boards it is given.
//!
//! The last byte of an input chooses the board, in the order of the fixtures' names, and the content type; the body is all before it.
//! JSON is changed value by value as well as byte by byte: few changes of bytes leave it JSON.

#![no_main]

use std::{path::PathBuf, sync::LazyLock};

use career_worker::{
    domain::Page,
    normalize::normalize,
    sources::{self, Board, Source},
};
use chrono::NaiveDate;
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use serde_json::{Value, json};

struct Setting {
    source: &'static dyn Source,
    /// Boards with the address that their first request asks.
    boards: Vec<(Board, String)>,
}

static SETTING: LazyLock<Setting> = LazyLock::new(|| {
    let name = std::env::var("CAREER_FUZZ_SOURCE").expect("CAREER_FUZZ_SOURCE names a source");
    let source = sources::find(&name).expect("CAREER_FUZZ_SOURCE names a source");
    let fixtures =
        std::env::var_os("CAREER_FUZZ_FIXTURES").map_or_else(|| PathBuf::from("../fixtures"), PathBuf::from);
    let cases = std::fs::read_dir(fixtures.join(&name)).expect("fixtures of the source");
    let mut cases: Vec<PathBuf> = cases.filter_map(|case| Some(case.ok()?.path())).collect();
    cases.sort();
    let boards = cases.iter().filter_map(|case| {
        let text = std::fs::read_to_string(case.join("exchange.toml")).ok()?;
        let exchange: toml::Table = text.parse().ok()?;
        let board = Board {
            board: exchange.get("board")?.as_str()?.to_owned(),
            company: Some("Nordlicht GmbH".to_owned()),
            options: exchange
                .get("options")
                .cloned()
                .map_or_else(Default::default, |options| options.try_into().expect("options of a board")),
        };
        let url = exchange.get("url")?.as_str()?.to_owned();
        Some((board, url))
    });
    Setting { source, boards: boards.collect() }
});

fuzz_target!(|data: &[u8]| {
    let Some((last, body)) = data.split_last() else { return };
    let Setting { source, boards } = &*SETTING;
    let choice = usize::from(*last);
    let (board, url) = &boards[choice % boards.len()];
    let content_type =
        [None, Some("application/json"), Some("text/html; charset=iso-8859-1")][choice / boards.len() % 3];
    let page = Page { url, content_type, body };
    let Ok(parsed) = source.parse(board, &page) else { return };
    let today = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap_or_default();
    for draft in &parsed.drafts {
        let _ = source.complete(board, &page, draft);
        let _ = draft.hash();
    }
    let drafts = parsed.drafts.into_iter().map(|draft| draft.posting);
    for raw in parsed.postings.into_iter().chain(drafts).take(4) {
        if let Ok(posting) = normalize(source.name(), raw, today) {
            assert!(!posting.title.is_empty() && posting.title.chars().count() <= 500);
            assert!(posting.url.starts_with("http"), "{}", posting.url);
            let _ = posting.content_hash();
        }
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut random = Random(u64::from(seed) << 1 | 1);
    if random.below(8) > 0
        && let Some((last, body)) = data[..size].split_last()
        && let Ok(mut value) = serde_json::from_slice::<Value>(body)
    {
        for _ in 0..=random.below(3) {
            let mut at = random.below(count(&value));
            change(&mut value, &mut at, &mut random);
        }
        let last = if random.below(8) > 0 { *last } else { random.below(256) as u8 };
        let mut text = value.to_string().into_bytes();
        text.push(last);
        if text.len() <= max_size {
            data[..text.len()].copy_from_slice(&text);
            return text.len();
        }
    }
    fuzzer_mutate(data, size, max_size)
});

/// The choices of one change; the same seed makes the same.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(0) % end.max(1)
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// Values in a value, itself among them.
fn count(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(count).sum::<usize>(),
        _ => 1,
    }
}

/// Changes the value that stands at a place in the order of reading.
fn change(value: &mut Value, at: &mut usize, random: &mut Random) {
    if *at > 0 {
        *at -= 1;
        let inner: Vec<&mut Value> = match value {
            Value::Array(items) => items.iter_mut().collect(),
            Value::Object(members) => members.values_mut().collect(),
            _ => return,
        };
        for inner in inner {
            let inside = count(inner);
            if *at < inside {
                return change(inner, at, random);
            }
            *at -= inside;
        }
        return;
    }
    if random.below(8) == 0 {
        *value = other(value, random);
        return;
    }
    match value {
        Value::Array(items) => {
            let at = random.below(items.len());
            match random.below(4) {
                0 if !items.is_empty() => drop(items.remove(at)),
                1 if !items.is_empty() => items.push(items[at].clone()),
                2 if !items.is_empty() => items.swap(0, at),
                _ => items.truncate(at + 1),
            }
        }
        Value::Object(members) => {
            let keys: Vec<String> = members.keys().cloned().collect();
            if keys.is_empty() {
                return;
            }
            let (from, to) = (&keys[random.below(keys.len())], &keys[random.below(keys.len())]);
            if from == to {
                members.remove(from);
            } else {
                members.insert(to.clone(), members[from].clone());
            }
        }
        Value::String(text) => *text = written(text, random),
        _ => *value = other(value, random),
    }
}

/// Another value in the place of one, of another type more often than not.
fn other(value: &Value, random: &mut Random) -> Value {
    match random.below(10) {
        0 => Value::Null,
        1 => json!(random.below(2) == 0),
        2 => json!(random.of(&[0, 1, -1, i64::MAX, i64::MIN, 1_000_000, 1_790_000_000, 1_790_000_000_000])),
        3 => json!(random.of(&[0.0, 0.5, -1.0, 1e15, 1e300, f64::MIN_POSITIVE, 99_999.99])),
        4 => json!(u64::MAX),
        5 => json!([]),
        6 => json!({}),
        7 => json!([value]),
        8 => json!(value.to_string()),
        _ => json!(random.of(&PIECES)),
    }
}

/// A text with one change: a piece put in, the half dropped, repeated, or its bytes changed.
fn written(text: &str, random: &mut Random) -> String {
    let at = text.floor_char_boundary(random.below(text.len() + 1));
    match random.below(6) {
        0 => text[at..].to_owned(),
        1 => text[..at].to_owned(),
        2 => random.of(&PIECES).to_owned(),
        3 => format!("{text}{}", &text[at..]),
        4 => {
            let mut bytes = text.as_bytes().to_vec();
            let size = bytes.len();
            bytes.resize(size + 16, 0);
            let changed = fuzzer_mutate(&mut bytes, size, size + 16);
            String::from_utf8_lossy(&bytes[..changed]).into_owned()
        }
        _ => format!("{}{}{}", &text[..at], random.of(&PIECES), &text[at..]),
    }
}

/// What is read in some field, or spoils the reading of it.
const PIECES: [&str; 48] = [
    "",
    " ",
    "\0",
    "\n",
    "\u{a0}",
    "\u{301}",
    "\u{200b}",
    "\u{fffd}",
    "İ",
    "ß",
    "東京",
    "Ã¤",
    "&amp;",
    "&#0;",
    "&#x110000;",
    "&lt;p&gt;",
    "<p>",
    "</li>",
    "<ul><li>",
    "<a href=\"javascript:a\">",
    "<!--",
    "<script>",
    "<table><tr><td>",
    "-",
    ", ",
    "; ",
    " / ",
    " or ",
    "(",
    "%",
    "https://",
    "HTTP://[::1]:0/?a#b",
    "//a",
    "Remote",
    "Berlin, Germany",
    "Paris, TX",
    "DE",
    "2026-11-20",
    "2026-02-30T25:61",
    "31.12.2026",
    "-9999999",
    "€50.000 - 60k",
    "$1 per hour",
    "EUR",
    "5+ years of experience",
    "Requirements:\n- C++",
    "full-time",
    "(m/w/d) Senior",
];
