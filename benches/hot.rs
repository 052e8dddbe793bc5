//! Instructions of five hot paths, counted by callgrind, beside those on record: what makes one dearer is seen before it lands, on a busy
//! machine too.
//!
//! ```sh
//! cargo bench --bench hot                # counts and compares; ends with an error where one differs by more than 5 %
//! cargo bench --bench hot -- update      # puts what it counts on record, in benches/hot.tsv
//! ```
//!
//! Each path is run N and 2 N times and the difference counted, so that what goes before does not count. Processors without the same
//! vector instructions take other ways: the record says for which it is, and nothing is compared on others. A further path is a variant of
//! [`Path`].
#![expect(clippy::print_stdout, reason = "this is what it is for")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the numbers are drawn here and small enough"
)]

#[path = "matching/engine.rs"]
#[expect(dead_code, reason = "shared with the benchmark of matching")]
mod engine;
mod texts;
#[path = "matching/workload/mod.rs"]
#[expect(dead_code, reason = "shared with the benchmark of matching")]
mod workload;

use std::{collections::BTreeMap, fmt::Write as _, fs, hint::black_box, path::PathBuf, process::Command};

use anyhow::{Context as _, bail, ensure};
use career_worker::{
    domain::Page,
    normalize,
    sources::{self, Board},
};
use chrono::NaiveDate;
use clap::{Parser, Subcommand, ValueEnum};

use self::{
    engine::Engine,
    workload::{Preset, World},
};

/// Counts may differ by this share from those on record.
const TOLERANCE: f64 = 0.05;
/// Searches and profiles of the indexes.
const SEARCHES: usize = 20_000;
const PROFILES: usize = 2_000;

/// Instructions of the hot paths.
#[derive(Parser)]
#[command(name = "cargo bench --bench hot --")]
struct Options {
    #[command(subcommand)]
    what: Option<What>,
    /// Given by cargo
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum What {
    /// Puts what is counted on record
    Update,
    /// Runs one path so many times
    #[command(hide = true)]
    Run { path: Path, times: usize },
}

/// A hot path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Path {
    /// A page of a source to its postings as they are there.
    Parse,
    /// A posting as it is there to the row, with all extractors.
    Normalize,
    /// A posting to the saved searches that it fits.
    Match,
    /// A posting to the profiles that it fits, with their scores.
    Score,
    /// A saved search read and put into the index.
    Index,
}

impl Path {
    /// Times that the shorter run goes through it.
    fn times(self) -> usize {
        match self {
            Self::Parse => 100,
            Self::Normalize | Self::Score => 200,
            Self::Match | Self::Index => 2_000,
        }
    }

    fn run(self, times: usize) -> anyhow::Result<()> {
        match self {
            Self::Parse => parse(times),
            Self::Normalize => {
                let (postings, today) = (texts::postings(), NaiveDate::from_ymd_opt(2026, 2, 15));
                for posting in postings.iter().cycle().take(times) {
                    _ = black_box(normalize::normalize(
                        "example",
                        posting.clone(),
                        today.unwrap_or_default(),
                    ));
                }
                Ok(())
            }
            Self::Match => {
                let (engine, world) = (Engine::new(), World::new(Preset::Hot));
                (0..SEARCHES).for_each(|id| engine.put_search(&world.search(id).saved(&world)));
                find(&engine, &world, times);
                Ok(())
            }
            Self::Score => {
                let (engine, world) = (Engine::new(), World::new(Preset::Hot));
                (0..PROFILES).for_each(|id| engine.put_profile(&world.profile(id)));
                find(&engine, &world, times);
                Ok(())
            }
            Self::Index => {
                let (engine, world) = (Engine::new(), World::new(Preset::Hot));
                let searches: Vec<_> =
                    (0..2 * self.times()).map(|id| world.search(id).saved(&world)).collect();
                searches.iter().take(times).for_each(|search| engine.put_search(search));
                Ok(())
            }
        }
    }
}

/// A page of Greenhouse as the fixtures have it.
fn parse(times: usize) -> anyhow::Result<()> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/greenhouse/ordinary");
    let body = fs::read(folder.join("response.json")).context("fixtures/greenhouse/ordinary")?;
    let source = sources::find("greenhouse").map_err(anyhow::Error::msg)?;
    let board = Board { board: "acme".to_owned(), ..Board::default() };
    let url = "https://boards-api.greenhouse.io/v1/boards/acme/jobs?content=true";
    for _ in 0..times {
        let page = Page { url, content_type: Some("application/json"), body: &body };
        ensure!(!black_box(source.parse(&board, &page)?).postings.is_empty(), "nothing was read");
    }
    Ok(())
}

fn find(engine: &Engine, world: &World, times: usize) {
    engine.compact();
    // As many whatever is asked for, so that the difference is the finding alone.
    let postings: Vec<_> = (0..2_000).map(|id| world.posting_text(id)).collect();
    let mut finder = engine.finder();
    for posting in postings.iter().cycle().take(times) {
        black_box(finder.find(posting));
    }
}

fn main() -> anyhow::Result<()> {
    match Options::parse().what {
        Some(What::Run { path, times }) => path.run(times),
        Some(What::Update) => update(&count()?),
        None => compare(&count()?),
    }
}

/// Instructions of one time through each path.
fn count() -> anyhow::Result<BTreeMap<String, f64>> {
    let name = |path: Path| path.to_possible_value().map(|value| value.get_name().to_owned());
    let mut counts = BTreeMap::new();
    for path in Path::value_variants() {
        let Some(name) = name(*path) else { continue };
        let times = path.times();
        let (once, twice) = (instructions(&name, times)?, instructions(&name, 2 * times)?);
        counts.insert(name, (twice as f64 - once as f64) / times as f64);
    }
    Ok(counts)
}

/// Instructions of a whole run.
fn instructions(path: &str, times: usize) -> anyhow::Result<u64> {
    let output = Command::new(valgrind())
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe()?)
        .args(["run", path, &times.to_string()])
        .output()
        .context("valgrind cannot be started: install it, or name it by CAREER_VALGRIND")?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        bail!("{path}: {}: {text}", output.status);
    }
    let line = text.lines().find_map(|line| line.split_once("Collected :"));
    line.and_then(|(_, count)| count.trim().parse().ok()).with_context(|| format!("no count in {text}"))
}

fn valgrind() -> String {
    std::env::var("CAREER_VALGRIND").unwrap_or_else(|_| "valgrind".to_owned())
}

fn record() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/hot.tsv")
}

/// What decides which way code goes that looks at its processor.
fn processor() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let flags = text.lines().find_map(|line| line.strip_prefix("flags")).unwrap_or_default();
    let has = |flag: &&str| flags.split_whitespace().any(|known| known == *flag);
    let vectors: Vec<_> = ["sse4_2", "pclmulqdq", "avx2", "bmi2"].into_iter().filter(has).collect();
    format!("{} {}", std::env::consts::ARCH, vectors.join(" "))
}

fn update(counts: &BTreeMap<String, f64>) -> anyhow::Result<()> {
    let mut text = format!(
        "# instructions of one time through each path; cargo bench --bench hot -- update\nprocessor\t{}\n",
        processor()
    );
    for (path, count) in counts {
        println!("  {path:<12} {count:>14.0} instructions");
        _ = writeln!(text, "{path}\t{count:.0}");
    }
    fs::write(record(), text).context("benches/hot.tsv")
}

fn compare(counts: &BTreeMap<String, f64>) -> anyhow::Result<()> {
    let text = fs::read_to_string(record()).context("benches/hot.tsv")?;
    let known: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once('\t')).collect();
    let same = known.get("processor").is_some_and(|known| *known == processor());
    let mut dearer = Vec::new();
    for (path, count) in counts {
        let recorded: f64 =
            known.get(path.as_str()).and_then(|count| count.parse().ok()).with_context(|| {
                format!("benches/hot.tsv: no count of {path}: cargo bench --bench hot -- update")
            })?;
        let ratio = count / recorded;
        println!(
            "  {path:<12} {count:>14.0} instructions, {:+.2} % of those on record",
            (ratio - 1.0) * 100.0
        );
        if (ratio - 1.0).abs() > TOLERANCE {
            dearer.push(format!("{path} by {:+.1} %", (ratio - 1.0) * 100.0));
        }
    }
    if !same {
        println!(
            "NOT COMPARED: the record is for {}, this is {}",
            known.get("processor").unwrap_or(&"?"),
            processor()
        );
        return Ok(());
    }
    ensure!(
        dearer.is_empty(),
        "instructions differ from those on record: {}; where that is on purpose: cargo bench --bench hot -- update",
        dearer.join(", ")
    );
    Ok(())
}
