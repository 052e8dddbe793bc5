//! Pay in text: labelled windows of real postings in four languages, and whole postings.

use career_worker::domain::{Pay, Period};
use career_worker::normalize::pay::{Hints, from_text};
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

use super::{Figure, Level, rows};

/// Windows of text by their language, then whole postings.
pub fn figures() -> Vec<Figure> {
    let windows = [
        ("ergon_salary_corpus", "pay, English", "en", Level::exact(0.97, 0.97)),
        ("ergon_de_salary_corpus", "pay, German", "de", Level::exact(0.94, 0.94)),
        ("ergon_fr_salary_corpus", "pay, French", "fr", Level::exact(0.92, 0.92)),
        ("ergon_es_salary_corpus", "pay, Spanish", "es", Level::exact(0.92, 0.92)),
    ];
    let mut figures: Vec<Figure> = windows
        .into_iter()
        .map(|(set, field, language, aim)| windows_of_text(Figure::new(set, field, aim), language))
        .collect();
    figures.extend(whole_postings());
    figures
}

fn windows_of_text(mut figure: Figure, language: &str) -> Figure {
    for (index, row) in rows(figure.set).iter().enumerate() {
        let text = row["text"].as_str().unwrap_or_default();
        let found = from_text(text, Hints { language: Some(language), country_code: None });
        compare(&mut figure, index, &row["expect"], found.as_ref());
    }
    figure
}

/// Rows whose amount the text shows, or that have none; and rows whose amount only the source's own field has: there the text is to
/// give nothing.
fn whole_postings() -> [Figure; 2] {
    let countries = [
        ("United States", "US"),
        ("United Kingdom", "GB"),
        ("Canada", "CA"),
        ("Germany", "DE"),
        ("India", "IN"),
    ];
    let mut visible = Figure::new("ergon_gold_500", "pay, shown in the text", Level::exact(0.9, 0.92));
    let mut hidden = Figure::new("ergon_gold_500", "pay, not in the text", Level::none());
    for (index, row) in rows(visible.set).iter().enumerate() {
        let (text, label) = (row["description_text"].as_str().unwrap_or_default(), &row["gold"]["salary"]);
        let country_code =
            countries.iter().find(|(name, _)| row["gold"]["country"] == *name).map(|(_, code)| *code);
        let found = from_text(text, Hints { language: None, country_code });
        if label.is_null() || is_visible(text, label) {
            compare(&mut visible, index, label, found.as_ref());
        } else {
            compare(&mut hidden, index, &Value::Null, found.as_ref());
        }
    }
    [visible, hidden]
}

fn compare(figure: &mut Figure, index: usize, label: &Value, found: Option<&Pay>) {
    let agrees = match found {
        Some(pay) => !label.is_null() && same(label, pay),
        None => label.is_null(),
    };
    figure.count(index, !label.is_null(), found.is_some(), agrees);
    if !agrees {
        figure.miss(index, || format!("expected {label}, found {found:?}"));
    }
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
