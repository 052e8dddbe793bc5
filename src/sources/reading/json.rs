//! A lenient view of JSON that copies nothing until a field is read.
//!
//! A value is the slice of the page that holds it; each step down reads one level of that slice, so that neither the depth nor the
//! breakage of one value reaches another. Only the outermost syntax must hold: a page cut in the middle is not JSON.

mod parts;

use std::{borrow::Cow, fmt, str::FromStr as _};

use rust_decimal::Decimal;
use serde::{
    Deserialize,
    de::{Deserializer, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::sources::SourceError;

/// Characters that a message shows of a page that is not JSON.
const SHOWN: usize = 20;

/// A page's text; bytes that are not UTF-8 become U+FFFD.
pub(in crate::sources) struct Document<'a>(Cow<'a, str>);

impl<'a> Document<'a> {
    pub(in crate::sources) fn new(body: &'a [u8]) -> Self {
        // The lossy way reads byte by byte.
        Self(str::from_utf8(body).map_or_else(|_| String::from_utf8_lossy(body), Cow::Borrowed))
    }

    /// The outermost value.
    pub(in crate::sources) fn root(&self) -> Result<Value<'_>, SourceError> {
        let text = self.0.trim_start_matches('\u{feff}').trim();
        match text.as_bytes().first() {
            None => Err(SourceError::Layout("expected JSON, got an empty page".to_owned())),
            Some(b'<') => Err(SourceError::Layout("expected JSON, got a page of HTML or XML".to_owned())),
            Some(b'{' | b'[') => Ok(Value { text, sound: false }),
            Some(_) => {
                let start: String = text.chars().take(SHOWN).collect();
                let message = format!("expected a JSON object or list, got \"{}…\"", start.escape_debug());
                Err(SourceError::Layout(message))
            }
        }
    }
}

/// One JSON value, unread.
#[derive(Clone, Copy, Debug)]
pub(in crate::sources) struct Value<'a> {
    text: &'a str,
    /// The value around it was read: the syntax within holds.
    sound: bool,
}

impl<'a> Value<'a> {
    /// The JSON it is written in.
    pub(in crate::sources) fn json(self) -> &'a str {
        self.text
    }

    /// What it is, for people.
    pub(in crate::sources) fn kind(self) -> &'static str {
        match self.text.as_bytes().first() {
            Some(b'{') => "an object",
            Some(b'[') => "a list",
            Some(b'"') => "text",
            Some(b't' | b'f') => "true or false",
            Some(b'n') => "null",
            _ => "a number",
        }
    }

    /// Its keys and values, or what is there instead.
    pub(in crate::sources) fn object(self) -> Result<Object<'a>, String> {
        if !self.text.starts_with('{') {
            return Err(format!("expected an object, got {}", self.kind()));
        }
        if self.sound
            && let Some(object) = parts::members(self.text)
        {
            return Ok(object);
        }
        serde_json::from_str(self.text).map_err(|error| format!("expected JSON: {error}"))
    }

    /// Its items, or what is there instead.
    pub(in crate::sources) fn items(self) -> Result<Vec<Self>, String> {
        if !self.text.starts_with('[') {
            return Err(format!("expected a list, got {}", self.kind()));
        }
        if self.sound
            && let Some(items) = parts::items(self.text)
        {
            return Ok(items);
        }
        let items: Vec<&'a RawValue> =
            serde_json::from_str(self.text).map_err(|error| format!("expected JSON: {error}"))?;
        Ok(items.into_iter().map(|item| Self { text: item.get(), sound: true }).collect())
    }

    /// Text with something other than blanks in it, as sent.
    pub(in crate::sources) fn text(self) -> Option<String> {
        let inner = self.text.strip_prefix('"')?.strip_suffix('"')?;
        let text = parts::unescaped(inner).or_else(|| unescape(self.text))?;
        (!text.trim().is_empty()).then_some(text)
    }

    pub(in crate::sources) fn flag(self) -> Option<bool> {
        self.text.parse().ok()
    }

    pub(in crate::sources) fn integer(self) -> Option<i64> {
        self.text.parse().ok()
    }

    /// A number, or text that is one (`"12650000.0"`).
    pub(in crate::sources) fn decimal(self) -> Option<Decimal> {
        let text = self.text.trim_matches('"').trim();
        let number = Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text)).ok()?;
        Some(number.normalize())
    }

    /// An id: a whole number or a text.
    pub(in crate::sources) fn id(self) -> Option<String> {
        let digits = !self.text.is_empty() && self.text.bytes().all(|byte| byte.is_ascii_digit());
        if digits { Some(self.text.to_owned()) } else { self.text().map(|text| text.trim().to_owned()) }
    }
}

/// Reads a JSON string; half of a surrogate pair becomes U+FFFD.
fn unescape(json: &str) -> Option<String> {
    struct Bytes;
    impl Visitor<'_> for Bytes {
        type Value = String;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("text")
        }

        fn visit_bytes<E>(self, bytes: &[u8]) -> Result<String, E> {
            Ok(String::from_utf8_lossy(bytes).into_owned())
        }
    }
    serde_json::Deserializer::from_str(json).deserialize_bytes(Bytes).ok()
}

/// The keys of one JSON object with their unread values; of a key given twice the last counts, null is absent.
#[derive(Debug)]
pub(in crate::sources) struct Object<'a>(Vec<(Cow<'a, str>, Value<'a>)>);

impl<'a> Object<'a> {
    pub(in crate::sources) fn get(&self, key: &str) -> Option<Value<'a>> {
        let (_, value) = self.0.iter().rev().find(|(name, _)| name == key)?;
        (value.text != "null").then_some(*value)
    }

    /// All keys with their values, in the order of the object.
    pub(in crate::sources) fn entries(&self) -> impl Iterator<Item = (&str, Value<'a>)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), *value))
    }

    pub(in crate::sources) fn text(&self, key: &str) -> Option<String> {
        self.get(key)?.text()
    }

    pub(in crate::sources) fn flag(&self, key: &str) -> Option<bool> {
        self.get(key)?.flag()
    }

    pub(in crate::sources) fn decimal(&self, key: &str) -> Option<Decimal> {
        self.get(key)?.decimal()
    }

    pub(in crate::sources) fn object(&self, key: &str) -> Option<Object<'a>> {
        self.get(key)?.object().ok()
    }

    /// The items of a list; none where there is no list.
    pub(in crate::sources) fn items(&self, key: &str) -> Vec<Value<'a>> {
        self.get(key).and_then(|value| value.items().ok()).unwrap_or_default()
    }

    /// The objects of a list, whatever else is in it.
    pub(in crate::sources) fn objects(&self, key: &str) -> impl Iterator<Item = Object<'a>> + use<'a> {
        self.items(key).into_iter().filter_map(|item| item.object().ok())
    }

    /// The text of a field without which there is no posting.
    pub(in crate::sources) fn required_text(&self, key: &str) -> Result<String, String> {
        self.text(key).ok_or_else(|| format!("{key}: expected text, got {}", self.found(key)))
    }

    /// A public address without which there is no posting.
    pub(in crate::sources) fn required_url(&self, key: &str) -> Result<String, String> {
        let text = self.required_text(key)?;
        let address = text.trim();
        match url::Url::parse(address) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() => {
                Ok(address.to_owned())
            }
            _ => Err(format!("{key}: expected an http(s) address")),
        }
    }

    /// An id without which there is no posting.
    pub(in crate::sources) fn required_id(&self, key: &str) -> Result<String, String> {
        self.get(key)
            .and_then(Value::id)
            .ok_or_else(|| format!("{key}: expected an id, got {}", self.found(key)))
    }

    /// What is there under a key, for people.
    pub(in crate::sources) fn found(&self, key: &str) -> &'static str {
        match self.get(key) {
            None if self.0.iter().any(|(name, _)| name == key) => "null",
            None => "nothing",
            Some(value) if value.kind() == "text" && value.text().is_none() => "blank text",
            Some(value) => value.kind(),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Keys;
        impl<'de> Visitor<'de> for Keys {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
                let mut fields = Vec::with_capacity(8);
                while let Some(Key(key)) = map.next_key()? {
                    let text = map.next_value::<&'de RawValue>()?.get();
                    fields.push((key, Value { text, sound: true }));
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Keys)
    }
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn object(json: &str) -> Object<'_> {
        Value { text: json, sound: false }.object().unwrap()
    }

    fn dec(number: &str) -> Decimal {
        number.parse().unwrap()
    }

    #[test]
    fn fields_of_another_type_are_absent() {
        let o =
            object(r#"{"title": 7, "list": {}, "flag": "yes", "sum": "a lot", "gone": null, "blank": " "}"#);
        assert_eq!(o.text("title"), None);
        assert!(o.items("list").is_empty());
        assert_eq!(o.flag("flag"), None);
        assert_eq!(o.decimal("sum"), None);
        assert_eq!(o.required_text("title"), Err("title: expected text, got a number".to_owned()));
        assert_eq!(o.required_text("gone"), Err("gone: expected text, got null".to_owned()));
        assert_eq!(o.required_text("never"), Err("never: expected text, got nothing".to_owned()));
        assert_eq!(o.required_text("blank"), Err("blank: expected text, got blank text".to_owned()));
    }

    #[test]
    fn numbers_and_ids_come_in_any_clothes() {
        let o =
            object(r#"{"a": "187000.0", "b": 1.5e5, "c": 8636903002, "d": " x1 ", "e": 1.5, "f": "12,000"}"#);
        assert_eq!(o.decimal("a"), Some(dec("187000")));
        assert_eq!(o.decimal("b"), Some(dec("150000")));
        assert_eq!(o.decimal("f"), None);
        assert_eq!(o.required_id("c").as_deref(), Ok("8636903002"));
        assert_eq!(o.required_id("d").as_deref(), Ok("x1"));
        assert_eq!(o.required_id("e"), Err("e: expected an id, got a number".to_owned()));
    }

    #[test]
    fn half_a_surrogate_pair_costs_only_itself() {
        let o = object(r#"{"title": "Chef \ud83d de cuisine \u00e0 Gen\u00e8ve"}"#);
        let title = o.text("title").unwrap();
        assert!(title.starts_with("Chef ") && title.ends_with(" de cuisine à Genève"), "{title}");
    }

    #[test]
    fn the_last_of_a_repeated_key_counts() {
        assert_eq!(object(r#"{"a": "one", "a": "two"}"#).text("a").as_deref(), Some("two"));
    }

    #[test]
    fn depth_is_no_danger() {
        let deep = format!(r#"{{"jobs": {}{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
        let o = object(&deep);
        let mut value = o.get("jobs").unwrap();
        for _ in 0..100 {
            value = value.items().unwrap()[0];
        }
        assert_eq!(value.kind(), "a list");
    }

    #[test]
    fn a_page_that_is_not_json_says_so() {
        for (body, message) in [
            (&b""[..], "unexpected layout: expected JSON, got an empty page"),
            (b"<!doctype html>", "unexpected layout: expected JSON, got a page of HTML or XML"),
            (b"\xfe\x00busy", "unexpected layout: expected a JSON object or list, got \"\u{fffd}\\0busy…\""),
        ] {
            let document = Document::new(body);
            assert_eq!(document.root().unwrap_err().to_string(), message);
        }
        assert!(Document::new(b"\xef\xbb\xbf {}").root().is_ok());
    }

    proptest! {
        #[test]
        fn any_text_survives(text in ".*") {
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(Value { text: &json, sound: false }.text(), (!text.trim().is_empty()).then_some(text));
        }

        #[test]
        fn any_bytes_end_in_a_value_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let document = Document::new(&bytes);
            if let Ok(root) = document.root() {
                let _ = (root.object(), root.items(), root.text(), root.decimal(), root.id(), root.flag());
            }
        }
    }
}
