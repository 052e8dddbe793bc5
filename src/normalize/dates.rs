//! Days: posted and deadline, in every form that sources send, relative ones too.
//!
//! [`written`] reads calendar days, [`relative`] those told from today ("vor 3 Tagen"), [`mod@deadline`] finds the last day to apply in a
//! text. A day that cannot be right (before 2000, posted in the future, a deadline more than a year ahead) is no day, and neither is a
//! bound ("30+ days ago"). Days are taken as the source writes them, without moving them between time zones.
//!
//! To teach it a language, add its words to the three tables in `dates/`.

mod deadline;
mod relative;
mod written;

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use chrono::{DateTime, Days, Months, NaiveDate};

use super::cues;
use crate::domain::RawDate;

/// Longest text that can be one date.
const LONGEST: usize = 64;

/// Words that lead to the day of publication in a text.
static PUBLISHED: LazyLock<AhoCorasick> = LazyLock::new(|| cues::automaton(&relative::leads()));

/// The day of a source's date field; `None` where it cannot be read.
pub fn read(raw: &RawDate, today: NaiveDate) -> Option<NaiveDate> {
    match raw {
        RawDate::Text(text) => from_text(text, today),
        RawDate::EpochSeconds(value) | RawDate::EpochMillis(value) => from_epoch(*value),
    }
}

/// The day of publication: between 2000 and the day after `today` (it may be tomorrow already where the source is).
pub fn posted(raw: &RawDate, today: NaiveDate) -> Option<NaiveDate> {
    let latest = today.checked_add_days(Days::new(1))?;
    read(raw, today).filter(|day| *day >= earliest() && *day <= latest)
}

/// The last day to apply: between 2000 and a year from `today`.
pub fn deadline(raw: &RawDate, today: NaiveDate) -> Option<NaiveDate> {
    read(raw, today).filter(|day| is_deadline(*day, today))
}

/// The last day to apply that a text names behind a cue such as "apply by" or "Bewerbungsfrist:".
pub fn deadline_in_text(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    deadline::find(text, |day| is_deadline(day, today))
}

/// The day a text speaks of: the text itself, a deadline in it, or the day it says it was posted.
pub fn in_text(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    from_text(text, today).or_else(|| deadline_in_text(text, today)).or_else(|| published_in(text, today))
}

/// Places in a text where publication may be named; more are not looked at.
const MOST_PLACES: usize = 20;

fn published_in(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    PUBLISHED.find_iter(text).take(MOST_PLACES).find_map(|found| {
        let tail = text.get(found.start()..)?;
        let tail = tail.get(..tail.floor_char_boundary(LONGEST))?.lines().next()?;
        let words: Vec<&str> = tail.split_whitespace().take(7).collect();
        (2..=words.len()).rev().find_map(|count| {
            let part = words.get(..count)?.join(" ");
            from_text(part.trim_end_matches(['.', ',', ')', ';']), today)
        })
    })
}

/// The day of one date in text; nothing else may stand beside it but a time.
pub fn from_text(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    let text = super::repair::line(text.get(..text.floor_char_boundary(4 * LONGEST))?);
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    let digits = text.split_once('.').map_or(text.as_str(), |(whole, _)| whole);
    if (9..=19).contains(&digits.len())
        && digits.len() != 14
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return from_epoch(digits.parse().ok()?).filter(|day| *day >= earliest());
    }
    let lower = text.to_lowercase();
    let bare = relative::without_lead(&lower);
    written::read(bare).or_else(|| relative::read(&lower, today)).filter(|day| *day >= earliest())
}

/// Seconds since 1970, or the thousandths, millionths or billionths that the size of the number tells.
fn from_epoch(value: i64) -> Option<NaiveDate> {
    let at = match value.unsigned_abs() {
        0..100_000_000_000 => DateTime::from_timestamp(value, 0),
        100_000_000_000..100_000_000_000_000 => DateTime::from_timestamp_millis(value),
        100_000_000_000_000..100_000_000_000_000_000 => DateTime::from_timestamp_micros(value),
        _ => Some(DateTime::from_timestamp_nanos(value)),
    };
    at.map(|at| at.date_naive())
}

fn is_deadline(day: NaiveDate, today: NaiveDate) -> bool {
    // Ten years ahead is how sources say "until filled".
    day >= earliest() && today.checked_add_months(Months::new(12)).is_some_and(|latest| day <= latest)
}

fn earliest() -> NaiveDate {
    NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or(NaiveDate::MIN)
}

#[cfg(test)]
mod tests;
