//! Counts over the rows of a labelled set and what is made of them.

#![expect(clippy::print_stderr, reason = "disagreements are read by people")]

use std::{fmt::Debug, ops::Add};

use super::shows;

/// Counts over some rows of a set.
#[derive(Clone, Copy, Debug, Default)]
pub struct Score {
    /// Rows.
    pub rows: usize,
    /// Labels: rows that have one, or the names that all labels hold.
    pub labelled: usize,
    /// Answers, counted as labels are.
    pub answered: usize,
    /// Labels that were answered as they stand.
    pub exact: usize,
    /// Rows where label and answer agree, both missing included.
    pub agreed: usize,
}

impl Score {
    /// Exact answers among labels.
    pub fn recall(&self) -> Option<f64> {
        ratio(self.exact, self.labelled)
    }

    /// Exact answers among answers.
    pub fn precision(&self) -> Option<f64> {
        ratio(self.exact, self.answered)
    }

    /// Rows that agree among all.
    pub fn accuracy(&self) -> Option<f64> {
        ratio(self.agreed, self.rows)
    }
}

impl Add for Score {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            rows: self.rows + other.rows,
            labelled: self.labelled + other.labelled,
            answered: self.answered + other.answered,
            exact: self.exact + other.exact,
            agreed: self.agreed + other.agreed,
        }
    }
}

/// Counts of rows or names, far below the 32 bits that a float holds exactly.
fn ratio(part: usize, whole: usize) -> Option<f64> {
    let count = |number: usize| u32::try_from(number).map(f64::from).ok();
    if whole == 0 { None } else { Some(count(part)? / count(whole)?) }
}

/// Least values of recall, precision and accuracy; nothing is asked of those that are missing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Level {
    /// Least recall.
    pub recall: Option<f64>,
    /// Least precision.
    pub precision: Option<f64>,
    /// Least accuracy.
    pub accuracy: Option<f64>,
}

impl Level {
    /// Of exact answers.
    pub const fn exact(recall: f64, precision: f64) -> Self {
        Self { recall: Some(recall), precision: Some(precision), accuracy: None }
    }

    /// Of rows that agree.
    pub const fn accuracy(accuracy: f64) -> Self {
        Self { recall: None, precision: None, accuracy: Some(accuracy) }
    }

    /// Nothing is asked for.
    pub const fn none() -> Self {
        Self { recall: None, precision: None, accuracy: None }
    }

    /// Recall, precision and accuracy by name.
    pub fn named(&self) -> [(&'static str, Option<f64>); 3] {
        [("recall", self.recall), ("precision", self.precision), ("accuracy", self.accuracy)]
    }

    /// What is asked for and not reached, as name and least value; what could not be measured counts as not reached.
    pub fn unmet_by(&self, reached: &Self) -> Vec<(&'static str, f64)> {
        let pairs = self.named().into_iter().zip(reached.named());
        pairs
            .filter_map(|((name, least), (_, reached))| Some((name, least?, reached)))
            .filter(|(_, least, reached)| reached.is_none_or(|reached| reached < *least))
            .map(|(name, least, _)| (name, least))
            .collect()
    }
}

/// How one field came out on one set.
#[derive(Clone, Debug)]
pub struct Figure {
    /// The set, as its file is named.
    pub set: &'static str,
    /// What was measured.
    pub field: &'static str,
    /// What is wanted.
    pub aim: Level,
    /// Counts of the rows by their index modulo four.
    quarters: [Score; 4],
    /// Labels that are phrases around what we give say nothing about what else is given.
    recall_only: bool,
}

impl Figure {
    /// Without rows yet.
    pub fn new(set: &'static str, field: &'static str, aim: Level) -> Self {
        Self { set, field, aim, quarters: [Score::default(); 4], recall_only: false }
    }

    /// Where an answer beyond the labels is no mistake.
    pub fn recall_only(self) -> Self {
        Self { recall_only: true, ..self }
    }

    /// Counts a row with at most one label.
    pub fn count(&mut self, index: usize, labelled: bool, answered: bool, same: bool) {
        self.count_names(
            index,
            usize::from(labelled),
            usize::from(answered),
            usize::from(same && labelled),
            same,
        );
    }

    /// Counts a row of which labels and answers are sets of names.
    pub fn count_names(&mut self, index: usize, labelled: usize, answered: usize, exact: usize, same: bool) {
        let row = Score { rows: 1, labelled, answered, exact, agreed: usize::from(same) };
        let quarter = &mut self.quarters[index % 4];
        *quarter = *quarter + row;
    }

    /// Counts a row whose label and answer are values, and prints it, with the beginning of its text, where they differ and it may be
    /// seen.
    pub fn compare<T: Copy + PartialEq + Debug>(
        &mut self,
        index: usize,
        text: &str,
        label: Option<T>,
        found: Option<T>,
    ) {
        let same = label == found;
        self.count(index, label.is_some(), found.is_some(), same);
        if !same {
            let begin: String = text.chars().take(100).collect();
            self.miss(index, || format!("{begin:?}, expected {label:?}, found {found:?}"));
        }
    }

    /// Prints what differs in a row that may be seen.
    pub fn miss(&self, index: usize, what: impl FnOnce() -> String) {
        if shows(index) {
            eprintln!("{}, {}, row {index}: {}", self.set, self.field, what());
        }
    }

    /// The rows whose index modulo four is one of `rests`.
    pub fn part(&self, rests: &[usize]) -> Score {
        rests
            .iter()
            .filter_map(|rest| self.quarters.get(*rest))
            .fold(Score::default(), |sum, part| sum + *part)
    }

    /// All rows.
    pub fn all(&self) -> Score {
        self.part(&[0, 1, 2, 3])
    }

    /// The rows that no rule was made on.
    pub fn fourth(&self) -> Score {
        self.part(&[3])
    }

    /// Recall, precision and accuracy of some rows, those that mean something.
    pub fn measured(&self, score: Score) -> Level {
        let recall = score.recall();
        if self.recall_only {
            return Level { recall, ..Level::none() };
        }
        Level { recall, precision: score.precision(), accuracy: score.accuracy() }
    }
}
