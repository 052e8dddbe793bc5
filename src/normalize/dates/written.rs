//! Calendar days: `2025-12-01T21:24:45Z`, `01.12.2025`, `1er décembre 2025`, `Monday, 01-Dec-25 21:24:45 GMT`.

use std::sync::LazyLock;

use chrono::NaiveDate;
use regex::{Captures, Regex};
use rustc_hash::FxHashMap;

use crate::normalize::cues;

regex!(ISO, r"^(\d{4})-(\d{1,2})-(\d{1,2})(?:$|[t ,z+-])");
regex!(COMPACT, r"^(\d{4})(\d{2})(\d{2})(?:$|t|\d{6}$)");
regex!(NUMERIC, r"^(?:\p{L}[\p{L}-]*\.?,? )?(\d{1,2})([./-]) ?(\d{1,2})[./-] ?(\d{4}|\d{2})(?:$|[ t,])");
regex!(YEAR_FIRST, r"^(\d{4})[./](\d{1,2})[./](\d{1,2})(?:$|[t ])");
regex!(
    DAY_MONTH,
    r"^(?:\p{L}[\p{L}-]*\.?,? ){0,2}(\d{1,2})(?:st|nd|rd|th|er|º|ª|°|\.)?(?: of | de | di |-| ?)(\p{L}{3,12})\.?,?(?: de| del| do)?[ -]'?(\d{4}|\d{2})(?:$|[ ,t])"
);
regex!(
    MONTH_DAY,
    r"^(?:\p{L}{2,9}\.?,? )?(\p{L}{3,12})\.? (\d{1,2})(?:st|nd|rd|th)?,? (?:\d{1,2}:\d{2}(?::\d{2})? )?(\d{4})(?:$|[ ,t])"
);

/// Month names, as `months.tsv` says how they are written.
static MONTHS: LazyLock<FxHashMap<&'static str, u32>> = LazyLock::new(|| {
    cues::table(include_str!("months.tsv"))
        .filter_map(|(month, name)| Some((name, month.parse().ok()?)))
        .collect()
});

/// The day a text in lower case begins with.
pub(super) fn read(text: &str) -> Option<NaiveDate> {
    if let Some(found) =
        ISO.captures(text).or_else(|| YEAR_FIRST.captures(text)).or_else(|| COMPACT.captures(text))
    {
        return NaiveDate::from_ymd_opt(number(&found, 1)?, number(&found, 2)?, number(&found, 3)?);
    }
    if let Some(found) = NUMERIC.captures(text) {
        let year = full_year(number(&found, 4)?);
        let (first, second): (u32, u32) = (number(&found, 1)?, number(&found, 3)?);
        // Day first, as all but the United States write it; the other way only where it cannot be read so.
        return NaiveDate::from_ymd_opt(year, second, first)
            .or_else(|| NaiveDate::from_ymd_opt(year, first, second).filter(|_| &found[2] != "."));
    }
    let (found, month, day) = match DAY_MONTH.captures(text) {
        Some(found) => (found, 2, 1),
        None => (MONTH_DAY.captures(text)?, 1, 2),
    };
    let name = found.get(month)?.as_str();
    NaiveDate::from_ymd_opt(full_year(number(&found, 3)?), self::month(name)?, number(&found, day)?)
}

fn full_year(year: i32) -> i32 {
    if year < 100 { year + 2000 } else { year }
}

fn month(name: &str) -> Option<u32> {
    if let Some(month) = MONTHS.get(name) {
        return Some(*month);
    }
    let plain: String = name.chars().map(without_accent).collect();
    MONTHS.get(plain.as_str()).copied()
}

fn without_accent(letter: char) -> char {
    match letter {
        'á' | 'ä' => 'a',
        'é' | 'è' | 'ê' | 'ě' => 'e',
        'í' => 'i',
        'ń' => 'n',
        'û' | 'ú' | 'ů' => 'u',
        'ř' => 'r',
        'ś' => 's',
        'ź' | 'ž' => 'z',
        'ç' | 'č' => 'c',
        other => other,
    }
}

fn number<T: std::str::FromStr>(found: &Captures<'_>, group: usize) -> Option<T> {
    found.get(group)?.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_month_has_its_names() {
        let mut known: Vec<u32> = MONTHS.values().copied().collect();
        known.sort_unstable();
        known.dedup();
        assert_eq!(known, (1..=12).collect::<Vec<_>>());
        for (name, expected) in
            [("märz", 3), ("août", 8), ("października", 10), ("março", 3), ("ottobre", 10)]
        {
            assert_eq!(month(name), Some(expected), "{name}");
        }
        assert_eq!(month("decades"), None);
    }
}
