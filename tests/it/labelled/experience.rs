//! Levels in titles and years of experience in text: labelled titles, and windows in four languages.

use career_worker::domain::{Seniority, Years};
use career_worker::normalize::{seniority, years};
use serde_json::Value;

use super::{Figure, Level, rows};

/// Least accuracy that is wanted of all.
const AIM: Level = Level::accuracy(0.95);

/// Levels, then years by language, of titles and windows; then both of whole postings.
pub fn figures() -> Vec<Figure> {
    let windows = [
        ("ergon_yoe_corpus", "years, English"),
        ("ergon_de_yoe_corpus", "years, German"),
        ("ergon_fr_yoe_corpus", "years, French"),
        ("ergon_es_yoe_corpus", "years, Spanish"),
    ];
    let mut figures = vec![levels("ergon_level_corpus", |row| &row["level"])];
    figures.extend(windows.map(|(set, field)| years_of(set, field, "text", |row| &row["expect"])));
    let whole = "ergon_gold_500";
    figures.push(levels(whole, |row| &row["gold"]["level"]));
    figures.push(years_of(whole, "years", "description_text", |row| &row["gold"]["yoe"]));
    figures
}

fn levels(set: &'static str, label: fn(&Value) -> &Value) -> Figure {
    let mut figure = Figure::new(set, "level", AIM);
    for (index, row) in rows(set).iter().enumerate() {
        let label = level(label(row).as_str().unwrap_or_default());
        let title = row["title"].as_str().unwrap_or_default();
        figure.compare(index, title, label, seniority::from_title(title));
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

fn years_of(set: &'static str, field: &'static str, text: &str, label: fn(&Value) -> &Value) -> Figure {
    let mut figure = Figure::new(set, field, AIM);
    for (index, row) in rows(set).iter().enumerate() {
        let text = row[text].as_str().unwrap_or_default();
        figure.compare(index, text, expected(label(row)), years::from_text(text));
    }
    figure
}

fn expected(label: &Value) -> Option<Years> {
    let end = |key: &str| label[key].as_u64().and_then(|value| u8::try_from(value).ok());
    end("min").map(|min| Years { min, max: end("max") })
}
