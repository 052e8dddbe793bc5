//! Technologies in text: labelled windows, whole postings, and sentences with marked spans.

use std::collections::BTreeSet;

use career_worker::normalize::skills::{Part, Skills, canonical};
use serde_json::Value;

use super::{Figure, Level, rows};

/// Each set of names three ways, then the spans.
pub fn figures() -> Vec<Figure> {
    let aim = Level::exact(0.93, 0.97);
    let mut figures = Vec::new();
    figures.extend(names("ergon_skills_corpus", "skills", aim));
    figures.extend(names("techradar_skills_eval", "expected", aim));
    figures.push(sentences());
    figures
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

/// Every name we give counts; only names that some label of the set uses count; every name counts, and labels are compared as they
/// stand, without our list of other spellings.
fn names(set: &'static str, key: &str, aim: Level) -> [Figure; 3] {
    let rows = rows(set);
    let labels = |row: &Value, spell: fn(&str) -> String| -> BTreeSet<String> {
        row[key].as_array().into_iter().flatten().filter_map(Value::as_str).map(spell).collect()
    };
    let vocabulary: BTreeSet<String> = rows.iter().flat_map(|row| labels(row, name)).collect();
    let [mut open, mut closed, mut plain] =
        ["skills, all names", "skills, labels' names", "skills, no aliases"]
            .map(|field| Figure::new(set, field, aim));
    for (index, row) in rows.iter().enumerate() {
        let label = labels(row, name);
        let found =
            skills_of(row["title"].as_str().unwrap_or_default(), row["text"].as_str().unwrap_or_default());
        count(&mut open, index, &label, &found);
        count(&mut closed, index, &label, &found.intersection(&vocabulary).cloned().collect());
        count(&mut plain, index, &labels(row, str::to_lowercase), &found);
    }
    [open, closed, plain]
}

fn count(figure: &mut Figure, index: usize, label: &BTreeSet<String>, found: &BTreeSet<String>) {
    let exact = label.intersection(found).count();
    figure.count_names(index, label.len(), found.len(), exact, label == found);
    if label != found {
        let [extra, missed] =
            [found.difference(label), label.difference(found)].map(Iterator::collect::<Vec<_>>);
        figure.miss(index, || format!("extra {extra:?}, missed {missed:?}"));
    }
}

/// Spans of knowledge that hold a technology we give for their sentence; most spans name none.
fn sentences() -> Figure {
    let mut figure = Figure::new("skillspan_dev", "skills in sentences", Level::none()).recall_only();
    for (index, row) in rows(figure.set).iter().enumerate() {
        let cells = |key: &str| -> Vec<&str> {
            row[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
        };
        let (tokens, tags) = (cells("tokens"), cells("tags_knowledge"));
        let names = skills_of("", &tokens.join(" "));
        let spans = spans(&tokens, &tags);
        let held = spans.iter().filter(|span| holds(span, &names)).count();
        figure.count_names(index, spans.len(), names.len(), held, held == spans.len());
    }
    figure
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
