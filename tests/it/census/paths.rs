//! Paths through JSON, and XML as JSON.

use quick_xml::{Reader, events::Event};
use serde_json::{Map, Value};

/// A body as JSON; XML becomes objects of lists.
pub fn document(body: &[u8]) -> Option<Value> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    match text.as_bytes().first()? {
        b'{' | b'[' => serde_json::from_str(text).ok(),
        b'<' if !text[..text.floor_char_boundary(200)].to_lowercase().contains("<html") => Some(xml(text)),
        _ => None,
    }
}

fn xml(text: &str) -> Value {
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    let mut open: Vec<(String, Map<String, Value>)> = vec![(String::new(), Map::new())];
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Eof => break,
            Event::Start(tag) => open.push((tag.name().as_ref().to_owned(), Map::new())),
            Event::Empty(tag) => push(&mut open, tag.name().as_ref().to_owned(), Map::new()),
            Event::End(_) if open.len() > 1 => {
                if let Some((name, element)) = open.pop() {
                    push(&mut open, name, element);
                }
            }
            Event::Text(text) => add_text(&mut open, &text),
            Event::CData(text) => add_text(&mut open, &text),
            Event::GeneralRef(name) => add_text(&mut open, &format!("&{};", &*name)),
            _ => {}
        }
    }
    while open.len() > 1 {
        if let Some((name, element)) = open.pop() {
            push(&mut open, name, element);
        }
    }
    let root = open.pop().map(|(_, root)| root).unwrap_or_default();
    // The root element stands alone, not in a list.
    let alone = |list: Value| list.as_array().and_then(|list| list.first().cloned());
    Value::Object(root.into_iter().filter_map(|(name, list)| Some((name, alone(list)?))).collect())
}

fn push(open: &mut [(String, Map<String, Value>)], name: String, element: Map<String, Value>) {
    if let Some((_, parent)) = open.last_mut() {
        let list = parent.entry(name).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(items) = list {
            items.push(Value::Object(element));
        }
    }
}

fn add_text(open: &mut [(String, Map<String, Value>)], text: &str) {
    if let Some((_, element)) = open.last_mut() {
        let known = element.entry("#").or_insert_with(|| Value::String(String::new()));
        if let Value::String(known) = known {
            known.push_str(text);
        }
    }
}

/// All values at a path.
pub fn select<'a>(value: &'a Value, path: &str) -> Vec<&'a Value> {
    if path == "." {
        return vec![value];
    }
    path.split('.').fold(vec![value], |found, step| {
        let (key, list) =
            step.split_once('[').map_or((step, None), |(key, list)| (key, Some(list.trim_end_matches(']'))));
        let keyed =
            found.into_iter().filter_map(|value| if key.is_empty() { Some(value) } else { value.get(key) });
        match list {
            None => keyed.collect(),
            Some(filter) => keyed
                .filter_map(Value::as_array)
                .flatten()
                .filter(|item| match filter.split_once('=') {
                    Some((key, wanted)) => item.get(key).is_some_and(|value| text(value) == wanted),
                    None => true,
                })
                .collect(),
        }
    })
}

/// Whether a value says something.
pub fn filled(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(yes) => *yes,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !matches!(text.trim(), "" | "-" | "0" | "null"),
        Value::Array(items) => items.iter().any(filled),
        Value::Object(keys) => keys.values().any(filled),
    }
}

/// A value for people.
pub fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |text| text.trim().to_owned())
}
