//! Numbers in a text with the currency and the `k`, `million` or `lakh` that belong to them.

use rust_decimal::Decimal;

use super::currency::{self, Mark};
use super::{Hints, number};
use crate::domain::Period;

/// What a number is multiplied by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scale {
    /// `k`, `TEUR`, `Tsd.`
    Thousand,
    /// `lakh`, `LPA`
    Lakh,
    /// `M`, `million`
    Million,
    /// `crore`
    Crore,
    /// `bn`, `Milliarden`
    Billion,
}

impl Scale {
    pub(super) fn factor(self) -> Decimal {
        Decimal::from(match self {
            Self::Thousand => 1_000_u32,
            Self::Lakh => 100_000,
            Self::Million => 1_000_000,
            Self::Crore => 10_000_000,
            Self::Billion => 1_000_000_000,
        })
    }
}

/// One number and what is written beside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Amount {
    /// Byte offset of the currency before it or of its first digit.
    pub start: usize,
    /// Byte offset after everything that belongs to it.
    pub end: usize,
    /// Unscaled value.
    pub value: Decimal,
    pub scale: Option<Scale>,
    pub mark: Option<Mark>,
    /// Thousands are grouped.
    pub grouped: bool,
    /// Followed by `+`.
    pub open: bool,
    /// A unit that says its period itself (`LPA`).
    pub period: Option<Period>,
}

impl Amount {
    /// Looks like an amount of money rather than any number.
    pub(super) fn is_firm(&self) -> bool {
        self.mark.is_some() || self.scale.is_some() || self.grouped
    }
}

/// No honest posting states more.
const MOST_AMOUNTS: usize = 2_000;

/// The numbers of the text that could be an amount, up to [`MOST_AMOUNTS`] of them.
pub(super) fn find(text: &str, hints: Hints<'_>) -> Vec<Amount> {
    let bytes = text.as_bytes();
    let mut found: Vec<Amount> = Vec::new();
    let (mut at, mut floor) = (0, 0);
    while found.len() < MOST_AMOUNTS
        && let Some(offset) = bytes.get(at..).and_then(|rest| rest.iter().position(u8::is_ascii_digit))
    {
        let start = at + offset;
        match read(text, start, floor, hints) {
            Ok(amount) => {
                (at, floor) = (amount.end, amount.end);
                found.push(amount);
            }
            Err(end) => (at, floor) = (end, floor.max(end)),
        }
    }
    found
}

/// Reads one amount; on failure the offset to go on from.
fn read(text: &str, start: usize, floor: usize, hints: Hints<'_>) -> Result<Amount, usize> {
    let number = number::read(text, start)?;
    let (before, begin) = match before(text, start, floor) {
        Before::Mark(mark, begin) => (Some(mark), begin),
        Before::Nothing => (None, start),
        Before::Other => return Err(number.end),
    };
    let mut amount = Amount {
        start: begin,
        end: number.end,
        value: number.value,
        scale: None,
        mark: before,
        grouped: number.grouped,
        open: false,
        period: None,
    };
    amount.end = dash_cents(text, amount.end);
    let stuck = rest(text, amount.end).starts_with(char::is_alphabetic);
    let known = after(text, &mut amount, hints);
    if (stuck && !known && before.is_none()) || rest(text, amount.end).starts_with('%') {
        return Err(amount.end);
    }
    if amount.scale.is_some() && number.ambiguous && amount.scale != Some(Scale::Thousand) {
        amount.grouped = false;
    }
    if amount.scale.is_some() && number.ambiguous {
        amount.value /= Decimal::ONE_THOUSAND;
    }
    Ok(amount)
}

fn rest(text: &str, at: usize) -> &str {
    text.get(at..).unwrap_or_default()
}

enum Before {
    Mark(Mark, usize),
    Nothing,
    /// Part of something else: a version, a link, a word.
    Other,
}

fn before(text: &str, start: usize, floor: usize) -> Before {
    let head = text.get(floor..start).unwrap_or_default();
    let trimmed = trim_blanks_end(head);
    let touching = trimmed.len() == head.len();
    if let Some((symbol, mark)) = currency::symbol_at_end(trimmed) {
        let outer = trim_blanks_end(&trimmed[..trimmed.len() - symbol.len()]);
        let word = last_word(outer);
        return match currency::mark(word).filter(|_| mark.is_open()) {
            Some(code) => Before::Mark(code, floor + outer.len() - word.len()),
            None => Before::Mark(mark, floor + trimmed.len() - symbol.len()),
        };
    }
    let dotted = trimmed.strip_suffix('.').unwrap_or(trimmed);
    let word = last_word(dotted);
    if let Some(mark) = currency::mark(word).filter(|_| dotted.len() == trimmed.len() || word.len() <= 3) {
        return Before::Mark(mark, floor + dotted.len() - word.len());
    }
    let last = head.chars().next_back();
    let inside =
        |last: char| last.is_alphanumeric() || matches!(last, '_' | '#' | '@' | '.' | '=' | '&' | ',');
    // "45/50k€" is a range; after anything but an amount a slash is part of a link or a name.
    let path = head.strip_suffix('/').is_some_and(|head| !head.is_empty() || floor == 0);
    if touching && (path || last.is_some_and(inside)) { Before::Other } else { Before::Nothing }
}

fn last_word(text: &str) -> &str {
    let length: usize =
        text.chars().rev().take(12).take_while(|letter| letter.is_alphabetic()).map(char::len_utf8).sum();
    text.get(text.len() - length..).unwrap_or_default()
}

fn first_word(text: &str) -> &str {
    let length: usize =
        text.chars().take(16).take_while(|letter| letter.is_alphabetic()).map(char::len_utf8).sum();
    text.get(..length).unwrap_or_default()
}

fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '\t')
}

fn trim_blanks_end(text: &str) -> &str {
    let blanks: usize =
        text.chars().rev().take(2).take_while(|letter| is_blank(*letter)).map(char::len_utf8).sum();
    text.get(..text.len() - blanks).unwrap_or_default()
}

fn blanks(text: &str, at: usize) -> usize {
    rest(text, at).chars().take(2).take_while(|letter| is_blank(*letter)).map(char::len_utf8).sum()
}

/// `80'000.-` and `50,--`: a dash in place of the cents.
fn dash_cents(text: &str, at: usize) -> usize {
    let tail = rest(text, at);
    let Some(after) = tail.strip_prefix(['.', ',']) else { return at };
    let dashless = after.trim_start_matches(['-', '–', '—']);
    let ends = dashless.chars().next().is_none_or(|next| !next.is_alphanumeric() && next != '$');
    if dashless.len() < after.len() && ends { at + tail.len() - dashless.len() } else { at }
}

/// Takes scale, currency and `+` after the digits; whether a word stuck to the digits was one of them.
fn after(text: &str, amount: &mut Amount, hints: Hints<'_>) -> bool {
    let mut known = false;
    for _ in 0..3 {
        let skipped = blanks(text, amount.end);
        let from = amount.end + skipped;
        let tail = rest(text, from);
        if let Some((symbol, mark)) = currency::symbol_at_start(tail) {
            let length = symbol.len();
            if amount.mark.is_some_and(|mark| !mark.is_open()) && skipped > 0 {
                break;
            }
            if starts_amount(tail, length) && amount.mark.is_some() {
                break;
            }
            set_mark(amount, mark);
            (amount.end, known) = (from + length, true);
            continue;
        }
        let word = first_word(tail);
        if word.is_empty() || !unit(word, skipped == 0, amount, hints) {
            break;
        }
        amount.end = from + word.len();
        let dotted =
            rest(text, amount.end).starts_with('.') && matches!(word, "Tsd" | "tsd" | "Mio" | "Rs" | "Fr");
        amount.end += usize::from(dotted);
        known = true;
    }
    open(text, amount, hints);
    known
}

/// Takes a `+` that means "or more". "$120k + equity" names another thing; in Spanish "24.000 € + Plus" leaves the upper end open.
fn open(text: &str, amount: &mut Amount, hints: Hints<'_>) {
    let skipped = blanks(text, amount.end);
    let Some(tail) = rest(text, amount.end + skipped).strip_prefix('+') else { return };
    let next = if skipped > 0 { tail.trim_start_matches(is_blank) } else { tail };
    let spoken = hints.speaks("es");
    if next.starts_with(char::is_alphanumeric) && !(spoken && skipped > 0) {
        return;
    }
    amount.open = true;
    if skipped == 0 {
        amount.end += 1;
    }
}

fn set_mark(amount: &mut Amount, mark: Mark) {
    if amount.mark.is_none_or(Mark::is_open) {
        amount.mark = Some(mark);
    }
}

fn starts_amount(tail: &str, symbol: usize) -> bool {
    let next = tail.get(symbol..).unwrap_or_default();
    next.trim_start_matches(is_blank).starts_with(|letter: char| letter.is_ascii_digit())
}

/// Takes one word after the digits if it is a scale or a currency.
fn unit(word: &str, touching: bool, amount: &mut Amount, hints: Hints<'_>) -> bool {
    let lower = word.to_lowercase();
    let free = amount.scale.is_none();
    let scale = match lower.as_str() {
        "k" | "tsd" | "tausend" | "thousand" | "mille" | "tys" | "tis" => Some(Scale::Thousand),
        "mil" if hints.speaks("es") || hints.speaks("pt") => Some(Scale::Thousand),
        "t" if word == "T" && amount.mark.is_none() => Some(Scale::Thousand),
        "lakh" | "lakhs" | "lac" | "lacs" | "lpa" => Some(Scale::Lakh),
        "l" if touching && amount.mark == Some(Mark::Code("INR")) => Some(Scale::Lakh),
        "m" | "mm" | "mn" if touching => Some(Scale::Million),
        "mio" | "million" | "millions" | "millionen" | "millones" | "milioni" | "miljoner" => {
            Some(Scale::Million)
        }
        "cr" | "crore" | "crores" => Some(Scale::Crore),
        "b" if touching => Some(Scale::Billion),
        "bn" | "billion" | "billions" | "mrd" | "milliarden" | "milliards" => Some(Scale::Billion),
        _ => None,
    };
    if let Some(scale) = scale.filter(|_| free) {
        // "12,00,000 LPA" is written out already.
        amount.scale = Some(scale).filter(|_| lower != "lpa" || amount.value < Decimal::ONE_THOUSAND);
        if matches!(scale, Scale::Lakh | Scale::Crore) {
            amount.mark = amount.mark.or(Some(Mark::Code("INR")));
        }
        if lower == "lpa" {
            amount.period = Some(Period::Year);
        }
        return true;
    }
    if let Some(mark) = currency::mark(word) {
        set_mark(amount, mark);
        return true;
    }
    let thousands =
        lower.strip_prefix('k').or_else(|| lower.strip_prefix('t').filter(|_| word.starts_with('T')));
    if let Some(mark) = thousands.filter(|code| free && code.len() >= 3).and_then(currency::mark) {
        amount.scale = Some(Scale::Thousand);
        set_mark(amount, mark);
        return true;
    }
    false
}
