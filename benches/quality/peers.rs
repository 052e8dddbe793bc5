//! What other projects reach on the same sets.

use crate::labelled::{Figure, Level};

const TABLE: &str = include_str!("../peers/quality.tsv");

/// One figure of another project.
pub struct Peer {
    set: &'static str,
    field: &'static str,
    /// The project.
    pub project: &'static str,
    /// Whether the figure is the project's own and nobody checked it.
    pub stated: bool,
    /// Rows of the set it is about.
    pub rows: Option<usize>,
    /// Labels in these.
    pub labelled: Option<usize>,
    /// Recall, precision and accuracy.
    pub reached: Level,
    /// What to know when comparing.
    pub remark: Option<&'static str>,
}

impl Peer {
    /// Whether it is about the same field of the same set.
    pub fn is_beside(&self, figure: &Figure) -> bool {
        (self.set, self.field) == (figure.set, figure.field)
    }
}

/// All that is known.
///
/// # Panics
///
/// Where a line has not the columns that the head of the file names.
pub fn all() -> Vec<Peer> {
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| peer(line).unwrap_or_else(|| panic!("columns of {line:?}")))
        .collect()
}

fn peer(line: &'static str) -> Option<Peer> {
    let cells: [&'static str; 10] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
    let [set, field, project, how, rows, labelled, recall, precision, accuracy, remark] = cells;
    Some(Peer {
        set,
        field,
        project,
        stated: match how {
            "run" => false,
            "stated" => true,
            _ => return None,
        },
        rows: known(rows)?,
        labelled: known(labelled)?,
        reached: Level { recall: known(recall)?, precision: known(precision)?, accuracy: known(accuracy)? },
        remark: (remark != "-").then_some(remark),
    })
}

/// The outer option is about the form, the inner one about the dash.
#[expect(clippy::option_option, reason = "a dash is a value that is known to be missing")]
fn known<T: std::str::FromStr>(cell: &str) -> Option<Option<T>> {
    if cell == "-" { Some(None) } else { cell.parse().ok().map(Some) }
}
