//! Keys of addresses and companies: what the labels hold equal must be equal, all else different.

use career_worker::normalize::{fingerprint, url};
use serde_json::Value;

use super::{Figure, Level, document};

/// Addresses that name one posting, then names of companies.
pub fn figures() -> Vec<Figure> {
    let list = |set: &str| document(set).and_then(|rows| rows.as_array().cloned()).unwrap_or_default();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap_or_default().to_owned();

    let addresses = "jobhq_jobkeys_golden";
    let strong: Vec<Keyed> = list(addresses)
        .iter()
        .enumerate()
        .filter(|(_, row)| row["strong"] == true)
        .map(|(index, row)| Keyed {
            index,
            label: text(row, "key"),
            key: url::canonical(&text(row, "url")).unwrap_or_else(|| format!("row {index}")),
        })
        .collect();

    let names = "jobhq_company_name_key_golden";
    let named =
        |index: usize, label: String, name: &str| Keyed { index, label, key: fingerprint::company_key(name) };
    let companies: Vec<Keyed> = list(names)
        .iter()
        .enumerate()
        .map(|(index, row)| named(index, text(row, "key"), &text(row, "name")))
        .collect();

    let apart = "careerops_company_key_corpus";
    let cases = document(apart).map(|mut corpus| corpus["cases"].take()).unwrap_or_default();
    let distinct: Vec<Keyed> = cases
        .as_array()
        .into_iter()
        .flatten()
        .enumerate()
        .map(|(index, case)| named(index, text(case, "input"), &text(case, "input")))
        .collect();

    vec![
        count(Figure::new(addresses, "address keys", Level::accuracy(1.0)), &strong),
        count(Figure::new(names, "company keys", Level::accuracy(1.0)), &companies),
        count(Figure::new(apart, "company keys", Level::accuracy(1.0)), &distinct),
    ]
}

/// A row with the key it should have and ours.
struct Keyed {
    index: usize,
    label: String,
    key: String,
}

/// A row has a label where another row has the same, is exact where ours is equal to all of these, and agrees where it is also different
/// from all others.
fn count(mut figure: Figure, rows: &[Keyed]) -> Figure {
    for row in rows {
        let others = || rows.iter().filter(|other| other.index != row.index);
        let labelled = others().any(|other| other.label == row.label);
        let answered = others().any(|other| other.key == row.key);
        let together = others().all(|other| other.label != row.label || other.key == row.key);
        let wrong: Vec<&str> = others()
            .filter(|other| (other.label == row.label) != (other.key == row.key))
            .filter(|other| !super::is_fourth(other.index))
            .map(|other| other.label.as_str())
            .collect();
        let agrees = others().all(|other| (other.label == row.label) == (other.key == row.key));
        figure.count_names(
            row.index,
            usize::from(labelled),
            usize::from(answered),
            usize::from(labelled && together),
            agrees,
        );
        if !agrees {
            figure.miss(row.index, || format!("{} and {wrong:?}", row.label));
        }
    }
    figure
}
