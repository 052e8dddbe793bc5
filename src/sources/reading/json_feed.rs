//! Items of a JSON Feed (version 1 and 1.1). Systems for applicants put a schema.org block beside them, under `_jobposting`.

use super::{Object, ld::from_json_ld, markup};
use crate::domain::{RawDate, RawPosting, Text};

/// What an item says; `source_id` is the item's id as sent.
pub(in crate::sources) fn from_json_feed(item: &Object<'_>) -> Result<RawPosting, String> {
    let block = item.object("_jobposting").map(|block| from_json_ld(&block)).unwrap_or_default();
    let plain = || item.text("content_text").map(Text::Plain);
    let content = || item.text("content_html").as_deref().and_then(markup).or_else(plain);
    let summary = || item.text("summary").map(Text::Plain);
    let tags = item.items("tags").into_iter().filter_map(super::Value::text);
    let url = if item.get("url").is_none() && block.url.starts_with("http") {
        block.url.clone()
    } else {
        item.required_url("url")?
    };
    let own = RawPosting {
        source_id: item.required_id("id")?,
        url,
        title: item.text("title").unwrap_or_else(|| block.title.clone()),
        description: content().or_else(|| block.description.clone()).or_else(summary),
        skills: tags.chain(block.skills.iter().cloned()).collect(),
        posted: item.text("date_published").map(RawDate::Text),
        language: item.text("language"),
        ..RawPosting::default()
    };
    let identity = RawPosting { source_id: own.source_id.clone(), ..block };
    if own.title.trim().is_empty() {
        return Err(format!("title: expected text, got {}", item.found("title")));
    }
    Ok(own.or(&identity))
}
