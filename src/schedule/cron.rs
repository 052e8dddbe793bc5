//! Ordinary five-field cron expressions in a time zone.
//!
//! The crate `cron` does the calendar; this file gives it the dialect people know. Its own dialect has seconds, counts Sunday as 1 and
//! joins day-of-month and day-of-week by "and"; crontab joins them by "or". Around clock changes crontab's rule is kept: a fixed time
//! that the clock jumps over runs right after the jump and a fixed time that comes twice runs once, while expressions with a wild hour
//! follow real time.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Days, NaiveDateTime, Offset as _, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

const WEEKDAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];

/// Clock changes are at most this long, hours.
const CHANGE: i64 = 4;

/// A parsed expression.
#[derive(Clone, Debug)]
pub struct Cron {
    text: String,
    /// One calendar, or two whose times are joined (both day fields restricted).
    calendars: Vec<cron::Schedule>,
    wild_hour: bool,
}

impl Cron {
    /// The first due time after `after`, read in `zone`; `None` where the expression never comes due again.
    pub fn next_after(&self, after: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        self.calendars.iter().filter_map(|calendar| self.next_of(calendar, after, zone)).min()
    }

    fn next_of(&self, calendar: &cron::Schedule, after: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let offset =
            |hours| zone.offset_from_utc_datetime(&(after + TimeDelta::hours(hours)).naive_utc()).fix();
        if offset(-CHANGE) == offset(0) && offset(0) == offset(CHANGE) {
            // No clock change is near: what the calendar has next is next.
            let local = after.with_timezone(&zone).naive_local().and_utc();
            let times = calendar.after(&local).map(|time| time.naive_utc());
            return times.flat_map(|local| self.instants(local, zone)).flatten().next();
        }
        self.next_near_change(calendar, after, zone)
    }

    fn next_near_change(
        &self,
        calendar: &cron::Schedule,
        after: DateTime<Utc>,
        zone: Tz,
    ) -> Option<DateTime<Utc>> {
        // Clock changes are at most a few hours: whatever is due after `after` has a local time after this.
        let from = after.with_timezone(&zone).naive_local() - TimeDelta::hours(CHANGE);
        let mut best: Option<(NaiveDateTime, DateTime<Utc>)> = None;
        for local in calendar.after(&from.and_utc()).map(|time| time.naive_utc()) {
            if best.is_some_and(|(found, _)| local > found + TimeDelta::hours(CHANGE)) {
                break;
            }
            for time in self.instants(local, zone).into_iter().flatten().filter(|time| *time > after) {
                if best.is_none_or(|(_, known)| time < known) {
                    best = Some((best.map_or(local, |(found, _)| found), time));
                }
            }
        }
        best.map(|(_, time)| time)
    }

    /// The instants at which the local time `local` comes due: none, one or two.
    fn instants(&self, local: NaiveDateTime, zone: Tz) -> [Option<DateTime<Utc>>; 2] {
        let mapped = zone.from_local_datetime(&local);
        let utc = |time: DateTime<Tz>| time.with_timezone(&Utc);
        let (first, last) = (mapped.earliest().map(utc), mapped.latest().map(utc));
        match (first, self.wild_hour) {
            (Some(_), true) if first != last => [first, last],
            (Some(_), _) => [first, None],
            (None, true) => [None, None],
            (None, false) => [end_of_gap(local, zone), None],
        }
    }
}

/// The instant at which the clock has jumped over `local`.
fn end_of_gap(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let before = (1..=48)
        .map(|quarter| local - TimeDelta::minutes(15 * quarter))
        .find_map(|earlier| zone.from_local_datetime(&earlier).latest())?;
    // In the gap the old offset still names a real instant, at or after the jump; the jump itself is the last whole minute
    // before which the local clock still reads the old offset.
    let offset = before.naive_local() - before.naive_utc();
    let inside = (local - offset).and_utc();
    let jumped = |time: &DateTime<Utc>| {
        let there = time.with_timezone(&zone);
        there.naive_local() - there.naive_utc() != offset
    };
    (0..=1440).map(|minute| inside - TimeDelta::minutes(minute)).take_while(jumped).last()
}

impl fmt::Display for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Cron {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = match text.trim() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * SUN",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            other => other,
        };
        let fields: Vec<&str> = plain.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            return Err(format!(
                "\"{text}\" has {} fields, expected five (minute hour day month weekday) or @hourly, @daily, @weekly, @monthly, @yearly",
                fields.len()
            ));
        };
        let weekdays = weekdays(weekday)?;
        let calendar = |day: &str, weekday: &str| {
            let expression = format!("0 {minute} {hour} {day} {month} {weekday}");
            cron::Schedule::from_str(&expression).map_err(|error| format!("\"{text}\": {error}"))
        };
        let calendars = match (day, weekdays.as_str()) {
            (_, "*") | ("*", _) => vec![calendar(day, &weekdays)?],
            _ => vec![calendar(day, "*")?, calendar("*", &weekdays)?],
        };
        let cron = Self { text: text.trim().to_owned(), calendars, wild_hour: hour.contains('*') };
        let never = DateTime::UNIX_EPOCH + Days::new(365 * 56);
        if cron.next_after(never, Tz::UTC).is_none() {
            return Err(format!("\"{text}\" never comes due"));
        }
        Ok(cron)
    }
}

/// Spells out ranges of weekday names, since the calendar's week starts on Sunday and has no `SAT-SUN`.
fn weekdays(field: &str) -> Result<String, String> {
    if field == "*" {
        return Ok(field.to_owned());
    }
    let position = |name: &str| {
        let short: String = name.chars().take(3).collect::<String>().to_ascii_uppercase();
        WEEKDAYS.iter().position(|day| *day == short).ok_or_else(|| {
            format!("weekday \"{name}\" is not a name, expected MON, TUE, WED, THU, FRI, SAT or SUN (numbers mean different days in different programs)")
        })
    };
    let mut names = Vec::new();
    for item in field.split(',') {
        let (first, last) = item.split_once('-').unwrap_or((item, item));
        let (first, last) = (position(first)?, position(last)?);
        let mut day = first;
        names.push(WEEKDAYS.get(day).copied().unwrap_or_default());
        while day != last {
            day = (day + 1) % WEEKDAYS.len();
            names.push(WEEKDAYS.get(day).copied().unwrap_or_default());
        }
    }
    Ok(names.join(","))
}

#[cfg(test)]
mod tests {
    use chrono_tz::{Africa::Cairo, America::New_York, Europe::Berlin, UTC};
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn ticks(expression: &str, zone: Tz, from: &str, to: &str) -> Vec<String> {
        let cron: Cron = expression.parse().unwrap();
        let mut ticks = Vec::new();
        let mut time = at(from);
        while let Some(next) = cron.next_after(time, zone).filter(|next| *next <= at(to)) {
            ticks.push(next.format("%d %H:%M").to_string());
            time = next;
        }
        ticks
    }

    #[test]
    fn a_fixed_time_in_the_spring_gap_runs_right_after_it() {
        let days = ticks("30 2 * * *", New_York, "2026-03-07T00:00:00Z", "2026-03-10T00:00:00Z");
        assert_eq!(days, ["07 07:30", "08 07:00", "09 06:30"]);
        let midnight = ticks("0 0 * * *", Cairo, "2026-04-22T12:00:00Z", "2026-04-25T12:00:00Z");
        assert_eq!(midnight, ["22 22:00", "23 22:00", "24 21:00"]);
    }

    #[test]
    fn a_fixed_time_in_the_autumn_overlap_runs_once() {
        let days = ticks("30 1 * * *", New_York, "2026-10-31T00:00:00Z", "2026-11-03T00:00:00Z");
        assert_eq!(days, ["31 05:30", "01 05:30", "02 06:30"]);
    }

    #[test]
    fn a_wild_hour_follows_real_time_through_both_changes() {
        let autumn = ticks("*/30 * * * *", Berlin, "2026-10-24T23:45:00Z", "2026-10-25T02:00:00Z");
        assert_eq!(autumn, ["25 00:00", "25 00:30", "25 01:00", "25 01:30", "25 02:00"]);
        let spring = ticks("*/30 * * * *", Berlin, "2026-03-29T00:15:00Z", "2026-03-29T02:00:00Z");
        assert_eq!(spring, ["29 00:30", "29 01:00", "29 01:30", "29 02:00"]);
    }

    #[test]
    fn days_of_month_and_week_are_joined_by_or_and_weekday_ranges_wrap() {
        let either = ticks("0 12 13 * FRI", UTC, "2026-11-01T00:00:00Z", "2026-11-20T13:00:00Z");
        assert_eq!(either, ["06 12:00", "13 12:00", "20 12:00"]);
        let weekend = ticks("0 0 * * SAT-SUN", UTC, "2026-11-20T00:00:00Z", "2026-11-23T00:00:00Z");
        assert_eq!(weekend, ["21 00:00", "22 00:00"]);
    }

    #[test]
    fn what_is_not_five_fields_says_what_was_expected() {
        for (text, part) in [
            ("0 0 * * * *", "has 6 fields, expected five"),
            ("0 25 * * *", "\"0 25 * * *\""),
            ("0 0 * * 1-5", "weekday \"1\" is not a name"),
            ("0 0 30 2 *", "never comes due"),
            ("", "has 0 fields"),
        ] {
            let error = text.parse::<Cron>().unwrap_err();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn next_is_always_later_and_ticks_never_repeat(
            minute in 0u32..60, hour in 0u32..24, wild in any::<bool>(), zone in 0usize..4, start in 1_760_000_000i64..1_830_000_000,
        ) {
            let hour = if wild { "*".to_owned() } else { hour.to_string() };
            let cron: Cron = format!("{minute} {hour} * * *").parse().unwrap();
            let zone = [UTC, Berlin, New_York, Cairo][zone];
            let mut time = DateTime::from_timestamp(start, 0).unwrap();
            for _ in 0..60 {
                let next = cron.next_after(time, zone).unwrap();
                prop_assert!(next > time);
                let gap = next - time;
                prop_assert!(gap <= TimeDelta::hours(if wild { 2 } else { 26 }), "{time} {next}");
                time = next;
            }
        }

        #[test]
        fn far_from_a_clock_change_the_short_way_finds_the_same(
            minute in 0u32..60, hour in 0u32..24, wild in 0usize..4, zone in 0usize..4, start in 1_760_000_000i64..1_830_000_000,
        ) {
            let text = match wild {
                0 => "* * * * *".to_owned(),
                1 => format!("{minute} * * * *"),
                2 => format!("{minute} {hour} * * *"),
                _ => format!("{minute} {hour} * * SUN"),
            };
            let cron: Cron = text.parse().unwrap();
            let zone = [UTC, Berlin, New_York, Cairo][zone];
            let mut time = DateTime::from_timestamp(start, 0).unwrap();
            for _ in 0..20 {
                let next = cron.next_after(time, zone);
                let long = cron.calendars.iter().filter_map(|calendar| cron.next_near_change(calendar, time, zone)).min();
                prop_assert_eq!(next, long, "{} after {}", text, time);
                time = next.unwrap();
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let _ = text.parse::<Cron>();
        }
    }
}
