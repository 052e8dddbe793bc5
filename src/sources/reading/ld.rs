//! The JSON-LD blocks of a page: the objects of the type `JobPosting`, as JSON.
//!
//! What pages really hold: one object or a list, `@graph` or `mainEntity` around it, a type among others, an empty block, commas
//! before a closing bracket, raw line ends inside texts, comments or CDATA marks around the whole.

use serde_json::value::RawValue;

use super::{Document, Value};

/// How deep a posting may stand inside other objects.
const DEEPEST: usize = 6;

/// The JSON of each `JobPosting` object of a page, in its order.
pub(in crate::sources) fn job_postings(html: &str) -> Vec<String> {
    let mut found = Vec::new();
    for block in blocks(html) {
        let json = repaired(unmarked(block));
        // One value; what stands behind it closes a comment.
        let value = serde_json::Deserializer::from_str(&json).into_iter::<&RawValue>().next();
        let document = value.and_then(Result::ok).map(|value| Document::new(value.get().as_bytes()));
        if let Some(root) = document.as_ref().and_then(|document| document.root().ok()) {
            collect(root, 0, &mut found);
        }
    }
    found
}

/// The contents of the scripts that say they are JSON-LD.
fn blocks(html: &str) -> Vec<&str> {
    let lower = html.to_ascii_lowercase();
    let mut blocks = Vec::new();
    let mut at = 0;
    while let Some(tag) = find(&lower, at, "<script") {
        let Some(open) = find(&lower, tag, ">") else { break };
        let Some(close) = find(&lower, open, "</script") else { break };
        let is_ld = lower.get(tag..open).is_some_and(|tag| tag.contains("ld+json"));
        blocks.extend(html.get(open + 1..close).filter(|_| is_ld));
        at = close;
    }
    blocks
}

fn find(text: &str, from: usize, what: &str) -> Option<usize> {
    Some(from + text.get(from..)?.find(what)?)
}

/// From the first bracket on, which a CDATA mark in front has as well.
fn unmarked(block: &str) -> &str {
    let block = block.split_once("<![CDATA[").map_or(block, |(_, block)| block);
    let start = block.find(['{', '[']).unwrap_or(block.len());
    block.get(start..).unwrap_or_default()
}

/// Without commas before a closing bracket and with control characters of texts as blanks.
fn repaired(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let (mut in_text, mut escaped) = (false, false);
    for char in json.chars() {
        if in_text {
            out.push(if char.is_control() && char.is_ascii() { ' ' } else { char });
            in_text = escaped || char != '"';
            escaped = !escaped && char == '\\';
            continue;
        }
        if matches!(char, '}' | ']') {
            let kept = out.trim_end();
            if kept.ends_with(',') {
                out.truncate(kept.len() - 1);
            }
        }
        in_text = char == '"';
        out.push(char);
    }
    out
}

fn collect(value: Value<'_>, depth: usize, found: &mut Vec<String>) {
    if depth > DEEPEST {
        return;
    }
    if let Ok(items) = value.items() {
        for item in items {
            collect(item, depth + 1, found);
        }
        return;
    }
    let Ok(object) = value.object() else { return };
    let is_posting = |kind: Value<'_>| {
        let name = kind.text();
        name.is_some_and(|name| name.trim().rsplit(['/', ':']).next() == Some("JobPosting"))
    };
    let kinds =
        object.get("@type").is_some_and(is_posting) || object.items("@type").into_iter().any(is_posting);
    if kinds {
        found.push(value.json().to_owned());
        return;
    }
    for key in ["@graph", "mainEntity", "mainEntityOfPage"] {
        if let Some(inner) = object.get(key) {
            collect(inner, depth + 1, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(block: &str) -> String {
        format!(
            "<html><SCRIPT nonce='n' type=\"application/LD+json\">{block}</SCRIPT><script>var a = {{}}</script>"
        )
    }

    #[test]
    fn postings_are_found_wherever_they_stand() {
        let posting = r#"{"@type": "JobPosting", "title": "Baker"}"#;
        for block in [
            posting.to_owned(),
            format!("[{posting}]"),
            format!(r#"{{"@graph": [{{"@type": "WebSite"}}, {posting}]}}"#),
            format!(r#"{{"@type": "WebPage", "mainEntity": {posting}}}"#),
            format!("\n<!--\n{posting}\n-->\n"),
            format!("//<![CDATA[\n{posting}\n//]]>"),
            format!("<![CDATA[{posting}]]>"),
        ] {
            assert_eq!(job_postings(&page(&block)), [posting], "{block}");
        }
        let types = r#"{"@type": ["Thing", "https://schema.org/JobPosting"]}"#;
        assert_eq!(job_postings(&page(types)), [types]);
    }

    #[test]
    fn small_mistakes_are_mended() {
        let found = job_postings(&page(
            "{\"@type\": \"JobPosting\", \"title\": \"Ba\nker, }\\\"]\", \"a\": [1, 2 , ], }",
        ));
        assert_eq!(found, [r#"{"@type": "JobPosting", "title": "Ba ker, }\"]", "a": [1, 2 ]}"#]);
    }

    #[test]
    fn a_page_without_postings_has_none() {
        for block in ["", " ", "{", "[]", "null", r#"{"@type": "WebSite"}"#, r#"{"@type": "JobPosting""#] {
            assert!(job_postings(&page(block)).is_empty(), "{block}");
        }
        assert!(job_postings("<script type='application/ld+json'>{\"@type\":\"JobPosting\"}").is_empty());
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(job_postings(&page(&deep)).is_empty());
    }

    proptest! {
        #[test]
        fn any_text_has_postings_or_none(text in r#"(<script type="ld\+json">|</script>|[\[\]{},":é <!-]|CDATA|@type|JobPosting){0,40}"#) {
            let _ = job_postings(&text);
        }
    }
}
