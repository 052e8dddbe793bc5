//! The parts of a JSON value whose syntax is known to hold, since the value around it was read.
//!
//! Nothing is checked a second time: texts are skipped in long steps to their closing quote. What looks unusual is `None`, and left to
//! the parser.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use super::{Object, Value};

/// The items of a list.
pub(super) fn items(text: &str) -> Option<Vec<Value<'_>>> {
    let mut cursor = Cursor { text, at: 0 };
    cursor.take(b'[')?;
    let mut items = Vec::new();
    if cursor.peek()? == b']' {
        return Some(items);
    }
    loop {
        items.push(cursor.value()?);
        match cursor.next()? {
            b',' => {}
            b']' => return Some(items),
            _ => return None,
        }
    }
}

/// The keys and values of an object.
pub(super) fn members(text: &str) -> Option<Object<'_>> {
    let mut cursor = Cursor { text, at: 0 };
    cursor.take(b'{')?;
    let mut fields = Vec::with_capacity(8);
    if cursor.peek()? == b'}' {
        return Some(Object(fields));
    }
    loop {
        let key = cursor.value()?.text.strip_prefix('"')?.strip_suffix('"')?;
        let key = if key.contains('\\') { Cow::Owned(unescaped(key)?) } else { Cow::Borrowed(key) };
        cursor.take(b':')?;
        fields.push((key, cursor.value()?));
        match cursor.next()? {
            b',' => {}
            b'}' => return Some(Object(fields)),
            _ => return None,
        }
    }
}

/// What stands between the quotes of a text, read; half of a surrogate pair is none.
pub(super) fn unescaped(inner: &str) -> Option<String> {
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = memchr(b'\\', rest.as_bytes()) {
        out.push_str(rest.get(..at)?);
        let (char, length) = escape(rest.as_bytes().get(at + 1..)?)?;
        out.push(char);
        rest = rest.get(at + 1 + length..)?;
    }
    out.push_str(rest);
    Some(out)
}

/// The character that an escape names, and its length without the backslash.
fn escape(text: &[u8]) -> Option<(char, usize)> {
    let char = match text.first()? {
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'u' => {
            let first = unit(text.get(1..5)?)?;
            if !(0xD800..0xDC00).contains(&first) {
                return Some((char::from_u32(first)?, 5));
            }
            let second = unit(text.get(5..11)?.strip_prefix(br"\u")?)?;
            let low = second.checked_sub(0xDC00).filter(|low| *low < 0x400)?;
            return Some((char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + low)?, 11));
        }
        same @ (b'"' | b'\\' | b'/') => char::from(*same),
        _ => return None,
    };
    Some((char, 1))
}

/// Four digits of a number to the base of sixteen.
fn unit(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
}

struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The next byte that is no blank, left in place.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at)?.is_ascii_whitespace() {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.next()? == wanted).then_some(())
    }

    fn value(&mut self) -> Option<Value<'a>> {
        let first = self.peek()?;
        let start = self.at;
        match first {
            b'"' => self.text_end(),
            b'{' | b'[' => self.nested_end(),
            _ => {
                let rest = self.text.as_bytes().get(start..)?;
                let ends =
                    |byte: &u8| matches!(byte, b',' | b']' | b'}' | b':') || byte.is_ascii_whitespace();
                let length = rest.iter().position(ends).filter(|length| *length > 0)?;
                self.at += length;
                Some(())
            }
        }?;
        Some(Value { text: self.text.get(start..self.at)?, sound: true })
    }

    /// Moves from an opening quote behind the closing one.
    fn text_end(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            let rest = self.text.as_bytes().get(self.at..)?;
            let sign = memchr2(b'"', b'\\', rest)?;
            if rest.get(sign) == Some(&b'"') {
                self.at += sign + 1;
                return Some(());
            }
            self.at += sign + 2;
        }
    }

    /// Moves from an opening bracket behind the closing one.
    fn nested_end(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.text.as_bytes().get(self.at)? {
                b'"' => {
                    self.text_end()?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return Some(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            "(?s:.{0,12})|[\"\\\\\\[\\]{}:, \n]{0,12}".prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            let key = "[a-z\"\\\\{}\u{e9}]{0,4}";
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
                proptest::collection::vec((key, inner), 0..6)
                    .prop_map(|pairs| Json::Object(pairs.into_iter().collect())),
            ]
        })
    }

    #[test]
    fn escapes() {
        assert_eq!(unescaped(r#"a\n\"\\\/\u00e9\ud83d\ude80 z"#).as_deref(), Some("a\n\"\\/é🚀 z"));
        for odd in [r"\ud83d", r"\ud83d\u0041", r"\udc00", r"\x", r"\u12", "\\", r"\u12é"] {
            assert_eq!(unescaped(odd), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn as_the_parser_reads_it(value in any_json(), pretty in any::<bool>()) {
            let text = if pretty {
                serde_json::to_string_pretty(&json!([value])).unwrap()
            } else {
                json!([value]).to_string()
            };
            let all = Value { text: &text, sound: false }.items().unwrap();
            prop_assert!(all[0].sound);
            let unsound = Value { sound: false, ..all[0] };
            let texts = |items: Vec<Value<'_>>| items.iter().map(|item| item.text.to_owned()).collect::<Vec<_>>();
            prop_assert_eq!(all[0].items().map(texts), unsound.items().map(texts));
            let pairs = |object: Object<'_>| {
                object.0.iter().map(|(key, value)| (key.clone().into_owned(), value.text.to_owned())).collect::<Vec<_>>()
            };
            prop_assert_eq!(all[0].object().map(pairs), unsound.object().map(pairs));
            if let Json::String(text) = &value {
                prop_assert_eq!(all[0].text(), (!text.trim().is_empty()).then(|| text.clone()));
            }
        }

        #[test]
        fn any_text_ends(text in "[\\[\\]{}\":,\\\\ a1é]{0,40}") {
            let _ = (items(&text), members(&text), unescaped(&text));
        }
    }
}
