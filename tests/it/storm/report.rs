//! What a storm came to, for people and for the test.

use std::{collections::BTreeMap, fmt, time::Duration};

use super::{
    checker::Findings,
    source::Served,
    watch::{Followed, Trend},
};

const RED: Duration = Duration::from_secs(5);
const GREEN: Duration = Duration::from_secs(10);
pub const DRAINED: Duration = Duration::from_mins(1);
/// MiB and files a minute; only a storm that is long enough says something of that.
const GROWTH: (f64, f64) = (1.5, 1.0);
const LONG: Duration = Duration::from_mins(5);
/// Lines of each kind that are printed.
const SHOWN: usize = 12;

/// Everything that is known of a storm that is over.
pub struct Report {
    pub length: Duration,
    pub skew: &'static str,
    pub disk: &'static str,
    pub done: BTreeMap<&'static str, u64>,
    pub swallowed: [(&'static str, u64); 4],
    pub served: Served,
    pub drained: Option<Duration>,
    pub cuts: Vec<Followed>,
    pub trend: Trend,
    /// From the last sign of life of a worker to the next claim of what it held: the longest, and the bound.
    pub takeover: (Duration, Duration),
    pub takeovers: i64,
    pub setbacks: i64,
    pub findings: Findings,
    pub deaths: Vec<String>,
}

impl Report {
    /// What is not as it must be.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut must = |holds: bool, what: String| {
            if !holds {
                faults.push(what);
            }
        };
        must(self.findings.is_empty(), "something was lost, doubled, missed or wrong".to_owned());
        must(
            self.drained.is_some_and(|drained| drained <= DRAINED),
            format!("not drained within {DRAINED:?}"),
        );
        for cut in &self.cuts {
            must(cut.red.is_some_and(|red| red <= RED), format!("/readyz was not red in time: {cut:?}"));
            must(
                cut.green.is_some_and(|green| green <= GREEN),
                format!("/readyz was not green in time: {cut:?}"),
            );
        }
        must(
            self.takeover.0 <= self.takeover.1,
            format!("a lost run waited {:?} for another worker", self.takeover.0),
        );
        must(self.deaths.is_empty(), "processes ended by themselves".to_owned());
        if self.length >= LONG {
            must(self.trend.memory_growth < GROWTH.0, "memory grows".to_owned());
            must(self.trend.files_growth < GROWTH.1, "open files grow".to_owned());
        }
        faults
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = |duration: Option<Duration>| {
            duration.map_or("never".to_owned(), |it| format!("{:.1} s", it.as_secs_f64()))
        };
        writeln!(f, "skew: {}; disk: {}", self.skew, self.disk)?;
        let done: Vec<_> = self.done.iter().map(|(name, count)| format!("{count} {name}")).collect();
        writeln!(f, "faults: {}", done.join(", "))?;
        let swallowed: Vec<_> =
            self.swallowed.iter().map(|(name, count)| format!("{count} {name}")).collect();
        writeln!(f, "answers swallowed: {}", swallowed.join(", "))?;
        let found = &self.findings;
        writeln!(
            f,
            "looked at: {} postings, {} notices, {} wishes, {} ticks; {} listings served, {} of them unchanged",
            found.postings,
            found.notices,
            found.wishes,
            found.ticks,
            self.served.listings,
            self.served.unchanged
        )?;
        for (name, list) in [
            ("lost", &found.lost),
            ("doubled", &found.doubled),
            ("wrong", &found.wrong),
            ("ticks missed", &found.ticks_missed),
            ("ticks doubled", &found.ticks_doubled),
            ("ended by itself", &self.deaths),
        ] {
            writeln!(f, "{name}: {}", list.len())?;
            list.iter().take(SHOWN).try_for_each(|line| writeln!(f, "    {line}"))?;
        }
        writeln!(f, "older text over newer on the way: {}", self.setbacks)?;
        writeln!(f, "drained: {} after the last fault", seconds(self.drained))?;
        writeln!(
            f,
            "runs of lost workers elsewhere: {}, the slowest {:.1} s after the last sign of life (bound {:.1} s)",
            self.takeovers,
            self.takeover.0.as_secs_f64(),
            self.takeover.1.as_secs_f64()
        )?;
        for cut in &self.cuts {
            writeln!(
                f,
                "/readyz: red {} into a cut, green {} after it",
                seconds(cut.red),
                seconds(cut.green)
            )?;
        }
        let Trend { memory, memory_growth, files, files_growth } = self.trend;
        writeln!(
            f,
            "memory: {memory:.1} MiB, {memory_growth:+.2} a minute; open files: {files:.0}, {files_growth:+.2} a minute"
        )
    }
}
