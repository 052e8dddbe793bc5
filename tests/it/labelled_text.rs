//! Figures on labelled sets, where they are at hand; each half of a set is reported on its own.

#![expect(clippy::print_stderr, reason = "figures are what these tests are for")]

use std::{collections::BTreeSet, fmt::Write as _, path::PathBuf};

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

fn measure_skills(file: &str, key: &str) -> Option<(Score, Score)> {
    let rows = lines(file)?;
    let labels = |row: &Value| -> BTreeSet<String> {
        row[key].as_array().into_iter().flatten().filter_map(Value::as_str).map(name).collect()
    };
    let vocabulary: BTreeSet<String> = rows.iter().flat_map(labels).collect();
    let (mut open, mut closed) = ([Score::default(); 2], [Score::default(); 2]);
    let mut differences = String::new();
    for (at, row) in rows.iter().enumerate() {
        let expected = labels(row);
        let found =
            skills_of(row["title"].as_str().unwrap_or_default(), row["text"].as_str().unwrap_or_default());
        let extra: Vec<&String> = found.difference(&expected).collect();
        let missed: Vec<&String> = expected.difference(&found).collect();
        if !extra.is_empty() || !missed.is_empty() {
            let _ = writeln!(differences, "{at} extra {extra:?} missed {missed:?}");
        }
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let score = |wrong: usize| Score {
            right: count(expected.intersection(&found).count()),
            wrong: count(wrong),
            missed: count(missed.len()),
        };
        open[at % 2].add(score(extra.len()));
        closed[at % 2].add(score(extra.iter().filter(|name| vocabulary.contains(**name)).count()));
    }
    if std::env::var_os("CAREER_DIFFERENCES").is_some() {
        eprintln!("{differences}");
    }
    Some((
        report(&format!("{file}, all names"), open),
        report(&format!("{file}, names the labels use"), closed),
    ))
}

#[test]
fn skills() {
    let Some((_, closed)) = measure_skills("ergon_skills_corpus.jsonl", "skills") else { return };
    assert!(closed.precision() >= 0.93 && closed.recall() >= 0.88);
}

#[test]
fn skills_of_whole_postings() {
    let Some((_, closed)) = measure_skills("techradar_skills_eval.jsonl", "expected") else { return };
    assert!(closed.precision() >= 0.95 && closed.recall() >= 0.9);
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
