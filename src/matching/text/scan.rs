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

/// What a byte behind or between words is for the scanner.
const JOINS: u8 = 1;
/// Alone between two words, it writes them as one.
const GLUES: u8 = 2;

static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        let mut class = 0;
        if matches!(byte, b'/' | b'|' | b'*' | b'+' | b'#' | b'&' | b':' | b'_' | b'(') {
            class |= JOINS;
        }
        if matches!(byte, b'-' | b'.' | b'\'' | b'_' | b'&' | b':') {
            class |= GLUES;
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
    let mut runs = Runs::new(bytes);
    let mut at = 0;
    let mut last_end = usize::MAX;
    while let Some(begin) = runs.begin_from(at) {
        at = begin;
        let mut end = runs.end_from(at);
        if bytes.get(end).is_some_and(|byte| !byte.is_ascii()) {
            let Some(wide_end) = word_end(folded, at) else {
                at += folded[at..].chars().next().map_or(1, char::len_utf8);
                continue;
            };
            end = wide_end;
        }
        let (mut begin, mut next) = (at, end);
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

/// How many bytes at the start are ASCII letters and digits.
fn plain_run(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count()
}

/// Where runs of letters and digits begin and end, found for 64 bytes in one go, a bit each.
struct Runs<'a> {
    bytes: &'a [u8],
    /// The byte at which the 64 begin.
    from: usize,
    /// ASCII letters and digits.
    plain: u64,
    /// Parts of characters that are not ASCII.
    wide: u64,
}

impl<'a> Runs<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        let mut runs = Self { bytes, from: 0, plain: 0, wide: 0 };
        runs.load(0);
        runs
    }

    fn load(&mut self, from: usize) {
        let mut last = [0; 64];
        let rest = self.bytes.get(from..).unwrap_or_default();
        let block = rest.first_chunk::<64>().unwrap_or_else(|| {
            last.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
            &last
        });
        (self.from, self.plain, self.wide) = (from, 0, 0);
        for (at, eight) in block.as_chunks::<8>().0.iter().enumerate() {
            let (plain, wide) = kinds(*eight);
            self.plain |= plain << (at * 8);
            self.wide |= wide << (at * 8);
        }
    }

    /// The first byte from `at` on that belongs to a word or to a character that is not ASCII.
    fn begin_from(&mut self, at: usize) -> Option<usize> {
        self.find(at, |runs| runs.plain | runs.wide)
    }

    /// The first byte from `at` on that is no ASCII letter or digit, or the end.
    fn end_from(&mut self, at: usize) -> usize {
        self.find(at, |runs| !runs.plain).map_or(self.bytes.len(), |end| end.min(self.bytes.len()))
    }

    #[inline]
    fn find(&mut self, mut at: usize, bits: impl Fn(&Self) -> u64) -> Option<usize> {
        while at < self.bytes.len() {
            let from = at / 64 * 64;
            if from != self.from {
                self.load(from);
            }
            let found = bits(self) >> (at % 64);
            if found != 0 {
                return Some(at + found.trailing_zeros() as usize);
            }
            at = from + 64;
        }
        None
    }
}

/// Which of eight bytes are ASCII letters and digits, and which are not ASCII, a bit each.
fn kinds(eight: [u8; 8]) -> (u64, u64) {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    const fn each(byte: u8) -> u64 {
        u64::from_ne_bytes([byte; 8])
    }
    let between = |word: u64, low: u8, high: u8| {
        let plain = word & !HIGH;
        (plain + each(0x80 - low)) & !(plain + each(0x7f - high)) & !word & HIGH
    };
    // The high bit of each byte, the first byte's lowest.
    let gathered = |bits: u64| (bits >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    let word = u64::from_le_bytes(eight);
    let plain = between(word | each(0x20), b'a', b'z') | between(word, b'0', b'9');
    (gathered(plain), gathered(word & HIGH))
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
    fn bytes_are_what_they_are() {
        for place in 0..8 {
            for byte in 0..=u8::MAX {
                let mut eight = [b' '; 8];
                eight[place] = byte;
                let bit = |is: bool| u64::from(is) << place;
                assert_eq!(
                    kinds(eight),
                    (bit(byte.is_ascii_alphanumeric()), bit(!byte.is_ascii())),
                    "{byte}"
                );
                let mut eight = [b'a'; 8];
                eight[place] = byte;
                assert_eq!(kinds(eight).0 ^ 0xff, bit(!byte.is_ascii_alphanumeric()), "{byte}");
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
        fn words_are_runs_of_letters_and_digits(text in "[a-z0-9 ,éж。-]{0,200}") {
            let expected: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
            let mut out = Vec::new();
            scan(&text, &mut out);
            let found: Vec<&str> = out.iter().map(|token| token.word).collect();
            proptest::prop_assert_eq!(found, expected.into_iter().map(without_gender_ending).collect::<Vec<_>>());
        }

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
