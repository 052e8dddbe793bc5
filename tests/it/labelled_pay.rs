//! Pay in text, measured on labelled windows of real postings in four languages.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "measurements are read by people")]

use career_worker::domain::{Pay, Period};
use career_worker::normalize::pay::{Hints, from_text};
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

use crate::labelled::{Score, rows};

/// Whether the row of an index belongs to a part of a set.
type Part = fn(usize) -> bool;

/// Which rows a figure is about. Rules are made on three rows of four; the fourth is never looked at and checks that they carry over.
const PARTS: [(&str, Part); 5] = [
    ("even", |index| index.is_multiple_of(2)),
    ("odd", |index| index % 2 == 1),
    ("seen", |index| index % 4 != 3),
    ("unseen", |index| index % 4 == 3),
    ("all", |_| true),
];

/// Whether a disagreement is printed: of no unseen row.
fn shows(index: usize) -> bool {
    index % 4 != 3 && std::env::var_os("CAREER_SHOW_MISSES").is_some()
}

fn number(label: &Value, key: &str) -> Option<f64> {
    label[key].as_f64()
}

/// Both ends within one per cent, the same period, and the same currency where the label has one.
fn same(label: &Value, pay: &Pay) -> bool {
    let close = |label: Option<f64>, found: Option<f64>| match (label, found) {
        (Some(label), Some(found)) => (label - found).abs() <= 0.01 * label.abs(),
        (None, None) => true,
        _ => false,
    };
    let end = |value: Option<rust_decimal::Decimal>| value.and_then(|value| value.to_f64());
    close(number(label, "min"), end(pay.min))
        && close(number(label, "max"), end(pay.max))
        && label["interval"].as_str() == pay.period.map(Period::as_str)
        && label["currency"].as_str().is_none_or(|code| Some(code) == pay.currency.as_deref())
}

fn measure(file: &str, language: &str, part: Part, show: bool) -> Option<Score> {
    let mut score = Score::default();
    for (index, row) in rows(file)?.iter().enumerate().filter(|(index, _)| part(*index)) {
        let text = row["text"].as_str().unwrap();
        let hints = Hints { language: Some(language), country_code: None };
        let found = from_text(text, hints);
        count(&mut score, &row["expect"], found.as_ref(), index, show);
    }
    Some(score)
}

fn count(score: &mut Score, label: &Value, found: Option<&Pay>, index: usize, show: bool) {
    let agrees = match (label.is_null(), found) {
        (true, found) => found.is_none(),
        (false, Some(pay)) => same(label, pay),
        (false, None) => false,
    };
    score.add(!label.is_null(), found.is_some(), agrees);
    if !agrees && show && shows(index) {
        println!("  row {index}: expected {label}, found {found:?}");
    }
}

fn assert_floor(file: &str, language: &str, recall: f64, precision: f64) {
    for (name, part) in PARTS {
        let Some(score) = measure(file, language, part, name == "all") else { return };
        println!("{}", score.line(&format!("{file:.20} {name}")));
        if name == "all" {
            assert!(score.recall() >= recall, "{}", score.line(file));
            assert!(score.precision() >= precision, "{}", score.line(file));
        }
    }
}

#[test]
fn english_pay_is_found() {
    assert_floor("ergon_salary_corpus.jsonl", "en", 0.97, 0.97);
}

#[test]
fn german_pay_is_found() {
    assert_floor("ergon_de_salary_corpus.jsonl", "de", 0.94, 0.94);
}

#[test]
fn french_pay_is_found() {
    assert_floor("ergon_fr_salary_corpus.jsonl", "fr", 0.92, 0.92);
}

#[test]
fn spanish_pay_is_found() {
    assert_floor("ergon_es_salary_corpus.jsonl", "es", 0.92, 0.92);
}

/// The ways an amount of a label may be written in the text.
fn is_visible(text: &str, label: &Value) -> bool {
    let ends: Vec<f64> = ["min", "max"].iter().filter_map(|key| number(label, key)).collect();
    ends.iter().all(|end| {
        let thousands = end / 1000.0;
        let plain = format!("{end}");
        let mut forms = vec![format!("{thousands}k"), format!("{thousands}K")];
        if *end >= 1000.0 {
            let (head, tail) = plain.split_at(plain.len().saturating_sub(3));
            forms.extend([",", ".", " ", "\u{a0}", "'"].map(|separator| format!("{head}{separator}{tail}")));
            forms.push(plain);
        } else {
            forms.extend(["$", "£", "€", "$ ", "€ "].map(|symbol| format!("{symbol}{plain}")));
            forms.push(format!("–{plain}"));
            forms.push(format!("- {plain}"));
        }
        forms.iter().any(|form| text.contains(form.as_str()))
    })
}

#[test]
fn pay_of_whole_postings_is_found_where_it_is_written() {
    let countries = [
        ("United States", "US"),
        ("United Kingdom", "GB"),
        ("Canada", "CA"),
        ("Germany", "DE"),
        ("India", "IN"),
    ];
    for (name, part) in PARTS {
        let Some(rows) = rows("ergon_gold_500.jsonl") else { return };
        let (mut score, mut hidden, mut wrong) = (Score::default(), 0, 0);
        for (index, row) in rows.iter().enumerate().filter(|(index, _)| part(*index)) {
            let (text, label) =
                (row["description_text"].as_str().unwrap_or_default(), &row["gold"]["salary"]);
            let country =
                countries.iter().find(|(name, _)| row["gold"]["country"] == *name).map(|(_, code)| *code);
            let found = from_text(text, Hints { language: None, country_code: country });
            if !label.is_null() && !is_visible(text, label) {
                hidden += 1;
                wrong += usize::from(found.is_some());
                if found.is_some() && name == "all" && shows(index) {
                    println!("  row {index} (not visible): expected {label}, found {found:?}");
                }
                continue;
            }
            count(&mut score, label, found.as_ref(), index, name == "all");
        }
        println!(
            "{}  (amount not in the text: {hidden}, answered: {wrong})",
            score.line(&format!("gold {name}"))
        );
        if name == "all" {
            assert!(score.recall() >= 0.9 && score.precision() >= 0.92, "{}", score.line("gold"));
        }
    }
}
