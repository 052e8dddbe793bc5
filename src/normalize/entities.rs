//! Character references (`&amp;`, `&#8217;`, `&#x2F;`) to characters.
//!
//! Decodes one level only: a caller that meets doubly escaped text calls it again.

use std::borrow::Cow;

use memchr::memchr;

/// Longest name in [`NAMED`], in bytes.
const LONGEST: usize = 8;

/// Sorted by name for binary search.
const NAMED: &[(&str, &str)] = &[
    ("AElig", "Æ"),
    ("Aacute", "Á"),
    ("Abreve", "Ă"),
    ("Acirc", "Â"),
    ("Agrave", "À"),
    ("Amacr", "Ā"),
    ("Aogon", "Ą"),
    ("Aring", "Å"),
    ("Atilde", "Ã"),
    ("Auml", "Ä"),
    ("Cacute", "Ć"),
    ("Ccaron", "Č"),
    ("Ccedil", "Ç"),
    ("Dagger", "‡"),
    ("Dcaron", "Ď"),
    ("Delta", "Δ"),
    ("ETH", "Ð"),
    ("Eacute", "É"),
    ("Ecaron", "Ě"),
    ("Ecirc", "Ê"),
    ("Egrave", "È"),
    ("Emacr", "Ē"),
    ("Eogon", "Ę"),
    ("Euml", "Ë"),
    ("Gbreve", "Ğ"),
    ("Iacute", "Í"),
    ("Icirc", "Î"),
    ("Idot", "İ"),
    ("Igrave", "Ì"),
    ("Imacr", "Ī"),
    ("Iuml", "Ï"),
    ("Lstrok", "Ł"),
    ("Nacute", "Ń"),
    ("Ncaron", "Ň"),
    ("NewLine", "\n"),
    ("Ntilde", "Ñ"),
    ("OElig", "Œ"),
    ("Oacute", "Ó"),
    ("Ocirc", "Ô"),
    ("Odblac", "Ő"),
    ("Ograve", "Ò"),
    ("Omega", "Ω"),
    ("Oslash", "Ø"),
    ("Otilde", "Õ"),
    ("Ouml", "Ö"),
    ("Prime", "″"),
    ("Rcaron", "Ř"),
    ("Sacute", "Ś"),
    ("Scaron", "Š"),
    ("Scedil", "Ş"),
    ("Sigma", "Σ"),
    ("THORN", "Þ"),
    ("Tab", " "),
    ("Tcaron", "Ť"),
    ("Tcedil", "Ţ"),
    ("Uacute", "Ú"),
    ("Ucirc", "Û"),
    ("Udblac", "Ű"),
    ("Ugrave", "Ù"),
    ("Umacr", "Ū"),
    ("Uring", "Ů"),
    ("Uuml", "Ü"),
    ("Yacute", "Ý"),
    ("Yuml", "Ÿ"),
    ("Zacute", "Ź"),
    ("Zcaron", "Ž"),
    ("Zdot", "Ż"),
    ("aacute", "á"),
    ("abreve", "ă"),
    ("acirc", "â"),
    ("acute", "´"),
    ("aelig", "æ"),
    ("agrave", "à"),
    ("alpha", "α"),
    ("amacr", "ā"),
    ("amp", "&"),
    ("aogon", "ą"),
    ("apos", "'"),
    ("aring", "å"),
    ("ast", "*"),
    ("asymp", "≈"),
    ("atilde", "ã"),
    ("auml", "ä"),
    ("bdquo", "„"),
    ("beta", "β"),
    ("bigstar", "★"),
    ("brvbar", "¦"),
    ("bsol", "\\"),
    ("bull", "•"),
    ("cacute", "ć"),
    ("ccaron", "č"),
    ("ccedil", "ç"),
    ("cedil", "¸"),
    ("cent", "¢"),
    ("check", "✓"),
    ("circ", "ˆ"),
    ("colon", ":"),
    ("comma", ","),
    ("commat", "@"),
    ("copy", "©"),
    ("cross", "✗"),
    ("curren", "¤"),
    ("dagger", "†"),
    ("darr", "↓"),
    ("dash", "‐"),
    ("dcaron", "ď"),
    ("deg", "°"),
    ("delta", "δ"),
    ("divide", "÷"),
    ("dollar", "$"),
    ("eacute", "é"),
    ("ecaron", "ě"),
    ("ecirc", "ê"),
    ("egrave", "è"),
    ("emacr", "ē"),
    ("emsp", " "),
    ("emsp13", " "),
    ("emsp14", " "),
    ("ensp", " "),
    ("eogon", "ę"),
    ("equals", "="),
    ("eth", "ð"),
    ("euml", "ë"),
    ("euro", "€"),
    ("excl", "!"),
    ("frac12", "½"),
    ("frac14", "¼"),
    ("frac34", "¾"),
    ("gamma", "γ"),
    ("gbreve", "ğ"),
    ("ge", "≥"),
    ("grave", "`"),
    ("gt", ">"),
    ("hairsp", " "),
    ("harr", "↔"),
    ("hearts", "♥"),
    ("hellip", "…"),
    ("hyphen", "‐"),
    ("iacute", "í"),
    ("icirc", "î"),
    ("iexcl", "¡"),
    ("igrave", "ì"),
    ("imacr", "ī"),
    ("infin", "∞"),
    ("inodot", "ı"),
    ("iota", "ι"),
    ("iquest", "¿"),
    ("iuml", "ï"),
    ("laquo", "«"),
    ("larr", "←"),
    ("lbrace", "{"),
    ("lbrack", "["),
    ("lcub", "{"),
    ("ldquo", "“"),
    ("le", "≤"),
    ("lowbar", "_"),
    ("lpar", "("),
    ("lrm", ""),
    ("lsaquo", "‹"),
    ("lsqb", "["),
    ("lsquo", "‘"),
    ("lstrok", "ł"),
    ("lt", "<"),
    ("macr", "¯"),
    ("mdash", "—"),
    ("micro", "µ"),
    ("middot", "·"),
    ("minus", "−"),
    ("mu", "μ"),
    ("nacute", "ń"),
    ("nbsp", "\u{a0}"),
    ("ncaron", "ň"),
    ("ndash", "–"),
    ("ne", "≠"),
    ("not", "¬"),
    ("ntilde", "ñ"),
    ("num", "#"),
    ("numsp", " "),
    ("oacute", "ó"),
    ("ocirc", "ô"),
    ("odblac", "ő"),
    ("oelig", "œ"),
    ("ograve", "ò"),
    ("omega", "ω"),
    ("ordf", "ª"),
    ("ordm", "º"),
    ("oslash", "ø"),
    ("otilde", "õ"),
    ("ouml", "ö"),
    ("para", "¶"),
    ("percnt", "%"),
    ("period", "."),
    ("permil", "‰"),
    ("pi", "π"),
    ("plus", "+"),
    ("plusmn", "±"),
    ("pound", "£"),
    ("prime", "′"),
    ("puncsp", " "),
    ("quest", "?"),
    ("quot", "\""),
    ("rArr", "⇒"),
    ("raquo", "»"),
    ("rarr", "→"),
    ("rbrace", "}"),
    ("rbrack", "]"),
    ("rcaron", "ř"),
    ("rcub", "}"),
    ("rdquo", "”"),
    ("reg", "®"),
    ("rlm", ""),
    ("rpar", ")"),
    ("rsaquo", "›"),
    ("rsqb", "]"),
    ("rsquo", "’"),
    ("sacute", "ś"),
    ("sbquo", "‚"),
    ("scaron", "š"),
    ("scedil", "ş"),
    ("sect", "§"),
    ("semi", ";"),
    ("shy", ""),
    ("sigma", "σ"),
    ("sol", "/"),
    ("star", "☆"),
    ("starf", "★"),
    ("sup1", "¹"),
    ("sup2", "²"),
    ("sup3", "³"),
    ("szlig", "ß"),
    ("tcaron", "ť"),
    ("tcedil", "ţ"),
    ("thinsp", " "),
    ("thorn", "þ"),
    ("tilde", "˜"),
    ("times", "×"),
    ("trade", "™"),
    ("uacute", "ú"),
    ("uarr", "↑"),
    ("ucirc", "û"),
    ("udblac", "ű"),
    ("ugrave", "ù"),
    ("umacr", "ū"),
    ("uml", "¨"),
    ("uring", "ů"),
    ("uuml", "ü"),
    ("verbar", "|"),
    ("yacute", "ý"),
    ("yen", "¥"),
    ("yuml", "ÿ"),
    ("zacute", "ź"),
    ("zcaron", "ž"),
    ("zdot", "ż"),
    ("zwj", ""),
    ("zwnj", ""),
];

/// Names that HTML also reads without the closing semicolon.
const BARE: [&str; 6] = ["amp", "gt", "lt", "nbsp", "quot", "shy"];

/// Replaces every reference it knows; others stay as they are.
pub fn decode(text: &str) -> Cow<'_, str> {
    let Some(first) = memchr(b'&', text.as_bytes()) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    out.push_str(&text[..first]);
    let mut rest = &text[first..];
    loop {
        match reference(rest) {
            Some((length, Decoded::Name(value))) => {
                out.push_str(value);
                rest = &rest[length..];
            }
            Some((length, Decoded::Char(value))) => {
                out.push(value);
                rest = &rest[length..];
            }
            None => {
                out.push('&');
                rest = &rest[1..];
            }
        }
        let Some(next) = memchr(b'&', rest.as_bytes()) else { break };
        out.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

enum Decoded {
    Name(&'static str),
    Char(char),
}

/// The reference at the start of `text` (which begins with `&`) and its length in bytes.
fn reference(text: &str) -> Option<(usize, Decoded)> {
    let body = &text[1..];
    if let Some(number) = body.strip_prefix('#') {
        let (digits, radix, prefix) = match number.strip_prefix(['x', 'X']) {
            Some(hex) => (hex, 16, 3),
            None => (number, 10, 2),
        };
        let length = digits.bytes().take(10).take_while(|byte| char::from(*byte).is_digit(radix)).count();
        if length == 0 || length > 9 {
            return None;
        }
        let code = u32::from_str_radix(&digits[..length], radix).unwrap_or(0xFFFD);
        let semicolon = usize::from(digits[length..].starts_with(';'));
        return Some((prefix + length + semicolon, Decoded::Char(character(code))));
    }
    let length = body.bytes().take(LONGEST + 1).take_while(u8::is_ascii_alphanumeric).count();
    let name = &body[..length];
    if body[length..].starts_with(';') {
        let value = named(name)?;
        return Some((length + 2, Decoded::Name(value)));
    }
    let bare = BARE.iter().find(|bare| **bare == name)?;
    Some((bare.len() + 1, Decoded::Name(named(bare)?)))
}

fn named(name: &str) -> Option<&'static str> {
    let at = NAMED.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    NAMED.get(at).map(|(_, value)| *value)
}

/// HTML reads the numbers 128 to 159 as Windows-1252.
fn character(code: u32) -> char {
    match u8::try_from(code) {
        Ok(byte @ 0x80..=0x9F) => super::repair::windows_1252(byte),
        _ => char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_short() {
        assert!(NAMED.is_sorted_by(|a, b| a.0 < b.0));
        assert!(NAMED.iter().all(|(name, _)| name.len() <= LONGEST));
    }

    #[test]
    fn decodes_one_level() {
        assert_eq!(decode("R&amp;D &lt;3"), "R&D <3");
        assert_eq!(decode("&amp;nbsp;"), "&nbsp;");
        assert_eq!(decode("a&#x2F;b&#8217;s &#150; &euro;5"), "a/b’s – €5");
        assert_eq!(decode("caf&eacute;&nbspbar"), "caf&eacute;&nbspbar".replace("&eacute;", "é"));
        assert_eq!(decode("a&nbsp b"), "a\u{a0} b");
        assert_eq!(decode("&Lstrok;&oacute;d&zacute; &check;&lrm;"), "Łódź ✓");
    }

    #[test]
    fn leaves_what_is_no_reference() {
        for text in ["AT&T", "a & b", "&", "&;", "&#;", "&#x;", "&bogus;", "&#99999999999;", "?a=1&lang=en"] {
            assert_eq!(decode(text), text);
        }
        assert_eq!(decode("&#0;&#xD800;"), "\0\u{FFFD}");
    }
}
