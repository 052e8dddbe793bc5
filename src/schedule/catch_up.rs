//! Which ticks are due after a pause, by the schedule's catch-up policy.

use chrono::{DateTime, TimeDelta, Utc};

use super::{CatchUp, Schedule};

/// Ticks no later than this behind the clock count as on time, whatever the policy: a worker that was busy or restarted has not
/// missed them.
const ON_TIME: TimeDelta = TimeDelta::minutes(2);
/// `catch_up = "all"` goes back this many ticks at the most.
const MOST: usize = 1000;

/// What to do about the ticks since the watermark.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Ticks to fire, oldest first.
    pub fire: Vec<DateTime<Utc>>,
    /// The newest tick that the policy leaves out, with all before it.
    pub skip_until: Option<DateTime<Utc>>,
}

/// The ticks of `schedule` in `(watermark, now]`, divided by its policy.
pub fn due(schedule: &Schedule, watermark: DateTime<Utc>, now: DateTime<Utc>) -> Due {
    let mut ticks = std::collections::VecDeque::new();
    let mut dropped = None;
    let mut time = watermark;
    while let Some(next) = schedule.cron.next_after(time, schedule.timezone).filter(|next| *next <= now) {
        ticks.push_back(next);
        if ticks.len() > MOST {
            dropped = ticks.pop_front();
        }
        time = next;
    }
    let mut due = Due { fire: ticks.into(), skip_until: dropped };
    let on_time = due.fire.partition_point(|tick| *tick < now - ON_TIME);
    let keep_from = match schedule.catch_up {
        CatchUp::All => 0,
        CatchUp::Latest => on_time.min(due.fire.len().saturating_sub(1)),
        CatchUp::None => on_time,
    };
    let skipped: Vec<_> = due.fire.drain(..keep_from).collect();
    due.skip_until = skipped.last().copied().or(due.skip_until);
    due
}

#[cfg(test)]
mod tests {
    use super::{super::parse, *};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn due_with(policy: &str, watermark: &str, now: &str) -> (Vec<String>, Option<String>) {
        let text = format!("task = \"x\"\nschedule = \"*/10 * * * *\"\ncatch_up = \"{policy}\"\n");
        let schedule = parse("x.toml".as_ref(), &text).unwrap();
        let due = due(&schedule, at(watermark), at(now));
        let show = |time: DateTime<Utc>| time.format("%H:%M").to_string();
        (due.fire.into_iter().map(show).collect(), due.skip_until.map(show))
    }

    #[test]
    fn the_three_policies_after_half_an_hour_down() {
        let (down, up) = ("2026-11-23T10:05:00Z", "2026-11-23T10:41:00Z");
        assert_eq!(due_with("all", down, up).0, ["10:10", "10:20", "10:30", "10:40"]);
        assert_eq!(due_with("latest", down, up), (vec!["10:40".into()], Some("10:30".into())));
        assert_eq!(due_with("none", down, up), (vec!["10:40".into()], Some("10:30".into())));
        let late = "2026-11-23T10:45:00Z";
        assert_eq!(due_with("latest", down, late), (vec!["10:40".into()], Some("10:30".into())));
        assert_eq!(due_with("none", down, late), (vec![], Some("10:40".into())));
    }

    #[test]
    fn nothing_is_due_at_the_watermark_and_all_is_bounded() {
        assert_eq!(due_with("all", "2026-11-23T10:10:00Z", "2026-11-23T10:19:59Z"), (vec![], None));
        let (fire, skipped) = due_with("all", "2026-10-01T00:00:00Z", "2026-11-23T00:00:00Z");
        assert_eq!(fire.len(), MOST);
        assert!(skipped.is_some());
    }
}
