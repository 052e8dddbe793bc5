//! Levels in titles and years of experience in text, measured on labelled titles and windows.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "measurements are read by people")]

use career_worker::domain::{Seniority, Years};
use career_worker::normalize::{seniority, years};
use serde_json::Value;

use crate::labelled::{Score, rows};
use crate::labelled_remote::{GROUPS, shown};

/// The labels know more levels than we keep.
fn level(label: &str) -> Option<Seniority> {
    Some(match label {
        "intern" => Seniority::Intern,
        "entry" => Seniority::Entry,
        "junior" => Seniority::Junior,
        "mid" => Seniority::Mid,
        "senior" => Seniority::Senior,
        "staff" | "principal" | "lead" => Seniority::Lead,
        "manager" => Seniority::Manager,
        "director" | "executive" => Seniority::Director,
        _ => return None,
    })
}

#[test]
fn levels_are_found_in_titles() {
    for (name, group) in GROUPS {
        let Some(rows) = rows("ergon_level_corpus.jsonl") else { return };
        let mut score = Score::default();
        for (index, row) in rows.iter().enumerate().filter(|(index, _)| group(*index)) {
            let title = row["title"].as_str().unwrap();
            let (label, found) = (level(row["level"].as_str().unwrap()), seniority::from_title(title));
            score.add(label.is_some(), found.is_some(), label == found);
            if label != found && name == "all" && shown(index) {
                println!("  row {index} {title:?}: expected {label:?}, found {found:?}");
            }
        }
        println!("{}", score.line(&format!("level {name}")));
        if name == "all" {
            assert!(score.accuracy() >= 0.95, "{}", score.line("level"));
        }
    }
}

fn expected(label: &Value) -> Option<Years> {
    let end = |key: &str| label[key].as_u64().and_then(|value| u8::try_from(value).ok());
    end("min").map(|min| Years { min, max: end("max") })
}

fn measure(file: &str, floor: f64) {
    for (name, group) in GROUPS {
        let Some(rows) = rows(file) else { return };
        let mut score = Score::default();
        for (index, row) in rows.iter().enumerate().filter(|(index, _)| group(*index)) {
            let (label, found) = (expected(&row["expect"]), years::from_text(row["text"].as_str().unwrap()));
            score.add(label.is_some(), found.is_some(), label == found);
            if label != found && name == "all" && shown(index) {
                println!("  row {index}: expected {label:?}, found {found:?}");
            }
        }
        println!("{}", score.line(&format!("{file:.18} {name}")));
        if name == "all" {
            assert!(score.accuracy() >= floor, "{}", score.line(file));
        }
    }
}

#[test]
fn years_are_found_in_english() {
    measure("ergon_yoe_corpus.jsonl", 0.97);
}

#[test]
fn years_are_found_in_german() {
    measure("ergon_de_yoe_corpus.jsonl", 0.97);
}

#[test]
fn years_are_found_in_french() {
    measure("ergon_fr_yoe_corpus.jsonl", 0.96);
}

#[test]
fn years_are_found_in_spanish() {
    measure("ergon_es_yoe_corpus.jsonl", 0.96);
}
