//! Remote postings, measured on labelled postings; and the groups of rows that all figures about places and levels are given for.

#![expect(clippy::print_stdout, reason = "measurements are read by people")]

use career_worker::domain::RemoteOption;
use career_worker::normalize::remote;

use crate::labelled::{HALVES, Score, rows, within};

/// A name and the rows it stands for; rules were never made on the fourth row of four, nor looked at.
pub type Group = (&'static str, fn(usize) -> bool);

/// The groups, all rows last.
pub const GROUPS: [Group; 5] = [
    (HALVES[0].0, |index| within(HALVES[0].1, index)),
    (HALVES[1].0, |index| within(HALVES[1].1, index)),
    ("seen", |index| !unseen(index)),
    ("unseen", unseen),
    (HALVES[2].0, |_| true),
];

/// Whether nobody who made rules looked at this row.
fn unseen(index: usize) -> bool {
    index % 4 == 3
}

/// Whether a disagreement is printed: only where the row may be seen.
pub fn shown(index: usize) -> bool {
    !unseen(index) && std::env::var_os("CAREER_SHOW_MISSES").is_some()
}

#[test]
fn remote_postings() {
    let Some(rows) = rows("ergon_gold_500.jsonl") else { return };
    for (name, group) in GROUPS {
        let mut score = Score::default();
        for (index, row) in rows.iter().enumerate().filter(|(index, _)| group(*index)) {
            let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
            let locations = [text("location_raw")];
            let found = remote::resolve(None, &locations, &text("title"), &text("description_text"));
            let (found, label) = (found == Some(RemoteOption::Remote), row["gold"]["remote"] == true);
            score.add(label, found, label == found);
            if label != found && name == "all" && shown(index) {
                println!("  row {index} expected {label}: {} | {}", locations[0], text("title"));
            }
        }
        println!("{}", score.line(&format!("remote {name}")));
        if name == "all" {
            assert!(score.accuracy() >= 0.97, "{}", score.line("remote"));
        }
    }
}
