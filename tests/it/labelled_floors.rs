//! Extraction does not fall below what it reached on the labelled sets.
//!
//! A figure is held to its aim. Where it does not reach that yet, or is far beyond it, `FLOORS` holds it a little below what it reached;
//! a floor goes up with the figure and down with a reason.

#![expect(clippy::print_stderr, reason = "figures are what these tests are for")]

use super::labelled::{
    Figure, Level, Measure, Score, duplicates, experience, keys, pay, places, remote, skills,
};

/// Set, field and floor, where the floor is not the aim.
const FLOORS: [(&str, &str, Level); 14] = [
    ("ergon_gold_500", "pay, not in the text", Level::accuracy(0.92)),
    ("ergon_gold_500", "level", Level::accuracy(0.82)),
    ("ergon_gold_500", "years", Level::accuracy(0.925)),
    ("ergon_geo_corpus", "country", Level::accuracy(0.97)),
    ("ergon_yoe_corpus", "years, English", Level::accuracy(0.97)),
    ("ergon_de_yoe_corpus", "years, German", Level::accuracy(0.97)),
    ("ergon_fr_yoe_corpus", "years, French", Level::accuracy(0.96)),
    ("ergon_es_yoe_corpus", "years, Spanish", Level::accuracy(0.96)),
    ("ergon_skills_corpus", "skills, all names", Level::exact(0.915, 0.695)),
    ("ergon_skills_corpus", "skills, labels' names", Level::exact(0.915, 0.935)),
    ("ergon_skills_corpus", "skills, no aliases", Level::exact(0.895, 0.68)),
    ("techradar_skills_eval", "skills, all names", Level::exact(0.93, 0.38)),
    ("techradar_skills_eval", "skills, no aliases", Level::exact(0.93, 0.38)),
    ("skillspan_dev", "skills in sentences", Level { recall: Some(0.27), ..Level::none() }),
];

#[test]
fn pay_in_text() {
    check(pay::figures);
}

#[test]
fn places_of_location_strings() {
    check(places::figures);
}

#[test]
fn remote_postings() {
    check(remote::figures);
}

#[test]
fn levels_and_years() {
    check(experience::figures);
}

#[test]
fn technologies() {
    check(skills::figures);
}

#[test]
fn addresses_and_companies() {
    check(keys::figures);
}

#[test]
fn pairs_of_one_employer() {
    check(duplicates::figures);
}

/// Prints the figures of a kind of field, for the halves of each set as well, and compares them with their floors.
fn check(measure: Measure) {
    for figure in measure() {
        let all = figure.all();
        for (part, score) in [
            ("even", figure.part(&[0, 2])),
            ("odd", figure.part(&[1, 3])),
            ("fourth", figure.fourth()),
            ("all", all),
        ] {
            eprintln!("{}", line(&figure, part, score));
        }
        if all.rows == 0 {
            continue;
        }
        let floor = FLOORS
            .iter()
            .find(|(set, field, _)| (*set, *field) == (figure.set, figure.field))
            .map_or(figure.aim, |(_, _, floor)| *floor);
        let unmet = floor.unmet_by(&figure.measured(all));
        assert!(unmet.is_empty(), "below {unmet:?}: {}", line(&figure, "all", all));
    }
}

fn line(figure: &Figure, part: &str, score: Score) -> String {
    let measured = figure.measured(score);
    let text = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
    format!(
        "{}, {} {part}: rows {}, recall {} ({} of {}), precision {} (of {}), accuracy {}",
        figure.set,
        figure.field,
        score.rows,
        text(measured.recall),
        score.exact,
        score.labelled,
        text(measured.precision),
        score.answered,
        text(measured.accuracy)
    )
}
