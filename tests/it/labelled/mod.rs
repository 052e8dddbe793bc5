//! What extraction is worth on labelled sets, one file for each kind of field. The tests hold the figures to floors, `cargo bench
//! --bench quality` prints them.
//!
//! The sets are found through `CAREER_LABELLED` or beside the checkout; without them there are no figures. Rules are made on three rows
//! of four: the fourth checked them before it was read too. `CAREER_SHOW_MISSES` prints the rows that differ, except
//! those. Nothing here asserts anything. One more set: a `Figure` with its aim in the file of its field. A new file of a field is also
//! named in `labelled_floors.rs` and in `benches/quality.rs`.

#![expect(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a set that cannot be read stops the measurement"
)]

pub mod duplicates;
pub mod experience;
pub mod keys;
pub mod pay;
pub mod places;
pub mod remote;
mod score;
pub mod skills;

use std::{fs, path::PathBuf};

use serde_json::Value;

pub use score::{Figure, Level, Score};

/// All figures of one kind of field.
pub type Measure = fn() -> Vec<Figure>;

/// The folder of the sets; `None`, with a line that says so, where there is none.
pub fn folder() -> Option<PathBuf> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/labelled");
    let folder = std::env::var_os("CAREER_LABELLED").map_or(beside, PathBuf::from);
    if !folder.is_dir() {
        eprintln!("skipped: no labelled sets at {}", folder.display());
        return None;
    }
    Some(folder)
}

/// The rows of a set of JSON Lines; none where the set is not at hand.
pub fn rows(set: &str) -> Vec<Value> {
    let text = text(&format!("{set}.jsonl")).unwrap_or_default();
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A set that is one JSON document.
pub fn document(set: &str) -> Option<Value> {
    Some(serde_json::from_str(&text(&format!("{set}.json"))?).unwrap())
}

fn text(file: &str) -> Option<String> {
    let path = folder()?.join(file);
    if !path.exists() {
        eprintln!("skipped: no labelled set {file}");
        return None;
    }
    Some(fs::read_to_string(&path).unwrap())
}

/// Whether the row of this index is one of those that check rules made on the others.
pub fn is_fourth(index: usize) -> bool {
    index % 4 == 3
}

/// Whether a disagreement in the row of this index is printed.
pub fn shows(index: usize) -> bool {
    !is_fourth(index) && std::env::var_os("CAREER_SHOW_MISSES").is_some()
}
