//! `JobPosting` in microdata (`itemscope`, `itemprop`), as the JSON-LD that would say the same.

use scraper::{ElementRef, Selector};
use serde_json::{Map, Value};

use super::super::{HtmlPage, line};

/// Items within each other that are read.
const DEEPEST: u8 = 8;
/// Postings of one page that are read.
const MOST: usize = 200;
/// Properties whose markup counts.
const MARKUP: [&str; 6] = [
    "description",
    "responsibilities",
    "qualifications",
    "experienceRequirements",
    "educationRequirements",
    "skills",
];

/// The JSON of each `JobPosting` that a page says in attributes.
pub(in crate::sources) fn microdata(page: &HtmlPage) -> Vec<String> {
    let Ok(items) = Selector::parse("[itemscope][itemtype]") else { return Vec::new() };
    let of_postings = |item: &ElementRef<'_>| item.attr("itemtype").is_some_and(names_a_posting);
    let items = page.select(&items).filter(of_postings).take(MOST);
    items.map(|item| Value::Object(properties(item, 0)).to_string()).collect()
}

fn names_a_posting(types: &str) -> bool {
    types.split_whitespace().any(|name| name.trim_end_matches('/').ends_with("schema.org/JobPosting"))
}

/// The properties of an item: those of elements within that are not within a further item.
fn properties(item: ElementRef<'_>, depth: u8) -> Map<String, Value> {
    let mut found = Map::new();
    let mut open: Vec<ElementRef<'_>> = item.child_elements().collect();
    open.reverse();
    while let Some(element) = open.pop() {
        let scope = element.attr("itemscope").is_some();
        for name in element.attr("itemprop").unwrap_or_default().split_whitespace() {
            let value = if scope && depth < DEEPEST {
                Some(Value::Object(properties(element, depth + 1)))
            } else {
                text(element, name).map(Value::String)
            };
            if let Some(value) = value {
                add(&mut found, name, value);
            }
        }
        if !scope {
            let at = open.len();
            open.extend(element.child_elements());
            if let Some(children) = open.get_mut(at..) {
                children.reverse();
            }
        }
    }
    found
}

fn add(found: &mut Map<String, Value>, name: &str, value: Value) {
    match found.get_mut(name) {
        None => {
            found.insert(name.to_owned(), value);
        }
        Some(Value::Array(values)) => values.push(value),
        Some(first) => {
            let both = vec![first.take(), value];
            *first = Value::Array(both);
        }
    }
}

fn text(element: ElementRef<'_>, name: &str) -> Option<String> {
    let attribute = match element.value().name() {
        "a" | "link" | "area" if name == "url" => element.attr("href"),
        "time" => element.attr("datetime"),
        "data" | "meter" => element.attr("value"),
        _ => None,
    };
    let attribute = element.attr("content").or(attribute).map(str::trim).filter(|value| !value.is_empty());
    if let Some(value) = attribute {
        return Some(value.to_owned());
    }
    if MARKUP.contains(&name) {
        let html = element.inner_html();
        return (!html.trim().is_empty()).then_some(html);
    }
    line(element)
}
