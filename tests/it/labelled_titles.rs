//! Titles that people hold to be alike are found among the first, in English, French and Dutch.
//!
//! The set is found as in `labelled`. Each query ranks all titles of its language by likeness; precision at 5 and 10 and mean average
//! precision are means over the queries. A floor is held a little below what was reached and goes up with it.

#![expect(
    clippy::cast_precision_loss,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "figures are what this test is for, and a set that cannot be read stops the measurement"
)]

use std::{
    collections::{HashMap, HashSet},
    fs,
    path::Path,
};

use career_worker::matching::TitleShape;

use super::labelled;

#[derive(Clone, Copy, Debug)]
struct Ranking {
    at_5: f64,
    at_10: f64,
    average: f64,
}

/// Language, and the least that is reached.
const FLOORS: [(&str, Ranking); 3] = [
    ("en", Ranking { at_5: 0.65, at_10: 0.54, average: 0.43 }),
    ("fr", Ranking { at_5: 0.57, at_10: 0.45, average: 0.35 }),
    ("nl", Ranking { at_5: 0.53, at_10: 0.42, average: 0.31 }),
];

#[test]
fn alike_titles_come_first() {
    let Some(folder) = labelled::folder() else { return };
    let mut unmet = Vec::new();
    for (language, floor) in FLOORS {
        let set = folder.join("title_similarity").join(language);
        if !set.is_dir() {
            eprintln!("skipped: no labelled set title_similarity/{language}");
            continue;
        }
        let found = measured(&set);
        eprintln!(
            "title_similarity, {language}: P@5 {:.3}, P@10 {:.3}, MAP {:.3}",
            found.at_5, found.at_10, found.average
        );
        if found.at_5 < floor.at_5 || found.at_10 < floor.at_10 || found.average < floor.average {
            unmet.push((language, found));
        }
    }
    assert!(unmet.is_empty(), "below the floor: {unmet:?}");
}

fn measured(set: &Path) -> Ranking {
    let queries = titles(&set.join("queries.tsv"));
    let corpus = titles(&set.join("corpus_documents.tsv"));
    let mut relevant: HashMap<String, HashSet<String>> = HashMap::new();
    for row in rows(&set.join("annotations.tsv")) {
        if row[3] != "0" {
            relevant.entry(row[0].clone()).or_default().insert(row[2].clone());
        }
    }
    let none = HashSet::new();
    let mut sum = Ranking { at_5: 0.0, at_10: 0.0, average: 0.0 };
    for (id, query) in &queries {
        let relevant = relevant.get(id).unwrap_or(&none);
        let mut ranked: Vec<(f64, &str)> =
            corpus.iter().map(|(id, title)| (query.likeness(title), id.as_str())).collect();
        ranked.sort_by(|left, right| right.0.total_cmp(&left.0));
        let hits: Vec<bool> = ranked.iter().map(|(_, id)| relevant.contains(*id)).collect();
        let among = |first: usize| hits.iter().take(first).filter(|hit| **hit).count() as f64;
        sum.at_5 += among(5) / 5.0;
        sum.at_10 += among(10) / 10.0;
        let at_hits = hits.iter().enumerate().filter(|(_, hit)| **hit).map(|(at, _)| at + 1);
        let precisions = at_hits.enumerate().map(|(before, rank)| (before + 1) as f64 / rank as f64);
        sum.average += precisions.sum::<f64>() / relevant.len().max(1) as f64;
    }
    let count = queries.len() as f64;
    Ranking { at_5: sum.at_5 / count, at_10: sum.at_10 / count, average: sum.average / count }
}

fn titles(file: &Path) -> Vec<(String, TitleShape)> {
    rows(file).into_iter().map(|row| (row[0].clone(), TitleShape::new(&row[1]))).collect()
}

fn rows(file: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(file).unwrap();
    text.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}
