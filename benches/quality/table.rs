//! Figures as a table for people, of no more than 120 columns where the names are no longer than now.

use std::{fmt::Write as _, path::Path};

use crate::{
    labelled::{Figure, Level, Score},
    meets_aim,
    peers::Peer,
};

const WIDTH: usize = 120;

/// Set, field, rows, labels, three columns of all rows, of every fourth row and of the aim, and a mark.
type Line = Vec<String>;

/// Prints what the figures are about, the figures with the others' below each, and remarks.
pub fn print(folder: &Path, figures: &[Figure], peers: &[Peer]) {
    wrapped(&format!(
        "Quality of extraction on the labelled sets in {}. Recall (rec) is exact answers among labels, precision (pre) exact answers \
         among answers, accuracy (acc) rows where both agree, none and none included. Fourth are the rows with index % 4 = 3, on \
         which rules were checked before they were read too. A figure of all rows that is below its aim ends with <.",
        folder.display()
    ));
    wrapped(
        "Lines that begin with + are other projects: JobSpy, jobseek and ergon were run on the whole sets, of which the sets here hold \
         about half of the rows; with \"says\" the figure is the project's own. ergon made its rules on these sets.",
    );
    println!();

    let mut remarks = Vec::new();
    let names = ["rec", "pre", "acc"].map(str::to_owned);
    let head = ["set", "field", "rows", "labels"].map(str::to_owned);
    let mut lines = vec![line(head, [names.clone(), names.clone(), names], "")];
    let mut set = "";
    for figure in figures {
        lines.push(ours(figure, if figure.set == set { "" } else { figure.set }));
        set = figure.set;
        for peer in peers.iter().filter(|peer| peer.is_beside(figure)) {
            lines.push(theirs(peer));
            remarks
                .extend(peer.remark.map(|remark| format!("{}, {}: {remark}.", peer.project, figure.field)));
        }
    }
    aligned(&lines);
    println!();
    remarks.dedup();
    for remark in remarks {
        wrapped(&remark);
    }
    wrapped(
        "pay: exact where both ends are within 1 %, and period and currency are the label's. skills: names, not rows, are counted; all \
         names, or only those that some label of the set uses, or all without our list of other spellings. Labels leave out many names \
         that the text has, so precision over all names is a lower bound. address and company keys: a row agrees where its key is \
         equal to and different from those of the other rows as the labels are. kept apart: requisitions that one source lists twice. \
         marked, equal texts: posts of one job, had two sources shown them with one text.",
    );
    let met = |part: fn(&Figure) -> Score| {
        let answers: Vec<bool> =
            figures.iter().filter_map(|figure| meets_aim(figure, part(figure))).collect();
        (answers.iter().filter(|met| **met).count(), answers.len())
    };
    let ((all, aims), (fourth, aims_fourth)) = (met(Figure::all), met(Figure::fourth));
    println!("\nAims met: {all} of {aims} on all rows, {fourth} of {aims_fourth} on every fourth row alone.");
}

fn line(first: [String; 4], groups: [[String; 3]; 3], mark: &str) -> Line {
    first.into_iter().chain(groups.into_iter().flatten()).chain([mark.to_owned()]).collect()
}

fn ours(figure: &Figure, set: &str) -> Line {
    let all = figure.all();
    let groups =
        [cells(&figure.measured(all), 3), cells(&figure.measured(figure.fourth()), 3), cells(&figure.aim, 2)];
    let first = [set.to_owned(), figure.field.to_owned(), all.rows.to_string(), all.labelled.to_string()];
    line(first, groups, if meets_aim(figure, all) == Some(false) { "<" } else { "" })
}

fn theirs(peer: &Peer) -> Line {
    let count = |number: Option<usize>| number.map(|number| number.to_string()).unwrap_or_default();
    let name = format!("+ {}{}", peer.project, if peer.stated { " says" } else { "" });
    let none = || [String::new(), String::new(), String::new()];
    line(
        [String::new(), name, count(peer.rows), count(peer.labelled)],
        [cells(&peer.reached, if peer.stated { 3 } else { 2 }), none(), none()],
        "",
    )
}

fn cells(level: &Level, digits: usize) -> [String; 3] {
    level.named().map(|(_, value)| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.digits$}")))
}

/// Columns before which a group begins, and what it is about.
const GROUPS: [(usize, &str); 3] = [(4, "all rows"), (7, "4th rows"), (10, "aim")];

/// Names to the left, numbers to the right, a wider gap before each group and its name above it.
fn aligned(lines: &[Line]) {
    let width = |column: usize| {
        lines
            .iter()
            .filter_map(|line| line.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
    };
    let widths: Vec<usize> = (0..14).map(width).collect();
    let (mut begin, mut head, mut texts) = (0, String::new(), vec![String::new(); lines.len()]);
    for (column, width) in widths.iter().enumerate() {
        let group = GROUPS.iter().find(|(first, _)| *first == column);
        let gap = if group.is_some() { 2 } else { usize::from(column > 0) };
        begin += gap;
        if let Some((_, name)) = group {
            head = format!("{head:<begin$}{name}");
        }
        begin += width;
        for (text, line) in texts.iter_mut().zip(lines) {
            let cell = line.get(column).map_or("", String::as_str);
            text.push_str(&" ".repeat(gap));
            let _ = if column < 2 { write!(text, "{cell:<width$}") } else { write!(text, "{cell:>width$}") };
        }
    }
    println!("{head}");
    for text in texts {
        println!("{}", text.trim_end());
    }
}

/// Prints a paragraph.
fn wrapped(text: &str) {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > WIDTH {
            println!("{line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    println!("{line}");
}
