//! Days told from today: "3 days ago", "vor einer Woche", "il y a 2 jours", "gestern".

use std::sync::LazyLock;

use chrono::{Days, Months, NaiveDate};
use rustc_hash::FxHashMap;

use crate::normalize::cues;

/// Words, as `relative.tsv` says what they mean.
const WORDS: &str = include_str!("relative.tsv");

static MEANINGS: LazyLock<FxHashMap<&'static str, Vec<&'static str>>> = LazyLock::new(|| {
    let mut meanings: FxHashMap<&str, Vec<&str>> = FxHashMap::default();
    for (meaning, word) in cues::table(WORDS) {
        meanings.entry(meaning).or_default().push(word);
    }
    for words in meanings.values_mut() {
        words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    }
    meanings
});

/// The words of one meaning, longest first.
fn words(meaning: &str) -> &'static [&'static str] {
    MEANINGS.get(meaning).map(Vec::as_slice).unwrap_or_default()
}

fn means(meaning: &str, word: &str) -> bool {
    words(meaning).contains(&word)
}

/// Words that lead to the day of publication.
pub(super) fn leads() -> Vec<&'static str> {
    words("lead").iter().copied().filter(|word| word.len() > 4).collect()
}

/// The text without "posted on" and the like before the day.
pub(super) fn without_lead(text: &str) -> &str {
    let mut rest = text.trim_start_matches(['(', ' ']);
    for _ in 0..2 {
        let Some(tail) = after_any("lead", rest) else { break };
        rest = tail.trim_start_matches([':', ' ', '-', '–']);
    }
    rest
}

/// The text without "veröffentlicht" and the like behind the day.
fn without_tail(text: &str) -> &str {
    let tail = |word: &&str| text.strip_suffix(*word)?.strip_suffix(' ');
    words("lead").iter().find_map(tail).unwrap_or(text)
}

/// What follows one of the words of a meaning.
fn after_any<'t>(meaning: &str, text: &'t str) -> Option<&'t str> {
    words(meaning)
        .iter()
        .find_map(|word| text.strip_prefix(word).filter(|rest| !rest.starts_with(char::is_alphanumeric)))
}

/// The day a text in lower case tells from today.
pub(super) fn read(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    let led = without_lead(text);
    let whole = led.trim_end_matches(['.', '!', ')', ' ']);
    let bare = without_tail(whole);
    for (meaning, days) in [("today", 0), ("yesterday", 1), ("two days ago", 2)] {
        if means(meaning, whole) || means(meaning, bare) {
            return today.checked_sub_days(Days::new(days));
        }
    }
    if means("tomorrow", bare) {
        return today.succ_opt();
    }
    if after_any("unknown", led).is_some() {
        return None;
    }
    let counted = after_any("before", bare).map_or(bare, str::trim_start);
    let counted = after_any("about", counted).map_or(counted, str::trim_start);
    if after_any("unknown", counted).is_some() {
        return None;
    }
    let (count, rest) = count(counted)?;
    let rest = rest.trim_start();
    let unit = rest.split(' ').next().unwrap_or_default();
    let tail = rest.get(unit.len()..).unwrap_or_default().trim();
    if !(tail.is_empty() || means("after", tail)) {
        return None;
    }
    back(today, count, unit)
}

/// A number in digits or as a word; `30+` is a bound and no number.
fn count(text: &str) -> Option<(u32, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = text.split_at_checked(digits)?;
    if digits > 0 {
        return (digits <= 3 && !rest.starts_with('+')).then_some((number.parse().ok()?, rest));
    }
    if let Some(rest) = after_any("one", text) {
        return Some((1, rest));
    }
    // Polish says "a week ago" without a number.
    let counts = ["hour", "day", "week", "month", "year"].iter().any(|unit| after_any(unit, text).is_some());
    counts.then_some((1, text))
}

fn back(today: NaiveDate, count: u32, unit: &str) -> Option<NaiveDate> {
    if means("minute", unit) || means("hour", unit) {
        // Hours may reach into yesterday; without the time of day the day is not known better.
        today.checked_sub_days(Days::new(if means("hour", unit) { u64::from(count) / 24 } else { 0 }))
    } else if means("day", unit) {
        today.checked_sub_days(Days::new(u64::from(count)))
    } else if means("week", unit) {
        today.checked_sub_days(Days::new(7 * u64::from(count)))
    } else if means("month", unit) {
        today.checked_sub_months(Months::new(count))
    } else if means("year", unit) {
        today.checked_sub_months(Months::new(count.checked_mul(12)?))
    } else {
        None
    }
}
