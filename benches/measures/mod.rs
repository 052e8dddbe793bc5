//! What benchmarks measured: printed as it comes, and kept in `target/measures/<benchmark>.json` for the page of results.
//!
//! It judges nothing but a goal that is stated with the figure, and keeps the last whole run of each benchmark only. A figure that depends on
//! a size is noted with [`Measures::at`]; the page draws those and fits what they grow with.

use std::{fmt::Write as _, fs, path::PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

/// The last run of one benchmark.
#[derive(Debug, Serialize, Deserialize)]
pub struct Measures {
    /// Name, as cargo knows it.
    pub bench: String,
    /// What was called, without cargo's own words.
    pub command: String,
    /// Day, as `2026-11-26`.
    pub day: String,
    /// Processor and memory.
    pub machine: String,
    /// In the order in which they were measured.
    pub figures: Vec<Figure>,
}

/// One figure.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: String,
    /// What it depends on, and how much of that there was.
    pub size: Option<(String, f64)>,
    /// What it should be, and whether it is.
    pub goal: Option<(String, bool)>,
}

/// What a figure should be.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// This or more.
    AtLeast(f64),
    /// This or less.
    AtMost(f64),
}

impl Measures {
    /// For the benchmark `bench`, with nothing measured yet.
    pub fn of(bench: &str) -> Self {
        let words: Vec<_> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
        let mut command = format!("cargo bench --bench {bench}");
        if !words.is_empty() {
            let _ = write!(command, " -- {}", words.join(" "));
        }
        Self { bench: bench.to_owned(), command, day: day(), machine: machine(), figures: Vec::new() }
    }

    /// Notes a figure.
    pub fn note(&mut self, what: &str, value: f64, unit: &str) {
        self.add(what, value, unit, None, None);
    }

    /// Notes a figure that depends on a size.
    pub fn at(&mut self, what: &str, value: f64, unit: &str, of: &str, size: f64) {
        self.add(what, value, unit, Some((of.to_owned(), size)), None);
    }

    /// Notes a figure and whether it is what it should be.
    pub fn against(&mut self, what: &str, value: f64, unit: &str, goal: Goal) {
        let goal = match goal {
            Goal::AtLeast(least) => (format!("≥ {}", short(least)), value >= least),
            Goal::AtMost(most) => (format!("≤ {}", short(most)), value <= most),
        };
        self.add(what, value, unit, None, Some(goal));
    }

    fn add(
        &mut self,
        what: &str,
        value: f64,
        unit: &str,
        size: Option<(String, f64)>,
        goal: Option<(String, bool)>,
    ) {
        let at = size.as_ref().map(|(of, size)| format!(" ({} {of})", short(*size))).unwrap_or_default();
        let wanted = goal
            .as_ref()
            .map(|(goal, holds)| format!("   goal {goal}: {}", if *holds { "holds" } else { "MISSED" }))
            .unwrap_or_default();
        println!("  {:<60} {:>10} {unit}{wanted}", format!("{what}{at}"), short(value));
        self.figures.push(Figure { what: what.to_owned(), value, unit: unit.to_owned(), size, goal });
    }

    /// Keeps them for the page of results.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn save(&self) -> anyhow::Result<()> {
        let folder = folder();
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        let file = folder.join(format!("{}.json", self.bench));
        fs::write(&file, serde_json::to_vec_pretty(self)?).with_context(|| file.display().to_string())
    }
}

/// Where the last runs are kept.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/measures")
}

/// Memory that a process has now, megabytes; not a number where it is gone.
pub fn memory(process: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(f64::NAN) / 1024.0
}

/// The middle one of some figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The figure that `share` of some figures are under.
pub fn quantile(figures: &mut [f64], share: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index"
    )]
    let at = ((figures.len() as f64 * share) as usize).min(figures.len().saturating_sub(1));
    figures.get(at).copied().unwrap_or(f64::NAN)
}

/// Three digits that count, or all before the point.
pub fn short(number: f64) -> String {
    let decimals = match number.abs() {
        0.0..0.1 => 4,
        0.1..1.0 => 3,
        1.0..10.0 => 2,
        10.0..100.0 => 1,
        _ => 0,
    };
    let text = format!("{number:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn day() -> String {
    career_worker::clock::Clock::system().now().format("%Y-%m-%d").to_string()
}

fn machine() -> String {
    let field = |file: &str, key: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(key)).unwrap_or_default().to_owned();
        line.split_once(':').map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kilobytes: u64 =
        field("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse().unwrap_or_default();
    format!("{} cores of {}, {} GB", cores, field("/proc/cpuinfo", "model name"), kilobytes.div_ceil(1 << 20))
}
