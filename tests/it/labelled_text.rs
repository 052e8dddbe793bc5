//! Figures on labelled sets, where they are at hand; each half of a set is reported on its own.

#![expect(clippy::print_stderr, reason = "figures are what these tests are for")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::PathBuf,
};

use career_worker::normalize::{
    skills::{Part, Skills, canonical},
    url,
};
use serde_json::Value;

fn folder() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/labelled");
    let folder = std::env::var_os("CAREER_LABELLED").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: no labelled sets at {}", folder.display());
    None
}

fn lines(name: &str) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(folder()?.join(name)).expect("a readable set");
    Some(
        text.lines()
            .filter(|line| !line.trim().is_empty())
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect(),
    )
}

#[derive(Clone, Copy, Default)]
struct Score {
    right: u32,
    wrong: u32,
    missed: u32,
}

impl Score {
    fn add(&mut self, other: Self) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.missed += other.missed;
    }

    fn precision(self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.wrong).max(1))
    }

    fn recall(self) -> f64 {
        f64::from(self.right) / f64::from((self.right + self.missed).max(1))
    }
}

/// Figures of a set by quarters of its rows: the halves, the last quarter, which no rule was made on, and all.
fn report_quarters(name: &str, quarters: [Score; 4]) -> Score {
    let sum = |which: &[usize]| {
        let mut sum = Score::default();
        for at in which {
            sum.add(quarters[*at]);
        }
        sum
    };
    for (part, which) in
        [("even", &[0, 2][..]), ("odd", &[1, 3]), ("last quarter", &[3]), ("all", &[0, 1, 2, 3])]
    {
        let score = sum(which);
        eprintln!(
            "{name} {part}: precision {:.3} recall {:.3} ({} right, {} wrong, {} missed)",
            score.precision(),
            score.recall(),
            score.right,
            score.wrong,
            score.missed
        );
    }
    sum(&[0, 1, 2, 3])
}

fn report(name: &str, halves: [Score; 2]) -> Score {
    let mut all = halves[0];
    all.add(halves[1]);
    for (half, score) in [("even", halves[0]), ("odd", halves[1]), ("all", all)] {
        eprintln!("{name} {half}: precision {:.3} recall {:.3}", score.precision(), score.recall());
    }
    all
}

/// One spelling for one thing: the canonical name where the dictionary has one.
fn name(label: &str) -> String {
    canonical(label).map_or_else(|| label.to_lowercase(), str::to_lowercase)
}

fn skills_of(title: &str, text: &str) -> BTreeSet<String> {
    let mut skills = Skills::default();
    skills.read(title, Part::Title);
    skills.read(text, Part::Text);
    skills.names().iter().map(|name| name.to_lowercase()).collect()
}

/// A set scored three ways.
struct Skilled {
    /// Every name we give counts.
    open: Score,
    /// Only names that some label of the set uses count.
    closed: Score,
    /// Every name counts, and labels are compared as they stand.
    plain: Score,
}

fn measure_skills(file: &str, key: &str) -> Option<Skilled> {
    let rows = lines(file)?;
    let labels = |row: &Value, spell: fn(&str) -> String| -> BTreeSet<String> {
        row[key].as_array().into_iter().flatten().filter_map(Value::as_str).map(spell).collect()
    };
    let vocabulary: BTreeSet<String> = rows.iter().flat_map(|row| labels(row, name)).collect();
    let [mut open, mut closed, mut plain] = [[Score::default(); 4]; 3];
    let (mut beyond, mut differences) = (BTreeMap::<String, u32>::new(), String::new());
    for (at, row) in rows.iter().enumerate() {
        let expected = labels(row, name);
        let found =
            skills_of(row["title"].as_str().unwrap_or_default(), row["text"].as_str().unwrap_or_default());
        let extra: BTreeSet<String> = found.difference(&expected).cloned().collect();
        let missed: Vec<&String> = expected.difference(&found).collect();
        if at % 4 != 3 && (!extra.is_empty() || !missed.is_empty()) {
            let _ = writeln!(differences, "{at} extra {extra:?} missed {missed:?}");
        }
        for name in extra.difference(&vocabulary) {
            *beyond.entry(name.clone()).or_default() += 1;
        }
        open[at % 4].add(score(&expected, &found));
        closed[at % 4].add(score(&expected, &found.intersection(&vocabulary).cloned().collect()));
        plain[at % 4].add(score(&labels(row, str::to_lowercase), &found));
    }
    if std::env::var_os("CAREER_DIFFERENCES").is_some() {
        eprintln!("{differences}");
    }
    eprintln!(
        "{file}: {} names that no label of the set uses, given {} times",
        beyond.len(),
        beyond.values().sum::<u32>()
    );
    Some(Skilled {
        open: report_quarters(&format!("{file}, all names"), open),
        closed: report_quarters(&format!("{file}, names the labels use"), closed),
        plain: report_quarters(&format!("{file}, all names, labels as they stand"), plain),
    })
}

fn score(expected: &BTreeSet<String>, found: &BTreeSet<String>) -> Score {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Score {
        right: count(expected.intersection(found).count()),
        wrong: count(found.difference(expected).count()),
        missed: count(expected.difference(found).count()),
    }
}

#[test]
fn skills() {
    let Some(score) = measure_skills("ergon_skills_corpus.jsonl", "skills") else { return };
    assert!(score.closed.precision() >= 0.94 && score.closed.recall() >= 0.915);
    assert!(score.open.precision() >= 0.7 && score.plain.recall() >= 0.895);
}

#[test]
fn skills_of_whole_postings() {
    let Some(score) = measure_skills("techradar_skills_eval.jsonl", "expected") else { return };
    assert!(score.closed.precision() >= 0.95 && score.closed.recall() >= 0.9);
}

/// Spans of knowledge that hold a technology we give for their sentence; most spans name none.
#[test]
fn skills_in_sentences() {
    let Some(rows) = lines("skillspan_dev.jsonl") else { return };
    let mut quarters = [Score::default(); 4];
    for (at, row) in rows.iter().enumerate() {
        let cells = |key: &str| -> Vec<&str> {
            row[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
        };
        let (tokens, tags) = (cells("tokens"), cells("tags_knowledge"));
        let names = skills_of("", &tokens.join(" "));
        for span in spans(&tokens, &tags) {
            let held = holds(span, &names);
            quarters[at % 4].add(Score { right: u32::from(held), wrong: 0, missed: u32::from(!held) });
        }
    }
    assert!(report_quarters("skillspan_dev.jsonl, knowledge", quarters).recall() >= 0.25);
}

/// The runs of tokens that begin with `B`.
fn spans<'a>(tokens: &'a [&'a str], tags: &[&str]) -> Vec<&'a [&'a str]> {
    let begins = (0..tokens.len()).filter(|at| tags[*at] == "B");
    begins
        .map(|from| {
            let more = tags[from + 1..].iter().take_while(|tag| **tag == "I").count();
            &tokens[from..=from + more]
        })
        .collect()
}

/// True where some of the tokens side by side spell one of `names`.
fn holds(span: &[&str], names: &BTreeSet<String>) -> bool {
    (1..=4).any(|length| {
        span.windows(length)
            .any(|tokens| [tokens.join(" "), tokens.concat()].iter().any(|text| names.contains(&name(text))))
    })
}

#[test]
fn addresses() {
    let Some(folder) = folder() else { return };
    let text = std::fs::read_to_string(folder.join("jobhq_jobkeys_golden.json")).unwrap();
    let rows: Vec<Value> = serde_json::from_str(&text).unwrap();
    let strong: Vec<(&str, String)> = rows
        .iter()
        .filter(|row| row["strong"] == true)
        .map(|row| (row["key"].as_str().unwrap(), url::canonical(row["url"].as_str().unwrap()).unwrap()))
        .collect();
    for (at, (key, address)) in strong.iter().enumerate() {
        for (other, second) in &strong[at + 1..] {
            assert_eq!(key == other, address == second, "{address} and {second}");
        }
    }
}
