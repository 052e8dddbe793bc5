//! Splits folded text into tokens, keeping technology names whole and leaving gender notices out.

/// What stands between a token and the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    /// White space, punctuation, a slash, or the start of the text.
    Apart,
    /// One of `- . ' & _ :` and nothing else: the two are written as one word.
    Glued,
}

/// A token as a range of the folded text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token<'a> {
    /// Folded word.
    pub word: &'a str,
    /// Byte at which it begins.
    pub begin: usize,
    /// How it hangs on the token before.
    pub join: Join,
}

/// Letters of notices such as `(m/w/d)`, `f/m/x`, `h/f`.
const GENDER_LETTERS: &[u8] = b"mwfdhxiv";

/// What a byte is for the scanner.
const WORD: u8 = 1;
/// Behind a word, it may belong to it.
const JOINS: u8 = 2;
/// Alone between two words, it writes them as one.
const GLUES: u8 = 4;
/// Part of a character that is not ASCII.
const WIDE: u8 = 8;

static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        let mut class = 0;
        if byte.is_ascii_alphanumeric() {
            class |= WORD;
        }
        if matches!(byte, b'/' | b'|' | b'*' | b'+' | b'#' | b'&' | b':' | b'_' | b'(') {
            class |= JOINS;
        }
        if matches!(byte, b'-' | b'.' | b'\'' | b'_' | b'&' | b':') {
            class |= GLUES;
        }
        if !byte.is_ascii() {
            class |= WIDE;
        }
        classes[byte as usize] = class;
        if byte == u8::MAX {
            break;
        }
        byte += 1;
    }
    classes
};

fn class(byte: u8) -> u8 {
    CLASSES[usize::from(byte)]
}

/// Appends the tokens of `folded` to `out`.
pub fn scan<'a>(folded: &'a str, out: &mut Vec<Token<'a>>) {
    let bytes = folded.as_bytes();
    let mut at = 0;
    let mut last_end = usize::MAX;
    while let Some(&byte) = bytes.get(at) {
        if class(byte) & (WORD | WIDE) == 0 {
            at += 1;
            continue;
        }
        let Some(end) = word_end(folded, at) else {
            at += folded[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        };
        let (mut begin, mut end, mut next) = (at, end, end);
        let joined = bytes.get(end).is_some_and(|after| class(*after) & JOINS != 0);
        if joined || end - begin == 3 {
            if let Some(after) = gender_notice(bytes, begin, end) {
                at = after;
                continue;
            }
            (begin, end, next) = extended(folded, begin, end);
        }
        let between = bytes.get(last_end).filter(|_| begin == last_end.wrapping_add(1)).copied();
        let word = &folded[begin..end];
        // The s of "driver's" is no word.
        if !(between == Some(b'\'') && word == "s") {
            let join =
                if between.is_some_and(|byte| class(byte) & GLUES != 0) { Join::Glued } else { Join::Apart };
            out.push(Token { word: without_gender_ending(word), begin, join });
        }
        last_end = next;
        at = next;
    }
}

/// End of the run of letters and digits that starts at `at`; `None` where none starts.
fn word_end(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut end = at;
    loop {
        end += plain_run(bytes.get(end..).unwrap_or_default());
        if bytes.get(end).is_none_or(u8::is_ascii) {
            break;
        }
        match text.get(end..).and_then(|rest| rest.chars().next()) {
            Some(c) if c.is_alphanumeric() => end += c.len_utf8(),
            _ => break,
        }
    }
    (end > at).then_some(end)
}

/// How many bytes at the start are ASCII letters and digits; eight are looked at in one go.
fn plain_run(bytes: &[u8]) -> usize {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let between = |word: u64, low: u8, high: u8| {
        let plain = word & !HIGH;
        (plain + each(0x80 - low)) & !(plain + each(0x7f - high)) & !word & HIGH
    };
    let mut run = 0;
    for chunk in bytes.chunks(8) {
        let Some(eight) = chunk.first_chunk::<8>() else {
            return run + chunk.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        };
        let word = u64::from_le_bytes(*eight);
        let inside = between(word | each(0x20), b'a', b'z') | between(word, b'0', b'9');
        if inside != HIGH {
            return run + (inside ^ HIGH).trailing_zeros() as usize / 8;
        }
        run += 8;
    }
    run
}

fn is_word_byte(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
}

/// Widens a word to `.net`, `c++`, `c#`, `r&d`, and drops `:in`, `*innen`, `/-in` and the like behind it. Gives the range and where to go on.
fn extended(text: &str, begin: usize, end: usize) -> (usize, usize, usize) {
    let bytes = text.as_bytes();
    let word = &text[begin..end];
    let rest = &bytes[end..];
    if word == "net"
        && begin > 0
        && bytes.get(begin - 1) == Some(&b'.')
        && !is_word_byte(begin.checked_sub(2).and_then(|i| bytes.get(i)))
    {
        return (begin - 1, end, end);
    }
    if rest.starts_with(b"++")
        && rest.get(2) != Some(&b'+')
        && !rest.get(2).is_some_and(u8::is_ascii_alphabetic)
    {
        return (begin, end + 2, end + 2);
    }
    if word.len() == 1 && rest.first() == Some(&b'#') && !rest.get(1).is_some_and(u8::is_ascii_alphabetic) {
        return (begin, end + 1, end + 1);
    }
    if word.len() <= 3
        && rest.first() == Some(&b'&')
        && let Some(second) = word_end(text, end + 1)
        && second - end <= 4
    {
        return (begin, second, second);
    }
    (begin, end, end + gender_suffix(rest))
}

/// Length of `:in`, `*innen`, `_in`, `/in`, `/-in`, `(in)` at the start of `rest`, else 0.
fn gender_suffix(rest: &[u8]) -> usize {
    let Some(first) = rest.first() else { return 0 };
    if !matches!(first, b':' | b'*' | b'_' | b'/' | b'(') {
        return 0;
    }
    let dash = usize::from(rest.get(1) == Some(&b'-'));
    for ending in [&b"innen"[..], b"in", b"r", b"n"] {
        let from = 1 + dash;
        if ending.len() == 1 && *first == b'/' && dash == 0 {
            continue;
        }
        if !rest.get(from..).is_some_and(|rest| rest.starts_with(ending)) {
            continue;
        }
        let mut end = from + ending.len();
        if *first == b'(' {
            if rest.get(end) != Some(&b')') {
                continue;
            }
            end += 1;
        }
        if !is_word_byte(rest.get(end)) {
            return end;
        }
    }
    0
}

/// End of a notice such as `m/w/d` that starts with this word.
fn gender_notice(bytes: &[u8], begin: usize, end: usize) -> Option<usize> {
    let mut letters = 0;
    let (mut from, mut to) = (begin, end);
    loop {
        let [letter] = bytes.get(from..to)? else { return None };
        if !GENDER_LETTERS.contains(letter) {
            return None;
        }
        letters += 1;
        let separator = bytes.get(to);
        if matches!(separator, Some(b'/' | b'|' | b'*')) && is_word_byte(bytes.get(to + 1)) {
            from = to + 1;
            to = from + 1;
            if is_word_byte(bytes.get(to)) {
                return None;
            }
        } else {
            return (letters > 1).then_some(to);
        }
    }
}

/// `entwicklerin` and `entwicklerinnen` give `entwickler`.
fn without_gender_ending(word: &str) -> &str {
    if !word.ends_with('n') {
        return word;
    }
    for (ending, cut) in [("erinnen", 5), ("erin", 2)] {
        if word.len() > ending.len() + 2 && word.ends_with(ending) {
            return &word[..word.len() - cut];
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        let mut out = Vec::new();
        scan(text, &mut out);
        out.iter().map(|token| token.word).collect()
    }

    #[test]
    fn technology_names_stay_whole() {
        assert_eq!(words("c++, c#/.net and f#"), ["c++", "c#", ".net", "and", "f#"]);
        assert_eq!(
            words("c++17 on asp.net; r&d at example.net"),
            ["c++", "17", "on", "asp", "net", "r&d", "at", "example", "net"]
        );
        assert_eq!(words("#1 a+b c+ x"), ["1", "a", "b", "c", "x"]);
    }

    #[test]
    fn gender_notices_and_endings_are_left_out() {
        assert_eq!(words("entwickler:in (m/w/d)"), ["entwickler"]);
        assert_eq!(
            words("ingenieur*innen m|f|x, kellner/-in, fahrer(in), developpeur h/f"),
            ["ingenieur", "kellner", "fahrer", "developpeur"]
        );
        assert_eq!(
            words("entwicklerinnen in berlin und/in bern"),
            ["entwickler", "in", "berlin", "und", "bern"]
        );
        assert_eq!(words("i/o, m, tcp/ip, and/or"), ["i", "o", "m", "tcp", "ip", "and", "or"]);
    }

    #[test]
    fn runs_end_at_the_first_byte_that_is_no_letter_or_digit() {
        for length in 0..20 {
            for end in 0..=u8::MAX {
                let mut bytes = vec![b'a'; length];
                bytes.extend([end; 9]);
                let expected = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
                assert_eq!(plain_run(&bytes), expected, "{length} {end}");
            }
        }
    }

    #[test]
    fn possessives_and_joins() {
        let mut out = Vec::new();
        scan("driver's e-commerce a/b", &mut out);
        assert_eq!(
            out.iter().map(|t| (t.word, t.join)).collect::<Vec<_>>(),
            [
                ("driver", Join::Apart),
                ("e", Join::Apart),
                ("commerce", Join::Glued),
                ("a", Join::Apart),
                ("b", Join::Apart),
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn total(text in ".{0,80}") {
            let mut folded = String::new();
            super::super::fold(&text, &mut folded);
            for word in words(&folded) {
                proptest::prop_assert!(!word.is_empty());
            }
        }
    }
}
