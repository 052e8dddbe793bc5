//! One number as people write it: the last separator decides what is decimal.

use rust_decimal::Decimal;

/// A number and where it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number {
    /// Its value before any `k` or `lakh`.
    pub value: Decimal,
    /// Byte offset after its last digit.
    pub end: usize,
    /// Written with separators between thousands.
    pub grouped: bool,
    /// A lone separator with three digits after it (`1.234`): decimal if a `k` follows.
    pub ambiguous: bool,
}

const MOST_DIGITS: usize = 15;
const MOST_GROUPS: usize = 6;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    Point,
    Comma,
    Quote,
    Blank,
}

/// Reads the number that starts at `start`, which must be a digit; `None` where the digits make no amount.
pub(super) fn read(text: &str, start: usize) -> Result<Number, usize> {
    let bytes = text.as_bytes();
    let mut at = start;
    let mut digits = Vec::with_capacity(MOST_DIGITS);
    let mut groups: Vec<(Option<Separator>, usize)> = Vec::with_capacity(MOST_GROUPS);
    let mut before = None;
    loop {
        let from = at;
        while let Some(byte @ b'0'..=b'9') = bytes.get(at) {
            if digits.len() <= MOST_DIGITS {
                digits.push(byte - b'0');
            }
            at += 1;
        }
        if groups.len() <= MOST_GROUPS {
            groups.push((before, at - from));
        }
        let Some((separator, width)) = separator(text, at) else { break };
        if !bytes.get(at + width).is_some_and(u8::is_ascii_digit) {
            break;
        }
        if separator == Separator::Blank && !continues_thousands(bytes, at + width, &groups) {
            break;
        }
        before = Some(separator);
        at += width;
    }
    if digits.len() > MOST_DIGITS || groups.len() > MOST_GROUPS {
        return Err(at);
    }
    let below_one = digits.first() == Some(&0) && digits.len() > 1;
    let Some((decimals, grouped, ambiguous)) = shape(&groups, below_one) else { return Err(at) };
    let mantissa = digits.iter().fold(0_i64, |sum, digit| sum * 10 + i64::from(*digit));
    Ok(Number { value: Decimal::new(mantissa, decimals), end: at, grouped, ambiguous })
}

fn separator(text: &str, at: usize) -> Option<(Separator, usize)> {
    let next = text.get(at..)?.chars().next()?;
    let kind = match next {
        '.' => Separator::Point,
        ',' => Separator::Comma,
        '\'' | '\u{2019}' | '\u{2018}' | '\u{b4}' => Separator::Quote,
        ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' => Separator::Blank,
        _ => return None,
    };
    Some((kind, next.len_utf8()))
}

fn continues_thousands(bytes: &[u8], at: usize, groups: &[(Option<Separator>, usize)]) -> bool {
    let three = (0..3).all(|offset| bytes.get(at + offset).is_some_and(u8::is_ascii_digit));
    let only_three = !bytes.get(at + 3).is_some_and(u8::is_ascii_digit);
    let blanks_so_far = groups.iter().skip(1).all(|(before, _)| *before == Some(Separator::Blank));
    three && only_three && blanks_so_far && groups.first().is_some_and(|(_, width)| *width <= 3)
}

/// Number of decimals, whether thousands are grouped, and whether `1.234` could be either.
fn shape(groups: &[(Option<Separator>, usize)], below_one: bool) -> Option<(u32, bool, bool)> {
    let Some(((last, width), rest)) = groups.split_last().filter(|(_, rest)| !rest.is_empty()) else {
        return Some((0, false, false));
    };
    let first_width = rest.first().map_or(0, |(_, width)| *width);
    let thousands = |groups: &[(Option<Separator>, usize)]| {
        let same = groups.iter().skip(2).all(|(kind, _)| Some(kind) == groups.get(1).map(|(kind, _)| kind));
        same && first_width <= 3 && groups.iter().skip(1).all(|(_, width)| matches!(width, 2 | 3))
    };
    let lone = rest.len() == 1;
    let like_before = rest.get(1).is_some_and(|(kind, _)| kind == last);
    if below_one {
        let decimal = lone && first_width == 1 && *width <= 6;
        return decimal.then_some((u32::try_from(*width).ok()?, false, false));
    }
    if *width == 3 && (lone || like_before) {
        return thousands(groups).then_some((
            0,
            true,
            lone && matches!(last, Some(Separator::Point | Separator::Comma)),
        ));
    }
    let decimal = matches!(last, Some(Separator::Point | Separator::Comma));
    if decimal && !like_before && matches!(width, 1 | 2) && (lone || thousands(rest)) {
        return Some((u32::try_from(*width).ok()?, !lone, false));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::read;

    fn value(text: &str) -> Option<String> {
        read(text, 0).ok().map(|number| number.value.to_string())
    }

    #[test]
    fn the_last_separator_decides() {
        for (text, expected) in [
            ("60.000 €", "60000"),
            ("60 000 €", "60000"),
            ("60\u{a0}000 €", "60000"),
            ("60\u{202f}000 €", "60000"),
            ("60'000", "60000"),
            ("60\u{2019}000.50", "60000.50"),
            ("60,000.00", "60000.00"),
            ("1.234,56", "1234.56"),
            ("31,2k", "31.2"),
            ("12,00,000", "1200000"),
            ("1,250,000", "1250000"),
            ("25.50", "25.50"),
            ("17,5", "17.5"),
            ("2000", "2000"),
            ("1 250 000", "1250000"),
            ("0.034", "0.034"),
            ("50.", "50"),
            ("50, 60", "50"),
        ] {
            assert_eq!(value(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["1,2,3,4", "192.168.10.1", "10,0000", "12345678901234567890", "1.2.3"] {
            assert_eq!(value(text), None, "{text}");
        }
    }
}
