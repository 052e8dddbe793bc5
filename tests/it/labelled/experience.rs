//! Levels in titles and years of experience in text: labelled titles, and windows in four languages.

use career_worker::domain::{Seniority, Years};
use career_worker::normalize::{seniority, years};
use serde_json::Value;

use super::{Figure, Level, rows};

/// Levels, then years by language.
pub fn figures() -> Vec<Figure> {
    let years = [
        ("ergon_yoe_corpus", "years, English"),
        ("ergon_de_yoe_corpus", "years, German"),
        ("ergon_fr_yoe_corpus", "years, French"),
        ("ergon_es_yoe_corpus", "years, Spanish"),
    ];
    let mut figures = vec![levels()];
    figures.extend(years.map(|(set, field)| years_of(Figure::new(set, field, Level::accuracy(0.95)))));
    figures
}

fn levels() -> Figure {
    let mut figure = Figure::new("ergon_level_corpus", "level", Level::accuracy(0.95));
    for (index, row) in rows(figure.set).iter().enumerate() {
        let label = level(row["level"].as_str().unwrap_or_default());
        let found = seniority::from_title(row["title"].as_str().unwrap_or_default());
        figure.compare(index, label.as_ref(), found.as_ref());
    }
    figure
}

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

fn years_of(mut figure: Figure) -> Figure {
    for (index, row) in rows(figure.set).iter().enumerate() {
        let found = years::from_text(row["text"].as_str().unwrap_or_default());
        figure.compare(index, expected(&row["expect"]).as_ref(), found.as_ref());
    }
    figure
}

fn expected(label: &Value) -> Option<Years> {
    let end = |key: &str| label[key].as_u64().and_then(|value| u8::try_from(value).ok());
    end("min").map(|min| Years { min, max: end("max") })
}
