//! From the bytes of a page to its text.
//!
//! What says more of the bytes wins: a byte order mark, then the header, then the page's own declaration. Where nothing is said, text
//! that can be UTF-8 is, and anything else is Windows-1252. To read one more way of saying it, add it to [`declared`].

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// Bytes at the start of a page in which it may declare its encoding.
const HEAD: usize = 2048;

/// The text of a page; bytes that stand for no character become U+FFFD.
pub(in crate::sources) fn decode<'a>(body: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    if let Some((encoding, mark)) = Encoding::for_bom(body) {
        return without_bom(encoding, body.get(mark..).unwrap_or_default());
    }
    let named = content_type.and_then(|header| label(&header.to_ascii_lowercase(), "charset"));
    let encoding = named.or_else(|| declared(body)).unwrap_or_else(|| guess(body));
    without_bom(encoding, body)
}

fn without_bom<'a>(encoding: &'static Encoding, body: &'a [u8]) -> Cow<'a, str> {
    encoding.decode_without_bom_handling(body).0
}

/// The encoding that an XML declaration or a `<meta>` element names.
fn declared(body: &[u8]) -> Option<&'static Encoding> {
    let head = body.get(..HEAD).unwrap_or(body);
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let xml = head.trim_start().strip_prefix("<?xml").and_then(|rest| rest.split("?>").next());
    let found = xml.and_then(|declaration| label(declaration, "encoding")).or_else(|| {
        let mut metas = head.split("<meta").skip(1).map(|rest| rest.split('>').next().unwrap_or_default());
        metas.find_map(|meta| label(meta, "charset"))
    })?;
    // A declaration that can be read byte by byte is not in an encoding of two bytes.
    Some(if found == UTF_16LE || found == UTF_16BE { UTF_8 } else { found })
}

/// The encoding after `key=` in a text in lower case.
fn label(text: &str, key: &str) -> Option<&'static Encoding> {
    let value = text.split(key).skip(1).find_map(|rest| rest.trim_start().strip_prefix('='))?;
    let value = value.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\''));
    let end = value.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.')));
    Encoding::for_label(value.get(..end.unwrap_or(value.len()))?.as_bytes())
}

/// UTF-8 where most of what is not ASCII is UTF-8, Windows-1252 otherwise.
fn guess(body: &[u8]) -> &'static Encoding {
    let (mut right, mut wrong) = (0_usize, 0_usize);
    for chunk in body.utf8_chunks() {
        right += chunk.valid().bytes().filter(|byte| *byte >= 0xC0).count();
        wrong += usize::from(!chunk.invalid().is_empty());
    }
    if wrong == 0 || right > wrong { UTF_8 } else { WINDOWS_1252 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_says_more_of_the_bytes_wins() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>Z\xfcrich</a>";
        assert!(decode(latin, None).ends_with("<a>Zürich</a>"));
        assert!(decode(latin, Some("text/xml; charset=\"utf-8\"")).contains('\u{fffd}'));
        assert_eq!(decode(b"\xef\xbb\xbfZ\xc3\xbcrich", Some("text/html; charset=latin1")), "Zürich");
        assert_eq!(decode(b"\xff\xfeZ\0\xfc\0", None), "Zü");
        assert_eq!(decode(b"\xa3\xf3d\xbc", Some("text/html;charset=ISO-8859-2")), "Łódź");
    }

    #[test]
    fn a_page_declares_itself() {
        let meta =
            b"<html><head><meta http-equiv=Content-Type content='text/html; charset=windows-1250'>\x8awiat";
        assert!(decode(meta, Some("text/html")).ends_with("Šwiat"));
        let short = b"<meta name=x><META CHARSET = \"Shift_JIS\"><p>\x93\x8c\x8b\x9e";
        assert!(decode(short, None).ends_with("東京"));
        let odd = b"<meta charset=utf-16><p>Z\xc3\xbcrich";
        assert!(decode(odd, None).ends_with("Zürich"));
        assert!(decode(b"<meta charset=none-such>\xfc", None).ends_with('ü'));
    }

    #[test]
    fn undeclared_bytes_are_what_they_can_be() {
        assert_eq!(decode("Zürich €".as_bytes(), None), "Zürich €");
        assert_eq!(decode(b"Z\xfcrich \x80", None), "Zürich €");
        // Cut within a character.
        assert_eq!(decode(&"Zürich – €".as_bytes()[..14], None), "Zürich – \u{fffd}");
    }

    proptest! {
        #[test]
        fn any_bytes_are_text(
            body in proptest::collection::vec(any::<u8>(), 0..200),
            content_type in proptest::option::of(".{0,40}"),
        ) {
            let _ = decode(&body, content_type.as_deref());
        }
    }
}
