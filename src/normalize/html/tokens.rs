//! Splits markup into text and tags, as browsers do, forward only.

use memchr::{memchr, memchr3};

/// One piece of markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'a> {
    /// Text between tags, references not yet decoded.
    Text(&'a str),
    /// `<name attributes>`.
    Start {
        /// As written.
        name: &'a str,
        /// Everything between the name and `>`.
        attributes: &'a str,
    },
    /// `</name>`.
    End(&'a str),
}

/// Elements whose content is no text of the posting.
const RAW: [&str; 10] =
    ["script", "style", "textarea", "title", "noscript", "template", "iframe", "svg", "xmp", "select"];

/// The tokens of a piece of markup.
pub struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    /// Starts at the beginning of `html`.
    pub fn new(html: &'a str) -> Self {
        Self { rest: html }
    }

    fn text(&mut self, length: usize) -> Token<'a> {
        let (text, rest) = self.rest.split_at(length);
        self.rest = rest;
        Token::Text(text)
    }

    /// Skips past `end`, or to the end of the input.
    fn skip_past(&mut self, end: &str) {
        self.rest = self.rest.find(end).map_or("", |at| &self.rest[at + end.len()..]);
    }

    /// Skips the content of an element up to its end tag, which is left in place.
    fn skip_raw(&mut self, name: &str) {
        let mut from = 0;
        while let Some(at) = self.rest[from..].find("</").map(|at| at + from) {
            let after = &self.rest.as_bytes()[at + 2..];
            if after.get(..name.len()).is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes())) {
                self.rest = &self.rest[at..];
                return;
            }
            from = at + 2;
        }
        self.rest = "";
    }

    /// Length of a tag's body up to its `>`, quotes respected; `None` where it never ends.
    fn tag_length(body: &str) -> Option<usize> {
        let bytes = body.as_bytes();
        let mut from = 0;
        loop {
            let at = from + memchr3(b'>', b'"', b'\'', bytes.get(from..)?)?;
            let sign = *bytes.get(at)?;
            if sign == b'>' {
                return Some(at);
            }
            from = at + 1;
            let before = bytes.get(..at)?.trim_ascii_end();
            if before.ends_with(b"=") {
                from += memchr(sign, bytes.get(from..)?)? + 1;
            }
        }
    }
}

impl<'a> Iterator for Tokens<'a> {
    type Item = Token<'a>;

    fn next(&mut self) -> Option<Token<'a>> {
        loop {
            if self.rest.is_empty() {
                return None;
            }
            let Some(open) = memchr(b'<', self.rest.as_bytes()) else {
                return Some(self.text(self.rest.len()));
            };
            if open > 0 {
                return Some(self.text(open));
            }
            let body = &self.rest[1..];
            match body.bytes().next() {
                Some(b'!') if body.starts_with("!--") => {
                    self.rest = &body[3..];
                    self.skip_past("-->");
                }
                Some(b'!') if body.starts_with("![CDATA[") => self.rest = &body[8..],
                Some(b'!' | b'?') => self.skip_past(">"),
                Some(b'/') if body[1..].starts_with(|char: char| char.is_ascii_alphabetic()) => {
                    let end = memchr(b'>', body.as_bytes()).unwrap_or(body.len());
                    let name = name_of(&body[1..end]);
                    self.rest = body.get(end + 1..).unwrap_or_default();
                    return Some(Token::End(name));
                }
                Some(first) if first.is_ascii_alphabetic() => {
                    // A quote that never closes would swallow the rest; browsers end such a tag only at the end of the
                    // input, but here its text is worth more than its attributes.
                    let Some(end) = Self::tag_length(body).or_else(|| body.find('>')) else {
                        self.rest = "";
                        return None;
                    };
                    let name = name_of(&body[..end]);
                    let attributes = &body[name.len()..end];
                    self.rest = &body[end + 1..];
                    if name.len() > 2
                        && !attributes.ends_with('/')
                        && let Some(raw) = RAW.iter().find(|raw| name.eq_ignore_ascii_case(raw))
                    {
                        self.skip_raw(raw);
                    }
                    return Some(Token::Start { name, attributes });
                }
                _ => return Some(self.text(1)),
            }
        }
    }
}

fn name_of(body: &str) -> &str {
    let ends = |byte: u8| matches!(byte, b'\t'..=b'\r' | b' ' | b'/') || !byte.is_ascii();
    let end = match body.bytes().position(ends) {
        None => body.len(),
        Some(at) if body.as_bytes()[at].is_ascii() => at,
        // Beyond ASCII there are other blanks.
        Some(_) => body.find(|char: char| char.is_whitespace() || char == '/').unwrap_or(body.len()),
    };
    &body[..end]
}

/// The value of one attribute, references not yet decoded; empty where it has none.
pub fn attribute<'a>(attributes: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|char: char| char.is_whitespace() || char == '/');
        if rest.is_empty() {
            return None;
        }
        let mut ends = rest.char_indices().skip(1);
        let end = ends
            .find(|(_, char)| char.is_whitespace() || matches!(char, '=' | '/'))
            .map_or(rest.len(), |(at, _)| at);
        let (name, after) = rest.split_at(end);
        let after = after.trim_start();
        let Some(value) = after.strip_prefix('=') else {
            if name.eq_ignore_ascii_case(wanted) {
                return Some("");
            }
            rest = after;
            continue;
        };
        let value = value.trim_start();
        let (value, after) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let inner = &value[1..];
                let close = inner.find(quote).unwrap_or(inner.len());
                (&inner[..close], inner.get(close + 1..).unwrap_or_default())
            }
            _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
        };
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = after;
    }
}
