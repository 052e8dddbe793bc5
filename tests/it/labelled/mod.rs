//! Labelled sets to measure extraction on: found through `CAREER_LABELLED` or beside the checkout, else skipped.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "test support")]

use std::path::PathBuf;

use serde_json::Value;

/// The rows of one JSON Lines file; `None`, with a line that says so, where the labelled sets are not at hand.
pub fn rows(file: &str) -> Option<Vec<Value>> {
    let text = text(file)?;
    Some(
        text.lines()
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
    )
}

/// One JSON document.
pub fn document(file: &str) -> Option<Value> {
    Some(serde_json::from_str(&text(file)?).unwrap())
}

fn text(file: &str) -> Option<String> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/labelled");
    let folder = std::env::var_os("CAREER_LABELLED").map_or(beside, PathBuf::from);
    let path = folder.join(file);
    if !path.exists() {
        eprintln!("skipped: no labelled set {file}");
        return None;
    }
    Some(std::fs::read_to_string(&path).unwrap())
}

/// Which half of the rows a figure is about: rules were made on the even ones, the odd ones check them.
pub const HALVES: [(&str, Option<usize>); 3] = [("even", Some(0)), ("odd", Some(1)), ("all", None)];

/// Whether a row belongs to a half.
pub fn within(half: Option<usize>, index: usize) -> bool {
    half.is_none_or(|half| index % 2 == half)
}

/// Whether a disagreement is printed: only of the even rows, so that the odd ones stay unseen.
pub fn shows(index: usize) -> bool {
    index.is_multiple_of(2) && std::env::var_os("CAREER_SHOW_MISSES").is_some()
}

/// Counts behind precision and recall.
#[derive(Clone, Copy, Debug, Default)]
pub struct Score {
    /// Rows with a label.
    pub labelled: usize,
    /// Rows with an answer.
    pub answered: usize,
    /// Rows with a label and the same answer.
    pub exact: usize,
    /// Rows where label and answer agree, both missing included.
    pub agreed: usize,
    /// Rows.
    pub rows: usize,
}

impl Score {
    /// Counts one row.
    pub fn add(&mut self, labelled: bool, answered: bool, same: bool) {
        self.rows += 1;
        self.labelled += usize::from(labelled);
        self.answered += usize::from(answered);
        self.exact += usize::from(labelled && answered && same);
        self.agreed += usize::from(same);
    }

    /// Exact answers among rows with a label.
    pub fn recall(&self) -> f64 {
        ratio(self.exact, self.labelled)
    }

    /// Exact answers among answers.
    pub fn precision(&self) -> f64 {
        ratio(self.exact, self.answered)
    }

    /// Rows that agree among all.
    pub fn accuracy(&self) -> f64 {
        ratio(self.agreed, self.rows)
    }

    /// One line for people.
    pub fn line(&self, name: &str) -> String {
        format!(
            "{name:<28} rows {:>4}  recall {:.3} ({}/{})  precision {:.3} ({}/{})  accuracy {:.3}",
            self.rows,
            self.recall(),
            self.exact,
            self.labelled,
            self.precision(),
            self.exact,
            self.answered,
            self.accuracy()
        )
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    if whole == 0 {
        1.0
    } else {
        f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole).unwrap())
    }
}
