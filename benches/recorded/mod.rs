//! Recorded responses of Greenhouse with full texts, found through `CAREER_RECORDINGS`.

pub mod memory;
pub mod speed;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// One response as its source sent it.
pub struct Recorded {
    pub url: String,
    pub body: Vec<u8>,
}

/// The recordings with text; `None`, with a line that says so, where they are not at hand.
pub fn responses() -> Option<Vec<Recorded>> {
    let Some(root) = std::env::var_os("CAREER_RECORDINGS").map(PathBuf::from).filter(|root| root.is_dir())
    else {
        println!("skipped: CAREER_RECORDINGS names no folder of recordings");
        return None;
    };
    let mut folders: Vec<PathBuf> = fs::read_dir(root.join("greenhouse"))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|folder| with_text(folder))
        .collect();
    folders.sort();
    let responses: Vec<Recorded> = folders.iter().filter_map(|folder| response(folder)).collect();
    if responses.is_empty() {
        println!("skipped: no recordings with text in {}", root.display());
        return None;
    }
    Some(responses)
}

fn with_text(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("list_content_") || name.starts_with("series_")
}

fn response(folder: &Path) -> Option<Recorded> {
    let meta: toml::Table = fs::read_to_string(folder.join("exchange.toml")).ok()?.parse().ok()?;
    let url = meta.get("url")?.as_str()?.to_owned();
    let body = fs::read(folder.join("response.json")).ok()?;
    records(&body).iter().any(|record| record.get("content").is_some()).then_some(Recorded { url, body })
}

/// The postings of a response, as its source wrote them.
fn records(body: &[u8]) -> Vec<Value> {
    let mut value: Value = serde_json::from_slice(body).unwrap_or_default();
    match value.get_mut("jobs").map(Value::take) {
        Some(Value::Array(records)) => records,
        _ => Vec::new(),
    }
}
