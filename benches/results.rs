//! Writes the page of results from the last runs of the benchmarks: `benches/RESULTS.md`, and a plot for each figure that grows with
//! something, in `benches/plots/`.
//!
//! `cargo bench --bench results` reads `target/measures/`; a benchmark that was not run here keeps its section of the page as it is. It
//! measures nothing. A further benchmark is a row of [`SECTIONS`].
#![expect(clippy::print_stdout, reason = "this is what it is for")]

#[expect(dead_code, reason = "shared by benchmarks")]
mod measures;
mod plot;

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use anyhow::Context as _;

use self::{
    measures::{Figure, Measures, folder, short},
    plot::{Points, Series, exponent},
};

/// Benchmark, heading, and what limits it.
const SECTIONS: [(&str, &str, &str); 11] = [
    (
        "upsert",
        "Storing postings",
        "The bare INSERT writes the row and its indexes; the upsert also decides on identity and duplicates, and writes a sighting and an outbox row. \
         Four writers share two processors, and take turns for the end of a batch only.",
    ),
    (
        "journey",
        "From a source's answer to the notification",
        "A single posting waits for wakes and for commits of its four stages; many wait for the rows of notifications and pairs, which PostgreSQL writes.",
    ),
    (
        "queue",
        "Runs",
        "Each run is claimed, begun and finished in rows that PostgreSQL syncs; claims and ends go in batches, so a run costs less than a commit. \
         BullMQ, the one that is faster, keeps its jobs in Redis alone: they are wanted in no transaction of the database, and a machine that \
         crashes loses what the log had not synced, a second of them by default.",
    ),
    (
        "scheduler",
        "Schedules",
        "A look costs by what is due and by the thousand that are looked at in turn; firing costs two rows a tick, 500 ticks a statement.",
    ),
    (
        "matching",
        "Matching",
        "Entries that a posting shares a rare word with are looked at, and memory is where the time goes: a posting touches more of it the more searches fit.",
    ),
    (
        "pipeline",
        "From the outbox to the notifications",
        "Writing the pairs is what takes the time, and a lane's COPY shares its processor with the server that takes it. As many as 7,000 postings a second, \
         the goal for writing every pair, would be 1.4 million rows a second, more than a bare COPY of them. Where users heard of as many as they may, \
         their pairs are counted and not written, which is the other goal.",
    ),
    (
        "sources",
        "Reading, source by source",
        "Fixtures hold more oddities than a source's everyday answers and texts of every length, so the figures of two sources do not compare; what grows \
         with a posting is its text, which every extractor reads.",
    ),
    (
        "peers",
        "Reading, beside Python libraries",
        "The same payloads, ours as a whole process with its start; the libraries read a part of what ours does. Most of the time of either is the markup.",
    ),
    (
        "footprint",
        "What the daemon takes for itself",
        "While nothing is to be done, it asks Redis and PostgreSQL every second whether that is still so.",
    ),
    (
        "retain",
        "Retention beside a scrape",
        "It rests twice as long as it worked, which is what a million postings take so long for.",
    ),
    (
        "backup",
        "Backups and their restore",
        "One stream of pg_dump, compressed and sealed by one processor; the restore test reads the rows of both databases once more to compare them.",
    ),
];

fn main() -> anyhow::Result<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches");
    let page = root.join("RESULTS.md");
    let before = fs::read_to_string(&page).unwrap_or_default();
    let known = sections(&before);
    let mut text = String::from(
        "# Results\n\nWritten by `cargo bench --bench results` from the last run of each benchmark, each with its command, its machine and its day. \
         Ratios of two things measured in one run say something about another machine; times and rates do so only beside a line that says \
         what both ran on. A figure that depends on a size has an exponent *e*: the figure grows with size^*e*.\n",
    );
    for (bench, heading, limit) in SECTIONS {
        let file = folder().join(format!("{bench}.json"));
        if let Ok(json) = fs::read(&file) {
            let measures: Measures =
                serde_json::from_slice(&json).with_context(|| file.display().to_string())?;
            write!(text, "\n## {heading}\n\n{}", section(&root, &measures, limit)?)?;
            println!("  {bench:<12} of {}", measures.day);
        } else if let Some(kept) = known.get(heading) {
            write!(text, "\n## {heading}\n{kept}")?;
            println!("  {bench:<12} kept as it was");
        } else {
            println!("  {bench:<12} never run");
        }
    }
    fs::write(&page, text).with_context(|| page.display().to_string())
}

/// The sections of a page by their headings.
fn sections(page: &str) -> BTreeMap<&str, &str> {
    page.split("\n## ").skip(1).filter_map(|part| part.split_once('\n')).collect()
}

fn section(root: &Path, measures: &Measures, limit: &str) -> anyhow::Result<String> {
    let mut text = format!(
        "`{}`, {}, {}\n\n| figure | | goal |\n|---|---:|---|\n",
        measures.command, measures.machine, measures.day
    );
    let mut growing: BTreeMap<[&str; 3], Points> = BTreeMap::new();
    for figure in &measures.figures {
        writeln!(text, "| {} | {} {} | {} |", label(figure), short(figure.value), figure.unit, goal(figure))?;
        if let Some((of, size)) = &figure.size {
            growing.entry([of, &figure.unit, &figure.what]).or_default().push((*size, figure.value));
        }
    }
    writeln!(text, "\n{limit}")?;
    let mut plots: BTreeMap<(&str, &str), Vec<Series>> = BTreeMap::new();
    for ([of, unit, what], points) in growing {
        if points.len() > 1 {
            plots.entry((of, unit)).or_default().push(Series { name: what.to_owned(), points });
        }
    }
    for ((of, unit), series) in plots {
        let words: Vec<_> =
            [&*measures.bench, of, unit].iter().map(|word| word.replace([' ', '/', '%'], "-")).collect();
        let file = format!("{}.svg", words.join("-"));
        let folder = root.join("plots");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(&file), plot::draw(of, unit, &series))?;
        write!(text, "\n![{unit} against {of}](plots/{file})\n\n")?;
        for series in &series {
            writeln!(text, "- {}: *e* = {:.2}", series.name, exponent(&series.points))?;
        }
    }
    Ok(text)
}

fn label(figure: &Figure) -> String {
    match &figure.size {
        Some((of, size)) => format!("{}, {} {of}", figure.what, plot::grouped(*size)),
        None => figure.what.clone(),
    }
}

fn goal(figure: &Figure) -> String {
    match &figure.goal {
        Some((goal, true)) => format!("{goal}, holds"),
        Some((goal, false)) => format!("{goal}, **missed**"),
        None => String::new(),
    }
}
