//! Days: posted and deadline, in every form that sources send, relative ones too.
//!
//! A day that cannot be right (before 2000, posted in the future, a deadline more than a year ahead) is no day. Days are taken as
//! the source writes them, without moving them between time zones.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use chrono::{DateTime, Days, Months, NaiveDate};
use regex::{Captures, Regex};

use super::cues;
use crate::domain::RawDate;

/// Longest text that can be one date.
const LONGEST: usize = 64;

/// Month names by their first letters, lower case, without accents.
const MONTHS: [(&str, u32); 50] = [
    ("jan", 1),
    ("ene", 1),
    ("gen", 1),
    ("sty", 1),
    ("led", 1),
    ("feb", 2),
    ("fev", 2),
    ("lut", 2),
    ("uno", 2),
    ("mar", 3),
    ("mae", 3),
    ("mrz", 3),
    ("bre", 3),
    ("maa", 3),
    ("apr", 4),
    ("abr", 4),
    ("avr", 4),
    ("kwi", 4),
    ("dub", 4),
    ("may", 5),
    ("mai", 5),
    ("maj", 5),
    ("mag", 5),
    ("mei", 5),
    ("kve", 5),
    ("juin", 6),
    ("jun", 6),
    ("giu", 6),
    ("cze", 6),
    ("juil", 7),
    ("jul", 7),
    ("lug", 7),
    ("lip", 7),
    ("aug", 8),
    ("ago", 8),
    ("aou", 8),
    ("sie", 8),
    ("sep", 9),
    ("set", 9),
    ("wrz", 9),
    ("okt", 10),
    ("oct", 10),
    ("out", 10),
    ("nov", 11),
    ("dec", 12),
    ("dez", 12),
    ("des", 12),
    ("dic", 12),
    ("gru", 12),
    ("pro", 12),
];

regex!(ISO, r"^(\d{4})-(\d{1,2})-(\d{1,2})(?:$|[T ])");
regex!(COMPACT, r"^(\d{4})(\d{2})(\d{2})(?:$|T|\d{6}$)");
regex!(NUMERIC, r"^(\d{1,2})([./-])(\d{1,2})[./-](\d{4}|\d{2})(?:$|[ T,])");
regex!(YEAR_FIRST, r"^(\d{4})[./](\d{1,2})[./](\d{1,2})(?:$|[ T])");
regex!(
    DAY_MONTH,
    r"^(?:\p{L}+\.?,? )?(\d{1,2})(?:st|nd|rd|th|er|º|\.)?(?: of | de | ?-?)(\p{L}{3,12})\.?,?(?: de| del)?[ -](\d{4})(?:$|[ ,T])"
);
regex!(MONTH_DAY, r"^(?:\p{L}+day,? )?(\p{L}{3,12})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})(?:$|[ ,T])");
regex!(
    AGO,
    r"(?:^|\b)(?:(?:vor|il y a|hace|fa|há|ha|over|more than|mehr als|posted) )*(\d{1,3})\+? ?(minutes?|mins?|minuten?|hours?|hrs?|h|stunden?|heures?|horas?|ore|days?|d|tage?n?|jours?|días?|dias?|giorni|giorno|dni|dnů|dny|dagen|dagar|weeks?|w|wochen?|semaines?|semanas?|settiman[ae]|tygodni[ea]?|months?|mo|monate?n?|mois|mes(?:es)?|mes[ei]|years?|jahre?n?)(?:\b|$)"
);
regex!(
    DEADLINE,
    r"(?i)(?:appl(?:y|ications?)[^.\n]{0,40}?\b(?:by|before|until|no later than|close[sd]?(?: on)?|due(?: by| on)?)|(?:application )?(?:deadline|closing date|closes on|close date|apply by)(?: for applications?| to apply)?(?: is| on)?|bewerbungs(?:frist|schluss|ende)(?: ist| endet)?(?: am| bis)?|bewerben sie sich[^.\n]{0,40}? bis(?: zum| spätestens)?|bewerbung[^.\n]{0,40}? bis(?: zum| spätestens)?|(?:einsende|anmelde)schluss|date limite[^.\n:]{0,30}|candidature[^.\n]{0,40}? (?:avant|jusqu'au|jusqu’au)(?: le)?|fecha límite[^.\n:]{0,30}|fecha de cierre|plazo[^.\n:]{0,30}? hasta(?: el)?|scadenza|candidature entro(?: il)?|termin (?:składania|nadsyłania)[^.\n:]{0,20}|sista ansökningsdag(?:en)?(?: är)?|ansök senast(?: den)?|prazo[^.\n:]{0,30}|sluitingsdatum)\s*[:\-–]?\s*(?:the |den |le |el |il |am |am: )?(?:\p{L}+(?:day|tag|abend|woch)s?,? (?:den |dem )?)?((?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|\d{1,2}(?:st|nd|rd|th|er|\.)?(?: of| de)? ?\p{L}{3,12}\.?,?(?: de| del)? \d{4}|\p{L}{3,9}\.? \d{1,2}(?:st|nd|rd|th)?,? \d{4}))"
);
regex!(
    POSTED,
    r"(?i)\b(?:posted|published|veröffentlicht|publié|publicado|listed|online seit|date posted)(?: on| am| le| el)?\s*:?\s*([^\n]{1,40})"
);

static CUES: LazyLock<AhoCorasick> = LazyLock::new(|| {
    cues::automaton(&[
        "appl",
        "deadline",
        "closing",
        "closes",
        "close date",
        "bewerb",
        "schluss",
        "limite",
        "candidature",
        "límite",
        "cierre",
        "plazo",
        "scadenza",
        "termin ",
        "ansök",
        "prazo",
        "sluitingsdatum",
    ])
});

/// The day of a source's date field; `None` where it cannot be read.
pub fn read(raw: &RawDate, today: NaiveDate) -> Option<NaiveDate> {
    match raw {
        RawDate::Text(text) => from_text(text, today),
        RawDate::EpochSeconds(seconds) => from_epoch(*seconds),
        RawDate::EpochMillis(millis) => DateTime::from_timestamp_millis(*millis).map(|at| at.date_naive()),
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
    let near = cues::around(text, &CUES, 16, 110);
    let mut days = DEADLINE.captures_iter(&near).filter_map(|found| from_text(found.get(1)?.as_str(), today));
    days.find(|day| is_deadline(*day, today))
}

/// The day a text speaks of: the text itself, a deadline in it, or the day it says it was posted.
pub fn in_text(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    from_text(text, today).or_else(|| deadline_in_text(text, today)).or_else(|| {
        POSTED.captures_iter(text).take(20).find_map(|found| {
            let rest = found.get(1)?.as_str();
            let date: Vec<&str> = rest.split_whitespace().take(4).collect();
            (1..=date.len()).rev().find_map(|words| {
                from_text(date.get(..words)?.join(" ").trim_end_matches(['.', ',', ')']), today)
            })
        })
    })
}

/// The day of one date in text; nothing else may stand beside it but a time.
pub fn from_text(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    let text = super::repair::line(text);
    if text.is_empty() || text.len() > LONGEST {
        return None;
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) && (9..=13).contains(&text.len()) {
        return from_epoch(text.parse().ok()?);
    }
    absolute(&text).or_else(|| relative(&text.to_lowercase(), today)).filter(|day| *day >= earliest())
}

fn absolute(text: &str) -> Option<NaiveDate> {
    if let Some(found) =
        ISO.captures(text).or_else(|| YEAR_FIRST.captures(text)).or_else(|| COMPACT.captures(text))
    {
        return NaiveDate::from_ymd_opt(number(&found, 1)?, number(&found, 2)?, number(&found, 3)?);
    }
    if let Some(found) = NUMERIC.captures(text) {
        let year: i32 = number(&found, 4)?;
        let year = if year < 100 { year + 2000 } else { year };
        let (first, second): (u32, u32) = (number(&found, 1)?, number(&found, 3)?);
        // Day first, as all but the United States write it; the other way only where it cannot be read so.
        return NaiveDate::from_ymd_opt(year, second, first)
            .or_else(|| NaiveDate::from_ymd_opt(year, first, second).filter(|_| &found[2] != "."));
    }
    if let Some(found) = DAY_MONTH.captures(text) {
        return NaiveDate::from_ymd_opt(number(&found, 3)?, month(&found[2])?, number(&found, 1)?);
    }
    let found = MONTH_DAY.captures(text)?;
    NaiveDate::from_ymd_opt(number(&found, 3)?, month(&found[1])?, number(&found, 2)?)
}

fn relative(text: &str, today: NaiveDate) -> Option<NaiveDate> {
    let word = text
        .trim_start_matches("posted ")
        .trim_start_matches("published ")
        .trim_start_matches("veröffentlicht ")
        .trim_end_matches(['.', '!']);
    match word {
        "today" | "just now" | "just posted" | "now" | "heute" | "gerade eben" | "aujourd'hui"
        | "aujourd’hui" | "hoy" | "oggi" | "hoje" | "dzisiaj" | "dziś" | "dnes" | "idag" | "i dag"
        | "vandaag" => return Some(today),
        "yesterday" | "gestern" | "hier" | "ayer" | "ieri" | "ontem" | "wczoraj" | "včera" | "igår"
        | "i går" | "gisteren" => {
            return today.pred_opt();
        }
        "vorgestern" => return today.checked_sub_days(Days::new(2)),
        "tomorrow" | "morgen" | "demain" => return today.succ_opt(),
        _ => {}
    }
    let word = word.replace("einem ", "1 ").replace("einer ", "1 ");
    let word = if word.starts_with("a ") || word.starts_with("an ") {
        word.replacen("an ", "1 ", 1).replacen("a ", "1 ", 1)
    } else {
        word
    };
    let found = AGO.captures(&word)?;
    let around = word.len() - found.get(0).map_or(0, |all| all.len());
    if around > 12 {
        return None;
    }
    let count: u32 = number(&found, 1)?;
    let unit = &found[2];
    let days = |factor: u32| today.checked_sub_days(Days::new(u64::from(count * factor)));
    match unit.chars().next()? {
        _ if ["h", "stund", "o", "min"].iter().any(|start| unit.starts_with(start)) => Some(today),
        'm' => today.checked_sub_months(Months::new(count)),
        'w' | 's' | 't' if !unit.starts_with("tag") => days(7),
        'y' => today.checked_sub_months(Months::new(count * 12)),
        'j' if unit.starts_with("jahr") => today.checked_sub_months(Months::new(count * 12)),
        _ => days(1),
    }
}

/// Seconds, or milliseconds where the number is too large for seconds.
fn from_epoch(value: i64) -> Option<NaiveDate> {
    let at = if value.unsigned_abs() > 100_000_000_000 {
        DateTime::from_timestamp_millis(value)
    } else {
        DateTime::from_timestamp(value, 0)
    };
    at.map(|at| at.date_naive())
}

fn month(name: &str) -> Option<u32> {
    let name: String = name
        .to_lowercase()
        .chars()
        .map(|char| match char {
            'é' | 'è' | 'ê' => 'e',
            'û' | 'ú' | 'ů' => 'u',
            'ä' | 'á' => 'a',
            'ř' => 'r',
            'ś' => 's',
            'ź' => 'z',
            'ç' => 'c',
            other => other,
        })
        .collect();
    let found = MONTHS.iter().find(|(start, _)| name.starts_with(start))?;
    Some(found.1)
}

fn number<T: std::str::FromStr>(found: &Captures<'_>, group: usize) -> Option<T> {
    found.get(group)?.as_str().parse().ok()
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
