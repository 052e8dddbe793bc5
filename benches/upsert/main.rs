//! How much it costs to store postings, beside one `INSERT ... SELECT` of the same rows into the same indexed table.
//!
//! The upsert also writes sightings, outbox and duplicate groups, decides on identities, and hashes every posting. Measured in turns in one
//! run: new postings, the same again, a tenth of them changed, and new ones by four writers at once; then new ones beside a million others.
//! Starts a private server without fsync; only ratios say something about another machine.
//!
//! `cargo bench --bench upsert [-- ROUNDS POSTINGS[,POSTINGS...] PRESENT]` (3, 50,000 and 0); a second size has one round.
#![expect(clippy::print_stdout, reason = "this is what it is for")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

#[path = "../measures/mod.rs"]
#[expect(dead_code, reason = "shared by benchmarks")]
mod measures;
mod postings;
mod present;
mod round;
#[path = "../server/mod.rs"]
#[expect(dead_code, reason = "shared by benchmarks")]
mod server;

use sqlx::{Connection as _, PgConnection};

use self::{
    measures::{Goal, Measures, median},
    round::Round,
    server::Server,
};

/// Postings of a batch, as the scrape task stores them.
const BATCH: usize = 500;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let number = |at: usize| words.get(at).and_then(|word| word.parse::<usize>().ok());
    let sizes =
        words.get(1).map_or("50000", String::as_str).split(',').filter_map(|size| size.parse::<usize>().ok());
    let (rounds, present) = (number(0).unwrap_or(3).max(1), number(2).unwrap_or(0));
    let mut measures = Measures::of("upsert");
    let server = Server::volatile().await?;
    let store = server.store().await?;
    let mut admin = PgConnection::connect(server.database_url()).await?;
    for (at, count) in sizes.map(|size| size.max(4 * BATCH)).enumerate() {
        let all = postings::postings(count);
        let mut measured = Vec::new();
        for number in 1..=if at == 0 { rounds } else { 1 } {
            measured.push(Round::measure(number, &store, &mut admin, &all).await?);
        }
        report(&mut measures, &measured, count);
    }
    if present > 0 {
        present::measure(&mut measures, &store, &mut admin, present).await?;
    }
    store.close().await;
    measures.save()
}

fn report(measures: &mut Measures, rounds: &[Round], count: usize) {
    let of = |figure: fn(&Round) -> f64| median(rounds.iter().map(figure).collect());
    measures.note("postings", count as f64, "");
    measures.note(
        "bare INSERT ... SELECT of new rows",
        count as f64 / of(|round| round.insert),
        "postings/s",
    );
    measures.note("new postings", count as f64 / of(|round| round.new), "postings/s");
    let share = of(|round| round.insert / round.new);
    measures.against("new postings, against the bare INSERT", share, "times as fast", Goal::AtLeast(0.6));
    let part = of(|round| round.insert_part / round.new_part);
    measures.note("the same for the first fifth of them", part, "times as fast");
    let again = of(|round| round.insert / round.unchanged);
    measures.against("unchanged again, against the bare INSERT", again, "times as fast", Goal::AtLeast(3.0));
    let written = rounds.iter().map(|round| round.unchanged_rows).max().unwrap_or(-1);
    measures.against("rows of jobs written for unchanged ones", written as f64, "rows", Goal::AtMost(0.0));
    measures.note("log of a new posting", of(|round| round.new_log) / count as f64, "B");
    measures.note("log of an unchanged posting", of(|round| round.unchanged_log) / count as f64, "B");
    measures.note(
        "a tenth changed, against the bare INSERT",
        of(|round| round.insert / round.changed),
        "times as fast",
    );
    let four = of(|round| round.new / round.four);
    measures.against("new ones by four writers, against one", four, "times as fast", Goal::AtLeast(1.5));
}
