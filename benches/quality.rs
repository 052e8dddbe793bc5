//! How well fields are extracted, on labelled sets and beside other projects: `cargo bench --bench quality`, with `-- --json` one object
//! a line.
//!
//! The figures are those that the tests hold to floors. `CAREER_LABELLED` names the folder of the sets; it is none of the project, and
//! without it there is one line that says so. The others' figures are in `peers/quality.tsv`.

#![expect(clippy::print_stdout, reason = "figures are what this is for")]

#[path = "../tests/it/labelled/mod.rs"]
mod labelled;
#[path = "quality/peers.rs"]
mod peers;
#[path = "quality/table.rs"]
mod table;

use labelled::{Figure, Level, Measure, Score, duplicates, experience, keys, pay, places, remote, skills};
use serde_json::{Value, json};

const MEASURES: [Measure; 7] = [
    pay::figures,
    remote::figures,
    places::figures,
    skills::figures,
    experience::figures,
    keys::figures,
    duplicates::figures,
];

fn main() {
    let Some(folder) = labelled::folder() else { return };
    let peers = peers::all();
    let figures: Vec<Figure> =
        MEASURES.iter().flat_map(|measure| measure()).filter(|figure| figure.all().rows > 0).collect();
    if std::env::args().any(|argument| argument == "--json") {
        for figure in &figures {
            println!("{}", object(figure, &peers));
        }
    } else {
        table::print(&folder, &figures, &peers);
    }
}

/// Whether some rows reach the aim of their figure; `None` where there is none, or nothing that it could be measured on.
fn meets_aim(figure: &Figure, score: Score) -> Option<bool> {
    let reached = figure.measured(score);
    let pairs = figure.aim.named().into_iter().zip(reached.named());
    let asked: Vec<Option<f64>> =
        pairs.filter(|((_, least), _)| least.is_some()).map(|(_, (_, reached))| reached).collect();
    let measured = !asked.is_empty() && asked.iter().all(Option::is_some);
    measured.then(|| figure.aim.unmet_by(&reached).is_empty())
}

fn object(figure: &Figure, peers: &[peers::Peer]) -> Value {
    let beside: Vec<Value> = peers
        .iter()
        .filter(|peer| peer.is_beside(figure))
        .map(|peer| {
            json!({
                "project": peer.project,
                "stated": peer.stated,
                "rows": peer.rows,
                "labelled": peer.labelled,
                "reached": level(&peer.reached),
                "remark": peer.remark,
            })
        })
        .collect();
    json!({
        "set": figure.set,
        "field": figure.field,
        "all": counts(figure, figure.all()),
        "fourth": counts(figure, figure.fourth()),
        "aim": level(&figure.aim),
        "aim_met": meets_aim(figure, figure.all()),
        "peers": beside,
    })
}

fn counts(figure: &Figure, score: Score) -> Value {
    json!({
        "rows": score.rows,
        "labelled": score.labelled,
        "answered": score.answered,
        "exact": score.exact,
        "agreed": score.agreed,
        "reached": level(&figure.measured(score)),
    })
}

fn level(level: &Level) -> Value {
    level.named().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}
