//! The few steps on markup that a source must do before it can say "this is HTML".

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use crate::domain::Text;

/// Takes one layer of escaping off HTML that was escaped as a whole; leaves alone what already holds tags.
///
/// Only the five characters that such escaping touches are undone, so that an inner `&amp;nbsp;` becomes `&nbsp;` and not a blank.
pub(in crate::sources) fn unescape_once(text: &str) -> Cow<'_, str> {
    if !text.contains('&') || has_tags(text) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = memchr(b'&', rest.as_bytes()) {
        let (before, entity) = rest.split_at(at);
        out.push_str(before);
        let (length, character) = entity_at(entity.as_bytes());
        out.push(character);
        rest = entity.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The character whose reference a text begins with, and its length; an ampersand where it is no known one.
fn entity_at(text: &[u8]) -> (usize, char) {
    match text {
        [b'&', b'l', b't', b';', ..] => (4, '<'),
        [b'&', b'g', b't', b';', ..] => (4, '>'),
        [b'&', b'a', b'm', b'p', b';', ..] => (5, '&'),
        [b'&', b'q', b'u', b'o', b't', b';', ..] => (6, '"'),
        [b'&', b'#', b'3', b'4', b';', ..] => (5, '"'),
        [b'&', b'#', b'3', b'9', b';', ..] => (5, '\''),
        [b'&', b'#', b'x', b'2', b'7', b';', ..] | [b'&', b'a', b'p', b'o', b's', b';', ..] => (6, '\''),
        _ => (1, '&'),
    }
}

/// A text of which the source does not say what it is: HTML, HTML escaped as a whole, or plain.
pub(in crate::sources) fn markup(text: &str) -> Option<Text> {
    if text.trim().is_empty() {
        return None;
    }
    let html = unescape_once(text);
    Some(if has_tags(&html) { Text::Html(html.into_owned()) } else { Text::Plain(text.to_owned()) })
}

fn has_tags(text: &str) -> bool {
    memchr_iter(b'<', text.as_bytes()).any(|at| {
        let next = text.as_bytes().get(at + 1);
        next.is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, b'/' | b'!'))
    })
}

/// Plain text as the content of an element.
pub(in crate::sources) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Plain text as HTML that keeps its lines.
pub(in crate::sources) fn lines_to_html(text: &str) -> String {
    escape(text).replace("\r\n", "\n").replace('\n', "<br>")
}

/// Adds a part of a text under its heading; a blank heading is left out.
pub(in crate::sources) fn push_section(html: &mut String, heading: &str, content: &str) {
    let heading = heading.trim();
    if !heading.is_empty() {
        html.push_str("<h3>");
        html.push_str(&escape(heading));
        html.push_str("</h3>");
    }
    html.push_str(content);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_layer_comes_off() {
        assert_eq!(
            unescape_once("&lt;p class=&quot;a&quot;&gt;R&amp;amp;D&amp;nbsp;&amp;lt;3&lt;/p&gt;"),
            r#"<p class="a">R&amp;D&nbsp;&lt;3</p>"#
        );
        assert_eq!(unescape_once("<p>R&amp;D &lt;3</p>"), "<p>R&amp;D &lt;3</p>");
        assert_eq!(unescape_once("a & b &unknown; < c"), "a & b &unknown; < c");
    }

    #[test]
    fn a_text_is_what_it_looks_like() {
        let html = |html: &str| Some(Text::Html(html.to_owned()));
        assert_eq!(markup("<p>Tea &amp; cake</p>"), html("<p>Tea &amp; cake</p>"));
        assert_eq!(markup("&lt;p&gt;Tea &amp;amp; cake&lt;/p&gt;"), html("<p>Tea &amp; cake</p>"));
        assert_eq!(
            markup("Tea & cake, 3 < 4\nat four"),
            Some(Text::Plain("Tea & cake, 3 < 4\nat four".to_owned()))
        );
        assert_eq!(markup(" \n"), None);
    }

    proptest! {
        #[test]
        fn unescaping_undoes_escaping(text in "[a-z <>&;/\u{e4}\u{20ac}]*") {
            let escaped = escape(&text);
            prop_assert_eq!(unescape_once(&escaped), text);
        }
    }
}
