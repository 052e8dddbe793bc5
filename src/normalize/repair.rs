//! Text as people meant it: encoding accidents, invisible characters and stray blanks removed.
//!
//! Nothing is translated or reworded here. The result is NFC, has no NUL (PostgreSQL takes none) and no control characters but
//! the newline.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::entities;

/// Characters for the bytes 0x80..=0x9F of Windows-1252; the five unused bytes stay the control characters they are in Latin-1.
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}',
    '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// One line: repaired, entities decoded, all blanks collapsed, trimmed.
pub fn line(raw: &str) -> String {
    let raw = unescape(raw);
    let text = characters(&raw);
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}

/// Lines kept, each with its blanks collapsed; at most one empty line in a row, none at the ends. Indentation by two blanks
/// before `- ` is kept, as it shows nesting.
pub fn text(raw: &str) -> String {
    tidy(&characters(&unescape(raw)))
}

/// Blanks and lines as [`text`] leaves them; characters are taken as they are.
pub fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for line in text.split('\n') {
        let mut words = line.split_whitespace();
        let Some(first) = words.next() else {
            gap = true;
            continue;
        };
        if !out.is_empty() {
            out.push_str(if gap { "\n\n" } else { "\n" });
        }
        gap = false;
        if first == "-" {
            let indent = line.bytes().take_while(|byte| *byte == b' ').count().min(8);
            out.extend(std::iter::repeat_n(' ', indent));
        }
        out.push_str(first);
        for word in words {
            out.push(' ');
            out.push_str(word);
        }
    }
    out
}

/// Decodes entities until nothing changes, at most twice.
pub fn unescape(raw: &str) -> Cow<'_, str> {
    match entities::decode(raw) {
        Cow::Borrowed(same) => Cow::Borrowed(same),
        Cow::Owned(once) => Cow::Owned(match entities::decode(&once) {
            Cow::Owned(twice) => twice,
            Cow::Borrowed(_) => once,
        }),
    }
}

/// Undoes mojibake, composes to NFC, drops invisible and control characters; line ends become `\n`.
pub fn characters(raw: &str) -> Cow<'_, str> {
    if is_clean(raw) { Cow::Borrowed(raw) } else { Cow::Owned(slowly(raw)) }
}

fn slowly(raw: &str) -> String {
    let text = mojibake(raw);
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\r' => {
                if chars.peek() != Some(&'\n') {
                    out.push('\n');
                }
            }
            '\n' | '\u{2028}' | '\u{2029}' => out.push('\n'),
            '\t' | '\u{b}' | '\u{c}' => out.push(' '),
            _ if is_invisible(char) => {}
            _ => out.push(char),
        }
    }
    if is_nfc_quick(out.chars()) == IsNormalized::Yes {
        return out;
    }
    out.nfc().collect()
}

/// True where [`characters`] would change nothing; texts of which this cannot be told at a glance count as not clean.
fn is_clean(text: &str) -> bool {
    let mut rest = text;
    loop {
        let plain = plain_length(rest.as_bytes());
        let mut chars = rest[plain..].chars();
        let Some(char) = chars.next() else { return true };
        rest = chars.as_str();
        // Below U+0300 and among these signs everything is composed and nothing combines.
        let composed = matches!(
            char,
            '\u{a0}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}' | '€' | '™'
        );
        let spelled =
            ('\u{c2}'..='\u{f4}').contains(&char) && chars.next().is_some_and(|next| !next.is_ascii());
        if !composed || spelled {
            return false;
        }
    }
}

/// Length of the beginning that is printable ASCII and newlines.
fn plain_length(bytes: &[u8]) -> usize {
    const STEP: usize = 32;
    let is_plain = |byte: &u8| matches!(byte, b' '..0x7F | b'\n');
    // Whole steps first: a check without exits runs over many bytes at once.
    let steps = bytes
        .chunks_exact(STEP)
        .take_while(|step| step.iter().fold(true, |plain, byte| plain & is_plain(byte)));
    let start = steps.count() * STEP;
    start + bytes.iter().skip(start).take_while(|byte| is_plain(byte)).count()
}

fn is_invisible(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{2064}'
                | '\u{2066}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// Turns UTF-8 that was read as Latin-1 or Windows-1252 back (`â€™` → `’`), also where that happened twice.
pub fn mojibake(text: &str) -> Cow<'_, str> {
    match mojibake_once(text) {
        None => Cow::Borrowed(text),
        Some(once) => Cow::Owned(mojibake_once(&once).unwrap_or(once)),
    }
}

fn mojibake_once(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    let mut certain = false;
    let mut found = 0_u32;
    let mut skip_to = 0;
    for (at, lead) in text.char_indices() {
        if at < skip_to || !('\u{c2}'..='\u{f4}').contains(&lead) {
            continue;
        }
        let Some((char, length)) = sequence(&text[at..]).or_else(|| closing_quote(&text[at..])) else {
            continue;
        };
        out.push_str(&text[copied..at]);
        out.push(char);
        copied = at + length;
        skip_to = copied;
        found += 1;
        // "MANHÃ" before a no-break blank is Portuguese; a lone pair of that kind proves nothing.
        certain |= char > '\u{7ff}' || (matches!(lead, 'Â' | 'Ã') && char != 'à');
    }
    if !certain && found < 2 {
        return None;
    }
    out.push_str(&text[copied..]);
    Some(out)
}

/// The character whose UTF-8 bytes the first characters of `text` spell, and their length in `text`.
fn sequence(text: &str) -> Option<(char, usize)> {
    let mut bytes = [0_u8; 4];
    let mut expected = 1;
    let mut length = 0;
    for (at, char) in text.chars().take(4).enumerate() {
        let byte = byte_of(char)?;
        if at == 0 {
            expected = match byte {
                0xC2..=0xDF => 2,
                0xE0..=0xEF => 3,
                0xF0..=0xF4 => 4,
                _ => return None,
            };
        } else if !(0x80..=0xBF).contains(&byte) {
            return None;
        }
        *bytes.get_mut(at)? = byte;
        length += char.len_utf8();
        if at + 1 == expected {
            let char = std::str::from_utf8(bytes.get(..expected)?).ok()?.chars().next()?;
            return Some((char, length));
        }
    }
    None
}

/// The third byte of a closing quotation mark is none of Windows-1252 and often lost on the way: `â€` alone is one.
fn closing_quote(text: &str) -> Option<(char, usize)> {
    let rest = text.strip_prefix("â€")?;
    let is_whole = rest.chars().next().and_then(byte_of).is_some_and(|byte| (0x80..=0xBF).contains(&byte));
    (!is_whole).then_some(('”', text.len() - rest.len()))
}

fn byte_of(char: char) -> Option<u8> {
    if let Ok(byte) = u8::try_from(u32::from(char)) {
        return Some(byte);
    }
    let at = HIGH.iter().position(|high| *high == char)?;
    u8::try_from(at + 0x80).ok()
}

/// The character of one byte in Windows-1252.
pub(super) fn windows_1252(byte: u8) -> char {
    byte.checked_sub(0x80).and_then(|at| HIGH.get(usize::from(at))).copied().unwrap_or(char::from(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn repairs_mojibake() {
        assert_eq!(line("Weâ€™re hiring â€” cafÃ©"), "We’re hiring — café");
        assert_eq!(line("We\u{e2}\u{80}\u{99}re"), "We’re");
        assert_eq!(line("SÃ£o Paulo"), "São Paulo");
        assert_eq!(line("itÃ¢â‚¬â„¢s"), "it’s");
        assert_eq!(line("fix ðŸš€ it"), "fix 🚀 it");
        assert_eq!(line("â€œcalmâ€ and â€œdryâ€, good – Ã¶ä"), "“calm” and “dry”, good – öä");
    }

    #[test]
    fn leaves_good_text() {
        for good in
            ["São Paulo – Ânimo", "MANHÃ\u{a0}LIVRE", "Größe für Ärzte", "naïve café", "日本語 ½ Â und â"]
        {
            assert_eq!(mojibake(good), good, "{good}");
        }
        assert_eq!(line("Zu\u{308}rich"), "Zürich");
    }

    #[test]
    fn collapses_blanks_and_drops_the_invisible() {
        assert_eq!(line("  Senior \u{200b}\u{a0} Dev\n(m/w/d)\0 \u{feff}"), "Senior Dev (m/w/d)");
        assert_eq!(text("a \r\n\r\n\r\n b\t c\r d\n\n"), "a\n\nb c\nd");
        assert_eq!(text("one\n  - two\n  three"), "one\n  - two\nthree");
    }

    #[test]
    fn unescapes_at_most_twice() {
        assert_eq!(line("R&amp;amp;D"), "R&D");
        assert_eq!(line("R&amp;amp;amp;D"), "R&amp;D");
        assert_eq!(line("Sales &#38; Ops"), "Sales & Ops");
    }

    proptest! {
        #[test]
        fn clean_text_is_left_alone(text in "\\PC{0,40}|(?s:.{0,40})|[a-z àéßÂÃâ€™–\u{301}\u{ad}\u{200b}\\n\u{a0}]{0,70}") {
            let once = characters(&text).into_owned();
            let again = characters(&once).into_owned();
            if is_clean(&text) {
                prop_assert_eq!(&once, &text);
                prop_assert_eq!(slowly(&text), text);
            }
            prop_assert!(is_nfc_quick(again.chars()) != IsNormalized::No);
        }

        #[test]
        fn any_text_gives_clean_text(raw in "\\PC*|(?s:.*)|[Ââ€™Ã©ð&#x0-9;\\s]*") {
            let clean = text(&raw);
            prop_assert!(clean.chars().all(|char| char == '\n' || !char.is_control()));
            prop_assert!(!clean.contains("\n\n\n"));
            prop_assert!(!line(&raw).contains('\n'));
        }
    }
}
